"""Metrics of answers and their citations.

Where an answer was expected, a row whose call failed counts as a miss, and so does an abstention.
"""

from __future__ import annotations

from geungeo.eval.metrics.metric import Metric, first, ratio
from geungeo.eval.rows import Row

Numbers = tuple[float, ...] | None


def answer_hit(row: Row) -> Numbers:
    """Score an answer that, or a cited quote of which, contains an accepted answer.

    The comparison ignores case, spaces and punctuation. Only answerable questions outside of
    conversations count.
    """
    if row.turn is not None or not _wants_answer_text(row):
        return None
    return float(row.verdict.answer_hit or False), 1.0


def helpful(row: Row) -> Numbers:
    """Score what a reader gets to see: an accepted answer, or the gold among nearest sentences.

    Only answerable questions outside of conversations count.
    """
    if row.turn is not None or not _wants_answer_text(row):
        return None
    return float(row.verdict.helpful or False), 1.0


def turn_answer_hit(row: Row) -> Numbers:
    """Score :func:`answer_hit` on turns of conversations that have accepted answers.

    Each turn is asked with the system's own previous answers.
    """
    if row.turn is None or not _wants_answer_text(row):
        return None
    return float(row.verdict.answer_hit or False), 1.0


def quote_hit(row: Row) -> Numbers:
    """Score whether a cited span overlaps the gold span, for questions that have one."""
    if not row.asked or row.expected != "answer" or not row.gold_found or row.kind == "summary":
        return None
    return float(row.verdict.quote_hit or False), 1.0


def exact_match(row: Row) -> Numbers:
    """Score KorQuAD's EM of the whole answer text without markers.

    A sentence is rarely equal to a span, so this is low for any system that answers in sentences.
    """
    if row.turn is not None or not _wants_answer_text(row):
        return None
    return float(row.verdict.exact_match or 0.0), 1.0


def char_f1(row: Row) -> Numbers:
    """Score KorQuAD's character F1 of the whole answer text without markers."""
    if row.turn is not None or not _wants_answer_text(row):
        return None
    return float(row.verdict.char_f1 or 0.0), 1.0


def short_answer_f1(row: Row) -> Numbers:
    """Score KorQuAD's character F1 of the short answer; of the whole answer if it has none."""
    if row.turn is not None or not _wants_answer_text(row):
        return None
    return float(row.verdict.short_answer_f1 or 0.0), 1.0


def short_answer_right(row: Row) -> Numbers:
    """Score the share of short answers that share half of their characters with an accepted one."""
    if row.turn is not None or not _wants_answer_text(row) or row.short_answer is None:
        return None
    return float((row.verdict.short_answer_f1 or 0.0) >= 0.5), 1.0


def summary_f1(row: Row) -> Numbers:
    """Score the F1 of a summary's cited places against the sentences that people picked."""
    if not row.asked or row.kind != "summary" or not row.gold_found:
        return None
    return float(row.verdict.summary_f1 or 0.0), 1.0


def citation_recall(row: Row) -> Numbers:
    """Score the share of an answer's statements that their citations together support (ALCE).

    The metric is the mean over answers. See :func:`geungeo.eval.judge.alce`.
    """
    statements = row.verdict.statements
    if not statements:
        return None
    return sum(statement.joint for statement in statements) / len(statements), 1.0


def citation_precision(row: Row) -> Numbers:
    """Score the share of an answer's citations that are useful (ALCE).

    The metric is the mean over answers. An answer without citations scores 0.
    """
    if not row.verdict.statements:
        return None
    useful = [verdict for statement in row.verdict.statements for verdict in statement.useful]
    return (sum(useful) / len(useful) if useful else 0.0), 1.0


def quote_exact(row: Row) -> Numbers:
    """Count citations whose quote equals the text at their span in the named article version.

    Invariant 1: must be 1.0. Cases are citations; an answer that the system withheld because it
    violated an invariant counts as one that failed.
    """
    if row.withheld:
        return 0.0, 1.0
    if not row.citations:
        return None
    total = len(row.citations)
    return float(total - len(row.verdict.inexact)), float(total)


def unsupported_claims(row: Row) -> Numbers:
    """Count released statements without citation, or that fail the grounding check.

    Of statements that a verifier found supported, the check reads the vetoes only. Must be
    0. Cases are statements.
    """
    if not row.verdict.statements:
        return None
    statements = row.verdict.statements
    return float(sum(not statement.grounded for statement in statements)), float(len(statements))


def _wants_answer_text(row: Row) -> bool:
    return row.asked and row.expected == "answer" and bool(row.answers)


ANSWER_METRICS: tuple[Metric, ...] = (
    Metric("answer_hit", "answer", "holds an accepted answer", answer_hit, ratio),
    Metric("helpful", "answer", "holds it, or shows it as nearest", helpful, ratio),
    Metric("quote_hit", "answer", "cites the gold span", quote_hit, ratio),
    Metric("char_f1", "answer", "KorQuAD character F1", char_f1, ratio),
    Metric("short_answer_f1", "answer", "character F1 of the short answer", short_answer_f1, ratio),
    Metric(
        "short_answer_right", "answer", "short answers that are right", short_answer_right, ratio
    ),
    Metric("summary_f1", "answer", "summaries against picked sentences", summary_f1, ratio),
    Metric("exact_match", "answer", "KorQuAD exact match", exact_match, ratio),
    Metric("citation_precision", "answer", "citations that help (ALCE)", citation_precision, ratio),
    Metric("citation_recall", "answer", "statements supported (ALCE)", citation_recall, ratio),
    Metric("quote_exact", "answer", "quotes that are exactly at their span", quote_exact, ratio),
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
