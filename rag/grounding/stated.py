"""Index what the sources state, and compare its phrases and predicates with those of a claim."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from geungeo.rag.grounding.words import ORGANISATION
from geungeo.rag.language import people
from geungeo.rag.language.analysis import Analysed
from geungeo.rag.language.clauses import NO_HEAD, TIME, Fact, Phrase, is_pronoun, mentioned
from geungeo.rag.language.numbers import NATIVE, Quantity, days_in_words, is_unit, quantities
from geungeo.rag.language.vocabulary import (
    BECOMING,
    REVERSING,
    canonical,
    canonical_names,
    interchangeable,
    is_alias,
)
from geungeo.rag.text import fold, listed

SAYING = listed(
    "말 발표 알리 밝히 전하 쓰 평가 주장 지적 비판 꼬집 강조 덧붙이 설명 반박 해명 언급 토로 호소 "
    "경고 비난 진술 말하"
)
REPORTING = listed(
    "말 발표 주장 비판 우려 전망 요청 요구 지적 평가 분석 반박 진술 약속 자신 경고 해명 일축"
)
LIGHT = listed(
    "하 되 대하 위하 관하 따르 의하 통하 걸치 이루어지 가지 알려지 전하 보 나오 때문 탓 덕분 때 일 "
    "뜻 식"
)
MISSING_FOR_IDENTITY = listed(
    "것 중 때문 수 점 바 적 정도 뿐 편 셈 예정 계획 전망 방침 상황 인물 사람 입장 모습 측면 곳"
)


@dataclass(frozen=True, slots=True)
class Stated:
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
    limited: frozenset[str]
    claim: str

    @classmethod
    def by(
        cls,
        claim: Analysed,
        sources: Sequence[Analysed],
        contexts: Sequence[Sequence[Analysed]],
        elsewhere: str,
        *,
        to_come: bool,
    ) -> Stated:
        """Index ``sources``, which lean on ``contexts``, for one claim.

        ``elsewhere`` is other text of the article. ``to_come`` says that the claim names a time
        to come, and that the sources do more than consider the matter.
        """
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
            to_come,
            frozenset().union(*(limited(source) for source in sources)),
            claim.text,
        )

    def knows(self, phrase: Phrase) -> bool:
        """Whether ``phrase`` is a particular party: a name, or one of this article's."""
        if not unmeasured(phrase.words):
            return False
        if is_named(phrase, self) or any(same_phrase(other, phrase) for other in self.agents):
            return True
        own = [word for word in phrase.words if word not in _ANY_PARTY and len(word) > 1]
        if any(f"‘{word}’" in self.elsewhere for word in own):
            return True  # a name that Kiwi takes apart
        party = bool(own) and (phrase.words[-1] in TITLE or PARTY.search(own[-1]) is not None)
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
        words = [word for word in unmeasured(phrase.words) if len(word) > 1]
        return not words or any(fold(word) in self.own for word in words)

    def near(self, phrase: Phrase) -> bool:
        """Whether the sources or their context have a word of ``phrase``."""
        words = [word for word in unmeasured(phrase.words) if len(word) > 1]
        return not words or any(fold(word) in self.text for word in words)

    def says(self, phrase: Phrase) -> bool:
        """Whether the sources or their context have the words of ``phrase`` in this order."""
        return fold("".join(phrase.words)) in self.text.replace(" ", "")

    def mentions(self, phrase: Phrase) -> bool:
        """Whether a phrase of the sources or their context is ``phrase``."""
        before = (phrase for _, earlier in self.sentences for phrase in earlier)
        known = [*mentioned(self.narrated), *mentioned(self.spoken), *before]
        return any(same_phrase(other, phrase) for other in known if other.words)


def limited(text: Analysed) -> frozenset[str]:
    """Return the predicates that are so of some only: 들어가다 and 내다 of 낸 사람만 들어간다.

    Nothing is said of the others, so that a denial about them is no contradiction.
    """
    # The 만 of 3년 만에 is a noun.
    only = [m.start for m in text.raw if (m.form == "만" and m.tag == "JX") or m.form == "뿐"]
    found: set[str] = set()
    for before, fact in zip([None, *text.facts], text.facts, strict=False):
        start = before.start if before else 0
        if any(start <= at < fact.start for at in only):
            found.add(canonical(fact.predicate))
            if before and before.ending == "ETM":
                found.add(canonical(before.predicate))
    return frozenset(found)


def is_named(phrase: Phrase, stated: Stated) -> bool:
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


def _actors(texts: Sequence[Analysed]) -> list[Phrase]:
    return [p for text in texts for fact in text.narrated for p in (*fact.own, *fact.topics)]


# Words that may stand for any party that was named before.
_ANY_PARTY = listed(
    "회사 기업 업체 측 관계자 당국 연구팀 연구진 팀 단체 기관 조합 그룹 구단 학교 은행 사람 "
    "이들 정부 업계 전문가 기사 당사자 본인 양측 국가 지역 주민 시민 노조 경찰 검찰 재판부 "
    "사고 사건 계획 제품 서비스 행사 조치 결과"
)
# The last syllables of words for those who act: 기상청, 시의회, 노동조합, 수집가.
PARTY = re.compile(
    r"(?:청|회|국|부|원|단|단체|팀|사|자|인|장|관|당|조합|정부|은행|그룹|노조|교수|가|씨|군|양|소"
    r"|서|처|대|교|센터|민)$"
)
TITLE = listed(
    "씨 군 양 대표 이사 총리 대통령 디렉터 감독 선수 코치 박사 작가 매니저 피디 셰프 대위 상병"
)


def claimed(facts: Sequence[Fact]) -> Fact | None:
    """Return what a sentence claims: 지정했다 of 지정했다고 하네요."""
    main = main_fact(facts)
    if main is None or main.predicate != "하" or main.past or main.own:
        return main
    said = [fact for fact in facts if fact.ending == "quote" and fact.start < main.start]
    return said[-1] if said else main


def main_fact(facts: Sequence[Fact]) -> Fact | None:
    """Return the last fact that closes a sentence, or ``None``."""
    closing = [fact for fact in facts if fact.ending == "EF"]
    return closing[-1] if closing else None


def same_predicate(one: Fact, other: Fact) -> bool:
    """Whether the two facts say that the same is done, in the same word or in another."""
    if canonical(one.predicate) == canonical(other.predicate):
        return True
    if one.predicate in SAYING and other.predicate in SAYING:
        return True
    if expressed_alike(one, other) or is_result_of(one, other):
        return True
    return (
        len(one.predicate) > 1
        and len(other.predicate) > 1
        and (one.predicate.endswith(other.predicate) and one.copula and other.copula)
    )


def is_result_of(claim: Fact, source: Fact) -> bool:
    """Whether ``claim`` says what became of what ``source`` did: 요금이 올랐다, 요금을 올렸다."""
    stem = re.sub(r"(?<=[가-힣])[어아]지$", "", claim.predicate)
    return not claim.objects and BECOMING.get(stem) == source.predicate


def expressed_alike(one: Fact, other: Fact) -> set[str]:
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


def _nouns(fact: Fact) -> set[str]:
    heads = [fact.head] if fact.head else []  # 위원으로 구성된 위원회
    return {canonical(word) for phrase in (*mentioned([fact]), *heads) for word in phrase.words}


def without_idiom(one: Fact, other: Fact) -> Fact:
    """Return ``one`` without the noun that is part of what it does, and no party: 손에 넣다."""
    same = canonical(one.predicate) == canonical(other.predicate)
    ways = set[str]() if same else expressed_alike(one, other)
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


def share_arguments(one: Fact, other: Fact) -> bool:
    """Whether the two facts have a participant in common, apart from pronouns and times."""
    mine = [p for p in mentioned([one]) if p not in one.carried and not is_pronoun(p)]
    theirs = [p for p in mentioned([other]) if p not in other.carried and not is_pronoun(p)]
    return any(same_phrase(p, q) for p in mine for q in theirs if unmeasured(p.words))


def holds(phrases: Iterable[Phrase], wanted: Phrase) -> bool:
    """Whether one of ``phrases`` may be ``wanted``; a pronoun may be anybody."""
    if is_pronoun(wanted):
        return True
    return any(is_pronoun(phrase) or same_phrase(phrase, wanted) for phrase in phrases)


def same_phrase(one: Phrase, other: Phrase) -> bool:
    """Whether the two phrases may name the same.

    Times and amounts count only where a phrase has nothing more.
    """
    if one.owners and other.owners and not _overlap(one.owners, other.owners):
        return False
    mine, theirs = unmeasured(one.words), unmeasured(other.words)
    if len(mine) > 2 and len(theirs) > 2 and mine[-2:] == theirs[-2:]:
        return True  # 축구단 해담 유나이티드, 프로축구 해담 유나이티드
    if not mine or not theirs:
        amounts = amounts_in(str(one)) & amounts_in(str(other))
        return bool(amounts or set(one.words) & set(other.words))
    return _overlap(mine, theirs)


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    mine, theirs = _keys(one), _keys(other)
    if mine <= theirs or theirs <= mine or _differ_in_title(one, other):
        return True
    left, right = "".join(one), "".join(other)
    short, long = sorted((left, right), key=len)
    # 영리 is the end of 비영리 and its opposite.
    return long.startswith(short) or (long.endswith(short) and len(long) - len(short) > 1)


def _differ_in_title(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether a person is named with a post in short and in full, perhaps after a firm.

    솔베 장관, 솔베 국방장관; 심도겸 처장, 도로공단 심도겸 운영처장.
    """
    for short, long in ((one, other), (other, one)):
        *name, title = short
        named = _keys(tuple(name)) == _keys(long[-len(short) : -1])
        if name and named and people.is_title(title) and people.may_be_called(title, long[-1]):
            return True
    return False


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


def has_opposite(phrases: Sequence[Phrase], wanted: Phrase) -> bool:
    """Whether one of ``phrases`` is ``wanted`` with or without a prefix that reverses it."""
    mine = wanted.words[-1]
    return any(
        (other != mine and (other[1:] == mine and other[0] in REVERSING))
        or (mine[1:] == other and mine[0] in REVERSING)
        for phrase in phrases
        for other in phrase.words
        if len(other) > 1
    )


def is_empty(phrase: Phrase) -> bool:
    """Whether ``phrase`` is only a dependent noun (것, 점), which names nothing."""
    return all(word in NO_HEAD or word in MISSING_FOR_IDENTITY for word in phrase.words)


def unmeasured(words: tuple[str, ...]) -> tuple[str, ...]:
    """Without times and amounts, which are compared elsewhere: 2023년 11월 앨트먼, 배 여섯 척."""
    return tuple(
        word
        for at, word in enumerate(words)
        if word not in TIME
        and word not in _SPANS
        and not has_digit(word)
        and not (word in NATIVE or (at and words[at - 1] in NATIVE))
        and not (at and word in _OF_MONTHS and words[at - 1] in _WHICH)
        # 3만 2천 명: its counter
        and not (at and is_unit(word) and has_digit(words[at - 1]))
    )


def has_digit(word: str) -> bool:
    """Whether ``word`` has a digit."""
    return any(char.isdigit() for char in word)


_WHICH = listed("지난 이번 다음")
_OF_MONTHS = listed("달 주 해")
_SPANS = listed("중 가운데 하루 이틀 사흘 나흘 매일 매주 매달 매년 연간 월 연 평균 총 약 한해 한달")


@lru_cache(maxsize=4096)
def amounts_in(text: str) -> frozenset[Quantity]:
    """Return the quantities of ``text``, also those of days in words (사흘)."""
    return frozenset({*quantities(text), *(amount for _, amount in days_in_words(text))})
