"""Claims in, grounded claims out: proven, judged, repaired, quoted instead, or dropped."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from geungeo.rag.answer import DroppedClaim, Ground, GroundedClaim, SupportKind
from geungeo.rag.article import Article, SectionKind
from geungeo.rag.grounding.frames import without_description
from geungeo.rag.grounding.support import (
    Grounds,
    Verdict,
    about,
    is_fragment,
    shared_words,
    support,
)
from geungeo.rag.grounding.words import Finding, doubt, veto
from geungeo.rag.language import people
from geungeo.rag.language.amounts import counted
from geungeo.rag.language.analysis import analysed
from geungeo.rag.language.coordination import coordinated
from geungeo.rag.language.dates.periods import label
from geungeo.rag.language.dates.times import relative_times
from geungeo.rag.language.gloss import framed
from geungeo.rag.protocols import Claim, Evidence, Inquiry, Judgement, Report, Task, Verifier
from geungeo.rag.text import Language, Span, language_of, visible

# A sentence that shares less of a claim's content words is not quoted in its place.
_NEAR = 0.4
# Sentences, the nearest first, that are tried as grounds of a claim whose citation does not hold.
_TRIED = 16
_LIKELY = 3
# The support of a claim that a verifier confirmed: the least of those that pass.
_ENTAILED = 0.51
# A cited sentence is quoted if it shares this much, or answers the question this much as well as
# the best evidence does.
_RELATED = 0.2
_ANSWERS = 0.5
# Quoted only if they are cited: they state nothing by themselves.
_NO_SENTENCE = frozenset({SectionKind.TITLE, SectionKind.HEADING, SectionKind.BYLINE})
# The sentence nearest to a claim may contradict it, cited or not.
_TELLING = 0.5
# So may others of the nearest that share this much, by saying the opposite.
_LIKELY_TELLING = 5
_DENYING = 0.34
# What a sentence beside the cited one may hold in its place.
_MAY_BE_BESIDE = frozenset({"number", "name"})
_ONLY_YES_OR_NO = re.compile(
    r"(?:네|예|아니(?:요|오|다|에요)|아뇨|그렇(?:다|습니다)|맞(?:다|습니다)|yes|no)\W*$",
    re.IGNORECASE,
)
_OPENER = re.compile(r"^[\[(〔【][^\])〕】]{2,30}(?:기자|특파원|=[^\])〕】]*)[\])〕】]\s*")


@dataclass(frozen=True, slots=True)
class Grounded:
    """Outcome of one drafted claim.

    ``claim`` is released; ``dropped`` says what was not released as it was written, and why.
    Both are set where a quotation takes the place of a claim.
    """

    claim: GroundedClaim | None = None
    dropped: DroppedClaim | None = None


@dataclass(frozen=True, slots=True)
class _Cited:
    """Evidence that a claim cites, each item with the span that is quoted of it."""

    items: tuple[Evidence, ...]
    spans: tuple[Span, ...]

    @classmethod
    def whole(cls, items: Sequence[Evidence]) -> _Cited:
        return cls(tuple(items), tuple(item.span for item in items))

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(
            span.of(item.article.text) for item, span in zip(self.items, self.spans, strict=True)
        )

    def grounds(self, pool: Sequence[Evidence] = ()) -> Grounds:
        """Return what the claim is judged by; ``pool`` is all that was offered."""
        days = {item.article.published_day for item in self.items}
        articles = {item.article.id for item in self.items}
        return Grounds(
            self.texts,
            tuple(
                tuple(span.of(item.article.text) for span in item.context) for item in self.items
            ),
            "\n".join(dict.fromkeys(about(item.article) for item in self.items)),
            days.pop() if len(days) == 1 else None,
            "\n".join(item.text for item in pool),
            "\n".join(item.text for item in pool if item.article.id in articles),
        )


@dataclass(slots=True)
class _Examined:
    """A drafted claim, its best grounds, and the rules' verdict on both."""

    claim: Claim
    cited: _Cited | None
    verdict: Verdict
    result: Grounded | None = None


@dataclass(slots=True)
class Grounder:
    """Grounds the claims of one answer, in the order in which they are drafted.

    The rules decide first: what they prove is released at once, what they veto is replaced by
    the sentence that it cites. The rest waits for ``verifier`` (all in one batch, when the draft
    has ended), or is replaced where there is none.
    """

    task: Task
    verifier: Verifier | None = None
    _queue: list[_Examined] = field(default_factory=list)
    _quoted: set[tuple[str, Span]] = field(default_factory=set)
    _taken: set[str] = field(default_factory=set)

    def take(self, claim: Claim) -> list[Grounded]:
        """Examine one more claim; return all that are settled and next in order.

        A claim that is repeated, by a model that loops or in a retry, is taken once.
        """
        if claim.text.strip() and claim.text in self._taken:
            return self._next()
        self._taken.add(claim.text)
        examined = self._examine(claim)
        self._queue.append(examined)
        if not self._is_open(examined):
            self._settle(examined, supported=False)
        return self._next()

    async def finish(self, report: Report, seconds: float) -> list[Grounded]:
        """Have the open claims judged, within ``seconds``; return all that are left, in order."""
        waiting = [one for one in self._queue if one.result is None]
        if waiting and self.verifier is not None:
            inquiries = [
                Inquiry(one.claim.text, _evidence(one.cited)) for one in waiting if one.cited
            ]
            verdicts = await self.verifier.judge(inquiries, report, seconds)
            # Quotations are looked for, which takes a processor.
            await asyncio.to_thread(self._settle_judged, waiting, verdicts)
        return self._next()

    def _settle_judged(self, waiting: Sequence[_Examined], verdicts: Sequence[Judgement]) -> None:
        for one, verdict in zip(waiting, verdicts, strict=True):
            self._settle(one, supported=verdict == "supported", judged=verdict)

    @property
    def _pool(self) -> tuple[Evidence, ...]:
        return self.task.context or self.task.evidence

    def _is_open(self, examined: _Examined) -> bool:
        verdict = examined.verdict
        return bool(
            self.verifier and examined.cited and verdict.doubts and not verdict.vetoes
        ) and not is_fragment(examined.claim.text)

    def _next(self) -> list[Grounded]:
        settled: list[Grounded] = []
        while self._queue and self._queue[0].result is not None:
            settled.append(self._queue.pop(0).result or Grounded())
        return settled

    def _examine(self, claim: Claim) -> _Examined:
        if not claim.text.strip():
            return _Examined(claim, None, Verdict(0.0, (veto("empty", "form"),)))
        cited = self._cited(claim)
        if cited and claim.spans:
            # A backend that gives spans quotes; nothing is repaired.
            return _Examined(claim, cited, self._verdict(claim, cited))
        best: tuple[_Cited | None, Verdict] = (
            cited,
            self._verdict(claim, cited)
            if cited
            else Verdict(0.0, (veto("it cites nothing that exists", "unsaid"),)),
        )
        if best[1].supported and not is_fragment(claim.text):
            return _Examined(claim, *best)
        pool = self._pool
        shares = shared_words(claim.text, [item.text for item in pool])
        ranked = sorted(zip(shares, pool, strict=True), key=lambda pair: -pair[0])
        proven = self._proven_elsewhere(claim, [item for _, item in ranked[:_TRIED]])
        if proven:
            return _Examined(claim, *proven)
        if cited and (wider := self._with_neighbours(claim, cited, best[1])):
            best = wider
        if best[1].vetoes:
            # It may mean another sentence than the one it cites.
            others = [item for share, item in ranked[:_LIKELY] if share >= _TELLING]
            judged = [(one := _Cited.whole([item]), self._verdict(claim, one)) for item in others]
            likely = max(judged, key=lambda pair: pair[1].score, default=best)
            if not cited or not likely[1].vetoes:
                best = likely
        if best[0] and not best[1].vetoes and (against := self._against(claim, best[0], ranked)):
            best = (best[0], Verdict(best[1].score, (*against, *best[1].doubts)))
        return _Examined(claim, *best)

    def _against(
        self, claim: Claim, cited: _Cited, ranked: Sequence[tuple[float, Evidence]]
    ) -> list[Finding]:
        """Return what contradicts the claim in sentences that it does not cite.

        The nearest one may contradict it in any way; others that share much of it, only by
        saying the opposite.
        """
        for rank, (share, item) in enumerate(ranked[:_LIKELY_TELLING]):
            if share < (_DENYING if rank else _TELLING) or item in cited.items:
                continue
            found = [
                one
                for one in self._verdict(claim, _Cited.whole([item])).vetoes
                if not one.lacking and (not rank or one.kind == "negation")
            ]
            if found:
                return found
        return []

    def _verdict(self, claim: Claim, cited: _Cited) -> Verdict:
        return support(claim.text, cited.grounds(self._pool))

    def _cited(self, claim: Claim) -> _Cited | None:
        by_number = {item.number: item for item in (*self.task.context, *self.task.evidence)}
        items = [by_number[number] for number in claim.cites if number in by_number]
        if not items:
            return None
        spans = claim.spans if len(claim.spans) == len(items) else tuple(i.span for i in items)
        return _Cited(tuple(items), spans)

    def _proven_elsewhere(
        self, claim: Claim, pool: Sequence[Evidence]
    ) -> tuple[_Cited, Verdict] | None:
        """Find one sentence that proves the claim (a wrong number beside the right claim).

        What describes a party may be in a sentence before, which is cited, too. Of
        a claim that joins several statements, each may be proven by another sentence.
        """
        if is_fragment(claim.text):
            return None
        return self._proven(claim.text, pool) or self._proven_in_parts(claim.text, pool)

    def _proven_in_parts(
        self, text: str, pool: Sequence[Evidence]
    ) -> tuple[_Cited, Verdict] | None:
        parts = coordinated(text)
        if not parts or not all(part.named for part in parts):
            return None
        items: dict[tuple[str, Span], Evidence] = {}
        score = 1.0
        for part in parts:
            readings = (self._proven(one, pool) for one in (part.text, *part.otherwise))
            proven = next(filter(None, readings), None)
            if proven is None:
                return None
            items |= {(item.article.id, item.span): item for item in proven[0].items}
            score = min(score, proven[1].score)
        if len({article for article, _ in items}) > 1:
            return None
        return _Cited.whole(sorted(items.values(), key=lambda one: one.span)), Verdict(score)

    def _proven(self, text: str, pool: Sequence[Evidence]) -> tuple[_Cited, Verdict] | None:
        for item in pool:
            cited = _Cited.whole([item])
            verdict = support(text, cited.grounds(self._pool))
            if verdict.supported:
                return cited, verdict
        for item in pool[:_LIKELY]:
            for span in reversed(item.context):
                rest = without_description(text, span.of(item.article.text), item.text)
                if rest is None:
                    continue
                verdict = support(rest, _Cited.whole([item]).grounds(self._pool))
                if verdict.supported:
                    before = replace(item, span=span, context=())
                    return _Cited.whole([before, item]), verdict
        return None

    def _with_neighbours(
        self, claim: Claim, cited: _Cited, verdict: Verdict
    ) -> tuple[_Cited, Verdict] | None:
        """Cite a sentence beside the cited ones too, if it holds the number or name they lack.

        A claim that merges two sentences often cites only one. What two sentences say together
        is for the verifier to judge. A cited sentence with another number of the same unit
        says otherwise.
        """
        lacks = verdict.vetoes
        if not self.verifier or not lacks:
            return None
        if not all(one.lacking and one.kind in _MAY_BE_BESIDE for one in lacks):
            return None
        if _has_rival(claim.text, cited.texts):
            return None
        article = cited.items[0].article.id
        pool = sorted(
            (item for item in self._pool if item.article.id == article),
            key=lambda item: item.span.start,
        )
        at = {place for place, item in enumerate(pool) if item in cited.items}
        for place in sorted({i + step for i in at for step in (-1, 1)} - at):
            if not 0 <= place < len(pool) or pool[place].kind in _NO_SENTENCE:
                continue
            item = pool[place]
            if not shared_words(claim.text, [item.text])[0]:
                continue
            wider = _Cited((*cited.items, item), (*cited.spans, item.span))
            judged = self._verdict(claim, wider)
            if not judged.vetoes:
                joined = doubt("it joins two sentences")
                return wider, Verdict(judged.score, (*judged.doubts, joined))
        return None

    def _settle(self, one: _Examined, *, supported: bool, judged: str = "") -> None:
        verdict, text = one.verdict, one.claim.text
        whole = one.claim.spans or not is_fragment(text)
        if one.cited and verdict.supported and whole:
            kind: SupportKind = "quote" if verdict.verbatim else "rules"
            one.result = Grounded(self._bind(one.claim, text, one.cited, verdict.score, kind))
            return
        if one.cited and supported:
            one.result = Grounded(
                self._bind(one.claim, text, one.cited, max(_ENTAILED, verdict.score), "entailment")
            )
            return
        reasons = list(verdict.reasons) or ["it states nothing by itself"]
        if judged:
            reasons.append(f"the verifier says: {judged}")
        instead = self._quotation(one)
        dropped = DroppedClaim(
            text=text,
            why="; ".join(reasons),
            support=verdict.score,
            instead=instead.grounds[0].span.of(instead.grounds[0].article.text)
            if instead
            else None,
        )
        one.result = Grounded(instead, dropped)

    def _quotation(self, one: _Examined) -> GroundedClaim | None:
        """Return the sentence to quote in place of a claim: the nearest it cites, or of all."""
        text = one.claim.text
        if not text.strip():
            return None
        cited = self._cited(one.claim)
        item = self._nearest_cited(text, cited.items) if cited else None
        if item is None:
            language = language_of(text)
            sentences = [
                item
                for item in self._pool
                if item.kind not in _NO_SENTENCE and item.article.language == language
            ]
            share, item = _nearest(text, sentences)
            if item is None or share < _NEAR:
                return None
        key = (item.article.id, item.span)
        if key in self._quoted:
            return None
        span = trim(item)
        text = span.of(item.article.text)
        if self.task.language != item.article.language:
            text = framed(text, self.task.language)
        verdict = support(text, _Cited((item,), (span,)).grounds())
        if not verdict.supported:
            return None
        return self._bind(one.claim, text, _Cited((item,), (span,)), verdict.score, "quote")

    def _nearest_cited(self, text: str, cited: Sequence[Evidence]) -> Evidence | None:
        """Return the cited sentence that is nearest to a claim and worth being quoted for it.

        It shares words with the claim, or answers the question about as well as the best
        evidence. A mere yes or no has no words to share. Words of two languages cannot be
        compared: there it is quoted for a claim in the reader's language.
        """
        share, item = _nearest(text, cited)
        if item is None:
            return None
        best = self.task.evidence[0].score if self.task.evidence else 0.0
        answers = (item.score > 0 and item.score >= _ANSWERS * best) or _ONLY_YES_OR_NO.match(text)
        if (language := language_of(text)) != item.article.language:
            return item if answers or language == self.task.language else None
        return item if answers or share >= _RELATED else None

    def _bind(
        self, claim: Claim, text: str, cited: _Cited, score: float, kind: SupportKind
    ) -> GroundedClaim:
        if kind == "quote":
            self._quoted |= {(item.article.id, item.span) for item in cited.items}
        return GroundedClaim(
            text,
            tuple(
                Ground(item.article, span, score, _note(item, span, self.task.language), kind)
                for item, span in zip(cited.items, cited.spans, strict=True)
            ),
            claim.layout,
        )


def _has_rival(text: str, cited: Sequence[str]) -> bool:
    """Whether a cited sentence has another number of a unit of ``text``, or holder of a post."""
    if people.another_holder(text, cited):
        return True
    own, *others = (counted(one) for one in analysed([text, *cited]))
    theirs = [one for found in others for one in found]
    lacks = {
        one.unit for one in own if not any(one.amount.matches(other.amount) for other in theirs)
    } - {""}
    return any(
        other.unit in lacks and not any(other.amount.matches(one.amount) for one in own)
        for other in theirs
    )


def _nearest(text: str, pool: Sequence[Evidence]) -> tuple[float, Evidence | None]:
    """Return the share of words of ``text``, and the sentence of ``pool`` with the largest."""
    shares = shared_words(text, [item.text for item in pool]) if pool else []
    return max(zip(shares, pool, strict=True), key=lambda pair: pair[0], default=(0.0, None))


def ground(claim: Claim, task: Task) -> Grounded:
    """Ground one claim by the rules alone."""
    [grounded] = Grounder(task).take(claim)
    return grounded


def grounds_of(item: Evidence, pool: Sequence[Evidence] = ()) -> Grounds:
    """Return what a claim is judged by that cites ``item`` alone, out of ``pool``."""
    return _Cited.whole([item]).grounds(pool)


def trim(evidence: Evidence) -> Span:
    """Return the sentence without its dateline; still a span of the source."""
    text = evidence.text
    match = _OPENER.match(text)
    if match and len(text) - match.end() > 10:
        return Span(evidence.span.start + match.end(), evidence.span.end)
    return evidence.span


def _evidence(cited: _Cited | None) -> tuple[str, ...]:
    """Return the texts that a verifier reads: what is known of the article, then sentences."""
    if cited is None:
        return ()
    grounds = cited.grounds()
    day = grounds.published.isoformat() if grounds.published else ""
    head = " / ".join(filter(None, [grounds.about.replace("\n", " / "), day]))
    return tuple(visible(text) for text in (head, *grounds.context, *grounds.cited) if text)


def _note(item: Evidence, span: Span, language: Language) -> str | None:
    """Return the note beside a quote: the dates that it means, and conflicting sources."""
    notes = [time_note(item.article, span, language), item.note]
    return "; ".join(note for note in notes if note) or None


def time_note(article: Article, span: Span, language: Language) -> str | None:
    """Resolve the relative times in a quote: ``지난 1월 = 2026년 1월 (기사 발행일 …)``.

    ``None`` if there are none, or if the publication date is unknown.
    """
    published = article.published_day
    if published is None:
        return None
    quote = span.of(article.text)
    # A time that is named twice (올해, 올해) is listed once.
    resolved = dict.fromkeys(
        f"{' '.join(time.span.of(quote).split())} = {label(time.period, language)}"
        for time in relative_times(quote, published)
    )
    if not resolved:
        return None
    basis = (
        f"기사 발행일 {published.isoformat()} 기준"
        if language == "ko"
        else f"article published {published.isoformat()}"
    )
    return f"{', '.join(resolved)} ({basis})"
