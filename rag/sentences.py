"""Sentences with exact offsets: the smallest thing that can be cited."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from geungeo.rag.article import Article, SectionKind
from geungeo.rag.language import morphemes
from geungeo.rag.text import Span

# A "sentence" longer than this is a table, a minified script or an attack: cut it at spaces.
MAX_SENTENCE = 1_000
# Kiwi is handed at most this many characters at a time.
_MAX_LINE = 4_000

_LINE = re.compile(r"[^\n]+")
_CREDIT = re.compile(r"[(\[]?\s*(사진|자료|출처|그래픽|영상|이미지)\s*[=:·/ⓒ]")
# Kiwi reads on over an ellipsis; after a predicate's ending a new sentence begins.
_TRAILING_OFF = re.compile(r"(?<=[다요죠까네군])(?:…+|\.{3,}|‥+)['\"’”]?\s+(?=\S)")
_PAIRS = dict(zip("“‘「『(〈《[", "”’」』)〉》]", strict=True))
_MAX_ENCLOSURE = 300


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an article, by its span and the kind of its section."""

    span: Span
    kind: SectionKind


def split_article(article: Article) -> list[Sentence]:
    """All sentences of ``article`` in reading order.

    They are disjoint, hold no white space at their ends, never cross a line, and together
    hold every character of the text that is not white space.
    """
    pieces = list(_pieces(article))
    spans = split_lines([span.of(article.text) for span, _ in pieces])
    return [
        Sentence(local.shift(piece.start), kind)
        for (piece, kind), locals_ in zip(pieces, spans, strict=True)
        for local in locals_
    ]


def _pieces(article: Article) -> Iterator[tuple[Span, SectionKind]]:
    """The lines of the text with their kinds; text between sections counts as body."""
    at = 0
    end = len(article.text)
    for section in (*article.sections, None):
        yield from _lines(article.text, Span(at, section.start if section else end), "body")
        if section is None:
            return
        yield from _lines(article.text, section.span, section.kind)
        at = section.end


def _lines(text: str, span: Span, kind: str) -> Iterator[tuple[Span, SectionKind]]:
    for line in _LINE.finditer(text, span.start, span.end):
        stripped = Span(line.start(), line.end()).strip(text)
        for start in range(stripped.start, stripped.end, _MAX_LINE):
            piece = Span(start, min(start + _MAX_LINE, stripped.end)).strip(text)
            if piece:
                yield piece, SectionKind(kind)


def split_lines(lines: Sequence[str]) -> list[list[Span]]:
    """Sentence spans within each of ``lines`` (each without line breaks)."""
    return [_split(line) for line in lines]


def _split(line: str) -> list[Span]:
    cuts = _mend(line, _starts(line))
    spans: list[Span] = []
    for start, end in zip(cuts, [*cuts[1:], len(line)], strict=True):
        spans.extend(_cap(line, Span(start, end).strip(line)))
    return spans


def _starts(line: str) -> list[int]:
    """Where a sentence begins by Kiwi, or after an ellipsis that ends one; always 0 too."""
    after_ellipsis = (match.end() for match in _TRAILING_OFF.finditer(line))
    return sorted({0, *morphemes.sentence_starts(line), *after_ellipsis})


def _mend(line: str, cuts: list[int]) -> list[int]:
    """Take back cuts inside a bracket or quotation, and before a lone photo credit."""
    enclosed = _enclosures(line)
    return [
        cut
        for cut in cuts
        if cut == 0
        or not (_CREDIT.match(line, cut) or any(span.start < cut < span.end for span in enclosed))
    ]


def _enclosures(line: str) -> list[Span]:
    """Matched bracket and quotation pairs, from opening to closing character.

    An opening without its closing (common where a quotation runs over paragraphs) encloses
    nothing, nor does a pair too long to be one sentence.
    """
    spans: list[Span] = []
    open_at: dict[str, int] = {}
    for at, char in enumerate(line):
        if char in _PAIRS:
            open_at[_PAIRS[char]] = at
        elif char in open_at:
            start = open_at.pop(char)
            if at - start < _MAX_ENCLOSURE:
                spans.append(Span(start, at + 1))
    return spans


def _cap(line: str, span: Span) -> Iterator[Span]:
    while len(span) > MAX_SENTENCE:
        space = line.rfind(" ", span.start + MAX_SENTENCE // 2, span.start + MAX_SENTENCE)
        cut = space if space > 0 else span.start + MAX_SENTENCE
        yield Span(span.start, cut).strip(line)
        span = Span(cut, span.end).strip(line)
    if span:
        yield span
