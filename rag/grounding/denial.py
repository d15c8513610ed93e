"""Denial rules: nothing is affirmed that the source denies or undoes, or the reverse."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from geungeo.rag.grounding.certainty import CONSIDERED, leaves_open
from geungeo.rag.grounding.stated import (
    LIGHT,
    MISSING_FOR_IDENTITY,
    REPORTING,
    SAYING,
    Stated,
    claimed,
    has_opposite,
    holds,
    is_empty,
    limited,
    main_fact,
    same_phrase,
    same_predicate,
    share_arguments,
    unmeasured,
)
from geungeo.rag.grounding.words import Finding, finding, veto
from geungeo.rag.language import quotations
from geungeo.rag.language.analysis import Analysed
from geungeo.rag.language.clauses import Fact, Phrase, mentioned
from geungeo.rag.language.numbers import quantities, stated_quantities
from geungeo.rag.language.reckoning import reckoned
from geungeo.rag.language.vocabulary import canonical
from geungeo.rag.text import fold, listed

# What these govern did not happen.
_UNDOING = listed(
    "멈추 중단 취소 포기 실패 거부 거절 반대 금지 막 철회 기각 파기 무산 부인 면하 피하 보류 연기 "
    "일축"
)
# To stop a thing is to do this to it: 경쟁을 막았다, 경쟁을 해쳤다.
_HARMING = listed("해치 저해 방해 가로막 훼손 침해 억누르 제한 위축 꺾 흔들 떨어뜨리 늦추 줄이")
_AGAIN = listed("다시 재개 재가동")
# 문제가 되지 않는다, 크지 않다: what they deny is in the words beside them.
EMPTY_DENIAL = listed(
    "드물 적 크 많 되 어렵 부족 그렇 이렇 편 편하 쉽 좋 위태 위험 심하 심각 다르 간단 순탄 만만 "
    "마땅 알"
)
_MEASURING = listed("넘 넘기 미치 지나 되 걸리 웃돌")
_EXCEEDED = re.compile(r"넘|돌파|초과|웃도|웃돌|이상|육박")
_NEGATIVE = listed(
    "거절 거부 부인 제외 배제 중단 취소 실패 부족 미흡 금지 반대 철회 무산 보류 포기 외면 "
    "없 아니 못 모르 어렵 불가능 무관 결렬 미루 미정 안 비공개 미지수 무료 공짜 피하 기각 "
    "실직 쉬 멈추 면하 그치 끊기 모자라 부결 끝나 사라지 잃 빼 줄 낮 적 막 그만두 무시 침묵 "
    "미달 무효"
)
# Predicates that say nothing alone: 것이다.
_SAYING_NOTHING = LIGHT | MISSING_FOR_IDENTITY | {"있"}
# Where these are, a denial in other words may be meant: 회수하지 않는다 for 회수에서 빠졌다.
_IMPLYING = _NEGATIVE | listed(
    "빠지 어긋나 어기 위반 꺼지 싫 싫어하 꺼리 물리치 뿌리치 다르 달라지 갈리 동결 유지 "
    "여전 뿐 불과 잠기 놓치 벗어나 바람맞 무겁 무단 차단 폐지 폐쇄 탈락 "
    "패 늦 미뤄지 밀리 막히 사양 결항 유찰 낙선 불참 결석 파행"
)


def opposite_of_its_kind(claim: Analysed, stated: Stated) -> list[Finding]:
    """Find 영리 단체 where the source has 비영리 단체: the opposite before the same noun."""
    there = [p for p in mentioned(stated.spoken) if len(p.words) > 1]
    found: list[Finding] = []
    for phrase in mentioned(claim.facts):
        if (
            len(phrase.words) < 2
            or len(phrase.words[-1]) < 2
            or is_empty(Phrase(phrase.words[-1:]))
        ):
            continue
        for other in there:
            pairs = [(m, t) for m, t in zip(phrase.words, other.words, strict=False) if m != t]
            if len(phrase.words) == len(other.words) and len(pairs) == 1:
                [(mine, theirs)] = pairs
                if has_opposite([Phrase((theirs,))], Phrase((mine,))) and not stated.says(phrase):
                    reason = f"it is the opposite in the source: {phrase}"
                    found.append(veto(reason, "negation", str(phrase)))
    return found


def undone_in_source(claim: Analysed, stated: Stated) -> list[Finding]:
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
        and fact.predicate not in _NEGATIVE | _HARMING
        and fact.ending not in {"ETM", "ETN"}
        for phrase in fact.objects
        if phrase.words[-1] in undone - kept
    ]


_FIRST = re.compile(r"처음(?!부터|에는|엔)|최초|사상 첫|유례없|전례 없")
_BEFORE = re.compile(
    r"전에도|과거에도|예전에도|여러\s?(?:번|차례)|수차례"
    r"|(?:두|세|네|\d+)\s?(?:번|차례)(?:나|째|이나)|또다시|재차|거듭"
)


def first_and_again(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
    """Find 처음이다 where the source says that it happened before, or the reverse."""
    source = " ".join(text.text for text in sources)
    for mine, theirs in ((_FIRST, _BEFORE), (_BEFORE, _FIRST)):
        said, stated = mine.search(claim.text), theirs.search(source)
        both = mine.search(source) or theirs.search(claim.text)
        if said and stated and not both:
            reason = f"the opposite is in the source: {stated[0]}"
            return [veto(reason, "negation", said[0], found=stated[0])]
    return []


_NOT_BUT = re.compile(
    r"(?P<no>[가-힣A-Za-z0-9]+?)(?:이|가|은|는)?\s아니라\s(?P<but>[가-힣A-Za-z0-9]+?)"
    r"(?:이|가|을|를|에|로|으로|부터|에서|에게)?(?=[\s,.])"
)


def denied_alternative(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
    """Find 감독이 사과했다 where the source has 감독이 아니라 단장이 사과했다."""
    main = claimed(claim.narrated)
    if main is None or main.denied or "아니" in claim.text:
        return []
    for source in sources:
        for match in _NOT_BUT.finditer(source.text):
            no, but = fold(match["no"]), fold(match["but"])
            after = [fact for fact in source.narrated if fact.start >= match.end("but")]
            if (
                no in claim.squeezed
                and but not in claim.squeezed
                and any(same_predicate(main, fact) and not fact.denied for fact in after)
            ):
                reason = f"the source says not this but {but}: {no}"
                return [veto(reason, "negation", no, found=but)]
    return []


def said_otherwise(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
    """Find 판다고 말했다 where the source has “팔지 않는다”, or the reverse.

    What someone says is denied or not, in a quotation and outside, as what is so.
    """
    there = [pair for source in sources for pair in with_denial(source.facts)]
    some = frozenset[str]().union(*(limited(source) for source in sources))
    found: list[Finding] = []
    for fact, denied in with_denial(claim.facts):
        if fact in claim.narrated and fact.ending not in {"quote", "ETM", "ETN"}:
            continue  # compared with what the source narrates
        same = [(f, no) for f, no in there if _says_the_same_of(fact, f)]
        only = denied and canonical(fact.predicate) in some
        if same and all(no != denied for _, no in same) and not only:
            reason = f"the opposite is said in the source: {fact.predicate}"
            found.append(veto(reason, "negation", fact.predicate))
    return found


def saying_denied(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
    """Find “…”라고 하지 않았다 where someone says these words in the source."""
    main = main_fact(claim.narrated)
    if main is None or not main.denied or not _is_saying(main):
        return []
    words = [quotations.comparable(quote) for quote in quotations.quotations(claim.text)]
    for source in sources:
        said = quotations.comparable(source.text)
        speakers = [p for fact in source.narrated if _is_saying(fact) for p in fact.subjects]
        hers = not speakers or any(holds(speakers, phrase) for phrase in main.subjects)
        if hers and any(quote and quote in said for quote in words):
            if any(fact.denied for fact in source.narrated):
                continue
            reason = f"it denies what the source affirms, or the reverse: {main.predicate}"
            return [veto(reason, "negation", main.predicate)]
    return []


def _is_saying(fact: Fact) -> bool:
    return fact.predicate in SAYING | REPORTING | {"하"}


def _says_the_same_of(fact: Fact, other: Fact) -> bool:
    deed = _deed(fact)
    if deed in _SAYING_NOTHING or canonical(deed) != canonical(_deed(other)):
        return False
    mine, theirs = (
        [p for p in (*f.objects, *f.bare, *f.own) if not is_empty(p) and unmeasured(p.words)]
        for f in (fact, other)
    )
    if fact.predicate != other.predicate and {deed} & {fact.predicate, other.predicate}:
        return True  # 변명을 하다, 변명하다
    if fact.ending == "ETM" and _is_of_another(fact, other):
        return False
    if len(deed) == 1 and fact.ending in {"ETM", "ETN"} and not (mine and theirs):
        return False  # 가, 듣, 쉬: many things are done so
    return not mine or not theirs or share_arguments(fact, other)


def _is_of_another(clause: Fact, other: Fact) -> bool:
    """Whether a relative clause speaks of another thing than ``other``, or of it in another role.

    신입을 키운 회사 is not about 액수를 키우다, AI가 쓴 코드 not about AI를 쓰다.
    """
    done = [p for p in clause.objects if not is_empty(p)]
    if not done and clause.head and not is_empty(clause.head):
        done = [p for p in [clause.head] if p.words[-1] not in _MANNERS]
    theirs = [p for p in other.objects if not is_empty(p)]
    if done and theirs:
        return not any(same_phrase(p, q) for p in done for q in theirs)
    return any(holds(theirs, p) and not holds(other.own, p) for p in clause.own)


_MANNERS = listed(
    "방법 이유 때 날 계획 방안 생각 뜻 길 근거 사람 이 전 뒤 후 동안 수 경우 만큼 정도"
)


def _deed(fact: Fact) -> str:
    """Return what is done: the predicate, or the object of 하다 (변명을 하다)."""
    if fact.predicate == "하" and len(fact.objects) == 1:
        return fact.objects[0].words[-1]
    return fact.predicate


def with_denial(facts: Sequence[Fact]) -> Iterator[tuple[Fact, bool]]:
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
            # 줄이는 판국에 염치가 없다 denies the 염치
            and not (around.own and any(phrase == fact.head for _, phrase in around.others))
        )
        outer = outer or (
            around is not None
            and fact.ending == "ETN"
            and around.predicate in _UNWILLING
            and not around.denied
        )
        yield fact, fact.denied != outer


_NOTHING = {"ETM": listed("있 아니 없"), "EC": listed("되")}
_UNWILLING = listed("싫 싫어하 꺼리 거부")  # 가두기 싫다
_NEAR_DENIAL = 16  # characters from the verb to the denial


def there_is_none(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
    """Find 상관있다 where the source has 상관없다, or the reverse."""
    source = " ".join(text.text for text in sources)
    for match in _BEING.finditer(claim.text):
        what, being = match["what"], match["being"]
        other = "없" if being == "있" else "있"
        stem = rf"(?<![가-힣]){re.escape(what)}(?:이|가|은|는|도)?\s?"
        if (
            re.search(stem + other + _STATEMENT, source)
            and not re.search(stem + being, source)
            and not re.search(stem + other, claim.text)
        ):
            reason = f"the opposite is in the source: {what} {other}다"
            return [veto(reason, "negation", f"{what} {being}", found=f"{what} {other}")]
    return []


# 위험이 없지 않다 and 없다고 보기 어렵다 say that there is one.
# Nor does a question (왜 필요가 있느냐).
_STATEMENT = (
    r"(?!느냐|는가|나\b|겠|지(?:는|도|만은)?\s?않|다고(?:는)?\s?(?:볼|할|보기|하기)"
    r"|을\s?수\s?(?:는\s?)?없)"
)
_BEING = re.compile(r"(?<![가-힣])(?P<what>[가-힣]{2,6}?)(?:이|가|은|는|도)?\s?(?P<being>[있없])")


def speaker_differs(
    claim: Fact, stated: Stated, reported: Sequence[Fact], own: Sequence[Fact]
) -> Finding | None:
    """Find what a speaker affirms, denies or leaves open, stated otherwise."""
    affirmed = [f for f in reported if not f.asked and f.predicate not in _SAYING_NOTHING]
    if not affirmed:
        return None
    denied = [fact for fact, no in with_denial(stated.spoken) if no]
    if claim.denied and not any(fact in denied for fact in affirmed):
        reason = f"the speaker affirms it in the source: {claim.predicate}"
        return veto(reason, "negation", claim.predicate)
    if claim.ending not in {"ETM", "ETN"} and all(leaves_open(claim, f) for f in affirmed):
        reason = f"the speaker leaves open whether: {claim.predicate}"
        return veto(reason, "certainty", claim.predicate)
    if all(fact in denied for fact in affirmed) and claim not in own:
        reason = f"the speaker denies it in the source: {claim.predicate}"
        return veto(reason, "negation", claim.predicate)
    return None


def denied_only_here(claim: Fact, stated: Stated, reported: Sequence[Fact]) -> Finding | None:
    """Find a denial that no source has."""
    if not claim.denied:
        return None
    denied = [fact for fact, no in with_denial(stated.spoken) if no]
    if any(
        (fact.denied and share_arguments(claim, fact))
        or (fact in denied and _says_the_same_of(claim, fact))
        for fact in (*stated.narrated, *reported)
    ):
        return None
    reason = f"it denies what the source does not deny: {claim.predicate}"
    # 감독이 아니라 단장이 책임진다 denies no more than that another one does.
    contrast = claim.copula and claim.ending in {"EC", "ETM"}  # 온빛이 아닌 업체
    contrast = contrast or claim.predicate in EMPTY_DENIAL
    again = [
        f for f in stated.spoken if f.predicate not in _SAYING_NOTHING and same_predicate(claim, f)
    ]
    if again and not any(fact in denied or fact.denied for fact in again):
        # said in a question or a quotation
        final = not contrast and claim.predicate not in stated.limited
    else:
        # 가입하지 못한다, where the source has 가입 대상. Of a word that it lacks only the meaning
        # says whether it denies it, too: 전기를 쓰지 못했다 for 정전을 겪었다.
        named = len(claim.predicate) > 1 and fold(claim.predicate) in stated.own
        named = named or claim.predicate in _MEASURING
        final = named and not contrast and not may_deny(stated.spoken, stated.own)
        final = final and not _bounds_an_amount(claim, stated)
    return finding(reason, "negation", claim.predicate, final=final, lacking=True)


def _bounds_an_amount(claim: Fact, stated: Stated) -> bool:
    """Whether a denial says that an amount of the source is not larger: 60달러를 넘지 않는다."""
    if claim.predicate not in _MEASURING or _EXCEEDED.search(stated.own):
        return False
    bounds = {one for phrase in mentioned([claim]) for one in quantities(" ".join(phrase.words))}
    there = stated_quantities(stated.own)
    return any(
        one.unit == other.unit and one.unit and other.value <= one.value
        for one in bounds
        for other in there
    ) or (bool(bounds) and bool(reckoned(stated.claim, stated.own)))


def not_done_to_noun(claim: Fact, stated: Stated, said: frozenset[str]) -> Finding | None:
    """Find what the source denies, undoes or considers as a noun: 운항했다 for 운항을 멈췄다."""
    wanted = Phrase((claim.predicate,))
    noun = wanted.words[0]
    for fact in stated.narrated:
        headed = any(p.words[-1] == noun for p in (*fact.subjects, *fact.objects))
        # 매각하라는 요구
        spoken_of = claim.ending in {"ETM", "ETN"} or claim.ending_form.endswith("는")
        if headed and fact.denied and not (claim.copula or claim.denied or spoken_of):
            return veto(f"the source denies {wanted}", "negation", str(wanted))
        governed = [*fact.objects, *(fact.subjects if fact.passive else [])]
        undone = fact.predicate in _UNDOING and canonical(fact.predicate) not in said
        undone = undone and not said & _AGAIN
        considered = fact.predicate in CONSIDERED and canonical(fact.predicate) not in said
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
            and claim.predicate in LIGHT
            and any(phrase.words[-1] == fact.predicate for phrase in nominal)
        ):
            reason = f"it affirms what the source denies: {fact.predicate}"
            return veto(reason, "negation", fact.predicate)
    return None


# Adverbs with which a source says that something did not change or was not so before.
_UNCHANGED = re.compile(
    r"그대로|여전히|아직|대신|(?:년|달|개월|주|일) 만(?:에|의|이)|뿐이|거꾸로|반면"
)


def denies_anything(stated: Stated) -> bool:
    """Whether the sources deny, refuse or ask in vain (왜 굳이 …) anything at all."""
    return says_no(stated.spoken, _NEGATIVE)


def may_deny(facts: Sequence[Fact], text: str) -> bool:
    """Whether a denial in other words may be meant by one of the ``facts`` of ``text``."""
    return says_no(facts, _IMPLYING) or _UNCHANGED.search(text) is not None


def says_no(facts: Sequence[Fact], words: frozenset[str]) -> bool:
    """Whether one of ``facts`` is denied, asked in vain, or said with one of ``words``."""
    return any(
        fact.denied
        or fact.asked
        or fact.predicate in words
        # 낮 and 막 are also other nouns
        or any(w in words and len(w) > 1 for phrase in mentioned([fact]) for w in phrase.words)
        for fact in facts
    )
