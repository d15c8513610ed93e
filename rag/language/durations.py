"""Lengths of time in hours and minutes, and those that lie between two clock times.

오전 7시 30분 and 8시 40분 are 1시간 10분 apart; 2시간 50분 are 세 시간 가까이.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from fractions import Fraction
from itertools import combinations

from geungeo.rag.language.numbers import NATIVE, Quantity

_NUMBER = rf"(?:\d{{1,3}}|{'|'.join(sorted(NATIVE, key=len, reverse=True))})"
_LENGTH = re.compile(
    rf"(?<![\d가-힣])(?P<hours>{_NUMBER})\s?시간(?:\s?(?P<minutes>\d{{1,2}})\s?분|\s?(?P<half>반(?![가-힣]{{2}})))?"
    r"|(?<![\d시])(?<!시\s)(?P<only>\d{1,4})\s?분(?!의|기)"
)
_CLOCK = re.compile(
    r"(?P<noon>(?<![가-힣])정오)"
    r"|(?:(?P<part>오전|오후|새벽|아침|낮|저녁|밤)\s?)?(?<![\d.,])(?P<hour>\d{1,2})시(?!간)"
    r"(?:\s?(?P<minute>\d{1,2})분|\s?(?P<half>반(?![가-힣]{2})))?"
)
# 4시간 45분 짧아진다: the difference of two lengths.
_COMPARED = re.compile(r"짧|줄|길어|늘|빨|늦|더\s|덜\s|앞당|단축|차이|격차")
_DAY = 24 * 60
_NEXT_DAY = re.compile(r"이튿날|다음\s날|하루\s(?:뒤|후)|(?<!\d)\d{1,2}일\D.{0,40}(?<!\d)\d{1,2}일")
_AFTERNOON = frozenset({"오후", "낮", "저녁", "밤"})
# Clock times of a source beyond which nothing is subtracted.
_MOST = 8
# What is said of a length after it, with the least and the most that it may be of it.
_ROUNDED = (
    (
        re.compile(r"\s?(?:을|이|도|은)?\s?(?:넘(?!지\s(?:않|못))|남짓|이상|훌쩍)"),
        (Fraction(1), Fraction(3, 2)),
    ),
    (
        re.compile(
            r"\s?(?:을|이|도|은)?\s?(?:가까이|가까운|채\s|못|안\s|미만|되지 않|넘지\s(?:않|못))"
        ),
        (Fraction(3, 5), Fraction(1)),
    ),
    (re.compile(r"\s?(?:쯤|가량|정도|안팎|내외)"), (Fraction(17, 20), Fraction(23, 20))),
)


def lasting(claim: str, source: str) -> set[Quantity]:
    """Return the hours and minutes of lengths in ``claim`` that follow from ``source``.

    Both texts are folded.
    """
    known = minutes_lasting(source) | _between(source)
    if _COMPARED.search(claim):
        known |= {abs(one - other) for one, other in combinations(sorted(known)[:_MOST], 2)}
    found: set[Quantity] = set()
    for minutes, match, parts in _lengths(claim):
        least, most = next(
            (bounds for said, bounds in _ROUNDED if said.match(claim, match.end())),
            (Fraction(1), Fraction(1)),
        )
        if any(minutes * least <= other <= minutes * most for other in known):
            found |= parts
    return found


def minutes_lasting(text: str) -> set[int]:
    """Return the lengths of time in folded ``text``, in minutes."""
    return {minutes for minutes, _, _ in _lengths(text)}


def _lengths(text: str) -> Iterator[tuple[int, re.Match[str], Set[Quantity]]]:
    """Yield each length in minutes, its place, and the quantities that it is written with."""
    for match in _LENGTH.finditer(text):
        if match["only"]:
            minutes = int(match["only"])
            yield minutes, match, {Quantity(Fraction(minutes), "minute")}
            continue
        hours = NATIVE.get(match["hours"]) or int(match["hours"])
        minutes = 30 if match["half"] else int(match["minutes"] or 0)
        parts = {Quantity(Fraction(hours), "시간")}
        if match["minutes"]:
            parts.add(Quantity(Fraction(minutes), "minute"))
        yield 60 * hours + minutes, match, parts


def _between(text: str) -> set[int]:
    """Return the minutes between any two clock times of ``text``."""
    times: list[int] = []
    afternoon = False
    for match in _CLOCK.finditer(text):
        if match["part"]:
            afternoon = match["part"] in _AFTERNOON
        hour = 12 if match["noon"] else int(match["hour"])
        minute = 30 if match["half"] else int(match["minute"] or 0)
        times.append(60 * (hour + 12 if afternoon and hour < 12 else hour) + minute)
    if len(times) > _MOST:
        return set()
    found = {abs(one - other) for one, other in combinations(times, 2)} - {0}
    # 밤 10시 to 아침 8시 of the next day
    return found | ({_DAY - one for one in found} if _NEXT_DAY.search(text) else set())
