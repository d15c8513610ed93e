"""From a question to an Answer: rewrite, retrieve, select, draft, ground, check."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Sequence
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
from geungeo.rag.backends.extractive import Extractive
from geungeo.rag.errors import BackendError, BackendOverloaded, InvalidQuestion, Overloaded
from geungeo.rag.evidence.reading import reading, with_contexts
from geungeo.rag.evidence.select import Assessment, assess
from geungeo.rag.evidence.sources import refine
from geungeo.rag.gate import Gate
from geungeo.rag.grounding.ground import Grounded, Grounder
from geungeo.rag.language.dates.times import today_in_seoul
from geungeo.rag.protocols import (
    Backend,
    Bounded,
    Claim,
    Corpus,
    Embedder,
    Evidence,
    Failure,
    Generative,
    Load,
    Report,
    Task,
    Verifier,
)
from geungeo.rag.question import Question, read
from geungeo.rag.question.concepts import asks_for_overview
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
    context: tuple[Evidence, ...] = ()
    composer: Composer = field(default_factory=Composer)
    dropped: list[DroppedClaim] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    spent: dict[str, float] = field(default_factory=dict)
    drafted: int = 0
    failed: bool = False

    @property
    def is_quotable(self) -> bool:
        """Whether the evidence is likely enough to answer that it may be quoted as the answer."""
        found = self.assessment
        return found is not None and found.answerability >= found.threshold


class Pipeline:
    """Answers questions over a corpus. Holds no state between questions but their number.

    What takes a processor is done for a bounded number of questions at a time, in threads;
    a bounded number waits, and who comes besides is told when to come back.

    ``verifier`` judges the claims that the rules cannot prove; without one they are replaced by
    quotations. ``today`` is the asker's, from which 작년 and 지난달 in a question are counted.
    """

    def __init__(
        self,
        corpus: Corpus,
        embedder: Embedder,
        backend: Backend,
        settings: Settings,
        *,
        verifier: Verifier | None = None,
        clock: Stopwatch = time.perf_counter,
        today: Callable[[], date] = today_in_seoul,
    ) -> None:
        self._corpus = corpus
        self._embedder = embedder
        self._backend = backend
        self._generative = isinstance(backend, Generative) and backend.generative
        self._verifier = verifier
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
        why = self._why_not_asked(run)
        if why or run.assessment is None:
            yield Done(self._finish(run, question, why, began))
            return
        task = Task(
            run.standalone,
            run.language,
            run.assessment.evidence,
            ask.history,
            context=run.context,
            quotable=run.is_quotable,
        )
        async with aclosing(self._write(run, task)) as events:
            async for event in events:
                yield event
        reason = None if run.composer.citations else _why_nothing(run)
        yield Done(self._finish(run, question, reason, began))

    def _why_not_asked(self, run: _Run) -> Reason | None:
        """Return why the backend is not asked at all; ``None`` if it is.

        A generative one decides by itself whether evidence on the topic answers. A question
        that is restricted to certain articles, or asks for a summary, is on their topic.
        """
        found = run.assessment
        if found is None or not found.evidence:
            return found.reason if found else "no_evidence"
        if run.is_quotable:
            return None
        named = run.ask.filters.article_ids is not None or asks_for_overview(run.standalone)
        on_topic = found.reason != "off_topic" or named
        return None if self._generative and on_topic else found.reason

    async def _write(self, run: _Run, task: Task) -> AsyncGenerator[Event]:
        """Yield the events of all claims that are released: drafted, asked again, or quoted."""
        grounder = Grounder(task, self._verifier)
        async with aclosing(self._draft(run, self._backend, task, grounder)) as events:
            async for event in events:
                yield event
        if self._generative and self._settings.llm_reask and run.dropped and not run.failed:
            failures = tuple(Failure(one.text, one.why) for one in run.dropped)
            run.report.notes.append(f"asked again because of {len(failures)} failed claims")
            again = replace(task, failures=failures, quotable=False)
            async with aclosing(self._draft(run, self._backend, again, grounder)) as events:
                async for event in events:
                    yield event
            run.failed = False
        if run.composer.citations or not self._may_quote(run):
            return
        run.report.notes.append("nothing of the draft was released: the evidence is quoted")
        quoting = Extractive(self._settings.max_sentences)
        async with aclosing(self._draft(run, quoting, task, Grounder(task))) as events:
            async for event in events:
                yield event

    def _may_quote(self, run: _Run) -> bool:
        """Whether the evidence is quoted in place of a draft of which nothing is left.

        A model that wrote nothing said that the evidence does not answer.
        """
        if not self._generative or not run.is_quotable:
            return False
        return self._settings.llm_extractive_fallback if run.failed else run.drafted > 0

    async def _draft(
        self, run: _Run, backend: Backend, task: Task, grounder: Grounder
    ) -> AsyncGenerator[Event]:
        """Yield the events of one draft, those of each claim as soon as it is settled."""
        began = self._clock()
        spent = run.spent.get("ground", 0.0) + run.spent.get("verify", 0.0)
        try:
            async with aclosing(backend.draft(task, run.report)) as claims:
                async for claim in claims:
                    run.drafted += 1
                    for event in await asyncio.to_thread(self._take, run, grounder, claim):
                        yield event
        except BackendOverloaded:
            # Not a matter of this question: the caller should come back later.
            raise
        except BackendError as error:
            run.failed = True
            run.report.notes.append(str(error))
        finally:
            checking = run.spent.get("ground", 0.0) + run.spent.get("verify", 0.0) - spent
            generating = max(0.0, self._clock() - began - checking)
            run.spent["generate"] = run.spent.get("generate", 0.0) + generating
        verifying = self._clock()
        settled = await grounder.finish(run.report, self._settings.verifier_timeout)
        run.spent["verify"] = run.spent.get("verify", 0.0) + self._clock() - verifying
        for event in self._release(run, settled):
            yield event

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
            run.assessment = replace(
                assessed, evidence=self._in_context(run, refined.evidence, found)
            )
            run.report.notes += refined.notes
            run.copies = found.copies
        run.spent["retrieve"] = self._clock() - began

    def _in_context(
        self, run: _Run, evidence: tuple[Evidence, ...], found: Found
    ) -> tuple[Evidence, ...]:
        """Return ``evidence`` with what each sentence leans on; set what a model reads."""
        if not self._generative:
            return with_contexts(evidence, found.passages)
        named = run.ask.filters.article_ids is not None
        to_read = reading(evidence, found.passages, named=named)
        run.context = to_read.context
        return to_read.evidence

    def _take(self, run: _Run, grounder: Grounder, claim: Claim) -> list[Event]:
        """Examine one claim; return the events of all claims that are settled by now."""
        began = self._clock()
        settled = grounder.take(claim)
        run.spent["ground"] = run.spent.get("ground", 0.0) + self._clock() - began
        return self._release(run, settled)

    @staticmethod
    def _release(run: _Run, settled: Sequence[Grounded]) -> list[Event]:
        events: list[Event] = []
        for grounded in settled:
            if grounded.dropped:
                run.dropped.append(grounded.dropped)
            if grounded.claim:
                text, citations = run.composer.add(grounded.claim)
                events += [Delta(text), *(Cited(citation) for citation in citations)]
        return events

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
    """Return why nothing was released: the backend failed or declined, or nothing was proven."""
    if run.failed:
        return "backend_unavailable"
    if run.dropped:
        return "unverified"
    found = run.assessment
    return "weak_evidence" if found is None or run.is_quotable else found.reason


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
