"""Answer type of a question, and the concepts that an answer must be about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from geungeo.rag.language.morphemes import Morpheme, analyse
from geungeo.rag.language.terms import term_hash
from geungeo.rag.language.vocabulary import canonical_names, synonyms_of, terms_of
from geungeo.rag.text import Language, fold, language_of


class AnswerType(StrEnum):
    """The kind of thing that a question asks for."""

    PERSON = "person"
    TIME = "time"
    AMOUNT = "amount"
    CAUSE = "cause"
    PLACE = "place"
    MANNER = "manner"
    THING = "thing"
    OTHER = "other"


# Kinds of facts that one sentence, and a short one, has.
FACTUAL = frozenset({AnswerType.PERSON, AnswerType.TIME, AnswerType.AMOUNT, AnswerType.PLACE})

# First match wins: specific before general ("몇 년" is a time, "몇" an amount).
_TYPES: tuple[tuple[AnswerType, re.Pattern[str]], ...] = (
    (
        AnswerType.CAUSE,
        re.compile(r"왜|어째서|이유|원인|까닭|배경은|때문|계기|\bwhy\b|\breasons?\b|\bcauses?\b"),
    ),
    (
        AnswerType.TIME,
        re.compile(
            r"언제|며칠|몇\s*(?:년|월|일|시|살)|어느\s*(?:해|달|날|시기|시점|계절)|무슨\s*(?:요일|해|계절)"
            r"|시기|시점|날짜|연도|(?<=[가-힣] )해[는가]"
            r"|\bwhen\b|\bwhat (?:year|month|day|date|time)\b"
        ),
    ),
    (
        AnswerType.AMOUNT,
        re.compile(
            r"얼마|몇|규모|금액|액수|비율|퍼센트|인원|갯수|개수"
            r"|\bhow (?:much|many|large|big|long|old)\b"
        ),
    ),
    (
        AnswerType.PERSON,
        re.compile(
            r"누가|누구|누굴|누군|어떤\s*사람|기자는|\bwho(?:m|se)?\b"
            r"|(?:사람|인물|임원|대표|사장|회장|기자|직원|선수|감독|교수)[가-힣]{0,2}\s*이름"
        ),
    ),
    (
        AnswerType.PLACE,
        re.compile(r"어디|어느\s*(?:나라|도시|지역|곳|국가|주(?=[에의\s가는]))|장소|\bwhere\b"),
    ),
    (AnswerType.MANNER, re.compile(r"어떻게|어떤\s*(?:방법|방식|식)|\bhow\b")),
    (
        AnswerType.THING,
        re.compile(r"무엇|뭐|뭘|무슨|어떤|어느|뭔|무얼|이름|\bwhat\b|\bwhich\b"),
    ),
)

# "회사는 어디" means "어느 회사": it asks for an organisation, not a place.
_WHICH_ONE = re.compile(
    r"(?:기업|회사|업체|매체|기관|단체|팀|은행|신문|언론|언론사|제조사|파트너)(?:들)?[은는이가]?\s*어디"
)
_ASKED = re.compile(r"언제|누구|누가|어디|무엇|뭐|뭘|무슨|어떤|어느|얼마|며칠|몇|왜|어떻게|\?")

# Words of the question form, without information about its subject.
QUESTION_WORDS = frozenset(
    [
        "누구",
        "언제",
        "어디",
        "무엇",
        "뭐",
        "왜",
        "얼마",
        "얼마나",
        "몇",
        "어떻다",
        "어떻",
        "어떠하",
        "어떤",
        "어느",
        "무슨",
        "이유",
        "까닭",
        "무엇인가",
        "알",
        "말하",
        "말",
        "하",
        "되",
        "있",
        "없",
        "이",
        "그",
        "저",
        "것",
        "수",
        "때",
        "때문",
        "대하",
        "관하",
        "관련",
        "설명",
        "알려주",
        "궁금",
        "질문",
        "답",
        "기사",
        "내용",
        "뉴스",
        "보도",
        "주",
        "좀",
        "정도",
        "누가",
        "시기",
        "시점",
        "날짜",
        "규모",
        "금액",
        "액수",
        "이름",
        "방법",
        "방식",
        "원인",
        "배경",
        "the",
        "a",
        "an",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "do",
        "does",
        "did",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "by",
        "with",
        "from",
        "and",
        "or",
        "as",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "what",
        "which",
        "who",
        "whom",
        "whose",
        "when",
        "where",
        "why",
        "how",
        "much",
        "many",
        "article",
        "news",
        "say",
        "says",
        "said",
        "tell",
        "me",
        "about",
        "according",
        "has",
        "have",
        "had",
        "will",
        "would",
        "can",
        "could",
        "there",
        "any",
    ]
)
_WHO_IS = re.compile(
    r"^\s*who\s+(?:is|was|are)\s+[A-Z][\w.\-]*(?:\s+[A-Z][\w.\-]*)*\s*\?*\s*$", re.I
)
_NAME_TAGS = frozenset({"NNP", "SL", "SH"})
_NOUN_TAGS = frozenset({"NNG", "XR", "NR"})
_VERB_TAGS = frozenset({"VV", "VA"})
_LATIN_NAME = re.compile(r"[A-Z][A-Za-z0-9&.\-]*|[a-z]*[A-Z][A-Za-z0-9]*")


@dataclass(frozen=True, slots=True)
class Concept:
    """A concept of the question; any of ``alternatives`` (term hashes) matches it.

    ``synonyms`` match it too, with less certainty. ``role`` decides the weight of its absence: a
    name or number must occur, a verb may be paraphrased.
    """

    surface: str
    role: str
    alternatives: frozenset[int]
    synonyms: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class ParsedQuestion:
    """A question as far as its text alone determines it.

    ``focus`` is the noun whose value is asked for (``지분`` in ``지분은 몇 퍼센트인가?``).
    """

    text: str
    language: Language
    answer_type: AnswerType
    concepts: tuple[Concept, ...]
    focus: Concept | None = None


def parse_question(text: str, morphemes: Sequence[Morpheme] | None = None) -> ParsedQuestion:
    """Find answer type and concepts of a standalone question; analyse it without ``morphemes``."""
    language = language_of(text)
    morphemes = analyse(text) if morphemes is None else morphemes
    kind = answer_type(text)
    if kind is AnswerType.PERSON and _asks_for_description(text, morphemes):
        kind = AnswerType.OTHER
    concepts = tuple(_concepts(text, language, morphemes))
    return ParsedQuestion(text, language, kind, concepts, _focus(text, concepts))


_OVERVIEW = re.compile(
    r"요약|간추|줄거리|핵심|골자|요지|쟁점|정리|한마디"
    r"|(?:기사|뉴스|글|보도)(?:의|는|가|를|에)?\s*(?:내용|무슨|뭐|무엇|어떤)"
    r"|무슨\s*(?:내용|얘기|이야기|기사|뉴스)"
    r"|\b(?:summar\w+|overview|gist|main points?|tl;?dr|key points?)\b"
    r"|\bwhat (?:is|'s) (?:this|the) (?:article|story|news)\b",
    re.IGNORECASE,
)


def asks_for_overview(text: str) -> bool:
    """Whether ``text`` asks for what articles say as a whole: 요약해 줘, 무슨 내용이야?"""
    return _OVERVIEW.search(fold(text)) is not None


def _asks_for_description(text: str, morphemes: Sequence[Morpheme]) -> bool:
    """Whether a description is asked for (``설리먼은 누구야?``), not a name (``CEO는 누구야?``)."""
    if _WHO_IS.match(text):
        return True
    for name, particle, who in zip(morphemes, morphemes[1:], morphemes[2:], strict=False):
        if who.form.startswith("누구") and particle.tag == "JX" and name.tag == "NNP":
            return True
    return False


def _focus(text: str, concepts: tuple[Concept, ...]) -> Concept | None:
    """Return the last noun before the question word, or the last noun if there is none."""
    nouns = [concept for concept in concepts if concept.role == "noun"]
    asking = _ASKED.search(fold(text))
    before = fold(text)[: asking.start()] if asking else fold(text)
    ahead = [concept for concept in nouns if concept.surface in before]
    return ahead[-1] if ahead else nouns[-1] if nouns else None


def answer_type(text: str) -> AnswerType:
    """Return the kind of thing that ``text`` asks for."""
    folded = fold(text)
    if _WHICH_ONE.search(folded):
        return AnswerType.THING
    for kind, pattern in _TYPES:
        if pattern.search(folded):
            return kind
    return AnswerType.OTHER


def _concepts(text: str, language: Language, morphemes: Sequence[Morpheme]) -> list[Concept]:
    found: dict[str, Concept] = {}
    for group in _groups(morphemes):
        surface = "".join(morpheme.form for morpheme in group)
        role = _role(group, language, text)
        if role is None or surface in QUESTION_WORDS or surface in found:
            continue
        terms = terms_of(group)
        own = frozenset(term_hash(term) for term in terms)
        # Names and numbers have no synonyms; the parts of a compound would add unrelated ones.
        others = synonyms_of(terms) if len(group) == 1 and role in {"noun", "verb"} else set()
        synonyms = frozenset(term_hash(term) for term in others) - own
        found[surface] = Concept(surface, role, own, synonyms)
    if language == "en":
        # An English phrase matches a Korean term as a whole: data center, White House.
        for canon in sorted(canonical_names(text) - found.keys()):
            found[canon] = Concept(canon, "noun", frozenset({term_hash(f"@{canon}")}))
    return list(found.values())


def _groups(morphemes: Sequence[Morpheme]) -> list[list[Morpheme]]:
    """Group content morphemes: adjacent parts of a mixed-script name (오픈+AI) stay together."""
    groups: list[list[Morpheme]] = []
    for morpheme in morphemes:
        if not morpheme.is_content:
            continue
        last = groups[-1][-1] if groups else None
        if last is not None and last.end == morpheme.start and _forms_name(last, morpheme):
            groups[-1].append(morpheme)
        else:
            groups.append([morpheme])
    return groups


def _forms_name(left: Morpheme, right: Morpheme) -> bool:
    scripts = {left.tag, right.tag}
    return "SL" in scripts and bool(scripts & {"NNG", "NNP", "SN", "SL"})


def _role(group: list[Morpheme], language: Language, text: str) -> str | None:
    tags = {morpheme.tag.split("-")[0] for morpheme in group}
    if "SN" in tags and len(group) == 1:
        return "number"
    if language == "en" and tags == {"SL"}:
        word = text[group[0].start : group[-1].end] if len(text) >= group[-1].end else ""
        is_name = _LATIN_NAME.fullmatch(word) is not None and group[0].start > 0
        return "name" if is_name else "word"
    if tags & _NAME_TAGS:
        return "name"
    if tags & _NOUN_TAGS:
        return "noun"
    if tags & _VERB_TAGS:
        return "verb"
    return None
