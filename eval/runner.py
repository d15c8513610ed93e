"""Ask all cases and judge the answers; a run can be interrupted and resumed."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from geungeo.eval.cases import Case, Item
from geungeo.eval.journal import Journal
from geungeo.eval.rows import Latency, Retrieval, Row
from geungeo.eval.score import Judges, checked_of, retrieval_of, row_of, verdict_of
from geungeo.eval.stores import Bench
from geungeo.rag.answer import Answer, Ask, Filters, PassageHit, Turn
from geungeo.rag.checking import Check, CheckRequest
from geungeo.rag.errors import (
    BackendError,
    BackendUnavailable,
    InvariantViolation,
    StoreError,
    UsageError,
)

# Ranks are scored up to 10; several passages may belong to one paragraph.
_DEPTH = 10
_FIRST_K = 50
_LAST_K = 400
_FAILURES_IN_A_ROW = 5

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Options:
    """Options of a run. ``clock`` returns seconds; ``retrieval_only`` only scores ranks."""

    retrieval_only: bool = False
    clock: Clock = time.perf_counter


@dataclass(slots=True)
class Progress:
    """Rows and latencies of the finished items; ``complete`` is False after Ctrl-C."""

    rows: list[Row] = field(default_factory=list)
    latencies: list[Latency] = field(default_factory=list)
    complete: bool = True
    failures_in_a_row: int = 0

    def add(self, rows: Sequence[Row], latencies: Sequence[Latency]) -> None:
        """Add the rows and latencies of an item.

        Raises:
            BackendUnavailable: too many calls failed in a row to continue.
        """
        self.rows.extend(rows)
        self.latencies.extend(latencies)
        for row in rows:
            self.failures_in_a_row = self.failures_in_a_row + 1 if row.backend_failed else 0
        if self.failures_in_a_row >= _FAILURES_IN_A_ROW:
            last = rows[-1]
            raise BackendUnavailable(
                f"{self.failures_in_a_row} questions in a row failed, the last one with: "
                f"{last.error or last.reason}; finished items are saved: repair the backend and "
                "run the same command with --resume"
            )


Planned = tuple[Bench, Item]


def plan(
    benches: Sequence[Bench], limit: int | None, seed: int, *, retrieval_only: bool = False
) -> list[Planned]:
    """Return the items to ask, in file order: all, or ``limit`` of them sampled by ``seed``."""
    items = [
        (bench, item)
        for bench in benches
        for item in bench.dataset.items
        if not retrieval_only or _has_gold(item)
    ]
    if limit is None or limit >= len(items):
        return items
    # Reproducible sampling, not a secret.
    chosen = random.Random(seed).sample(range(len(items)), limit)  # noqa: S311
    return [items[at] for at in sorted(chosen)]


def _has_gold(item: Item) -> bool:
    return any(
        case.turn is None and (case.place is not None or bool(case.quotes)) for case in item.cases
    )


def run(
    planned: Sequence[Planned],
    judges: Judges,
    options: Options,
    journal: Journal,
    on_item: Callable[[], None],
) -> Progress:
    """Ask all items in order. Ctrl-C ends the run early and keeps the finished items.

    Raises:
        StoreError: a store failed.
        BackendUnavailable: several calls in a row failed.
    """
    progress = Progress()
    with asyncio.Runner() as runner:
        try:
            for bench, item in planned:
                name = f"{bench.dataset.name}/{item.id}"
                known = journal.finished.get(name)
                if known is None:
                    rows, latencies = runner.run(_ask_item(bench, item, judges, options))
                    if not any(row.failed for row in rows):
                        journal.add(name, rows, latencies)
                else:
                    rows, latencies = known
                progress.add(rows, latencies)
                on_item()
        except KeyboardInterrupt:
            progress.complete = False
    return progress


async def _ask_item(
    bench: Bench, item: Item, judges: Judges, options: Options
) -> tuple[list[Row], list[Latency]]:
    if item.text is not None:
        return await _check_item(bench, item, item.text, options)
    rows: list[Row] = []
    latencies: list[Latency] = []
    history: tuple[Turn, ...] = ()
    for case in item.cases:
        case_run = _CaseRun(bench, item, case, judges, options)
        row, answer = await case_run.ask(history)
        rows.append(row)
        if case_run.stages:
            latencies.append(Latency(key=row.key, stages=case_run.stages))
        # The same history that a stored conversation gives to the other channels.
        turn = Turn(answer.standalone_question, answer.text) if answer else Turn(case.question, "")
        history = (*history, turn)
    return rows, latencies


async def _check_item(
    bench: Bench, item: Item, text: str, options: Options
) -> tuple[list[Row], list[Latency]]:
    """Check a draft; each of its marked claims is a row."""
    error: str | None = None
    result: Check | None = None
    try:
        if bench.checker is not None and not options.retrieval_only:
            result = await bench.checker.check(CheckRequest(text, item.date))
    except StoreError:
        raise
    except (BackendError, InvariantViolation, UsageError) as failure:
        error = f"{failure.code}: {failure}"
    rows: list[Row] = []
    for case in item.cases:
        gold = bench.gold.find(case, bench.dataset)
        row = row_of(
            bench.dataset.name,
            item.id,
            case,
            gold_found=bool(gold) if _names_gold(case) else None,
            retrieval=None,
            asked=False,
            error=error,
        )
        checked = checked_of(case, result, gold) if result else None
        rows.append(row.model_copy(update={"checked": checked}))
    return rows, []


class _CaseRun:
    """One case that is asked and judged."""

    def __init__(
        self, bench: Bench, item: Item, case: Case, judges: Judges, options: Options
    ) -> None:
        self._bench = bench
        self._item = item
        self._case = case
        self._judges = judges
        self._options = options
        self._gold = bench.gold.find(case, bench.dataset)
        scope = frozenset(case.scope) if case.scope is not None else None
        self._filters = Filters(article_ids=scope)
        self.stages: dict[str, float] = {}

    async def ask(self, history: tuple[Turn, ...]) -> tuple[Row, Answer | None]:
        case = self._case
        answer: Answer | None = None
        verdict = None
        retrieval: Retrieval | None = None
        error: str | None = None
        try:
            retrieval = self._search()
            if not self._options.retrieval_only:
                answer = await self._bench.answerer.answer(
                    Ask(case.question, history=history, filters=self._filters)
                )
                verdict = verdict_of(
                    case, answer, self._gold, self._judges, self._bench.library.article
                )
                self._time(answer)
        except StoreError:
            raise
        except (BackendError, InvariantViolation, UsageError) as failure:
            error = f"{failure.code}: {failure}"
            answer = None
        row = row_of(
            self._bench.dataset.name,
            self._item.id,
            case,
            gold_found=bool(self._gold) if _names_gold(case) else None,
            retrieval=retrieval,
            answer=answer,
            verdict=verdict,
            asked=not self._options.retrieval_only,
            error=error,
        )
        return row, answer

    def _search(self) -> Retrieval | None:
        """Search if the case has gold; a turn's question may depend on the ones before.

        A request for a summary is not searched for.
        """
        if not self._gold or self._case.turn is not None or self._case.kind == "summary":
            return None
        started = self._options.clock()
        hits = self._hits()
        self.stages["search"] = round((self._options.clock() - started) * 1000, 3)
        return retrieval_of(hits, self._gold, by_article=self._bench.by_article)

    def _hits(self) -> list[PassageHit]:
        """Search deep enough for ten distinct paragraphs.

        A deeper search is only used for the ranks below: it may weight its candidates differently,
        and the first ranks must be those of an ordinary search.
        """
        found: dict[tuple[str, int], PassageHit] = {}
        k = _FIRST_K
        while True:
            hits = self._bench.answerer.search(self._case.question, k, self._filters)
            for hit in hits:
                found.setdefault((hit.article_id, hit.start), hit)
            enough = len({article for article, _ in found}) >= _DEPTH
            if enough or not self._bench.by_article or len(hits) < k or k >= _LAST_K:
                return list(found.values())
            k *= 2

    def _time(self, answer: Answer) -> None:
        times = answer.timings_ms
        for stage in ("rewrite", "retrieve", "generate", "ground", "total"):
            self.stages[stage] = round(getattr(times, stage), 3)


def _names_gold(case: Case) -> bool:
    return case.place is not None or bool(case.quotes)
