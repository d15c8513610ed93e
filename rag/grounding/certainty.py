"""Certainty rules: what is planned, expected, asked for or conditional is not stated as done."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from geungeo.rag.grounding.stated import (
    LIGHT,
    REPORTING,
    SAYING,
    Stated,
    claimed,
    main_fact,
    same_predicate,
    share_arguments,
)
from geungeo.rag.grounding.words import Finding, doubt, veto
from geungeo.rag.language.analysis import Analysed
from geungeo.rag.language.clauses import Fact, Phrase
from geungeo.rag.text import listed

# What is under way before it is decided, and what is settled before it is done.
CONSIDERED = listed(
    "검토 논의 방안 살피 저울질 거론 유력 협상 타진 고민 모색 조율 제안 요구 요청 촉구 건의 꼽 "
    "가능성 전망 관측 추측 고려 의견 대안 제보 의혹 신청 기다리 앞두 부치 바라 희망 원하"
)
_PLANNED = listed("예정 계획 방침 예고 목표 추진 준비 기대 예상") | CONSIDERED
_SETTLED = listed("확정 결정 합의 결론 타결 의결 정하 결의")
_TO_COME = re.compile(
    r"오는 |다음\s?(?:달|주|해)|내달|내년|내후년|내일|모레|앞으로 |조만간|이달 말|올해 안|연내"
)


def only_planned(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
    """Find 제도를 도입했다 where every sentence of the source only considers or plans it."""
    main = claimed(claim.narrated)
    if main is None or main.denied or main.asked or not main.past:
        return []
    if any(fact.unreal and not fact.decided for fact in claim.narrated):
        return []
    if any(m.form in _PLANNED or _PROPOSAL.fullmatch(m.form) for m in claim.morphemes):
        return []
    if main.predicate in SAYING | REPORTING:
        # What is reported counts: 관객 20만 명이 찾았다고 밝혔다.
        said = [fact for fact in claim.narrated if fact.ending == "quote"]
        if not said or said[-1].denied or said[-1].unreal or not said[-1].past:
            return []
        main = said[-1]
    settled = main.predicate in _SETTLED or any(fact.decided for fact in claim.narrated)
    there = [fact for source in sources for fact in source.facts]
    if any(same_predicate(main, fact) and fact.past and not fact.unreal for fact in there):
        return []  # 출시를 내년 5월로 미뤘다 is done already
    if not settled and any(_is_ahead(p) for p in (*main.bare, *(p for _, p in main.others))):
        return [veto(f"it is done before its time: {main.predicate}", "certainty", main.predicate)]
    if main.predicate in _PENDING or (main.predicate in _NO_MATTER and not _appears(main)):
        return []
    light = main.predicate in LIGHT and not _appears(main)
    if main.predicate in SAYING | REPORTING or (light and not settled):
        return []
    if main.predicate in _ASKED and any(m.form in _ASKING for s in sources for m in s.morphemes):
        return []
    levels = [_level(source) for source in sources]
    if not levels or max(levels) >= (_IS_PLANNED if settled else _IS_DONE):
        return []
    if not any(same_predicate(main, fact) for fact in there) and not any(
        share_arguments(mine, fact) for mine in claim.narrated for fact in there
    ):
        return []
    reason = f"the source states it only as a plan: {main.predicate}"
    return [veto(reason, "certainty", main.predicate)]


def _is_ahead(phrase: Phrase) -> bool:
    """Whether ``phrase`` is a time to come and nothing else: 내년 1월 20일, not 내년 예산."""
    words = phrase.words
    return words[0] in _AHEAD and all(_DATE.fullmatch(word) for word in words[1:])


_AHEAD = listed("내년 내후년 내달 내일 모레")


def _appears(fact: Fact) -> bool:
    """Whether 나오다 says that something appears (음반이 나온다), not what was found."""
    return fact.predicate == "나오" and not any(role == "by:with" for role, _ in fact.others)


_BETWEEN = {"사이": "관계"}


def only_foreseen(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
    """Find 경쟁하는 사이가 됐다 where the source only expects them to enter such a relation."""
    main = claimed(claim.narrated)
    if main is None or main.predicate != "되" or main.denied or main.asked or not main.past:
        return []

    def what(phrases: Iterable[Phrase]) -> set[str]:
        words = {phrase.words[-1] for phrase in phrases}
        return {_BETWEEN.get(word, word) for word in words}

    became = what(main.bare)
    named = [
        fact
        for source in sources
        for fact in source.facts
        if became & what((*fact.objects, *fact.bare, *fact.subjects, *(p for _, p in fact.others)))
    ]
    if not named or not all(fact.unreal and not (fact.decided or fact.past) for fact in named):
        return []
    forms = [_BETWEEN.get(m.form, m.form) for source in sources for m in source.morphemes]
    if sum(form in became for form in forms) > len(named):
        return []  # 신임 회장 김 씨는 다음 회장이 될 사람을 찾는다: he is one already
    reason = f"the source only expects it: {', '.join(sorted(became))}"
    return [veto(reason, "certainty", main.predicate)]


def still_to_come(claim: Analysed, sources: Sequence[Analysed]) -> bool:
    """Whether ``claim`` names a time to come and no source only considers the matter."""
    return _TO_COME.search(claim.text) is not None and all(
        _level(source) > _IS_CONSIDERED for source in sources
    )


def _level(source: Analysed) -> int:
    """Return how far the matter of a sentence has come: considered, planned or done."""
    main = main_fact(source.narrated)
    if main is None:
        return _IS_DONE
    if main.predicate in SAYING or (main.predicate in _NO_MATTER and not _appears(main)):
        # What is said counts: 도입할 계획이라고 말했다.
        said = [fact for fact in source.facts if fact is not main and fact.ending in _SAID]
        if not said:
            return _IS_DONE
        main = said[-1]
        if main.unreal and not main.decided and _DEMAND.search(source.text):
            return _IS_CONSIDERED
    words = {main.predicate, *(p.words[-1] for p in (*main.objects, *main.bare))}
    if main.decided:
        return _IS_PLANNED
    if words & CONSIDERED or any(_PROPOSAL.fullmatch(word) for word in words):
        return _IS_CONSIDERED
    if main.unreal or words & _PLANNED or (not main.past and _TO_COME.search(source.text)):
        return _IS_PLANNED
    return _IS_DONE


_IS_CONSIDERED, _IS_PLANNED, _IS_DONE = range(3)
_SAID = frozenset({"quote", "EF"})
_PENDING = listed("잡히 남 걸리 달리")
_NO_MATTER = listed("나오 알려지 알리 전해지 전하 있 보이")
_DEMAND = re.compile(r"야\s?(?:한다|할|하)")
_PROPOSAL = re.compile(r"안|[가-힣]*(?:방안|변경안|개편안|계획안|개정안|절충안|중재안|시안|초안)")
# Applying and asking are done when they are said, in whatever words.
_ASKING = listed("신청 요구 요청 촉구 건의 제안 제보 청구 제기")
_ASKED = listed(
    "내 제출 청구 접수 넣 보내 제시 내놓 내걸 원하 바라 외치 주문 당부 호소 묻 부탁 던지 나서 맞서"
)


def without_condition(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
    """Find 첫 사례가 됐다 where the source has 통과되면 첫 사례가 된다."""
    main = claimed(claim.narrated)
    if main is None or not main.past or any(f.ending_form in _IF for f in claim.facts):
        return []
    same: list[tuple[Fact, bool]] = []
    for source in sources:
        facts = source.narrated
        for at, fact in enumerate(facts):
            if same_predicate(main, fact) and share_arguments(main, fact):
                before = [f for f in facts[:at] if f.ending not in {"ETM", "ETN"}]
                same.append((fact, bool(before) and before[-1].ending_form in _IF))
    if not same or not all(depends and not fact.past for fact, depends in same):
        return []
    reason = f"the source states it on a condition: {main.predicate}"
    return [veto(reason, "certainty", main.predicate)]


_IF = listed("면 으면 ᆫ다면 는다면 다면 라면")


def only_asked_for(claim: Fact, stated: Stated) -> Finding | None:
    """Find 설명을 받았다 where someone only asks to be given one: “설명해 달라”고 요청했다."""
    if claim.predicate not in _HAVING or claim.denied or claim.unreal or claim.asked:
        return None
    for phrase in (*claim.objects, *claim.subjects):
        deed = phrase.words[-1]
        done = [f for f in stated.narrated if f.predicate == deed and not f.unreal]
        said = [f for f in stated.spoken if f.predicate == deed]
        named = any(
            p.words[-1] == deed and f.predicate in _HAVING
            for f in stated.narrated
            for p in (*f.objects, *f.subjects)
        )
        if said and not done and not named:
            return doubt(f"only a quoted speaker says so in the source: {deed}")
    return None


# 설명을 받다 and 설명이 이루어지다 say that it is done.
_HAVING = listed("받 하 되 이루어지 있 얻 듣 나오 오 주 내놓 내")


def leaves_open(claim: Fact, source: Fact) -> bool:
    """Whether the source does not say if it is so (지을지 결정한다), and the claim does."""
    return source.ending_form in _WHETHER and not (claim.asked or claim.ending_form in _WHETHER)


_WHETHER = listed("ᆯ지 을지 는지 ᆫ지 은지 ᆯ지도 을지도")


def dated(fact: Fact) -> bool:
    """Whether ``fact`` names a day, month or year in figures: 8월부터 깎아 준다."""
    phrases = (*fact.bare, *(phrase for _, phrase in fact.others))
    return any(_DATE.fullmatch(word) for phrase in phrases for word in phrase.words)


_DATE = re.compile(r"(?:\d{1,2}월|\d{4}년|[0-3]?\d일)")


def done_already(claim: Analysed, sources: Sequence[Analysed]) -> Finding | None:
    """Find 이미 취소됐다, where no source says that it has happened, or that anything already has.

    The verb may be another word for what the source says, 이미 is not.
    """
    if any(m.form in _ALREADY for source in sources for m in source.morphemes):
        return None
    for morpheme in claim.outside:
        if morpheme.form not in _ALREADY or morpheme.tag != "MAG":
            continue
        fact = next((one for one in claim.narrated if one.start > morpheme.start), None)
        if fact is None or not fact.past or fact.ending == "ETM" or fact.denied:
            continue
        done = [f for source in sources for f in source.facts if f.past and not f.unreal]
        # 국회를 통과했다 for 국회 문턱을 넘었다: what happened to the same is for a verifier.
        if not any(same_predicate(fact, one) or share_arguments(fact, one) for one in done):
            reason = f"not said to be done already: {fact.predicate}"
            return veto(reason, "certainty", morpheme.form)
    return None


_ALREADY = frozenset({"이미", "벌써"})


def done_at_present(claim: Analysed, sources: Sequence[Analysed]) -> Finding | None:
    """Find 현재 쓴다, 쓰고 있다 and 썼다, where the source says 오는 9월부터 쓴다."""
    present = any(m.form in _AT_PRESENT and m.tag in {"MAG", "NNG"} for m in claim.outside)
    for fact in claim.narrated:
        if fact.denied or fact.unreal or fact.ending == "ETM" or not (present or fact.past):
            continue
        same = [
            (source, other)
            for source in sources
            for other in source.facts
            if same_predicate(fact, other)
        ]
        if same and all(not other.past and _begins_later(other, text) for text, other in same):
            reason = f"it has not begun in the source: {fact.predicate}"
            return veto(reason, "certainty", fact.predicate)
    return None


def _begins_later(fact: Fact, text: Analysed) -> bool:
    """Whether ``text`` gives the predicate a time to come; a time goes with the verb after it."""
    before = max((one.start for one in text.facts if one.start < fact.start), default=0)
    return _FROM_THEN.search(text.text[before : fact.start]) is not None


_AT_PRESENT = _ALREADY | {"현재", "지금"}
_FROM_THEN = re.compile(
    r"(?:오는\s|내년|내후년|다음\s?(?:달|주|해|학기)|내달|이르면\s)[^.,\n]{0,14}(?:부터|에)(?![가-힣])"
)


def planned(claim: Analysed, sources: Sequence[Analysed]) -> bool:
    """Whether a source states as settled and still to come what ``claim`` calls a plan.

    시위할 예정이다 says no more than 오는 20일 시위를 벌인다, or 시위하기로 했다.
    """
    plans = [fact for fact in claim.narrated if fact.unreal]
    return any(
        (other.decided or (not other.past and not other.unreal and _TO_COME.search(source.text)))
        and any(same_predicate(fact, other) for fact in plans)
        for source in sources
        for other in source.narrated
    )
