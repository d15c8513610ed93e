"""Support of a claim by source texts, decided by rules that can be read.

A claim is *proven* when the rules find nothing wrong with it. What they find is a veto (a wrong
number, date, name, quotation, denial, certainty or role), which is final, or a doubt (other
words, a cause, a comparison), which a verifier may settle.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import chain, repeat

from geungeo.rag.article import Article
from geungeo.rag.grounding.certainty import done_already, done_at_present, planned
from geungeo.rag.grounding.exchange import exchanged, modified_otherwise, reversed_words
from geungeo.rag.grounding.facts import misattributed_quotation, mismatches, stated
from geungeo.rag.grounding.foreign import english_findings, foreign_findings, unframed_words
from geungeo.rag.grounding.words import (
    Finding,
    amount_of_whole,
    doubt,
    exchanged_amount,
    finding,
    foreign_markup,
    invented_cause,
    is_instruction,
    lacking,
    misplaced_amount,
    missing_words,
    says_nothing,
    speaks_of_itself,
    swapped_amounts,
    veto,
)
from geungeo.rag.language import names, numbers, people, quotations
from geungeo.rag.language.analysis import Analysed, analysed, content_words
from geungeo.rag.language.dates.periods import Grain, Period, day, part_of_month
from geungeo.rag.language.dates.times import (
    BARE_DATE,
    Time,
    bare_dates,
    bare_days,
    month_of,
    named_times,
    times_that_follow,
)
from geungeo.rag.language.numbers import Quantity
from geungeo.rag.language.reckoning import half_is_lacking, reckoned
from geungeo.rag.language.vocabulary import canonical, opposites
from geungeo.rag.text import fold, language_of, listed

# Each reason takes this much of the score; one is enough to fail.
_PENALTY = 0.25
_BEST_FAILED = 0.5
_WORST_PASSED = 0.51
_FRAME = re.compile(
    r"^(?:the (?:article|report|source|text) (?:says|said|states|reports|notes|reads)|"
    r"according to the (?:article|report|source)|기사 원문|기사에 따르면|원문)\s*[:,]?\s*",
    re.IGNORECASE,
)
_YES_OR_NO = re.compile(
    r"^(?:네|예|아니[요오다]|아니에요|아닙니다|아뇨|맞[다아]요?|맞습니다|그렇다|그렇습니다|yes|no)[,.!]\s+",
    re.IGNORECASE,
)
_BOUNDARY = re.compile(r"[^\w]|^$")
# A claim that shares less than this of its content words with its sources is about another matter.
_RELATED = 0.25
_RELATIVE = re.compile(
    r"지지난해|지난해|작년|재작년|올해|금년|내년|내후년|지난\s?달|이달|이번\s?달|다음\s?달|내달"
    r"|지난\s?주|이번\s?주|다음\s?주|어제|오늘|내일|모레|그제|전날|이튿날|상반기|하반기|연초|연말"
)
# A bare month is of about the year of publication. In days.
_NEAR_MONTHS = 330


@dataclass(frozen=True, slots=True)
class Verdict:
    """Finding of the rules about one claim; ``score`` in [0, 1].

    ``findings`` say what is wrong (vetoes) and what is not proven (doubts).
    """

    score: float
    findings: tuple[Finding, ...] = ()
    verbatim: bool = False

    @property
    def supported(self) -> bool:
        """Whether the rules prove the claim."""
        return not self.findings

    @property
    def vetoes(self) -> tuple[Finding, ...]:
        """The findings that no verifier may overrule."""
        return tuple(one for one in self.findings if one.veto)

    @property
    def doubts(self) -> tuple[Finding, ...]:
        """The findings that a verifier may overrule."""
        return tuple(one for one in self.findings if not one.veto)

    @property
    def reasons(self) -> tuple[str, ...]:
        """All findings in words, the vetoes first."""
        return tuple(one.reason for one in (*self.vetoes, *self.doubts))


@dataclass(frozen=True, slots=True)
class Grounds:
    """Texts that a claim is judged by.

    ``cited`` are the sentences that it cites, ``contexts`` those that each of them leans on
    for a subject or a date (none, or one tuple for each). ``about`` is the article's title,
    publisher and author; relative times count from ``published``. ``elsewhere`` is the rest of
    the offered text: a party that is named only there is not the one that acts in the grounds.
    ``same`` is that of the cited articles, which may name 추 교수 in full.
    """

    cited: tuple[str, ...]
    contexts: tuple[tuple[str, ...], ...] = ()
    about: str = ""
    published: date | None = None
    elsewhere: str = ""
    same: str = ""

    @property
    def context(self) -> tuple[str, ...]:
        """All sentences of ``contexts`` that are not cited, each once."""
        texts = dict.fromkeys(text for texts in self.contexts for text in texts)
        return tuple(text for text in texts if text not in self.cited)

    @property
    def source(self) -> str:
        """The cited sentences, one a line."""
        return "\n".join(self.cited)

    @property
    def known(self) -> str:
        """Everything that a name or number may come from, one text a line."""
        return "\n".join([*self.cited, *self.context, self.about])


def about(article: Article) -> str:
    """Return what is known of an article apart from its text: title, publisher and author."""
    return " / ".join(filter(None, [article.title, article.publisher, article.author]))


def support(claim: str, grounds: Grounds | Sequence[str]) -> Verdict:
    """Judge ``claim`` by its grounds, taken together."""
    given = grounds if isinstance(grounds, Grounds) else Grounds(tuple(grounds))
    return _judged(*_named_in_full(claim, given))


def _named_in_full(claim: str, grounds: Grounds) -> tuple[str, Grounds]:
    """Return both with people, firms and areas named alike: 김 대표 as 김철수 대표.

    Only where there is one such.

    The full name must be in the cited sentence, in those that it leans on, or in its article.
    """
    everything = f"{grounds.known}\n{grounds.elsewhere}"
    contexts = chain(grounds.contexts, repeat(()))
    cited = tuple(
        people.in_full(text, ("\n".join([text, *context]), grounds.same), everything, claim=claim)
        for text, context in zip(grounds.cited, contexts, strict=False)
    )
    cited = tuple(
        people.firms_in_full(people.areas_in_full(text, claim, everything), claim, everything)
        for text in cited
    )
    named = replace(grounds, cited=cited)
    near = "\n".join([*cited, *grounds.context])
    return people.in_full(claim, (near, grounds.same), everything), named


def _judged(claim: str, given: Grounds) -> Verdict:
    source = given.source
    answered = _YES_OR_NO.sub("", claim)
    if answered != claim:
        verdict = _judged(answered, given)
        return replace(verdict, findings=(*verdict.findings, doubt("yes or no is not proven")))
    if markup := foreign_markup(claim, source):
        return _verdict([veto(f"markup not in source: {markup}", "form")])
    if says_nothing(claim):
        return _verdict([veto("it says nothing", "form")])
    if _verbatim(claim, source):
        return Verdict(score=1.0, verbatim=True)
    if is_instruction(_unquoted(claim)):
        return _verdict([veto("it is an instruction, not a statement", "form")])
    if speaks_of_itself(_unquoted(claim), given.known):
        return _verdict([veto("it speaks in the first person, the source does not", "form")])
    findings, rest = _times(claim, given)
    rest = _without_known_names(rest, source, f"{given.known}\n{given.same}")
    follows = reckoned(rest, source)
    findings += [
        doubt(f"number that the source does not state: {numbers.readable(one)}", "number")
        for one in sorted(follows, key=lambda quantity: (quantity.value, quantity.unit))
    ]
    findings += [lacking("number", "number", one) for one in numbers.missing(rest, source, follows)]
    half = half_is_lacking(rest, "\n".join((source, *given.context)))
    if half is not False:
        findings.append(replace(lacking("number", "number", "절반"), veto=half is True))
    findings += [
        veto(f"not a verbatim quotation: {quote}", "quotation", quote, lacking=True)
        for quote in quotations.missing(claim, source)
    ]
    if language_of(_unquoted(claim)) != language_of(source):
        findings += _foreign(claim, given)
    elif language_of(source) == "en":
        findings += [lacking("name", "name", one) for one in names.missing(claim, given.known)]
        findings += english_findings(claim, source)
    else:
        mine, *theirs = analysed([claim, *given.cited])
        findings += _done_at_another_time(mine, theirs, given.published)
        contexts = [analysed(texts) for texts in given.contexts]
        findings += _korean(mine, theirs, contexts, given)
    # No source has a reckoned number, so none can say what it belongs to. Of the rest of a whole,
    # a claim may deny what the source says of the other part: 250가구는 복구되지 않았다.
    rest_of_whole = bool(follows) and _AMONG.search(claim) and _AMONG.search(source)
    follows |= {
        quantity
        for period in _that_follow(given)
        for quantity in numbers.quantities(period.first.isoformat())
    }
    findings = [
        replace(one, veto=False) if one.kind == "negation" and rest_of_whole else one
        for one in findings
        if not (one.veto and one.kind == "number" and _is_one_of(one.said, follows))
    ]
    if findings:
        return _verdict(findings)
    return Verdict(score=_likeness(claim, source))


def _is_one_of(said: str, quantities: Set[Quantity]) -> bool:
    """Whether ``said`` names nothing but some of the ``quantities``."""
    named = numbers.quantities(said)
    return bool(named) and all(any(one.matches(other) for other in quantities) for one in named)


_AMONG = re.compile(r"가운데|중\s|나머지")


def is_fragment(text: str) -> bool:
    """Whether ``text`` states nothing by itself: a noun phrase or a mere yes or no."""
    if any(len(quote) >= quotations.SPEECH_CHARS for quote in quotations.quotations(text)):
        return False
    if language_of(text) == "en":
        words = re.findall(r"[A-Za-z']+", text)
        return len(words) < 4 or not re.search(
            r"\b(?:is|are|was|were|has|have|had|will|would|can|could|may|might|do|does|did|be"
            r"|\w+(?:ed|es|ing|s))\b",
            text,
        )
    [parsed] = analysed([text])
    ended = any(m.tag in {"EF", "EC"} for m in parsed.outside)
    verbs = [m for m in parsed.outside if m.tag.split("-")[0] in _VERBAL]
    nouns = [m for m in parsed.outside if m.tag.split("-")[0] in {"NNG", "NNP", "SL", "SN", "NR"}]
    if ended and verbs and nouns:
        return False
    if _says_how_much(parsed):
        return False
    # A headline states something without a verb: 어민과 발전소 책임 공방…굴 3천 톤 폐사.
    particles = [m for m in parsed.outside if m.tag in {"JKS", "JKO", "JX", "JKB", "JC"}]
    named = [m for m in nouns if m.tag in {"NNG", "NNP", "SL"}]
    return len(named) < _HEADLINE or not (particles or "…" in text or "," in text)


def _says_how_much(text: Analysed) -> bool:
    """Whether a sentence without a verb ends with an amount of what it names: 사망자는 12명."""
    amount = re.search(r"\d[\d.,]*\s?[가-힣%㎞㎡a-zA-Z]{1,4}\W*$", text.text)
    return amount is not None and any(
        m.tag in {"JKS", "JX"} and m.start < amount.start() for m in text.outside
    )


_HEADLINE = 5
_VERBAL = frozenset({"VV", "VA", "VX", "XSV", "XSA", "VCP", "VCN"})


def shared_words(claim: str, texts: Sequence[str]) -> list[float]:
    """Return for each text the share of the claim's content words that it holds, in [0, 1]."""
    mine, *theirs = analysed([claim, *texts])
    wanted = content_words(mine)
    return [
        sum(word in text.forms or word in text.squeezed for word in wanted) / len(wanted)
        if wanted
        else 0.0
        for text in theirs
    ]


def _verdict(findings: Iterable[Finding]) -> Verdict:
    found = list(dict.fromkeys(findings))
    return Verdict(
        score=max(0.0, _BEST_FAILED - _PENALTY * (len(found) - 1)),
        findings=tuple(found),
    )


def _verbatim(claim: str, source: str) -> bool:
    """Whether the claim, without a frame of reporting, is in the source word for word."""
    searched = quotations.comparable(source)
    for text in (claim, _FRAME.sub("", claim)):
        wanted = quotations.comparable(text)
        at = searched.find(wanted) if wanted else -1
        while at >= 0:
            before, after = searched[at - 1 : at], searched[at + len(wanted) :][:1]
            # 영리 단체 is part of 비영리 단체, but not as a word.
            if _BOUNDARY.match(before or "") and _BOUNDARY.match(after or ""):
                return True
            at = searched.find(wanted, at + 1)
    return False


def _korean(
    claim: Analysed,
    sources: Sequence[Analysed],
    contexts: Sequence[Sequence[Analysed]],
    grounds: Grounds,
) -> list[Finding]:
    about = grounds.about
    context = [text for texts in contexts for text in texts]
    findings = missing_words(
        claim, sources, context, about, stated(claim, sources), grounds.elsewhere
    )
    if planned(claim, sources):
        findings = [one for one in findings if one.said not in _PLAN]
    findings += mismatches(claim, sources, contexts, grounds.elsewhere)
    findings += [*exchanged(claim, sources), *reversed_words(claim, sources)]
    beside = [*context, *(analysed([about]) if about else [])]
    leaned = "".join(text.squeezed for text in beside)
    last = "".join(texts[-1].squeezed for texts in contexts if texts)
    findings += modified_otherwise(claim, sources, leaned, fold(grounds.elsewhere), last)
    if short := people.only_in_short(claim.text, [text.text for text in sources]):
        findings.append(doubt(f"the source does not name in full: {short}", "name"))
    if former := people.without_former(claim.text, [text.text for text in (*sources, *context)]):
        findings.append(veto(f"a former post in the source: {former}", "role", former))
    if found := people.of_another_firm(claim.text, [text.text for text in (*sources, *context)]):
        person, final = found
        reason = f"of another firm in the source: {person}"
        findings.append(finding(reason, "role", person, final=final))
    for pair in opposites(claim.raw, [m for source in (*sources, *context) for m in source.raw]):
        if _contradict(pair, claim, sources):
            reason = f"the opposite is in the source: {pair[0]} ↔ {pair[1]}"
            findings.append(veto(reason, "negation", pair[0], found=pair[1]))
            break
    amounts = (misplaced_amount, exchanged_amount, amount_of_whole, swapped_amounts)
    number = next(filter(None, (rule(claim, sources) for rule in amounts)), None)
    others = (misattributed_quotation, invented_cause)
    findings += filter(None, (number, *(rule(claim, sources) for rule in others)))
    early = done_already(claim, [*sources, *context]), done_at_present(claim, sources)
    findings += filter(None, early)
    wanted = content_words(claim)
    known = [*sources, *beside]
    shared = sum(
        any(word in text.forms or word in text.squeezed for text in known) for word in wanted
    ) + len(numbers.quantities(claim.text) & numbers.quantities(grounds.source))
    if shared < max(1, _RELATED * len(wanted)):
        findings.append(veto("it is about something that the source does not mention", "matter"))
    return findings


_BOUNDS = listed("이상 이하 미만 초과")


def _contradict(pair: tuple[str, str], claim: Analysed, sources: Sequence[Analysed]) -> bool:
    """Whether opposites say the opposite.

    인정하지 않았다 and 부인했다 do not, nor do bounds of two numbers: 쉰 개 이상 줄었다 may follow
    from 260개 이하.
    """
    if set(pair) <= _BOUNDS:
        here = _bounded(claim.text, pair[0])
        there = set().union(*(_bounded(source.text, pair[1]) for source in sources))
        return not (here and there) or any(one.matches(other) for one in here for other in there)
    here_denied, there_denied = (
        {fact.denied for text in texts for fact in text.facts if fact.predicate == word}
        for word, texts in ((pair[0], [claim]), (pair[1], sources))
    )
    return len(here_denied) != 1 or len(there_denied) != 1 or here_denied == there_denied


def _bounded(text: str, bound: str) -> set[Quantity]:
    """Return the amounts before ``bound``: 10억 원 of 10억 원 이상."""
    found: set[Quantity] = set()
    for match in re.finditer(bound, text):
        words = text[max(0, match.start() - _AMOUNT_CHARS) : match.start()].split()
        found |= numbers.quantities(" ".join(words[-2:]))
    return found


_AMOUNT_CHARS = 24


_PLAN = frozenset({"예정", "계획", "방침"})


def _foreign(claim: str, grounds: Grounds) -> list[Finding]:
    """Judge a claim in another language than its source."""
    unquoted = _unquoted(claim)
    if quotations.quotations(claim):
        [source] = analysed([grounds.source])
        unframed = unframed_words(unquoted, source)
        if not unframed:
            return []
    findings = [lacking("name", "name", one) for one in names.missing(unquoted, grounds.known)]
    findings += foreign_findings(unquoted, analysed(grounds.cited))
    findings.append(doubt("it is in another language than its source"))
    return findings


def _times(claim: str, grounds: Grounds) -> tuple[list[Finding], str]:
    """Compare the times of a claim with those of its grounds, as periods of the calendar.

    Returns what is wrong, and the claim without the times that its grounds explain, whose
    numbers need no further proof: 2025년 1월 for 지난 1월 in an article of March 2025.
    """
    published = grounds.published
    mine = named_times(claim, published)
    claim = _without_known_dates(claim, grounds)
    if published is None:
        # Relative times cannot be resolved: they must be in the source as they are.
        known = re.sub(r"\s", "", grounds.known)
        for word in _RELATIVE.findall(claim):
            if re.sub(r"\s", "", word) not in known:
                return [lacking("time", "date", word)], claim
    if not mine:
        return [], claim
    cited = [time for text in grounds.cited for time in named_times(text, published)]
    near = [time for text in grounds.context for time in named_times(text, published)]
    anywhere = [time.period for time in (*cited, *near)]
    if published is not None and not cited:
        anywhere.append(day(published))
    follow = _that_follow(grounds)
    anywhere += follow
    texts = (*grounds.cited, *grounds.context)
    findings: list[Finding] = []
    rest = claim
    for time in reversed(mine):
        text = time.span.of(claim)
        if (
            any(time.period.contains(other) for other in anywhere)
            or _completes(time.period, texts, published)
            or (time.relative and _is_written(text, grounds.source))
        ):
            rest = f"{rest[: time.span.start]} {rest[time.span.end :]}"
        elif time.period.first.month not in _bare_months(texts, published) or numbers.missing(
            text, grounds.known
        ):
            findings.append(lacking("time", "date", text))
    explained = (
        _meets(time, cited)
        or _completes(time.period, grounds.cited, published)
        or any(time.period.contains(other) for other in follow)
        or (_AGO.search(time.span.of(claim)) and _is_written(time.span.of(claim), grounds.source))
        for time in mine
    )
    if cited and not findings and not any(explained):
        first = mine[0].span.of(claim)
        findings.append(veto(f"the source gives another time than {first}", "date", first))
    return findings, rest


@lru_cache(maxsize=256)
def _that_follow(grounds: Grounds) -> tuple[Period, ...]:
    """Return the times of the cited sentences that count from another one: 이듬해, 이튿날."""
    if grounds.published is None:
        return ()
    contexts = chain(grounds.contexts, repeat(()))
    return tuple(
        period
        for at, (text, context) in enumerate(zip(grounds.cited, contexts, strict=False))
        for period in times_that_follow(
            text, "\n".join([*grounds.cited[:at], *context]), grounds.published
        )
    )


_AGO = re.compile(r"\d\s?(?:년|개월|달|주|일)\s?전\s*$")


def _is_written(time: str, source: str) -> bool:
    """Whether ``source`` has these words: 3년 전 is not resolved in the middle of a sentence."""
    words = r"\s?".join(re.escape(char) for char in time if not char.isspace())
    return re.search(rf"(?<![\d가-힣]){words}", source) is not None


def _done_at_another_time(
    claim: Analysed, sources: Sequence[Analysed], published: date | None
) -> Iterator[Finding]:
    """Find 다음 달 시행된다 where the source has 다음 달 공청회를 거쳐 내년 1월 시행된다.

    A time goes with the verb after it; only where both give one to the same verb they can differ.
    """
    there = [pair for source in sources for pair in _timed(source, published)]
    for time, predicate in _timed(claim, published):
        same = [other for other, verb in there if verb == predicate]
        if same and not _meets(time, same):
            said = time.span.of(claim.text)
            yield veto(f"the source gives another time than {said}: {predicate}", "date", said)


def _timed(text: Analysed, published: date | None) -> Iterator[tuple[Time, str]]:
    """Yield the times of ``text``, each with the predicate of the clause that it is in."""
    ends = [fact for fact in text.narrated if fact.ending not in {"ETM", "ETN"}]
    for time in named_times(text.text, published):
        after = [fact for fact in ends if fact.start >= time.span.end]
        if after:
            yield time, canonical(after[0].predicate)


def _meets(time: Time, others: Iterable[Time]) -> bool:
    return any(time.period.overlaps(other.period) for other in others)


def _without_known_dates(claim: str, grounds: Grounds) -> str:
    """Blank out the bare dates of a claim (8월 9일, 10월 초) that its grounds give otherwise."""
    texts = (*grounds.cited, *grounds.context)
    times = [time.period for text in texts for time in named_times(text, grounds.published)]
    known = [period for period in times if period.grain in _DATED]
    if grounds.published is not None:
        known += [day(one) for text in texts for one in bare_days(text, grounds.published)]
    known += [period for period in _that_follow(grounds) if period.grain in _DATED]

    def blank(match: re.Match[str]) -> str:
        month, number = month_of(match), match["day"] or match["day3"]
        wanted = (int(number) if number else None, match["part"] or "")
        same = any(
            period.first.month == month
            and (
                wanted in {(None, ""), (None, period.part), (period.first.day, "")}
                or (match["part"] and _part_of(period, match["part"]))
            )
            and not (number and period.grain is not Grain.DAY)
            for period in known
        )
        return " " * len(match[0]) if same else match[0]

    return BARE_DATE.sub(blank, claim)


def _part_of(period: Period, part: str) -> bool:
    """Whether ``period`` is a day of that part (초, 중순, 말) of its month."""
    of_month = part_of_month(period.first.year, period.first.month, part)
    return period.grain is Grain.DAY and of_month.contains(period)


def _without_known_names(claim: str, source: str, known: str) -> str:
    """Blank out the numbers in names (해송 2호기) that the title or the context have.

    Not if the source itself numbers such a thing, which may be another one.
    """
    own = {match[match.lastgroup or 0] for match in _NUMBERED_NAME.finditer(source)}
    names = {re.sub(r"\s", "", match[0]) for match in _NUMBERED_NAME.finditer(known)}

    def blank(match: re.Match[str]) -> str:
        named = re.sub(r"\s", "", match[0]) in names and match[match.lastgroup or 0] not in own
        return " " * len(match[0]) if named else match[0]

    return _NUMBERED_NAME.sub(blank, claim)


_NUMBERED_NAME = re.compile(
    r"(?:(?<![가-힣A-Za-z])[가-힣A-Za-z]{2,}\s?)?(?<!\d)제?\d+"
    r"(?P<what>호기|호선|호점|호|공장|단지|지구|터미널|발전소|부두|전시장|공항|교구)"
    # 임상 3상, 2막, 주 4일제
    r"|(?<![\d.,])\d{1,2}(?P<stage>막(?![가-힣]{2})|상(?=[에의은이을,.\s])|일제)"
    # SE-11, 또박이 2
    r"|(?<![A-Za-z0-9-])(?P<model>[A-Za-z]{1,5})-\d{1,4}(?!\d)"
    r"|(?<![가-힣\d])(?P<named>[가-힣]{2,6})\s\d{1,2}(?=[은는이가을를와과의에로도’'”,.]|$)"
)
_DATED = frozenset({Grain.DAY, Grain.MONTH, Grain.PART})


def _completes(period: Period, texts: Sequence[str], published: date | None) -> bool:
    """Whether a full date says no more than a bare one (8월 9일, 29일) near the publication."""
    if published is None:
        return False
    if period.grain is Grain.DAY:
        return any(period.first in bare_days(text, published) for text in texts)
    if period.grain is Grain.PART:
        days = (one for text in texts for one in bare_days(text, published))
        end = period.part == "말" and period.first.year == published.year
        return any(period.contains(day(one)) for one in days) or (
            end and any(_END_OF_YEAR.search(text) for text in texts)
        )
    near = abs((period.first - published).days) <= _NEAR_MONTHS
    return (
        period.grain is Grain.MONTH
        and near
        and period.first.month in _bare_months(texts, published)
    )


_END_OF_YEAR = re.compile(r"(?<![가-힣])연말")


def _bare_months(texts: Sequence[str], published: date | None) -> set[int]:
    """Return the months that ``texts`` name without a year, also in a bare date."""
    return {
        month
        for text in texts
        for match in bare_dates(text, published)
        if (month := month_of(match)) is not None
    }


def _unquoted(claim: str) -> str:
    rest = claim
    for quote in quotations.quotations(claim):
        rest = rest.replace(quote, " ")
    return rest


def _likeness(claim: str, source: str) -> float:
    """Return how much of the claim is the source's own wording: its shared bigrams, from 0.5."""
    mine, theirs = _bigrams(claim), _bigrams(source)
    return max(_WORST_PASSED, 0.5 + 0.5 * len(mine & theirs) / (len(mine) or 1))


def _bigrams(text: str) -> set[str]:
    flat = quotations.comparable(text).replace(" ", "")
    return {flat[at : at + 2] for at in range(len(flat) - 1)}
