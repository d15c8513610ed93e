"""From a question to an Answer: rewrite, retrieve, select, draft, ground, check."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import date

from geungeo.rag.answer import (
    Answer,
    Ask,
    Cited,
    Composer,
    Delta,
    Done,
    DroppedClaim,
    Event,
    Filters,
    PassageHit,
    PassagesFound,
    Reason,
    Timings,
    Trace,
    abstention,
    check,
)
from geungeo.rag.errors import BackendError, BackendOverloaded, InvalidQuestion, Overloaded
from geungeo.rag.evidence.select import Assessment, assess
from geungeo.rag.evidence.sources import refine
from geungeo.rag.gate import Gate
from geungeo.rag.grounding.ground import ground
from geungeo.rag.language.dates.times import today_in_seoul
from geungeo.rag.protocols import Backend, Bounded, Claim, Corpus, Embedder, Load, Report, Task
from geungeo.rag.question import Question, read
from geungeo.rag.question.followup import rewritten
from geungeo.rag.question.spelling import correct_spelling
from geungeo.rag.retrieval.copies import Copy
from geungeo.rag.retrieval.find import Found, find
from geungeo.rag.settings import Settings
from geungeo.rag.text import Language, clean, fold, language_of

Stopwatch = Callable[[], float]

# Seconds that a question waits for its search before it is sent away after all.
_PATIENCE = 30.0


@dataclass(slots=True)
class _Run:
    """What becomes known while one question is answered."""

    ask: Ask
    standalone: str
    language: Language
    report: Report
    hits: tuple[PassageHit, ...] = ()
    assessment: Assessment | None = None
    composer: Composer = field(default_factory=Composer)
    dropped: list[DroppedClaim] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    spent: dict[str, float] = field(default_factory=dict)


class Pipeline:
    """Answers questions over a corpus. Holds no state between questions but their number.

    What takes a processor is done for a bounded number of questions at a time, in threads;
    a bounded number waits, and who comes besides is told when to come back.

    ``today`` is the asker's, from which 작년 and 지난달 in a question are counted.
    """

    def __init__(
        self,
        corpus: Corpus,
        embedder: Embedder,
        backend: Backend,
        settings: Settings,
        *,
        clock: Stopwatch = time.perf_counter,
        today: Callable[[], date] = today_in_seoul,
    ) -> None:
        self._corpus = corpus
        self._embedder = embedder
        self._backend = backend
        self._settings = settings
        self._clock = clock
        self._today = today
        self._gate = Gate(
            settings.search_concurrency or os.cpu_count() or 1,
            settings.search_queue,
            doing="questions are being searched for",
            refusal=Overloaded,
        )

    async def answer(self, ask: Ask) -> Answer:
        """The whole Answer.

        Raises:
            InvalidQuestion: the question is none.
            Overloaded: too many are being searched for and wait.
            BackendOverloaded: too many answers are being written and wait.
        """
        async with aclosing(self.stream(ask)) as events:
            async for event in events:
                if isinstance(event, Done):
                    return event.answer
        raise AssertionError("a stream ends with Done")

    async def stream(self, ask: Ask) -> AsyncGenerator[Event]:
        """The same Answer in pieces: only verified text, each claim with its citations.

        Closing the generator cancels all work, an LLM's included.
        """
        began = self._clock()
        question = validate(ask.question, self._settings.max_question_chars)
        report = Report(self._backend.name)
        if isinstance(self._backend, Bounded):
            # Before anything is done for an answer that nobody could write.
            self._backend.check_room()
        async with self._gate.slot(_PATIENCE):
            meant = await asyncio.to_thread(correct_spelling, question, self._corpus)
        understood = await rewritten(meant, ask.history, self._backend, report)
        run = _Run(ask, understood, language_of(meant), report)
        run.spent["rewrite"] = self._clock() - began
        # A model may have rewritten the question meanwhile, for which no slot was held.
        async with self._gate.slot(_PATIENCE, admitted=True):
            await asyncio.to_thread(self._retrieve, run)
        yield PassagesFound(run.hits)
        assessment = run.assessment
        if assessment is None or assessment.answerability < assessment.threshold:
            why = assessment.reason if assessment else "no_evidence"
            yield Done(self._finish(run, question, why, began))
            return
        task = Task(run.standalone, run.language, assessment.evidence, ask.history)
        failed = False
        began_draft = self._clock()
        try:
            async with aclosing(self._backend.draft(task, run.report)) as claims:
                async for claim in claims:
                    for event in await asyncio.to_thread(self._release, run, task, claim):
                        yield event
        except BackendOverloaded:
            # Not a matter of this question: the caller should come back later.
            raise
        except BackendError as error:
            failed = True
            run.report.notes.append(str(error))
        spent = self._clock() - began_draft
        run.spent["generate"] = max(0.0, spent - run.spent.get("ground", 0.0))
        reason: Reason | None = None
        if not run.composer.citations:
            reason = "backend_unavailable" if failed else _why_nothing(run)
        yield Done(self._finish(run, question, reason, began))

    def load(self) -> Load:
        """Questions that are searched for, and that wait for it."""
        return Load(self._gate.running, self._gate.waiting, {})

    async def search_in_turn(self, query: str, k: int, filters: Filters) -> list[PassageHit]:
        """What ``search`` finds, in a thread; raises ``Overloaded`` as an answer does."""
        async with self._gate.slot(_PATIENCE):
            return await asyncio.to_thread(self.search, query, k, filters)

    def search(self, query: str, k: int, filters: Filters) -> list[PassageHit]:
        """The ``k`` best passages for ``query``, no answer."""
        question = validate(query, self._settings.max_question_chars)
        _, found = self._find(correct_spelling(question, self._corpus), k, filters)
        return [retrieved.hit(rank) for rank, retrieved in enumerate(found.passages, 1)]

    def _find(self, text: str, k: int, filters: Filters) -> tuple[Question, Found]:
        question = read(text, self._corpus, self._embedder, self._today())
        return question, find(self._corpus, question, k, filters)

    def _retrieve(self, run: _Run) -> None:
        began = self._clock()
        k = run.ask.top_k or self._settings.top_k
        # A caller's own top_k bounds the answer; ours only bounds what is shown.
        pool = run.ask.top_k or max(k, self._settings.evidence_pool)
        question, found = self._find(run.standalone, pool, run.ask.filters)
        run.hits = tuple(hit.hit(rank) for rank, hit in enumerate(found.passages[:k], 1))
        if found.passages:
            threshold = self._settings.answer_threshold
            assessed = assess(self._corpus, question, found.passages, threshold=threshold)
            refined = refine(assessed.question, assessed.evidence, run.language)
            run.assessment = replace(assessed, evidence=refined.evidence)
            run.report.notes += refined.notes
            run.copies = found.copies
        run.spent["retrieve"] = self._clock() - began

    def _release(self, run: _Run, task: Task, claim: Claim) -> list[Event]:
        """Verify one claim; the events that let it out, or none."""
        began = self._clock()
        grounded = ground(claim, task)
        run.spent["ground"] = run.spent.get("ground", 0.0) + self._clock() - began
        if grounded.dropped:
            run.dropped.append(grounded.dropped)
        if grounded.claim is None:
            return []
        text, citations = run.composer.add(grounded.claim)
        return [Delta(text), *(Cited(citation) for citation in citations)]

    def _finish(self, run: _Run, question: str, reason: Reason | None, began: float) -> Answer:
        assessment = run.assessment
        run.spent["total"] = self._clock() - began
        cited = {citation.article_id for citation in run.composer.citations}
        run.report.notes += [str(copy) for copy in run.copies if copy.original.id in cited]
        answer = Answer(
            id=secrets.token_hex(12),
            question=question,
            standalone_question=run.standalone,
            language=run.language,
            status="abstained" if reason else "answered",
            reason=reason,
            text=abstention(reason, run.language) if reason else run.composer.text,
            citations=() if reason else tuple(run.composer.citations),
            passages=run.hits,
            conversation_id=run.ask.conversation_id,
            backend=run.report.backend,
            usage=run.report.usage,
            timings_ms=Timings(
                **{stage: round(1000 * seconds, 3) for stage, seconds in run.spent.items()}
            ),
            trace=Trace(
                answerability=round(assessment.answerability, 4) if assessment else 0.0,
                threshold=assessment.threshold if assessment else 0.0,
                dropped=tuple(run.dropped),
                notes=tuple(run.report.notes),
            ),
        )
        check(answer, self._corpus.article)
        return answer


def _why_nothing(run: _Run) -> Reason:
    return "unverified" if run.dropped else "weak_evidence"


def validate(question: str, limit: int) -> str:
    """The question as it is worked with; ``limit`` in characters.

    Raises:
        InvalidQuestion: blank or too long; names the limit.
    """
    if len(question) > limit:
        raise InvalidQuestion(f"the question has {len(question):,} characters; at most {limit:,}")
    cleaned = " ".join(clean(question).split())
    if not fold(cleaned):
        raise InvalidQuestion("the question is blank")
    return cleaned
