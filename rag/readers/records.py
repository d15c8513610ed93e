"""Records: one mapping of fields to an article, for JSON, JSON Lines, CSV and spreadsheets.

The usual names of the fields are known, Korean ones too; a mapping of the user's own comes first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from html import unescape
from typing import Any

from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.errors import MalformedSource
from geungeo.rag.readers.dates import parse_date
from geungeo.rag.readers.dom import fragment_blocks, fragment_text, has_markup
from geungeo.rag.readers.draft import web_address
from geungeo.rag.readers.facts import Facts
from geungeo.rag.readers.layout import paragraphs
from geungeo.rag.readers.lines import Block, arrange, is_statement
from geungeo.rag.readers.metadata import clean_title, publisher_name, split_names
from geungeo.rag.readers.plain import shorten
from geungeo.rag.text import clean

FIELDS: dict[str, tuple[str, ...]] = {
    "text": (
        *("text", "body", "content", "contents", "articlebody", "article", "articleoriginal"),
        *("originaltext", "fulltext", "sentences", "paragraphs", "paragraph", "contenthtml"),
        *(
            "context",
            "document",
            "passage",
            "sents",
            "newscontent",
            "본문",
            "내용",
            "기사본문",
            "기사내용",
            "뉴스본문",
            "전문",
        ),
        *("description", "summary", "본문요약"),
    ),
    "title": (
        *("title", "headline", "subject", "doctitle", "newstitle", "name"),
        *("제목", "기사제목", "뉴스제목", "표제", "헤드라인"),
    ),
    "id": (
        "id",
        "articleid",
        "newsid",
        "docid",
        "guid",
        "aid",
        "뉴스식별자",
        "기사id",
        "식별자",
        "기사번호",
    ),
    "url": (
        *("url", "originallink", "link", "href", "canonical", "articleurl", "newsurl", "permalink"),
        *("주소", "링크", "기사주소", "원문주소", "원본주소", "기사링크", "원문링크"),
    ),
    "author": (
        *("author", "authors", "byline", "writer", "reporter", "creator", "journalist"),
        *("기자", "기자명", "기고자", "작성자", "글쓴이", "저자"),
    ),
    "publisher": (
        *("publisher", "press", "source", "media", "outlet", "provider", "medianame", "company"),
        *(
            "newspaper",
            "docsource",
            "언론사",
            "매체",
            "매체명",
            "신문사",
            "언론사명",
            "출처",
            "발행처",
        ),
    ),
    "published_at": (
        *("publishedat", "published", "datepublished", "publishdate", "publisheddate", "pubdate"),
        *(
            "date",
            "datetime",
            "writtenat",
            "createdat",
            "regdate",
            "newsdate",
            "articledate",
            "docpublished",
        ),
        *(
            "일자",
            "날짜",
            "발행일",
            "발행일자",
            "작성일",
            "작성일시",
            "입력일",
            "입력일시",
            "게시일",
            "등록일",
        ),
        *("등록일시", "보도일", "보도일자", "기사일자", "뉴스일자", "발행일시"),
    ),
    "language": ("language", "lang", "언어"),
}
"""The names of each field, without case, spaces, ``_`` and ``-``; the first one filled counts."""

_NO_LETTERS = re.compile(r"[\s_\-.:()]+")
# Longer names that end like a usual one: 작성기자, 출고일시, doc_author.
_LONGER = {
    "text": re.compile(r"(?:본문|내용|전문|텍스트|content|contents|body|fulltext)$"),
    "title": re.compile(r"(?:제목|표제|헤드라인|타이틀|title|headline)$"),
    "id": re.compile(
        r"^(?:기사|뉴스|문서|article|news|doc|document)(?:고유|일련|식별)?(?:번호|id|no|num|key|식별자)$"
    ),
    "url": re.compile(r"(?:링크|주소|url|link|href)$"),
    "author": re.compile(
        r"(?:기자|작성자|필자|글쓴이|authors?|reporters?|byline|writers?|journalists?)"
        r"(?:명|이름|names?|list)?$"
    ),
    "publisher": re.compile(
        r"(?:언론사|매체|신문사|방송사|publisher|press|outlet|newspaper)(?:명|이름|name)?$"
    ),
    "published_at": re.compile(
        r"(?:출고|발행|작성|입력|게시|등록|송고|보도|승인|배포|publish|publication|posted|regist|written|release)"
        r"\w*(?:일|일시|일자|날짜|시각|시간|date|datetime|time|at|on|day)$"
    ),
}
_OTHER_THINGS = re.compile(
    r"요약|summary|부제|소제목|sub|길이|length|count|메일|mail|이미지|사진|image|img|thumb|logo|홈페이지|video"
    r"|수정|변경|modif|updat|수집|crawl|댓글|comment|검색|광고|이전|다음|prev|next|relat|관련"
)
# Nested places of the metadata in corpora, and of the record itself.
_INNER = re.compile(
    r"^(?:meta|info$|attributes$|data$|article$|news$|source_?data|dataset$|fields$)"
)
_DEEPEST = 3
# NewsAPI: `text… [+1200 chars]`
_CUT_OFF = re.compile(r"(?:…|\.{3})?\s?\[\+(?P<count>\d{1,9}) chars\]\s?$")
_CUT_CHARS = 40
_REMOVED = re.compile(r"\[(?:Removed|Deleted|삭제(?:됨|된 기사)?)\]")  # NewsAPI


def known_field(name: str) -> str | None:
    """Return the field of an article that a column of this name holds, or ``None``."""
    bare = _NO_LETTERS.sub("", name).casefold()
    exact = next((field for field, names in FIELDS.items() if bare in names), None)
    return exact or _longer_field(bare)


@lru_cache(maxsize=4096)
def _longer_field(bare: str) -> str | None:
    if _OTHER_THINGS.search(bare):
        return None
    return next((field for field, names in _LONGER.items() if names.search(bare)), None)


def draft_of(
    record: Mapping[str, Any], source: str, columns: Mapping[str, str] | None = None
) -> Draft:
    """Return the article of a record; ``columns`` gives the record's name of a field.

    Raises:
        MalformedSource: the record has no text, or a field has a value that is no text.
    """
    fields = _Fields(record, source, columns or {})
    if _REMOVED.fullmatch((fields.text("title") or "").strip()):
        raise MalformedSource(f"{source}: this record says that the article was removed")
    blocks = list(fields.body())
    arranged = arrange(blocks)
    kept = arranged.blocks or tuple(blocks)
    facts = Facts(kept, arranged.left_out)
    publisher = publisher_name(fields.text("publisher")) or facts.publisher
    title = fragment_text(fields.text("title") or "")
    published_at, warnings = fields.date()
    if fields.missing:
        fields.warnings.append(
            f"the record leaves out {fields.missing:,} characters of the text; "
            "add the article's address to read all of it"
        )
    return Draft(
        title=clean_title(title, publisher) or shorten(kept[0][1]),
        blocks=kept,
        source=source,
        id=fields.text("id"),
        url=web_address(fields.text("url")),
        author=split_names(fields.text("author")) or facts.author,
        publisher=publisher,
        published_at=published_at or facts.published_at,
        language=fields.text("language"),
        # The values of the calls above add to them.
        warnings=(*warnings, *dict.fromkeys(fields.warnings)),
        left_out=arranged.left_out if arranged.blocks else (),
    )


def facts_of(record: Mapping[str, Any], source: str) -> tuple[str | None, str | None]:
    """Return the author and the date of publication of a record, as far as they can be read."""
    fields = _Fields(record, source, {})
    try:
        return split_names(fields.text("author")), fields.date()[0]
    except MalformedSource:
        return None, fields.date()[0]


class _Fields:
    """The fields of a record under their usual names."""

    def __init__(self, record: Mapping[str, Any], source: str, columns: Mapping[str, str]) -> None:
        self.source = source
        self.missing = 0  # characters that the record says it leaves out
        self.warnings: list[str] = []
        self._columns = columns
        self._values: dict[str, Any] = {}
        self._written: dict[str, str] = {}  # the names as the record writes them
        for part in _parts(record):
            for name, value in part.items():
                bare = _NO_LETTERS.sub("", str(name)).casefold()
                self._values.setdefault(bare, value)
                self._written.setdefault(bare, str(name))
        self._named = record
        self._names = {
            field: [*names, *(name for name in self._values if _longer_field(name) == field)]
            for field, names in FIELDS.items()
        }

    def value(self, field: str) -> tuple[str, Any]:
        """Return the name and the value of a field; ``None`` if the record has none."""
        return next(self._filled(field), (field, None))

    def _filled(self, field: str) -> Iterator[tuple[str, Any]]:
        """Yield the names and values of a field that are not empty, the usual name first."""
        if chosen := self._columns.get(field):
            yield chosen, self._named.get(chosen)
            return
        for name in self._names[field]:
            value = self._values.get(name)
            if value not in (None, "", [], {}):
                yield self._written[name], value

    def text(self, field: str) -> str | None:
        """Return the value of a field on one line; lists are joined.

        A value that is no text (``true``, an object without a name) is left out with a warning.

        Raises:
            MalformedSource: the field identifies the article.
        """
        for name, value in self._filled(field):
            parts = _names_in(value)
            if field == "id" and (parts is None or isinstance(value, list)):
                raise MalformedSource(f"{self.source}: field {name!r} must be a string")
            if parts is None:
                self.warnings.append(
                    f"field {name!r}: {shorten(_written(value), 40)} is no text; left out"
                )
                continue
            shown = (clean(part) for part in parts)
            joined = (", " if field == "author" else " ").join(
                kept for part in shown if (kept := " ".join(part.split()))
            )
            if joined:
                return joined
        return None

    def date(self) -> tuple[str | None, list[str]]:
        """Return the date of publication, and a warning if it cannot be read."""
        unreadable: list[str] = []
        names = (
            [chosen]
            if (chosen := self._columns.get("published_at"))
            else self._names["published_at"]
        )
        for name in names:
            value = self._named.get(name) if chosen else self._values.get(name)
            if value in (None, "", [], {}):
                continue
            if found := parse_date(str(value)) or _spreadsheet_date(str(value)):
                return found, []
            unreadable.append(
                f"field {self._written.get(name, name)!r}: date {shorten(_written(value), 40)} "
                "cannot be read; stored without a date"
            )
        return None, unreadable[:1]

    def body(self) -> Iterator[Block]:
        """Yield the blocks of the text.

        Raises:
            MalformedSource: there is no text.
        """
        found = False
        _, value = self.value("text")
        for text in _texts(value):
            paragraph = text
            if match := _CUT_OFF.search(text, max(0, len(text) - _CUT_CHARS)):
                self.missing = int(match["count"])
                paragraph = text[: match.start()].rstrip()
            for block in text_blocks(paragraph):
                found = True
                yield block
        if not found:
            names = self._columns.get("text") or "text, body, content"
            raise MalformedSource(f"{self.source}: no text; expected one of {names}")


_SERIAL = re.compile(r"\d{5}(?:\.\d{1,12})?")
_FIRST_DAY = datetime(1899, 12, 30)  # day 0 of a spreadsheet
_SERIAL_DAYS = range(25_569, 73_051)  # 1970 to 2099


def _spreadsheet_date(value: str) -> str | None:
    """Read the number of a day, as spreadsheets hold and export dates without their format."""
    if not _SERIAL.fullmatch(value) or int(float(value)) not in _SERIAL_DAYS:
        return None
    moment = _FIRST_DAY + timedelta(seconds=round(float(value) * 86_400))
    return parse_date(f"{moment:%Y-%m-%d}" if "." not in value else f"{moment:%Y-%m-%d %H:%M:%S}")


def _names_in(value: Any, depth: int = 0) -> list[str] | None:
    """Return the texts of a value: a string, a number, an object with a name, or a list of them.

    ``None`` for what is no text, such as ``true``; the elements of a list that are none are left
    out.
    """
    if isinstance(value, str):
        return [value]
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return [str(value)]
    if isinstance(value, Mapping) and depth < _DEEPEST:
        if all(one in (None, "", [], {}) for one in value.values()):
            return []
        held = (value[key] for key in _NAMING_KEYS if value.get(key) not in (None, "", [], {}))
        return next((found for one in held if (found := _names_in(one, depth + 1))), None)
    if isinstance(value, list) and depth < _DEEPEST:
        parts = [_names_in(one, depth + 1) for one in value if one is not None]
        found = [text for part in parts for text in part or ()]
        return found if found or not parts else None
    return [] if value is None else None


_NAMING_KEYS = (
    *("name", "title", "sentence", "text", "rendered", "value", "form", "url", "id", "$oid"),
)


def _written(value: Any) -> str:
    """Return a value for a message; what is no string as JSON writes it."""
    return repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _parts(record: Mapping[str, Any], depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yield the record and the objects in it that hold its metadata, or the record itself."""
    yield record
    if depth < _DEEPEST:
        for name, value in record.items():
            if isinstance(value, Mapping) and _INNER.match(str(name).casefold()):
                yield from _parts(value, depth + 1)


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the paragraphs of a text that is a string, or lists of strings and of objects."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool) and depth:
        yield str(value)  # a paragraph that is only a number
    elif isinstance(value, list) and depth < 5:
        if value and all(_is_strings(one) for one in value):
            # Paragraphs, each a list of its sentences.
            yield from (" ".join(one) for one in value)
            return
        if _is_sentences(value):
            yield " ".join(_ended(text) for one in value if (text := next(_texts(one, 4), "")))
            return
        for one in value:
            yield from _texts(one, depth + 1)
    elif isinstance(value, Mapping) and depth < 5:
        if str(value.get("type", "text")).casefold() in _TEXT_TYPES and "value" in value:
            yield from _texts(value["value"], depth + 1)  # beside {"type": "image"}
            return
        held = next((value[key] for key in _TEXT_KEYS if value.get(key)), None)
        if held is not None:
            yield from _texts(held, depth + 1)
            return
        # Other keys hold a text too if it is one.
        for one in value.values():
            if isinstance(one, str) and is_statement(one):
                yield one


_TEXT_KEYS = (
    *("sentence", "text", "form", "content", "context", "paragraph", "sentences", "rendered"),
    *("html", "body"),
)
_TEXT_TYPES = frozenset({"text", "paragraph", "p", "body", "html", "heading"})


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_sentences(values: list[Any]) -> bool:
    """Whether a list holds the sentences of one paragraph (AI Hub), not paragraphs."""
    return bool(values) and all(isinstance(one, Mapping) and "sentence" in one for one in values)


def _ended(sentence: str) -> str:
    return sentence.strip()


_ESCAPED = re.compile(
    r"&lt;/?(?:br|p|div|span|b|strong|em|i|a|img|ul|ol|li|h[1-6])\b[^<>]{0,300}?&gt;", re.IGNORECASE
)
_ESCAPED_BREAK = re.compile(r"(?<=[.!?\"”’])(?:\\r)?(?:\\n)+")


def text_blocks(text: str) -> list[Block]:
    """Return the paragraphs of a text; tags and character references are resolved."""
    if "<" not in text and _ESCAPED.search(text):
        text = unescape(text)  # escaped twice
    if "\n" not in text:
        text = _ESCAPED_BREAK.sub("\n", text)
    if has_markup(text):
        return fragment_blocks(text)
    lines = [line for raw in clean(text).split("\n") if (line := raw.strip())]
    return [(SectionKind.BODY, " ".join(lines[first:last])) for first, last in paragraphs(lines)]
