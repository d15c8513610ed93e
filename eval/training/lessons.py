"""Lessons for the cross-encoder: questions with sentences that answer them or nearly do.

A lesson is one question with several sentences. Near misses are sentences that vectors and bigrams
would rank as answers: from the same paragraph, from the same article without the paragraph, from
other articles. Further ones are made from a good question by exchanging a name or a number for
another of the same article. A third of the questions is phrased as people type: without particles,
or with a synonym.
"""

from __future__ import annotations

import json
import random
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from geungeo.eval.cases import Case, Document
from geungeo.eval.datasets import read_dataset
from geungeo.eval.matching import contains_answer
from geungeo.rag.article import Article, SectionKind
from geungeo.rag.language.hangul import letters_of, syllable_of, taken_for
from geungeo.rag.language.morphemes import Morpheme, analyse, analyse_many
from geungeo.rag.language.terms import bigrams
from geungeo.rag.protocols import Embedder, FloatArray, Reranker, SentenceInContext
from geungeo.rag.readers import read
from geungeo.rag.segmentation import split_article, split_lines
from geungeo.rag.text import Span

# One article in five is held out, so that later decisions are based on unbiased scores.
HELD_OUT = 5
_NEAR = 12
# Of these, as many are read by a judge.
_JUDGED = 8
# Near misses are searched among this many nearest sentences.
_LOOKED_AT = 80
_BIGRAM_WEIGHT = 0.3
# Right sentences of a lesson, at most.
_RIGHT = 2
# Characters of a short answer, at most.
_SHORT = 30
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question, sentences in their context, and which of them answer it."""

    question: str
    passages: tuple[SentenceInContext, ...]
    answers: tuple[bool, ...]
    # In code points of the first passage's sentence; None if it has no short answer.
    short: Span | None = None


# Part of the questions that are rephrased, and that are mistyped; of the slips, missing spaces.
_REPHRASED, _MISTYPED, _SPACING = 0.35, 0.12, 0.4
# Letters that sound alike, and so are typed for each other.
_ALIKE = ["ㄱㄲ", "ㄷㄸ", "ㅂㅃ", "ㅅㅆ", "ㅈㅉ"]
_ALIKE += ["ㅐㅔ", "ㅒㅖ", "ㅓㅗ", "ㅙㅚ", "ㅚㅞ", "ㅡㅜ"]


@dataclass(frozen=True, slots=True)
class LibrarySentence:
    """A sentence of the library: its article or paragraph, and its context."""

    home: str
    article: str
    span: Span
    passage: SentenceInContext


@dataclass(slots=True)
class Library:
    """All sentences of a data set, searched for near misses."""

    sentences: list[LibrarySentence]
    vectors: FloatArray
    grams: list[set[str]]

    @classmethod
    def of(cls, sentences: list[LibrarySentence], embedder: Embedder) -> Library:
        """Embed and index ``sentences``."""
        texts = [one.passage.sentence for one in sentences]
        return cls(sentences, embedder.embed(texts, query=False), [set(bigrams(t)) for t in texts])

    def near(self, question: str, vector: FloatArray) -> list[int]:
        """Return all sentences, nearest first, by cosine and shared bigrams."""
        wanted = set(bigrams(question))
        shared = [len(wanted & grams) / max(len(wanted), 1) for grams in self.grams]
        score = self.vectors @ vector + _BIGRAM_WEIGHT * np.array(shared, dtype=np.float32)
        return [int(at) for at in np.argsort(-score, kind="stable")]


def held_out(article: str) -> bool:
    """Whether the cross-encoder is not trained on this article."""
    return zlib.crc32(article.encode()) % HELD_OUT == 0


def korquad_lessons(
    path: Path, embedder: Embedder, seed: int, *, share: float = 1.0
) -> Iterator[Lesson]:
    """Yield lessons from the articles of a KorQuAD/SQuAD file that are not held out.

    Only a drawn ``share`` of the questions is used.
    """
    draw = random.Random(seed)  # noqa: S311  # a reproducible draw
    data = read_dataset(path)
    sentences = [one for document in data.documents for one in sentences_of(document)]
    library = Library.of(sentences, embedder)
    cases = [item.cases[0] for item in data.items]
    titles = {document.id: document.title for document in data.documents}
    cases = [case for case in cases if case.place and not held_out(titles[case.place.document])]
    cases = draw.sample(cases, round(share * len(cases)))
    for case, vector in _asked(cases, embedder):
        if case.place is None:
            continue
        place = Span(case.place.start, case.place.end)
        order = library.near(case.question, vector)
        gold = [
            at
            for at in order
            if sentences[at].home == case.place.document and sentences[at].span.overlaps(place)
        ][:1]
        misses = [
            at
            for at in order[:_LOOKED_AT]
            if at not in gold and not contains_answer(sentences[at].passage.sentence, case.answers)
        ]
        home = [at for at in misses if sentences[at].home == case.place.document][:_NEAR]
        away = [at for at in misses if sentences[at].home != case.place.document][:_NEAR]
        short = None
        if gold:
            within = place.shift(-sentences[gold[0]].span.start)
            length = len(sentences[gold[0]].passage.sentence)
            short = within if within.start >= 0 and within.end <= length else None
        yield from _lessons(case.question, gold, (home, away), library, draw, short)


def news_lessons(
    questions: Path,
    articles: Sequence[Path],
    embedder: Embedder,
    seed: int,
    *,
    share: float = 1.0,
    nearest: int = 1,
    judge: Reranker | None = None,
) -> Iterator[Lesson]:
    """Yield lessons from the invented news: answered questions, absent facts, false premises.

    Only a drawn ``share`` of the questions is used. Each lesson has the ``nearest`` near misses of
    its article, and drawn ones. With a ``judge`` the nearest are those that it takes for answers
    most (hard negatives, as Xiong et al., 2021, arXiv:2007.00808, search them).
    """
    draw = random.Random(seed)  # noqa: S311  # a reproducible draw
    read_in = [article for path in articles for article in read_articles(path)]
    sentences = [one for article in read_in for one in sentences_of(article)]
    library = Library.of(sentences, embedder)
    cases = [item.cases[0] for item in read_dataset(questions).items]
    cases = [case for case in cases if not held_out(case.article_id or "")]
    cases = draw.sample(cases, round(share * len(cases)))
    for case, vector in _asked(cases, embedder):
        order = library.near(case.question, vector)
        own = [at for at in order if sentences[at].home == case.article_id]
        away = [at for at in order if sentences[at].home != case.article_id][:_NEAR]
        right = [
            at
            for at in own
            if any(same(quote, sentences[at].passage.sentence) for quote in case.quotes)
        ]
        gold = right[: min(_RIGHT, len(case.quotes))]
        if case.expected == "answer" and not gold:
            continue
        misses = [
            at
            for at in own
            if at not in right and not contains_answer(sentences[at].passage.sentence, case.answers)
        ][:_NEAR]
        if judge is not None:
            near = [sentences[at].passage for at in misses[:_JUDGED]]
            hardest = np.argsort(-judge.judge(case.question, near), kind="stable")
            misses = [misses[int(at)] for at in hardest] + misses[_JUDGED:]
        short = _short_answer(case, sentences[gold[0]].passage.sentence) if gold else None
        yield from _lessons(case.question, gold, (misses, away), library, draw, short, nearest)


def _short_answer(case: Case, sentence: str) -> Span | None:
    """Return the place in ``sentence`` of the first answer that is a few words."""
    if "why" in case.tags:
        return None
    for answer in case.answers:
        start = sentence.find(answer)
        if start >= 0 and len(answer) <= _SHORT:
            return Span(start, start + len(answer))
    return None


def _asked(cases: Sequence[Case], embedder: Embedder) -> Iterator[tuple[Case, FloatArray]]:
    vectors = embedder.embed([case.question for case in cases], query=True)
    return zip(cases, vectors, strict=True)


def _lessons(
    question: str,
    gold: list[int],
    misses: tuple[list[int], list[int]],
    library: Library,
    draw: random.Random,
    short: Span | None,
    nearest: int = 1,
) -> Iterator[Lesson]:
    home, away = misses
    # The nearest misses are always included, the others are sampled from the near ones.
    chosen = [*home[:nearest], *_drawn(draw, home[nearest:], 1), *_drawn(draw, away, 1)]
    if not gold:
        chosen = [*home[: nearest + 2], *_drawn(draw, away, 1)]
    places = [*gold, *chosen]
    passages = tuple(library.sentences[at].passage for at in places)
    chance = draw.random()
    asked = rephrased(question, draw) if chance < _REPHRASED else question
    asked = mistyped(question, draw) if chance > 1 - _MISTYPED else asked
    yield Lesson(asked, passages, tuple(at in gold for at in places), short)
    if not gold:
        return
    near = [library.sentences[at].passage.sentence for at in home[:6]]
    wrong = with_wrong_detail(question, passages[0].sentence, near, draw)
    if wrong:
        yield Lesson(wrong, passages[:1], (False,))


def _drawn(draw: random.Random, places: list[int], count: int) -> list[int]:
    return draw.sample(places, min(count, len(places)))


def rephrased(question: str, draw: random.Random) -> str:
    """Return the question without its particles, or with a noun's synonym."""
    morphemes = analyse(question)
    if draw.random() < 0.5:
        groups = _synonyms()
        nouns = [m for m in morphemes if m.tag == "NNG" and f"{m.form}/N" in groups]
        if nouns:
            noun = draw.choice(nouns)
            return _put(question, noun, draw.choice(groups[f"{noun.form}/N"]))
    for morpheme in reversed(morphemes):
        if morpheme.tag.startswith("J") and draw.random() < 0.8:
            question = question[: morpheme.start] + question[morpheme.end :]
    return question


def mistyped(question: str, draw: random.Random) -> str:
    """Return the question with up to three slips: letters that sound alike, missing spaces."""
    for _ in range(draw.choice((1, 1, 2, 3))):
        syllables = [at for at, one in enumerate(question) if _may_be_misspelled(one)]
        spaces = [at for at, one in enumerate(question) if one == " "]
        if spaces and draw.random() < _SPACING:
            at = draw.choice(spaces)
            question = question[:at] + question[at + 1 :]
        elif syllables:
            at = draw.choice(syllables)
            question = question[:at] + _misspelled(question[at], draw) + question[at + 1 :]
    return question


def _misspelled(syllable: str, draw: random.Random) -> str:
    """Return ``syllable`` with its vowel or first consonant taken for one that sounds alike."""
    lead, vowel, *tail = list(letters_of(syllable))
    leads, vowels = taken_for(lead, _ALIKE), taken_for(vowel, _ALIKE)
    if leads and (not vowels or draw.random() < 0.3):
        lead = draw.choice(leads)
    elif vowels:
        vowel = draw.choice(vowels)
    return syllable_of(lead, vowel, *tail)


def _may_be_misspelled(char: str) -> bool:
    return len(letters_of(char)) > 1 and any(taken_for(one, _ALIKE) for one in letters_of(char)[:2])


def with_wrong_detail(
    question: str, answer: str, others: Sequence[str], draw: random.Random
) -> str | None:
    """Return the question with a name or number of other sentences that ``answer`` lacks."""
    exchangeable = [m for m in analyse(question) if _is_name(m) or m.tag == "SN"]
    exchangeable = [m for m in exchangeable if question[m.start : m.end] in answer]
    if not exchangeable:
        return None
    target = draw.choice(exchangeable)
    if target.tag == "SN":
        old = question[target.start : target.end]
        changed = _NUMBER.sub(lambda found: str(int(found[0]) + draw.choice((1, 2, 3, -1))), old)
        return _put(question, target, changed)
    names = {
        sentence[m.start : m.end]
        for sentence, found in zip(others, analyse_many(list(others)), strict=True)
        for m in found
        if _is_name(m)
    }
    names = {name for name in names if name not in answer and name not in question}
    return _put(question, target, draw.choice(sorted(names))) if names else None


def _is_name(morpheme: Morpheme) -> bool:
    return morpheme.tag == "NNP" and len(morpheme.form) > 1


def _put(text: str, at: Morpheme, word: str) -> str:
    return text[: at.start] + word + text[at.end :]


@cache
def _synonyms() -> dict[str, list[str]]:
    data = files("geungeo.rag.language").joinpath("data/synonyms.json")
    groups = json.loads(data.read_text("utf-8"))
    found: dict[str, list[str]] = {}
    for group in groups:
        nouns = [term.removesuffix("/N") for term in group if term.endswith("/N")]
        for noun in nouns:
            found.setdefault(f"{noun}/N", []).extend(other for other in nouns if other != noun)
    return {noun: others for noun, others in found.items() if others}


def sentences_of(home: Document | Article) -> Iterator[LibrarySentence]:
    """Yield the sentences of a paragraph or an article with their context."""
    if isinstance(home, Document):
        yield from _sentences_of_document(home)
    else:
        yield from _sentences_of_article(home)


def _sentences_of_document(document: Document) -> Iterator[LibrarySentence]:
    before = ""
    for line in re.finditer(r"[^\n]+", document.text):
        for span in split_lines([line[0]])[0]:
            sentence = span.of(line[0])
            passage = SentenceInContext(document.title, before, sentence)
            yield LibrarySentence(document.id, document.title, span.shift(line.start()), passage)
            before = sentence


def _sentences_of_article(article: Article) -> Iterator[LibrarySentence]:
    before = ""
    for sentence in split_article(article):
        if sentence.kind is SectionKind.TITLE:
            continue
        text = sentence.span.of(article.text)
        yield LibrarySentence(
            article.id, article.id, sentence.span, SentenceInContext(article.title, before, text)
        )
        before = text


def read_articles(path: Path) -> list[Article]:
    """Read the articles of a JSON Lines file."""
    return [draft.article() for draft in read(path.read_bytes(), path.name).drafts]


def same(quote: str, sentence: str) -> bool:
    """Whether one contains the other, white space aside."""
    quote, sentence = "".join(quote.split()), "".join(sentence.split())
    return quote in sentence or sentence in quote
