"""Stores that data sets are asked of: the configured one, or one made for the run.

The name of a store made for a run is a hash of everything that affects its content (documents,
embedder, passage settings, the code that segments and indexes), so that it is made once and never
stale.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from geungeo.eval.cases import Case, Dataset, Document
from geungeo.eval.judge import GoldSpan
from geungeo.eval.matching import LooseText
from geungeo.rag.answer import Answer, Ask, PassageHit
from geungeo.rag.article import Article
from geungeo.rag.checking import Check, CheckRequest
from geungeo.rag.errors import NotFound, StoreUnavailable
from geungeo.rag.protocols import Embedder, Filters, FloatArray
from geungeo.rag.settings import Settings, StoreUrl

if TYPE_CHECKING:
    from geungeo.index.store import Outcome
    from geungeo.index.workspace import Workspace


class Answerer(Protocol):
    """The part of ``geungeo.rag.pipeline.Pipeline`` that is evaluated."""

    async def answer(self, ask: Ask) -> Answer:
        """Answer one question."""

    def search(self, query: str, k: int, filters: Filters) -> list[PassageHit]:
        """Return the ``k`` best passages, best first."""


class TextChecker(Protocol):
    """The part of ``geungeo.rag.checking.Checker`` that is evaluated."""

    async def check(self, request: CheckRequest) -> Check:
        """Check one text."""


class Library(Protocol):
    """The part of ``geungeo.index.store.Store`` that verdicts need."""

    def articles(self) -> list[Article]:
        """Return the current version of every article."""

    def article(self, article_id: str, version: int | None = None) -> Article:
        """Return one article version; raises ``ArticleNotFound``."""

    def fingerprint(self) -> str:
        """Return a digest of everything in the store that answers depend on."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A data set with the system that it is asked of."""

    dataset: Dataset
    answerer: Answerer
    library: Library
    gold: GoldFinder
    checker: TextChecker | None = None

    @property
    def by_article(self) -> bool:
        """Whether ranks count distinct paragraphs: each is an article of the store."""
        return bool(self.dataset.documents)


class GoldFinder:
    """A finder of gold places in a store, with a cache by article."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._texts: dict[tuple[str, int], LooseText] = {}
        self._articles: list[Article] | None = None

    def find(self, case: Case, dataset: Dataset) -> tuple[GoldSpan, ...]:
        """Return every gold place of a case; empty if it has none or the store lacks it."""
        if case.place is not None:
            return self._find_place(case, dataset)
        if not case.quotes:
            return ()
        return tuple(
            GoldSpan(article.id, article.version, span)
            for article in self._candidates(case.article_id)
            for quote in case.quotes
            for span in self._loose(article).find(quote)
        )

    def _find_place(self, case: Case, dataset: Dataset) -> tuple[GoldSpan, ...]:
        place = case.place
        document = next((d for d in dataset.documents if place and d.id == place.document), None)
        if place is None or document is None:
            return ()
        article = self._library.article(document.id)
        span = self._loose(article).map_from(document.text, place.start, place.end)
        return (GoldSpan(article.id, article.version, span),) if span else ()

    def _candidates(self, article_id: str | None) -> Sequence[Article]:
        if article_id is not None:
            try:
                return [self._library.article(article_id)]
            except NotFound:
                pass  # the data set may use another id for the article; find it by its quote
        if self._articles is None:
            self._articles = self._library.articles()
        return self._articles

    def _loose(self, article: Article) -> LooseText:
        key = (article.id, article.version)
        if key not in self._texts:
            self._texts[key] = LooseText(article.text)
        return self._texts[key]


Sources = tuple[tuple[str, tuple[str, ...] | None], ...]
"""Packages with the names of files in them; None for all that are Python or JSON."""

Building = Callable[[str, int, int], None]
"""Told (data set name, articles done, articles in all) while a store is being made."""

# Code that affects how a document is split and indexed; the embedder has its own identity.
_SHAPING: Sources = (
    (
        "geungeo.rag",
        ("article.py", "segmentation.py", "text.py"),
    ),
    ("geungeo.rag.readers", ("dates.py", "layout.py", "lines.py")),
    (
        "geungeo.rag.language",
        (
            "morphemes.py",
            "names.py",
            "terms.py",
            "transliteration.py",
            "vocabulary.py",
        ),
    ),
    ("geungeo.rag.language.data", ("aliases.json",)),
    ("geungeo.index", ("indexing.py",)),
)


def default_cache() -> Path:
    """Return the user's cache folder (XDG base directory specification)."""
    root = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(root).expanduser() / "geungeo" / "eval"


def source_digest(parts: Sources) -> str:
    """Return the SHA-256 of the named source files; None selects all of a package's own.

    Of Python files the syntax tree counts: comments and layout change nothing.

    Raises:
        FileNotFoundError: a named file does not exist.
    """
    digest = hashlib.sha256()
    for package, names in parts:
        found = [source for source in files(package).iterdir() if _is_wanted(source, names)]
        if missing := set(names or ()) - {source.name for source in found}:
            raise FileNotFoundError(f"no {', '.join(sorted(missing))} in {package}")
        for source in sorted(found, key=lambda entry: entry.name):
            text = source.read_text("utf-8")
            content = ast.dump(ast.parse(text)) if source.name.endswith(".py") else text
            digest.update(f"{package}/{source.name}\0{content}".encode())
    return digest.hexdigest()


def _is_wanted(source: Traversable, names: tuple[str, ...] | None) -> bool:
    return source.name in names if names else source.name.endswith((".py", ".json"))


@contextmanager
def open_benches(
    datasets: list[Dataset], settings: Settings, cache: Path, building: Building | None = None
) -> Iterator[list[Bench]]:
    """Open a bench for each data set; stores are closed when the context ends.

    Raises:
        StoreError: a store cannot be opened or made.
    """
    with ExitStack() as stack:
        opened: dict[Path | StoreUrl, Workspace] = {}
        benches: list[Bench] = []
        for dataset in datasets:
            folder = _folder_for(dataset, settings, cache, building)
            if folder not in opened:
                opened[folder] = stack.enter_context(_open(dataset, settings, folder))
            workspace = opened[folder]
            gold = GoldFinder(workspace.store)
            benches.append(
                Bench(dataset, workspace.pipeline, workspace.store, gold, workspace.checker)
            )
        yield benches


def _open(dataset: Dataset, settings: Settings, folder: Path | StoreUrl) -> Workspace:
    from geungeo.index.workspace import Workspace

    here = settings.model_copy(update={"store": folder})
    return Workspace.open(here, seed=not dataset.documents)


def _folder_for(
    dataset: Dataset, settings: Settings, cache: Path, building: Building | None
) -> Path | StoreUrl:
    if not dataset.documents:
        return settings.store
    folder = cache / "stores" / store_key(dataset.documents, settings)
    if not folder.is_dir():
        _make(folder, dataset, settings, building)
    return folder


def store_key(documents: tuple[Document, ...], settings: Settings) -> str:
    """Return the name of the store that these documents make with these settings."""
    from geungeo.rag.embedding import make_embedder

    digest = hashlib.sha256()
    for document in sorted(documents, key=lambda entry: entry.id):
        digest.update(json.dumps([document.id, document.title, document.text]).encode())
    shaping = [
        make_embedder(settings).identity,
        settings.passage_tokens,
        settings.passage_overlap,
        source_digest(_SHAPING),
    ]
    digest.update(json.dumps(shaping).encode())
    return digest.hexdigest()[:24]


def _make(folder: Path, dataset: Dataset, settings: Settings, building: Building | None) -> None:
    """Build a store beside its final place and rename it: an existing store is complete.

    The articles of an interrupted run are kept and not embedded again.
    """
    from geungeo.index.workspace import Workspace
    from geungeo.rag.article import Draft, SectionKind

    drafts = (
        Draft(
            title=document.title,
            blocks=((SectionKind.TITLE, document.title), (SectionKind.BODY, document.text)),
            source=f"{dataset.name}/{document.id}",
            id=document.id,
        )
        for document in dataset.documents
    )
    total = len(dataset.documents)
    done = 0

    def count(_: Outcome) -> None:
        nonlocal done
        done += 1
        if building is not None:
            building(dataset.name, done, total)

    unfinished = folder.with_name(f"{folder.name}.part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(
            f"cannot use cache folder {folder.parent}: {error.strerror}; set another by --cache"
        ) from error
    with Workspace.open(settings.model_copy(update={"store": unfinished})) as workspace:
        workspace.store.ingest_many(drafts, each=count)
    unfinished.rename(folder)


class CachingEmbedder:
    """An embedder with a cache that lives as long as the process."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self._known: dict[tuple[str, bool], FloatArray] = {}
        self.identity = inner.identity
        self.dimension = inner.dimension

    def embed(self, texts: Sequence[str], *, query: bool) -> FloatArray:
        """Return ``(len(texts), dim)`` float32 vectors of unit norm."""
        new = sorted({text for text in texts if (text, query) not in self._known})
        if new:
            for text, vector in zip(new, self._inner.embed(new, query=query), strict=True):
                self._known[text, query] = vector
        rows = [self._known[text, query] for text in texts]
        return np.stack(rows) if rows else np.empty((0, self.dimension), dtype=np.float32)
