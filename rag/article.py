"""Articles and their sections, which citations refer to."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import zip_longest
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from geungeo.rag.language.dates.times import seoul_day
from geungeo.rag.text import Span, article_language, clean, nfc

_LANGUAGE = re.compile(r"(?P<code>[a-z]{2})(?:[-_][a-z0-9_-]{1,20})?", re.IGNORECASE)
_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")


class SectionKind(StrEnum):
    """The kind of a section of an article."""

    TITLE = "title"
    DECK = "deck"
    BYLINE = "byline"
    CAPTION = "caption"
    HEADING = "heading"
    BODY = "body"


class Section(BaseModel):
    """A part of ``Article.text`` of one kind; ``start`` and ``end`` in code points.

    ``page`` is the page that it begins on, in a document that has pages.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: SectionKind
    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]
    page: Annotated[int, Field(ge=1)] | None = Field(default=None, exclude_if=lambda v: v is None)

    @property
    def span(self) -> Span:
        """Return the span of the section."""
        return Span(self.start, self.end)


class Article(BaseModel):
    """A version of a news article; immutable.

    ``text`` is NFC and contains title, deck, captions, headings and body in reading order;
    ``sections`` are disjoint spans over it, in order. ``published_at`` is ISO 8601
    (a date, or a time with its zone).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    version: Annotated[int, Field(ge=1)] = 1
    url: str | None = None
    title: str
    author: str | None = None
    publisher: str | None = None
    published_at: str | None = None
    language: str = "ko"
    text: str
    sections: tuple[Section, ...] = ()

    @model_validator(mode="after")
    def _sections_fit(self) -> Self:
        if self.text != nfc(self.text):
            raise ValueError("article text is not NFC; normalise it with geungeo.rag.text.clean")
        at = 0
        for section in self.sections:
            if not at <= section.start < section.end <= len(self.text):
                raise ValueError(f"section {section} overlaps another or exceeds the text")
            at = section.end
        return self

    @property
    def text_sha256(self) -> str:
        """Return the hex digest of the UTF-8 text; a store detects corruption with it."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def published_day(self) -> date | None:
        """Return the day of ``published_at`` in Asia/Seoul; ``None`` without a valid date."""
        return seoul_day(self.published_at) if self.published_at else None

    def page_at(self, position: int) -> int | None:
        """Return the page of the document that the section at character ``position`` begins on."""
        return next((one.page for one in self.sections if one.start <= position < one.end), None)

    def kind_at(self, position: int) -> SectionKind:
        """Return the kind of the section at character ``position``; body between sections."""
        for section in self.sections:
            if section.start <= position < section.end:
                return section.kind
        return SectionKind.BODY


@dataclass(frozen=True, slots=True)
class Draft:
    """An article as read from a document, before a store gives it an id and a version.

    ``blocks`` are the parts in reading order, each a line or paragraph of one kind. They are
    located in ``text``, in order; without ``text`` they are joined. The article is identified by
    the first of ``id``, ``url`` and ``source`` (a path or a name) that is given.
    ``warnings`` say what could not be read; ``left_out`` are lines of the page around the article
    (menus, notices, related headlines). Neither is stored. ``pages`` are the pages of the blocks.
    """

    title: str
    blocks: tuple[tuple[SectionKind, str], ...]
    source: str
    text: str | None = None
    id: str | None = None
    url: str | None = None
    author: str | None = None
    publisher: str | None = None
    published_at: str | None = None
    language: str | None = None
    warnings: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    pages: tuple[int | None, ...] = ()

    def article_id(self) -> str:
        """Return the given id if it is safe in a URL, or a digest of id, url or source."""
        if self.id and _SAFE_ID.fullmatch(self.id):
            return self.id
        key = self.id or self.url or self.source
        return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:16]

    def article(self) -> Article:
        """Create the article that this draft describes."""
        text, sections = self._lay_out()
        return Article(
            id=self.article_id(),
            url=self.url,
            title=nfc(self.title),
            author=self.author,
            publisher=self.publisher,
            published_at=self.published_at,
            language=_language_code(self.language) or article_language(text),
            text=text,
            sections=sections,
        )

    def _lay_out(self) -> tuple[str, tuple[Section, ...]]:
        blocks = [
            (kind, stripped, page)
            for (kind, block), page in zip_longest(self.blocks, self.pages[: len(self.blocks)])
            if (stripped := clean(block).strip())
        ]
        if self.text is None and blocks and blocks[0][0] is not SectionKind.TITLE:
            blocks.insert(0, (SectionKind.TITLE, clean(self.title).strip() or "-", None))
        text = clean(
            "\n\n".join(block for _, block, _ in blocks) if self.text is None else self.text
        )
        sections: list[Section] = []
        at = 0
        for kind, block, page in blocks:
            start = text.index(block, at)
            at = start + len(block)
            sections.append(Section(kind=kind, start=start, end=at, page=page))
        return text, tuple(sections)


def _language_code(given: str | None) -> str | None:
    """Return the ISO 639-1 code in ``given`` (``ko-KR``), or ``None`` for what is no code."""
    match = _LANGUAGE.fullmatch((given or "").strip())
    return match["code"].lower() if match else None
