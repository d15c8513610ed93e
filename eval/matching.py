"""Compare answers with the accepted ones, and find quotes in texts."""

from __future__ import annotations

import re
import string
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from geungeo.rag.text import Span, fold, nfc

# KorQuAD 1.0's scorer replaces these by spaces before it removes ASCII punctuation.
_KORQUAD_TO_SPACE = str.maketrans(dict.fromkeys("'\"《》<>〈〉()‘’", " "))
_KORQUAD_DROPPED = str.maketrans(dict.fromkeys(string.punctuation))
# Signs that change the meaning of a number and so must match.
_MEANINGFUL = frozenset("%‰$€£¥₩+")
_LOOSE = r"[^\w%‰$€£¥₩+]"


def korquad_normalise(text: str) -> str:
    """Normalise text as KorQuAD 1.0's official scorer does.

    Quotes and brackets ``' " 《 》 < > 〈 〉 ( ) ‘ ’`` become spaces, letters lower case,
    other ASCII punctuation is removed, spaces collapse; particles are kept. NFC comes first
    (the official script leaves that to its data).
    Source: evaluate-v1.0.py of https://korquad.github.io/KorQuad%201.0/.
    """
    spaced = nfc(text).translate(_KORQUAD_TO_SPACE).lower()
    return " ".join(spaced.translate(_KORQUAD_DROPPED).split())


def exact_match(prediction: str, answers: Sequence[str]) -> float:
    """Return 1.0 if the prediction equals an answer after normalisation, otherwise 0.0."""
    normal = korquad_normalise(prediction)
    return float(any(normal == korquad_normalise(answer) for answer in answers))


def char_f1(prediction: str, answers: Sequence[str]) -> float:
    """Return KorQuAD's F1: the best harmonic mean of precision and recall over the answers.

    Both count the characters (as a multiset, without spaces) that prediction and answer share,
    after :func:`korquad_normalise`.
    """
    return max((_f1(prediction, answer) for answer in answers), default=0.0)


def _f1(prediction: str, answer: str) -> float:
    predicted = Counter(korquad_normalise(prediction).replace(" ", ""))
    expected = Counter(korquad_normalise(answer).replace(" ", ""))
    shared = (predicted & expected).total()
    if not shared:
        return 0.0
    precision, recall = shared / predicted.total(), shared / expected.total()
    return 2 * precision * recall / (precision + recall)


def contains_answer(text: str, answers: Sequence[str]) -> bool:
    """Whether ``text`` contains an accepted answer, ignoring case, spaces and punctuation.

    Words of Latin letters and numbers must match whole: ``AI`` is not in ``MAI``, ``1월`` not in
    ``11월``, ``5%`` not in ``3.5%``. Hangul may continue (``비영리`` in ``비영리단체``),
    because particles follow words directly.
    """
    folded = fold(text)
    return any(pattern.search(folded) for answer in answers if (pattern := _pattern(fold(answer))))


@lru_cache(maxsize=8192)
def _pattern(answer: str) -> re.Pattern[str] | None:
    kept = [(at, char) for at, char in enumerate(answer) if char.isalnum() or char in _MEANINGFUL]
    if not kept:
        return None
    pieces = [re.escape(kept[0][1])]
    for (left, before), (right, char) in pairwise(kept):
        pieces.append(_between(before, answer[left + 1 : right], char) + re.escape(char))
    return re.compile(_edge_before(kept[0][1]) + "".join(pieces) + _edge_after(kept[-1][1]))


def _between(before: str, separator: str, after: str) -> str:
    """Return the pattern of what may separate two characters of an answer.

    Anything but words may, except that 5,000 = 5000 while "1, 2" is not 12 and 03-10 is not 0310.
    """
    if not (before.isdigit() and after.isdigit()):
        return _LOOSE + "*"
    return ",?" if separator in ("", ",") else _LOOSE + "+"


def _edge_before(char: str) -> str:
    if char.isdigit():
        return r"(?<!\d)(?<!\d[.,])"
    return "(?<![a-z0-9])" if char.isascii() and char.isalpha() else ""


def _edge_after(char: str) -> str:
    if char.isdigit():
        return r"(?![.,]?\d)"
    return "(?![a-z0-9])" if char.isascii() and char.isalpha() else ""


class LooseText:
    """A text that is searched without regard to white space, in code points of the original.

    A quote of a data set may cross a line end that ingestion turned into a paragraph end.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._places = [at for at, char in enumerate(text) if not char.isspace()]
        self._squashed = "".join(text[at] for at in self._places)

    def find(self, needle: str, limit: int = 100) -> list[Span]:
        """Return the places of ``needle``, at most ``limit``; white space is ignored."""
        squashed = "".join(needle.split())
        if not squashed:
            return []
        found: list[Span] = []
        at = self._squashed.find(squashed)
        while at >= 0 and len(found) < limit:
            found.append(self._span(at, len(squashed)))
            at = self._squashed.find(squashed, at + 1)
        return found

    def map_from(self, original: str, start: int, end: int) -> Span | None:
        """Map ``[start, end)`` of ``original`` to this text; None if ``original`` is not in it."""
        at = self._squashed.find("".join(original.split()))
        if at < 0:
            return None
        places = [place for place, char in enumerate(original) if not char.isspace()]
        first, last = bisect_left(places, start), bisect_left(places, end)
        return self._span(at + first, last - first) if last > first else None

    def _span(self, at: int, length: int) -> Span:
        return Span(self._places[at], self._places[at + length - 1] + 1)
