"""Measure of the reader of web pages: pages of a folder and what they say.

Each ``NN.html`` has an ``NN.json``, or a line in ``pages.jsonl`` that names its ``file``, with
``title``, ``authors``, ``date``, ``publisher``, ``sentences`` (all in the body), ``boilerplate``
(none of it in the body) and ``either`` (in it or not).
``python -m tests.rag.readers.outlet_pages FOLDER`` prints the figures and each difference.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geungeo.rag.article import Article, SectionKind
from geungeo.rag.errors import GeungeoError
from geungeo.rag.readers import read

COMPLETE = 0.98  # the least share of the sentences of a body that is complete
FRAME = 0.01  # the largest share of lines of the frame, of the sentences of the body
FIELDS = ("complete", "clean", "title", "date", "author", "publisher")
_WORDS = re.compile(r"[^\W\d_]{2}")
_BODY = {SectionKind.BODY, SectionKind.HEADING, SectionKind.DECK}


@dataclass(frozen=True)
class Measured:
    """Result for one page: which fields are right, and what differs."""

    name: str
    right: dict[str, bool]
    differences: tuple[str, ...]
    unlisted: tuple[str, ...]
    """Lines of the body that the description of the page does not have."""


def measure(folder: Path) -> Iterator[Measured]:
    """Yield what was read of each page of ``folder``."""
    together = folder / "pages.jsonl"
    for line in together.read_text("utf-8").splitlines() if together.exists() else ():
        expected = json.loads(line)
        yield measure_page(folder / expected["file"], expected)
    for described in sorted(folder.glob("*.json")):
        expected = json.loads(described.read_text("utf-8"))
        yield measure_page(described.with_suffix(".html"), expected)


def measure_page(path: Path, expected: dict[str, Any]) -> Measured:
    """Return what is right of one page and what is not."""
    try:
        drafts = read(path.read_bytes(), path.name).drafts
    except GeungeoError as error:
        return Measured(path.name, dict.fromkeys(FIELDS, False), (f"refused: {error}",), ())
    if len(drafts) != 1:
        return Measured(path.name, dict.fromkeys(FIELDS, False), (f"{len(drafts)} articles",), ())
    return compared(path.name, drafts[0].article(), expected)


def compared(name: str, article: Article, expected: dict[str, Any]) -> Measured:
    """Compare an article with the description of its page."""
    lines = [article.text[s.start : s.end] for s in article.sections if s.kind in _BODY]
    rest = [_packed(line) for line in lines]
    missing = []
    for sentence in sorted(expected["sentences"], key=len, reverse=True):
        packed, found = _packed(sentence), False
        for number, line in enumerate(rest):
            if packed in line:
                rest[number], found = line.replace(packed, "\n", 1), True
                break
        if not found:
            missing.append(sentence)
    for other in sorted([*expected.get("either", ()), expected["title"]], key=len, reverse=True):
        rest = [line.replace(_packed(other), "\n") for line in rest]
    frame = [
        one
        for one in filter(_packed, expected["boilerplate"])
        if any(_packed(one) in line for line in rest if line)
    ]
    count = len(expected["sentences"])
    authors = sorted(expected["authors"] or [])
    values = {
        "title": (_spaced(article.title), _spaced(expected["title"])),
        "date": (str(article.published_day or ""), expected["date"] or ""),
        "author": (sorted(_names(article.author)), authors),
        "publisher": (article.publisher, _publisher(article.publisher, expected["publisher"])),
    }
    differences = [f"missing: {one}" for one in missing] + [f"frame: {one}" for one in frame]
    differences += [
        f"{key}: {got!r}, not {want!r}" for key, (got, want) in values.items() if got != want
    ]
    unlisted = tuple(
        bare for line in rest if (bare := line.replace("\n", " ").strip()) and _WORDS.search(bare)
    )
    return Measured(
        name,
        {
            "complete": count - len(missing) >= COMPLETE * count,
            "clean": len(frame) <= FRAME * count,
            **{key: got == want for key, (got, want) in values.items()},
        },
        tuple(differences),
        unlisted,
    )


def figures(pages: list[Measured]) -> dict[str, int]:
    """Return the number of pages on which each field is right, and all of them are."""
    counted = {field: sum(page.right[field] for page in pages) for field in FIELDS}
    return {**counted, "all": sum(all(page.right.values()) for page in pages)}


def _packed(text: str) -> str:
    return "".join(text.split())


def _publisher(got: str | None, want: str | None) -> str | None:
    """Return ``got`` where ``want`` differs in spaces only: KNB 뉴스 and KNB뉴스 are one outlet."""
    return got if _packed(got or "") == _packed(want or "") else want


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _names(author: str | None) -> list[str]:
    return [name for part in re.split(r",\s*", author or "") if (name := part.strip())]


def main() -> None:
    """Print the figures of a folder of pages."""
    pages = list(measure(Path(sys.argv[1])))
    for page in pages:
        wrong = [field for field in FIELDS if not page.right[field]]
        sys.stdout.write(f"{page.name}: {'right' if not wrong else ', '.join(wrong)}\n")
        for one in page.differences:
            sys.stdout.write(f"    {one}\n")
        for one in page.unlisted:
            sys.stdout.write(f"    unlisted: {one}\n")
    sys.stdout.write(f"{len(pages)} pages; right: {figures(pages)}\n")


if __name__ == "__main__":
    main()
