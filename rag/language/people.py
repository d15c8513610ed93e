"""References to people in Korean news: 김 대표 is 김철수 대표 if the text has one such person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from geungeo.rag.language.morphemes import is_common_noun

_SURNAMES = (
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민류나진지엄채원천"
    "방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국은편용예경봉사부태뇌단라피감구복"
    "빈상승시아어야온옹요좌창초필호화"
)
_TITLE = (
    r"(?:대표|장|교수|의원|위원|장관|차관|총리|대통령|이사|감독|코치|선수|지사|군수|판사|검사|변호사|기자|작가|박사"
    r"|연구원|전문의|의사|씨|대변인|수석|대사|목사|스님|총무|간사|경감|경위|총경|매니저|디렉터|피디|관장|앵커|배우"
    r"|화백|평론가|사령관|상무|전무|부사장|파트너)"
)
# Up to three words between a name and its title name a post: 태소은 서부공항공사 운영본부장.
_POST = r"(?:\s(?![가-힣]*(?:[은는이을를와과의에며고]|에서|으로)\s)[가-힣A-Za-z0-9·]+){0,3}?"
_NAMED = re.compile(
    rf"(?<![가-힣])(?P<name>[{_SURNAMES}][가-힣]{{2}}|(?:독고|남궁|황보|제갈|선우|사공)[가-힣]{{1,2}})"
    rf"(?P<post>{_POST})(?:\s|(?=씨))(?P<title>[가-힣]{{0,6}}?{_TITLE})(?![가-힣]{{3}})"
)
_SHORT = re.compile(
    rf"(?<![가-힣])(?P<name>[{_SURNAMES}]|독고|남궁|황보|제갈|선우|사공)"
    rf"(?:\s|(?=씨))(?P<title>[가-힣]{{0,6}}?{_TITLE})(?P<rest>[가-힣]{{0,3}})(?![가-힣])"
)
# Words that look like a surname before a title: 전 대표 was one, 현 시장 is.
_NO_SURNAME = frozenset("전현두각새총본타")
# 서울시 대표, 한국팀 감독, 주민들 대표 and 기자단 간사 name no person.
_GROUPS = frozenset("시팀들단측당계")
_PARTICLES = re.compile(r"(?:은|는|이|가|을|를|와|과|의|에게|도|만|께서|측|로|로서|에|들|이다)?")


@dataclass(frozen=True, slots=True)
class _Person:
    """A person as the text names one: ``written`` is the whole reference."""

    name: str
    title: str
    written: str


def in_full(texts: Sequence[str], known: str) -> tuple[str, ...]:
    """Return ``texts`` with the people in full that ``known`` names so: 김 대표 as 김철수 대표.

    Only where one person with that surname and title is known.
    """
    if not any(_SHORT.search(text) for text in texts):
        return tuple(texts)
    people = _people(known)
    return tuple(_SHORT.sub(lambda match: _completed(match, people), text) for text in texts)


def as_written(claim: str, source: str) -> str:
    """Return ``claim`` with the people of ``source`` by the references that this has.

    태소은 본부장 becomes 태소은 서부공항공사 운영본부장.
    """
    people = _people(source) if _NAMED.search(claim) else ()
    return _NAMED.sub(lambda match: _as_in(match, people), claim)


@lru_cache(maxsize=256)
def _people(text: str) -> tuple[_Person, ...]:
    return tuple(
        _Person(match["name"], match["title"], match[0])
        for match in _NAMED.finditer(text)
        if match["name"][-1] not in _GROUPS and not is_common_noun(match["name"])
    )


def _completed(match: re.Match[str], people: Sequence[_Person]) -> str:
    name, title = match["name"], match["title"]
    if name in _NO_SURNAME or not _PARTICLES.fullmatch(match["rest"]):
        return match[0]
    alike = [
        one
        for one in people
        if one.name.startswith(name) and (title == "씨" or one.title.endswith(title))
    ]
    if len({one.name for one in alike}) != 1:
        return match[0]
    return f"{alike[0].name} {title}{match['rest']}"


def _as_in(match: re.Match[str], people: Sequence[_Person]) -> str:
    alike = {
        one.written
        for one in people
        if one.name == match["name"] and one.title.endswith(match["title"])
    }
    return alike.pop() if len(alike) == 1 and not match["post"] else match[0]
