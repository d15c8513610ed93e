"""Every word of a claim must stand in its source, be a listed synonym, or say nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from geungeo.rag.language.analysis import Analysed
from geungeo.rag.language.morphemes import Morpheme
from geungeo.rag.language.vocabulary import canonical, terms_of
from geungeo.rag.text import fold, listed

_CONTENT = frozenset({"NNG", "NNP", "XR", "SL", "SH", "VV", "VA", "MAG", "W_SERIAL"})
# Words that add nothing which a source would have to hold.
_LIGHT = listed(
    "하 되 있 것 대하 관하 따르 의하 통하 위하 이루어지 보이 나오 나타나 가지 기사 보도 내용 "
    "규모 때 등 수 중 이후 당시 경우 관련 가운데 정도 바 점 측 또 또한 더 매우 즉 특히 함께 "
    "현재 다시 먼저 각각 바로 그 이 및 모두 이미지 해당 총 약 못 안 당하 받 대로"
)
# Prefixes that make another word, often the opposite one: 비영리, 준우승, 부회장.
_REVERSING = "비불무미반탈준역부"
# Dependent words that change what is said: 연초 is not 연말, only some is not all.
_DECISIVE = listed("초 말 전 후 반 만 뿐 밖에 보다 마다 조차")
# o1, f-35: letters and digits in one name, which are no amount.
_CODE = re.compile(r"(?<![a-z0-9])[a-z]+-?[0-9][a-z0-9]*")
# Only these suffixes leave the noun what it was.
_PLAIN_SUFFIX = listed("들 적 화 성 씨 님 가량 여 쯤 째 별 하")


def missing(claim: Analysed, sources: Sequence[Analysed]) -> list[str]:
    """Content words of ``claim`` that no source holds, in order."""
    terms = frozenset().union(*(source.terms for source in sources))
    forms = frozenset().union(*(source.forms for source in sources))
    squeezed = " ".join(source.squeezed for source in sources)
    whole = _whole_words(claim.morphemes, " ".join(fold(source.text) for source in sources))
    spaced = " ".join(fold(source.text) for source in sources)
    absent: list[str] = []
    for at, morpheme in enumerate(claim.morphemes):
        tag = morpheme.tag.split("-")[0]
        if morpheme.form in _DECISIVE and (tag == "NNB" or tag in {"JX", "JKB"}):
            if not any(morpheme.form == m.form for s in sources for m in s.morphemes):
                absent.append(morpheme.form)
            continue
        if tag == "XSN" and morpheme.form not in _PLAIN_SUFFIX and at:
            # 은행 and 공무원 stand there; 은행원 need not.
            if f"{claim.morphemes[at - 1].form}{morpheme.form}" not in squeezed:
                absent.append(f"{claim.morphemes[at - 1].form}{morpheme.form}")
            continue
        if tag not in _CONTENT or morpheme.form in _LIGHT or morpheme.start in whole:
            continue
        if _reversed(claim.morphemes, at, sources):
            absent.append(morpheme.form)
        elif canonical(morpheme.form) in forms or _same_name(morpheme, terms, sources):
            continue
        elif not _inside(morpheme, tag, spaced):
            absent.append(morpheme.form)
    absent.extend(name for name in _CODE.findall(fold(claim.text)) if not _stands(name, spaced))
    return list(dict.fromkeys([*absent, *_unread(claim, squeezed)]))


def _stands(name: str, spaced: str) -> bool:
    return re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", spaced) is not None


def _whole_words(morphemes: Sequence[Morpheme], told: str) -> set[int]:
    """Where the morphemes of a word start that the source begins a word with: 해솔시."""
    found: set[int] = set()
    run: list[Morpheme] = []
    for morpheme in (*morphemes, None):
        if morpheme and _odd(morpheme) and (not run or run[-1].end == morpheme.start):
            run.append(morpheme)
            continue
        text = "".join(m.form for m in run)
        if len(text) > 2 and re.search(rf"(?<![가-힣a-z0-9]){re.escape(text)}", told):
            found.update(m.start for m in run)
        run = [morpheme] if morpheme and _odd(morpheme) else []
    return found


def _same_name(morpheme: Morpheme, terms: frozenset[str], sources: Sequence[Analysed]) -> bool:
    """A known alias, or the same sound in the other script (Suleyman, 설리먼).

    Within one script, words of one sound are different words: 승진 and 선정.
    """
    if morpheme.tag not in {"NNP", "SL", "NNG"}:
        return False
    own = terms_of([morpheme])
    if any(term in terms for term in own if term.startswith("@")):
        return True
    others = {"NNP", "NNG"} if morpheme.tag == "SL" else {"SL"}
    told = [m for source in sources for m in source.morphemes if m.tag in others]
    sounds = {term for m in told for term in terms_of([m]) if term.startswith("~")}
    return any(term in sounds for term in own)


def _inside(morpheme: Morpheme, tag: str, spaced: str) -> bool:
    """In a source where Kiwi cut differently."""
    if tag in {"VV", "VA", "MAG"} or len(morpheme.form) < 2:
        return False
    return morpheme.form in spaced


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
            rf"(?:(?<![가-힣])([{_REVERSING}]))?{re.escape(morpheme.form)}", fold(source.text)
        )
    ]
    return bool(seen) and prefix not in seen


def _is_prefix(before: Morpheme, noun: Morpheme) -> bool:
    return before.end == noun.start and before.tag == "XPN" and before.form in _REVERSING


def _unread(claim: Analysed, squeezed: str) -> list[str]:
    """Names that Kiwi does not know and takes apart into determiners and counters."""
    absent: list[str] = []
    run: list[Morpheme] = []
    for morpheme in (*claim.morphemes, None):
        if morpheme and (not run or run[-1].end == morpheme.start) and _odd(morpheme):
            run.append(morpheme)
            continue
        text = "".join(m.form for m in run)
        if len(text) > 1 and any(m.tag in {"MM", "IC", "NP"} for m in run) and text not in squeezed:
            absent.append(text)
        run = [morpheme] if morpheme and _odd(morpheme) else []
    return absent


def _odd(morpheme: Morpheme) -> bool:
    return morpheme.tag in {"MM", "IC", "NP", "NNB", "NNG", "NNP", "NR", "XSN", "XPN"}
