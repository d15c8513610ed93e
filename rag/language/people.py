"""References in Korean news: 김 대표 is 김철수 대표 if the text has one such person.

So is 시 a city and 대평 the firm 대평조선, where the text has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from geungeo.rag.language.morphemes import analyse, is_common_noun
from geungeo.rag.text import listed

SURNAMES = (
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민류나진지엄채원천"
    "방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국은편용예경봉사부태뇌단라피감복빈상승"
)
LONG_SURNAMES = ("독고", "남궁", "황보", "제갈", "선우", "사공", "동방")
_LONG = "|".join(LONG_SURNAMES)
_TITLE = (
    r"(?:전 )?[가-힣]{0,10}?(?:대표|후보|장|교수|의원|위원|장관|차관|총리|대통령|이사|감독|코치"
    r"|선수|지사|군수|판사|검사|변호사|기자|작가|박사|연구원|전문의|의사|씨|대변인|수석|대사|목사|스님|총무"
    r"|간사|경감|경위|총경|매니저|디렉터|피디|앵커|배우|화백|평론가|사령관|상무|전무|파트너|최고경영자"
    r"|최고기술책임자|교육감|애널리스트|셰프|시인|소설가|CEO|CTO|CFO)"
)
# 박지영 시장 부인, 시장 후보 and 시장 측 are others: a particle or a mark ends the reference.
_PARTICLE = (
    r"(?:은|는|이|가|을|를|와|과|의|도|만|로|로서|로부터|까지|부터|에게|에게는|에게도|에게서|께서|이다|였다"
    r"|라고)"
)
_AGE = r"(?:\(\d{1,3}(?:[^)\d][^)]{0,8})?\))?"
# Up to three words between a name and a title name a post: 태소은 서부공항공사 운영본부장.
_POST = (
    r"(?: (?!전 |소속|유족|사건|초대|신임|차기|담당|공동)[가-힣A-Za-z0-9]*"
    r"(?:대|대학|대학교|대학원|병원|연구원|연구소|공사|공단|그룹|은행|센터|전자|상사|중공업|건설|협회|조합|위원회|학회|재단"
    r"|신문|방송|청|시|군|구|부|당|의대|공대|과|과학관|박물관|미술관|학교|유치원|지부|본부|법원|검찰청|경찰서|소방서)){0,3}?"
)
# What may follow a title, where it is still the same person: 김 후보 캠프, no 시장 부인.
_END = rf"(?={_PARTICLE}(?![가-힣])|[,.!?”’·)]| (?:측|쪽|본인|자신|캠프|진영)|$)"
# A space, which 씨 may lack: 박은호씨.
_GAP = r"(?: |(?=씨))"
_NAMED = re.compile(
    rf"(?<![가-힣])(?P<name>[{SURNAMES}][가-힣]{{2}}|(?:{_LONG})[가-힣]{{1,2}}){_AGE}"
    rf"{_POST}{_GAP}(?P<title>{_TITLE}){_END}"
)
# 자재업체 대표 편무성에게
_TITLE_FIRST = re.compile(
    r"(?<![가-힣])(?P<title>[가-힣]{0,6}?(?:대표|이사|사장|회장|감독|위원장|본부장|총리|대통령)) "
    rf"(?P<name>[{SURNAMES}][가-힣]{{2}}|(?:{_LONG})[가-힣]{{1,2}}){_AGE}"
    rf"(?={_PARTICLE}(?![가-힣])|[,.!?”’·)]|$)"
)
_SHORT = re.compile(
    rf"(?<![가-힣])(?P<name>[{SURNAMES}]|{_LONG})"
    rf"{_GAP}(?P<title>{_TITLE}){_END}"
)
# 전 대표 was one, 현 시장 is; 양 대표 are two, and 여 의원 is a woman.
_NO_SURNAME = frozenset("전현양여구도시")
_OF = (
    r"(?P<firm>[가-힣A-Za-z][가-힣A-Za-z0-9]{1,9}"
    r"(?<![은는이가을를와과의도만로에서께라며고던인된한할]))"
)
_NO_FIRM = frozenset(
    listed(
        "신임 전임 후임 현직 전직 현역 초대 차기 당시 공동 이날 여성 남성 젊은 최연소 회사 대학"
        " 구단 은행 업체 해당 같은 단독 임시 명예 수석 부인 남편 동생 아들 창업자 창업주 대표"
        " 사장 회장 교수 감독 신인 경쟁사 외국인"
    )
)
_SOMEBODY = rf"(?P<name>[{SURNAMES}][가-힣]{{2}}){_AGE}"
_HELD = (
    r"(?P<title>대표|사장|회장|교수|감독|원장|총장|행장|위원장)"
    rf"{_END}"
)
# 해솔 최나래 대표, 최나래 해솔 대표
_WITH_FIRM = tuple(
    re.compile(rf"(?<![가-힣A-Za-z0-9]){row} {_HELD}")
    for row in (f"{_OF} {_SOMEBODY}", f"{_SOMEBODY} {_OF}")
)
# 전 대표, 현 시장, 양 대표 and 이 장관 are no names, even if a claim has such a one.
_NO_SURNAME_AT_ALL = frozenset("전현양여한이")
# In a source, where 한 교수 may be any professor and 이 의원 the one spoken of before.
_NO_SURNAME_IN_SOURCE = _NO_SURNAME | frozenset("한이")
# 서울시 대표, 한빛대 총장, 강남구 의원, 이란의 대표 and 주민들 대표 name no person.
_NO_NAME = frozenset("시팀들단측당계구대고도갑을의")
# 원내대표, 차장검사 and 시의원 are no 대표, 검사 and 의원.
_OTHER_POSTS = ("전 ", "원내", "차장", "명예", "공동", "시도", "지역", "수석", "직무", "임시")
# How far from a title its holder's name may stand, in characters of one sentence.
_REACH = 40


def in_full(text: str, near: Sequence[str], everything: str, *, claim: str | None = None) -> str:
    """Return ``text`` with people named in full: 김 대표 as 김철수 대표.

    The first of the texts ``near`` that names such a person decides. Only where no other person
    in ``everything`` may have that surname and title. ``claim`` is what ``text`` is to judge, if
    it is a source: there 조 전 대표 may be who was the 대표 when the article begins.
    """
    refused = _NO_SURNAME if claim is None else _NO_SURNAME_IN_SOURCE

    def completed(match: re.Match[str]) -> str:
        surname, title = match["name"], match["title"]
        if claim and surname not in _NO_SURNAME_AT_ALL:
            name = _called_in(claim, surname, title)
            if name and any(_stands_alone(name, text) for text in near):
                others = _others({name}, surname, title, everything)
                return match[0] if others else f"{name} {title}"
        if surname in refused:
            return match[0]
        once = title.removeprefix("전 ") if claim and f" {title}" in claim else title
        named = (
            {
                name
                for name, held in _people(text)
                if _is_surname(surname, name)
                if may_be_called(title, held) or may_be_called(once, held)
            }
            for text in near
        )
        names = next(filter(None, named), set())
        if len(names) != 1 or _others(names, surname, title, everything):
            return match[0]
        return f"{names.pop()} {title}"

    return _SHORT.sub(completed, text)


def _called_in(claim: str, surname: str, title: str) -> str:
    """Return who ``claim`` names in full, of that surname and title; "" if there is no such one."""
    names = {
        name
        for name, held in _people(claim)
        if _is_surname(surname, name) and may_be_called(title, held)
    }
    return names.pop() if len(names) == 1 else ""


def _stands_alone(name: str, text: str) -> bool:
    """Whether ``text`` has the name without a noun after it: 강민수 소속팀 감독 is another one."""
    after = rf"[,(·]|$|\s등\s|{_PARTICLE}(?![가-힣])|\s{_TITLE}(?:{_PARTICLE})?(?![가-힣])"
    return re.search(rf"(?<![가-힣]){name}(?={after})", text) is not None


def _is_surname(surname: str, name: str) -> bool:
    return name.startswith(surname) and (len(surname) > 1 or name[:2] not in LONG_SURNAMES)


def is_title(word: str) -> bool:
    """Whether ``word`` is a title or a post: 과장, 외교장관."""
    return re.fullmatch(_TITLE, word) is not None


def may_be_called(title: str, held: str) -> bool:
    """Whether a holder of ``held`` may be called so: 본부장 for 운영본부장, no 부시장 is a 시장."""
    title, held = (one.replace("대표이사", "대표") for one in (title, held))
    if title == held:
        return True
    more = held.removesuffix(title)
    return (
        held.endswith(title)
        and len(more) > 1
        and more[-1] not in "부본"
        and not more.startswith(_OTHER_POSTS)
    )


def only_in_short(claim: str, sources: Sequence[str]) -> str | None:
    """Return a person of ``claim`` whom ``sources`` do not name, but may call by surname and title.

    It may be another one: 이 장관 is any minister whose name is 이, or this one.
    """
    said = " ".join(sources)
    short = [(match["name"], match["title"]) for match in _SHORT.finditer(said)]
    for name, title in _people(claim):
        called = any(_is_surname(one, name) and may_be_called(post, title) for one, post in short)
        if called and name not in said:
            return f"{name} {title}"
    return None


def without_former(claim: str, sources: Sequence[str]) -> str | None:
    """Return a person of ``claim`` with a post that the sources call a former one, if any."""
    for name, title in _people(claim):
        held = {other for text in sources for n, other in _people(text) if n == name}
        if f"전 {title}" in held and title not in held:
            return f"{name} {title}"
    return None


def of_another_firm(claim: str, sources: Sequence[str]) -> tuple[str, bool] | None:
    """Return a person whom ``claim`` gives another firm than ``sources`` do, if there is one.

    The second says whether another person there has that firm: 홈팀 최나래 감독 may be of 수원.

    >>> of_another_firm("최나래 두레 대표가 왔다.", ["해솔 최나래 대표가 두레에 왔다."])
    ('최나래 두레 대표', False)
    """
    there = [person for text in sources for person in _affiliated(text)]
    said = " ".join(sources)
    for firm, name, title in _affiliated(claim):
        firms = {other for other, n, held in there if (n, held) == (name, title)}
        if firms and firm in said and not any(firm in one or one in firm for one in firms):
            others = any(one == firm and n != name for one, n, _ in there)
            return f"{name} {firm} {title}", others
    return None


@lru_cache(maxsize=256)
def _affiliated(text: str) -> tuple[tuple[str, str, str], ...]:
    """Return firm, name and title of the people whose firm is beside their names."""
    return tuple(
        (match["firm"], match["name"], match["title"])
        for pattern in _WITH_FIRM
        for match in pattern.finditer(text)
        if _is_name(match["name"]) and match["firm"] not in _NO_FIRM
    )


def another_holder(claim: str, sources: Sequence[str]) -> bool:
    """Whether ``sources`` give the post of a person of ``claim`` to others, and do not name her."""
    there = [person for text in sources for person in _people(text)]
    return any(
        title in {held for _, held in there} and name not in {other for other, _ in there}
        for name, title in _people(claim)
    )


def may_be_name(noun: str) -> bool:
    """Whether a noun of no dictionary is written like a person's name: 배현수, not 한자리."""
    surname = noun[0] in SURNAMES and noun[0] not in _OFTEN_NO_SURNAME
    return len(noun) == _FULL_NAME and surname and not is_common_noun(noun)


_FULL_NAME = 3  # syllables of most names
_OFTEN_NO_SURNAME = _NO_SURNAME | _NO_SURNAME_AT_ALL | {"우"}


def name_spans(text: str) -> list[tuple[int, int]]:
    """Return the places of the names before or after a title, in order: 채윤경 씨.

    >>> name_spans("나오자 채윤경 씨는")
    [(4, 7)]
    """
    return sorted(match.span("name") for match in _beside_titles(text))


def _beside_titles(text: str) -> Iterator[re.Match[str]]:
    for pattern in (_NAMED, _TITLE_FIRST):
        yield from (match for match in pattern.finditer(text) if _is_name(match["name"]))


@lru_cache(maxsize=1024)
def _is_name(name: str) -> bool:
    """Whether it is neither one noun nor a verb: 이사회 대표, 인정한 대표."""
    return name[-1] not in _NO_NAME and not is_common_noun(name) and analyse(name)[-1].tag != "ETM"


@lru_cache(maxsize=256)
def _people(text: str) -> tuple[tuple[str, str], ...]:
    """Return the name and the title of each person that ``text`` names with both."""
    return tuple((match["name"], match["title"]) for match in _beside_titles(text))


def _others(names: set[str], surname: str, title: str, text: str) -> bool:
    """Whether ``text`` may name another one with that surname and title: 김모 씨, 김 모 대표."""
    person = rf"(?<![가-힣])(?P<name>{surname}\s?모|{surname}[가-힣]{{1,2}})(?![가-힣])"
    post = re.escape(title.removeprefix("전 "))
    after = rf"{person}(?=[^.!?\n]{{0,{_REACH}}}{post})"
    before = rf"{post}[가-힣]{{0,2}}\s{person}"
    found = {m["name"] for one in (after, before) for m in re.finditer(one, text)} - names
    # 소 후보 is no 소문
    return any(name.endswith("모") or not is_common_noun(name) for name in found)


# 김 군은 is no county, and 그 시는 may be any city.
_AREA = re.compile(
    r"(?<![가-힣A-Za-z0-9])(?<!\d\s)(?<!\b[가-힣] )(?P<area>[시군구])(?P<rest>의회|청)?"
    rf"(?={_PARTICLE}(?![가-힣])|에는?(?![가-힣])|에서|,|\s[가-힣]{{2,8}}(?:과|국|실|담당관)\b)"
)
_AREA_IN_FULL = re.compile(
    r"(?<![가-힣])(?P<name>[가-힣]{2,3})(?P<area>[시군구])(?:의회|청|장|수|청장)?"
    rf"(?={_PARTICLE}(?![가-힣])|에는?(?![가-힣])|에서|[,\s(])"
)
_FIRM = (
    r"(?:전자|화학|건설|조선|중공업|자동차|모빌리티|에너지|소프트|바이오|테크|제약|은행|증권|카드|항공|식품"
    r"|해운|물산|통신)"
)


def areas_in_full(text: str, claim: str, everything: str) -> str:
    """Return ``text`` with a bare 시, 군 or 구 as ``claim`` calls it, if there is only one.

    >>> areas_in_full("시는 반대했다.", "해솔시가 반대했다.", "해솔시가 다리를 짓는다.")
    '해솔시는 반대했다.'
    """
    said = {match["area"]: match["name"] for match in _AREA_IN_FULL.finditer(claim)}
    if not said or not _AREA.search(text):
        return text
    named: dict[str, set[str]] = {}
    for match in _AREA_IN_FULL.finditer(everything):
        if not is_common_noun(f"{match['name']}{match['area']}"):
            named.setdefault(match["area"], set()).add(match["name"])

    def completed(match: re.Match[str]) -> str:
        name = said.get(match["area"], "")
        return f"{name}{match[0]}" if named.get(match["area"]) == {name} else match[0]

    return _AREA.sub(completed, text)


def firms_in_full(text: str, claim: str, everything: str) -> str:
    """Return ``text`` with the firms of ``claim`` in full that it names in short.

    >>> firms_in_full("대평은 배를 지었다.", "대평조선의 배", "대평조선은 19척을 땄다.")
    '대평조선은 배를 지었다.'
    """
    for match in _NAMED_FIRM.finditer(claim):
        full, short = match[0], match["short"]
        siblings = set(re.findall(rf"(?<![가-힣]){short}{_FIRM}", everything))
        if siblings == {full} and full not in text and not is_common_noun(short):
            text = re.sub(rf"(?<![가-힣]){short}(?={_PARTICLE}(?![가-힣]))", full, text)
    return text


_NAMED_FIRM = re.compile(rf"(?<![가-힣])(?P<short>[가-힣]{{2,4}}){_FIRM}(?![가-힣]{{3}})")
