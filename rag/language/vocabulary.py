"""Search terms from morphemes: forms, compounds, aliases, and sounds across scripts.

A name has many spellings: 오픈AI and OpenAI, 설리먼 and Suleyman, MS and 마이크로소프트.
Known pairs come from ``aliases.json``; the others match by their consonant skeleton.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from geungeo.rag.language.hangul import PARTICLE
from geungeo.rag.language.morphemes import Morpheme, content_terms
from geungeo.rag.language.transliteration import skeleton
from geungeo.rag.text import fold

_NAME_TAGS = frozenset({"NNP", "SL", "NNG"})
_MIN_SKELETON = 3
# Prefixes that make another word, often the opposite one: 비영리, 준우승, 부회장.
REVERSING = "비불무미반탈준역부"


@cache
def _aliases() -> dict[str, str]:
    """Map each folded surface, spaces removed, to the first spelling of its group."""
    return {_key(surface): _key(group[0]) for group in _groups() for surface in group}


@cache
def _groups() -> list[list[str]]:
    groups: list[list[str]] = json.loads(
        files("geungeo.rag.language").joinpath("data/aliases.json").read_text("utf-8")
    )
    return groups


@cache
def _alias_pattern() -> re.Pattern[str]:
    """Compile a pattern of all known spellings in any spacing; Latin and short ones as words."""
    surfaces = sorted({fold(s) for group in _groups() for s in group}, key=len, reverse=True)
    spaced = {s: re.escape(s).replace(r"\ ", r"\s*") for s in surfaces}
    latin = [spaced[s] for s in surfaces if s.isascii() or len(s) == 1]
    hangul = [spaced[s] for s in surfaces if not s.isascii() and len(s) > 1]
    return re.compile(rf"(?<![a-z0-9])(?:{'|'.join(latin)})(?![a-z0-9])|(?:{'|'.join(hangul)})")


def _key(surface: str) -> str:
    return "".join(fold(surface).split())


def is_alias(text: str) -> bool:
    """Whether ``text`` is a known spelling of a name."""
    return _key(text) in _aliases()


@cache
def _names() -> tuple[re.Pattern[str], dict[str, list[str]]]:
    """Return a pattern of the names in all their spellings, and the spellings of each.

    Groups with an ordinary word (board and 이사회) or a single character (美) are no names, or not
    only.
    """
    groups = [
        [spelling for spelling in group if len(spelling) > 1]
        for group in _groups()
        if not any(one.isascii() and one.islower() for one in group)
    ]
    found = {_key(spelling): group for group in groups for spelling in group}
    spellings = sorted((one for group in groups for one in group), key=len, reverse=True)
    return re.compile(_as_word(*spellings), re.IGNORECASE), found


def _as_word(*names: str) -> str:
    """Return a pattern of one of ``names`` as a word of its own, with or without a particle."""
    written = "|".join(re.escape(name).replace(r"\ ", r"\s*") for name in names)
    return rf"(?<![가-힣A-Za-z0-9])(?:{written})(?={PARTICLE}?(?![가-힣A-Za-z0-9]))"


def spelled_as_in(source: str, text: str) -> str:
    """Return ``text`` with the known names that it spells otherwise than ``source`` spelled so.

    >>> spelled_as_in("MS는 챗GPT를 쓴다", "마소가 ChatGPT를 쓰나?")
    'MS가 챗GPT를 쓰나?'
    """
    pattern, groups = _names()
    squeezed = _key(source)

    def written(match: re.Match[str]) -> str:
        typed = match[0]
        uses = {one: _uses(one, source) for one in groups[_key(typed)] if _key(one) in squeezed}
        if not any(uses.values()) or (_key(typed) in squeezed and _uses(typed, source)):
            return typed
        words = len(typed.split())
        return max(uses, key=lambda one: (uses[one] > 0, len(one.split()) == words, uses[one]))

    return pattern.sub(written, text)


def _uses(name: str, text: str) -> int:
    """Count how often ``name`` is a word of ``text``."""
    return len(re.findall(_as_word(name), text, re.IGNORECASE))


_IN_BRACKETS = re.compile(
    r"(?P<full>[가-힣A-Za-z0-9]{3,20})\s?\((?P<so>이하\s)?(?P<short>[가-힣A-Za-z]{2,8})\)"
)


@lru_cache(maxsize=256)
def introduced_names(text: str) -> tuple[tuple[str, str], ...]:
    """Return the names that ``text`` introduces with a shorter one in brackets.

    >>> introduced_names("국민권익위원회(권익위)와 국제통화기금(IMF), 김철수(무소속) 의원")
    (('국민권익위원회', '권익위'), ('국제통화기금', 'IMF'))
    """
    return tuple(
        dict.fromkeys(
            (match["full"], match["short"])
            for match in _IN_BRACKETS.finditer(text)
            if match["so"]
            or match["short"].isupper()
            or _abbreviates(match["short"], match["full"])
        )
    )


def _abbreviates(short: str, full: str) -> bool:
    """Whether the syllables of ``short`` occur in ``full``, in order."""
    rest = iter(full)
    return len(short) < len(full) and all(syllable in rest for syllable in short)


def called_as_in(source: str, text: str, names: Iterable[tuple[str, str]]) -> str:
    """Return ``text`` with each of the ``names`` by the one of the pair that ``source`` has.

    >>> called_as_in("권익위는 모른다.", "국민권익위원회는?", [("국민권익위원회", "권익위")])
    '권익위는?'
    """
    for full, short in names:
        for typed, other in ((full, short), (short, full)):
            if re.search(_as_word(typed), text) and not re.search(_as_word(typed), source):
                if re.search(_as_word(other), source):
                    # Letters and digits alone: nothing in it refers to a group.
                    text = re.sub(_as_word(typed), other, text)
                break
    return text


def alias_spans(text: str) -> list[tuple[int, int]]:
    """Find where words begin with a known name written in Hangul, of three syllables or more."""
    return [
        match.span()
        for match in _alias_pattern().finditer(text)
        if not match[0].isascii()
        and len(match[0]) >= 3
        and not (match.start() and "가" <= text[match.start() - 1] <= "힣")
    ]


def canonical_names(text: str) -> set[str]:
    """Return the known names in ``text``, each as the first spelling of its alias group."""
    folded = fold(text)
    found = {_aliases()[_key(match[0])] for match in _alias_pattern().finditer(folded)}
    squeezed = folded.replace(" ", "")
    if squeezed != folded:
        # 소프트 뱅크, 마이크로 소프트: long Hangul names also match with spaces inside.
        found |= {
            _aliases()[match[0]]
            for match in _alias_pattern().finditer(squeezed)
            if not match[0].isascii() and len(match[0]) > 3
        }
    return found


@cache
def _synonyms() -> dict[str, frozenset[str]]:
    """Map each content term to its synonyms."""
    groups: list[list[str]] = json.loads(
        files("geungeo.rag.language").joinpath("data/synonyms.json").read_text("utf-8")
    )
    found: dict[str, set[str]] = {}
    for group in groups:
        for term in group:
            found.setdefault(term, set()).update(group)
    return {term: frozenset(others - {term}) for term, others in found.items()}


def synonyms_of(terms: Iterable[str]) -> set[str]:
    """Return the synonyms that a source may use for ``terms``."""
    return {other for term in terms for other in _synonyms().get(term, ())}


# Each pair turns a statement into its opposite. Stems, as Kiwi gives them.
OPPOSITES: tuple[tuple[str, str], ...] = (
    ("늘", "줄"),
    ("늘리", "줄이"),
    ("증가", "감소"),
    ("상승", "하락"),
    ("오르", "내리"),
    ("높이", "낮추"),
    ("확대", "축소"),
    ("강화", "약화"),
    ("찬성", "반대"),
    ("승리", "패배"),
    ("이기", "지"),
    ("수락", "거절"),
    ("넘겨주", "거절"),
    ("허용", "금지"),
    ("성공", "실패"),
    ("시작", "중단"),
    ("체결", "파기"),
    ("비싸", "싸"),
    ("비싸", "저렴"),
    ("빠르", "느리"),
    ("많", "적"),
    ("개선", "악화"),
    ("매수", "매도"),
    ("흑자", "적자"),
    ("호평", "혹평"),
    ("포함", "제외"),
    ("가까워지", "멀어지"),
    ("유지", "처분"),
    ("유지", "매각"),
    ("유지", "폐지"),
    ("인정", "부인"),
    ("가결", "부결"),
    ("통과", "부결"),
    ("당선", "낙선"),
    ("합격", "탈락"),
    ("무죄", "유죄"),
    ("취임", "퇴임"),
    ("개업", "폐업"),
    ("인상", "인하"),
    ("증액", "감액"),
    ("급등", "급락"),
    ("상향", "하향"),
    ("완화", "강화"),
    ("앞당기", "늦추"),
    ("앞당기", "미루"),
    ("살아남", "죽"),
    ("살아남", "숨지"),
    ("살아남", "잃"),
    ("이익", "손실"),
    ("최고", "최저"),
    ("최대", "최소"),
    ("붙이", "떼"),
    ("열리", "닫히"),
    ("켜", "끄"),
)
# Each pair reverses an order, a place, a time or a degree if it is beside the same word: 먼저
# 신청한 and 나중에 신청한. Alone, such words are often about other things.
REVERSALS: tuple[tuple[str, str], ...] = (
    ("먼저", "나중"),
    ("먼저", "늦"),
    ("일찍", "늦"),
    ("빠르", "늦"),
    ("빨리", "늦"),
    ("앞", "뒤"),
    ("앞쪽", "뒤쪽"),
    ("앞줄", "뒷줄"),
    ("앞면", "뒷면"),
    ("앞서", "뒤지"),
    ("이전", "이후"),
    ("전", "후"),
    ("전", "뒤"),
    ("직전", "직후"),
    ("위", "아래"),
    ("위쪽", "아래쪽"),
    ("위층", "아래층"),
    ("상류", "하류"),
    ("상위", "하위"),
    ("상반기", "하반기"),
    ("연초", "연말"),
    ("초반", "후반"),
    ("전반", "후반"),
    ("왼쪽", "오른쪽"),
    ("동쪽", "서쪽"),
    ("남쪽", "북쪽"),
    ("안", "밖"),
    ("안쪽", "바깥쪽"),
    ("실내", "실외"),
    ("실내", "야외"),
    ("오전", "오후"),
    ("낮", "밤"),
    ("아침", "저녁"),
    ("첫", "마지막"),
    ("처음", "마지막"),
    ("최초", "최후"),
    ("선착순", "추첨"),
    ("높", "낮"),
    ("크", "작"),
    ("많", "어리"),
    ("길", "짧"),
    ("넓", "좁"),
    ("깊", "얕"),
    ("무겁", "가볍"),
    ("두껍", "얇"),
    ("강하", "약하"),
    ("밝", "어둡"),
    ("멀", "가깝"),
    ("쉽", "어렵"),
    ("많", "적"),
    ("빠르", "느리"),
    ("따뜻하", "차갑"),
    ("올라가", "내려가"),
    ("들어오", "나가"),
    ("넣", "빼"),
    ("켜", "끄"),
    ("열", "닫"),
    ("입구", "출구"),
    ("출발", "도착"),
    ("입원", "퇴원"),
    ("수입", "수출"),
    ("이상", "이하"),
    ("초과", "미만"),
    ("이상", "미만"),
    ("유료", "무료"),
    ("알", "모르"),
    ("앞지르", "뒤지"),
    ("늘어나", "줄어들"),
)


def opposite(one: Sequence[Morpheme], other: Sequence[Morpheme]) -> tuple[str, str] | None:
    """Find a word of ``one`` and its opposite in ``other``, where neither has both."""
    return next(opposites(one, other), None)


def opposites(one: Sequence[Morpheme], other: Sequence[Morpheme]) -> Iterator[tuple[str, str]]:
    """Yield each word of ``one`` with its opposite in ``other``, where neither has both."""
    mine = {morpheme.form for morpheme in one if morpheme.is_content}
    theirs = {morpheme.form for morpheme in other if morpheme.is_content}
    for pair in OPPOSITES:
        for here, there in (pair, pair[::-1]):
            if here in mine and there in theirs and here not in theirs and there not in mine:
                yield here, there


def terms_of(morphemes: Sequence[Morpheme]) -> list[str]:
    """Return all terms of a text: content terms, canonical names ``@…``, name skeletons ``~…``."""
    terms = content_terms(morphemes)
    terms.extend(f"~{sound}" for sound in _sounds(morphemes))
    terms.extend(f"@{name}" for name in sorted(canonical_names(_content_text(morphemes))))
    return terms


def _content_text(morphemes: Sequence[Morpheme]) -> str:
    """Return the content morphemes in their original spacing, particles replaced by blanks."""
    parts: list[str] = []
    at = 0
    for morpheme in morphemes:
        if morpheme.start > at:
            parts.append(" ")
        parts.append(morpheme.form if morpheme.is_content else " ")
        at = morpheme.end
    return "".join(parts)


def _sounds(morphemes: Iterable[Morpheme]) -> list[str]:
    return [
        sound
        for morpheme in morphemes
        if morpheme.tag in _NAME_TAGS
        and len(morpheme.form) > 1
        and len(sound := skeleton(morpheme.form)) >= _MIN_SKELETON
    ]


@cache
def _equivalents() -> dict[str, str]:
    groups: list[list[str]] = json.loads(
        files("geungeo.rag.language").joinpath("data/equivalents.json").read_text("utf-8")
    )
    return {word: group[0] for group in groups for word in group}


@dataclass(frozen=True, slots=True)
class Alternative:
    """Words that a source may have in place of another, beside one of the nouns ``of`` if any.

    Words and nouns are canonical; a noun with its verb (손에 넣다) is both without the particle.
    ``general`` says that the other words are more special (오르다 for 급등하다), so that a
    denial of these says nothing about a denial of the word.
    """

    words: frozenset[str]
    of: frozenset[str]
    general: bool


@cache
def _alternatives() -> dict[str, tuple[Alternative, ...]]:
    rows = json.loads(
        files("geungeo.rag.language").joinpath("data/interchangeable.json").read_text("utf-8")
    )
    found: dict[str, list[Alternative]] = {}
    for row in rows:
        words, of = (
            list(map(_expression, row["words"])),
            frozenset(map(canonical, row.get("of", ()))),
        )
        general = row.get("one_way", False)
        for word in words[:1] if general else words:
            others = frozenset({*words, *map(canonical, words)} - {word})
            found.setdefault(word, []).append(Alternative(others, of, general))
    return {word: tuple(alternatives) for word, alternatives in found.items()}


def _expression(word: str) -> str:
    """Return a noun with its verb without the particle: 손에 넣 as 손넣."""
    noun, space, verb = word.partition(" ")
    return (
        re.sub(r"(?:에서|에게|으로|을|를|이|가|에|로|와|과)$", "", noun) + verb if space else word
    )


def interchangeable(word: str) -> tuple[Alternative, ...]:
    """Return what a source may say in place of ``word`` without any change of fact."""
    return _alternatives().get(word, ())


# Stems that say what becomes of something, with those that say what is done to it: 요금이 오르다,
# 요금을 올리다.
BECOMING = {
    "오르": "올리",
    "올라가": "올리",
    "내려가": "내리",
    "늘": "늘리",
    "늘어나": "늘리",
    "줄": "줄이",
    "줄어들": "줄이",
    "낮": "낮추",
    "높": "높이",
    "늦": "늦추",
    "넓": "넓히",
    "좁": "좁히",
}
# Verbs in the passive with the active ones: 이사회가 열리다, 이사회를 열다. Stems.
VOICES = {
    "열리": "열",
    "닫히": "닫",
    "팔리": "팔",
    "쓰이": "쓰",
    "잡히": "잡",
    "뽑히": "뽑",
    "바뀌": "바꾸",
    "막히": "막",
    "풀리": "풀",
    "묶이": "묶",
    "놓이": "놓",
    "쌓이": "쌓",
    "실리": "싣",
    "담기": "담",
    "나뉘": "나누",
    "모이": "모으",
    "불리": "부르",
    "찍히": "찍",
    "밝혀지": "밝히",
    "알려지": "알리",
    "드러나": "드러내",
    "끊기": "끊",
    "쫓기": "쫓",
    "빼앗기": "빼앗",
    "깎이": "깎",
    "꺾이": "꺾",
    "씻기": "씻",
    "뒤집히": "뒤집",
    "맺히": "맺",
    "섞이": "섞",
    "걷히": "걷",
    "붙잡히": "붙잡",
    "파묻히": "파묻",
    "꼽히": "꼽",
    "떠밀리": "떠밀",
    "밀리": "밀",
    "속": "속이",
}


def canonical(form: str) -> str:
    """Return the canonical word for ``form`` and its synonyms."""
    return _equivalents().get(form, form)
