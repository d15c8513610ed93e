"""Word rules: every word, amount, cause and piece of markup of a claim must be in its source."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal, TypeAlias

from geungeo.rag.grounding.frames import found_out, is_frame, repeated
from geungeo.rag.language import people
from geungeo.rag.language.amounts import Counted, counted
from geungeo.rag.language.analysis import Analysed, analysed
from geungeo.rag.language.clauses import SUPPORT
from geungeo.rag.language.morphemes import Morpheme
from geungeo.rag.language.numbers import is_unit
from geungeo.rag.language.vocabulary import REVERSING, canonical, interchangeable, terms_of
from geungeo.rag.readers.layout import columns
from geungeo.rag.text import fold, listed

_CONTENT = frozenset({"NNG", "NNP", "XR", "SL", "SH", "VV", "VA", "MAG", "W_SERIAL"})
# Words that add nothing which a source would have to hold.
_LIGHT = listed(
    "하 되 있 것 대하 관하 따르 의하 통하 위하 이루어지 보이 나오 나타나 가지 기사 보도 내용 "
    "규모 때 등 수 중 이후 당시 경우 관련 가운데 정도 바 점 측 또 또한 더 매우 즉 특히 함께 "
    "현재 다시 먼저 각각 바로 그 이 및 모두 이미지 해당 총 약 못 안 당하 받 대로 이미 한때 "
    "반면 지금 이제 벌써 자사 가능 가능성 상황 사람 인물 보 알려지 전하 모습 사실 현 같 당사 다른 "
    "일찍"
)
# Dependent words that change what is said: 연초 is not 연말, only some is not all.
_DECISIVE = listed("초 말 전 후 반 만 뿐 밖에 보다 마다 조차")
_ONLY = listed("만 뿐 밖에 불과 그치")
# o1, f-35: letters and digits in one name, which are no amount.
_CODE = re.compile(r"(?<![a-z0-9])[a-z]+-?[0-9][a-z0-9]*")
# Only these suffixes leave the noun what it was.
_PLAIN_SUFFIX = listed("씩 들 적 화 성 씨 님 가량 여 쯤 째 별 하 간")


# What differs between a claim and its source.
Difference: TypeAlias = Literal[
    "number", "date", "name", "role", "negation", "certainty", "quotation"
]
# Or why nothing can be compared: the source does not say it (``unsaid``) or speaks of another
# ``matter``, or the claim is markup, an instruction or nothing (``form``).
FindingKind: TypeAlias = Difference | Literal["unsaid", "matter", "form"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule found wrong with a claim.

    A ``veto`` (a wrong number, name, date, quotation, denial, certainty or role) is final. A
    doubt says that the rules cannot prove a part of the claim; a verifier may. ``said`` are the
    claim's words that differ, ``found`` the source's, each where the rule can single them out;
    ``lacking`` says that the source lacks them, so that another sentence may have them.
    """

    reason: str
    veto: bool
    kind: FindingKind
    said: str = ""
    found: str = ""
    lacking: bool = False


def veto(
    reason: str, kind: FindingKind, said: str = "", *, found: str = "", lacking: bool = False
) -> Finding:
    """Return a finding that no verifier may overrule."""
    return Finding(reason, True, kind, said, found, lacking)  # noqa: FBT003


def doubt(reason: str, kind: FindingKind = "unsaid", said: str = "") -> Finding:
    """Return a finding that a verifier may overrule."""
    return Finding(reason, False, kind, said)  # noqa: FBT003


def finding(
    reason: str, kind: FindingKind, said: str = "", *, final: bool, lacking: bool = False
) -> Finding:
    """Return a veto if it is ``final``, otherwise a doubt."""
    return veto(reason, kind, said, lacking=lacking) if final else doubt(reason, kind, said)


def lacking(what: str, kind: Difference, said: str) -> Finding:
    """Return the veto that the source lacks ``said``: ``number not in source: 5억``."""
    return veto(f"{what} not in source: {said}", kind, said, lacking=True)


def missing_words(
    claim: Analysed,
    sources: Sequence[Analysed],
    context: Sequence[Analysed] = (),
    about: str = "",
    stated: frozenset[int] = frozenset(),
    elsewhere: str = "",
) -> list[Finding]:
    """Find the content words of ``claim`` that its sources do not hold, in order.

    Nouns may also come from ``context``, the sentences that the sources lean on, and names
    from ``about``, what is known of the article. ``stated`` are the starts of words that the
    facts of the sources state otherwise; what kind of thing a party is (회사), ``elsewhere`` in the
    article may say. A missing name or an opposite (영리 for 비영리) is a
    veto, any other missing word a doubt.
    """
    held = _Held.by(sources, [*sources, *context], about)
    whole = _whole_words(claim.morphemes, held.spaced)
    done = _whole_words(claim.morphemes, " ".join(fold(source.text) for source in sources))
    known = [*sources, *context]
    spoken = repeated(claim, sources)
    found: list[Finding] = []
    for at, morpheme in enumerate(claim.morphemes):
        tag = morpheme.tag.split("-")[0]
        before = claim.morphemes[at - 1] if at else None
        if morpheme.form in _DECISIVE and (tag == "NNB" or tag in {"JX", "JKB"}):
            same = _ONLY if morpheme.form in _ONLY else {morpheme.form}
            if not any(m.form in same for s in sources for m in s.morphemes):
                found.append(_no_word(morpheme.form))
        elif tag == "XSN" and morpheme.form not in _PLAIN_SUFFIX and before:
            # 은행 and 공무원 are in the source; 은행원 need not be.
            word = f"{before.form}{morpheme.form}"
            if word not in held.squeezed:
                found.append(_no_word(word))
        elif (
            tag not in _CONTENT
            or morpheme.form in _LIGHT
            or (tag == "SL" and before is not None and _measures(before, morpheme))
            or morpheme.start in stated
            or is_frame(claim.morphemes, at, known, elsewhere)
            or any(word.start <= morpheme.start < word.end for word in spoken)
            or _points_at_the_one(claim.morphemes, at, held.spaced)
            or morpheme.start in (done if _makes_verb(claim.morphemes, at) else whole)
        ):
            continue
        elif _reversed(claim.morphemes, at, [*sources, *context]):
            reason = f"the opposite is in the source: {morpheme.form}"
            found.append(veto(reason, "negation", morpheme.form))
        elif not held.has(morpheme, claim, verbal=_makes_verb(claim.morphemes, at)):
            found.append(_absent(claim, at, held))
    found += _each_for_all(claim, sources)
    found += _other_time(claim, sources)
    found += _of_another_name(claim, sources)
    codes = _CODE.findall(fold(claim.text))
    found += [lacking("name", "name", c) for c in codes if not _contains(c, held.spaced)]
    found += _unread(claim, held.squeezed)
    return list(dict.fromkeys(found))


def _each_for_all(claim: Analysed, sources: Sequence[Analysed]) -> Iterator[Finding]:
    """Find 세 차례 1조 원씩 where the source has 세 차례 모두 1조 원."""
    for match in _EACH.finditer(fold(claim.text)):
        amount = re.escape(re.sub(r"\s", "", match["amount"]))
        in_all = re.compile(rf"(?:모두|총|합쳐|통틀어){amount}(?!씩)")
        if any(in_all.search(source.squeezed) for source in sources):
            yield veto("the source gives it in all, not each", "number", f"{match['amount']}씩")


# Bounded, and begun once in a number, so that a long row of digits is read in linear time.
_EACH = re.compile(r"(?<!\d)(?P<amount>\d[\d.,\s백천만억조]{0,40}[가-힣]{1,2}?)씩")


def _other_time(claim: Analysed, sources: Sequence[Analysed]) -> Iterator[Finding]:
    """Doubt 사고 뒤 where the cited sentences, whatever those before them have, name no 사고."""
    cited = " ".join(fold(source.text) for source in sources)
    for match in _AFTER.finditer(claim.text):
        if fold(match["what"]) not in cited and match["what"] not in _VAGUE_TIMES:
            yield doubt(
                f"not when it was in the source: {match[0].strip()}", "date", match[0].strip()
            )


_AFTER = re.compile(
    r"(?<![가-힣A-Za-z0-9])(?:이|그)\s(?P<what>[가-힣]{2,})\s(?:뒤|후|직후|이후|전|직전)(?=[에,\s])"
)
_VAGUE_TIMES = listed("이날 이때 기간 시기 이틀 사흘 일주일")


def _of_another_name(claim: Analysed, sources: Sequence[Analysed]) -> Iterator[Finding]:
    """Find 예상치인 27만 명 where the source has 예상치의 세 배인 27만 명."""
    for mine in _CALLED.finditer(claim.text):
        for source in sources:
            for theirs in _CALLED.finditer(source.text):
                same = theirs["amount"] == mine["amount"]
                one, other = fold(mine["what"]), fold(theirs["what"])
                if same and one not in other and other not in one:
                    amount = mine["amount"]
                    reason = f"another thing is {amount} in the source: {other}"
                    yield veto(reason, "number", amount)


_CALLED = re.compile(
    r"(?P<what>[가-힣A-Za-z]{1,12}(?<![뒤만전후날]))인\s(?P<amount>\d[\d.,]*\s?[만억조천]*)"
    r"(?![\d.,\s만억조천]*[년월일])"
)


_OTHER_ONES = r"(?:지난|다음|저번|직전|앞선|작년|해|년|월|달|주|일|전|뒤|번째|차|첫|마지막|회)의?"


def _points_at_the_one(morphemes: Sequence[Morpheme], at: int, source: str) -> bool:
    """Whether this is 이번 before a noun of which the source names no other one (지난 대회)."""
    if morphemes[at].form != "이번" or at + 1 == len(morphemes):
        return False
    noun = re.escape(morphemes[at + 1].form)
    return noun in source and not re.search(rf"{_OTHER_ONES}\s?{noun}", source)


@dataclass(frozen=True, slots=True)
class _Held:
    """The words of the sources: all of them, and those of the cited sentences alone."""

    terms: frozenset[str]
    forms: frozenset[str]
    cited: frozenset[str]
    others: tuple[Morpheme, ...]
    nouns: frozenset[str]
    spaced: str
    squeezed: str
    clock: frozenset[tuple[str, int]]

    @classmethod
    def by(cls, cited: Sequence[Analysed], texts: Sequence[Analysed], about: str) -> _Held:
        known = [*texts, *(analysed([about]) if about else [])]
        return cls(
            frozenset().union(*(text.terms for text in known)),
            frozenset().union(*(text.forms for text in known)),
            frozenset().union(*(text.forms for text in cited)),
            tuple(morpheme for text in known for morpheme in text.morphemes),
            frozenset().union(*(_nouns(text) for text in cited)),
            " ".join(fold(text.text) for text in known),
            " ".join(text.squeezed for text in known),
            frozenset().union(*(_clock(text.text) for text in cited)),
        )

    def otherwise(self, noun: str, claim: Analysed) -> bool:
        """Whether the cited sentences have another noun or adverb that changes no fact.

        What is done is compared with who did it, see :func:`geungeo.rag.grounding.facts.stated`.
        """
        both = claim.forms & self.cited
        plain = not any(fact.denied or fact.unreal or fact.asked for fact in claim.narrated)
        return any(
            one.words & self.nouns
            and (plain or not one.general)
            and (not one.of or any(other.endswith(tuple(one.of)) for other in both))
            for one in interchangeable(noun)
        )

    def has(self, morpheme: Morpheme, claim: Analysed, *, verbal: bool) -> bool:
        """Whether the sources hold the word, a synonym, or the name in another spelling.

        What is done (``verbal``) must be in a cited sentence.
        """
        quoted = _quoted_names(claim.text, self.spaced)
        if any(start <= morpheme.start and morpheme.end <= end for start, end in quoted):
            return True
        tag = morpheme.tag.split("-")[0]
        verbal = verbal or tag in {"VV", "VA"}
        nominal = not verbal and tag != "MAG"
        if canonical(morpheme.form) in (self.forms if nominal else self.cited):
            return True
        if not verbal and self.otherwise(morpheme.form, claim):
            return True
        if named := _CLOCK.match(claim.text, morpheme.start):
            return _hour(named) in self.clock
        if morpheme.form == "동안" and _LASTING.search(self.spaced):
            return True
        place = _PLACE.fullmatch(morpheme.form) if tag == "NNP" else None
        if place and any(m.form == place[1] and m.tag == "NNP" for m in self.others):
            return True  # 경기도 where the source has 경기, but not 제주도 where it has 제주시
        if tag == "MAG":
            # 단호히 and 단호하게 have one root.
            root = re.sub(r"(?:히|이|리)$", "", morpheme.form)
            return len(root) > 1 and (root in self.cited or f"{root}하" in self.squeezed)
        if _same_name(morpheme, self.terms, self.others):
            return True
        if not nominal or len(morpheme.form) < 2:
            return False
        # Kiwi may have cut the source differently, or left a particle at the claim's word.
        bare = _PARTICLE_END.sub("", morpheme.form)
        return morpheme.form in self.spaced or (len(bare) > 1 and bare in self.spaced)


@lru_cache(maxsize=256)
def _quoted_names(claim: str, sources: str) -> tuple[tuple[int, int], ...]:
    """Return the places of names that ``sources`` quote (‘삐뚤상회’), which Kiwi may cut."""
    folded = fold(claim)
    if len(folded) != len(claim):
        return ()
    return tuple(
        at.span()
        for name in set(_QUOTED_NAME.findall(sources))
        for at in re.finditer(rf"(?<![가-힣A-Za-z]){re.escape(name)}", folded)
    )


_QUOTED_NAME = re.compile(r"[‘'“\"]([가-힣A-Za-z0-9]{3,12})[’'”\"]")


def _measures(number: Morpheme, unit: Morpheme) -> bool:
    """Whether ``unit`` is that of the number before it (126ha), which is compared as an amount."""
    return number.tag == "SN" and number.end == unit.start and is_unit(unit.form)


def _makes_verb(morphemes: Sequence[Morpheme], at: int) -> bool:
    """Whether the noun at ``at`` is a predicate: 자신하다, 발표되다."""
    rest = (m.tag.split("-")[0] for m in morphemes[at + 1 :])
    # 단일화하다: 화 makes another noun of the noun first.
    return next((tag for tag in rest if tag != "XSN"), "") in {"XSV", "XSA"}


_LASTING = re.compile(
    r"동안|(?:년|월|개월|일|주|시간|분|흘|틀|해|달)\s?(?:간|새|만에|내내|에 걸쳐|사이)"
)
# 밤 9시 is 오후 9시: the half of the day and the hours that each word may mean, in news usage.
_HALVES: Mapping[str, Mapping[str, Sequence[int]]] = {
    "오전": {"오전": range(13)},
    "오후": {"오후": range(1, 13)},
    "새벽": {"오전": range(1, 7)},
    "아침": {"오전": range(5, 11)},
    "낮": {"오전": (10, 11), "오후": (12, 1, 2, 3, 4, 5)},
    "저녁": {"오후": range(5, 10)},
    "밤": {"오후": range(6, 12), "오전": (12, 1, 2, 3)},
}
_CLOCK = re.compile(rf"({'|'.join(_HALVES)})\s?(\d{{1,2}})시")


def _clock(text: str) -> set[tuple[str, int]]:
    """Return the hours that ``text`` names, each with its half of the day."""
    return {_hour(match) for match in _CLOCK.finditer(text)}


def _hour(match: re.Match[str]) -> tuple[str, int]:
    hour = int(match[2])
    half = next((half for half, hours in _HALVES[match[1]].items() if hour in hours), match[1])
    return half, hour


def _nouns(text: Analysed) -> frozenset[str]:
    """Return the nouns and adverbs of ``text`` that are no predicate, as canonical words."""
    return frozenset(
        canonical(m.form)
        for at, m in enumerate(text.morphemes)
        if m.tag.split("-")[0] in {"NNG", "NNP", "NNB", "SL", "MAG"}
        and not _makes_verb(text.morphemes, at)
    )


_PLACE = re.compile(r"([가-힣]{2,})(?:특별자치도|특별시|광역시|특별자치시|도|시|군|구|읍|면)")
_PARTICLE_END = re.compile(r"(?:에서|에게|으로|에|은|는|이|가|을|를|의|로)$")
# The last part of an organisation's name that is made of common nouns.
ORGANISATION = re.compile(
    r"(?:연구소|연구원|전자|그룹|정부|은행|대학|대학교|협회|재단|신문|일보|통신|증권|물산|화학|건설|시청|구청|도청|군청"
    r"|병원|법원|검찰청|경찰서|방송|항공|제약|중공업|자동차|카드|보험|생명|화재|제철|조선|해운|유통|백화점|호텔"
    r"|바이오|테크|소프트|모빌리티|에너지|파트너스|시|군|구|도|읍|면|동)$"
)
_TITLED = listed(
    "기자 대표 회장 사장 교수 의원 장관 총리 대통령 시장 지사 감독 선수 위원장 이사장 원장 "
    "소장 총재 박사 작가 씨 군 양 본부장 부장 팀장 국장 실장 차관 총장 대변인 이사 변호사 "
    "판사 검사 배우 가수"
)


def _absent(claim: Analysed, at: int, held: _Held) -> Finding:
    """Return a veto if the missing word at ``at`` is a name or part of one, otherwise a doubt."""
    morpheme = claim.morphemes[at]
    run = _compound(claim.morphemes, at)
    word = "".join(m.form for m in run)
    following = claim.morphemes[run_end] if (run_end := at + 1) < len(claim.morphemes) else None
    organisation = len(run) > 1 and len(word) > 3 and ORGANISATION.search(word) is not None
    titled = (
        following is not None
        and following.form in _TITLED
        and following.tag in {"NNG", "NNB", "XSN"}
        and 2 <= len(morpheme.form) <= 4
        and morpheme.form not in _PARTIES  # 두 회사 변호사
    )
    if _is_name(morpheme) or (organisation and word not in held.squeezed):
        return lacking("name", "name", word if organisation else morpheme.form)
    if titled and morpheme.tag != "NNB" and following and following.start - morpheme.end <= 1:
        return lacking("name", "name", morpheme.form)
    return _no_word(morpheme.form)


def _no_word(word: str) -> Finding:
    return doubt(f"word not in source: {word}", said=word)


_PARTIES = listed(
    "회사 업체 기업 단체 기관 정부 양측 양쪽 학교 병원 은행 구단 지역 국가 현장 국내 해외"
)
# Abbreviations that are common nouns.
_COMMON_LETTERS = listed(
    "cctv sns ai it pc tv ceo cfo cto gdp app pdf qr sf ott pr led kg km mm gpu cpu usb ip id lte "
    "ev iot api vr ar esg dna rna mri ct vip mou"
)


def _is_name(morpheme: Morpheme) -> bool:
    """Whether Kiwi takes the word for a proper noun, also when it is alone."""
    if len(morpheme.form) < 2 and morpheme.tag == "NNP":
        return False
    if morpheme.tag in {"SL", "SH"}:
        return morpheme.form not in _COMMON_LETTERS
    if morpheme.tag == "NNG":
        return people.may_be_name(morpheme.form)
    if morpheme.tag != "NNP":
        return False
    if morpheme.unknown:
        return True
    [alone] = analysed([morpheme.form])
    return any(m.tag in {"NNP", "SL"} for m in alone.morphemes) or len(alone.morphemes) > 1


def _compound(morphemes: Sequence[Morpheme], at: int) -> list[Morpheme]:
    """Return the nouns that are written together with the one at ``at``."""
    first = last = at
    while (
        first and _odd(morphemes[first - 1]) and morphemes[first - 1].end == morphemes[first].start
    ):
        first -= 1
    while (
        last + 1 < len(morphemes)
        and _odd(morphemes[last + 1])
        and morphemes[last].end == morphemes[last + 1].start
    ):
        last += 1
    return list(morphemes[first : last + 1])


def _contains(name: str, spaced: str) -> bool:
    return re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", spaced) is not None


def _whole_words(morphemes: Sequence[Morpheme], source: str) -> set[int]:
    """Return the starts of morphemes whose word the source begins a word with: 해솔시."""
    found: set[int] = set()
    run: list[Morpheme] = []
    for morpheme in (*morphemes, None):
        if morpheme and _odd(morpheme) and (not run or run[-1].end == morpheme.start):
            run.append(morpheme)
            continue
        text = "".join(m.form for m in run)
        if len(text) > 2 and re.search(rf"(?<![가-힣a-z0-9]){re.escape(text)}", source):
            found.update(m.start for m in run)
        run = [morpheme] if morpheme and _odd(morpheme) else []
    return found


def _same_name(
    morpheme: Morpheme, terms: frozenset[str], source_morphemes: Sequence[Morpheme]
) -> bool:
    """Whether it is a known alias or has the same sound in the other script (Suleyman, 설리먼).

    Within one script, words of one sound are different words: 승진 and 선정.
    """
    if morpheme.tag not in {"NNP", "SL", "NNG"}:
        return False
    own = terms_of([morpheme])
    if any(term in terms for term in own if term.startswith("@")):
        return True
    others = {"NNP", "NNG"} if morpheme.tag == "SL" else {"SL"}
    there = [m for m in source_morphemes if m.tag in others]
    sounds = {term for m in there for term in terms_of([m]) if term.startswith("~")}
    return any(term in sounds for term in own)


def _reversed(morphemes: Sequence[Morpheme], at: int, sources: Sequence[Analysed]) -> bool:
    """비영리 where the source has only 영리, or 영리 where it has only 비영리."""
    morpheme = morphemes[at]
    if len(morpheme.form) < 2:
        return False
    before = morphemes[at - 1] if at else None
    prefix = before.form if before and _is_prefix(before, morpheme) else ""
    seen = [
        (match[1] or "")
        for source in sources
        for match in re.finditer(
            rf"(?:(?<![가-힣])([{REVERSING}]))?{re.escape(morpheme.form)}", fold(source.text)
        )
    ]
    return bool(seen) and prefix not in seen


def _is_prefix(before: Morpheme, noun: Morpheme) -> bool:
    return before.end == noun.start and before.tag == "XPN" and before.form in REVERSING


_NUMERALS = listed(
    "열 스물 스무 서른 마흔 쉰 예순 일흔 여든 아흔 한 두 세 네 다섯 여섯 일곱 여덟 아홉"
)
# A determiner before a noun: 양사, 각국, 본사 are words, not names.
_DETERMINERS = listed("양 각 전 본 타 현 이 그 저 두 세 첫 여러 온 옛 새 총 매 제 귀 당 맨 한")


def _unread(claim: Analysed, squeezed: str) -> list[Finding]:
    """Find names that Kiwi does not know and takes apart into determiners and counters."""
    found: list[Finding] = []
    run: list[Morpheme] = []
    for morpheme in (*claim.morphemes, None):
        if morpheme and (not run or run[-1].end == morpheme.start) and _odd(morpheme):
            run.append(morpheme)
            continue
        if len(run) > 1 and run[-1].form == "이" and run[-1].tag == "MM":
            run.pop()  # Kiwi takes the particle of 소장이 for a determiner
        text = "".join(m.form for m in run)
        odd = len(run) > 1 and any(m.tag in {"MM", "IC", "NP"} for m in run)
        odd = odd and not all(m.form in _NUMERALS or m.tag in {"MM", "NR"} for m in run)
        if odd and text not in squeezed:
            plain = run[0].tag == "MM" and run[0].form in _DETERMINERS and len(run) == 2
            missing = _no_word(text)
            found.append(missing if plain else lacking("name", "name", text))
        run = [morpheme] if morpheme and _odd(morpheme) else []
    return found


def _odd(morpheme: Morpheme) -> bool:
    return morpheme.tag in {"MM", "IC", "NP", "NNB", "NNG", "NNP", "NR", "XSN", "XPN"}


def amount_of_whole(claim: Analysed, sources: Sequence[Analysed]) -> Finding | None:
    """Find 위원 9명이 반대했다 where the source has 9명 가운데 4명이 반대했다."""
    mine = counted(claim)
    wanted = {canonical(m.form) for m in claim.morphemes if _counts_as_content(m)}
    for source in sources:
        amounts = counted(source)
        for whole, part in pairwise(amounts):
            at = source.text.find(whole.surface) + len(whole.surface)
            if not _AMONG.match(source.text[at:]):
                continue
            split = _AMONG.match(source.text[at:]).end() + at  # type: ignore[union-attr]
            taken = [c for c in mine if c.amount.matches(whole.amount)]
            if not taken or any(c.amount.matches(part.amount) for c in mine):
                continue
            if any(_AMONG.match(_following(claim, c)) for c in taken):
                continue
            after = {
                canonical(m.form)
                for m in source.morphemes
                if m.start >= split and _counts_as_content(m)
            }
            before = {canonical(m.form) for m in source.morphemes if m.start < split}
            if wanted & (after - before):
                number = taken[0].surface
                return veto(f"number is of the whole, not of the part: {number}", "number", number)
    return None


_AMONG = re.compile(r"\s?(?:가운데|중(?:에서|에)?(?=\s)|\(?[^)]{0,12}\)?\s가운데)")


def _preceding(text: Analysed, amount: Counted) -> str:
    return text.text[: text.text.find(amount.surface)].rstrip()


def _following(text: Analysed, amount: Counted) -> str:
    return text.text[text.text.find(amount.surface) + len(amount.surface) :]


def of_something_else(number: str, said: str = "") -> Finding:
    """Return the veto that ``number`` (as a value; ``said`` as written) counts something else."""
    return veto(f"number belongs to something else: {number}", "number", said or number)


def exchanged_amount(claim: Analysed, sources: Sequence[Analysed]) -> Finding | None:
    """Find a number of ``claim`` that the source gives to something else of the same unit.

    The words beside a number say what it counts. Where a claim gives both numbers, one word
    beside the wrong one is chance; two are an exchange.
    """
    said = counted(claim)
    for source in sources:
        theirs = counted(source)
        crossed: list[tuple[Counted, bool]] = []
        for mine in said:
            same = [c for c in theirs if c.amount.matches(mine.amount)]
            rivals = [
                c for c in theirs if c.amount.value != mine.amount.value and c.unit == mine.unit
            ]
            counters = {c.unit for c in same}
            if same and rivals and mine.unit not in counters | _ORDINAL and "" not in counters:
                # 91승 where the source has 51승 91패.
                return of_something_else(mine.surface)
            if same and _is_crossed(mine, same, rivals, theirs):
                both = any(c.amount.matches(r.amount) for c in said for r in rivals)
                crossed.append((mine, both))
        for mine, both in crossed:
            if not both or len(crossed) > 1:
                return of_something_else(f"{float(mine.amount.value):g} {mine.unit}", mine.surface)
    return None


def _is_crossed(
    mine: Counted, same: Sequence[Counted], rivals: Sequence[Counted], theirs: Sequence[Counted]
) -> bool:
    """Whether the words beside ``mine`` are those beside a rival number of the source."""
    own = {label for c in same for label in (c.before, c.after)}
    if own & _OF_WHOLE:
        # 항공기 14대 가운데 5대: both are of the same things.
        own |= {c.before for c in theirs}
    # 52곳에서 40곳으로: both ends of a change are of the same things.
    ends_of_one = [c for c in rivals if {c.end} | {s.end for s in same} == {"from", "to"}]
    own |= {c.before for c in ends_of_one}
    taken = {label for c in rivals for label in (c.before, c.after)} - own - {""}
    ends = {c.end for c in same}
    counts = mine.unit not in _ORDINAL
    return (
        (counts and mine.before in taken)
        or (counts and mine.after in taken and mine.before not in own)
        or bool(mine.end and mine.end not in ends and "" not in ends)
    )


def swapped_amounts(claim: Analysed, sources: Sequence[Analysed]) -> Finding | None:
    """Find 개업 42곳, 폐업 38곳 where the source has 폐업 42곳, 개업 38곳.

    What two amounts of one unit count, by the words in front of each, has changed places.
    """
    mine = counted(claim)
    for source in sources:
        theirs = counted(source)
        before = {id(one): _words_before(source, one, theirs) for one in theirs}
        said = {id(one): _words_before(claim, one, mine) for one in mine}
        for first, second in pairwise(mine):
            found = [
                next((one for one in theirs if one.amount.matches(own.amount)), None)
                for own in (first, second)
            ]
            if found[0] is None or found[1] is None or found[0] is found[1]:
                continue
            # What comes first in both is about both amounts.
            topic = before[id(theirs[0])] & said[id(mine[0])]
            one, other = before[id(found[0])] - topic, before[id(found[1])] - topic
            exchanged = said[id(first)] & (other - one) and said[id(second)] & (one - other)
            kept = said[id(first)] & (one - other) or said[id(second)] & (other - one)
            if first.unit == second.unit and exchanged and not kept:
                return of_something_else(first.surface)
    return None


def _words_before(text: Analysed, amount: Counted, amounts: Sequence[Counted]) -> frozenset[str]:
    """Return the content words between an amount and the one before it."""
    at = text.text.find(amount.surface)
    ends = (text.text.find(one.surface) + len(one.surface) for one in amounts)
    start = max((end for end in ends if end <= at), default=0)
    return frozenset(
        canonical(m.form) for m in text.morphemes if start <= m.start < at and _counts_as_content(m)
    )


def misplaced_amount(claim: Analysed, sources: Sequence[Analysed]) -> Finding | None:
    """Find a number of ``claim`` whose part of the source is about something else.

    삼각봉 812㎜, 성판악 644㎜: the words beside each number say what it counts. A claim whose
    words are those beside another number of the same unit has taken the wrong one. So has one
    that gives the number before a change (23곳에서 8곳으로) as the present one.
    """
    wanted = {canonical(m.form) for m in claim.morphemes if _counts_as_content(m)}
    mine = counted(claim)
    for source in sources:
        slots = _slots(source)
        verbs = {canonical(m.form) for m in source.morphemes if m.tag.split("-")[0] in {"VV", "VA"}}
        for amount in mine:
            own = [slot for slot in slots if slot.amount.amount.matches(amount.amount)]
            rivals = [
                slot
                for slot in slots
                if not slot.amount.amount.matches(amount.amount)
                and slot.amount.unit == amount.unit
                and not _AMONG.match(_following(source, slot.amount))
                and not any(slot.amount.amount.matches(other.amount) for other in mine)
                and not any({slot.amount.end, one.amount.end} == {"from", "to"} for one in own)
            ]
            text = f"{float(amount.amount.value):g} {amount.unit}"
            changed = any(
                slot.amount.end == "to" and slot.amount.unit == amount.unit for slot in slots
            )
            if own and changed and _formerly(amount, own, source, claim):
                return veto(f"the number was so before: {text}", "number", amount.surface)
            if not own or not rivals or amount.unit in _ORDINAL:
                continue
            if _listed_elsewhere(own, rivals, claim, source):
                return of_something_else(text, amount.surface)
            labels = {slot.amount.before for slot in own}
            others = frozenset().union(*(slot.words for slot in rivals))
            if amount.before in labels - {""} and not (others & wanted) - verbs - {amount.unit}:
                continue  # 배는 80상자, in a list whose last verb is that of all
            best = max(len((slot.words - _shared(slot, rivals)) & wanted) for slot in own)
            other = max(len((slot.words - _shared(slot, own)) & wanted) for slot in rivals)
            if other > best and any(slot.words for slot in own):
                return of_something_else(text, amount.surface)
    return None


def _formerly(amount: Counted, own: Sequence[_Slot], source: Analysed, claim: Analysed) -> bool:
    """Whether ``amount`` is the one before a change (23곳에서 8곳으로), given as today's."""
    if amount.end or any(slot.amount.end != "from" for slot in own):
        return False
    if any(m.form in _FORMERLY for m in claim.morphemes):
        return False
    at = source.text.find(own[0].amount.surface)
    years = set(_YEAR.findall(source.text[:at]))
    return not years & set(_YEAR.findall(claim.text))


_YEAR = re.compile(r"(?:19|20)\d\d년|\d{1,2}월|\d+년 전")


def _listed_elsewhere(
    own: Sequence[_Slot], rivals: Sequence[_Slot], claim: Analysed, source: Analysed
) -> bool:
    """Whether a list (삼각봉 812㎜, 성판악 644㎜) gives the claim's label to another number."""
    text = fold(claim.text)
    labels = {slot.amount.before for slot in own}
    if "" in labels or any(label in text for label in labels):
        return False
    forms = [canonical(m.form) for m in source.morphemes]
    return any(
        len(slot.amount.before) > 1
        and slot.amount.before in text
        and forms.count(slot.amount.before) == 1
        and _preceding(source, slot.amount).endswith(slot.amount.before)
        for slot in rivals
    )


_FORMERLY = listed("기존 당초 원래 종전 이전 전 예전 과거 애초 처음 전년 지난해 작년")


@dataclass(frozen=True, slots=True)
class _Slot:
    """An amount of a source, and the content words of the part of the sentence around it."""

    amount: Counted
    words: frozenset[str]


def _shared(slot: _Slot, others: Sequence[_Slot]) -> frozenset[str]:
    """Return the words that ``slot`` has in common with one of ``others``."""
    return frozenset().union(*(slot.words & other.words for other in others))


def _slots(source: Analysed) -> list[_Slot]:
    """Cut a sentence into parts at commas, clauses and 가운데, one amount in each."""
    amounts = counted(source)
    topic = {
        canonical(m.form)
        for at, m in enumerate(source.morphemes[:-1])
        for after in source.morphemes[at + 1 : at + 3]
        if after.tag in {"JX", "JKS"} and at < _TOPIC_REACH
    }
    slots = []
    for amount in amounts:
        start, end = _part(source, amount, amounts)
        words = {
            canonical(m.form)
            for m in source.morphemes
            if start <= m.start < end and _counts_as_content(m)
        }
        slots.append(_Slot(amount, frozenset(words - topic)))
    return slots


# A sentence's topic is about all of its amounts. In morphemes from the start.
_TOPIC_REACH = 6
_BOUND = re.compile(
    r",|가운데|(?<=[가-힣])중(?=\s)|지만|으나|는데|(?<=[가-힣])고(?=[,\s])|며(?=[,\s])"
)


def _part(source: Analysed, amount: Counted, amounts: Sequence[Counted]) -> tuple[int, int]:
    """Return where the part of the sentence around ``amount`` begins and ends."""
    at = source.text.find(amount.surface)
    stop = at + len(amount.surface)
    bounds = [match.end() for match in _BOUND.finditer(source.text)]
    start = max((bound for bound in bounds if bound <= at), default=0)
    end = min((bound for bound in bounds if bound >= stop), default=len(source.text))
    for other in amounts:
        place = source.text.find(other.surface)
        if other is amount or place < 0:
            continue
        if start <= place < at:
            start = place + len(other.surface)
        elif stop <= place < end:
            end = place
    return start, end


def _counts_as_content(morpheme: Morpheme) -> bool:
    tag = morpheme.tag.split("-")[0]
    return tag in {"NNG", "NNP", "XR", "SL", "VV", "VA", "MAG"} and morpheme.form not in _LIGHT


_OF_WHOLE = listed("가운데 중")
# These say which one or when, and count nothing.
_ORDINAL = listed("ordinal rank year month day hour minute 세트 차 층 호")


_MARKERS = listed("때문 탓 덕분 이유 원인 여파 계기 영향 결과 덕")
_ENDINGS = frozenset({"니까", "으니까", "므로", "으므로", "느라", "어서", "아서"})
# A clause that leads on may be the cause of the next: 거절당하면서 화를 냈다.
_WEAK_CAUSES = frozenset({"어", "아", "으로", "로", "면서", "으면서", "자", "고", "며"})
# How far before a marker its cause may stand, in content words.
_REACH = 8
_CAUSE_CONTENT = frozenset({"NNG", "NNP", "VV", "VA", "XR", "SL"})


def invented_cause(claim: Analysed, sources: Sequence[Analysed]) -> Finding | None:
    """Find a cause that ``claim`` gives and no source does."""
    for at in _marks(claim.outside):
        cause, effect = _before(claim.outside, at, 1), _after(claim.outside, at)
        if not effect and (cleft := _cleft(claim.outside, at)):
            effect = cleft  # 느린 것은 비용 때문이다
        if not any(
            cause <= _before(source.morphemes, place, _REACH)
            and effect <= _effects(source.morphemes, place)
            for source in sources
            for place in _marks(source.morphemes, weak=True)
        ):
            given = " ".join(sorted(cause)) or claim.outside[at].form
            return doubt(f"cause not in source: {given}")
    return None


def _marks(morphemes: Sequence[Morpheme], *, weak: bool = False) -> list[int]:
    return [
        at
        for at, m in enumerate(morphemes)
        if (
            m.form in _MARKERS
            and m.tag.split("-")[0] in {"NNG", "NNB"}
            and not (m.form == "결과" and found_out(morphemes, at))
        )
        or (m.form == "바람" and at > 0 and morphemes[at - 1].tag == "ETM")
        or (m.form in {"인하", "말미암"} and m.tag.startswith("VV"))
        or (m.tag == "EC" and m.form in _ENDINGS)
        # 늘어 이익이 커졌다: a plain 어 may be a cause, but not of a claim that names one. What is
        # done for someone (아이들을 위해) is not done because of them.
        or (
            weak
            and m.form in _WEAK_CAUSES
            and m.tag in {"EC", "JKB"}
            and (at == 0 or morphemes[at - 1].form != "위하")
        )
    ]


def _before(morphemes: Sequence[Morpheme], at: int, count: int) -> set[str]:
    words = [
        canonical(m.form)
        for m in morphemes[:at]
        if m.tag.split("-")[0] in _CAUSE_CONTENT and m.form not in SUPPORT
    ]
    return set(words[-count:])


def _effects(morphemes: Sequence[Morpheme], at: int) -> set[str]:
    return _after(morphemes, at, all_of_it=True) or _cleft(morphemes, at)


def _cleft(morphemes: Sequence[Morpheme], at: int) -> set[str]:
    """The content word before 것은, the effect of a cause that ends the sentence."""
    heads = [
        place
        for place, m in enumerate(morphemes[:at])
        if m.form in {"것", "이유", "까닭"} and morphemes[place + 1].form in {"은", "ᆫ", "는"}
    ]
    return _before(morphemes, heads[-1], 1) if heads else set()


def _after(morphemes: Sequence[Morpheme], at: int, *, all_of_it: bool = False) -> set[str]:
    """The last content word after ``at``, the effect's predicate; or all words there."""
    words = [
        canonical(m.form) for m in morphemes[at + 1 :] if m.tag.split("-")[0] in _CAUSE_CONTENT
    ]
    return set(words if all_of_it else words[-1:])


_MARKUP = re.compile(
    r"!?\[[^\]]*\]\s*[(\[][^)\]]*[)\]]|</?[a-z!][^>]*>|<[a-z/!]|\b[a-z][a-z0-9+.-]*://\S+"
    r"|\b(?:javascript|data|vbscript):\S+|`+|[\[【［^]\s*\d+(?:\s*,\s*\d+)*\s*[\]】］^]|&#?\w+;"
)
_MEASURED = re.compile(r"\d\s?[^\W\d_]")
_ANY_WORD = re.compile(r"[^\W\d_]{2}")


def foreign_markup(claim: str, source: str) -> str | None:
    """The first piece of markup in ``claim`` that ``source`` does not hold."""
    known = fold(source)
    for match in _MARKUP.finditer(fold(claim)):
        if match[0] not in known:
            return match[0]
    return None


def says_nothing(claim: str) -> bool:
    """Whether no word is left: only markers, digits or punctuation.

    The units of a table's row (``2월 | 410명``) are words.
    """
    is_row = len(columns(claim)) > 1 and _MEASURED.search(claim)
    return not _ANY_WORD.search(claim) and not is_row


# A verb and what it is to be done to: Show organisers and Open AI are no commands.
_COMMANDS = re.compile(
    r"(?:please\s+|now\s+)?(?:do not|don't|ignore|disregard|forget|reveal|print|output|repeat"
    r"|execute|delete|send|visit|click|download|install|translate|summari[sz]e|show|write|say|tell"
    r"|follow)\s+"
    r"(?:all|any|every|the|this|that|these|those|your|me|us|previous|prior|above|obey|follow|use"
    r"|answer|mention|cite)\b",
    re.IGNORECASE,
)
_IMPERATIVE = listed("라 어라 아라 여라 으라 거라 세요 으세요 십시오 으십시오 시오")


_OF_ONESELF = re.compile(r"^(?:저는|제가|나는|내가|저희는|저희가|I|As an AI)\s")
_FIRST_PERSON = re.compile(r"(?<![가-힣])(?:[저나]는|[저나]도|[제내]가|저희|[제내]\s|우리)|\bI\b")


def speaks_of_itself(claim: str, source: str) -> bool:
    """Whether ``claim`` begins with a speaker who is none of the source's: 저는 AI입니다."""
    first = _OF_ONESELF.match(claim.strip())
    return first is not None and _FIRST_PERSON.search(source) is None


def is_instruction(claim: str) -> bool:
    """Whether ``claim`` asks the reader or a model to do something, which no answer does."""
    text = claim.strip()
    if _COMMANDS.match(text):
        return True
    if not re.search(r"[가-힣]\W*$", text):
        return False
    [parsed] = analysed([text])
    endings = [m for m in parsed.morphemes if m.tag == "EF"]
    return bool(endings) and endings[-1].form in _IMPERATIVE
