"""Score answers: turn an Answer into a Row with its verdicts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from geungeo.eval.cases import Case, CheckVerdict
from geungeo.eval.judge import GoldSpan, Inquiry, Judge, Source, alce
from geungeo.eval.matching import char_f1, contains_answer, exact_match
from geungeo.eval.rows import CheckedGold, Retrieval, Retrieved, Row, Statement, Verdict
from geungeo.rag.answer import (
    MARKER,
    Answer,
    ArticleLookup,
    Citation,
    Nearest,
    PassageHit,
)
from geungeo.rag.checking import Check, ClaimSource
from geungeo.rag.errors import NotFound
from geungeo.rag.text import Span

KEPT_RESULTS = 10
_SENTENCE_END = re.compile(r"(?<=[.!?。…])\s+|\n+")
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Judges:
    """The judges of a run: ``citation`` gives ALCE's verdicts, ``grounding`` the unsupported
    claims.
    """

    citation: Judge
    grounding: Judge


def retrieval_of(
    hits: Sequence[PassageHit], gold: Sequence[GoldSpan], *, by_article: bool
) -> Retrieval:
    """Find the rank of the gold among the results (best first).

    A passage is relevant if it overlaps a gold span. With ``by_article`` the results are distinct
    articles, each at its best passage's rank, and the gold's article is relevant.
    """
    if by_article:
        best: dict[str, PassageHit] = {}
        for hit in hits:
            best.setdefault(hit.article_id, hit)
        hits = list(best.values())
    relevant = [_is_relevant(hit, gold, by_article=by_article) for hit in hits]
    rank = relevant.index(True) + 1 if any(relevant) else None
    top = tuple(
        Retrieved(
            article_id=hit.article_id,
            version=hit.version,
            start=hit.start,
            end=hit.end,
            score=round(hit.score, 6),
            relevant=is_gold,
        )
        for hit, is_gold in zip(hits[:KEPT_RESULTS], relevant, strict=False)
    )
    return Retrieval(rank=rank, searched=len(hits), top=top)


def _is_relevant(hit: PassageHit, gold: Iterable[GoldSpan], *, by_article: bool) -> bool:
    span = Span(hit.start, hit.end)
    return any(
        place.article_id == hit.article_id and (by_article or place.span.overlaps(span))
        for place in gold
    )


def verdict_of(
    case: Case, answer: Answer, gold: Sequence[GoldSpan], judges: Judges, lookup: ArticleLookup
) -> Verdict:
    """Compute all scores of ``answer``."""
    answered = answer.status == "answered"
    plain = MARKER.sub("", answer.text).strip() if answered else ""
    cited = [citation.quote for citation in answer.citations]
    sources = [source_of(citation, lookup) for citation in answer.citations]
    hit = answered and any(contains_answer(text, case.answers) for text in [plain, *cited])
    compared = case.expected == "answer"
    short = answer.short_answer
    quoted = _hits_gold(sources, gold)
    near = _near_gold(answer, gold)
    picked: Sequence[GoldSpan] = ()
    if case.kind == "summary":
        # A sentence that was not picked is no wrong citation, one that was is no whole answer.
        compared, picked, gold = False, gold, ()
    return Verdict(
        answer_hit=hit if compared and case.answers else None,
        quote_hit=quoted if compared and gold else None,
        helpful=hit or quoted or near if compared and (case.answers or gold) else None,
        exact_match=exact_match(plain, case.answers) if compared and case.answers else None,
        char_f1=round(char_f1(plain, case.answers), 6) if compared and case.answers else None,
        short_answer_f1=(
            round(char_f1(short.text if short else plain, case.answers), 6)
            if compared and case.answers
            else None
        ),
        summary_f1=round(summary_f1(sources, picked), 6) if case.kind == "summary" else None,
        statements=tuple(_statements(case, answer, sources, gold, judges)) if answered else (),
        inexact=tuple(
            citation.marker
            for citation, source in zip(answer.citations, sources, strict=True)
            if source is None or source.text != citation.quote
        ),
    )


def source_of(citation: Citation, lookup: ArticleLookup) -> Source | None:
    """Return the text at a citation's span; None if there is no such place."""
    try:
        article = lookup(citation.article_id, citation.version)
    except NotFound:
        return None
    text = article.text
    if not 0 <= citation.start < citation.end <= len(text):
        return None
    span = Span(citation.start, citation.end)
    return Source(citation.article_id, citation.version, span, span.of(text), article)


def _hits_gold(sources: Iterable[Source | None], gold: Sequence[GoldSpan]) -> bool:
    return any(
        source is not None
        and (place.article_id, place.version) == (source.article_id, source.version)
        and place.span.overlaps(source.span)
        for source in sources
        for place in gold
    )


def summary_f1(sources: Iterable[Source | None], gold: Sequence[GoldSpan]) -> float:
    """Return the F1 of the cited places against the picked sentences, by overlap."""
    places = {
        (source.article_id, source.version, source.span) for source in sources if source is not None
    }
    hits = [
        [(one.article_id, one.version) == place[:2] and one.span.overlaps(place[2]) for one in gold]
        for place in places
    ]
    precision = sum(map(any, hits)) / len(hits) if hits else 0.0
    recall = sum(map(any, zip(*hits, strict=True))) / len(gold) if gold else 0.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _near_gold(answer: Answer, gold: Sequence[GoldSpan]) -> bool:
    """Whether a nearest sentence of an abstention overlaps the gold."""
    return any(
        (place.article_id, place.version) == (one.article_id, one.version)
        and place.span.overlaps(Span(one.start, one.end))
        for one in answer.nearest
        for place in gold
    )


def _statements(
    case: Case,
    answer: Answer,
    sources: Sequence[Source | None],
    gold: Sequence[GoldSpan],
    judges: Judges,
) -> Iterable[Statement]:
    cited: dict[Span, list[int]] = {}
    for at, citation in enumerate(answer.citations):
        cited.setdefault(Span(citation.answer_start, citation.answer_end), []).append(at)
    answers = case.answers if case.expected == "answer" else ()
    for span in sorted([*cited, *_uncited(answer.text, cited)]):
        claim = span.of(answer.text)
        entries = cited.get(span, [])
        # A citation of a place that does not exist supports nothing but still counts as a citation.
        real = [source for at in entries if (source := sources[at]) is not None]
        inquiry = Inquiry(
            answer.standalone_question,
            claim,
            tuple(real),
            tuple(gold),
            answers,
            any(answer.citations[at].support_kind == "entailment" for at in entries),
        )
        joint, useful = alce(judges.citation, inquiry, real)
        verdicts = iter(useful)
        yield Statement(
            text=claim,
            markers=tuple(answer.citations[at].marker for at in entries),
            joint=joint and len(real) == len(entries),
            useful=tuple(sources[at] is not None and next(verdicts) for at in entries),
            grounded=bool(real) and judges.grounding.supports(inquiry),
        )


def _uncited(text: str, cited: Iterable[Span]) -> list[Span]:
    """Return the sentences of the answer between claims and markers, which have no citation."""
    covered = sorted(
        [*cited, *(Span(found.start(), found.end()) for found in MARKER.finditer(text))]
    )
    gaps: list[Span] = []
    at = 0
    for span in [*covered, Span(len(text), len(text))]:
        if span.start > at:
            gaps.extend(_split(text, Span(at, span.start)))
        at = max(at, span.end)
    return gaps


def _split(text: str, gap: Span) -> list[Span]:
    pieces: list[Span] = []
    at = gap.start
    for found in _SENTENCE_END.finditer(gap.of(text)):
        pieces.append(Span(at, gap.start + found.start()))
        at = gap.start + found.end()
    pieces.append(Span(at, gap.end))
    return [piece.strip(text) for piece in pieces if _WORD.search(piece.of(text))]


# Who did it and who is named are one question to a reader, as are a day and its number.
_ALIKE = ({"name", "role"}, {"date", "number"}, {"negation", "certainty"})
# The gravest first: a claim that was checked in parts has the gravest of their verdicts.
_GRAVITY: tuple[CheckVerdict, ...] = ("contradicted", "not_found", "supported", "not_a_claim")


def checked_of(case: Case, check: Check, gold: Sequence[GoldSpan]) -> CheckedGold | None:
    """Return the verdict of ``check`` about a marked claim; ``None`` if it has none."""
    claim = case.claim
    if claim is None:
        return None
    marked = Span(claim.start, claim.end)
    found = [one for one in check.claims if Span(one.start, one.end).overlaps(marked)]
    if not found:
        return None
    kinds = tuple(dict.fromkeys(d.kind for one in found for d in one.differences))
    shown: list[ClaimSource | Nearest] = []
    for one in found:
        shown += [*one.sources, *one.nearest]
    return CheckedGold(
        expected=claim.verdict,
        verdict=gravest({one.verdict for one in found}),
        wording=claim.wording,
        kind=claim.kind,
        found=kinds,
        named=is_named(claim.kind, kinds) if claim.kind else None,
        source_shown=any(
            (source.article_id, source.version) == (place.article_id, place.version)
            and place.span.overlaps(Span(source.start, source.end))
            for source in shown
            for place in gold
        )
        if gold
        else None,
    )


def gravest(verdicts: set[CheckVerdict]) -> CheckVerdict:
    """Return the gravest of ``verdicts``: contradicted, not found, supported, not a claim."""
    return next((verdict for verdict in _GRAVITY if verdict in verdicts), "not_a_claim")


def is_named(kind: str, found: Sequence[str]) -> bool:
    """Whether one of the kinds ``found`` names the difference ``kind``."""
    alike = next((group for group in _ALIKE if kind in group), {kind})
    return kind in found or bool(alike & set(found))


def row_of(
    dataset: str,
    item: str,
    case: Case,
    *,
    gold_found: bool | None,
    retrieval: Retrieval | None,
    answer: Answer | None = None,
    verdict: Verdict | None = None,
    asked: bool,
    error: str | None = None,
) -> Row:
    """Build the row of one case; two runs on the same store build equal rows."""
    row = Row(
        key=f"{dataset}/{case.id}",
        dataset=dataset,
        id=case.id,
        item=f"{dataset}/{item}",
        turn=case.turn,
        kind=case.kind,
        tags=case.tags,
        question=case.question,
        expected=case.expected,
        answers=case.answers,
        quote=" / ".join(case.quotes) or None,
        gold_found=gold_found,
        retrieval=retrieval,
        asked=asked,
        error=error,
    )
    if answer is None:
        return row
    return row.model_copy(
        update={
            "status": answer.status,
            "reason": answer.reason,
            "intent": answer.intent,
            "nearest": answer.nearest,
            "text": answer.text,
            "short_answer": answer.short_answer.text if answer.short_answer else None,
            "standalone_question": answer.standalone_question,
            "backend": answer.backend,
            "answerability": round(answer.trace.answerability, 6),
            "threshold": answer.trace.threshold,
            "citations": answer.citations,
            "verdict": verdict or Verdict(),
            "dropped": answer.trace.dropped,
            "notes": answer.trace.notes,
            "prompt_tokens": answer.usage.prompt_tokens,
            "completion_tokens": answer.usage.completion_tokens,
        }
    )
