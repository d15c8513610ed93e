"""A cause may be named only where the source names that cause."""

from __future__ import annotations

from collections.abc import Sequence

from geungeo.rag.language.analysis import Analysed
from geungeo.rag.language.morphemes import Morpheme
from geungeo.rag.language.vocabulary import canonical
from geungeo.rag.text import listed

_MARKERS = listed("때문 탓 덕분 이유 원인 여파 계기 영향 결과 덕")
_ENDINGS = frozenset({"니까", "으니까", "므로", "으므로", "느라", "어서", "아서"})
# How far before a marker its cause may stand, in content words.
_REACH = 8
_CONTENT = frozenset({"NNG", "NNP", "VV", "VA", "XR", "SL"})


def invented(claim: Analysed, sources: Sequence[Analysed]) -> str | None:
    """The cause that ``claim`` gives and no source does."""
    for at in _marks(claim.outside):
        cause, effect = _before(claim.outside, at, 1), _after(claim.outside, at)
        if not any(
            cause <= _before(source.morphemes, place, _REACH)
            and effect <= _after(source.morphemes, place, all_of_it=True)
            for source in sources
            for place in _marks(source.morphemes, weak=True)
        ):
            return f"cause not in source: {' '.join(sorted(cause)) or claim.outside[at].form}"
    return None


def _marks(morphemes: Sequence[Morpheme], *, weak: bool = False) -> list[int]:
    return [
        at
        for at, m in enumerate(morphemes)
        if (m.form in _MARKERS and m.tag.split("-")[0] in {"NNG", "NNB"})
        or (m.form in {"인하", "말미암"} and m.tag.startswith("VV"))
        or (m.tag == "EC" and m.form in _ENDINGS)
        # 늘어 이익이 커졌다: a plain 어 may be a cause, but not a claim that names one.
        or (weak and m.form in {"어", "아", "으로", "로"} and m.tag in {"EC", "JKB"})
    ]


def _before(morphemes: Sequence[Morpheme], at: int, count: int) -> set[str]:
    words = [canonical(m.form) for m in morphemes[:at] if m.tag.split("-")[0] in _CONTENT]
    return set(words[-count:])


def _after(morphemes: Sequence[Morpheme], at: int, *, all_of_it: bool = False) -> set[str]:
    """The last content word after ``at``, the effect's predicate; or all words there."""
    words = [canonical(m.form) for m in morphemes[at + 1 :] if m.tag.split("-")[0] in _CONTENT]
    return set(words if all_of_it else words[-1:])
