"""Reader of Markdown (CommonMark): the displayed text without the markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.errors import EmptySource
from geungeo.rag.readers.dates import parse_date
from geungeo.rag.readers.dom import fragment_blocks
from geungeo.rag.readers.draft import Reading, web_address
from geungeo.rag.readers.facts import Facts
from geungeo.rag.readers.layout import is_wrapped
from geungeo.rag.readers.lines import arrange
from geungeo.rag.readers.metadata import clean_title, split_names
from geungeo.rag.readers.plain import shorten
from geungeo.rag.text import clean

_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"^([\w-][\w -]*?)\s*:[ \t]*(.*?)\s*$")
_WIKI_LINK = re.compile(r"!?\[\[(?:[^\]|]*\|)?([^\]|]+)\]\]")
_MARKED = re.compile(r"(?<![=\w])==(?=\S)([^=\n]+?)(?<=\S)==(?!=)")
_FOOTNOTE = re.compile(r"^\[\^[^\]\s]+\]:[ \t]*(.*)$", re.MULTILINE)
_FOOTNOTE_MARK = re.compile(r"\[\^[^\]\s]+\]")
_CALLOUT = re.compile(r"^((?:>\s?)+)\[![\w-]+\][-+]?[ \t]*", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")
_KEYS = {
    "title": ("title", "headline", "제목"),
    "author": ("author", "authors", "byline", "reporter", "기자", "작성자"),
    "publisher": ("publisher", "site", "press", "언론사", "매체"),
    "published_at": ("published_at", "published", "date", "pubdate", "발행일", "날짜"),
    "url": ("url", "source", "link", "canonical", "permalink", "주소", "링크"),
    "id": ("id",),
    "language": ("language", "lang"),
}


def read_markdown(text: str, source: str) -> Reading:
    """Read one article: the title is a first-level heading, the metadata ``---`` front matter."""
    text = clean(text)
    fields: dict[str, list[str]] = {}
    names: dict[str, str] = {}  # as the front matter writes them
    if front := _FRONT_MATTER.match(text):
        fields, names = _front_matter(front[1])
        text = text[front.end() :]
    text = _WIKI_LINK.sub(r"\1", text)
    # The marks of Obsidian: ==highlights==, footnotes, callouts.
    text = _CALLOUT.sub(r"\1", _MARKED.sub(r"\1", text))
    footnotes = [note for note in _FOOTNOTE.findall(text) if note.strip()]
    text = _FOOTNOTE_MARK.sub("", _FOOTNOTE.sub("", text))
    found = list(_blocks(MarkdownIt("commonmark").enable("table").parse(text)))
    arranged = arrange(found)
    blocks = list(arranged.blocks) or found
    if not blocks:
        raise EmptySource(f"{source}: the document contains no text")
    given = _first(fields, "title")
    title = given
    if title is None:
        title = next((block for kind, block in blocks if kind is SectionKind.TITLE), None)
    facts = Facts(blocks, arranged.left_out)
    publisher, address = _first(fields, "publisher"), web_address(_first(fields, "url"))
    sources = [*fields.get("source", ()), *([] if address else _all(fields, "url"))]
    if publisher is None and sources and "://" not in sources[0]:
        publisher = sources[0]  # `source: 나래통신`
    publisher = publisher or facts.publisher
    warnings: list[str] = []
    dates = [(name, one) for name in _KEYS["published_at"] for one in fields.get(name, ())]
    published_at = next((day for _, one in dates if (day := parse_date(one))), None)
    if dates and published_at is None:
        name, unreadable = dates[0]
        warnings.append(
            f"field {names[name]!r}: date {shorten(unreadable, 40)!r} cannot be read; "
            "stored without a date"
        )
    draft = Draft(
        title=clean_title(title, publisher) if title else shorten(blocks[0][1]),
        blocks=tuple(_one_title(blocks, title)),
        source=source,
        id=_first(fields, "id"),
        url=address,
        author=split_names(", ".join(_all(fields, "author"))) or facts.author,
        publisher=publisher,
        published_at=published_at or facts.published_at,
        language=_first(fields, "language"),
        warnings=tuple(warnings),
        left_out=(*arranged.left_out, *footnotes),
    )
    return Reading((draft,))


def _first(fields: dict[str, list[str]], field: str) -> str | None:
    return next(iter(_all(fields, field)), None)


def _all(fields: dict[str, list[str]], field: str) -> list[str]:
    return next((values for name in _KEYS[field] if (values := fields.get(name))), [])


def _front_matter(text: str) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Return the values of each key, and the keys as they are written.

    The front matter is YAML, and read line by line where it is not valid YAML.
    """
    import yaml

    try:
        # The basic loader makes only strings, lists and mappings.
        value: Any = yaml.BaseLoader(text).get_single_data()
    except (yaml.YAMLError, RecursionError, ValueError):
        value = None
    if not isinstance(value, dict):
        value = _lines_of_fields(text)
    fields: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for key, item in value.items():
        name = str(key).strip()
        shown = [found for one in _flat(item) if (found := _shown(one))]
        fields.setdefault(name.lower(), []).extend(shown)
        names.setdefault(name.lower(), name)
    return fields, names


def _lines_of_fields(text: str) -> dict[str, list[str]]:
    """Read front matter that is no YAML (a colon in a title) line by line."""
    found: dict[str, list[str]] = {}
    values: list[str] = []
    for line in text.split("\n"):
        if match := _FIELD.match(line):
            values = found.setdefault(match[1], [])
            if match[2]:
                values.append(match[2])
        elif line.strip().startswith("- "):
            values.append(line.strip()[2:].strip())
    return found


def _flat(value: Any) -> list[str]:
    if isinstance(value, list):
        # Without quotes, `[[나래통신]]` is a list in a list to YAML, but a link in a note.
        return [text for one in value for text in _flat(one)]
    if isinstance(value, dict):
        return _flat(value.get("name") or next(iter(value.values()), []))
    # The basic loader does not resolve what YAML writes for no value.
    return [] if value in _NULL else [str(value)]


_NULL = frozenset({"null", "Null", "NULL", "~"})


def _shown(text: str) -> str:
    text = _WIKI_LINK.sub(r"\1", text.strip())
    text = _LINK.sub(lambda link: link[2] if not link[1] else link[1], text)
    return " ".join(text.strip("'\"<> ").split())


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
    cells: list[str] | None = None
    below_picture = False
    for token in tokens:
        if token.type == "heading_open":
            kind = SectionKind.TITLE if token.tag == "h1" else SectionKind.HEADING
        elif token.type == "heading_close":
            kind = SectionKind.BODY
        elif token.type == "tr_open":
            cells = []
        elif token.type == "tr_close":
            if cells:
                yield SectionKind.BODY, " | ".join(cell or "-" for cell in cells)
            cells = None
        elif token.type in {"fence", "code_block"}:
            yield from ((SectionKind.BODY, line) for line in token.content.split("\n") if line)
        elif token.type == "html_block":
            yield from fragment_blocks(token.content)
        elif token.type == "inline":
            children = token.children or []
            text = _without_pictures(children)
            has_picture = len(text) < len(children)
            # The words of a picture are its caption where it has no other.
            is_picture = has_picture and not text
            is_caption = is_picture or (_is_emphasised(text) and (has_picture or below_picture))
            below_picture = is_picture
            shown = _plain(text or children)
            if cells is not None:
                cells.append(" ".join(shown.split()))
                continue
            lines = [line for raw in shown.split("\n") if (line := raw.strip())]
            for line in [" ".join(lines)] if is_wrapped(lines) else lines:
                yield SectionKind.CAPTION if is_caption else kind, line


def _without_pictures(tokens: list[Token]) -> list[Token]:
    """Return the tokens of a paragraph that are no pictures; none if there is no text beside."""
    rest = [token for token in tokens if token.type != "image"]
    return rest if any(token.content.strip() for token in rest) else []


def _is_emphasised(tokens: list[Token]) -> bool:
    """Whether a whole paragraph is emphasised, as captions are."""
    kinds = [t.type for t in tokens if t.content.strip() or t.type.startswith(("em_", "strong_"))]
    ends = kinds[:1] + kinds[-1:]
    return ends in (["em_open", "em_close"], ["strong_open", "strong_close"]) and (
        kinds.count(ends[1]) == 1
    )


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
        elif token.type == "html_inline" and token.content.lower().startswith("<br"):
            parts.append("\n")
    return "".join(parts)
