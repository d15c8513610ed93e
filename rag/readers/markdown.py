"""Reader of Markdown (CommonMark): the displayed text without the markup."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.errors import EmptySource
from geungeo.rag.readers.draft import Reading, parse_date, web_address
from geungeo.rag.readers.plain import is_caption, shorten
from geungeo.rag.text import clean

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_FIELD = re.compile(r"^([A-Za-z_]+)\s*:\s*(.+?)\s*$", re.MULTILINE)


def read_markdown(text: str, source: str) -> Reading:
    """Read one article: the title is a first-level heading, the metadata ``---`` front matter."""
    text = clean(text)
    fields: dict[str, str] = {}
    if front := _FRONT_MATTER.match(text):
        fields = {key.lower(): value.strip("'\"") for key, value in _FIELD.findall(front[1])}
        text = text[front.end() :]
    blocks = list(_blocks(MarkdownIt("commonmark").parse(text)))
    if not blocks:
        raise EmptySource(f"{source}: the document contains no text")
    title = fields.get("title")
    if title is None:
        title = next((block for kind, block in blocks if kind is SectionKind.TITLE), None)
    draft = Draft(
        title=title or shorten(blocks[0][1]),
        blocks=tuple(_one_title(blocks, title)),
        source=source,
        url=web_address(fields.get("url")),
        author=fields.get("author"),
        publisher=fields.get("publisher"),
        published_at=parse_date(fields.get("published_at") or fields.get("date") or ""),
    )
    return Reading((draft,))


def _one_title(
    blocks: list[tuple[SectionKind, str]], title: str | None
) -> Iterator[tuple[SectionKind, str]]:
    """Yield the title once, first; other first-level headings become headings."""
    if title is not None:
        yield SectionKind.TITLE, title
    for kind, block in blocks:
        if kind is not SectionKind.TITLE:
            yield kind, block
        elif block != title:
            yield SectionKind.HEADING, block


def _blocks(tokens: list[Token]) -> Iterator[tuple[SectionKind, str]]:
    kind = SectionKind.BODY
    for token in tokens:
        if token.type == "heading_open":
            kind = SectionKind.TITLE if token.tag == "h1" else SectionKind.HEADING
        elif token.type == "heading_close":
            kind = SectionKind.BODY
        elif token.type in {"fence", "code_block"}:
            yield SectionKind.BODY, token.content
        elif token.type == "inline" and (block := _plain(token.children or []).strip()):
            caption = kind is SectionKind.BODY and is_caption(block)
            yield SectionKind.CAPTION if caption else kind, block


def _plain(tokens: list[Token]) -> str:
    """Return inline text as displayed: link texts without targets, image alternatives, no tags."""
    parts: list[str] = []
    for token in tokens:
        if token.type in {"text", "code_inline"}:
            parts.append(token.content)
        elif token.type == "image":
            parts.append(_plain(token.children or []))
        elif token.type in {"softbreak", "hardbreak"}:
            parts.append("\n" if token.type == "hardbreak" else " ")
    return "".join(parts)
