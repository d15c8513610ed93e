"""Summaries by quotation: choose the sentences of an article that together say what it says.

A line over features of each body sentence (similarity to title and section, centrality by
embedding, shared nouns, position, length, quotations) gives its worth; sentences are taken
greedily, with a penalty for similarity to those already taken (maximal marginal relevance,
Carbonell & Goldstein, 1998). ``geungeo bench summary`` measures it and fits the weights.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geungeo.rag.article import Article, SectionKind
from geungeo.rag.evidence.asking_lines import asks
from geungeo.rag.language.analysis import analysed
from geungeo.rag.memo import Memo
from geungeo.rag.overview.wishes import Focus
from geungeo.rag.protocols import Embedder, FloatArray
from geungeo.rag.segmentation import split_article
from geungeo.rag.text import Span

FEATURES = (
    "central", "title", "section", "title_words", "repeated_words", "lead", "first", "place",
    "length", "short", "number", "speech",
)  # fmt: skip
# Fitted by ``geungeo bench summary --fit`` over all marked articles.
WEIGHTS: dict[str, float] = {
    "central": -0.22,
    "title": -0.22,
    "section": 0.44,
    "title_words": 0.37,
    "repeated_words": 0.35,
    "lead": 0.21,
    "first": -0.29,
    "place": -0.61,
    "length": 0.92,
    "short": -0.77,
    "number": 0.53,
    "speech": -0.38,
}
# Cosines of E5 above this count as similar; the penalty is for a cosine of 1.
_SIMILAR, _PENALTY = 0.86, 0.5
_LONG, _SHORT = 70, 28
_ENDED = re.compile(r"[.!?…][”’\"')\]]*$|[다요죠][”’\"')\]]*$")
_MARKED = re.compile(r"^[◇■□◆▲▶●○◎※☞▷△▼]")
_SPEECH = re.compile(r"[“\"][^”\"]{12,}[”\"]")
_NUMBER = re.compile(r"\d")
_CLOSING = re.compile(r"무단\s*(?:전재|복제)|재배포\s*금지|ⓒ|©|\S@[\w.]+\.\w+")
_NOUNS = frozenset({"NNG", "NNP", "SL", "SN", "XR"})
_DISPUTED = re.compile(
    r"쟁점|논란|갈등|반대|반발|비판|우려|주장|지적|반박|맞서|맞섰|요구|거부|거절|불만|공방|대립"
    r"|\b(?:disput|oppos|critici|object|concern|argu|reject|demand|deni|conflict)\w*",
    re.IGNORECASE,
)
_FOCUSED = 1.5
_CONCLUDING = 2.5


@dataclass(frozen=True, slots=True)
class Measured:
    """The sentences of an article that may stand in a summary.

    ``features`` is (n, len(FEATURES)), ``similar`` (n, n) cosines, ``vectors`` (n, dim).
    """

    spans: tuple[Span, ...]
    texts: tuple[str, ...]
    features: FloatArray
    similar: FloatArray
    vectors: FloatArray


class Summariser:
    """Summaries with one embedder; keeps the measurements of the last 64 articles."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._measured: Memo[Article, Measured] = Memo(
            64, lambda articles: [measure(article, embedder) for article in articles]
        )

    def choose(
        self, article: Article, count: int, focus: Focus = "gist", topic: str = ""
    ) -> list[Span]:
        """Return the ``count`` sentences to quote, in the article's order.

        ``topic`` makes sentences about it worth more. The result is shorter if the article is.
        """
        measured = self._measured.get([article])[article]
        if not measured.spans:
            return []
        weights = np.array([WEIGHTS[name] for name in FEATURES], dtype=np.float32)
        worth = measured.features @ weights
        if focus == "issues":
            worth = worth + _FOCUSED * np.array(
                [_DISPUTED.search(text) is not None for text in measured.texts]
            )
        if focus == "conclusion":
            worth = worth + _CONCLUDING * measured.features[:, FEATURES.index("place")]
        if topic:
            [vector] = self._embedder.embed([topic], query=True)
            worth = worth + standard(measured.vectors @ vector)
        return [measured.spans[at] for at in sorted(pick(worth, measured.similar, count))]


def pick(worth: np.ndarray, similar: np.ndarray, count: int) -> list[int]:
    """Return the indices of ``count`` sentences, best first, without near repetitions."""
    chosen: list[int] = []
    left = set(range(len(worth)))
    while left and len(chosen) < count:
        best = max(sorted(left), key=lambda at: worth[at] - _repetition(similar, at, chosen))
        chosen.append(best)
        left.remove(best)
    return chosen


def _repetition(similar: np.ndarray, at: int, chosen: Sequence[int]) -> float:
    nearest = max((float(similar[at, other]) for other in chosen), default=0.0)
    return _PENALTY * max(0.0, nearest - _SIMILAR) / (1 - _SIMILAR)


def measure(article: Article, embedder: Embedder) -> Measured:
    """Measure the sentences of ``article`` that state something.

    Only body sentences with an end count: no captions, bylines and headings, no questions, no
    lines about copyright.
    """
    spans, sections, headings = _statements(article)
    texts = [span.of(article.text) for span in spans]
    if not texts:
        empty = np.zeros((0, 0), dtype=np.float32)
        return Measured((), (), np.zeros((0, len(FEATURES)), np.float32), empty, empty)
    vectors = embedder.embed([*texts, *headings], query=False)
    own, titles = vectors[: len(texts)], vectors[len(texts) :]
    similar = own @ own.T
    others = np.where(np.eye(len(texts), dtype=bool), np.nan, similar)
    central = np.nan_to_num(np.nanmean(others, axis=1), nan=0.0) if len(texts) > 1 else np.zeros(1)
    deck = [s.span.of(article.text) for s in article.sections if s.kind is SectionKind.DECK]
    title, *words = [_nouns(text) for text in (" ".join([article.title, *deck]), *texts)]
    counts = Counter(word for found in words for word in found)
    place = np.arange(len(texts))
    columns = [
        standard(central),
        standard(own @ titles[0]),
        standard((own * titles[sections]).sum(axis=1)),
        standard(np.array([len(found & title) / max(1, len(title)) for found in words])),
        standard(
            np.array(
                [sum(counts[w] - 1 for w in found) / max(1, len(found)) ** 0.5 for found in words]
            )
        ),
        1 / (1 + place),
        place == 0,
        place / len(texts),
        [min(len(text), _LONG) / _LONG for text in texts],
        [len(text) < _SHORT for text in texts],
        [_NUMBER.search(text) is not None for text in texts],
        [_SPEECH.search(text) is not None for text in texts],
    ]
    features = np.column_stack(columns).astype(np.float32)
    return Measured(tuple(spans), tuple(texts), features, similar, own)


def _statements(article: Article) -> tuple[list[Span], list[int], list[str]]:
    """Return the sentences, the number of the section of each, and the title and headings."""
    spans: list[Span] = []
    sections: list[int] = []
    headings = [article.title]
    for sentence in split_article(article):
        text = sentence.span.of(article.text)
        is_heading = sentence.kind is SectionKind.HEADING
        if is_heading or (sentence.kind is SectionKind.BODY and _MARKED.match(text)):
            headings.append(text)
        elif sentence.kind is SectionKind.BODY and _states(text):
            spans.append(sentence.span)
            sections.append(len(headings) - 1)
    return spans, sections, headings


def _states(text: str) -> bool:
    return bool(_ENDED.search(text)) and not asks(text) and not _CLOSING.search(text)


def _nouns(text: str) -> set[str]:
    [parsed] = analysed([text])
    return {m.form for m in parsed.morphemes if m.tag.split("-")[0] in _NOUNS}


def standard(values: np.ndarray) -> np.ndarray:
    """Return ``values`` with mean 0 and deviation 1."""
    scaled: np.ndarray = (values - values.mean()) / (values.std() + 1e-6)
    return scaled
