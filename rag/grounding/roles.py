"""Role rules: the same doer, the same target, the same parties beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from geungeo.rag.grounding.stated import (
    MISSING_FOR_IDENTITY,
    PARTY,
    REPORTING,
    SAYING,
    TITLE,
    Stated,
    has_opposite,
    holds,
    is_empty,
    is_named,
    is_result_of,
    same_phrase,
    share_arguments,
    unmeasured,
)
from geungeo.rag.grounding.words import Finding, doubt, finding, veto
from geungeo.rag.language.analysis import Analysed, content_words
from geungeo.rag.language.clauses import (
    NO_HEAD,
    RELATIONS,
    SEASON,
    Fact,
    Phrase,
    is_pronoun,
    mentioned,
)
from geungeo.rag.language.numbers import is_unit
from geungeo.rag.language.vocabulary import VOICES, canonical
from geungeo.rag.text import fold, listed


def another_actor(claim: Analysed, sources: Sequence[Analysed], stated: Stated) -> list[Finding]:
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
        own = [w for w in unmeasured(phrase.words) if len(w) > 1 and w not in heads]
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
        and not is_empty(p)
        and set(unmeasured(p.words)) - SEASON
        # 19억 원이 든다: an amount is no actor, but 한여울 씨(57) is one. 단청은 되살렸다 may have
        # a topic as its object.
        and not any(char.isdigit() for word in _without_age(p.words) for char in word)
        and any(len(word) > _SHORT_NAME or word in TITLE for word in p.words)
    ]


def _is_surname_of(short: Phrase, full: Phrase) -> bool:
    """Whether 천 대표 can be 천가람 대표."""
    surname = short.words[-2] if len(short.words) > 1 else ""
    return len(surname) == 1 and any(
        word.startswith(surname) and len(word) > 1 for word in full.words
    )


def _without_age(words: tuple[str, ...]) -> tuple[str, ...]:
    aged = len(words) > 1 and len(words[-1]) == _DIGITS_OF_AGE and words[-1].isdigit()
    return words[:-1] if aged and words[-2] in TITLE else words


_DIGITS_OF_AGE = 2
_SHORT_NAME = 2  # characters
_INSTEAD = re.compile(r"([가-힣A-Za-z0-9]+?)(?:을|를|이|가)?\s?대신(?:에)?\s")


def turned_around(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
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


def said_by_another(claim: Analysed, sources: Sequence[Analysed], stated: Stated) -> list[Finding]:
    """Find words of one speaker given to another, where each has a sentence of their own."""
    tellings = [fact for fact in claim.narrated if fact.predicate in _TELLING]
    if len(tellings) != 1 or len(sources) < 2:
        return []
    [telling] = tellings
    mine = [p for p in telling.subjects if not is_pronoun(p) and not is_empty(p)]
    if not mine or not any(stated.mentions(phrase) for phrase in mine):
        return []
    own = {canonical(word) for p in mine for word in p.words}
    words = content_words(claim) - own - {canonical(telling.predicate)}
    said: list[tuple[float, list[Phrase]]] = []
    for source in sources:
        there = content_words(source)
        speakers = [p for f in source.narrated if f.predicate in _TELLING for p in f.subjects]
        share = sum(w in there or w in source.squeezed for w in words) / max(len(words), 1)
        said.append((share, speakers))
    best, others = max(said, key=lambda one: one[0])
    rest = max((n for n, who in said if not who or any(holds(who, p) for p in mine)), default=0.0)
    if not others or any(holds(others, p) for p in mine) or rest * 2 > best or best < _MUCH:
        return []
    if any(word in claim.squeezed for p in others for word in _name_of(p)):
        return []
    reason = f"another one says so in the source: {others[0]}, not {mine[0]}"
    return [veto(reason, "role", str(mine[0]), found=str(others[0]))]


def _name_of(phrase: Phrase) -> list[str]:
    """Return the last word of a party that is no title: 채원목 of 노조 지부장 채원목 씨."""
    return [fold(word) for word in phrase.words if word not in TITLE and len(word) > 1][-1:]


_TELLING = SAYING | REPORTING | listed("인정 시인 털어놓 고백 답 대답 되묻 따지 맞서 다짐 인사")
_MUCH = 0.4  # of the claim's content words


def between_others(claim: Analysed, stated: Stated) -> Iterator[Finding]:
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


def role_problem(claim: Fact, source: Fact, stated: Stated) -> Finding | None:
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


@dataclass(frozen=True, slots=True)
class _Roles:
    """Fillers of the roles of a claim, by its source: the passive exchanges doer and patient."""

    subjects: list[Phrase]
    agents: list[Phrase]
    patients: list[Phrase]
    topics: list[Phrase]


def _roles(claim: Fact, source: Fact, stated: Stated) -> _Roles:
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
        (claim.predicate in _BOTH_WAYS or is_result_of(claim, source))
        and not claim.objects
        and bool(claim.subjects)
        and all(holds(source.objects, phrase) for phrase in claim.subjects)
    )


def _doer_as_patient(claim: Fact, source: Fact) -> Finding | None:
    """Find who acts in the source as the one that it happens to: 경찰이 잡혔다."""
    becomes = is_result_of(claim, source) and not _begins(claim, source) and not claim.passive
    for phrase in claim.subjects if becomes else ():
        if holds(source.own, phrase) and not holds(source.objects, phrase):
            return _exchanged(phrase, claim)  # 회사가 줄었다 for 회사는 매장을 줄였다
    turned = claim.passive != source.passive and claim.predicate in _TRANSITIVE
    for phrase in claim.subjects if turned and not claim.objects else ():
        # 경찰이 잡혔다 where the source has 경찰이 잡았다
        if holds(source.subjects, phrase) and not holds(source.objects, phrase):
            return _exchanged(phrase, claim)
    return None


def _other_doer(claim: Fact, source: Fact, roles: _Roles, stated: Stated) -> Finding | None:
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
        if is_empty(phrase) or holds(beside, phrase) or _may_be(candidates, phrase):
            he = bool(candidates) and all(p.words in _HE for p in candidates)
            if he and not is_pronoun(phrase) and not stated.near(phrase):
                # Whoever 그 is, the sentences before it name him; a title alone does not.
                unnamed = doubt(f"{_UNNAMED}: {phrase} ({claim.predicate})")
            continue
        if phrase in claim.topics and holds(objects, phrase) and len(claim.subjects) > 1:
            continue  # MS는 딥시크 모델도 테스트한다: 도 marks an object, MS is the subject
        reason = f"not who did it in the source: {phrase} ({claim.predicate})"
        known = stated.knows(phrase) and (agents or holds(objects, phrase))
        final = bool(known) and not _is_another_deed(claim, source, phrase, stated)
        if canonical(claim.predicate) != canonical(source.predicate):
            # 경전철 뒤 칸이 탈선했다 for 열차의 뒤 차량이 선로를 벗어났다
            final = final and _rival_names(candidates, phrase, stated)
        return finding(reason, "role", str(phrase), final=final)
    return unnamed


def _is_another_deed(claim: Fact, source: Fact, phrase: Phrase, stated: Stated) -> bool:
    """Whether the same verb is done to other things, or of a thing that is no named party.

    두 상자로 묶었다 is not 수량을 묶다, 과태료가 뛴다 not 액수가 뛰다.
    """
    mine, theirs = ([p for p in f.objects if unmeasured(p.words)] for f in (claim, source))
    if mine and theirs and not holds(theirs, phrase):
        return not any(same_phrase(p, q) for p in mine for q in theirs)
    known = is_named(phrase, stated) or stated.has(phrase)
    return not known and not share_arguments(claim, source)


_UNNAMED = "not named before the pronoun"


def _is_unnamed(found: Finding) -> bool:
    return found.reason.startswith(_UNNAMED)


def _not_spoken_of(claim: Fact, source: Fact, stated: Stated) -> Finding | None:
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
        if has_opposite(source.bare, phrase):
            reason = f"it is the opposite in the source: {phrase} {claim.predicate}"
            return veto(reason, "negation", claim.predicate)
        if not holds(source.bare, phrase):
            return doubt(f"not what it is in the source: {phrase} {claim.predicate}")
    return None


def _other_patient(claim: Fact, source: Fact, roles: _Roles, stated: Stated) -> Finding | None:
    """Find an object that it is not done to in the source."""
    for phrase in claim.objects:
        if not unmeasured(phrase.words):
            continue
        acts = not holds(roles.patients, phrase) and holds([*source.own, *source.weak], phrase)
        if acts and claim.passive == source.passive and claim.subjects:
            # A thing or an amount may have both roles: 공에 맞다, 공을 던지다.
            return _exchanged(phrase, claim, final=stated.knows(phrase))
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


def other_topic(claim: Fact, source: Fact, stated: Stated) -> Finding | None:
    """Find 시장은 받겠다고 했다 where the source has 구청은 안내하기로 했다."""
    theirs = [*source.subjects, *source.topics]
    for phrase in claim.topics:
        if (
            source.topics
            and not (is_empty(phrase) or is_pronoun(phrase) or stated.has(phrase))
            and not _may_be(theirs, phrase)
        ):
            reason = f"not what the source speaks of: {phrase} ({claim.predicate})"
            return finding(reason, "role", str(phrase), final=stated.knows(phrase))
    return None


def _exchanged(phrase: Phrase, claim: Fact, *, final: bool = True) -> Finding:
    reason = f"roles are exchanged: {phrase} ({claim.predicate})"
    return finding(reason, "role", str(phrase), final=final)


def _agents(fact: Fact, stated: Stated) -> list[Phrase]:
    """Return who may have done it: the clause's own subjects, or those that it may drop.

    Korean drops a subject that the sentence's topic, an earlier clause or an earlier sentence
    has named.
    """
    if _is_closed(fact) and all(is_pronoun(phrase) for phrase in fact.subjects):
        return list(fact.subjects)  # 등번호는 그가 달았던 41번이다: the topic is of the sentence
    own = [phrase for phrase in fact.own if not is_empty(phrase)]
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


def _speakers(fact: Fact, stated: Stated) -> list[Phrase]:
    """Return the parties that a topic names as those who say something, if ``fact`` is saying so.

    최 교수는 박 시장이 위험하다고 말했다: of whom it is said is not the one who says so.
    """
    if fact.predicate not in SAYING:
        return []
    return [p for p in fact.topics if is_named(p, stated) or PARTY.search(p.words[-1])]


def _meant(own: Sequence[Phrase], fact: Fact, stated: Stated) -> list[Phrase]:
    """Return the one party of the sentences before that 회사는 can mean, if there is only one."""
    if not all(phrase.words in _GENERIC for phrase in own):
        return []
    _, earlier = stated.before(fact)
    named = [p for p in earlier if is_named(p, stated)]
    return named if named and all(same_phrase(p, named[0]) for p in named) else []


_GENERIC = frozenset(
    (word,) for word in ["회사", "업체", "기업", "구단", "연구팀", "연구진", "단체", "기관"]
)


def _may_be(candidates: Sequence[Phrase], wanted: Phrase) -> bool:
    """Whether ``wanted`` is one of ``candidates``, or all of these are pronouns."""
    named = [phrase for phrase in candidates if not is_pronoun(phrase)]
    return holds(named, wanted) if named else True


def _one_for_both(claim: Fact, source: Fact, stated: Stated) -> Finding | None:
    """A single name in place of 양측 or 두 회사 is not who did it."""
    plural = [p for p in source.own if p.words[0] in _BOTH or p.words[0] == "두"]
    named = [p for p in claim.subjects if not is_pronoun(p) and is_named(p, stated)]
    if plural and len(plural) == len(source.own) and len(named) == 1 == len(claim.subjects):
        reason = f"both did it in the source: {named[0]} ({claim.predicate})"
        return veto(reason, "role", str(named[0]))
    return None


_BOTH = listed("양측 양사 서로 쌍방 양국 양자 둘 피차")


def _rival_names(phrases: Sequence[Phrase], wanted: Phrase, stated: Stated) -> bool:
    """Whether ``wanted`` is a name where the source has another party in the same role."""
    return is_named(wanted, stated) and any(unmeasured(phrase.words) for phrase in phrases)


def side_problem(claim: Fact, source: Fact, stated: Stated) -> Finding | None:
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


# Comparisons and companions: the same one must stand in the source.
_EXACT = frozenset({"by:보다", "by:만큼", "by:처럼"})


def side_doubts(fact: Fact, stated: Stated) -> list[Finding]:
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
        if role in _EXACT and not holds(same, phrase) and not is_empty(phrase):
            found.append(doubt(f"no such comparison in the source: {phrase}"))
        if role == "by:위하" and purposes and not holds(purposes, phrase):
            found.append(doubt(f"not the purpose in the source: {phrase}"))
    return found


def not_said_to_be(claim: Fact, stated: Stated, reported: Sequence[Fact]) -> Finding | None:
    """Find what the source does not say that something is."""
    said_to_be = any(f.copula and f.predicate == claim.predicate for f in reported)
    if not (claim.copula and claim.subjects) or said_to_be or _identified(claim, stated.narrated):
        return None
    wanted = Phrase((claim.predicate,))
    reason = f"the source does not say that this is {wanted}"
    taken = stated.mentions(wanted) and any(is_named(p, stated) for p in claim.subjects)
    return finding(reason, "unsaid", str(wanted), final=taken)


def _identified(claim: Fact, facts: Sequence[Fact]) -> bool:
    """주장 김하늘 says that 김하늘 is 주장; numbers are judged elsewhere."""
    what = claim.predicate
    if any(char.isdigit() for char in what) or what in MISSING_FOR_IDENTITY:
        return True
    if (what in NO_HEAD or is_unit(what)) and all(is_empty(phrase) for phrase in claim.subjects):
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
