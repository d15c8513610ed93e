"""The visible blocks of an HTML page: paragraphs, headings, captions and rows of tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from geungeo.rag.article import SectionKind
from geungeo.rag.readers.layout import continues, is_wrapped
from geungeo.rag.readers.lines import ends_sentence, is_statement
from geungeo.rag.text import clean, listed

_SPACES = re.compile(r"[ \t\r\f\v\u00a0\u3000\n]+")
_HIDDEN_TAGS = listed(
    "script style template svg math iframe object embed canvas video audio map head button select"
    " input textarea dialog amp-ad amp-embed amp-list amp-sidebar"
)
_BLOCK_TAGS = listed(
    "address article aside blockquote body center dd details dir div dl dt fieldset figcaption"
    " figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav noscript"
    " ol p pre section summary table tbody td tfoot th thead tr ul"
)
_HEADINGS = listed("h1 h2 h3 h4 h5 h6")
_BOLD = listed("b strong")
_UNSEEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_COPY_CLASS = re.compile(r"(?:^|\s)(?:swiper-slide-duplicate|slick-cloned|cloned|bx-clone)(?:\s|$)")
# A <br> within a paragraph, and the ends of a link's text; clean() removes them from any text.
_BREAK = "\x00"
_LINK_START, _LINK_END = "\x01", "\x02"
_LINKED = re.compile(f"{_LINK_START}([^{_LINK_END}]*){_LINK_END}")

_NO_MARKS = dict.fromkeys(map(ord, (_BREAK, _LINK_START, _LINK_END)))

_CAPTION_CLASS = re.compile(
    r"caption|img_?desc|photo_?(?:desc|txt|text|info|by)|about_?photo|pic_?(?:desc|txt)|figure_?txt"
    r"|image_?(?:desc|txt|caption)|end_photo|photo_?journal|css_?desc|img_?txt|vod_?(?:desc|caption)|desc_?(?:img|photo)",
    re.IGNORECASE,
)
_DECK_CLASS = re.compile(
    r"sub_?-?(?:tit|head)|mid_?-?tit|deck|(?:article|news|view|end)[-_]?(?:summary|lead|sub)|media_end_summary"
    r"|^summ[au]ry$|(?<=\s)summ[au]ry(?=\s)|^summ[au]ry(?=\s)|summ[au]ry[-_]?(?:view|tit|txt)|standfirst|art_?sub|tit_?sub",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Piece:
    """A visible block: its kind, its text, the characters of it in links, and its element."""

    kind: SectionKind
    text: str
    linked: int
    element: Any
    order: int = 0
    path: tuple[Any, ...] = field(default=())

    @property
    def is_link(self) -> bool:
        """Whether most of the block is a link."""
        return self.linked > len(self.text) * 0.6

    @property
    def is_running_text(self) -> bool:
        """Whether the block is a sentence of a text rather than a label or a link."""
        if self.linked > len(self.text) * 0.5:
            return False
        return is_statement(self.text) or len(self.text) > 120


class Walker:
    """Collector of the visible blocks below an element, in document order."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self._text: list[str] = []
        self._bold = 0
        self._path: list[Any] = []
        self._kinds: list[SectionKind] = [SectionKind.BODY]

    def walk(self, root: Any) -> list[Piece]:
        """Return the blocks below ``root``."""
        stack: list[tuple[str, Any]] = [("open", root)]
        # Not recursive: hostile pages nest tens of thousands of elements.
        links = bold = 0
        while stack:
            step, node = stack.pop()
            if step == "text":
                self._add(node, links, bold)
                continue
            tag = node.tag if isinstance(node.tag, str) else ""
            if step == "close":
                links -= tag == "a"
                bold -= tag in _BOLD
                if tag in _BLOCK_TAGS:
                    self._flush(node)
                    self._path.pop()
                    self._kinds.pop()
                continue
            if not tag or tag in _HIDDEN_TAGS or is_hidden(node):
                continue
            if tag == "br":
                self._text.append(_BREAK)
                continue
            if tag == "table" and (rows := table_rows(node)):
                self._flush(node)
                self._path.append(node)
                for row in rows:
                    self._emit(SectionKind.BODY, row, 0, node)
                self._path.pop()
                continue
            described = f"{node.get('class') or ''} {node.get('id') or ''}"
            is_block = tag in _BLOCK_TAGS or bool(
                described.strip()
                and tag in {"em", "span", "strong", "cite"}
                and (_CAPTION_CLASS.search(described) or _DECK_CLASS.search(described))
            )
            if not is_block and "-" in tag and not tag.startswith("amp-"):
                is_block = True  # a component of the page's own: <story-text>
            if is_block and tag not in _BLOCK_TAGS:
                if "-" in tag and not node.get("data-component"):
                    node.set("data-component", tag)
                node.tag = tag = "div"
            if is_block:
                self._flush(node)
                self._path.append(node)
                self._kinds.append(_kind(node, described, self._kinds[-1]))
            links += tag == "a"
            bold += tag in _BOLD
            stack.append(("close", node))
            for child in reversed(node):
                if child.tail:
                    stack.append(("text", child.tail))
                stack.append(("open", child))
            if node.text:
                stack.append(("text", node.text))
        self._flush(root)
        return self.pieces

    def _add(self, text: str, links: int, bold: int) -> None:
        shown = _SPACES.sub(" ", text.translate(_NO_MARKS))
        self._text.append(f"{_LINK_START}{shown}{_LINK_END}" if links else shown)
        self._bold += len(shown.strip()) if bold else 0

    def _flush(self, element: Any) -> None:
        joined = "".join(self._text)
        bold = self._bold
        self._text, self._bold = [], 0
        if self._kinds[-1] is SectionKind.HEADING or self._path_tag() in _HEADINGS:
            joined = joined.replace(_BREAK, " ")  # a headline of several lines is one
        paragraphs = _paragraphs(joined)
        total = sum(len(text) for text, _ in paragraphs) or 1
        for text, linked in paragraphs:
            kind = self._kinds[-1]
            alone = bold >= total * 0.95 and len(text) <= 80 and not is_statement(text)
            if kind is SectionKind.BODY and alone and len(paragraphs) == 1:
                kind = SectionKind.HEADING
            self._emit(kind, text, linked, element)

    def _path_tag(self) -> str:
        return str(self._path[-1].tag) if self._path else ""

    def _emit(self, kind: SectionKind, text: str, linked: int, element: Any) -> None:
        self.pieces.append(Piece(kind, text, linked, element, len(self.pieces), tuple(self._path)))


def is_hidden(element: Any) -> bool:
    """Whether a browser does not show ``element``."""
    if element.get("hidden") is not None:
        return True
    # Carousels repeat their first and last slides, so that they can go round.
    if _COPY_CLASS.search(element.get("class") or ""):
        return True
    style = element.get("style")
    return bool(style and _UNSEEN.search(style))


def hidden_pieces(root: Any) -> Iterator[tuple[Any, list[Piece]]]:
    """Yield the elements below ``root`` that are hidden at first, with their blocks."""
    hidden: set[Any] = set()
    for element in root.iter():
        if element.getparent() in hidden:
            hidden.add(element)
        elif (
            isinstance(element.tag, str) and element.tag not in _HIDDEN_TAGS and is_hidden(element)
        ):
            hidden.add(element)
            if not _COPY_CLASS.search(element.get("class") or ""):
                yield element, Walker().walk(_inner(element))


def _kind(element: Any, described: str, inherited: SectionKind) -> SectionKind:
    if element.tag == "figcaption":
        return SectionKind.CAPTION
    # A part of a page that has much text is no caption and no deck, whatever it is called.
    if _CAPTION_CLASS.search(described) and _is_short(element):
        return SectionKind.CAPTION
    if _DECK_CLASS.search(described) and _is_short(element):
        return SectionKind.DECK
    if element.tag in _HEADINGS:
        return SectionKind.HEADING
    return inherited


def _is_short(element: Any) -> bool:
    """Whether an element has no headline and no more text than a caption of a few sentences."""
    size = 0
    if element.find(".//h1") is not None or len(element.findall(".//p")) > _SHORT_PARAGRAPHS:
        return False
    for count, text in enumerate(element.itertext()):
        size += len(text.strip())
        if size > _SHORT_CHARS or count > _SHORT_CHARS:
            return False
    return True


_SHORT_CHARS = 600
_SHORT_PARAGRAPHS = 3


def _paragraphs(text: str) -> list[tuple[str, int]]:
    """Split at two or more breaks; a single break too, except in lines wrapped by hand.

    The number is that of the characters in links.
    """
    found: list[tuple[str, int]] = []
    for part in re.split(rf"{_BREAK}\s*{_BREAK}[\s{_BREAK}]*", text):
        lines = [(line, _linked(raw)) for raw in part.split(_BREAK) if (line := _tidy(raw))]
        if is_wrapped([line for line, _ in lines]):
            found.append((" ".join(line for line, _ in lines), sum(size for _, size in lines)))
        else:
            found.extend(_continued(lines))
    return found


def _continued(lines: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Join lines that end within a sentence with the next one, as texts for phones have them."""
    found: list[tuple[str, int]] = []
    for line, linked in lines:
        if found and continues(found[-1][0], line):
            before, size = found.pop()
            found.append((f"{before} {line}", size + linked))
        else:
            found.append((line, linked))
    return found


def _linked(raw: str) -> int:
    return sum(len(text.strip()) for text in _LINKED.findall(raw))


def _tidy(text: str) -> str:
    return _SPACES.sub(" ", clean(text).replace("\n", " ")).strip()


def table_rows(table: Any) -> list[str]:
    """Return the rows of a table of data, cells separated by `` | ``; none for a layout table.

    A cell that spans several rows is repeated in each, so that every row has its names.
    """
    rows: list[list[str]] = []
    spanning: dict[int, tuple[int, str]] = {}
    if any(True for _ in table.iterdescendants("table")):
        return []
    for row in table.iter("tr"):
        cells: list[str] = []
        for cell in row:
            if cell.tag not in {"td", "th"} or is_hidden(cell):
                continue
            _fill(cells, spanning)
            pieces = Walker().walk(_inner(cell))
            running = sum(piece.is_running_text for piece in pieces)
            if any(len(piece.text) > 300 for piece in pieces) or len(pieces) > 8 or running > 2:
                return []  # a table for layout
            text = " ".join(piece.text for piece in pieces)
            if (count := _number(cell.get("rowspan"))) > 1:
                spanning[len(cells)] = (count - 1, text)
            cells.append(text)
            # A name over several columns is the name of each of them.
            cells.extend([text] * (_number(cell.get("colspan")) - 1))
        _fill(cells, spanning)
        if any(cells):
            rows.append(cells)
    if not rows or max(map(len, rows)) < 2:
        return []
    caption = table.find("caption")
    name = _tidy("".join(caption.itertext())) if caption is not None else ""
    return [*([name] if name else []), *map(_shown_row, rows)]


def _shown_row(cells: Sequence[str]) -> str:
    if len(set(cells)) == 1:
        return cells[0]  # one cell over all columns
    return " | ".join(cell or "-" for cell in cells)


def _fill(cells: list[str], spanning: dict[int, tuple[int, str]]) -> None:
    while len(cells) in spanning:
        left, text = spanning.pop(len(cells))
        if left > 1:
            spanning[len(cells)] = (left - 1, text)
        cells.append(text)


def _number(text: str | None) -> int:
    return min(int(text), 50) if text and text.isdigit() and int(text) > 0 else 1


def _inner(cell: Any) -> Any:
    """Return a copy of a cell as a neutral element."""
    import copy

    twin = copy.copy(cell)
    twin.tag = "div"
    twin.tail = None
    for name in ("hidden", "style"):
        twin.attrib.pop(name, None)
    return twin


def pieces_of(root: Any) -> list[Piece]:
    """Return the visible blocks below ``root`` in document order."""
    return _joined_slides(Walker().walk(root))


def _joined_slides(pieces: Sequence[Piece]) -> list[Piece]:
    """Join the lines of cards, whose slides show few words: a sentence goes on in the next line."""
    found: list[Piece] = []
    for piece in pieces:
        last = found[-1] if found else None
        slide = _slide_of(piece)
        if (
            last is not None
            and slide is not None
            and slide is _slide_of(last)
            and piece.kind is last.kind is SectionKind.BODY
            and _goes_on(last, piece, found[-2] if len(found) > 1 else None)
        ):
            last.text, last.linked = f"{last.text} {piece.text}", last.linked + piece.linked
            continue
        piece.order = len(found)
        found.append(piece)
    return found


def _slide_of(piece: Piece) -> Any:
    return next(
        (one for one in reversed(piece.path) if _SLIDE_CLASS.search(one.get("class") or "")), None
    )


def _goes_on(last: Piece, piece: Piece, before: Piece | None) -> bool:
    """Whether a line of a slide goes on in the next one."""
    if (
        last.element is piece.element
        and _PHRASE.search(last.text)
        and not is_statement(last.text)
        and _WORD.match(piece.text)
    ):
        return len(last.text) < _SLIDE_CHARS  # phrases without a verb are one remark
    if ends_sentence(last.text) or last.element.tag != piece.element.tag:
        return len(last.text) < _SLIDE_CHARS and last.text.count("“") > last.text.count("”")
    # The first line of a paragraph can be a heading, a later one is part of its text.
    later = before is not None and before.element is last.element
    return later or last.element is piece.element


_SLIDE_CLASS = re.compile(r"(?:^|[-_\s])(?:swiper-slide|slide|slick-slide|card-?page)(?:[-_\s]|$)")
_SLIDE_CHARS = 200
_PHRASE = re.compile(r"[가-힣]\.$")
_WORD = re.compile(r"[가-힣A-Za-z“‘]")


_MARKUP = re.compile(
    r"<(?:/?(?:p|br|b|i|u|em|strong|div|span|a|img|h[1-6]|ul|ol|li|table|tr|td|th|figure|figcaption"
    r"|blockquote|font|sup|sub)\b[^<>]*)>|&(?:[a-z]{2,8}|#\d{2,6}|#x[0-9a-f]{2,5});",
    re.IGNORECASE,
)


def has_markup(text: str) -> bool:
    """Whether ``text`` contains HTML tags or character references."""
    return _MARKUP.search(text) is not None


def fragment_blocks(markup: str) -> list[tuple[SectionKind, str]]:
    """Return the visible blocks of a piece of HTML; its line breaks separate paragraphs."""
    import lxml.html

    try:
        # The line breaks of a text with a few tags are its paragraphs.
        joined = markup.replace("\n", "<br>\n") if "<p" not in markup.lower() else markup
        root = lxml.html.fromstring(f"<div>{clean(joined)}</div>")
    except (ValueError, lxml.etree.LxmlError):
        return [(SectionKind.BODY, line) for line in clean(markup).split("\n") if line.strip()]
    return [(piece.kind, piece.text) for piece in pieces_of(root)]


_INLINE = re.compile(
    r"</?(?:b|i|u|em|strong|span|font|br)\b[^<>]*>|&(?:[a-z]{2,8}|#\d{2,6});", re.IGNORECASE
)


def fragment_text(markup: str) -> str:
    """Return the visible text of a title with formatting tags on one line; others as they are."""
    if not _INLINE.search(markup) or "<script" in markup.lower():
        return markup
    return " ".join(text for _, text in fragment_blocks(markup))


def ancestors(pieces: Sequence[Piece]) -> Iterator[tuple[Any, list[Piece]]]:
    """Yield each element with the blocks that it contains."""
    inside: dict[Any, list[Piece]] = {}
    for piece in pieces:
        for element in piece.path:
            inside.setdefault(element, []).append(piece)
    yield from inside.items()
