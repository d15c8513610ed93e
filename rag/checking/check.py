"""Check a text against the articles: each statement supported, contradicted or not found.

A statement is retrieved for, and judged by the rules and the verifier that answers go through
(``geungeo.rag.grounding``); nothing here decides what a source says. What the rules veto is a
contradiction only where the source speaks of the same event, see ``differences``.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from geungeo.rag.answer import (
    ArticleLookup,
    Filters,
    Ground,
    GroundedClaim,
    Nearest,
    SupportKind,
    Timings,
    Usage,
)
from geungeo.rag.article import Article, SectionKind
from geungeo.rag.checking.claims import NoClaim, Unit, dated, parts, units
from geungeo.rag.checking.differences import Contrast, Difference, DifferenceKind, contrast
from geungeo.rag.errors import InvalidMetadata, InvalidRequest, InvariantViolation
from geungeo.rag.evidence.features import Candidate, candidates
from geungeo.rag.evidence.nearest import nearest_of
from geungeo.rag.evidence.reading import with_contexts
from geungeo.rag.gate import Gate
from geungeo.rag.grounding.ground import Grounded, Grounder, time_note
from geungeo.rag.grounding.support import shared_words
from geungeo.rag.language.dates.times import seoul_day
from geungeo.rag.protocols import (
    Claim,
    Corpus,
    Embedder,
    Evidence,
    FloatArray,
    Report,
    Task,
    Verifier,
)
from geungeo.rag.question import read
from geungeo.rag.retrieval.channels import Retrieved
from geungeo.rag.retrieval.find import find
from geungeo.rag.settings import Settings
from geungeo.rag.text import Language, Span, clean, fold, language_of

CheckVerdict = Literal["supported", "contradicted", "not_found", "not_a_claim"]

# Statements that are embedded and retrieved for together.
_BATCH = 16
# Passages of a statement, and sentences of them that it is judged by.
_PASSAGES, _SENTENCES = 6, 16
# Sentences, the nearest first, in which a contradiction is looked for.
_COMPARED = 5
# Statements before and after one that show which article it is about if its words do not.
_AROUND = 3
# Articles that many statements of a text are about: their passages are read for all of them.
_LEADING, _LEAD_BONUS = 3, 0.05
# Weight of shared words next to the cosine, whose range is narrow.
_WORDS = 0.6
_MAX_SOURCES = 3
# Seconds that a text may wait for a slot.
_TIMEOUT = 30.0
# Seconds that a text which has begun may wait for its next slot.
_LATER = 300.0


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClaimSource(_Model):
    """A span of an article that supports a statement or contradicts it.

    ``support`` in [0, 1] and ``support_kind`` are as in a citation; both are ``None`` for a span
    that contradicts. ``note`` has the dates that the quote means.
    """

    article_id: str
    version: int
    title: str
    url: str | None
    publisher: str | None
    published_at: str | None
    start: int
    end: int
    quote: str
    section: SectionKind
    stance: Literal["supports", "contradicts"]
    support: Annotated[float, Field(ge=0, le=1)] | None = None
    support_kind: SupportKind | None = None
    note: str | None = None


class ClaimDifference(_Model):
    """One difference: ``claimed`` in the text, ``found`` in the source at index ``source``."""

    kind: DifferenceKind
    claimed: str
    found: str
    source: int


class CheckedClaim(_Model):
    """One statement: ``Check.text[start:end] == text``, in code points.

    ``sources`` are the newest and the oldest first where they disagree (``disputed``), otherwise
    the best first. ``nearest`` are set for ``not_found``; ``why`` for ``not_a_claim``.
    """

    number: int
    start: int
    end: int
    text: str
    verdict: CheckVerdict
    why: NoClaim | None = None
    support_kind: SupportKind | None = None
    disputed: bool = False
    sources: tuple[ClaimSource, ...] = ()
    differences: tuple[ClaimDifference, ...] = ()
    nearest: tuple[Nearest, ...] = ()


class Counts(_Model):
    """Numbers of statements by verdict."""

    supported: int = 0
    contradicted: int = 0
    not_found: int = 0
    not_a_claim: int = 0


class Check(_Model):
    """Result of checking a text. ``text`` is the normalised text that all spans refer to."""

    id: str
    text: str
    language: Language
    date: str | None
    verifier: str
    claims: tuple[CheckedClaim, ...]
    counts: Counts
    usage: Usage = Usage()
    timings_ms: Timings = Timings()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """A text to check. ``date`` (ISO 8601) is the text's own, from which 지난달 counts."""

    text: str
    date: str | None = None
    filters: Filters = field(default_factory=Filters)


@dataclass(frozen=True, slots=True)
class CheckStarted:
    """Event: the text is split into ``total`` statements; some may be split further."""

    total: int


@dataclass(frozen=True, slots=True)
class ClaimChecked:
    """Event: a statement is checked; ``done`` of the total statements are."""

    claim: CheckedClaim
    done: int


@dataclass(frozen=True, slots=True)
class CheckFinished:
    """Event: the whole Check; always the last one."""

    check: Check


CheckEvent: TypeAlias = CheckStarted | ClaimChecked | CheckFinished


@dataclass(slots=True)
class _Examined:
    """A statement, its evidence (best first), and what became of it.

    ``around`` are the articles that the statements around it are about; none if it is alone.
    """

    unit: Unit
    pool: tuple[Evidence, ...] = ()
    around: frozenset[tuple[str, int]] = frozenset()
    grounder: Grounder | None = None
    settled: list[Grounded] = field(default_factory=list)

    @property
    def supported(self) -> Grounded | None:
        """The outcome, if the statement is released as it is."""
        return next((one for one in self.settled if one.claim and not one.dropped), None)


@dataclass(slots=True)
class _Run:
    request: CheckRequest
    text: str
    written: date | None
    report: Report
    units: list[Unit] = field(default_factory=list)
    claims: list[CheckedClaim] = field(default_factory=list)
    articles: Counter[tuple[str, int]] = field(default_factory=Counter)
    passages: dict[tuple[str, int], dict[int, Retrieved]] = field(default_factory=dict)
    spent: dict[str, float] = field(default_factory=dict)


class Checker:
    """Checks texts against a corpus; between texts it keeps nothing.

    ``gate`` is the one that questions queue at: a text takes a slot for each batch of its
    statements, so that questions are answered in between.
    """

    def __init__(
        self,
        corpus: Corpus,
        embedder: Embedder,
        settings: Settings,
        gate: Gate,
        *,
        verifier: Verifier | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._corpus = corpus
        self._embedder = embedder
        self._settings = settings
        self._gate = gate
        self._verifier = verifier
        self._clock = clock

    async def check(self, request: CheckRequest) -> Check:
        """Return the whole Check.

        Raises:
            InvalidRequest: the text is blank or too long.
            InvalidMetadata: the date cannot be read.
            Overloaded: the search queue is full.
        """
        async with aclosing(self.stream(request)) as events:
            async for event in events:
                if isinstance(event, CheckFinished):
                    return event.check
        raise AssertionError("a stream ends with CheckFinished")

    async def stream(self, request: CheckRequest) -> AsyncGenerator[CheckEvent]:
        """Yield the same Check as events, each statement as soon as it is checked.

        Closing the generator cancels all work, including requests to a verifier.
        """
        began = self._clock()
        text = validate(request.text, self._settings.max_check_chars)
        name = self._verifier.name if self._verifier else "rules"
        run = _Run(request, text, written_on(request.date), Report(name))
        async with self._gate.slot(_TIMEOUT):
            run.units = await asyncio.to_thread(units, text)
        yield CheckStarted(len(run.units))
        before: list[tuple[Evidence, ...]] = []
        for start in range(0, len(run.units), _BATCH):
            batch = run.units[start : start + _BATCH]
            async with self._gate.slot(_LATER, admitted=True):
                found = await asyncio.to_thread(self._retrieve, run, batch)
            pools = [*before, *found]
            for at, (unit, pool) in enumerate(zip(batch, found, strict=True)):
                examined = _Examined(unit, pool, _around(pools, len(before) + at))
                for claim in await self._claims(run, examined):
                    numbered = claim.model_copy(update={"number": len(run.claims) + 1})
                    run.claims.append(numbered)
                    yield ClaimChecked(numbered, start + at + 1)
            before = found[-_AROUND:]
        # Every span is looked up in the store.
        yield CheckFinished(await asyncio.to_thread(self._finish, run, began))

    def _retrieve(self, run: _Run, batch: Sequence[Unit]) -> list[tuple[Evidence, ...]]:
        """Return the evidence of each statement, best first."""
        began = self._clock()
        vectors = self._embedder.embed([unit.text for unit in batch], query=True)
        found: list[list[Retrieved]] = []
        for unit, vector in zip(batch, vectors, strict=True):
            question = read(unit.text[:_READ], self._corpus, _Known(self._embedder, vector))
            passages = find(self._corpus, question, _PASSAGES, run.request.filters).passages
            found.append(passages)
            for rank, one in enumerate(passages):
                key = _key(one.passage.article)
                run.articles[key] += _PASSAGES - rank
                run.passages.setdefault(key, {})[one.passage.key] = one
        leading = [key for key, _ in run.articles.most_common(_LEADING)]
        pools = [
            self._pool(run, unit, vector, passages, leading)
            for unit, vector, passages in zip(batch, vectors, found, strict=True)
        ]
        run.spent["retrieve"] = run.spent.get("retrieve", 0.0) + self._clock() - began
        return pools

    def _pool(
        self,
        run: _Run,
        unit: Unit,
        vector: FloatArray,
        passages: Sequence[Retrieved],
        leading: Sequence[tuple[str, int]],
    ) -> tuple[Evidence, ...]:
        """Return the sentences of ``passages`` and of the text's main articles, nearest first."""
        own = {one.passage.key: one for one in passages}
        for key in leading:
            own |= {k: one for k, one in run.passages[key].items() if k not in own}
        read_passages = list(own.values())
        found = candidates(read_passages)
        if not found:
            return ()
        cosines = np.array([one.vector for one in found]) @ vector
        # The words of all sentences cost more than their vectors: only the nearest are compared.
        order = np.argsort(-cosines, kind="stable")[: 3 * _SENTENCES]
        near = [found[at] for at in order]
        words = np.array(shared_words(unit.text, [one.text for one in near]))
        lead = np.array([_LEAD_BONUS * (_key(one.article) in leading) for one in near])
        scores = cosines[order] + _WORDS * words + lead
        best = np.argsort(-scores, kind="stable")[:_SENTENCES]
        evidence = [
            _evidence(near[at], number, float(np.clip(words[at], 0.01, 1.0)))
            for number, at in enumerate(best, 1)
        ]
        return with_contexts(evidence, read_passages)

    async def _claims(self, run: _Run, examined: _Examined) -> list[CheckedClaim]:
        """Return the statement checked as a whole, or its parts, each checked by itself."""
        async with self._gate.slot(_LATER, admitted=True):
            await asyncio.to_thread(self._examine, run, examined)
        if examined.grounder is not None and not examined.settled:
            began = self._clock()
            examined.settled = await examined.grounder.finish(
                run.report, self._settings.verifier_timeout
            )
            run.spent["verify"] = run.spent.get("verify", 0.0) + self._clock() - began
        async with self._gate.slot(_LATER, admitted=True):
            return await asyncio.to_thread(self._concluded, run, examined)

    def _examine(self, run: _Run, examined: _Examined) -> None:
        """Judge a statement by the rules; what they leave open waits for the verifier."""
        began = self._clock()
        unit, pool = examined.unit, examined.pool
        if pool and (unit.no_claim is None or _is_repeated(unit.text, pool)):
            if unit.no_claim is not None:
                examined.settled = [_quoted(unit.text, pool)]
            else:
                text = dated(unit.text, run.written, pool[0].article.published_day)
                examined.grounder = Grounder(Task("", language_of(text), pool), self._verifier)
                examined.settled = examined.grounder.take(Claim(text, (pool[0].number,)))
        run.spent["ground"] = run.spent.get("ground", 0.0) + self._clock() - began

    def _concluded(self, run: _Run, examined: _Examined) -> list[CheckedClaim]:
        began = self._clock()
        try:
            whole = self._conclude(run, examined)
            if whole.verdict not in {"contradicted", "not_found"} or not examined.pool:
                return [whole]
            split = self._in_parts(run, examined)
            return split or [whole]
        finally:
            run.spent["ground"] = run.spent.get("ground", 0.0) + self._clock() - began

    def _in_parts(self, run: _Run, examined: _Examined) -> list[CheckedClaim]:
        """Return the clauses of a statement as claims of their own, if that settles any of them.

        They are judged by the rules alone; the verifier has read the whole sentence.
        """
        made: list[CheckedClaim] = []
        for unit in parts(examined.unit, run.text):
            ranked = _nearest_first(unit.text, examined.pool)
            text = dated(unit.text, run.written, ranked[0].article.published_day)
            task = Task("", language_of(text), examined.pool)
            settled = Grounder(task).take(Claim(text, (ranked[0].number,)))
            made.append(
                self._conclude(run, _Examined(unit, ranked, examined.around, settled=settled))
            )
        return made if any(one.verdict == "supported" for one in made) else []

    def _conclude(self, run: _Run, examined: _Examined) -> CheckedClaim:
        unit = examined.unit
        claim = CheckedClaim(
            number=1,
            start=unit.span.start,
            end=unit.span.end,
            text=unit.span.of(run.text),
            verdict="not_found",
        )
        supported = examined.supported
        if supported is not None and not _is_dated_alike(supported, unit.text, run.written):
            supported = None
        if supported is None and unit.no_claim is not None:
            return claim.model_copy(update={"verdict": "not_a_claim", "why": unit.no_claim})
        if not examined.pool:
            return claim
        language = language_of(run.text)
        compared = self._compare(unit.text, run.written, examined.pool)
        if supported is not None and supported.claim is not None:
            disputing = [pair for pair in compared if _is_about(*pair, examined.around)]
            return _supported(claim, supported, disputing, language)
        against = [pair for pair in compared if pair[1].certain]
        if examined.around:
            against = [pair for pair in against if _is_about(*pair, examined.around)]
        if against:
            return _contradicted(claim, against, language)
        return claim.model_copy(update={"nearest": nearest_of(examined.pool)})

    @staticmethod
    def _compare(
        text: str, written: date | None, pool: Sequence[Evidence]
    ) -> list[tuple[Evidence, Contrast]]:
        """Return the nearest sentences that disagree, and in what."""
        made = [
            (item, contrast(dated(text, written, item.article.published_day), item, pool))
            for item in pool[:_COMPARED]
        ]
        return [(item, one) for item, one in made if one is not None]

    def _finish(self, run: _Run, began: float) -> Check:
        run.spent["total"] = self._clock() - began
        counts = Counter[str](claim.verdict for claim in run.claims)
        result = Check(
            id=secrets.token_hex(12),
            text=run.text,
            language=language_of(run.text),
            date=run.written.isoformat() if run.written else None,
            verifier=run.report.backend,
            claims=tuple(run.claims),
            counts=Counts(**{name: counts[name] for name in Counts.model_fields}),
            usage=run.report.usage,
            timings_ms=Timings(
                **{stage: round(1000 * seconds, 3) for stage, seconds in run.spent.items()}
            ),
            notes=tuple(run.report.notes),
        )
        enforce(result, self._corpus.article)
        return result


# Characters of a statement that are searched for; it is judged whole.
_READ = 1_000


@dataclass(frozen=True, slots=True)
class _Known:
    """The embedder of a store, with the vector of the one text that is read already computed."""

    embedder: Embedder
    vector: FloatArray

    @property
    def identity(self) -> str:
        """Return the identity of the embedder."""
        return self.embedder.identity

    @property
    def dimension(self) -> int:
        """Return the length of a vector."""
        return self.embedder.dimension

    def embed(self, texts: Sequence[str], *, query: bool) -> FloatArray:
        """Return the known vector, (1, dimension)."""
        del texts, query
        return self.vector[None, :]


def validate(text: str, limit: int) -> str:
    """Return the normalised text to check; ``limit`` is its maximum length in characters.

    Raises:
        InvalidRequest: it is no string, or blank or too long; the message names the limit.
    """
    if not isinstance(text, str):
        raise InvalidRequest(f"the text must be a string, not {type(text).__name__}")
    if len(text) > limit:
        raise InvalidRequest(
            f"the text has {len(text):,} characters; check at most {limit:,} at a time"
        )
    cleaned = clean(text)
    if not fold(cleaned):
        raise InvalidRequest("the text is blank; send the text to check")
    return cleaned


def written_on(value: str | None) -> date | None:
    """Return the day of a text's date, if it has one.

    Raises:
        InvalidMetadata: it is no ISO 8601 date.
    """
    if value is None:
        return None
    found = seoul_day(value)
    if found is None:
        raise InvalidMetadata(f"date {value[:40]!r} is not ISO 8601, such as 2025-07-01")
    return found


def enforce(check: Check, lookup: ArticleLookup) -> None:
    """Check that all spans quote their texts, and that verdicts have what they need.

    Raises:
        InvariantViolation: names the first claim that does not.
    """
    for claim in check.claims:
        if check.text[claim.start : claim.end] != claim.text:
            raise InvariantViolation(f"claim {claim.number} is not at [{claim.start}, {claim.end})")
        if (claim.verdict in {"supported", "contradicted"}) != bool(claim.sources):
            raise InvariantViolation(
                f"claim {claim.number}: {claim.verdict} and its sources differ"
            )
        quoting: list[ClaimSource | Nearest] = [*claim.sources, *claim.nearest]
        for shown in quoting:
            article = lookup(shown.article_id, shown.version)
            if article.text[shown.start : shown.end] != shown.quote or not shown.quote:
                raise InvariantViolation(
                    f"claim {claim.number} does not quote {shown.article_id} "
                    f"v{shown.version} [{shown.start}, {shown.end})"
                )


def _is_dated_alike(supported: Grounded, text: str, written: date | None) -> bool:
    """Whether the times of ``text`` mean the same in all articles that support it as judged."""
    if supported.claim is None:
        return True
    readings = {
        dated(text, written, ground.article.published_day) for ground in supported.claim.grounds
    }
    return readings == {supported.claim.text} or supported.claim.text not in {text, *readings}


def _around(pools: Sequence[tuple[Evidence, ...]], at: int) -> frozenset[tuple[str, int]]:
    """Return the articles of the best sentences for the statements around the one at ``at``."""
    others = [*pools[max(0, at - _AROUND) : at], *pools[at + 1 : at + 1 + _AROUND]]
    return frozenset(_key(pool[0].article) for pool in others if pool)


def _is_about(item: Evidence, found: Contrast, around: frozenset[tuple[str, int]]) -> bool:
    """Whether a statement is about the article of ``item``: by its words, or by those around it."""
    return found.specific or _key(item.article) in around


def _key(article: Article) -> tuple[str, int]:
    return article.id, article.version


def _evidence(candidate: Candidate, number: int, score: float) -> Evidence:
    return Evidence(
        number=number,
        article=candidate.article,
        span=candidate.span,
        kind=candidate.kind,
        score=score,
        passage_rank=candidate.passage_rank,
    )


def _nearest_first(text: str, pool: Sequence[Evidence]) -> tuple[Evidence, ...]:
    shares = shared_words(text, [item.text for item in pool])
    ranked = sorted(zip(shares, pool, strict=True), key=lambda pair: -pair[0])
    return tuple(replace(item, score=max(0.01, share)) for share, item in ranked)


def _is_repeated(text: str, pool: Sequence[Evidence]) -> bool:
    """Whether a sentence of ``pool`` is ``text``, which then needs no other proof."""
    return any(_same(text, item) for item in pool)


def _same(text: str, item: Evidence) -> bool:
    return fold(text).strip(_EDGES) == fold(item.text).strip(_EDGES)


_EDGES = " .,!?…\"'“”‘’"


def _quoted(text: str, pool: Sequence[Evidence]) -> Grounded:
    item = next(item for item in pool if _same(text, item))
    return Grounded(GroundedClaim(text, (Ground(item.article, item.span, 1.0, None, "quote"),)))


def _source(
    item: Evidence, stance: Literal["supports", "contradicts"], language: Language
) -> ClaimSource:
    return _made_source(
        item.article, item.span, stance, time_note(item.article, item.span, language)
    )


def _made_source(
    article: Article,
    span: Span,
    stance: Literal["supports", "contradicts"],
    note: str | None,
    support: float | None = None,
    kind: SupportKind | None = None,
) -> ClaimSource:
    return ClaimSource(
        article_id=article.id,
        version=article.version,
        title=article.title,
        url=article.url,
        publisher=article.publisher,
        published_at=article.published_at,
        start=span.start,
        end=span.end,
        quote=span.of(article.text),
        section=article.kind_at(span.start),
        stance=stance,
        support=None if support is None else round(support, 4),
        support_kind=kind,
        note=note,
    )


def _supported(
    claim: CheckedClaim,
    supported: Grounded,
    compared: Sequence[tuple[Evidence, Contrast]],
    language: Language,
) -> CheckedClaim:
    """Return ``claim`` with what supports it and the sources that say otherwise."""
    grounds = supported.claim.grounds if supported.claim else ()
    sources = [
        _made_source(
            g.article,
            g.span,
            "supports",
            time_note(g.article, g.span, language),
            g.support,
            g.kind,
        )
        for g in grounds
    ]
    proving = {g.article.id for g in grounds}
    against = [
        (item, found)
        for item, found in compared
        if found.certain and found.signs.repaired and item.article.id not in proving
    ]
    differences: list[tuple[ClaimSource, Difference]] = []
    for item, found in against[: _MAX_SOURCES - 1]:
        source = _source(item, "contradicts", language)
        sources.append(source)
        differences += [(source, one) for one in found.differences]
    ordered = newest_and_oldest(sources) if against else sources
    return claim.model_copy(
        update={
            "verdict": "supported",
            "support_kind": grounds[0].kind,
            "disputed": bool(against),
            "sources": tuple(ordered),
            "differences": _placed(differences, ordered),
        }
    )


def _contradicted(
    claim: CheckedClaim, against: Sequence[tuple[Evidence, Contrast]], language: Language
) -> CheckedClaim:
    pairs = [(_source(item, "contradicts", language), found) for item, found in against]
    pairs = sorted(
        pairs,
        key=lambda pair: -(pair[1].signs.proven + pair[1].signs.repaired + pair[1].signs.near),
    )[:_MAX_SOURCES]
    sources = [source for source, _ in pairs]
    articles = {source.article_id for source in sources}
    ordered = newest_and_oldest(sources) if len(articles) > 1 else sources
    return claim.model_copy(
        update={
            "verdict": "contradicted",
            "sources": tuple(ordered),
            "differences": _placed(
                [(source, one) for source, found in pairs for one in found.differences], ordered
            ),
        }
    )


def _placed(
    found: Sequence[tuple[ClaimSource, Difference]], sources: Sequence[ClaimSource]
) -> tuple[ClaimDifference, ...]:
    return tuple(
        ClaimDifference(
            kind=one.kind, claimed=one.claimed, found=one.found, source=sources.index(source)
        )
        for source, one in found
    )


def newest_and_oldest(sources: Sequence[ClaimSource]) -> list[ClaimSource]:
    """Return ``sources`` with the newest first, then the oldest, then those in between."""
    ranked = sorted(sources, key=lambda one: one.published_at or "", reverse=True)
    return [*ranked[:1], *ranked[-1:], *ranked[1:-1]] if len(ranked) > 1 else ranked
