"""Fact rules: same doer, same target, as sure, not denied, said by the same speaker."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from geungeo.rag.grounding.frames import STATES
from geungeo.rag.grounding.words import (
    ORGANISATION,
    Finding,
    doubt,
    finding,
    of_something_else,
    veto,
)
from geungeo.rag.language import quotations
from geungeo.rag.language.amounts import counted
from geungeo.rag.language.analysis import Analysed
from geungeo.rag.language.clauses import (
    NO_HEAD,
    RELATIONS,
    SEASON,
    TIME,
    Fact,
    Phrase,
    is_pronoun,
    mentioned,
)
from geungeo.rag.language.morphemes import Morpheme
from geungeo.rag.language.numbers import NATIVE, Quantity, days_in_words, is_unit, quantities
from geungeo.rag.language.vocabulary import (
    BECOMING,
    REVERSING,
    VOICES,
    canonical,
    canonical_names,
    interchangeable,
    is_alias,
)
from geungeo.rag.text import fold, listed

# What these govern did not happen.
_UNDOING = listed(
    "멈추 중단 취소 포기 실패 거부 거절 반대 금지 막 철회 기각 파기 무산 부인 면하 피하 보류 연기 "
    "일축"
)
_DEICTIC = listed("올해 지난해 작년 내년 오늘 어제 내일 지난달 이달 금년")
_MISSING_FOR_IDENTITY = listed(
    "것 중 때문 수 점 바 적 정도 뿐 편 셈 예정 계획 전망 방침 상황 인물 사람 입장 모습 측면 곳"
)
_REPORTING = listed(
    "말 발표 주장 비판 우려 전망 요청 요구 지적 평가 분석 반박 진술 약속 자신 경고 해명 일축"
)
_SAYING = listed(
    "말 발표 알리 밝히 전하 쓰 평가 주장 지적 비판 꼬집 강조 덧붙이 설명 반박 해명 언급 토로 호소 "
    "경고 비난 진술 말하"
)
# Comparisons and companions: the same one must stand in the source.
_EXACT = frozenset({"by:보다", "by:만큼", "by:처럼"})
_LIGHT = listed(
    "하 되 대하 위하 관하 따르 의하 통하 이루어지 가지 알려지 전하 보 나오 때문 탓 덕분 때 일 뜻 식"
)


def mismatches(
    claim: Analysed,
    sources: Sequence[Analysed],
    contexts: Sequence[Sequence[Analysed]] = (),
    elsewhere: str = "",
) -> list[Finding]:
    """Compare each fact of ``claim`` with the nearest one of ``sources``.

    ``contexts`` are the sentences that each source leans on: who acts in them may be the
    subject that the source drops; ``elsewhere`` is other text of the article. A contradiction
    (another doer, a denial, a plan stated as done) is a veto; a fact that no source states in
    the same words is a doubt.
    """
    stated = _Stated.by(claim, sources, contexts, elsewhere)
    reported = _reports(claim)
    own = {canonical(fact.predicate) for fact in claim.narrated}
    denied = [fact for fact, no in _with_denial(claim.facts) if no]
    findings: list[Finding] = []
    findings += _opposite_of_its_kind(claim, stated)
    findings += _undone(claim, stated)
    findings += _only_planned(claim, sources)
    findings += _only_foreseen(claim, sources)
    findings += _another_actor(claim, sources, stated)
    findings += _turned_around(claim, sources)
    findings += _first_and_again(claim, sources)
    findings += _other_share(claim, sources)
    findings += _all_for_some(claim, sources)
    findings += _denied_alternative(claim, sources)
    findings += _said_otherwise(claim, sources)
    findings += _there_is_none(claim, sources)
    findings += _between_others(claim, stated)
    findings += _without_condition(claim, sources)
    for fact in _with_clefts(claim.narrated, stated.narrated):
        findings += _side_doubts(fact, stated)
        near = [
            other
            for other in stated.narrated
            if _same_predicate(fact, other) and _is_other_word(fact, other, own)
        ]
        # The same verb elsewhere in the sources may be about another matter.
        near = [other for other in near if _share_arguments(fact, other)] or near
        quoted = [other for other in stated.spoken if _same_predicate(fact, other)]
        if not near and fact.predicate not in _LIGHT and quoted and not reported:
            reason = f"only a quoted speaker says so in the source: {fact.predicate}"
            findings.append(doubt(reason))
            continue
        if not near:
            said = quoted if reported else []
            problem = _nominal_problem(fact, stated, claim.forms, said, denied)
            findings += [problem] if problem else _other_roles_in_quote(fact, said, stated)
            continue
        problems = [_problem(_without_idiom(fact, other), other, stated) for other in near]
        if all(problems):
            findings.append(min(filter(None, problems), key=_severity))
    return findings


def _other_roles_in_quote(fact: Fact, quoted: Sequence[Fact], stated: _Stated) -> list[Finding]:
    """Return the doubt that a reported clause has others do it than the quotation has.

    They have another part in the quotation; whoever speaks may be its subject.
    """
    problems = [_problem(_without_idiom(fact, other), other, stated) for other in quoted]
    roles = [one for one in problems if one is not None and one.kind == "role"]
    if not roles or len(roles) < len(problems):
        return []
    others = [
        phrase
        for spoken in stated.spoken
        if spoken not in stated.narrated and spoken not in quoted
        for phrase in (*spoken.own, *spoken.objects, *(phrase for _, phrase in spoken.others))
    ]
    elsewhere = (p for p in fact.own if str(p) == roles[0].said and not is_pronoun(p))
    if any(_same(other, phrase) for phrase in elsewhere for other in others):
        return [doubt(roles[0].reason, "role", roles[0].said)]
    return []


def _with_clefts(facts: Sequence[Fact], there: Sequence[Fact]) -> list[Fact]:
    """Return ``facts`` of a claim, with the subject of 투표를 치르는 곳은 노조다 beside 치르다.

    The 상태다 of 내놓은 상태다 and the 회사다 of a company that someone founded state nothing more.
    """
    stating = [b.start for a, b in pairwise(facts) if not (a.ending == "ETM" and _is_frame(b))]
    facts = [*facts[:1], *(fact for fact in facts[1:] if fact.start in stating)]
    found = list(facts)
    for at, (clause, main) in enumerate(pairwise(facts)):
        heads = [p for p in main.subjects if p.words[-1] in _CLEFT_HEADS]
        if clause.ending == "ETM" and main.copula and heads and not clause.own:
            if any(char.isdigit() for char in main.predicate):
                continue
            who = Phrase((*(w for p in main.bare for w in p.words), main.predicate))
            found[at] = replace(clause, subjects=[who], topics=[], carried=[], ending="EF")
            if any(_same_predicate(clause, other) for other in there):
                found = [fact for fact in found if fact is not main]
    return found


def _is_frame(fact: Fact) -> bool:
    return fact.copula and fact.predicate in STATES and not fact.own and not fact.denied


_CLEFT_HEADS = listed("것 곳 사람 회사 기업 쪽 이 주인공 인물 업체 기관 나라 팀 사람들")


def _opposite_of_its_kind(claim: Analysed, stated: _Stated) -> list[Finding]:
    """Find 영리 단체 where the source has 비영리 단체: the opposite before the same noun."""
    there = [p for p in mentioned(stated.spoken) if len(p.words) > 1]
    found: list[Finding] = []
    for phrase in mentioned(claim.facts):
        if len(phrase.words) < 2 or len(phrase.words[-1]) < 2 or _empty(Phrase(phrase.words[-1:])):
            continue
        for other in there:
            pairs = [(m, t) for m, t in zip(phrase.words, other.words, strict=False) if m != t]
            if len(phrase.words) == len(other.words) and len(pairs) == 1:
                [(mine, theirs)] = pairs
                if _opposite([Phrase((theirs,))], Phrase((mine,))) and not stated.says(phrase):
                    reason = f"it is the opposite in the source: {phrase}"
                    found.append(veto(reason, "negation", str(phrase)))
    return found


def _undone(claim: Analysed, stated: _Stated) -> list[Finding]:
    """Find 도입을 확정했다 where the source says 도입을 보류했다."""
    undone = {
        phrase.words[-1]
        for fact in stated.narrated
        if fact.predicate in _UNDOING and not fact.denied
        for phrase in (*fact.objects, *(fact.subjects if fact.passive else []))
        if phrase.words
    }
    kept = {
        phrase.words[-1]
        for fact in stated.narrated
        if fact.predicate not in _UNDOING
        for phrase in (*fact.objects, *fact.subjects)
        if phrase.words
    }
    denied = "the source says that this was not done"
    return [
        veto(f"{denied}: {phrase} {fact.predicate}", "negation", fact.predicate)
        for fact in claim.narrated
        if not fact.denied
        and not fact.unreal
        and canonical(fact.predicate) not in _UNDOING
        and fact.predicate not in _NEGATIVE
        and fact.ending not in {"ETM", "ETN"}
        for phrase in fact.objects
        if phrase.words[-1] in undone - kept
    ]


# What is under way before it is decided, and what is settled before it is done.
_CONSIDERED = listed(
    "검토 논의 방안 살피 저울질 거론 유력 협상 타진 고민 모색 조율 제안 요구 요청 촉구 건의 꼽 "
    "가능성 전망 관측 추측 고려 의견 대안 제보 의혹 신청 기다리 앞두 부치 바라 희망 원하"
)
_PLANNED = listed("예정 계획 방침 예고 목표 추진 준비 기대 예상") | _CONSIDERED
_SETTLED = listed("확정 결정 합의 결론 타결 의결 정하 결의")
_TO_COME = re.compile(
    r"오는 |다음\s?(?:달|주|해)|내달|내년|내후년|내일|모레|앞으로 |조만간|이달 말|올해 안|연내"
)


def _only_planned(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
    """Find 제도를 도입했다 where every sentence of the source only considers or plans it."""
    main = _claimed(claim.narrated)
    if main is None or main.denied or main.asked or not main.past:
        return []
    if any(fact.unreal and not fact.decided for fact in claim.narrated):
        return []
    if any(m.form in _PLANNED or _PROPOSAL.fullmatch(m.form) for m in claim.morphemes):
        return []
    if main.predicate in _SAYING | _REPORTING:
        # What is reported counts: 관객 20만 명이 찾았다고 밝혔다.
        said = [fact for fact in claim.narrated if fact.ending == "quote"]
        if not said or said[-1].denied or said[-1].unreal or not said[-1].past:
            return []
        main = said[-1]
    settled = main.predicate in _SETTLED or any(fact.decided for fact in claim.narrated)
    there = [fact for source in sources for fact in source.facts]
    if any(_same_predicate(main, fact) and fact.past and not fact.unreal for fact in there):
        return []  # 출시를 내년 5월로 미뤘다 is done already
    if not settled and any(_is_ahead(p) for p in (*main.bare, *(p for _, p in main.others))):
        return [veto(f"it is done before its time: {main.predicate}", "certainty", main.predicate)]
    if main.predicate in _PENDING or (main.predicate in _NO_MATTER and not _appears(main)):
        return []
    light = main.predicate in _LIGHT and not _appears(main)
    if main.predicate in _SAYING | _REPORTING or (light and not settled):
        return []
    if main.predicate in _ASKED and any(m.form in _ASKING for s in sources for m in s.morphemes):
        return []
    levels = [_level(source) for source in sources]
    if not levels or max(levels) >= (_IS_PLANNED if settled else _IS_DONE):
        return []
    if not any(_same_predicate(main, fact) for fact in there) and not any(
        _share_arguments(mine, fact) for mine in claim.narrated for fact in there
    ):
        return []
    reason = f"the source states it only as a plan: {main.predicate}"
    return [veto(reason, "certainty", main.predicate)]


_BETWEEN = {"사이": "관계"}


def _only_foreseen(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
    """Find 경쟁하는 사이가 됐다 where the source only expects them to enter such a relation."""
    main = _claimed(claim.narrated)
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


def _level(source: Analysed) -> int:
    """Return how far the matter of a sentence has come: considered, planned or done."""
    main = _main(source.narrated)
    if main is None:
        return _IS_DONE
    if main.predicate in _SAYING or (main.predicate in _NO_MATTER and not _appears(main)):
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
    if words & _CONSIDERED or any(_PROPOSAL.fullmatch(word) for word in words):
        return _IS_CONSIDERED
    if main.unreal or words & _PLANNED or (not main.past and _TO_COME.search(source.text)):
        return _IS_PLANNED
    return _IS_DONE


def _main(facts: Sequence[Fact]) -> Fact | None:
    """Return the last fact that closes a sentence, or ``None``."""
    closing = [fact for fact in facts if fact.ending == "EF"]
    return closing[-1] if closing else None


def _claimed(facts: Sequence[Fact]) -> Fact | None:
    """Return what a sentence claims: 지정했다 of 지정했다고 하네요."""
    main = _main(facts)
    if main is None or main.predicate != "하" or main.past or main.own:
        return main
    said = [fact for fact in facts if fact.ending == "quote" and fact.start < main.start]
    return said[-1] if said else main


def _is_ahead(phrase: Phrase) -> bool:
    """Whether ``phrase`` is a time to come and nothing else: 내년 1월 20일, not 내년 예산."""
    words = phrase.words
    return words[0] in _AHEAD and all(_DATE.fullmatch(word) for word in words[1:])


_AHEAD = listed("내년 내후년 내달 내일 모레")


def _appears(fact: Fact) -> bool:
    """Whether 나오다 says that something appears (음반이 나온다), not what was found."""
    return fact.predicate == "나오" and not any(role == "by:with" for role, _ in fact.others)


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


def _another_actor(claim: Analysed, sources: Sequence[Analysed], stated: _Stated) -> list[Finding]:
    """Find 강물시는 지원한다 where each source names another party as its subject: 바다군은.

    A name from the sentences before may only fill the place of a subject that a source drops
    or refers back to.
    """
    rivals: list[Phrase] = []
    for source in sources:
        named = [p for fact in source.narrated for p in _doers(fact) if stated.knows(p)]
        if not named:
            return []
        rivals += named
    mine = [p for fact in claim.narrated for p in _doers(fact)]
    # 이자를 가람이 잘못 안내해 보상금이 나갔다: who gave the interest, not the compensation.
    rivals = [p for p in rivals if not any(holds([p], own) for own in mine)] or rivals
    if not rivals or any(holds([rival], p) for rival in rivals for p in mentioned(claim.facts)):
        return []
    words = " ".join(fold(source.text) for source in sources)
    for phrase in mine:
        heads = {rival.words[-1] for rival in rivals}
        own = [w for w in _unmeasured(phrase.words) if len(w) > 1 and w not in heads]
        if (
            own
            and stated.knows(phrase)
            and not any(_is_surname_of(rival, phrase) for rival in rivals)
            and not any(word in words or canonical(word) in words for word in own)
        ):
            reason = f"another one does it in the source: {rivals[0]}, not {phrase}"
            return [veto(reason, "role", str(phrase), found=str(rivals[0]))]
    return []


def _doers(fact: Fact) -> list[Phrase]:
    """Return the subjects and topics that a clause of the main sentence names itself."""
    own = fact.own
    if fact.ending in {"ETM", "ETN"}:
        own = [p for p in own if p in fact.topics]  # a topic is that of the sentence
    return [
        p
        for p in own
        if not is_pronoun(p)
        and not _empty(p)
        and set(_unmeasured(p.words)) - SEASON
        # 19억 원이 든다: an amount is no actor, but 한여울 씨(57) is one. 단청은 되살렸다 may have
        # a topic as its object.
        and not any(char.isdigit() for word in _without_age(p.words) for char in word)
        and any(len(word) > _SHORT_NAME or word in _TITLE for word in p.words)
    ]


def _is_surname_of(short: Phrase, full: Phrase) -> bool:
    """Whether 천 대표 can be 천가람 대표."""
    surname = short.words[-2] if len(short.words) > 1 else ""
    return len(surname) == 1 and any(
        word.startswith(surname) and len(word) > 1 for word in full.words
    )


def _without_age(words: tuple[str, ...]) -> tuple[str, ...]:
    aged = len(words) > 1 and len(words[-1]) == _DIGITS_OF_AGE and words[-1].isdigit()
    return words[:-1] if aged and words[-2] in _TITLE else words


_DIGITS_OF_AGE = 2
_SHORT_NAME = 2  # characters
_INSTEAD = re.compile(r"([가-힣A-Za-z0-9]+?)(?:을|를|이|가)?\s?대신(?:에)?\s")


def _turned_around(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
    """Find 빵 대신 밥 where the source has 밥 대신 빵."""
    text = claim.text
    for mine in _INSTEAD.finditer(text):
        for source in sources:
            for theirs in _INSTEAD.finditer(source.text):
                exchanged = (
                    mine[1] != theirs[1]
                    and mine[1] in source.text[theirs.end() :]
                    and theirs[1] in text[mine.end() :]
                )
                if exchanged:
                    reason = f"exchanged in the source: {theirs[1]} 대신 {mine[1]}"
                    return [veto(reason, "role", mine[1], found=theirs[1])]
    return []


_FIRST = re.compile(r"처음(?!부터|에는|엔)|최초|사상 첫|유례없|전례 없")
_BEFORE = re.compile(
    r"전에도|과거에도|예전에도|여러\s?(?:번|차례)|수차례|(?:두|세|네|\d+)\s?(?:번|차례)(?:나|째|이나)"
    r"|또다시|재차|거듭"
)


def _first_and_again(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
    """Find 처음이다 where the source says that it happened before, or the reverse."""
    source = " ".join(text.text for text in sources)
    for mine, theirs in ((_FIRST, _BEFORE), (_BEFORE, _FIRST)):
        said, stated = mine.search(claim.text), theirs.search(source)
        both = mine.search(source) or theirs.search(claim.text)
        if said and stated and not both:
            reason = f"the opposite is in the source: {stated[0]}"
            return [veto(reason, "negation", said[0], found=stated[0])]
    return []


def _other_share(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
    """Find 나은행은 0.2% where the source has 가은행과 나은행은 각각 0.2%, 0.15%."""
    for source in sources:
        at = source.text.find("각각")
        if at < 0:
            continue
        shares = [c for c in counted(source) if source.text.find(c.surface) > at]
        parties = [fact.subjects for fact in source.narrated if len(fact.subjects) == len(shares)]
        if len(shares) < 2 or not parties:
            continue
        mine = [at for at, p in enumerate(parties[0]) if holds(mentioned(claim.narrated), p)]
        given = [
            at
            for at, share in enumerate(shares)
            if any(share.amount.matches(c.amount) for c in counted(claim))
        ]
        if len(mine) == len(given) == 1 and mine != given:
            return [of_something_else(shares[given[0]].surface)]
    return []


_NOT_BUT = re.compile(
    r"(?P<no>[가-힣A-Za-z0-9]+?)(?:이|가|은|는)?\s아니라\s(?P<but>[가-힣A-Za-z0-9]+?)"
    r"(?:이|가|을|를|에|로|으로|부터|에서|에게)?(?=[\s,.])"
)


def _denied_alternative(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
    """Find 감독이 사과했다 where the source has 감독이 아니라 단장이 사과했다."""
    main = _claimed(claim.narrated)
    if main is None or main.denied or "아니" in claim.text:
        return []
    for source in sources:
        for match in _NOT_BUT.finditer(source.text):
            no, but = fold(match["no"]), fold(match["but"])
            after = [fact for fact in source.narrated if fact.start >= match.end("but")]
            if (
                no in claim.squeezed
                and but not in claim.squeezed
                and any(_same_predicate(main, fact) and not fact.denied for fact in after)
            ):
                reason = f"the source says not this but {but}: {no}"
                return [veto(reason, "negation", no, found=but)]
    return []


_ALL = re.compile(r"(?<![가-힣])(?:모두|전부|전원|전량|모조리)(?![가-힣])")
_SOME = re.compile(r"(?<=[가-힣\d])(?:만|뿐|밖에)(?=\s|이|였|다)|일부|절반")


def _all_for_some(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
    """Find 회사는 모두 받아들였다 where the source has 한 명만 받아들였다."""
    said = _ALL.search(claim.text)
    main = _claimed(claim.narrated)
    if said is None or main is None or _SOME.search(claim.text):
        return []
    for source in sources:
        if _ALL.search(source.text):
            continue
        for at, fact in enumerate(source.narrated):
            if not _same_predicate(main, fact) or fact.denied != main.denied:
                continue
            start = source.narrated[at - 1].start if at else 0
            if some := _SOME.search(source.text[start : fact.start]):
                reason = f"only some in the source: {said[0]}"
                return [veto(reason, "number", said[0], found=some[0])]
    return []


def _said_otherwise(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
    """Find 판다고 말했다 where the source has “팔지 않는다”, or the reverse.

    What someone says is denied or not, in a quotation and outside, as what is so.
    """
    there = [pair for source in sources for pair in _with_denial(source.facts)]
    found: list[Finding] = []
    for fact, denied in _with_denial(claim.facts):
        if fact in claim.narrated and fact.ending not in {"quote", "ETM", "ETN"}:
            continue  # compared with what the source narrates
        same = [(f, no) for f, no in there if _says_the_same_of(fact, f)]
        if same and all(no != denied for _, no in same):
            reason = f"the opposite is said in the source: {fact.predicate}"
            found.append(veto(reason, "negation", fact.predicate))
    return found


def _says_the_same_of(fact: Fact, other: Fact) -> bool:
    deed = _deed(fact)
    if deed in _LIGHT | {"있"} or canonical(deed) != canonical(_deed(other)):
        return False
    mine, theirs = (
        [p for p in (*f.objects, *f.bare, *f.own) if not _empty(p) and _unmeasured(p.words)]
        for f in (fact, other)
    )
    if fact.predicate != other.predicate and {deed} & {fact.predicate, other.predicate}:
        return True  # 변명을 하다, 변명하다
    return not mine or not theirs or _share_arguments(fact, other)


def _deed(fact: Fact) -> str:
    """Return what is done: the predicate, or the object of 하다 (변명을 하다)."""
    if fact.predicate == "하" and len(fact.objects) == 1:
        return fact.objects[0].words[-1]
    return fact.predicate


def _with_denial(facts: Sequence[Fact]) -> Iterator[tuple[Fact, bool]]:
    """Yield ``facts`` with whether each is denied, by the clause around it too.

    팔 생각은 없다, 팔아서는 안 된다.
    """
    for at, fact in enumerate(facts):
        around = facts[at + 1] if at + 1 < len(facts) else None
        outer = (
            around is not None
            and around.denied
            and around.predicate in _NOTHING.get(fact.ending, frozenset())
            and around.start - fact.start <= _NEAR_DENIAL
            # 보장한 것은 아니다: the parser has read the denial already.
            and not (around.predicate == "아니" and all(p.words == ("것",) for p in around.own))
        )
        yield fact, fact.denied != outer


_NOTHING = {"ETM": listed("있 아니 없"), "EC": listed("되")}
_NEAR_DENIAL = 16  # characters from the verb to the denial


def _there_is_none(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
    """Find 상관있다 where the source has 상관없다, or the reverse."""
    source = " ".join(text.text for text in sources)
    for match in _BEING.finditer(claim.text):
        what, being = match["what"], match["being"]
        other = "없" if being == "있" else "있"
        stem = rf"(?<![가-힣]){re.escape(what)}(?:이|가|은|는|도)?\s?"
        if (
            re.search(stem + other + _STATED, source)
            and not re.search(stem + being, source)
            and not re.search(stem + other, claim.text)
        ):
            reason = f"the opposite is in the source: {what} {other}다"
            return [veto(reason, "negation", f"{what} {being}", found=f"{what} {other}")]
    return []


def _without_condition(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
    """Find 첫 사례가 됐다 where the source has 통과되면 첫 사례가 된다."""
    main = _claimed(claim.narrated)
    if main is None or not main.past or any(f.ending_form in _IF for f in claim.facts):
        return []
    same: list[tuple[Fact, bool]] = []
    for source in sources:
        facts = source.narrated
        for at, fact in enumerate(facts):
            if _same_predicate(main, fact) and _share_arguments(main, fact):
                before = [f for f in facts[:at] if f.ending not in {"ETM", "ETN"}]
                same.append((fact, bool(before) and before[-1].ending_form in _IF))
    if not same or not all(depends and not fact.past for fact, depends in same):
        return []
    reason = f"the source states it on a condition: {main.predicate}"
    return [veto(reason, "certainty", main.predicate)]


_IF = listed("면 으면 ᆫ다면 는다면 다면 라면")


def _between_others(claim: Analysed, stated: _Stated) -> Iterator[Finding]:
    """Doubt 가람과 나루의 관계 where no sentence joins the two: 양측 관계 may be that of others."""
    for phrase in mentioned(claim.narrated):
        if len(phrase.owners) < 2 or not phrase.words[-1].endswith(RELATIONS):
            continue
        one, other = (re.escape(fold(owner)) for owner in (phrase.owners[0], phrase.owners[-1]))
        joined = rf"{one}\S{{0,4}}(?:와|과|,|·)\s?\S*{other}"
        turned = rf"{other}\S{{0,4}}(?:와|과|,|·)\s?\S*{one}"
        if not re.search(f"{joined}|{turned}", stated.text):
            pair = f"{phrase.owners[0]}, {phrase.owners[-1]}"
            yield doubt(f"not joined in the source: {pair} ({phrase})", "role", pair)


# 위험이 없지 않다 and 없다고 보기 어렵다 say that there is one.
# Nor does a question (왜 필요가 있느냐).
_STATED = (
    r"(?!느냐|는가|나\b|겠|지(?:는|도|만은)?\s?않|다고(?:는)?\s?(?:볼|할|보기|하기)"
    r"|을\s?수\s?(?:는\s?)?없)"
)
_BEING = re.compile(r"(?<![가-힣])(?P<what>[가-힣]{2,6}?)(?:이|가|은|는|도)?\s?(?P<being>[있없])")


@dataclass(frozen=True, slots=True)
class _Stated:
    """The facts of the sources, sentence by sentence, with who acted before each."""

    narrated: tuple[Fact, ...]
    spoken: tuple[Fact, ...]
    sentences: tuple[tuple[tuple[Fact, ...], tuple[Phrase, ...]], ...]
    agents: tuple[Phrase, ...]
    names: frozenset[str]
    own: str
    text: str
    elsewhere: str
    to_come: bool

    @classmethod
    def by(
        cls,
        claim: Analysed,
        sources: Sequence[Analysed],
        contexts: Sequence[Sequence[Analysed]],
        elsewhere: str,
    ) -> _Stated:
        narrated = tuple(fact for source in sources for fact in source.narrated)
        names = frozenset(
            m.form
            for source in (claim, *sources, *(text for texts in contexts for text in texts))
            for m in source.morphemes
            if m.tag in {"NNP", "SL"}
        )
        befores = [*contexts, *([()] * (len(sources) - len(contexts)))]
        return cls(
            narrated,
            tuple(fact for source in sources for fact in source.facts),
            tuple(
                (source.facts, tuple(_actors(before)))
                for source, before in zip(sources, befores, strict=True)
            ),
            tuple(p for fact in narrated for p in (*fact.subjects, *fact.topics)),
            names,
            " ".join(fold(text.text) for text in sources),
            " ".join(
                fold(text.text) for text in (*sources, *(t for texts in contexts for t in texts))
            ),
            fold(elsewhere),
            _TO_COME.search(claim.text) is not None
            and all(_level(source) > _IS_CONSIDERED for source in sources),
        )

    def knows(self, phrase: Phrase) -> bool:
        """Whether ``phrase`` is a particular party: a name, or one of this article's."""
        if not _unmeasured(phrase.words):
            return False
        if _named(phrase, self) or any(_same(other, phrase) for other in self.agents):
            return True
        own = [word for word in phrase.words if word not in _ANY_PARTY and len(word) > 1]
        if any(f"‘{word}’" in self.elsewhere for word in own):
            return True  # a name that Kiwi takes apart
        party = bool(own) and (phrase.words[-1] in _TITLE or _PARTY.search(own[-1]) is not None)
        return party and all(word in self.elsewhere for word in own)

    def before(self, fact: Fact) -> tuple[list[Phrase], tuple[Phrase, ...]]:
        """Return who acts earlier in the sentence of ``fact``, and in the sentences before it."""
        for facts, earlier in self.sentences:
            for at, other in enumerate(facts):
                if other is fact:
                    # After 했지만, a new subject takes the place of the first.
                    turns = [i + 1 for i in range(at) if facts[i].contrast and facts[i + 1].own]
                    since = facts[turns[-1] if turns else 0 : at + 1]
                    return [p for f in since for p in (*f.own, *f.topics)], earlier
        return [], ()

    def has(self, phrase: Phrase) -> bool:
        """Whether the sources themselves have a word of ``phrase``."""
        words = [word for word in _unmeasured(phrase.words) if len(word) > 1]
        return not words or any(fold(word) in self.own for word in words)

    def near(self, phrase: Phrase) -> bool:
        """Whether the sources or their context have a word of ``phrase``."""
        words = [word for word in _unmeasured(phrase.words) if len(word) > 1]
        return not words or any(fold(word) in self.text for word in words)

    def says(self, phrase: Phrase) -> bool:
        """Whether the sources or their context have the words of ``phrase`` in this order."""
        return fold("".join(phrase.words)) in self.text.replace(" ", "")

    def mentions(self, phrase: Phrase) -> bool:
        """Whether a phrase of the sources or their context is ``phrase``."""
        before = (phrase for _, earlier in self.sentences for phrase in earlier)
        known = [*mentioned(self.narrated), *mentioned(self.spoken), *before]
        return any(_same(other, phrase) for other in known if other.words)


def _severity(finding: Finding) -> tuple[bool, int]:
    return finding.veto, len(finding.reason)


def _side_doubts(fact: Fact, stated: _Stated) -> list[Finding]:
    """Means, comparisons and purposes that the source does not give."""
    narrated = stated.narrated
    means = [p for other in narrated for role, p in other.others if role == "by:with"]
    purposes = [p for other in narrated for role, p in other.others if role == "by:위하"]
    named = [*stated.agents, *(p for other in narrated for p in other.objects)]
    found: list[Finding] = []
    for role, phrase in fact.others:
        # 영리 단체로 전환 is 영리 단체 전환.
        joined = any({*phrase.words, fact.predicate} <= {*p.words} for p in mentioned(narrated))
        if role == "by:with" and holds(named, phrase) and not (joined or holds(means, phrase)):
            found.append(doubt(f"not a means or cause in the source: {phrase}"))
        same = [p for other in narrated for r, p in other.others if r == role]
        if role in _EXACT and not holds(same, phrase) and not _empty(phrase):
            found.append(doubt(f"no such comparison in the source: {phrase}"))
        if role == "by:위하" and purposes and not holds(purposes, phrase):
            found.append(doubt(f"not the purpose in the source: {phrase}"))
    return found


def _empty(phrase: Phrase) -> bool:
    """Whether ``phrase`` is only a dependent noun (것, 점), which names nothing."""
    return all(word in NO_HEAD or word in _MISSING_FOR_IDENTITY for word in phrase.words)


def _reports(claim: Analysed) -> bool:
    """Whether ``claim`` attributes its content to a speaker."""
    return len(claim.outside) < len(claim.morphemes) or any(
        canonical(fact.predicate) in _REPORTING or fact.ending == "quote" for fact in claim.narrated
    )


def _nominal_problem(
    claim: Fact,
    stated: _Stated,
    said: frozenset[str],
    reported: Sequence[Fact],
    own: Sequence[Fact],
) -> Finding | None:
    """Judge a predicate that sources have only as a noun, only in ``reported``, or not at all.

    ``own`` are the facts that the claim denies.
    """
    return (
        _speaker_differs(claim, stated, reported, own)
        or _denied_only_here(claim, stated, reported)
        or _only_asked_for(claim, stated)
        or _not_done_to_noun(claim, stated, said)
        or _not_said_to_be(claim, stated, reported)
        or _only_in_name(claim, stated)
    )


def _speaker_differs(
    claim: Fact, stated: _Stated, reported: Sequence[Fact], own: Sequence[Fact]
) -> Finding | None:
    """Find what a speaker affirms, denies or leaves open, stated otherwise."""
    affirmed = [f for f in reported if not f.asked and f.predicate not in _LIGHT | {"있"}]
    if not affirmed:
        return None
    denied = [fact for fact, no in _with_denial(stated.spoken) if no]
    if claim.denied and not any(fact in denied for fact in affirmed):
        reason = f"the speaker affirms it in the source: {claim.predicate}"
        return veto(reason, "negation", claim.predicate)
    if all(_leaves_open(claim, fact) for fact in affirmed):
        reason = f"the speaker leaves open whether: {claim.predicate}"
        return veto(reason, "certainty", claim.predicate)
    if all(fact in denied for fact in affirmed) and claim not in own:
        reason = f"the speaker denies it in the source: {claim.predicate}"
        return veto(reason, "negation", claim.predicate)
    return None


def _denied_only_here(claim: Fact, stated: _Stated, reported: Sequence[Fact]) -> Finding | None:
    """Find a denial that no source has."""
    if not claim.denied:
        return None
    denied = [fact for fact, no in _with_denial(stated.spoken) if no]
    if any(
        (fact.denied and _share_arguments(claim, fact))
        or (fact in denied and _says_the_same_of(claim, fact))
        for fact in (*stated.narrated, *reported)
    ):
        return None
    reason = f"it denies what the source does not deny: {claim.predicate}"
    # 감독이 아니라 단장이 책임진다 denies no more than that another one does.
    contrast = claim.copula and claim.ending == "EC"
    final = not _negative(stated) and not contrast and claim.predicate not in _EMPTY_DENIAL
    return finding(reason, "negation", claim.predicate, final=final, lacking=True)


def _not_done_to_noun(claim: Fact, stated: _Stated, said: frozenset[str]) -> Finding | None:
    """Find what the source denies, undoes or considers as a noun: 운항했다 for 운항을 멈췄다."""
    wanted = Phrase((claim.predicate,))
    noun = wanted.words[0]
    for fact in stated.narrated:
        headed = any(p.words[-1] == noun for p in (*fact.subjects, *fact.objects))
        if headed and fact.denied and not claim.copula and not claim.denied:
            return veto(f"the source denies {wanted}", "negation", str(wanted))
        governed = [*fact.objects, *(fact.subjects if fact.passive else [])]
        undone = fact.predicate in _UNDOING and canonical(fact.predicate) not in said
        undone = undone and not said & _AGAIN
        considered = fact.predicate in _CONSIDERED and canonical(fact.predicate) not in said
        considered = considered and not (claim.denied or claim.unreal or claim.ending == "ETM")
        if considered and any(phrase.words[-1] == noun for phrase in governed):
            reason = f"the source says {wanted} {fact.predicate}"
            return veto(reason, "certainty", str(wanted), found=fact.predicate)
        if undone and any(phrase.words[-1] in {noun, f"{noun}설"} for phrase in governed):
            reason = f"the source says {wanted} {fact.predicate}"
            return veto(reason, "negation", str(wanted), found=fact.predicate)
        # 합의가 이뤄졌다 where the source has 합의하지 못했다.
        nominal = [*claim.subjects, *claim.objects]
        if (
            fact.denied
            and not claim.denied
            and claim.predicate in _LIGHT
            and any(phrase.words[-1] == fact.predicate for phrase in nominal)
        ):
            reason = f"it affirms what the source denies: {fact.predicate}"
            return veto(reason, "negation", fact.predicate)
    return None


def _not_said_to_be(claim: Fact, stated: _Stated, reported: Sequence[Fact]) -> Finding | None:
    """Find what the source does not say that something is."""
    said_to_be = any(f.copula and f.predicate == claim.predicate for f in reported)
    if not (claim.copula and claim.subjects) or said_to_be or _identified(claim, stated.narrated):
        return None
    wanted = Phrase((claim.predicate,))
    reason = f"the source does not say that this is {wanted}"
    taken = stated.mentions(wanted) and any(_named(p, stated) for p in claim.subjects)
    return finding(reason, "unsaid", str(wanted), final=taken)


def _only_in_name(claim: Fact, stated: _Stated) -> Finding | None:
    """Find a predicate that is only part of a name: 수출 통제 체제 says of no firm that it exports.

    수출 계약 does; CEO인 나델라 is CEO 나델라.
    """
    if claim.copula or _digits(claim.predicate):
        return None
    compounds = [p.words for p in mentioned(stated.spoken) if claim.predicate in p.words]
    if not compounds or any(claim.predicate in words[-2:] for words in compounds):
        return None
    return doubt(f"only part of a name in the source: {claim.predicate}")


def _only_asked_for(claim: Fact, stated: _Stated) -> Finding | None:
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
_AGAIN = listed("다시 재개 재가동")
# 문제가 되지 않는다, 크지 않다: what they deny is in the words beside them.
_EMPTY_DENIAL = listed("드물 적 크 많 되 어렵 부족")
_NEGATIVE = listed(
    "거절 거부 부인 제외 배제 중단 취소 실패 부족 미흡 금지 반대 철회 무산 보류 포기 외면 "
    "없 아니 못 모르 어렵 불가능 무관 결렬 미루 미정 안 비공개 미지수 무료 공짜 피하 기각 "
    "실직 쉬 멈추 면하 그치 끊기 모자라 부결 끝나 사라지 잃 빼 줄 낮 적 막 그만두 무시 침묵 "
    "미달 무효"
)


def _negative(stated: _Stated) -> bool:
    """Whether the sources deny, refuse or ask in vain (왜 굳이 …) anything at all."""
    return any(
        fact.denied
        or fact.asked
        or fact.predicate in _NEGATIVE
        or any(word in _NEGATIVE for phrase in mentioned([fact]) for word in phrase.words)
        for fact in stated.spoken
    )


def _share_arguments(one: Fact, other: Fact) -> bool:
    """Whether the two facts have a participant in common, apart from pronouns and times."""
    mine = [p for p in mentioned([one]) if p not in one.carried and not is_pronoun(p)]
    theirs = [p for p in mentioned([other]) if p not in other.carried and not is_pronoun(p)]
    return any(_same(p, q) for p in mine for q in theirs if _unmeasured(p.words))


def _named(phrase: Phrase, stated: _Stated) -> bool:
    """Whether ``phrase`` contains a proper noun of the sources or a known name."""
    return any(
        word in stated.names
        or (len(word) > 2 and is_alias(word))
        or (word.isascii() and not word.isdigit())
        # 가람전자, where Kiwi has 가람 and 전자
        or (
            ORGANISATION.search(word) is not None
            and any(len(name) > 1 and word.startswith(name) for name in stated.names)
        )
        for word in phrase.words
    )


def _identified(claim: Fact, facts: Sequence[Fact]) -> bool:
    """주장 김하늘 says that 김하늘 is 주장; numbers are judged elsewhere."""
    what = claim.predicate
    if any(char.isdigit() for char in what) or what in _MISSING_FOR_IDENTITY:
        return True
    if (what in NO_HEAD or is_unit(what)) and all(_empty(phrase) for phrase in claim.subjects):
        return True  # 밀려든 것은 방영된 뒤다, 고른 것은 여섯 명이다
    if any(char.isdigit() for phrase in claim.bare for word in phrase.words for char in word):
        return True
    for fact in facts:
        stands_for = [*fact.subjects, *fact.topics, *fact.weak]
        if any(what in word for p in mentioned([fact]) for word in p.words) and any(
            holds(stands_for, subject) for subject in claim.subjects if stands_for
        ):
            return True
    for phrase in mentioned(facts):
        together = (*phrase.owners, *phrase.words)
        if any(what in word for word in together) and any(
            subject.words[-1] in together for subject in claim.subjects
        ):
            return True
    return any(
        holds([*fact.subjects, *fact.topics, *fact.objects], subject)
        and any(role == "by:with" and what in phrase.words for role, phrase in fact.others)
        for fact in facts
        for subject in claim.subjects
    )


def stated(claim: Analysed, sources: Sequence[Analysed]) -> frozenset[int]:
    """Return the starts of the words with which ``claim`` says what ``sources`` say otherwise.

    감사장을 수여하다 for 감사장을 주다, 이사회가 열리다 for 이사회를 열다. Who does it to whom, and
    whether it is denied or planned, is compared as for one and the same predicate.
    """
    own = {canonical(fact.predicate) for fact in claim.narrated}
    theirs = [fact for source in sources for fact in source.narrated]
    telling = [fact for source in sources for fact in _telling_what(source.narrated)]
    found: set[int] = set()
    for fact in claim.narrated:
        means: set[str] = set()
        for other in theirs:
            if canonical(fact.predicate) == canonical(other.predicate) or _becomes(fact, other):
                means.add(fact.predicate)
            elif other in telling and fact in _telling_what(claim.narrated):
                means.add(fact.predicate)  # 늘렸다고 발표했다, 늘렸다고 밝혔다
            elif _is_other_word(fact, other, own):
                means |= _ways(fact, other)
        found |= {m.start for m in claim.morphemes if any(_is_part(m, way, fact) for way in means)}
    return frozenset(found)


def _telling_what(facts: Sequence[Fact]) -> list[Fact]:
    """Return the verbs that only say what the clause before them says: 늘렸다고 밝혔다."""
    return [b for a, b in pairwise(facts) if a.ending == "quote" and b.predicate in _TELLING]


_TELLING = listed("말 밝히 발표 전하 알리 이야기 얘기")


def _is_part(morpheme: Morpheme, way: str, fact: Fact) -> bool:
    """Whether ``morpheme`` is part of the predicate of ``fact``, or its noun in ``way``."""
    before = fact.start - morpheme.start
    if before == 0 or (0 < before <= len(fact.predicate) and morpheme.form in fact.predicate):
        return True
    noun = way.removesuffix(fact.predicate)
    return morpheme.form in noun and 0 < before <= _REACH


# How far before a verb its noun may begin, in characters: 손에 넣다.
_REACH = 8


def _is_other_word(fact: Fact, other: Fact, own: Set[str]) -> bool:
    """Whether ``other`` may state ``fact``, of a claim whose predicates are ``own``.

    What the claim says in the same word is not what it says in another one, too: 오가는 항공편은
    운항했다 does not follow from 오가는 항공편이 결항했다.
    """
    word = canonical(other.predicate)
    return word == canonical(fact.predicate) or word not in own


def _ways(one: Fact, other: Fact) -> set[str]:
    """Return the expressions of ``one`` for which ``other`` has an interchangeable one."""
    theirs: frozenset[str] | None = None
    found: set[str] = set()
    for expression in _expressions(one):
        for alternative in interchangeable(expression):
            if alternative.general and (one.denied or one.unreal or one.asked):
                continue  # 오르지 않았다 does not follow from 급등하지 않았다
            theirs = _expressions(other) if theirs is None else theirs
            if alternative.words & theirs and (
                not alternative.of
                or any(n.endswith(tuple(alternative.of)) for n in _nouns(one) & _nouns(other))
            ):
                found.add(expression)
    return found


def _expressions(fact: Fact) -> frozenset[str]:
    """Return the predicate, alone and with each noun beside it: 넣, 손넣 of 손에 넣다."""
    idioms = {one for phrase in mentioned([fact]) for one in _idioms(phrase, fact)}
    return frozenset({canonical(fact.predicate), fact.predicate, *idioms})


def _idioms(phrase: Phrase, fact: Fact) -> tuple[str, str]:
    """Return the predicate with the noun beside it, whole or its last part: 피해입, 인명피해입."""
    noun = phrase.words[-1]
    return noun + fact.predicate, noun[-2:] + fact.predicate


def _without_idiom(one: Fact, other: Fact) -> Fact:
    """Return ``one`` without the noun that is part of what it does, and no party: 손에 넣다."""
    same = canonical(one.predicate) == canonical(other.predicate)
    ways = set[str]() if same else _ways(one, other)
    if not ways or {one.predicate, canonical(one.predicate)} & ways:
        return one

    def kept(phrase: Phrase) -> bool:
        return not ways & {*_idioms(phrase, one)}

    return replace(
        one,
        objects=list(filter(kept, one.objects)),
        subjects=list(filter(kept, one.subjects)),
        own=list(filter(kept, one.own)),
        bare=list(filter(kept, one.bare)),
        others=[(role, phrase) for role, phrase in one.others if kept(phrase)],
    )


def _nouns(fact: Fact) -> set[str]:
    heads = [fact.head] if fact.head else []  # 위원으로 구성된 위원회
    return {canonical(word) for phrase in (*mentioned([fact]), *heads) for word in phrase.words}


def _same_predicate(one: Fact, other: Fact) -> bool:
    if canonical(one.predicate) == canonical(other.predicate):
        return True
    if one.predicate in _SAYING and other.predicate in _SAYING:
        return True
    if _ways(one, other) or _becomes(one, other):
        return True
    return (
        len(one.predicate) > 1
        and len(other.predicate) > 1
        and (one.predicate.endswith(other.predicate) and one.copula and other.copula)
    )


def _becomes(claim: Fact, source: Fact) -> bool:
    """Whether ``claim`` says what became of what ``source`` did: 요금이 올랐다, 요금을 올렸다."""
    stem = re.sub(r"(?<=[가-힣])[어아]지$", "", claim.predicate)
    return not claim.objects and BECOMING.get(stem) == source.predicate


def _problem(claim: Fact, source: Fact, stated: _Stated) -> Finding | None:
    certain = _share_arguments(claim, source) or not mentioned([claim])
    if claim.denied != source.denied:
        reason = f"it denies what the source affirms, or the reverse: {claim.predicate}"
        # 큰 타격이 없다 for 타격이 크지 않다: the denial may be in the clause around it.
        possible = claim.ending_form in {"ᆯ", "을"}  # 바꿀 수 없다
        final = certain and (possible or claim.ending not in {"ETM", "ETN"})
        if claim.denied and claim.ending == "EF" and claim.predicate not in _EMPTY_DENIAL:
            final = final or not _negative(stated)
        return finding(reason, "negation", claim.predicate, final=final)
    if _leaves_open(claim, source):
        reason = f"the source leaves open whether: {claim.predicate}"
        return finding(reason, "certainty", claim.predicate, final=certain)
    # 피해를 본다며 drops the possibility of 피해를 볼 수 있다며.
    possible = source.ending == "ETM" and source.ending_form in {"ᆯ", "을"}
    # 오는 9월 문을 엽니다 is as sure as 열 예정이다.
    hedged = claim.unreal or (stated.to_come and not claim.past)
    # 8월부터 깎아 준다 is as sure as 오는 8월부터 깎아 주기로 했다.
    hedged = hedged or (source.decided and not claim.past and _dated(claim))
    hedged = hedged or (claim.ending == "quote" and not possible)
    light = claim.predicate in _LIGHT or canonical(claim.predicate) in _LIGHT
    if source.unreal and not hedged and not light:
        reason = f"it is surer than the source: {claim.predicate}"
        final = certain and not source.decided and claim.ending not in {"ETM", "ETN"}
        return finding(reason, "certainty", claim.predicate, final=final)
    if claim.predicate in _LIGHT:
        return _other_topic(claim, source, stated) if claim.predicate == "하" else None
    role = _role_problem(claim, source, stated) or _side_problem(claim, source, stated)
    if role:
        return role
    wrong = _time_problem(claim, source) or _amount_problem(claim, source)
    return wrong if wrong is None or certain else replace(wrong, veto=False)


def _leaves_open(claim: Fact, source: Fact) -> bool:
    """Whether the source does not say if it is so (지을지 결정한다), and the claim does."""
    return source.ending_form in _WHETHER and not (claim.asked or claim.ending_form in _WHETHER)


_WHETHER = listed("ᆯ지 을지 는지 ᆫ지 은지 ᆯ지도 을지도")


def _dated(fact: Fact) -> bool:
    phrases = (*fact.bare, *(phrase for _, phrase in fact.others))
    return any(_DATE.fullmatch(word) for phrase in phrases for word in phrase.words)


_DATE = re.compile(r"(?:\d{1,2}월|\d{4}년|[0-3]?\d일)")


def _time_problem(claim: Fact, source: Fact) -> Finding | None:
    mine, theirs = _relative_times(claim), _relative_times(source)
    if mine and theirs and not mine & theirs:
        times = " ".join(sorted(mine))
        return veto(f"not when it was in the source: {times} ({claim.predicate})", "date", times)
    return None


def _amount_problem(claim: Fact, source: Fact) -> Finding | None:
    """Find 금리는 2.9%로 올랐다 where it rose to 4.5 %, and 2.9 % goes with another verb."""
    there = _amounts(source)
    for mine in _amounts(claim):
        if mine.unit == "year" and mine.value > _A_YEAR:
            continue  # a date
        rivals = [theirs for theirs in there if mine.unit and theirs.unit == mine.unit]
        if rivals and not any(mine.matches(theirs) for theirs in there):
            return of_something_else(f"{float(mine.value):g} {mine.unit}")
    return None


_A_YEAR = 1000


def _amounts(fact: Fact) -> set[Quantity]:
    phrases = [phrase for phrase in mentioned([fact]) if phrase not in fact.carried]
    return set().union(*(_quantities(str(phrase)) for phrase in phrases))


@lru_cache(maxsize=4096)
def _quantities(text: str) -> frozenset[Quantity]:
    return frozenset({*quantities(text), *(amount for _, amount in days_in_words(text))})


def _relative_times(fact: Fact) -> set[str]:
    return {
        canonical(word)
        for phrase in mentioned([fact])
        if phrase not in fact.carried
        for word in phrase.words
        if word in _DEICTIC
    }


@dataclass(frozen=True, slots=True)
class _Roles:
    """Fillers of the roles of a claim, by its source: the passive exchanges doer and patient."""

    subjects: list[Phrase]
    agents: list[Phrase]
    patients: list[Phrase]
    topics: list[Phrase]


def _roles(claim: Fact, source: Fact, stated: _Stated) -> _Roles:
    agents = _agents(source, stated)
    weak = [] if _speakers(source, stated) else source.weak
    subjects = [*source.subjects, *weak]
    patients = [*source.objects, *source.bare, *source.topics]
    topics = [] if _is_closed(source) else source.topics
    if claim.passive == source.passive and not _begins(claim, source):
        return _Roles(subjects, agents, patients, topics)
    # In the passive, the one that it is done to is the subject.
    if not source.passive:
        return _Roles([*source.objects, *source.topics, *source.bare], [], [], topics)
    doers = [phrase for role, phrase in source.others if role in {"by:to", "by:from"}]
    # 관계가 악화됐다 and 관계가 악화했다 say the same: no doer is named.
    return _Roles(
        [*doers, *([] if claim.objects else subjects)], doers, [*subjects, *source.bare], topics
    )


def _begins(claim: Fact, source: Fact) -> bool:
    """Whether the claim's subjects are what is done in the source: 관측이 시작했다."""
    return (
        (claim.predicate in _BOTH_WAYS or _becomes(claim, source))
        and not claim.objects
        and bool(claim.subjects)
        and all(holds(source.objects, phrase) for phrase in claim.subjects)
    )


def _role_problem(claim: Fact, source: Fact, stated: _Stated) -> Finding | None:
    """Compare who does it and to whom; a swap of known parties is a veto."""
    roles = _roles(claim, source, stated)
    found = _doer_as_patient(claim, source)
    if not found and claim.passive == source.passive:
        found = _one_for_both(claim, source, stated)
    if found:
        return found
    doer = _other_doer(claim, source, roles, stated)
    if doer and not _is_unnamed(doer):
        return doer
    return (
        _not_spoken_of(claim, source, stated)
        or _other_complement(claim, source)
        or _other_patient(claim, source, roles, stated)
        or doer
    )


def _doer_as_patient(claim: Fact, source: Fact) -> Finding | None:
    """Find who acts in the source as the one that it happens to: 경찰이 잡혔다."""
    becomes = _becomes(claim, source) and not _begins(claim, source) and not claim.passive
    for phrase in claim.subjects if becomes else ():
        if holds(source.own, phrase) and not holds(source.objects, phrase):
            return _exchanged(phrase, claim)  # 회사가 줄었다 for 회사는 매장을 줄였다
    turned = claim.passive != source.passive and claim.predicate in _TRANSITIVE
    for phrase in claim.subjects if turned and not claim.objects else ():
        # 경찰이 잡혔다 where the source has 경찰이 잡았다
        if holds(source.subjects, phrase) and not holds(source.objects, phrase):
            return _exchanged(phrase, claim)
    return None


def _other_doer(claim: Fact, source: Fact, roles: _Roles, stated: _Stated) -> Finding | None:
    """Find a subject that does not do it in the source; one that is only a pronoun there last."""
    unnamed: Finding | None = None
    subjects, agents, objects = roles.subjects, roles.agents, source.objects
    for phrase in claim.subjects:
        if phrase in claim.carried and len(claim.subjects) > len(claim.carried):
            continue
        candidates = [*subjects, *agents, *roles.topics] or source.bare
        beside = [p for p in source.bare if not is_pronoun(p)]
        if any(other is not phrase and holds(subjects, other) for other in claim.subjects):
            # 나루와 가람이 맺었다: both did it, as the claim says
            beside += [p for role, p in source.others if role == "by:and"]
        if _empty(phrase) or holds(beside, phrase) or _may_be(candidates, phrase):
            he = bool(candidates) and all(p.words in _HE for p in candidates)
            if he and not is_pronoun(phrase) and not stated.near(phrase):
                # Whoever 그 is, the sentences before it name him; a title alone does not.
                unnamed = doubt(f"{_UNNAMED}: {phrase} ({claim.predicate})")
            continue
        if phrase in claim.topics and holds(objects, phrase) and len(claim.subjects) > 1:
            continue  # MS는 딥시크 모델도 테스트한다: 도 marks an object, MS is the subject
        reason = f"not who did it in the source: {phrase} ({claim.predicate})"
        known = stated.knows(phrase) and (agents or holds(objects, phrase))
        return finding(reason, "role", str(phrase), final=bool(known))
    return unnamed


_UNNAMED = "not named before the pronoun"


def _is_unnamed(found: Finding) -> bool:
    return found.reason.startswith(_UNNAMED)


def _not_spoken_of(claim: Fact, source: Fact, stated: _Stated) -> Finding | None:
    """Find a topic that the source does not speak of."""
    anywhere = [*_agents(source, stated), *source.subjects, *source.objects, *source.topics]
    anywhere += [*source.bare, *([] if _speakers(source, stated) else source.weak)]
    # Where both leave the subject of a clause to the topic (안내하기로 했다), topics are compared.
    alike = bool(source.weak) and claim.ending == source.ending
    for phrase in claim.topics:
        if claim.weak and (not alike or is_pronoun(phrase) or stated.has(phrase)):
            continue
        if source.topics and not holds(anywhere, phrase):
            reason = f"not what the source speaks of: {phrase} ({claim.predicate})"
            # 상품은 행선지가 바뀌었다 for 상품의 행선지를 바꿨다
            turned = claim.passive != source.passive and stated.has(phrase)
            return finding(reason, "role", str(phrase), final=stated.knows(phrase) and not turned)
    return None


def _other_complement(claim: Fact, source: Fact) -> Finding | None:
    """Find what something is said to be and is not in the source."""
    if not (claim.copula and source.copula and source.bare):
        return None
    for phrase in claim.bare:
        if _opposite(source.bare, phrase):
            reason = f"it is the opposite in the source: {phrase} {claim.predicate}"
            return veto(reason, "negation", claim.predicate)
        if not holds(source.bare, phrase):
            return doubt(f"not what it is in the source: {phrase} {claim.predicate}")
    return None


def _other_patient(claim: Fact, source: Fact, roles: _Roles, stated: _Stated) -> Finding | None:
    """Find an object that it is not done to in the source."""
    for phrase in claim.objects:
        if not _unmeasured(phrase.words):
            continue
        acts = not holds(roles.patients, phrase) and holds([*source.own, *source.weak], phrase)
        if acts and claim.passive == source.passive and claim.subjects:
            return _exchanged(phrase, claim)
        if source.objects and not holds(roles.patients, phrase):
            reason = f"not what it was done to in the source: {phrase} ({claim.predicate})"
            other = _rival_names(source.objects, phrase, stated) and not stated.mentions(phrase)
            return finding(reason, "role", str(phrase), final=other)
    return None


_HE = frozenset((word,) for word in ["그", "그녀", "그들"])
# Who does it is not who it is done to, also where no other party is named.
_TRANSITIVE = frozenset(VOICES.values())
# Verbs whose subject may be what is done: 관측이 시작했다 for 관측을 시작했다.
_BOTH_WAYS = listed("시작 종료 마무리 개막 폐막 개장 폐장 출범 중단 재개 멈추 그치 확대 이동 통과")


def _other_topic(claim: Fact, source: Fact, stated: _Stated) -> Finding | None:
    """Find 시장은 받겠다고 했다 where the source has 구청은 안내하기로 했다."""
    theirs = [*source.subjects, *source.topics]
    for phrase in claim.topics:
        if (
            source.topics
            and not (_empty(phrase) or is_pronoun(phrase) or stated.has(phrase))
            and not _may_be(theirs, phrase)
        ):
            reason = f"not what the source speaks of: {phrase} ({claim.predicate})"
            return finding(reason, "role", str(phrase), final=stated.knows(phrase))
    return None


def _exchanged(phrase: Phrase, claim: Fact) -> Finding:
    return veto(f"roles are exchanged: {phrase} ({claim.predicate})", "role", str(phrase))


def _agents(fact: Fact, stated: _Stated) -> list[Phrase]:
    """Return who may have done it: the clause's own subjects, or those that it may drop.

    Korean drops a subject that the sentence's topic, an earlier clause or an earlier sentence
    has named.
    """
    if _is_closed(fact) and all(is_pronoun(phrase) for phrase in fact.subjects):
        return list(fact.subjects)  # 등번호는 그가 달았던 41번이다: the topic is of the sentence
    own = [phrase for phrase in fact.own if not _empty(phrase)]
    if own and not all(is_pronoun(phrase) for phrase in own):
        return [*own, *fact.topics, *fact.weak, *_meant(own, fact, stated)]
    if speakers := _speakers(fact, stated):
        return [*speakers, *_meant(speakers, fact, stated)]
    here, earlier = stated.before(fact)
    known = [*own, *fact.topics, *fact.weak, *fact.carried, *here]
    settled = fact.topics or (fact.carried and fact.firm)
    return known if settled else [*known, *earlier]


def _is_closed(fact: Fact) -> bool:
    """Whether ``fact`` is a relative or nominal clause that names its own subject."""
    return fact.ending in {"ETM", "ETN"} and bool(fact.subjects)


def _speakers(fact: Fact, stated: _Stated) -> list[Phrase]:
    """Return the parties that a topic names as those who say something, if ``fact`` is saying so.

    최 교수는 박 시장이 위험하다고 말했다: of whom it is said is not the one who says so.
    """
    if fact.predicate not in _SAYING:
        return []
    return [p for p in fact.topics if _named(p, stated) or _PARTY.search(p.words[-1])]


def _meant(own: Sequence[Phrase], fact: Fact, stated: _Stated) -> list[Phrase]:
    """Return the one party of the sentences before that 회사는 can mean, if there is only one."""
    if not all(phrase.words in _GENERIC for phrase in own):
        return []
    _, earlier = stated.before(fact)
    named = [p for p in earlier if _named(p, stated)]
    return named if named and all(_same(p, named[0]) for p in named) else []


_GENERIC = frozenset(
    (word,) for word in ["회사", "업체", "기업", "구단", "연구팀", "연구진", "단체", "기관"]
)


def _actors(texts: Sequence[Analysed]) -> list[Phrase]:
    return [p for text in texts for fact in text.narrated for p in (*fact.own, *fact.topics)]


def _opposite(phrases: Sequence[Phrase], wanted: Phrase) -> bool:
    """Whether one of ``phrases`` is ``wanted`` with or without a prefix that reverses it."""
    mine = wanted.words[-1]
    return any(
        (other != mine and (other[1:] == mine and other[0] in REVERSING))
        or (mine[1:] == other and mine[0] in REVERSING)
        for phrase in phrases
        for other in phrase.words
        if len(other) > 1
    )


def _may_be(candidates: Sequence[Phrase], wanted: Phrase) -> bool:
    """Whether ``wanted`` is one of ``candidates``, or all of these are pronouns."""
    named = [phrase for phrase in candidates if not is_pronoun(phrase)]
    return holds(named, wanted) if named else True


# Words that may stand for any party that was named before.
_ANY_PARTY = listed(
    "회사 기업 업체 측 관계자 당국 연구팀 연구진 팀 단체 기관 조합 그룹 구단 학교 은행 사람 "
    "이들 정부 업계 전문가 기사 당사자 본인 양측 국가 지역 주민 시민 노조 경찰 검찰 재판부 "
    "사고 사건 계획 제품 서비스 행사 조치 결과"
)
# The last syllables of words for those who act: 기상청, 시의회, 노동조합, 수집가.
_PARTY = re.compile(
    r"(?:청|회|국|부|원|단|단체|팀|사|자|인|장|관|당|조합|정부|은행|그룹|노조|교수|가|씨|군|양|소|서|처|대|교|센터|민)$"
)
_TITLE = listed(
    "씨 군 양 대표 이사 총리 대통령 디렉터 감독 선수 코치 박사 작가 매니저 피디 셰프 대위 상병"
)
_BOTH = listed("양측 양사 서로 쌍방 양국 양자 둘 피차")


def _one_for_both(claim: Fact, source: Fact, stated: _Stated) -> Finding | None:
    """A single name in place of 양측 or 두 회사 is not who did it."""
    plural = [p for p in source.own if p.words[0] in _BOTH or p.words[0] == "두"]
    named = [p for p in claim.subjects if not is_pronoun(p) and _named(p, stated)]
    if plural and len(plural) == len(source.own) and len(named) == 1 == len(claim.subjects):
        reason = f"both did it in the source: {named[0]} ({claim.predicate})"
        return veto(reason, "role", str(named[0]))
    return None


def _rival_names(phrases: Sequence[Phrase], wanted: Phrase, stated: _Stated) -> bool:
    """Whether ``wanted`` is a name where the source has another party in the same role."""
    return _named(wanted, stated) and any(_unmeasured(phrase.words) for phrase in phrases)


def _side_problem(claim: Fact, source: Fact, stated: _Stated) -> Finding | None:
    """Compare to whom, from whom and with whom."""
    for role, phrase in claim.others:
        if role not in {"by:to", "by:from", "by:and"} or claim.passive != source.passive:
            continue
        same = [other for kind, other in source.others if kind == role]
        if holds(same, phrase) or holds(source.objects, phrase):
            continue
        if role == "by:and":
            if same and not holds([*source.subjects, *source.weak, *source.bare], phrase):
                reason = f"not with whom in the source: {phrase} ({claim.predicate})"
                final = _rival_names(same, phrase, stated)
                return finding(reason, "role", str(phrase), final=final)
            continue
        acts = holds([*source.own, *source.weak], phrase)
        if acts or (same and holds(stated.agents, phrase)):
            return _exchanged(phrase, claim)
        if same and _rival_names(same, phrase, stated):
            reason = f"not to or from whom in the source: {phrase} ({claim.predicate})"
            return veto(reason, "role", str(phrase))
    return None


def holds(phrases: Iterable[Phrase], wanted: Phrase) -> bool:
    """Whether one of ``phrases`` may be ``wanted``; a pronoun may be anybody."""
    if is_pronoun(wanted):
        return True
    return any(is_pronoun(phrase) or _same(phrase, wanted) for phrase in phrases)


def _same(one: Phrase, other: Phrase) -> bool:
    if one.owners and other.owners and not _overlap(one.owners, other.owners):
        return False
    mine, theirs = _unmeasured(one.words), _unmeasured(other.words)
    if len(mine) > 2 and len(theirs) > 2 and mine[-2:] == theirs[-2:]:
        return True  # 축구단 해담 유나이티드, 프로축구 해담 유나이티드
    if not mine or not theirs:
        amounts = _quantities(str(one)) & _quantities(str(other))
        return bool(amounts or set(one.words) & set(other.words))
    return _overlap(mine, theirs)


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
        if not any(_same_predicate(fact, one) or _share_arguments(fact, one) for one in done):
            reason = f"not said to be done already: {fact.predicate}"
            return veto(reason, "certainty", morpheme.form)
    return None


_ALREADY = frozenset({"이미", "벌써"})


def planned(claim: Analysed, sources: Sequence[Analysed]) -> bool:
    """Whether a source states as settled and still to come what ``claim`` calls a plan.

    시위할 예정이다 says no more than 오는 20일 시위를 벌인다, or 시위하기로 했다.
    """
    plans = [fact for fact in claim.narrated if fact.unreal]
    return any(
        (other.decided or (not other.past and not other.unreal and _TO_COME.search(source.text)))
        and any(_same_predicate(fact, other) for fact in plans)
        for source in sources
        for other in source.narrated
    )


def _unmeasured(words: tuple[str, ...]) -> tuple[str, ...]:
    """Without times and amounts, which are compared elsewhere: 2023년 11월 앨트먼, 배 여섯 척."""
    return tuple(
        word
        for at, word in enumerate(words)
        if word not in TIME
        and word not in _SPANS
        and not _digits(word)
        and not (word in NATIVE or (at and words[at - 1] in NATIVE))
        and not (at and word in _OF_MONTHS and words[at - 1] in _WHICH)
        # 3만 2천 명: its counter
        and not (at and is_unit(word) and _digits(words[at - 1]))
    )


def _digits(word: str) -> bool:
    return any(char.isdigit() for char in word)


_WHICH = listed("지난 이번 다음")
_OF_MONTHS = listed("달 주 해")
_SPANS = listed("중 가운데 하루 이틀 사흘 나흘 매일 매주 매달 매년 연간 월 연 평균 총 약 한해 한달")


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    mine, theirs = _keys(one), _keys(other)
    if mine <= theirs or theirs <= mine:
        return True
    left, right = "".join(one), "".join(other)
    short, long = sorted((left, right), key=len)
    # 영리 is the end of 비영리 and its opposite.
    return long.startswith(short) or (long.endswith(short) and len(long) - len(short) > 1)


_COMMITTEE = 3  # letters of 위원회


def _keys(words: tuple[str, ...]) -> set[str]:
    keys: set[str] = set()
    for word in words:
        names = canonical_names(word)
        # 법사위 is short for 법사위원회.
        word = (
            word.removesuffix("원회")
            if len(word) > _COMMITTEE and word.endswith("위원회")
            else word
        )
        keys |= names if names and word == word.strip() and len(names) == 1 else {canonical(word)}
    return keys


def misattributed_quotation(claim: Analysed, sources: Sequence[Analysed]) -> Finding | None:
    """Find the speaker of ``claim`` who is not the speaker of that quotation in the source."""
    for quote in quotations.quotations(claim.text):
        said = _telling(claim, quote)
        if said is None or len(quote) < quotations.SPEECH_CHARS:
            continue
        tellings = [fact for source in sources if (fact := _telling(source, quote))]
        for phrase in said.subjects:
            speakers = [
                [*fact.subjects, *fact.topics, *fact.weak] for fact in tellings if fact.subjects
            ]
            if speakers and not any(holds(names, phrase) for names in speakers):
                reason = f"not who said it in the source: {phrase}"
                return veto(reason, "role", str(phrase))
    return None


def _telling(text: Analysed, quote: str) -> Fact | None:
    """The first predicate of the narration behind ``quote``."""
    wanted = fold(quote)[-quotations.SPEECH_CHARS :]
    at = text.text.casefold().find(wanted)
    if at < 0:
        return None
    end = at + len(wanted)
    return next((fact for fact in text.narrated if fact.start >= end), None)
