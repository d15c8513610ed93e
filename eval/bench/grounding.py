"""Measure the lies that grounding releases and the true claims that it withholds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from math import sqrt

from pydantic import BaseModel, ConfigDict

from geungeo.eval.bench.claims import BenchArticle, Half, lies
from geungeo.rag.grounding.ground import ground
from geungeo.rag.protocols import Claim

# The 97.5th percentile of the standard normal distribution.
_Z = 1.959964
# The kind of a true claim that is an unchanged source sentence.
VERBATIM = "verbatim"


class Rate(BaseModel):
    """A share, ``passed`` of ``n``, with the 95 % Wilson score interval."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int
    passed: int
    rate: float
    low: float
    high: float


class Outcome(BaseModel):
    """Outcome of one claim; ``why`` is empty if it passed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    half: Half
    article: str
    kind: str
    lie: bool
    passed: bool
    text: str
    why: str


class GroundingReport(BaseModel):
    """Rates by kind, over lies and true claims, in each half and in all.

    ``written_claims`` are the true claims without the verbatim sentences.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int
    lies: dict[str, Rate]
    true_claims: dict[str, Rate]
    written_claims: dict[str, Rate]
    by_kind: dict[str, Rate]
    by_paraphrase: dict[str, Rate]
    milliseconds_per_claim: float
    outcomes: tuple[Outcome, ...]


def wilson(passed: int, n: int) -> Rate:
    """Compute the score interval.

    Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    if n == 0:
        return Rate(n=0, passed=0, rate=0.0, low=0.0, high=1.0)
    share = passed / n
    centre = share + _Z**2 / (2 * n)
    margin = _Z * sqrt(share * (1 - share) / n + _Z**2 / (4 * n * n))
    scale = 1 + _Z**2 / n
    return Rate(
        n=n,
        passed=passed,
        rate=share,
        low=max(0.0, (centre - margin) / scale),
        high=min(1.0, (centre + margin) / scale),
    )


def measure(articles: Sequence[BenchArticle], seed: int) -> GroundingReport:
    """Ground every true claim and every lie with :func:`ground`, repair included."""
    began = time.perf_counter()
    outcomes = [*_true(articles), *_false(articles, seed)]
    spent = time.perf_counter() - began
    return GroundingReport(
        seed=seed,
        lies=_by_half([outcome for outcome in outcomes if outcome.lie]),
        true_claims=_by_half([outcome for outcome in outcomes if not outcome.lie]),
        written_claims=_by_half([o for o in outcomes if not o.lie and o.kind != VERBATIM]),
        by_kind=_by_kind([outcome for outcome in outcomes if outcome.lie]),
        by_paraphrase=_by_kind([outcome for outcome in outcomes if not outcome.lie]),
        milliseconds_per_claim=round(1000 * spent / max(1, len(outcomes)), 2),
        outcomes=tuple(outcomes),
    )


def _true(articles: Sequence[BenchArticle]) -> list[Outcome]:
    found: list[Outcome] = []
    for article in articles:
        task = article.task()
        claims = [(claim.how, claim.text, claim.source) for claim in article.claims]
        claims += [(VERBATIM, text, (n,)) for n, text in enumerate(article.sentences)]
        for how, text, source in claims:
            grounded = ground(Claim(text, tuple(index + 1 for index in source)), task)
            why = grounded.dropped.why if grounded.dropped else ""
            found.append(
                Outcome(
                    half=article.half,
                    article=article.id,
                    kind=how,
                    lie=False,
                    passed=grounded.dropped is None,
                    text=text,
                    why=why,
                )
            )
    return found


def _false(articles: Sequence[BenchArticle], seed: int) -> list[Outcome]:
    found: list[Outcome] = []
    for lie in lies(articles, seed):
        grounded = ground(Claim(lie.text, lie.cites), lie.article.task(lie.leave_out))
        why = grounded.dropped.why if grounded.dropped else ""
        found.append(
            Outcome(
                half=lie.article.half,
                article=lie.article.id,
                kind=lie.kind,
                lie=True,
                passed=grounded.dropped is None,
                text=lie.text,
                why=why,
            )
        )
    return found


def _by_half(outcomes: Sequence[Outcome]) -> dict[str, Rate]:
    rates = {"all": _rate(outcomes)}
    for half in ("tuned", "held_out"):
        rates[half] = _rate([outcome for outcome in outcomes if outcome.half == half])
    return rates


def _by_kind(outcomes: Sequence[Outcome]) -> dict[str, Rate]:
    kinds = sorted({outcome.kind for outcome in outcomes})
    return {kind: _rate([o for o in outcomes if o.kind == kind]) for kind in kinds}


def _rate(outcomes: Sequence[Outcome]) -> Rate:
    return wilson(sum(outcome.passed for outcome in outcomes), len(outcomes))
