"""Find in what a claim differs from a source sentence that speaks of the same thing.

The hard rules of grounding say that a claim and a sentence disagree; most often because the
sentence is about another matter. Only where both speak of the same event is it a contradiction.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

from geungeo.rag.grounding import words
from geungeo.rag.grounding.ground import grounds_of
from geungeo.rag.grounding.support import Grounds, Verdict, support
from geungeo.rag.grounding.words import Finding
from geungeo.rag.language import quotations
from geungeo.rag.language.amounts import Counted, counted
from geungeo.rag.language.analysis import CONTENT, Analysed, analysed
from geungeo.rag.language.clauses import NO_HEAD, UNREAL_WORD, Fact, Phrase, is_pronoun
from geungeo.rag.language.dates.times import Time, named_times
from geungeo.rag.language.numbers import NATIVE, Quantity
from geungeo.rag.language.vocabulary import canonical, interchangeable
from geungeo.rag.protocols import Evidence
from geungeo.rag.text import fold, language_of, listed

DifferenceKind: TypeAlias = words.Difference
# Findings after which a sentence says nothing about the claim, true or false.
_APART = frozenset({"matter", "form"})
_DIFFER: frozenset[str] = frozenset(get_args(words.Difference))


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: ``claimed`` is what the text says, ``found`` what the source says instead.

    Both are words of their texts, where they could be singled out.
    """

    kind: DifferenceKind
    claimed: str
    found: str


@dataclass(frozen=True, slots=True)
class Contrast:
    """Differences of a sentence from a claim; ``certain`` if both speak of the same event.

    A claim that is not ``specific`` (시험에는 1만명이 참가했다) may be about any article's event.
    """

    differences: tuple[Difference, ...]
    signs: Signs
    certain: bool

    @property
    def specific(self) -> bool:
        """Whether the claim has a name, or more than a few words that nearly all agree."""
        signs = self.signs
        return signs.named or (signs.near >= _NEAR_OTHER and signs.words > _FEW_WORDS)


_IN_RETURN = re.compile(r"[는은ㄴ]\s대신")
_EMPTY_WORDS = listed(
    "하 되 있 것 대하 관하 따르 의하 통하 위하 말 밝히 전하 때문 때 등 수 중 이번 당시 경우 관련 "
    "정도 측 또 또한 더 매우 즉 특히 함께 현재 각각 그 이 모두 총 약 받 가운데"
)
_NAMES = frozenset({"NNP", "SL"})


def contrast(claim: str, item: Evidence, pool: Sequence[Evidence]) -> Contrast | None:
    """Return in what ``item`` says otherwise than ``claim``, if both are about the same thing.

    ``pool`` are all sentences that were found for the claim, ``item`` among them.
    """
    claim = _REPLY.sub("", claim)
    grounds = grounds_of(item, pool)
    verdict = support(claim, grounds)
    reasons = verdict.vetoes or _denials(verdict)
    if not reasons or any(one.kind in _APART for one in reasons):
        return None
    if language_of(claim) != "ko" or language_of(grounds.source) != "ko":
        return None
    if _IN_RETURN.search(claim):
        # 줄이는 대신 늘렸다 may mean that both are done.
        reasons = tuple(one for one in reasons if one.kind != "negation")
    found = [one for one in reasons if one.kind in _DIFFER]
    if any(one.kind == "certainty" and one.said in UNREAL_WORD for one in found):
        return None  # 도착할 예정이다 is no surer than 도착할 예정이며
    if not found or len({one.kind for one in found}) > _MOST_KINDS:
        return None
    mine, there, *around = analysed([claim, grounds.source, *grounds.context, grounds.about or "-"])
    found = _without_consequences(_outside_quotations(found, mine.text))
    reversal = any(one.found for one in found if one.kind == "negation")
    if reversal:
        # 4m에서 1.8m로 좁아졌다 for 1.8m에서 4m로 넓어졌다: the ends of one change.
        found = [one for one in found if one.kind != "number" or one.lacking]
    pairs = [(one.kind, _difference(one, mine, there, grounds)) for one in found]
    differences = _without_repetitions([one for _, one in pairs if one])
    dated = any(one.kind == "date" for one in differences)
    # 2026 year of 내년 5월 is no number of its own.
    if not differences or any(
        one is None and not (dated and kind in {"date", "number"}) for kind, one in pairs
    ):
        return None
    if not _are_distinct(differences):
        return None
    signs = _signs(mine, there, around, differences, grounds, found)
    certain = _is_same_event(signs)
    if not verdict.vetoes:
        certain = certain and (signs.proven or signs.kinds == {"negation"})
        certain = certain and signs.near >= _NEAR_ROLES
    return Contrast(differences, signs, certain)


def _without_consequences(found: Sequence[Finding]) -> list[Finding]:
    """Return ``found`` without what follows from two parties having each other's places."""
    exchanged = next((o for o in found if o.kind == "role" and o.said and o.found), None)
    if exchanged is None:
        return list(found)
    parties = {exchanged.said, exchanged.found}
    return [
        one
        for one in found
        if one is exchanged
        or one.kind != "role"
        or not any(party in one.said or one.said in party for party in parties)
    ]


def _outside_quotations(found: Sequence[Finding], claim: str) -> list[Finding]:
    """Return ``found`` without what differs inside a quotation that differs as a whole."""
    if not any(one.kind == "quotation" for one in found):
        return list(found)
    inside = " ".join(quotations.quotations(claim))
    rest = claim
    for quote in quotations.quotations(claim):
        rest = rest.replace(quote, " ")
    own = (
        {fold(c.surface) for c in counted(analysed([rest])[0])}
        if rest.strip()
        else frozenset[str]()
    )
    return [
        one
        for one in found
        if one.kind == "quotation"
        or (one.kind in _PARTIES and one.said not in inside)
        or (one.kind == "number" and any(one.said in other or other in one.said for other in own))
    ]


def _denials(verdict: Verdict) -> tuple[Finding, ...]:
    """Return the doubts that a claim denies what its source affirms, or names another actor.

    맡지 않기로 했다 is not vetoed for 맡기로 했다: what was denied may be another clause. None if
    anything more is doubted.
    """
    denied = [one for one in verdict.doubts if one.kind in {"negation", "role"}]
    return tuple(denied) if len(denied) == len(verdict.doubts) else ()


# 아니에요 at the start of a reply denies what was asked, not what the claim says.
_REPLY = re.compile(r"^(?:네|예|아니(?:요|오|에요|다)|아닙니다|아뇨|맞(?:아요|습니다))[,.!]\s+")
# More that differs is another matter.
_MOST_KINDS, _MOST_VALUES = 2, 2


def _are_distinct(differences: Sequence[Difference]) -> bool:
    """Whether few values differ, and each from another one of the source."""
    claimed = {_squeezed(one.claimed) for one in differences}
    claimed = {one for one in claimed if not any(one != o and one in o for o in claimed)}
    found = {_squeezed(one.found) for one in differences}
    return len(claimed) <= min(_MOST_VALUES, len(found))


def _without_repetitions(found: Sequence[Difference]) -> tuple[Difference, ...]:
    """Return ``found`` with each difference once: the widest of those inside one another.

    5월 is part of 내년 5월, and 배현수, a name that the source lacks, of 배현수 대표.
    """
    kept: dict[Difference, None] = {}
    for one in found:
        alike = _TIMES if one.kind in _TIMES else _PARTIES if one.kind in _PARTIES else set()
        wider = [o for o in found if o.kind in alike and one.claimed in o.claimed]
        best = max(wider, key=lambda o: len(o.claimed), default=one)
        named = best.kind == "role" and any(
            o.kind == "name" and o.claimed in best.claimed for o in found
        )
        kept[replace(best, kind="name") if named else best] = None
    if any(one.kind == "date" for one in kept):
        days = [one.claimed for one in kept if one.kind == "date"]
        return tuple(
            one for one in kept if one.kind != "number" or not any(one.claimed in d for d in days)
        )
    return tuple(kept)


_TIMES = frozenset({"date"})


def _squeezed(text: str) -> str:
    return re.sub(r"\s", "", fold(text))


_VALUES = frozenset({"number", "date", "name", "role", "quotation"})
_PARTIES = frozenset({"name", "role"})


@dataclass(frozen=True, slots=True)
class Signs:
    """Signs that a sentence and a claim are about the same event.

    ``near`` is the share of the claim's ``words`` other content words that the sentence holds,
    ``named`` whether it has other names, ``names`` whether all of them are known there,
    ``predicate`` whether it says the same of them. With the source's values in place of its own,
    the claim breaks no rule any more (``repaired``), or is proven (``proven``). ``roles`` is
    whether parties that differ have the same role in both, ``governed`` whether the source has
    the verbs of what differs.
    """

    kinds: frozenset[DifferenceKind]
    near: float
    words: int
    named: bool
    names: bool
    predicate: bool
    repaired: bool
    proven: bool
    roles: bool
    governed: bool


# The shares of a claim's other words that a sentence must hold to be about the same event:
# measured on claims about our own articles, see docs/check.md.
_NEAR_PROVEN = 0.5
_NEAR_REPAIRED = 0.6
_NEAR_SAME = 0.8
_NEAR_OTHER = 0.9
_NEAR_ROLES = 0.95
# A claim with fewer other words may be about anything.
_FEWEST_WORDS, _FEW_WORDS = 2, 3


def _is_same_event(signs: Signs) -> bool:
    if not signs.names or signs.words < _FEWEST_WORDS:
        return False
    if len(signs.kinds) > 1 and signs.words <= _FEW_WORDS:
        return False  # another day and another place: another event
    if signs.proven and signs.near >= _NEAR_PROVEN:
        return True
    if signs.words < _FEW_WORDS:
        return False
    if signs.repaired and signs.roles and signs.governed:
        few = signs.words <= _FEW_WORDS
        if signs.near >= (_NEAR_SAME if few else _NEAR_REPAIRED):
            return signs.predicate or signs.kinds == {"number"}
    if not signs.roles or not signs.governed:
        return False
    if signs.kinds == {"role"}:
        return signs.predicate and signs.near >= _NEAR_ROLES
    if signs.kinds <= {"negation", "certainty"} and signs.words > _FEW_WORDS:
        return signs.near >= (_NEAR_SAME if signs.predicate else _NEAR_OTHER)
    return signs.predicate and signs.near >= _NEAR_SAME


def _signs(
    mine: Analysed,
    there: Analysed,
    around: Sequence[Analysed],
    differences: Sequence[Difference],
    grounds: Grounds,
    found: Sequence[Finding],
) -> Signs:
    # A denial is in the predicate: the words around it must agree. An opposite is one of them.
    opposites = [one for one in found if one.kind == "negation" and one.found]
    differing = " ".join(
        [*(one.claimed for one in differences if one.kind in _VALUES), *(o.said for o in opposites)]
    )
    names = [
        _squeezed(m.form)
        for m in mine.morphemes
        if m.tag in _NAMES and len(m.form) > 1 and m.form not in fold(differing)
    ]
    known = [there, *around]
    wanted = _words(mine, differing)
    repaired = _repaired(mine.text, differences, grounds)
    return Signs(
        kinds=frozenset(one.kind for one in differences),
        near=_share(wanted, there),
        words=len(wanted),
        named=bool(names),
        names=all(any(name in one.squeezed for one in known) for name in names),
        predicate=_same_predicate(mine, there) or _is_opposite(mine, there, opposites),
        repaired=repaired is not None and not repaired.vetoes,
        proven=repaired is not None and repaired.supported,
        roles=all(
            _role(mine.text, one.claimed) == _role(there.text, one.found)
            # Parties that change places agree only if nothing else differs.
            and _squeezed(one.found) not in _squeezed(mine.text)
            for one in differences
            if one.kind in _PARTIES
        ),
        governed=all(
            _is_governed(mine, one.claimed, there) for one in differences if one.kind in _VALUES
        ),
    )


def _is_governed(mine: Analysed, value: str, there: Analysed) -> bool:
    """Whether the verb after ``value`` (서울에 본사를 둔) is one of the source, too."""
    at = mine.text.casefold().find(value.casefold())
    fact = next((f for f in mine.facts if f.start >= at + len(value)), None) if at >= 0 else None
    if fact is None or fact.predicate in _EMPTY_WORDS or fact.copula:
        return True
    return _states(there, fact.predicate)


def _states(text: Analysed, predicate: str) -> bool:
    wanted = canonical(predicate)
    others = {word for one in interchangeable(wanted) for word in one.words}
    return any(
        canonical(fact.predicate) == wanted or canonical(fact.predicate) in others
        for fact in text.facts
    ) or (len(predicate) > 1 and wanted in text.forms)


_ROLES = (
    ("subject", re.compile(r"(?:은|는|이|가|께서)(?![가-힣])")),
    ("object", re.compile(r"(?:을|를)(?![가-힣])")),
    ("owner", re.compile(r"의(?![가-힣])")),
    ("place", re.compile(r"(?:에서|에)(?![가-힣])")),
    ("other", re.compile(r"(?:에게|와|과|로|으로|부터|까지|하고)")),
)


def _role(text: str, party: str) -> str | None:
    """Return the role that the particle after ``party`` gives it, ``None`` without one."""
    folded = text.casefold()
    at = folded.find(party.casefold().split()[-1] if party else party)
    if at < 0:
        return None
    rest = folded[at + len(party.split()[-1]) :]
    # 배도훤 최고기술책임자는: the particle follows the title.
    rest = re.sub(r"^(?:\s?[가-힣]{2,10}?(?=(?:은|는|이|가|을|를|와|과|의|에게|도)\s))", "", rest)
    return next((role for role, pattern in _ROLES if pattern.match(rest)), None)


def _same_predicate(mine: Analysed, there: Analysed) -> bool:
    main, other = _main(mine), _main(there)
    if main is None:
        return False
    # 공식 기록된 것은 1968년이다, 공식 기록은 1986년이다: both say what it is.
    both = main.copula and other is not None and other.copula
    return both or main.predicate in _EMPTY_WORDS or _states(there, main.predicate)


def _is_opposite(mine: Analysed, there: Analysed, opposites: Sequence[Finding]) -> bool:
    """Whether the claim's predicate is the opposite of one of the source: 낮았다, 높았다."""
    main = _main(mine)
    return main is not None and any(
        main.predicate.endswith(one.said) and _states(there, one.found) for one in opposites
    )


def _main(text: Analysed) -> Fact | None:
    """Return the last clause that says something: that of 것이다 is the one before it."""
    closing = [fact for fact in text.narrated if fact.ending == "EF"] or list(text.narrated)
    if closing and closing[-1].predicate in NO_HEAD:
        said = [fact for fact in text.narrated if fact.predicate not in NO_HEAD]
        return said[-1] if said else closing[-1]
    return closing[-1] if closing else None


def _words(text: Analysed, differing: str) -> set[str]:
    left = fold(differing)
    return {
        canonical(m.form)
        for m in text.morphemes
        if m.tag.split("-")[0] in CONTENT and m.form not in _EMPTY_WORDS and m.form not in left
    }


def _share(wanted: set[str], text: Analysed) -> float:
    return sum(_holds(text, word) for word in wanted) / max(1, len(wanted))


def _holds(text: Analysed, word: str) -> bool:
    """Whether ``text`` has the word or one that may replace it."""
    return (
        word in text.forms
        or (len(word) > 1 and word in text.squeezed)
        or any(
            other in text.forms or (len(other) > 1 and other in text.squeezed)
            for alternative in interchangeable(word)
            for other in alternative.words
        )
    )


def _difference(
    finding: Finding, mine: Analysed, there: Analysed, grounds: Grounds
) -> Difference | None:
    """Return ``finding`` with the words of both texts; ``None`` if they cannot be singled out."""
    match finding.kind:
        case "number":
            return _number(finding.said, mine, there)
        case "date":
            return _date(finding.said, mine, there, grounds)
        case "quotation":
            return _quotation(finding.said, there)
        case "name" | "role" as kind:
            return _party(kind, finding, mine, there)
        case "negation" | "certainty" as kind:
            return _statement(kind, finding, mine, there)
        case "unsaid" | "matter" | "form":
            return None


def _amounts(text: Analysed) -> list[Counted]:
    """Return the amounts of ``text``, with those in two parts (3만9000명) as one."""
    found: list[Counted] = []
    squeezed = re.sub(r"\s", "", text.text)
    for one in counted(text):
        last = found[-1] if found else None
        joined = re.sub(r"\s", "", f"{last.surface}{one.surface}") if last else ""
        if last and last.surface.endswith(("만", "억", "조")) and joined in squeezed:
            whole = Quantity(last.amount.value + one.amount.value, one.amount.unit)
            found[-1] = replace(
                one, amount=whole, before=last.before, surface=f"{last.surface}{one.surface}"
            )
        else:
            found.append(one)
    return found


def _number(said: str, mine: Analysed, there: Analysed) -> Difference | None:
    claimed = _counted_of(said, mine)
    if claimed is None:
        return _native(said, mine, there)
    own = _amounts(mine)
    rivals = [
        other
        for other in _amounts(there)
        if (other.unit == claimed.unit or other.amount.unit == claimed.amount.unit)
        and not other.amount.matches(claimed.amount)
    ]
    free = [r for r in rivals if not any(r.amount.matches(one.amount) for one in own)]
    best = max(free, key=lambda r: _likeness(claimed, r), default=None)
    if best is None:
        # 4m에서 1.8m로 for 1.8m에서 4m로: the other end of the same change.
        ends = [r for r in rivals if claimed.end and r.end == claimed.end]
        return Difference("number", claimed.surface, ends[0].surface) if ends else None
    if best.end != claimed.end or (
        len(free) > 1
        and _is_close(sum(float(r.amount.value) for r in free), float(claimed.amount.value))
    ):
        return None  # 200원 올렸다, 1400원에서 1600원으로 올렸다; 50명, 30명과 20명
    inside = any(other.amount.matches(claimed.amount) for other in _amounts(there))
    # 40만 회분 is in the sentence too, of something else: only the same label shows of what.
    if (inside and _likeness(claimed, best) < _SAME_LABEL) or (
        len(free) > 1 and not _likeness(claimed, best)
    ):
        return None
    kind: DifferenceKind = "date" if _CALENDAR.fullmatch(claimed.surface) else "number"
    return Difference(kind, claimed.surface, best.surface)


_NATIVE_AMOUNT = re.compile(
    rf"(?<![가-힣])({'|'.join(sorted(NATIVE, key=len, reverse=True))})\s?([가-힣]{{1,3}}?)"
    r"(?=[은는이가을를에의로도만\s]|[.,]|$)"
)


def _native(said: str, mine: Analysed, there: Analysed) -> Difference | None:
    """Return the difference of amounts in words: 세 시간, 두 시간."""
    for claimed in _NATIVE_AMOUNT.finditer(mine.text):
        unit = claimed[2]
        if not said.endswith(unit) or not said.startswith(f"{NATIVE[claimed[1]]} "):
            continue
        rivals = [m for m in _NATIVE_AMOUNT.finditer(there.text) if m[2] == unit]
        rivals = [m for m in rivals if NATIVE[m[1]] != NATIVE[claimed[1]]]
        if len(rivals) == 1:
            return Difference("number", claimed[0], rivals[0][0])
    return None


_SAME_LABEL = 2
_CALENDAR = re.compile(r"(?:(?:19|20)\d\d년|\d{1,2}월|[0-3]?\d일)")


def _likeness(one: Counted, other: Counted) -> int:
    return (
        2 * (bool(one.before) and one.before == other.before)
        + 2 * (bool(one.after) and one.after == other.after)
        + (one.end == other.end)
    )


_AMOUNT = re.compile(r"(\d[\d.]*(?:e[+-]?\d+)?)")


def _counted_of(named: str, mine: Analysed) -> Counted | None:
    """Return the amount of the claim that a veto names, as written or as a value."""
    found = _amounts(mine)
    for one in found:
        if one.surface and (one.surface == named or one.surface in named):
            return one
    value = _AMOUNT.match(named)
    if value is None:
        return None
    amount = float(value[1])
    return next((one for one in found if _is_close(float(one.amount.value), amount)), None)


def _is_close(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-4 * max(abs(one), abs(other), 1e-9)


def _date(named: str, mine: Analysed, there: Analysed, grounds: Grounds) -> Difference | None:
    own = named_times(mine.text, grounds.published)
    claimed = next(
        (t for t in own if t.span.of(mine.text) in named or named in t.span.of(mine.text)), None
    )
    others = named_times(there.text, grounds.published)
    if claimed is None:
        word = named.split()[0] if named else ""
        rival = next((t for t in others if t.relative), others[0] if others else None)
        if not word or word not in mine.text or rival is None:
            return None
        return Difference("date", word, rival.span.of(there.text))
    rivals = [t for t in others if not t.period.overlaps(claimed.period)]
    alike = [t for t in rivals if t.period.grain is claimed.period.grain] or rivals
    free = [t for t in alike if not any(t.period == o.period for o in own if o is not claimed)]
    if not free:
        return None
    return Difference("date", _shown(claimed, mine), _shown(free[0], there))


def _shown(time: Time, text: Analysed) -> str:
    return time.span.of(text.text)


def _party(
    kind: Literal["name", "role"], finding: Finding, mine: Analysed, there: Analysed
) -> Difference | None:
    claimed = finding.said
    if finding.found:
        return Difference(kind, claimed, finding.found)
    # 회사는 may be any company of the article.
    if not claimed or claimed in _ANY_PARTY or claimed in _HEADS:
        return None
    others = _parties(there)
    if any(char.isdigit() for char in claimed):
        return None  # 3월에 is no party
    own = _squeezed(mine.text)
    rivals = [o for o in others if kind == "role" or _squeezed(o) not in own]
    rivals = [o for o in rivals if _squeezed(o) != _squeezed(claimed) and not o.isdigit()]
    rivals = [o for o in rivals if not any(char.isdigit() for char in o)] or rivals
    rivals = [o for o in rivals if not is_pronoun(Phrase(tuple(o.split()))) and o not in _HEADS]
    role = _role(mine.text, claimed)
    rivals = [o for o in rivals if role and _role(there.text, o) == role] or rivals
    if not rivals or rivals[0] in _ANY_PARTY:
        return None
    return Difference(kind, claimed, rivals[0])


# 쪽 of 깎은 쪽은 새벽당이다 and 하나 are no parties.
_HEADS = listed("쪽 것 건 곳 바 점 하나 둘 셋 이곳 이날 때 뒤")
_ANY_PARTY = listed("회사 업체 기업 구단 측 당국 단체 기관 연구팀 연구진 직원 사람 주민 시민 이번")


def _parties(text: Analysed) -> list[str]:
    """Return who acts or is named in a sentence: subjects and topics first, then names."""
    facts: Sequence[Fact] = text.narrated
    found = [" ".join(p.words) for fact in facts for p in (*fact.own, *fact.topics)]
    found += [m.form for m in text.morphemes if m.tag in _NAMES and len(m.form) > 1]
    return list(dict.fromkeys(found))


def _is_said_too(mine: Analysed, there: Analysed) -> bool:
    """Whether the source states the claim's own word beside its opposite: 줄어든 반면 늘었다."""
    main = _main(mine)
    return main is not None and any(
        canonical(fact.predicate) == canonical(main.predicate) and fact.denied == main.denied
        for fact in there.narrated
    )


def _statement(
    kind: Literal["negation", "certainty"], finding: Finding, mine: Analysed, there: Analysed
) -> Difference | None:
    main = _main(mine)
    if finding.found and main and main.predicate == finding.said and _is_said_too(mine, there):
        return None
    return Difference(
        kind, _clause(mine, finding.said), _clause(there, finding.found or finding.said)
    )


_CLAUSE_WORDS = 3


def _clause(text: Analysed, word: str) -> str:
    """Return the words around the predicate ``word``, or the end of the sentence without it."""
    spaced = text.text.split()
    at = next((n for n, part in enumerate(spaced) if len(word) > 1 and word in fold(part)), None)
    if at is None:
        return " ".join(spaced[-_CLAUSE_WORDS:])
    return " ".join(spaced[max(0, at - 1) : at + _CLAUSE_WORDS])


def _quotation(claimed: str, there: Analysed) -> Difference | None:
    rivals = quotations.quotations(there.text) or [there.text]
    best = max(rivals, key=lambda one: _alike(claimed, one))
    if _alike(claimed, best) < _SAME_QUOTATION or _is_shortened(claimed, best):
        return None
    return Difference("quotation", claimed, best)


_STEM = 2


def _is_shortened(claimed: str, whole: str) -> bool:
    """Whether the words of a quotation are those of ``whole`` in their order, endings aside."""
    rest = iter(quotations.comparable(word) for word in whole.split())
    return all(
        any(other[:_STEM] == quotations.comparable(word)[:_STEM] for other in rest)
        for word in claimed.split()
    )


_SAME_QUOTATION = 0.55


def _alike(one: str, other: str) -> float:
    """Return how alike two quotations are, in [0, 1]; part of a longer one is like it."""
    a, b = quotations.comparable(one), quotations.comparable(other)
    blocks = difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks if block.size > 1) / max(1, len(a))


def _repaired(claim: str, differences: Iterable[Difference], grounds: Grounds) -> Verdict | None:
    """Judge the claim with the source's values in place of its own; ``None`` if it has none."""
    text = claim
    for one in differences:
        if one.kind == "role" and one.found in text:
            # 노조는 회사에 for 회사는 노조에: both parties change their places.
            text = text.replace(one.claimed, "\0", 1).replace(one.found, one.claimed, 1)
            text = text.replace("\0", one.found, 1)
            continue
        if one.kind not in {"number", "date", "name", "role", "quotation"}:
            return None
        if one.claimed not in text:
            return None
        text = text.replace(one.claimed, one.found, 1)
    return support(text, grounds)
