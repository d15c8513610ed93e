"""Sentences that join several statements, cut into them: 부산 공장은 닫고, 직원은 내보냈다.

Each part becomes a sentence of its own, with the topic of the first one where it names none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from geungeo.rag.language.analysis import Analysed, analysed
from geungeo.rag.language.morphemes import Morpheme, composed
from geungeo.rag.text import Span, language_of, listed

# Endings after which another statement follows.
_JOINING = listed("고 며 으며 지만 으나 는데 ᆫ데 은데 는데요 ᆫ데요 은데요")
# They join two statements only before a comma: 맺어져, 서명했다.
_LEADING = listed("어 아 여 어서 아서")
_VERBS = frozenset({"VV", "XSV", "VX"})
_STATES = frozenset({"VA", "XSA", "VCP", "VCN"})
# Verbs that make one predicate with the verb before them: 하고 있다.
_SUPPORT = listed("있 싶 나 말 보")
_SHORTEST = 12  # characters of a part
_MOST_CUTS = 8  # of a sentence that a person wrote
_PAIRS = dict(zip("“‘([「『《〈", "”’)]」』》〉", strict=True))


@dataclass(frozen=True, slots=True)
class Part:
    """One statement: ``span`` is its place in the sentence, ``text`` a sentence that says it.

    ``named`` says that ``text`` names who acts, or what it is about. ``otherwise`` are readings of
    ``text`` with another tense, where the sentence's own ending allows them: 진출하며, 팔기로 했다.
    """

    span: Span
    text: str
    named: bool
    otherwise: tuple[str, ...] = ()


def coordinated(text: str) -> list[Part]:
    """Return the statements that a Korean sentence joins; none if it is only one."""
    if language_of(text) != "ko":
        return []
    [whole] = analysed([text])
    denied = bool(whole.narrated) and whole.narrated[-1].denied
    cuts = [
        (at, gap)
        for at, m in enumerate(whole.morphemes)
        # 이사회를 열고 공시하지 않았다 may deny both.
        if (gap := _cut(whole, at, m)) and not (denied and _is_open(whole, at))
    ]
    if not 0 < len(cuts) <= _MOST_CUTS:
        return []
    topic = _topic(whole)
    past = any(
        one.form in {"었", "았", "였"} and other.tag == "EF"
        for one, other in pairwise(whole.morphemes)
    )
    shared = _shared_ending(whole)
    found: list[Part] = []
    start = 0
    for at, gap in [*cuts, (len(whole.morphemes), len(text))]:
        span = Span(start, gap).strip(text)
        if len(span) < _SHORTEST:
            if at == len(whole.morphemes):
                return []
            continue
        shown, *others = _closed(whole, span, at, shared, past=past)
        named = not found or _names_actor(shown)
        lead = "" if named or not topic else f"{topic} "
        otherwise = tuple(f"{lead}{one}" for one in others)
        found.append(Part(span, f"{lead}{shown}", named or bool(topic), otherwise))
        start = gap
    return found if len(found) > 1 else []


def _cut(whole: Analysed, at: int, morpheme: Morpheme) -> int:
    """Return where the next part begins if the ending at ``at`` joins two, otherwise 0."""
    if morpheme.tag not in {"EC", "EF"} or not at:
        return 0
    if morpheme.form not in _JOINING | _LEADING:
        return 0
    text = whole.text
    gap = re.match(r",?\s+" if morpheme.form in _JOINING else r",\s+", text[morpheme.end :])
    after = next((m for m in whole.morphemes[at + 1 :] if m.tag != "SP"), None)
    if gap is None or after is None or (after.form in _SUPPORT and after.tag.startswith("V")):
        return 0
    before = text[: morpheme.start]
    whole_quotes = all(before.count(one) == before.count(other) for one, other in _PAIRS.items())
    if not whole_quotes or before.count('"') % 2:
        return 0
    return morpheme.end + gap.end()


def _is_open(whole: Analysed, at: int) -> bool:
    """Whether the ending at ``at`` has neither tense nor comma, so that the last may govern it."""
    after = whole.morphemes[at + 1] if at + 1 < len(whole.morphemes) else None
    return whole.morphemes[at - 1].tag != "EP" and not (after and after.tag == "SP")


def _closed(
    whole: Analysed, span: Span, at: int, shared: Sequence[tuple[str, str]], *, past: bool
) -> list[str]:
    """Return the part with the ending of a sentence: 사들였고 becomes 사들였다.

    A verb without a tense has that of the sentence, or its ``shared`` ending or the present:
    나란히 쓰고 … 두도록 했다 may mean 나란히 쓰도록 했다.
    """
    if at == len(whole.morphemes):
        return [span.of(whole.text)]
    word = whole.text.rfind(" ", span.start, whole.morphemes[at].start) + 1
    word = max(word, span.start)
    stem = [m for m in whole.morphemes[:at] if m.start >= word]
    tag = stem[-1].tag.split("-")[0] if stem else ""
    endings: list[Sequence[tuple[str, str]]] = [[("다", "EF")]]
    if tag in _VERBS:
        consonant = (ord(stem[-1].form[-1]) - 0xAC00) % 28 != 0
        present = [("는다" if consonant else "ᆫ다", "EF")]
        endings = [[("었", "EP"), ("다", "EF")] if past else present]
        if shared:
            endings += [shared, *([present] if past else [])]
    elif tag not in _STATES and tag != "EP":
        return [span.of(whole.text)]
    before = whole.text[span.start : word]
    forms = [(m.form, m.tag) for m in stem]
    return [f"{before}{composed([*forms, *ending])}." for ending in endings]


def _shared_ending(whole: Analysed) -> list[tuple[str, str]]:
    """Return the ending that settles or plans all parts, if there is one: (팔)기로 했다."""
    final = [m for m in whole.morphemes if m.tag not in {"SF", "SSC"}][-_ENDING:]
    for at, morpheme in enumerate(final):
        if (morpheme.form, morpheme.tag) in _SHARED:
            # A supporting verb is written apart: 두도록 했다.
            rest = [(m.form, "VV" if m.tag == "VX" else m.tag) for m in final[at:]]
            return [*rest[:-1], ("다" if rest[-1][1] == "EF" else rest[-1][0], rest[-1][1])]
    return []


# Morphemes of an ending, and those that one begins with: 두도록 했다, 팔기로 했다, 줄이려고 한다.
_ENDING = 6
_SHARED = frozenset({("도록", "EC"), ("기", "ETN"), ("려고", "EC"), ("으려고", "EC")})


def _topic(parsed: Analysed) -> str:
    """Return the first topic or subject of a sentence with its particle.

    After a relative clause only a topic is one of the sentence.
    """
    particles: Sequence[str] = ("은", "는", "ᆫ", "이", "가")
    for at, morpheme in enumerate(parsed.outside):
        if morpheme.tag in {"JX", "JKS"} and morpheme.form in particles and at:
            return parsed.text[: morpheme.end]
        if morpheme.tag == "ETM":
            particles = ("은", "는", "ᆫ")
        elif morpheme.tag.startswith("E"):
            return ""
    return ""


def _names_actor(text: str) -> bool:
    """Whether the main clause has a subject or topic; 제도도 내놨다 and 한 곳만 열었다 may not."""
    [parsed] = analysed([text])
    closing = [fact for fact in parsed.narrated if fact.ending == "EF"]
    if not closing:
        return False
    main = closing[-1]
    found = {p.words[-1] for p in (*main.own, *main.topics, *(main.carried if main.firm else ()))}
    return any(not re.search(rf"{re.escape(word)}들?(?:도|만)(?![가-힣])", text) for word in found)
