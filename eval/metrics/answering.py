"""Metrics of what was said and what it stands on.

A row whose call failed counts as a miss where an answer was expected: a system that is
down answers nothing. An abstention where an answer was expected is a miss as well.
"""

from __future__ import annotations

from geungeo.eval.metrics.metric import Metric, first, ratio
from geungeo.eval.rows import Row

Numbers = tuple[float, ...] | None


def answer_hit(row: Row) -> Numbers:
    """answer_hit: share of answerable questions whose answer, or a quote it cites, holds an
    accepted answer (normalised: case, spaces, punctuation). Conversation turns apart.
    """
    if row.turn is not None or not _wants_answer_text(row):
        return None
    return float(row.verdict.answer_hit or False), 1.0


def turn_answer_hit(row: Row) -> Numbers:
    """turn_answer_hit: :func:`answer_hit` over the turns of conversations that have accepted
    answers; each turn is asked with what the system itself said before.
    """
    if row.turn is None or not _wants_answer_text(row):
        return None
    return float(row.verdict.answer_hit or False), 1.0


def quote_hit(row: Row) -> Numbers:
    """quote_hit: share of questions with a gold span for which a cited span overlaps it."""
    if not row.asked or row.expected != "answer" or not row.gold_found:
        return None
    return float(row.verdict.quote_hit or False), 1.0


def exact_match(row: Row) -> Numbers:
    """exact_match: KorQuAD's EM of the whole answer text (markers removed); a sentence is
    rarely equal to a span, so this is low for any system that answers in sentences.
    """
    if row.turn is not None or not _wants_answer_text(row):
        return None
    return float(row.verdict.exact_match or 0.0), 1.0


def char_f1(row: Row) -> Numbers:
    """char_f1: KorQuAD's character F1 of the whole answer text (markers removed)."""
    if row.turn is not None or not _wants_answer_text(row):
        return None
    return float(row.verdict.char_f1 or 0.0), 1.0


def citation_recall(row: Row) -> Numbers:
    """citation_recall (ALCE): for each answer the share of its statements that their
    citations together support; mean over answers. See :func:`geungeo.eval.judge.alce`.
    """
    statements = row.verdict.statements
    if not statements:
        return None
    return sum(statement.joint for statement in statements) / len(statements), 1.0


def citation_precision(row: Row) -> Numbers:
    """citation_precision (ALCE): for each answer the share of its citations that are useful;
    mean over answers. An answer without citations scores 0.
    """
    if not row.verdict.statements:
        return None
    useful = [verdict for statement in row.verdict.statements for verdict in statement.useful]
    return (sum(useful) / len(useful) if useful else 0.0), 1.0


def quote_exact(row: Row) -> Numbers:
    """quote_exact: share of citations whose quote is exactly what stands at their span in
    the article version that they name (invariant 1). Must be 1.0. Cases are citations; an
    answer that the system itself withheld for a broken promise counts as one that failed.
    """
    if row.withheld:
        return 0.0, 1.0
    if not row.citations:
        return None
    total = len(row.citations)
    return float(total - len(row.verdict.inexact)), float(total)


def unsupported_claims(row: Row) -> Numbers:
    """unsupported_claims: number of released statements that cite nothing or that the
    grounding check does not find in what they cite. Must be 0. Cases are statements.
    """
    if not row.verdict.statements:
        return None
    statements = row.verdict.statements
    return float(sum(not statement.grounded for statement in statements)), float(len(statements))


def _wants_answer_text(row: Row) -> bool:
    return row.asked and row.expected == "answer" and bool(row.answers)


ANSWER_METRICS: tuple[Metric, ...] = (
    Metric("answer_hit", "answer", "holds an accepted answer", answer_hit, ratio),
    Metric("quote_hit", "answer", "cites the gold span", quote_hit, ratio),
    Metric("char_f1", "answer", "KorQuAD character F1", char_f1, ratio),
    Metric("exact_match", "answer", "KorQuAD exact match", exact_match, ratio),
    Metric("citation_precision", "answer", "citations that help (ALCE)", citation_precision, ratio),
    Metric("citation_recall", "answer", "statements supported (ALCE)", citation_recall, ratio),
    Metric("quote_exact", "answer", "quotes that stand where they say", quote_exact, ratio),
    Metric(
        "unsupported_claims",
        "answer",
        "released without support",
        unsupported_claims,
        first,
        better="lower",
    ),
)
CONVERSATION_METRICS: tuple[Metric, ...] = (
    Metric(
        "turn_answer_hit", "conversation", "turns with an accepted answer", turn_answer_hit, ratio
    ),
)
