"""The Answer, which every channel renders, its parts and its invariants."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from geungeo.rag.article import Article, SectionKind
from geungeo.rag.errors import InvariantViolation
from geungeo.rag.text import Language, Span


@dataclass(frozen=True, slots=True)
class Filters:
    """Restrictions of retrieval; ``None`` means no restriction. Dates are ISO 8601, inclusive."""

    article_ids: frozenset[str] | None = None
    publisher: str | None = None
    published_from: str | None = None
    published_to: str | None = None

    def __bool__(self) -> bool:
        return any(
            value is not None
            for value in (
                self.article_ids,
                self.publisher,
                self.published_from,
                self.published_to,
            )
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange of a conversation."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A question as a channel passes it to the pipeline. ``history`` is oldest first."""

    question: str
    conversation_id: str | None = None
    history: tuple[Turn, ...] = ()
    top_k: int | None = None
    filters: Filters = field(default_factory=Filters)


Status = Literal["answered", "abstained"]
Reason = Literal[
    "no_evidence",
    "weak_evidence",
    "unverified",
    "false_premise",
    "off_topic",
    "not_a_question",
    "backend_unavailable",
]
Intent = Literal["question", "summary", "listing", "about_article", "small_talk"]
SupportKind = Literal["quote", "rules", "entailment"]
Layout = Literal["run", "item", "line"]
ArticleLookup = Callable[[str, int], Article]

_LABELS: dict[Language, dict[str, str]] = {
    "ko": {
        "sources": "근거",
        "abstained": "답하지 않음",
        "entailment": "뜻으로 확인",
        "nearest": "가까운 문장 (답은 아님)",
    },
    "en": {
        "sources": "Sources",
        "abstained": "No answer",
        "entailment": "checked by meaning",
        "nearest": "Nearest sentences (not an answer)",
    },
}

MARKER = re.compile(r"\[(\d{1,3})\]")
# Characters that turn a bracket into a link or image, and an angle bracket into a tag or
# autolink (CommonMark).
_LINK = re.compile(r"\](?=[(\[:])")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Citation(_Model):
    """Link from a claim (a span of the answer) to its source (a span of one article version).

    All positions are half-open, in Unicode code points. ``support`` in [0, 1]; ``support_kind``
    says whether the claim quotes its source, was proven by the rules, or was judged by a model.
    ``note`` is written by geungeo and shown next to the quote, never inside it.
    """

    marker: Annotated[int, Field(ge=1)]
    article_id: str
    version: int
    title: str
    url: str | None
    publisher: str | None
    published_at: str | None
    start: int
    end: int
    quote: str
    answer_start: int
    answer_end: int
    support: Annotated[float, Field(ge=0, le=1)]
    support_kind: SupportKind = "rules"
    section: SectionKind
    note: str | None = None


class Nearest(_Model):
    """A sentence shown beside an abstention: related to the question, but not an answer.

    ``quote`` is the text at ``[start, end)`` of the article version, in code points.
    """

    article_id: str
    version: int
    title: str
    publisher: str | None
    published_at: str | None
    start: int
    end: int
    quote: str

    @property
    def origin(self) -> list[str]:
        """Return title, publisher and day of the article, those that are known."""
        day = (self.published_at or "")[:10]
        return [part for part in (self.title, self.publisher, day) if part]

    @classmethod
    def of(cls, article: Article, span: Span) -> Nearest:
        """Return the sentence at ``span`` of ``article``."""
        return cls(
            article_id=article.id,
            version=article.version,
            title=article.title,
            publisher=article.publisher,
            published_at=article.published_at,
            start=span.start,
            end=span.end,
            quote=span.of(article.text),
        )


class ShortAnswer(_Model):
    """The words inside a cited quote that answer the question.

    ``text`` is that at ``[start, end)`` of the article version, in code points.
    """

    text: str
    article_id: str
    version: int
    start: int
    end: int


class PassageHit(_Model):
    """A retrieved passage; ``score`` is the fused one, higher is better, ``rank`` from 1."""

    article_id: str
    version: int
    start: int
    end: int
    text: str
    score: float
    dense_score: float | None
    lexical_score: float | None
    rank: int


class Usage(_Model):
    """Tokens reported by the backend, and calls and tokens of the verifier; zero for none."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    verifier_calls: int = 0
    verifier_prompt_tokens: int = 0
    verifier_completion_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Return the sum of both, field by field."""
        first, second = self.model_dump(), other.model_dump()
        return Usage(**{name: count + second[name] for name, count in first.items()})


class Timings(_Model):
    """Milliseconds spent in each stage."""

    rewrite: float = 0.0
    retrieve: float = 0.0
    generate: float = 0.0
    ground: float = 0.0
    verify: float = 0.0
    total: float = 0.0


class DroppedClaim(_Model):
    """A drafted claim that was not released as written, and the reason.

    ``instead`` is the quotation that replaced it, if any.
    """

    text: str
    why: str
    support: float = 0.0
    instead: str | None = None


class Trace(_Model):
    """Diagnostics of an answer.

    ``answerability`` is the estimated probability that the evidence answers the question.
    """

    answerability: Annotated[float, Field(ge=0, le=1)] = 0.0
    threshold: float = 0.0
    dropped: tuple[DroppedClaim, ...] = ()
    notes: tuple[str, ...] = ()


class Answer(_Model):
    """Result of one question; see DESIGN section 6 for the wire format."""

    id: str
    question: str
    standalone_question: str
    language: Language
    intent: Intent = "question"
    status: Status
    reason: Reason | None
    text: str
    short_answer: ShortAnswer | None = None
    nearest: tuple[Nearest, ...] = ()
    citations: tuple[Citation, ...] = ()
    passages: tuple[PassageHit, ...] = ()
    conversation_id: str | None = None
    backend: str
    usage: Usage = Usage()
    timings_ms: Timings = Timings()
    trace: Trace = Trace()

    def _repr_html_(self) -> str:
        """Return the answer as HTML for a notebook; all text from articles is escaped."""
        labels = _LABELS[self.language]
        parts = [f"<p>{_bdi(self.text)}</p>"]
        if self.reason and self.reason != "not_a_question":
            parts.append(f"<p>({labels['abstained']}: <code>{escape(self.reason)}</code>)</p>")
        if self.nearest:
            items = "".join(
                f"<li>“{_bdi(one.quote)}”<br>{', '.join(map(_bdi, one.origin))}</li>"
                for one in self.nearest
            )
            parts.append(f"<p>{labels['nearest']}:</p><ul>{items}</ul>")
        sources = {citation.marker: citation for citation in self.citations}
        if sources:
            items = "".join(
                _source_item(sources[marker], support_label(self, marker))
                for marker in sorted(sources)
            )
            parts.append(f"<p>{labels['sources']}:</p><ol>{items}</ol>")
        # Without these classes notebooks typeset $…$ in HTML as formulas.
        return f'<div class="tex2jax_ignore mathjax_ignore">{"".join(parts)}</div>'


def support_label(answer: Answer, marker: int) -> str | None:
    """Return the words shown beside a source that supports a claim by meaning.

    A source that supports its claims by quotation or by the rules needs none: ``None``.
    """
    by_meaning = any(
        citation.support_kind == "entailment"
        for citation in answer.citations
        if citation.marker == marker
    )
    return _LABELS[answer.language]["entailment"] if by_meaning else None


def nearest_heading(answer: Answer) -> str:
    """Return the words above the nearest sentences of an abstention."""
    return _LABELS[answer.language]["nearest"]


def _source_item(citation: Citation, label: str | None) -> str:
    """Return a list item with the quote and its source; only web addresses are linked."""
    title = _bdi(citation.title)
    if citation.url and citation.url.startswith(("http://", "https://")):
        title = f'<a href="{escape(citation.url)}" rel="noopener noreferrer">{title}</a>'
    others = [_bdi(part) for part in (citation.publisher, citation.published_at) if part]
    note = f"<br>({_bdi(citation.note)})" if citation.note else ""
    origin = ", ".join([title, *others])
    quote = f"“{_bdi(citation.quote)}”" + (f" ({label})" if label else "")
    return f'<li value="{citation.marker}">{quote}<br>{origin}{note}</li>'


def _bdi(text: str) -> str:
    """Return ``text`` escaped and isolated, so that it cannot change the direction of its page."""
    return f"<bdi>{escape(text)}</bdi>"


@dataclass(frozen=True, slots=True)
class Ground:
    """A source span that supports a claim."""

    article: Article
    span: Span
    support: float
    note: str | None = None
    kind: SupportKind = "rules"


@dataclass(frozen=True, slots=True)
class GroundedClaim:
    """A claim that passed verification, with the source spans that support it (never empty).

    ``layout`` is ``run`` to continue after the claim before it, ``item`` for a list item and
    ``line`` for a new line after a list.
    """

    text: str
    grounds: tuple[Ground, ...]
    layout: Layout = "run"


class Composer:
    """Builder of an answer's text and citations, claim by claim for streaming.

    Keeps invariant 2: each marker refers to one source span; markers are numbered in order of
    first use and follow their claim; one citation per pair of claim and span. A list item
    begins a new line with a bullet, which is part of the claim's text.
    """

    def __init__(self) -> None:
        self.text = ""
        self.citations: list[Citation] = []
        self._markers: dict[tuple[str, int, Span], int] = {}

    def add(self, claim: GroundedClaim) -> tuple[str, tuple[Citation, ...]]:
        """Append ``claim``; return the text that was added and its citations."""
        before = len(self.text)
        separator = (" " if claim.layout == "run" else "\n") if self.text else ""
        text = ("- " if claim.layout == "item" else "") + defuse(claim.text.strip())
        start = before + len(separator)
        added: dict[int, Citation] = {}
        for ground in claim.grounds:
            key = (ground.article.id, ground.article.version, ground.span)
            marker = self._markers.setdefault(key, len(self._markers) + 1)
            added.setdefault(marker, self._cite(marker, ground, start, start + len(text)))
        markers = "".join(f"[{marker}]" for marker in added)
        self.text += f"{separator}{text} {markers}"
        self.citations.extend(added.values())
        return self.text[before:], tuple(added.values())

    @staticmethod
    def _cite(marker: int, ground: Ground, start: int, end: int) -> Citation:
        article = ground.article
        return Citation(
            marker=marker,
            article_id=article.id,
            version=article.version,
            title=article.title,
            url=article.url,
            publisher=article.publisher,
            published_at=article.published_at,
            start=ground.span.start,
            end=ground.span.end,
            quote=ground.span.of(article.text),
            answer_start=start,
            answer_end=end,
            support=round(ground.support, 4),
            support_kind=ground.kind,
            section=article.kind_at(ground.span.start),
            note=_with_page(ground.note, article, ground.span.start),
        )


def _with_page(note: str | None, article: Article, position: int) -> str | None:
    """Return ``note`` with the page of the document, if it has pages."""
    page = article.page_at(position)
    if page is None:
        return note
    shown = f"{page}쪽" if article.language == "ko" else f"p. {page}"
    return f"{shown}; {note}" if note else shown


def defuse(text: str) -> str:
    """Return a claim's text with Markdown links, images and HTML tags made inactive.

    A claim may repeat its source word for word, including markup. Clients render answers as
    Markdown or HTML: they would fetch an image or run a tag. The citation's quote is not
    changed.
    """
    return _TAG.sub("＜", _LINK.sub("] ", defuse_markers(text)))


def defuse_markers(text: str) -> str:
    """Rewrite ``[3]`` inside a claim as ``(3)``: only ``Composer`` sets markers."""
    return MARKER.sub(r"(\1)", text)


def markers_in(text: str) -> list[int]:
    """Return the marker numbers in ``text``, in order, repetitions included."""
    return [int(match[1]) for match in MARKER.finditer(text)]


def check(answer: Answer, lookup: ArticleLookup) -> None:
    """Enforce invariants 1 and 2 of DESIGN section 4 on a finished answer.

    Raises:
        InvariantViolation: names the first invariant that is broken.
    """
    _check_status(answer)
    for citation in answer.citations:
        _check_quote(f"citation [{citation.marker}]", citation, lookup)
    for nearest in answer.nearest:
        _check_quote("a nearest sentence", nearest, lookup)
    if answer.short_answer is not None:
        _check_short(answer.short_answer, answer.citations)
    _check_markers(answer.text, answer.citations)


def _check_status(answer: Answer) -> None:
    if answer.status == "answered" and (answer.reason or not answer.citations):
        raise InvariantViolation(f"answer {answer.id}: answered without a citation")
    if answer.status == "abstained" and not answer.reason:
        raise InvariantViolation(f"answer {answer.id}: abstained without a reason")
    if answer.status == "answered" and answer.nearest:
        raise InvariantViolation(f"answer {answer.id}: answered with nearest sentences")


def _check_quote(what: str, shown: Citation | Nearest, lookup: ArticleLookup) -> None:
    text = lookup(shown.article_id, shown.version).text
    inside = 0 <= shown.start < shown.end <= len(text)
    if not inside or text[shown.start : shown.end] != shown.quote:
        raise InvariantViolation(
            f"{what} of {shown.article_id} v{shown.version} "
            f"does not quote [{shown.start}, {shown.end})"
        )


def _check_short(short: ShortAnswer, citations: Sequence[Citation]) -> None:
    for one in citations:
        same = (one.article_id, one.version) == (short.article_id, short.version)
        at = short.start - one.start
        if same and at >= 0 and one.quote[at : at + short.end - short.start] == short.text:
            return
    raise InvariantViolation(f"no citation quotes the short answer {short.text!r}")


def _check_markers(text: str, citations: Sequence[Citation]) -> None:
    entries = [citation.marker for citation in citations]
    used = markers_in(text)
    if used != entries:
        raise InvariantViolation(f"markers {used} and citations {entries} differ")
    if list(dict.fromkeys(used)) != list(range(1, len(set(used)) + 1)):
        raise InvariantViolation(f"markers {used} are not numbered in order of first use")
    spans: dict[int, tuple[str, int, int, int]] = {}
    for citation in citations:
        span = (citation.article_id, citation.version, citation.start, citation.end)
        if spans.setdefault(citation.marker, span) != span:
            raise InvariantViolation(f"marker [{citation.marker}] refers to two source spans")
    if len(set(spans.values())) != len(spans):
        raise InvariantViolation("two markers refer to one source span")
    _check_layout(text, citations)


def _check_layout(text: str, citations: Sequence[Citation]) -> None:
    """Check that the text consists of its claims, each followed by its markers."""
    if not citations:
        return
    at = 0
    for claim, markers in _claims(citations):
        covered = text[claim.start : claim.end]
        if not covered or MARKER.search(covered):
            raise InvariantViolation(f"claim at {claim} is empty or contains a marker")
        expected = f"{covered} {''.join(f'[{marker}]' for marker in markers)}"
        separated = claim.start == at + (at > 0) and not text[at : claim.start].strip(" \n")
        if not separated or not text.startswith(expected, claim.start):
            raise InvariantViolation(f"claim at {claim} is not where its text and markers are")
        at = claim.start + len(expected)
    if at != len(text):
        raise InvariantViolation(f"the answer has text outside its claims, from {at}")


def _claims(citations: Iterable[Citation]) -> list[tuple[Span, list[int]]]:
    claims: dict[Span, list[int]] = {}
    for citation in citations:
        span = Span(citation.answer_start, citation.answer_end)
        claims.setdefault(span, []).append(citation.marker)
    return list(claims.items())


_ABSTENTIONS: dict[Language, dict[Reason, str]] = {
    "ko": {
        "no_evidence": "저장된 기사에서 이 질문과 관련된 내용을 찾지 못했습니다.",
        "weak_evidence": "관련된 대목은 있지만, 질문에 답할 만한 근거를 기사에서 찾지 못했습니다.",
        "unverified": "답을 만들었지만 기사에서 근거를 확인하지 못해 내놓지 않았습니다.",
        "false_premise": "질문에 담긴 전제가 기사 내용과 맞지 않아 답하지 않았습니다.",
        "off_topic": "저장된 기사에서 다루지 않는 질문입니다.",
        "not_a_question": "기사에 관해 궁금한 것을 물어보세요.",
        "backend_unavailable": "지금 답변 서버에 연결할 수 없습니다. 잠시 뒤 다시 물어봐 주세요.",
    },
    "en": {
        "no_evidence": "I found nothing about this in the stored articles.",
        "weak_evidence": "The articles touch on this, but I found no evidence that answers it.",
        "unverified": "I drafted an answer but could not verify it against the articles.",
        "false_premise": "The question assumes something that the articles contradict.",
        "off_topic": "The stored articles do not cover this.",
        "not_a_question": "Ask me anything about the articles.",
        "backend_unavailable": "The answering backend cannot be reached right now. Try again soon.",
    },
}


def abstention(reason: Reason, language: Language) -> str:
    """Return the text of an abstention; it contains no marker and no text of the question."""
    return _ABSTENTIONS[language][reason]


@dataclass(frozen=True, slots=True)
class PassagesFound:
    """Event: retrieval is done."""

    passages: tuple[PassageHit, ...]


@dataclass(frozen=True, slots=True)
class Delta:
    """Event: a verified piece of the answer's text; pieces concatenate to ``Answer.text``."""

    text: str


@dataclass(frozen=True, slots=True)
class Cited:
    """Event: a citation of the piece that was just sent."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class Done:
    """Event: the whole Answer; always the last one."""

    answer: Answer


Event: TypeAlias = PassagesFound | Delta | Cited | Done
