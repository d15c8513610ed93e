"""Fact rules: same doer, same target, as sure, not denied, said by the same speaker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from geungeo.rag.language import quotations
from geungeo.rag.language.analysis import Analysed
from geungeo.rag.language.clauses import TIME, Fact, Phrase, is_pronoun, mentioned
from geungeo.rag.language.numbers import NATIVE, Quantity, quantities
from geungeo.rag.language.vocabulary import canonical, canonical_names
from geungeo.rag.text import fold, listed

# What these govern did not happen.
_UNDOING = listed(
    "멈추 중단 취소 포기 실패 거부 거절 반대 금지 막 철회 기각 파기 무산 부인 면하 피하 보류 연기"
)
# They hold a sentence together and state nothing themselves.
_DEICTIC = listed("올해 지난해 작년 내년 오늘 어제 내일 지난달 이달 금년")
_MISSING_FOR_IDENTITY = listed("것 중 때문 수 점 바 적 정도 뿐 편 셈 예정 계획 전망 방침 상황")
_REPORTING = listed(
    "말 발표 주장 비판 우려 전망 요청 요구 지적 평가 분석 반박 진술 약속 자신 경고 해명 일축"
)
# Comparisons and companions: the same one must stand in the source.
_EXACT = frozenset({"by:보다", "by:만큼", "by:처럼"})
_LIGHT = listed("하 되 대하 위하 관하 따르 의하 인하 통하 이루어지 가지 알려지")


def mismatches(claim: Analysed, sources: Sequence[Analysed]) -> list[str]:
    """For each fact of ``claim`` that no source states, the reason of the nearest one."""
    told = [fact for source in sources for fact in source.narrated]
    spoken = [fact for source in sources for fact in source.facts]
    means = [p for fact in told for role, p in fact.others if role == "by:with"]
    purposes = [p for fact in told for role, p in fact.others if role == "by:위하"]
    actors = [p for fact in told for p in (*fact.subjects, *fact.topics)]
    named = [*actors, *(p for fact in told for p in fact.objects)]
    reported = _reports(claim)
    reasons: list[str] = []
    for fact in claim.narrated:
        for role, phrase in fact.others:
            if role == "by:with" and holds(named, phrase) and not holds(means, phrase):
                reasons.append(f"not a means or cause in the source: {phrase}")
            same = [p for other in told for r, p in other.others if r == role]
            if role in _EXACT and not holds(same, phrase):
                reasons.append(f"no such comparison in the source: {phrase}")
            if role == "by:위하" and purposes and not holds(purposes, phrase):
                reasons.append(f"not the purpose in the source: {phrase}")
        near = [other for other in told if _same_predicate(fact, other)]
        if not near and fact.predicate not in _LIGHT:
            near = [other for other in spoken if _same_predicate(fact, other)]
            if near and not reported:
                reasons.append(f"only somebody quoted says so in the source: {fact.predicate}")
                continue
        if not near:
            # A noun in the source, or missing: then the word cover says so.
            problem = _nominal_problem(fact, told, claim.forms)
            reasons.extend([problem] if problem else [])
            continue
        problems = [_problem(fact, other, actors) for other in near]
        if all(problems):
            reasons.append(str(min(filter(None, problems), key=len)))
    return reasons


def _reports(claim: Analysed) -> bool:
    """Whether ``claim`` leaves what it tells to somebody who said it."""
    return len(claim.outside) < len(claim.morphemes) or any(
        canonical(fact.predicate) in _REPORTING or fact.ending == "quote" for fact in claim.narrated
    )


def _nominal_problem(claim: Fact, told: Sequence[Fact], said: frozenset[str]) -> str | None:
    """운항했다 where the source has 운항을 멈췄다; or a denial of what no predicate states."""
    if claim.denied:
        return f"it denies what the source does not deny: {claim.predicate}"
    wanted = Phrase((claim.predicate,))
    for fact in told:
        headed = any(p.words[-1] == wanted.words[0] for p in (*fact.subjects, *fact.objects))
        if headed and fact.denied and not claim.copula:
            return f"the source denies {wanted}"
        governed = [*fact.objects, *(fact.subjects if fact.passive else [])]
        undone = fact.predicate in _UNDOING and canonical(fact.predicate) not in said
        if undone and any(phrase.words[-1] == wanted.words[0] for phrase in governed):
            return f"the source says {wanted} {fact.predicate}"
    if claim.copula and claim.subjects and not _identified(claim, told):
        return f"the source does not say that this is {wanted}"
    return None


def _identified(claim: Fact, told: Sequence[Fact]) -> bool:
    """주장 김하늘 says that 김하늘 is 주장; numbers are judged elsewhere."""
    what = claim.predicate
    if any(char.isdigit() for char in what) or what in _MISSING_FOR_IDENTITY:
        return True
    if any(char.isdigit() for phrase in claim.bare for word in phrase.words for char in word):
        return True
    for phrase in mentioned(told):
        together = (*phrase.owners, *phrase.words)
        if any(what in word for word in together) and any(
            subject.words[-1] in together for subject in claim.subjects
        ):
            return True
    return any(
        holds([*fact.subjects, *fact.topics, *fact.objects], subject)
        and any(role == "by:with" and what in phrase.words for role, phrase in fact.others)
        for fact in told
        for subject in claim.subjects
    )


def _same_predicate(one: Fact, other: Fact) -> bool:
    if canonical(one.predicate) == canonical(other.predicate):
        return True
    return (
        len(one.predicate) > 1
        and len(other.predicate) > 1
        and (one.predicate.endswith(other.predicate) and one.copula and other.copula)
    )


def _problem(claim: Fact, source: Fact, actors: Sequence[Phrase]) -> str | None:
    if claim.denied != source.denied:
        return f"it denies what the source affirms, or the reverse: {claim.predicate}"
    if source.unreal and not claim.unreal and canonical(claim.predicate) not in _LIGHT:
        return f"it is surer than the source: {claim.predicate}"
    if claim.predicate in _LIGHT:
        return None
    return (
        _role_problem(claim, source)
        or _side_problem(claim, source, actors)
        or _time_problem(claim, source)
        or _amount_problem(claim, source)
    )


def _time_problem(claim: Fact, source: Fact) -> str | None:
    mine, theirs = _relative_times(claim), _relative_times(source)
    if mine and theirs and not mine & theirs:
        return f"not when it was in the source: {' '.join(sorted(mine))} ({claim.predicate})"
    return None


def _amount_problem(claim: Fact, source: Fact) -> str | None:
    """금리는 2.9%로 올랐다 where it rose to 4.5 %, and 2.9 % stands beside another verb."""
    told = _amounts(source)
    for mine in _amounts(claim):
        rivals = [theirs for theirs in told if mine.unit and theirs.unit == mine.unit]
        if rivals and not any(mine.matches(theirs) for theirs in told):
            return f"number belongs to something else: {float(mine.value):g} {mine.unit}"
    return None


def _amounts(fact: Fact) -> set[Quantity]:
    phrases = [phrase for phrase in mentioned([fact]) if phrase not in fact.carried]
    return set().union(*(_quantities(str(phrase)) for phrase in phrases))


@lru_cache(maxsize=4096)
def _quantities(text: str) -> frozenset[Quantity]:
    return frozenset(quantities(text))


def _relative_times(fact: Fact) -> set[str]:
    return {
        canonical(word)
        for phrase in mentioned([fact])
        if phrase not in fact.carried
        for word in phrase.words
        if word in _DEICTIC
    }


def _role_problem(claim: Fact, source: Fact) -> str | None:
    subjects, objects = [*source.subjects, *source.weak], source.objects
    anywhere = [*subjects, *objects, *source.topics, *source.bare]
    if claim.passive != source.passive:
        # What was done to A is A's part in the passive.
        doers = [phrase for role, phrase in source.others if role in {"by:to", "by:from"}]
        if source.passive:
            subjects, objects = doers, [*subjects, *source.bare]
        else:
            subjects, objects = [*objects, *source.topics, *source.bare], []
    for phrase in claim.subjects:
        candidates = [*subjects, *source.topics, *source.bare]
        if (subjects or holds(objects, phrase)) and not holds(candidates, phrase):
            return f"not who did it in the source: {phrase} ({claim.predicate})"
    for phrase in claim.topics:
        if source.topics and not holds(anywhere, phrase) and not claim.weak:
            return f"not what the source speaks of: {phrase} ({claim.predicate})"
    if claim.copula and source.copula and source.bare:
        for phrase in claim.bare:
            if not holds(source.bare, phrase):
                return f"not what it is in the source: {phrase} {claim.predicate}"
    for phrase in claim.objects:
        if objects and not holds([*objects, *source.bare, *source.topics], phrase):
            return f"not what it was done to in the source: {phrase} ({claim.predicate})"
        if claim.passive or objects or holds(source.topics, phrase):
            continue
        if holds(subjects, phrase):
            return f"roles are exchanged: {phrase} ({claim.predicate})"
    return None


def _side_problem(claim: Fact, source: Fact, actors: Sequence[Phrase]) -> str | None:
    """Somebody to whom it is done in the claim does it, or does something, in the source."""
    for role, phrase in claim.others:
        if role not in {"by:to", "by:from", "by:and"} or claim.passive != source.passive:
            continue
        same = [other for kind, other in source.others if kind == role]
        if holds(same, phrase) or holds(source.objects, phrase):
            continue
        if role == "by:and":
            if same and not holds([*source.subjects, *source.weak, *source.bare], phrase):
                return f"not with whom in the source: {phrase} ({claim.predicate})"
            continue
        if holds([*source.subjects, *source.weak], phrase) or (same and holds(actors, phrase)):
            return f"roles are exchanged: {phrase} ({claim.predicate})"
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
    if not mine or not theirs:
        return bool(set(one.words) & set(other.words))
    return _overlap(mine, theirs)


def _unmeasured(words: tuple[str, ...]) -> tuple[str, ...]:
    """Without times and amounts, which are compared elsewhere: 2023년 11월 앨트먼, 배 여섯 척."""
    return tuple(
        word
        for at, word in enumerate(words)
        if word not in TIME
        and not any(char.isdigit() for char in word)
        and not (word in NATIVE or (at and words[at - 1] in NATIVE))
    )


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    mine, theirs = _keys(one), _keys(other)
    if mine <= theirs or theirs <= mine:
        return True
    left, right = "".join(one), "".join(other)
    short, long = sorted((left, right), key=len)
    # 영리 is the end of 비영리 and its opposite.
    return long.startswith(short) or (long.endswith(short) and len(long) - len(short) > 1)


def _keys(words: tuple[str, ...]) -> set[str]:
    keys: set[str] = set()
    for word in words:
        names = canonical_names(word)
        keys |= names if names and word == word.strip() and len(names) == 1 else {canonical(word)}
    return keys


def misattributed_quotation(claim: Analysed, sources: Sequence[Analysed]) -> str | None:
    """The speaker of ``claim`` who is not the speaker of that quotation in the source."""
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
                return f"not who said it in the source: {phrase}"
    return None


def _telling(text: Analysed, quote: str) -> Fact | None:
    """The first predicate of the narration behind ``quote``."""
    wanted = fold(quote)[-quotations.SPEECH_CHARS :]
    at = text.text.casefold().find(wanted)
    if at < 0:
        return None
    end = at + len(wanted)
    return next((fact for fact in text.narrated if fact.start >= end), None)
