"""Word rules: every word, amount, cause and piece of markup of a claim must be in its source."""

from __future__ import annotations

import re
from collections.abc import Sequence

from geungeo.rag.language.amounts import counted
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


def missing_words(claim: Analysed, sources: Sequence[Analysed]) -> list[str]:
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


def exchanged_amount(claim: Analysed, sources: Sequence[Analysed]) -> str | None:
    """A number of ``claim`` that the source gives to something else of the same unit."""
    told = [counted(source) for source in sources]
    for mine in counted(claim):
        for theirs in told:
            same = [c for c in theirs if c.amount.matches(mine.amount)]
            rivals = [
                c for c in theirs if c.amount.value != mine.amount.value and c.unit == mine.unit
            ]
            own = {label for c in same for label in (c.before, c.after)}
            taken = {label for c in rivals for label in (c.before, c.after)} - own - {""}
            ends = {c.end for c in same}
            counts = mine.unit not in _ORDINAL
            if same and (
                (counts and mine.before in taken)
                or (counts and mine.after in taken and mine.before not in own)
                or (mine.end and mine.end not in ends and "" not in ends)
            ):
                return f"number belongs to something else: {float(mine.amount.value):g} {mine.unit}"
    return None


# These say which one or when, and count nothing.
_ORDINAL = listed("ordinal rank year month day hour minute 세트 차 층 호")


_MARKERS = listed("때문 탓 덕분 이유 원인 여파 계기 영향 결과 덕")
_ENDINGS = frozenset({"니까", "으니까", "므로", "으므로", "느라", "어서", "아서"})
# How far before a marker its cause may stand, in content words.
_REACH = 8
_CAUSE_CONTENT = frozenset({"NNG", "NNP", "VV", "VA", "XR", "SL"})


def invented_cause(claim: Analysed, sources: Sequence[Analysed]) -> str | None:
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
    words = [canonical(m.form) for m in morphemes[:at] if m.tag.split("-")[0] in _CAUSE_CONTENT]
    return set(words[-count:])


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
_ANY_WORD = re.compile(r"[^\W\d_]{2}")


def foreign_markup(claim: str, source: str) -> str | None:
    """The first piece of markup in ``claim`` that ``source`` does not hold."""
    known = fold(source)
    for match in _MARKUP.finditer(fold(claim)):
        if match[0] not in known:
            return match[0]
    return None


def says_nothing(claim: str) -> bool:
    """Whether no word is left: only markers, digits or punctuation."""
    return not _ANY_WORD.search(claim)
