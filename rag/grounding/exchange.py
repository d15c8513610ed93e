"""Exchange rules: what a claim and its source both name must keep its place.

Two parties who change places (``B가 A에 판다`` for ``A가 B에 판다``), or a word in place of its
opposite beside the same word (``나중에 신청한 순서`` for ``먼저 신청한 순서``), leave every word
and every verb of the source in the claim, so that no other rule misses anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise, permutations, product

from geungeo.rag.grounding.words import Finding, finding, veto
from geungeo.rag.language.analysis import QUOTE, Analysed
from geungeo.rag.language.clauses import SEASON, TIME, Fact, Phrase, is_pronoun
from geungeo.rag.language.morphemes import Morpheme
from geungeo.rag.language.vocabulary import (
    REVERSALS,
    canonical,
    canonical_names,
    interchangeable,
)
from geungeo.rag.text import fold, listed

# Who gives, in terms of who gets: B가 A에게서 산다 says the same as A가 B에 판다.
_CONVERSES = {
    "사": "팔",
    "사들이": "팔",
    "매입": "팔",
    "구입": "팔",
    "매수": "팔",
    "받": "주",
    "지": "이기",
    "패하": "이기",
    "패": "이기",
    "배우": "가르치",
}
# Other verbs for the ones above.
_ALIKE = {"매각": "팔", "판매": "팔", "매도": "팔", "꺾": "이기", "누르": "이기"} | dict.fromkeys(
    listed("건네 수여 지급 전달 제공 지원 부여 시상 지불 배정 인도 선사 증정 기증 기부 넘기"), "주"
)
# A와 B가 합의했다 says the same of both.
_SYMMETRIC = "by:and"


@dataclass(frozen=True, slots=True)
class Filler:
    """A noun phrase in a role, with the words that modify it (큰 공장)."""

    words: tuple[str, ...]
    modifiers: frozenset[str]

    def __str__(self) -> str:
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Place:
    """``filler`` has this ``role`` of ``word``, a predicate or the noun that it owns."""

    word: str
    role: str
    filler: Filler


def exchanged(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
    """Find two parties of ``claim`` that have each other's places in a source."""
    places = list(_places(claim))
    for source in sources:
        there = list(_places(source))
        for one, other in crossed(places, there):
            reason = f"roles are exchanged: {one}, {other}"
            return [veto(reason, "role", str(one), found=str(other))]
        if pair := _particles_exchanged(claim, source):
            reason = f"roles are exchanged: {pair[0]}, {pair[1]}"
            return [veto(reason, "role", pair[0], found=pair[1])]
    return []


def crossed(places: Sequence[Place], there: Sequence[Place]) -> Iterator[tuple[Filler, Filler]]:
    """Yield the fillers of two places that the other text fills the other way round."""
    for one in places:
        rivals = [p for p in there if _is_same_place(one, p) and not _same(p.filler, one.filler)]
        if not rivals or _has(there, one, one.filler):
            continue
        for other, rival in product(places, rivals):
            if (
                (one.word, one.role) != (other.word, other.role)
                and _same(other.filler, rival.filler)
                and not _same(one.filler, other.filler)
                and _has(there, other, one.filler)
                and not _has(there, other, other.filler)
                and not _has(places, one, other.filler)
            ):
                yield one.filler, other.filler


def _is_same_place(one: Place, other: Place) -> bool:
    return (one.word, one.role) == (other.word, other.role)


def _has(places: Iterable[Place], place: Place, filler: Filler) -> bool:
    return any(_is_same_place(p, place) and _same(p.filler, filler) for p in places)


def _same(one: Filler, other: Filler) -> bool:
    mine, theirs = set(one.words), set(other.words)
    if not (mine <= theirs or theirs <= mine):
        return False
    # 큰 공장 is not 작은 공장, but may be what is called 공장 elsewhere.
    return not (one.modifiers and other.modifiers) or bool(one.modifiers & other.modifiers)


def _places(text: Analysed) -> Iterator[Place]:
    facts = text.narrated
    for fact in facts:
        word, roles = _roles(fact)
        for role, phrase in roles:
            if role != _SYMMETRIC and (filler := _filler(phrase, facts)):
                yield Place(word, role, filler)
        for phrase in (*fact.own, *fact.objects, *(p for _, p in fact.others), *fact.bare):
            owner = _filler(Phrase(phrase.owners), facts) if phrase.owners else None
            if owner and phrase.words:
                yield Place(phrase.words[-1], "owner", owner)


def _roles(fact: Fact) -> tuple[str, list[tuple[str, Phrase]]]:
    """Return the predicate of ``fact`` and its roles, both as in the active voice."""
    form = fact.predicate
    passive = fact.passive and form not in _CONVERSES
    agents = _agents(fact)
    if passive:
        doers = [p for role, p in fact.others if role == "by:의하"]
        doers = doers or [p for role, p in fact.others if role in {"by:to", "by:from"}]
        roles = [("agent", p) for p in doers] + [("patient", p) for p in agents]
        roles += [(role, p) for role, p in fact.others if role != "by:의하" and p not in doers]
        return canonical(form), roles
    if form in _CONVERSES and (givers := [p for r, p in fact.others if r in {"by:from", "by:to"}]):
        roles = [("agent", p) for p in givers] + [("by:to", p) for p in agents]
        roles += [("patient", p) for p in fact.objects]
        return _CONVERSES[form], roles
    roles = [("agent", p) for p in agents] + [("patient", p) for p in fact.objects]
    roles += fact.others
    if (
        not fact.objects
        and fact.topics
        and agents
        and not set(map(id, agents)) & set(map(id, fact.topics))
    ):
        roles += [("patient", p) for p in fact.topics if fact.ending not in {"ETM", "quote"}]
    if _ALIKE.get(form) == "이기":
        roles = [("by:to" if role == "patient" else role, p) for role, p in roles]
    return _ALIKE.get(form, canonical(form)), roles


def _agents(fact: Fact) -> list[Phrase]:
    """Return who does it, by the clause's own subject or the topic of the sentence."""
    own = [p for p in fact.subjects if any(p is other for other in fact.own)]
    if own or fact.ending in {"ETM", "ETN", "quote"}:
        return own
    return list(fact.topics) or list(fact.carried)


def _filler(phrase: Phrase, facts: Sequence[Fact]) -> Filler | None:
    words = tuple(
        canonical(word)
        for word in phrase.words
        if word not in TIME and word not in SEASON and not any(char.isdigit() for char in word)
    )
    if not words or is_pronoun(phrase) or all(len(word) < 2 and word in _BOUND for word in words):
        return None
    modifiers = {canonical(f.predicate) for f in facts if f.head is phrase}
    return Filler(words, frozenset(modifiers))


_BOUND = listed("것 데 바 뒤 후 전 때 수 점 중 적 줄 채 번 명 원 등 곳 말 초")


# The particles of a word by the role that they give it, the longest first.
_PARTICLES = (
    ("from", "에게서 한테서 으로부터 로부터 에서"),
    ("to", "에게는 에게 한테 께 에는 에"),
    ("than", "보다는 보다"),
    ("subject", "께서는 께서 에서는 은 는 이 가"),
    ("object", "을 를"),
)
_MARKED = [
    (role, particle)
    for role, particle in sorted(
        ((role, p) for role, particles in _PARTICLES for p in particles.split()),
        key=lambda pair: -len(pair[1]),
    )
]
_WORD = re.compile(r"[가-힣A-Za-z0-9&.\-]+")


def _particles_exchanged(claim: Analysed, source: Analysed) -> tuple[str, str] | None:
    """Find two words that have each other's particles in ``source``, under the same verbs.

    It reads the text itself: Kiwi may take a name that it does not know for other words.
    """
    voices = {(canonical(fact.predicate), fact.passive) for fact in source.narrated}
    main = [fact for fact in claim.narrated if fact.ending not in {"ETM", "ETN"}]
    if not main or not all((canonical(f.predicate), f.passive) in voices for f in main):
        return None
    mine, theirs = set(_marked(claim)), set(_marked(source))
    for one, other in product(sorted(mine), repeat=2):
        (word, role), (rival, place) = one, other
        if (
            word != rival
            and role != place
            and {(word, place), (rival, role)} <= theirs
            and not {one, other} & theirs
            and not {(word, place), (rival, role)} & mine
        ):
            return word, rival
    return None


def _marked(text: Analysed) -> Iterator[tuple[str, str]]:
    """Yield the words of ``text`` outside quotations that have a particle, with its role."""
    quoted = re.sub(r"“[^”]*”?|\"[^\"]*\"", " ", text.text)
    for match in _WORD.finditer(fold(quoted)):
        for role, particle in _MARKED:
            stem = match[0].removesuffix(particle)
            if stem != match[0] and len(stem) > 1 and not any(char.isdigit() for char in stem):
                yield stem, role
                break


# Beside an opposite: what it is about, or what is done so.
_BESIDE = frozenset({"NNG", "NNP", "XR", "SL", "SN", "VV", "VA", "NR", "NNB", "MAG"})
_DENYING = listed("않 못하 아니 못 안 없")
_REACH = 3


def reversed_words(claim: Analysed, sources: Sequence[Analysed]) -> list[Finding]:
    """Find 나중에 신청한 where a source has 먼저 신청한: an opposite beside the same word.

    Where both texts have both words, each must be beside the other's word.
    """
    mine = list(_beside(claim.raw))
    for source in sources:
        theirs = list(_beside(source.raw))
        for pair in REVERSALS:
            for said, found in (pair, pair[::-1]):
                own, other = _near(mine, said), _near(mine, found)
                same, rival = _near(theirs, said), _near(theirs, found)
                crossed = (own & rival) - same - other
                both = other and same
                if crossed and (not both or (other & same) - own - rival):
                    reason = f"the opposite is in the source: {said} ↔ {found}"
                    return [veto(reason, "negation", said, found=found)]
    return []


def _near(beside: Iterable[tuple[str, tuple[str, str]]], word: str) -> set[tuple[str, str]]:
    return {key for form, key in beside if form == word}


_REVERSED = frozenset(word for pair in REVERSALS for word in pair)
# 넓어지다 reverses 좁아지다 as 넓다 does 좁다.
_BECOMING = {f"{word}{ending}": word for word in _REVERSED for ending in ("어지", "아지")} | {
    "커지": "크",
    "빨라지": "빠르",
    "느려지": "느리",
}


def _beside(morphemes: Sequence[Morpheme]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each word that has an opposite, with the word before or after it, if not denied."""
    words = [m for m in morphemes if m.tag.split("-")[0] in _BESIDE]
    for at, morpheme in enumerate(words):
        form = _BECOMING.get(morpheme.form, morpheme.form)
        if form not in _REVERSED:
            continue
        place = morphemes.index(morpheme)
        if any(m.form in _DENYING for m in morphemes[place + 1 : place + 1 + _REACH]):
            continue
        if at:
            yield form, ("before", canonical(words[at - 1].form))
        if at + 1 < len(words):
            yield form, ("after", canonical(words[at + 1].form))


@dataclass(frozen=True, slots=True)
class _Modified:
    """A word directly before the noun that it modifies: 너벅마을 어민들. No particles."""

    word: str
    head: str
    label: bool
    noun: bool


def modified_otherwise(
    claim: Analysed, sources: Sequence[Analysed], known: str, elsewhere: str, before: str = ""
) -> list[Finding]:
    """Find 돌개마을 어민 where the sources have 너벅마을 어민: another word before the same noun.

    It reads the words themselves: Kiwi may take a name that it does not know for other words.
    ``known`` is what the claim may lean on: 이창용 총재 may be called 한국은행 총재 there. 이 회사
    주식 is that of the company that the sentence ``before`` names.
    A word of the same kind, another label, and a name of the text ``elsewhere`` are vetoes, others
    doubts.
    """
    mine = [one for one in _modified(claim) if one.noun]
    said = "".join(source.squeezed for source in sources)
    if not any(one.head in said for one in mine):
        return []
    there = [pair for source in sources for pair in _modified(source)]
    names = {fold(name) for text in (claim, *sources) for name in text.names}
    found: list[Finding] = []
    for one in mine:
        # 두레고 may have been read as a verb; beside 송이고 it is none.
        rivals = [p for p in there if p.head == one.head and (p.noun or _is_kin(p, one))]
        alone = said.count(one.head) > len(rivals)
        named = (one.word in said and not one.label) or any(
            _is_like(p.word, one.word) or (p.word in claim.squeezed and not p.label) for p in rivals
        )
        if rivals and not alone and _are_exchanged(one, rivals, claim, names, said):
            reason = f"exchanged in the source: {rivals[0].word} {one.head}"
            found.append(veto(reason, "role", f"{one.word} {one.head}", found=rivals[0].word))
        if not rivals or alone or named:
            continue
        if one.word in before and any(_is_pointed_at(p.word, sources) for p in rivals):
            continue
        kin = any(_is_kin(p, one) for p in rivals)
        if not kin and f"{one.word}{one.head}" in known:
            continue
        other = len(one.word) > _SHORTEST and one.word in elsewhere and one.word not in known
        reason = f"another {one.head} in the source: {rivals[0].word}, not {one.word}"
        found.append(finding(reason, "name", f"{one.word} {one.head}", final=kin or other))
    return found


def _are_exchanged(
    one: _Modified, rivals: Sequence[_Modified], claim: Analysed, names: Set[str], said: str
) -> bool:
    """Whether claim and source (``said``) have both names, each before this noun the other one."""
    return (
        one.word in names
        and one.head not in names
        and one.word in said
        and one.word + one.head not in said
        and all(p.word != one.word and p.word in names and p.word in claim.squeezed for p in rivals)
        and not any(p.word + one.head in claim.squeezed for p in rivals)
        and not any(
            _side_by_side(one, p.word, said)
            and (len(rivals) == 1 or _side_by_side(one, p.word, claim.squeezed))
            for p in rivals
        )
    )


def _side_by_side(one: _Modified, other: str, text: str) -> bool:
    """Whether ``text`` has both words and the noun in a row: 누리솔라 최인호 대표."""
    return any("".join(row) in text for row in permutations((one.word, other, one.head)))


_PLACED = re.compile(r"(?<=[가-힣]{2})(?:에|에서|에게)$")


def _is_pointed_at(word: str, sources: Sequence[Analysed]) -> bool:
    """Whether a source says 이 회사; 주주들이 회사 does not."""
    pointing = re.compile(rf"(?<![가-힣])(?:이|두|해당|양)\s?{re.escape(word)}")
    return any(pointing.search(fold(source.text)) for source in sources)


def _modified(text: Analysed) -> Iterator[_Modified]:
    """Yield the nouns of a text outside quotations with the noun or label before each."""
    quoted = [match.span() for match in QUOTE.finditer(text.text)]
    for first, second in pairwise(_WRITTEN.finditer(text.text)):
        if any(start < second.start() < end for start, end in quoted):
            continue
        if _PLACED.search(first[0]):
            continue  # Kiwi may take the particle of 호스팅에 for part of the noun
        label = _LABEL.fullmatch(first[0])
        word = label["name"] if label else _OWNER.sub("", first[0])
        is_name = len(word) >= _SHORTEST and word not in _NO_NAME
        if any(char.isdigit() for char in first[0]) or not (label or is_name):
            continue
        if head := _noun_of(text, second):
            tags = _tags(text, first)
            noun = bool(tags) and tags[-1] in _NOMINAL and not _VERBAL & set(tags)
            yield _Modified(fold(word), fold(head), label is not None, noun or label is not None)


def _tags(text: Analysed, word: re.Match[str]) -> list[str]:
    found = [m for m in text.raw if word.start() <= m.start < word.end()]
    return [m.tag.split("-")[0] for m in found if m.tag not in {"SP", "SSO", "SSC"}]


def _noun_of(text: Analysed, word: re.Match[str]) -> str | None:
    """Return the nouns that ``word`` begins with, if they are more than a dependent noun."""
    end = word.start()
    for morpheme in text.raw:
        if morpheme.start == end < word.end():
            if morpheme.tag.split("-")[0] not in {"NNG", "NNP", "SL", "XR"}:
                break
            end = morpheme.end
    noun = text.text[word.start() : end]
    return noun if len(noun) >= _SHORTEST and noun not in _NO_HEAD else None


def _is_like(one: str, other: str) -> bool:
    """Whether two words may name the same: parts of one another, or other words for it."""
    if one in other or other in one or canonical(one) == canonical(other):
        return True
    if any(other in alternative.words for alternative in interchangeable(one)):
        return True
    return bool(canonical_names(one) & canonical_names(other))


def _is_kin(one: _Modified, other: _Modified) -> bool:
    """Whether both are labels, or names that end alike (너벅마을, 돌개마을), or contrasted."""
    if one.label or other.label:
        return one.label and other.label
    alike = one.word[-1] == other.word[-1] and min(len(one.word), len(other.word)) > _SHORTEST
    return alike or frozenset({one.word, other.word}) in _CONTRASTED


_CONTRASTED = frozenset(
    frozenset(pair.split("/"))
    for pair in listed(
        "남자/여자 남성/여성 남학생/여학생 국내/해외 국내/국외 상반기/하반기 전반기/후반기"
    )
)
# Words with their quotation marks, without punctuation.
_WRITTEN = re.compile(r"[‘'\"“]?[가-힣A-Za-z0-9·&\-]+[’'\"”]?(?:[가-힣]*)")
_LABEL = re.compile(
    r"[‘']?(?P<name>[A-Z](?:형|급|동|조|반|팀|구역|등급|그룹)?|(?<=[‘'])[가나다라마바사아자차카타파하])[’']?"
)
_OWNER = re.compile(r"의$")
_SHORTEST = 2  # syllables
_NOMINAL = frozenset({"NNG", "NNP", "SL", "XSN", "JKG", "XR"})
_VERBAL = frozenset(
    {"VV", "VA", "VX", "VCP", "VCN", "XSV", "XSA", "EC", "ETM", "ETN", "EF", "MM", "JKS", "JKO"}
)
_NO_NAME = listed(
    "이번 지난 다음 최근 현재 당시 올해 지난해 작년 내년 모든 여러 관련 해당 전체 일부 대부분 주요 "
    "국내 해외 우리 자기 그들 이날 전날 오전 오후 매년 매달 매주 평균 최대 최소 추가 신규 기존 "
    "공동 자체 실제 예상 목표 누적 연간 전년 동기 대비 이상 이하 이후 이전 기준 수준 규모 "
    "가운데 사이"
)
_NO_HEAD = listed(
    "가운데 때문 이상 이하 정도 동안 이후 이전 사이 안팎 가량 만큼 대신 직후 직전 당시 관련"
)
