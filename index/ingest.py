"""From paths, folders and pasted text to the store, reporting what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from geungeo.index.store import Outcome, Progress, Store
from geungeo.rag.article import Draft
from geungeo.rag.errors import GeungeoError, SourceError, UnsupportedSource
from geungeo.rag.readers import SUFFIXES, Reading, read


@dataclass(frozen=True, slots=True)
class Failure:
    """A document or record that was not ingested."""

    source: str
    error: str
    code: str


@dataclass(slots=True)
class IngestSummary:
    """Article ids by outcome, and failures; ``skipped`` counts blank and duplicate records."""

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    skipped: int = 0

    def count(self, outcome: Outcome) -> None:
        """Note one outcome."""
        getattr(self, outcome.status).append(outcome.article.id)

    def fail(self, source: str, error: GeungeoError) -> None:
        """Note one failure."""
        self.failed.append(Failure(source, str(error), error.code))


def ingest_sources(
    store: Store, sources: Iterable[str], *, limit: int, progress: Progress | None = None
) -> IngestSummary:
    """Ingest files and folders; one bad document does not stop the rest.

    ``limit`` is the largest document in bytes. ``progress`` is told each source once it is
    read; articles are indexed and committed in batches that run across sources.
    """
    summary = IngestSummary()
    for outcome in store.ingest_many(_drafts(sources, limit, summary, progress)):
        summary.count(outcome)
    return summary


def _drafts(
    sources: Iterable[str], limit: int, summary: IngestSummary, progress: Progress | None
) -> Iterator[Draft]:
    for source in sources:
        for path in _expand(source, summary):
            try:
                yield from _accounted(_read_file(path, limit), summary)
            except SourceError as error:
                summary.fail(str(path), error)
            if progress:
                progress(str(path))


def _accounted(reading: Reading, summary: IngestSummary) -> tuple[Draft, ...]:
    """What a reader found; what it could not read is noted."""
    summary.skipped += reading.skipped
    for failure in reading.failures:
        summary.fail(str(failure).split(": ", 1)[0], failure)
    return reading.drafts


def _read_file(path: Path, limit: int) -> Reading:
    try:
        size = path.stat().st_size
        if size > limit:
            raise UnsupportedSource(f"{path}: {size:,} bytes is over the limit of {limit:,}")
        data = path.read_bytes()
    except OSError as error:
        raise UnsupportedSource(f"{path}: {error.strerror or error}") from error
    return read(data, str(path.resolve()))


def _expand(source: str, summary: IngestSummary) -> Iterator[Path]:
    """The files that ``source`` names; inside folders only those of a known type."""
    if source.startswith(("http://", "https://")):
        error = UnsupportedSource(
            f"{source}: addresses are not fetched yet; save the page as .html and ingest the file"
        )
        summary.fail(source, error)
        return
    path = Path(source)
    if not path.is_dir():
        yield path
        return
    found = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in SUFFIXES)
    if not found:
        summary.fail(
            source,
            UnsupportedSource(f"{source}: no {', '.join(sorted(SUFFIXES))} files in this folder"),
        )
    yield from found


def ingest_seeds(store: Store) -> IngestSummary:
    """Ingest the articles that ship with geungeo."""
    summary = IngestSummary()
    for seed in sorted(files("geungeo.seeds").iterdir(), key=lambda entry: entry.name):
        if Path(seed.name).suffix in SUFFIXES:
            # The name alone: the same article wherever geungeo is installed.
            reading = read(seed.read_bytes(), f"seeds/{seed.name}")
            for outcome in store.ingest_many(_accounted(reading, summary)):
                summary.count(outcome)
    return summary


def ingest_document(store: Store, data: bytes, name: str) -> IngestSummary:
    """Ingest one document that was handed in; ``name`` tells its format and identifies it.

    Raises:
        SourceError: nothing of it can be read.
    """
    summary = IngestSummary()
    for outcome in store.ingest_many(_accounted(read(data, name), summary)):
        summary.count(outcome)
    return summary


def drafts_of_text(text: str, name: str) -> tuple[Draft, ...]:
    """Drafts of a text that was pasted or posted."""
    return read(text.encode("utf-8", "replace"), name).drafts
