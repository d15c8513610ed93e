"""Reader of web pages: trafilatura extracts the article from the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.errors import EmptySource, MalformedSource
from geungeo.rag.readers.draft import Reading, parse_date, web_address
from geungeo.rag.readers.plain import is_caption, shorten
from geungeo.rag.text import clean

_SPACES = re.compile(r"\s+")
_BLOCKS = {"p", "quote", "list", "table", "code", "item", "row"}


def read_html(text: str, source: str) -> Reading:
    """Read one article from a page's main content and metadata.

    Raises:
        EmptySource: the page has no main content.
        MalformedSource: the page cannot be parsed.
    """
    import trafilatura

    try:
        document = trafilatura.bare_extraction(
            text,
            url=source if source.startswith(("http://", "https://")) else None,
            with_metadata=True,
            include_comments=False,
            include_images=False,
            favor_recall=True,
        )
    except Exception as error:
        raise MalformedSource(f"{source}: this HTML cannot be parsed ({_brief(error)})") from error
    if document is None:
        raise EmptySource(f"{source}: no article text found in this page")
    title = clean(document.title or "").strip()
    blocks = [
        (kind, block)
        for kind, block in _blocks(document.body)
        if not (kind is SectionKind.HEADING and block == title)
    ]
    if not blocks:
        raise EmptySource(f"{source}: no article text found in this page")
    draft = Draft(
        title=title or shorten(blocks[0][1]),
        blocks=tuple(blocks),
        source=source,
        url=web_address(document.url),
        author=document.author,
        publisher=document.sitename,
        published_at=parse_date(document.date or ""),
    )
    return Reading((draft,))


def _brief(error: Exception) -> str:
    return _SPACES.sub(" ", f"{type(error).__name__} {error}")[:80].strip()


def _blocks(body: Any) -> Iterator[tuple[SectionKind, str]]:
    """Yield the top-level blocks of trafilatura's tree, in order, each on one line."""
    for element in body.iterchildren():
        block = clean(_SPACES.sub(" ", "".join(element.itertext()))).strip()
        if not block:
            continue
        if element.tag == "head":
            yield SectionKind.HEADING, block
        elif element.tag == "list":
            yield from _items(element)
        elif element.tag in _BLOCKS:
            yield (SectionKind.CAPTION if is_caption(block) else SectionKind.BODY), block


def _items(element: Any) -> Iterator[tuple[SectionKind, str]]:
    for item in element.iter("item"):
        if block := clean(_SPACES.sub(" ", "".join(item.itertext()))).strip():
            yield SectionKind.BODY, block
