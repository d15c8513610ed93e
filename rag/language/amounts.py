"""Amounts with their units and the words around them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from geungeo.rag.language.analysis import Analysed
from geungeo.rag.language.morphemes import Morpheme
from geungeo.rag.language.numbers import Quantity, days_in_words, quantities
from geungeo.rag.language.vocabulary import canonical
from geungeo.rag.text import listed

_NUMBER = re.compile(
    r"\d[\d,.]*\s?[십백천]?[만억조]?(?:\s?\d[\d,.]*[십백천]?[만억조])*\s?(?:%p|%포인트|%|[가-힣a-z]{1,3})?"
)


_DIGITS = re.compile(r"[\d,.\s십백천만억조]*")


@dataclass(frozen=True, slots=True)
class Counted:
    """An amount with its unit as written, its neighbouring words, and its end of a change.

    ``end`` is ``from`` (3.25%에서), ``to`` (3.00%로) or empty; ``surface`` is number and unit.
    """

    amount: Quantity
    unit: str
    before: str
    after: str
    end: str = ""
    surface: str = ""


def counted(text: Analysed) -> list[Counted]:
    """Return the amounts in ``text``: those with digits in order, then days in words."""
    found: list[Counted] = []
    for match in _NUMBER.finditer(text.text.lower()):
        amounts = list(quantities(match[0]))
        if not amounts:
            continue
        digits = match.start() + len(_DIGITS.match(match[0])[0])  # type: ignore[index]
        unit = next((m for m in text.morphemes if m.start >= digits and m.tag in _UNIT_TAGS), None)
        name = amounts[0].unit or (unit.form if unit and unit.start - digits <= 1 else "")
        end = unit.end if unit and unit.start - digits <= 1 else digits
        before = _labels([m for m in text.morphemes if m.end <= match.start()], reverse=True)
        after = [m for m in text.morphemes if m.start >= end]
        change = _end_of_change(after)
        surface = text.text[match.start() : max(end, digits)].strip()
        found.append(Counted(amounts[0], name, before, _labels(after), change, surface))
    return [*found, *_days(text)]


def _days(text: Analysed) -> Iterator[Counted]:
    """Yield the numbers of days in words: 닷새 동안."""
    for place, amount in days_in_words(text.text):
        before = _labels([m for m in text.morphemes if m.end <= place.start], reverse=True)
        after = [m for m in text.morphemes if m.start >= place.end]
        change = _end_of_change(after)
        surface = place.of(text.text)
        yield Counted(amount, amount.unit, before, _labels(after), change, surface)


def _labels(morphemes: Sequence[Morpheme], *, reverse: bool = False) -> str:
    """Return the nearest word; words after a comma or a bracket belong to another number."""
    for m in reversed(morphemes) if reverse else morphemes:
        if m.tag == "SP" or (not reverse and m.tag in {"SSO", "SSC", "SF"}):
            return ""
        if m.tag.split("-")[0] in {"NNG", "NNP", "VV", "SL"} and m.form not in _COUNTERS:
            return canonical(m.form)
    return ""


def _end_of_change(after: Sequence[Morpheme]) -> str:
    if not after or after[0].tag != "JKB":
        return ""
    return {"에서": "from", "로": "to", "으로": "to"}.get(after[0].form, "")


_UNIT_TAGS = frozenset({"NNB", "NNG", "SL", "SW"})
_COUNTERS = listed("포인트 달러 유로 퍼센트 mm km 가구 표 원 위하")
