"""Fact rules: same doer, same target, as sure, not denied, said by the same speaker.

The rules of a theme are in the module of that name (``roles``, ``certainty``, ``denial``). This
one applies them to a claim, and compares shares, times, amounts and the speaker of a quotation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import replace
from itertools import pairwise

from geungeo.rag.grounding.certainty import (
    dated,
    leaves_open,
    only_asked_for,
    only_foreseen,
    only_planned,
    still_to_come,
    without_condition,
)
from geungeo.rag.grounding.denial import (
    EMPTY_DENIAL,
    denied_alternative,
    denied_only_here,
    denies_anything,
    first_and_again,
    not_done_to_noun,
    opposite_of_its_kind,
    said_otherwise,
    saying_denied,
    speaker_differs,
    there_is_none,
    undone_in_source,
    with_denial,
)
from geungeo.rag.grounding.frames import STATES
from geungeo.rag.grounding.roles import (
    another_actor,
    between_others,
    not_said_to_be,
    other_topic,
    role_problem,
    said_by_another,
    side_doubts,
    side_problem,
    turned_around,
)
from geungeo.rag.grounding.stated import (
    LIGHT,
    REPORTING,
    Stated,
    amounts_in,
    claimed,
    expressed_alike,
    has_digit,
    holds,
    is_named,
    is_result_of,
    same_phrase,
    same_predicate,
    share_arguments,
    without_idiom,
)
from geungeo.rag.grounding.words import Finding, doubt, finding, of_something_else, veto
from geungeo.rag.language import quotations
from geungeo.rag.language.amounts import counted
from geungeo.rag.language.analysis import Analysed
from geungeo.rag.language.clauses import Fact, Phrase, is_pronoun, mentioned
from geungeo.rag.language.morphemes import Morpheme, is_common_noun
from geungeo.rag.language.numbers import Quantity, readable
from geungeo.rag.language.vocabulary import canonical
from geungeo.rag.text import fold, listed


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
    to_come = still_to_come(claim, sources)
    stated = Stated.by(claim, sources, contexts, elsewhere, to_come=to_come)
    reported = _reports(claim)
    own = {canonical(fact.predicate) for fact in claim.narrated}
    denied = [fact for fact, no in with_denial(claim.facts) if no]
    findings: list[Finding] = []
    findings += opposite_of_its_kind(claim, stated)
    findings += undone_in_source(claim, stated)
    findings += only_planned(claim, sources)
    findings += only_foreseen(claim, sources)
    findings += another_actor(claim, sources, stated)
    findings += turned_around(claim, sources)
    findings += said_by_another(claim, sources, stated)
    findings += first_and_again(claim, sources)
    findings += _other_share(claim, sources)
    findings += _all_for_some(claim, sources)
    findings += denied_alternative(claim, sources)
    findings += said_otherwise(claim, sources)
    findings += saying_denied(claim, sources)
    findings += there_is_none(claim, sources)
    findings += between_others(claim, stated)
    findings += without_condition(claim, sources)
    for fact in _with_clefts(claim.narrated, stated.narrated):
        findings += side_doubts(fact, stated)
        near = [
            other
            for other in stated.narrated
            if same_predicate(fact, other) and _is_other_word(fact, other, own)
        ]
        # The same verb elsewhere in the sources may be about another matter.
        near = [other for other in near if share_arguments(fact, other)] or near
        quoted = [other for other in stated.spoken if same_predicate(fact, other)]
        if not near and fact.predicate not in LIGHT and quoted and not reported:
            reason = f"only a quoted speaker says so in the source: {fact.predicate}"
            findings.append(doubt(reason))
            continue
        if not near:
            said = quoted if reported else []
            problem = _nominal_problem(fact, stated, claim.forms, said, denied)
            findings += [problem] if problem else _other_roles_in_quote(fact, said, stated)
            continue
        problems = [_problem(without_idiom(fact, other), other, stated) for other in near]
        if all(problems):
            in_its_words = [
                problem
                for other, problem in zip(near, problems, strict=True)
                if canonical(other.predicate) == canonical(fact.predicate)
            ]
            findings.append(min(filter(None, in_its_words or problems), key=_severity))
    return findings


def _other_roles_in_quote(fact: Fact, quoted: Sequence[Fact], stated: Stated) -> list[Finding]:
    """Return the doubt that a reported clause has others do it than the quotation has.

    They have another part in the quotation; whoever speaks may be its subject.
    """
    problems = [_problem(without_idiom(fact, other), other, stated) for other in quoted]
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
    if any(same_phrase(other, phrase) for phrase in elsewhere for other in others):
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
            if any(same_predicate(clause, other) for other in there):
                found = [fact for fact in found if fact is not main]
    return found


def _is_frame(fact: Fact) -> bool:
    return fact.copula and fact.predicate in STATES and not fact.own and not fact.denied


_CLEFT_HEADS = listed("것 곳 사람 회사 기업 쪽 이 주인공 인물 업체 기관 나라 팀 사람들")


def _severity(finding: Finding) -> tuple[bool, int]:
    return finding.veto, len(finding.reason)


def _reports(claim: Analysed) -> bool:
    """Whether ``claim`` attributes its content to a speaker."""
    return len(claim.outside) < len(claim.morphemes) or any(
        canonical(fact.predicate) in REPORTING or fact.ending == "quote" for fact in claim.narrated
    )


def _nominal_problem(
    claim: Fact,
    stated: Stated,
    said: frozenset[str],
    reported: Sequence[Fact],
    own: Sequence[Fact],
) -> Finding | None:
    """Judge a predicate that sources have only as a noun, only in ``reported``, or not at all.

    ``own`` are the facts that the claim denies.
    """
    return (
        speaker_differs(claim, stated, reported, own)
        or denied_only_here(claim, stated, reported)
        or only_asked_for(claim, stated)
        or not_done_to_noun(claim, stated, said)
        or not_said_to_be(claim, stated, reported)
        or _only_in_name(claim, stated)
    )


def _only_in_name(claim: Fact, stated: Stated) -> Finding | None:
    """Find a predicate that is only part of a name: 수출 통제 체제 says of no firm that it exports.

    수출 계약 does; CEO인 나델라 is CEO 나델라.
    """
    if claim.copula or has_digit(claim.predicate):
        return None
    compounds = [p.words for p in mentioned(stated.spoken) if claim.predicate in p.words]
    if not compounds or any(claim.predicate in words[-2:] for words in compounds):
        return None
    return doubt(f"only part of a name in the source: {claim.predicate}")


def _problem(claim: Fact, source: Fact, stated: Stated) -> Finding | None:
    certain = share_arguments(claim, source) or not mentioned([claim])
    if claim.denied != source.denied:
        reason = f"it denies what the source affirms, or the reverse: {claim.predicate}"
        # 큰 타격이 없다 for 타격이 크지 않다: the denial may be in the clause around it.
        possible = claim.ending_form in {"ᆯ", "을"}  # 바꿀 수 없다
        final = certain and (possible or claim.ending not in {"ETM", "ETN"})
        # 고치지 않으면 denies nothing
        final = final and not (claim.unreal and claim.ending == "EC")
        if claim.denied and claim.ending == "EF" and claim.predicate not in EMPTY_DENIAL:
            final = final or not denies_anything(stated)
        limited = claim.denied and canonical(claim.predicate) in stated.limited
        # 김 씨만 참석했다 says of 김 씨 that he did.
        limited = limited and not any(
            (is_named(party, stated) or not is_common_noun(party.words[-1]))
            and holds(source.own, party)
            for party in claim.own
        )
        final = final and not limited and claim.predicate != "것"
        # 내라고 할 수 없다고 말했다: what was said, not the saying
        saying = claim.predicate in LIGHT and claim.ending != "EF"
        final = final and (not saying or claim.predicate == source.predicate)
        return finding(reason, "negation", claim.predicate, final=final)
    if leaves_open(claim, source):
        reason = f"the source leaves open whether: {claim.predicate}"
        return finding(reason, "certainty", claim.predicate, final=certain)
    # 피해를 본다며 drops the possibility of 피해를 볼 수 있다며.
    possible = source.ending == "ETM" and source.ending_form in {"ᆯ", "을"}
    # 오는 9월 문을 엽니다 is as sure as 열 예정이다.
    hedged = claim.unreal or (stated.to_come and not claim.past)
    # 8월부터 깎아 준다 is as sure as 오는 8월부터 깎아 주기로 했다.
    hedged = hedged or (source.decided and not claim.past and dated(claim))
    hedged = hedged or (claim.ending == "quote" and not possible)
    light = claim.predicate in LIGHT or canonical(claim.predicate) in LIGHT
    if source.unreal and not hedged and not light:
        reason = f"it is surer than the source: {claim.predicate}"
        # 안개가 짙게 낄 때, 예약해도 된다: as sure as what follows.
        asserted = claim.ending not in {"ETM", "ETN"} and claim.ending_form not in _NOT_ASSERTING
        final = certain and not source.decided and asserted
        return finding(reason, "certainty", claim.predicate, final=final)
    if claim.predicate in LIGHT:
        return other_topic(claim, source, stated) if claim.predicate == "하" else None
    role = role_problem(claim, source, stated) or side_problem(claim, source, stated)
    if role:
        return role
    wrong = _time_problem(claim, source) or _amount_problem(claim, source)
    return wrong if wrong is None or certain else replace(wrong, veto=False)


# Endings of a clause that states a purpose, a condition or a concession, not what happened.
_NOT_ASSERTING = listed("게 어도 아도 도록 려면 으려면 려고 으려고 면 으면")
_ALL = re.compile(r"(?<![가-힣])(?:모두|전부|전원|전량|모조리)(?![가-힣])")
_SOME = re.compile(r"(?<=[가-힣\d])(?:만|뿐|밖에)(?=\s|이|였|다)|일부|절반")


def _all_for_some(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
    """Find 회사는 모두 받아들였다 where the source has 한 명만 받아들였다."""
    said = _ALL.search(claim.text)
    main = claimed(claim.narrated)
    if said is None or main is None or _SOME.search(claim.text):
        return []
    for source in sources:
        if _ALL.search(source.text):
            continue
        for at, fact in enumerate(source.narrated):
            if not same_predicate(main, fact) or fact.denied != main.denied:
                continue
            start = source.narrated[at - 1].start if at else 0
            if some := _SOME.search(source.text[start : fact.start]):
                reason = f"only some in the source: {said[0]}"
                return [veto(reason, "number", said[0], found=some[0])]
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


def _time_problem(claim: Fact, source: Fact) -> Finding | None:
    mine, theirs = _relative_times(claim), _relative_times(source)
    if mine and theirs and not mine & theirs:
        times = " ".join(sorted(mine))
        return veto(f"not when it was in the source: {times} ({claim.predicate})", "date", times)
    return None


def _relative_times(fact: Fact) -> set[str]:
    return {
        canonical(word)
        for phrase in mentioned([fact])
        if phrase not in fact.carried
        for word in phrase.words
        if word in _DEICTIC
    }


_DEICTIC = listed("올해 지난해 작년 내년 오늘 어제 내일 지난달 이달 금년")


def _amount_problem(claim: Fact, source: Fact) -> Finding | None:
    """Find 금리는 2.9%로 올랐다 where it rose to 4.5 %, and 2.9 % goes with another verb."""
    there = _amounts(source)
    for mine in _amounts(claim):
        if mine.unit == "year" and mine.value > _A_YEAR:
            continue  # a date
        rivals = [theirs for theirs in there if mine.unit and theirs.unit == mine.unit]
        if mine.unit == "year":
            rivals = [theirs for theirs in rivals if theirs.value <= _A_YEAR]
        if rivals and not any(mine.matches(theirs) for theirs in there):
            return of_something_else(readable(mine))
    return None


_A_YEAR = 1000


def _amounts(fact: Fact) -> set[Quantity]:
    phrases = [phrase for phrase in mentioned([fact]) if phrase not in fact.carried]
    return set().union(*(amounts_in(str(phrase)) for phrase in phrases))


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
            if canonical(fact.predicate) == canonical(other.predicate) or is_result_of(fact, other):
                means.add(fact.predicate)
            elif other in telling and fact in _telling_what(claim.narrated):
                means.add(fact.predicate)  # 늘렸다고 발표했다, 늘렸다고 밝혔다
            elif _is_other_word(fact, other, own):
                means |= expressed_alike(fact, other)
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
