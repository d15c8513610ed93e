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
    Intent,
    Nearest,
    PassageHit,
    PassagesFound,
    Reason,
    ShortAnswer,
    Timings,
    Trace,
    abstention,
    check,
)
from geungeo.rag.backends.extractive import Extractive
from geungeo.rag.errors import BackendError, BackendOverloaded, InvalidQuestion, Overloaded
from geungeo.rag.evidence.nearest import nearest_of
from geungeo.rag.evidence.reading import reading, with_contexts
from geungeo.rag.evidence.select import Assessment, assess
from geungeo.rag.evidence.shortanswer import short_answer
from geungeo.rag.evidence.sources import refine
from geungeo.rag.gate import Gate
from geungeo.rag.grounding.ground import Grounded, Grounder
from geungeo.rag.language.dates.times import today_in_seoul
from geungeo.rag.overview.replies import Overview, Quoting, Reply
from geungeo.rag.overview.small_talk import small_talk_reply
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
    Reranker,
    Task,
    Turn,
    Verifier,
)
from geungeo.rag.question import Question, read
from geungeo.rag.question.concepts import asks_for_overview
from geungeo.rag.question.followup import rewritten
from geungeo.rag.question.intents import (
    intent_of,
    names_articles,
    names_something,
    without_small_talk,
)
from geungeo.rag.question.spelling import correct_spelling
from geungeo.rag.retrieval.copies import Copy
from geungeo.rag.retrieval.find import Found, find
from geungeo.rag.retrieval.notes import noting
from geungeo.rag.settings import Settings
from geungeo.rag.text import Language, clean, fold, language_of

Stopwatch = Callable[[], float]

# Seconds that a question may wait in the search queue before it is rejected.
_SEARCH_TIMEOUT = 30.0


@dataclass(slots=True)
class _Run:
    """State of one question while it is being answered."""

    ask: Ask
    standalone: str
    language: Language
    report: Report
    intent: Intent = "question"
    history: tuple[Turn, ...] = ()
    reply: Reply | None = None
    text: str = ""
    short: ShortAnswer | None = None
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
        """Whether the evidence reaches the threshold for being quoted as the answer."""
        found = self.assessment
        return found is not None and found.answerability >= found.threshold


class Pipeline:
    """Question answering over a corpus. Between questions it keeps only the number in progress.

    CPU-bound work runs in threads for a limited number of questions. A limited number may
    queue; further ones are rejected with a retry delay.

    ``verifier`` judges the claims that the rules cannot prove; without one they are replaced by
    quotations. ``reranker`` judges the sentences; by default the bundled one does. ``today``
    returns the user's date; 작년 and 지난달 in a question are relative to it.
    """

    def __init__(
        self,
        corpus: Corpus,
        embedder: Embedder,
        backend: Backend,
        settings: Settings,
        *,
        verifier: Verifier | None = None,
        reranker: Reranker | None = None,
        clock: Stopwatch = time.perf_counter,
        today: Callable[[], date] = today_in_seoul,
    ) -> None:
        self._corpus = corpus
        self._embedder = embedder
        self._backend = backend
        self._generative = isinstance(backend, Generative) and backend.generative
        self._verifier = verifier
        self._reranker = reranker
        self._settings = settings
        self._clock = clock
        self._today = today
        self._overview = Overview(corpus, embedder)
        self._gate = Gate(
            settings.search_concurrency or os.cpu_count() or 1,
            settings.search_queue,
            doing="questions are being searched for",
            refusal=Overloaded,
        )

    async def answer(self, ask: Ask) -> Answer:
        """Return the whole Answer.

        Raises:
            InvalidQuestion: the question is blank or too long.
            Overloaded: the search queue is full.
            BackendOverloaded: the queue of the backend is full.
        """
        async with aclosing(self.stream(ask)) as events:
            async for event in events:
                if isinstance(event, Done):
                    return event.answer
        raise AssertionError("a stream ends with Done")

    async def stream(self, ask: Ask) -> AsyncGenerator[Event]:
        """Yield the same Answer as events: only verified text, each claim with its citations.

        Closing the generator cancels all work, including requests to an LLM.
        """
        began = self._clock()
        question = validate(ask.question, self._settings.max_question_chars)
        report = Report(self._backend.name)
        if isinstance(self._backend, Bounded):
            # Reject the question before any work if the backend cannot take it.
            self._backend.check_room()
        async with self._gate.slot(_SEARCH_TIMEOUT):
            run = await asyncio.to_thread(self._begin, ask, question, report)
        if run.intent == "small_talk":
            yield PassagesFound(())
            yield Done(
                await asyncio.to_thread(self._finish, run, question, "not_a_question", began)
            )
            return
        if run.reply is None:
            run.standalone = await rewritten(run.standalone, run.history, self._backend, report)
        run.spent["rewrite"] = self._clock() - began
        # No slot was held while a model rewrote the question.
        async with self._gate.slot(_SEARCH_TIMEOUT, admitted=True):
            await asyncio.to_thread(self._retrieve, run)
        yield PassagesFound(run.hits)
        if run.reply is not None:
            async with aclosing(self._write_reply(run, run.reply)) as events:
                async for event in events:
                    yield event
            reason = None if run.composer.citations else _abstention_reason(run)
            yield Done(await asyncio.to_thread(self._finish, run, question, reason, began))
            return
        skipped = self._reason_to_skip_backend(run)
        if skipped or run.assessment is None:
            yield Done(await asyncio.to_thread(self._finish, run, question, skipped, began))
            return
        task = Task(
            run.standalone,
            run.language,
            run.assessment.evidence,
            run.history,
            context=run.context,
            quotable=run.is_quotable,
        )
        async with aclosing(self._write(run, task)) as events:
            async for event in events:
                yield event
        if run.composer.citations:
            async with self._gate.slot(_SEARCH_TIMEOUT, admitted=True):
                run.short = await asyncio.to_thread(_short_answer, run)
        reason = None if run.composer.citations else _abstention_reason(run)
        yield Done(await asyncio.to_thread(self._finish, run, question, reason, began))

    def _begin(self, ask: Ask, question: str, report: Report) -> _Run:
        """Correct the question, find its intent and, unless it is a question, its reply.

        A request that no stored article fits is answered like a question, unless it names
        articles: then none is what was asked for.
        """
        corrected = correct_spelling(question, self._corpus)
        intent = intent_of(corrected)
        if intent == "small_talk" and names_something(corrected, self._corpus):
            intent = "question"
        language = language_of(corrected)
        history = without_small_talk(ask.history)
        run = _Run(ask, corrected, language, report, intent, history)
        if intent == "small_talk":
            run.text = small_talk_reply(corrected, language, self._corpus)
        elif intent != "question":
            run.reply = self._overview.reply(
                corrected, intent, filters=ask.filters, history=history, today=self._today()
            )
        return run

    async def _write_reply(self, run: _Run, reply: Reply) -> AsyncGenerator[Event]:
        """Yield the events of a summary, a listing or facts about an article.

        A generative backend writes the summary of one article, after reading all of it; if none
        of its claims is released, the article is quoted.
        """
        if reply.claims:
            run.report.backend = Quoting.name
            for event in self._release(run, [Grounded(claim) for claim in reply.claims]):
                yield event
            return
        task = Task(
            run.standalone,
            run.language,
            reply.evidence,
            run.history,
            context=reply.context if self._generative else (),
        )
        if self._generative:
            async with aclosing(self._write(run, task)) as events:
                async for event in events:
                    yield event
        if not run.composer.citations and self._may_summarise(run):
            async with aclosing(
                self._draft(run, Quoting(reply.quotes), task, Grounder(task))
            ) as events:
                async for event in events:
                    yield event

    def _may_summarise(self, run: _Run) -> bool:
        """Whether to summarise by quotation: not if a model failed and may not be replaced."""
        return not run.failed or self._settings.llm_extractive_fallback

    def _reason_to_skip_backend(self, run: _Run) -> Reason | None:
        """Return the reason to abstain without asking the backend; ``None`` to ask it.

        A generative backend decides by itself whether evidence on the topic answers. A question
        that is restricted to certain articles, or asks for a summary, counts as on topic.
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
        """Yield the events of all released claims: from the draft, the retry, or quotations."""
        grounder = Grounder(task, self._verifier)
        async with aclosing(self._draft(run, self._backend, task, grounder)) as events:
            async for event in events:
                yield event
        if self._generative and self._settings.llm_reask and run.dropped and not run.failed:
            failures = tuple(Failure(one.text, one.why) for one in run.dropped)
            run.report.notes.append(f"retried because {len(failures)} claims failed verification")
            retry = replace(task, failures=failures, quotable=False)
            answered_by = run.report.backend
            async with aclosing(self._draft(run, self._backend, retry, grounder)) as events:
                async for event in events:
                    yield event
            run.failed, run.report.backend = False, answered_by
        if run.composer.citations or not self._may_quote(run):
            return
        run.report.notes.append("no claim of the draft passed verification: the evidence is quoted")
        quoting = Extractive(self._settings.max_sentences)
        async with aclosing(self._draft(run, quoting, task, Grounder(task))) as events:
            async for event in events:
                yield event

    def _may_quote(self, run: _Run) -> bool:
        """Whether to quote the evidence because no claim of the draft was released.

        An empty draft means that the model found no answer in the evidence: nothing is quoted.
        """
        if not self._generative or not run.is_quotable or run.reply is not None:
            return False
        return self._settings.llm_extractive_fallback if run.failed else run.drafted > 0

    async def _draft(
        self, run: _Run, backend: Backend, task: Task, grounder: Grounder
    ) -> AsyncGenerator[Event]:
        """Yield the events of one draft, those of each claim as soon as it is verified."""
        began = self._clock()
        spent = run.spent.get("ground", 0.0) + run.spent.get("verify", 0.0)
        try:
            async with aclosing(backend.draft(task, run.report)) as claims:
                async for claim in claims:
                    run.drafted += 1
                    for event in await asyncio.to_thread(self._take, run, grounder, claim):
                        yield event
        except BackendError as error:
            if isinstance(error, BackendOverloaded) and not run.drafted:
                # Not caused by this question: the caller should retry later.
                raise
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

    @property
    def gate(self) -> Gate:
        """The limit of work that takes a processor, for other work of the same process."""
        return self._gate

    def load(self) -> Load:
        """Return the numbers of questions that are being searched for and that are queued."""
        return Load(self._gate.running, self._gate.waiting, {})

    async def search_in_turn(self, query: str, k: int, filters: Filters) -> list[PassageHit]:
        """Run ``search`` in a thread; raise ``Overloaded`` if the queue is full."""
        async with self._gate.slot(_SEARCH_TIMEOUT):
            return await asyncio.to_thread(self.search, query, k, filters)

    def search(self, query: str, k: int, filters: Filters) -> list[PassageHit]:
        """Return the ``k`` best passages for ``query``, without an answer."""
        question = validate(query, self._settings.max_question_chars)
        _, found = self._find(correct_spelling(question, self._corpus), k, filters)
        return [retrieved.hit(rank) for rank, retrieved in enumerate(found.passages, 1)]

    def _find(self, text: str, k: int, filters: Filters) -> tuple[Question, Found]:
        question = read(text, self._corpus, self._embedder, self._today())
        return question, find(self._corpus, question, k, filters)

    def _retrieve(self, run: _Run) -> None:
        if run.reply is not None:
            run.hits = ()
            return
        began = self._clock()
        k = run.ask.top_k or self._settings.top_k
        # A caller's top_k limits the evidence; the default one limits only the passages shown.
        pool = run.ask.top_k or max(k, self._settings.evidence_pool)
        with noting() as notes:
            question, found = self._find(run.standalone, pool, run.ask.filters)
        run.report.notes += notes
        run.hits = tuple(hit.hit(rank) for rank, hit in enumerate(found.passages[:k], 1))
        if found.passages:
            threshold = self._settings.answer_threshold
            assessed = assess(
                self._corpus,
                question,
                found.passages,
                threshold=threshold,
                reranker=self._reranker,
                chosen=run.ask.filters.article_ids is not None,
            )
            if run.intent in {"summary", "listing"} and names_articles(run.standalone):
                # No stored article is the one that is asked for; its words prove nothing.
                assessed = replace(assessed, answerability=0.0)
            refined = refine(assessed.question, assessed.evidence, run.language)
            run.assessment = replace(
                assessed,
                evidence=self._in_context(run, refined.evidence, found),
            )
            run.report.notes += refined.notes
            run.copies = found.copies
        run.spent["retrieve"] = self._clock() - began

    def _in_context(
        self, run: _Run, evidence: tuple[Evidence, ...], found: Found
    ) -> tuple[Evidence, ...]:
        """Return ``evidence`` with the context of each sentence; set the context for a model."""
        if not self._generative:
            return with_contexts(evidence, found.passages)
        named = run.ask.filters.article_ids is not None
        to_read = reading(evidence, found.passages, named=named)
        run.context = to_read.context
        return to_read.evidence

    def _take(self, run: _Run, grounder: Grounder, claim: Claim) -> list[Event]:
        """Check one claim; return the events of all claims that are decided now."""
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
            intent=run.intent,
            status="abstained" if reason else "answered",
            reason=reason,
            text=(run.text or abstention(reason, run.language)) if reason else run.composer.text,
            short_answer=None if reason else run.short,
            nearest=_nearest(run, reason),
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


def _short_answer(run: _Run) -> ShortAnswer | None:
    """Return the words of the best evidence that answer; ``None`` if unsure or disputed."""
    found = run.assessment
    if found is None or not found.evidence or found.evidence[0].rival is not None:
        return None
    asked = found.question
    if asked.language != found.evidence[0].article.language:
        return None
    return short_answer(asked.text, asked.answer_type, found.evidence[0], run.composer.citations)


def _nearest(run: _Run, reason: Reason | None) -> tuple[Nearest, ...]:
    """Return the sentences to show beside an abstention; none if nothing is related."""
    if reason in {None, "not_a_question", "no_evidence", "off_topic"} or run.assessment is None:
        return ()
    return nearest_of(run.assessment.evidence)


def _abstention_reason(run: _Run) -> Reason:
    """Return why no claim was released: backend failure, abstention or failed verification."""
    if run.failed:
        return "backend_unavailable"
    if run.dropped:
        return "unverified"
    found = run.assessment
    return "weak_evidence" if found is None or run.is_quotable else found.reason


def validate(question: str, limit: int) -> str:
    """Return the cleaned question; ``limit`` is its maximum length in characters.

    Raises:
        InvalidQuestion: the question is blank or too long; the message names the limit.
    """
    if len(question) > limit:
        raise InvalidQuestion(
            f"the question has {len(question):,} characters; shorten it to at most {limit:,}"
        )
    cleaned = " ".join(clean(question).split())
    if not fold(cleaned):
        raise InvalidQuestion("the question is blank; write what you want to know")
    return cleaned
