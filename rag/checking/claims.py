"""Split any text into the claims to check, each with its exact span in the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from geungeo.rag.backends.markup import plain, prepare
from geungeo.rag.grounding.support import is_fragment
from geungeo.rag.grounding.words import is_instruction
from geungeo.rag.language.analysis import Analysed, analysed
from geungeo.rag.language.clauses import Fact
from geungeo.rag.language.coordination import coordinated
from geungeo.rag.language.dates.periods import Grain, Period
from geungeo.rag.language.dates.times import relative_times
from geungeo.rag.readers.layout import is_wrapped
from geungeo.rag.segmentation import split_lines
from geungeo.rag.text import Span, fold, language_of, listed

NoClaim = Literal["question", "greeting", "opinion", "instruction", "fragment"]

# Characters that Kiwi gets at a time, at most.
_MAX_LINE = 4_000
_BLOCK = re.compile(r"[^\n]+(?:\n(?!\s*\n)[^\n]+)*")
_LINE = re.compile(r"[^\n]+")
# Marks before a line that belong to the layout: bullets, headings, numbers, quotation bars.
_LEAD = re.compile(
    r"(?:\s*(?:>+|(?:#{1,6}|[-*+•‣▪◦·–—]|\(?\d{1,2}[.)])(?=\s)|[■□▲△▶▷◇◆○●※☞①-⑳]))+\s*"
)
_CLOSERS = " \t”’\"'」』)）*_`~.!…。ㅋㅎㅠㅜ^"


@dataclass(frozen=True, slots=True)
class Unit:
    """One statement of a text: ``span`` is its place, ``text`` what is judged.

    ``text`` is without markup, ``no_claim`` the reason why it states nothing that could be proven.
    """

    span: Span
    text: str
    no_claim: NoClaim | None = None


def units(text: str) -> list[Unit]:
    """Return the statements of ``text`` (normalised) in order; spans are disjoint.

    Lines of markup alone are left out.
    """
    pieces = list(_pieces(text))
    found = split_lines([piece.of(text).replace("\n", " ") for piece in pieces])
    spans = [
        span.shift(piece.start)
        for piece, spans in zip(pieces, found, strict=True)
        for span in spans
    ]
    made = [Unit(span, judged(span.of(text))) for span in spans]
    made = [unit for unit in made if any(char.isalnum() for char in unit.text)]
    parsed = analysed(unit.text for unit in made)
    return [
        replace(unit, no_claim=no_claim(unit.text, one))
        for unit, one in zip(made, parsed, strict=True)
    ]


def _pieces(text: str) -> Iterator[Span]:
    """Yield the lines of ``text`` without the marks of their layout; wrapped ones are one."""
    for block in _BLOCK.finditer(text):
        lines = list(_LINE.finditer(text, block.start(), block.end()))
        if is_wrapped([line[0].strip() for line in lines]):
            spans = [Span(block.start(), block.end())]
        else:
            spans = [Span(line.start(), line.end()) for line in lines]
        for span in spans:
            lead = _LEAD.match(text, span.start, span.end)
            start = lead.end() if lead and lead.end() < span.end else span.start
            for at in range(start, span.end, _MAX_LINE):
                piece = Span(at, min(at + _MAX_LINE, span.end)).strip(text)
                if piece:
                    yield piece


# Whom a chat message is addressed to before or after what it says, as Slack writes it: <@U2>,
# <!here>, <!subteam^S1|@desk>. Within a sentence a name counts: <@U1|김철수> 대표는.
_ADDRESSED = re.compile(
    r"^\s*(?:<(?:[@#][^<>|\n]{1,40}|![^<>\n]{1,120})>[,:]?(?=\s)\s*|<[@#][^<>\n]{1,120}>[,:]\s*)+"
    r"|(?:\s+<[@#!][^<>\n]{1,120}>)+\s*$"
)
_NAMED = re.compile(r"<[@#][^<>|\n]{1,40}\|([^<>\n]{1,80})>")
# Code of a page, whose characters are no words.
_CODE = re.compile(r"<(script|style)\b[^>]{0,200}>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)


def judged(text: str) -> str:
    """Return ``text`` as it is judged: plain, without markup, code and whom it is addressed to."""
    text = _ADDRESSED.sub(" ", _CODE.sub(" ", text))
    return plain(prepare(_NAMED.sub(r"\1", text)))


_CALENDAR = re.compile(
    r"(?:지지난해|지난해|작년|재작년|올해|금년|내년|내후년|지난\s?달|이달|이번\s?달|다음\s?달|내달"
    r"|어제|오늘|내일|모레|그제|(?:지난|오는|올해|작년|지난해|내년)\s?\d{1,2}월(?:\s?\d{1,2}일)?)"
)


def dated(text: str, written: date | None, published: date | None) -> str:
    """Return ``text``, written on that day, with the relative times that ``published`` changes.

    An article's 지난달 is not that of a text of a later month, which is written out: 2025년 6월.
    A time that means the same in both stays as it is.
    """
    if written is None or language_of(text) != "ko":
        return text
    here = relative_times(text, published) if published else ()
    meant = {time.span: time.period for time in here}
    found = text
    for time in reversed(relative_times(text, written)):
        shown = _CALENDAR.fullmatch(time.span.of(text))
        if shown is None or meant.get(time.span) == time.period:
            continue
        if value := _written_out(time.period):
            found = f"{found[: time.span.start]}{value}{found[time.span.end :]}"
    return found


def _written_out(period: Period) -> str | None:
    first = period.first
    if period.grain is Grain.YEAR:
        return f"{first.year}년"
    if period.grain is Grain.MONTH:
        return f"{first.year}년 {first.month}월"
    return f"{first.year}년 {first.month}월 {first.day}일" if period.grain is Grain.DAY else None


_GREETING = re.compile(
    r"^(?:(?:여러분|독자 여러분|고객 여러분|네|예|자)[,!\s]*)?"
    r"(?:안녕하(?:세요|십니까)|반갑습니다|감사합니다|고맙습니다|감사드립니다|수고하세요|"
    r"잘 지내셨(?:나요|어요)|좋은 (?:하루|아침|저녁|주말)|hello|hi|dear|thank you|thanks|"
    r"good (?:morning|afternoon|evening))",
    re.IGNORECASE,
)
_GREETING_END = re.compile(
    r"(?:감사(?:합니다|드립니다|해요)|고맙습니다|되세요|되시길 바랍니다|뵙겠습니다|인사드립니다|"
    r"부탁드립니다|(?:죄송|송구)(?:합니다|하게 생각합니다))\W*$"
)
_GREETING_LENGTH = 45
_ASKING = listed(
    "까 ᆸ니까 습니까 나요 ᆫ가요 은가요 는가요 ᆫ가 는가 은가 냐 느냐 니 나 ᆯ까요 을까요 ᆯ까 "
    "을까 는지요 ᆫ지요 죠 지"
)
_COMMANDING = listed(
    "세요 으세요 시어요 십시오 으십시오 라 어라 아라 으라 자 읍시다 ᆸ시다 으시오 시오 소서 구려 렴"
)
# What a writer thinks, and does not report.
_OPINION_END = re.compile(
    r"(?:생각(?:합니다|한다|해요|이다|입니다|된다|됩니다|이 든다|이 듭니다)"
    r"|(?:것|거|듯)\s?(?:같(?:다|아요|습니다|네요)|싶(?:다|어요|습니다|네요)|하다|합니다|해요)"
    r"|(?:좋겠(?:다|어요|습니다|네요))|기대(?:된다|됩니다|돼요|되네요|한다|합니다|해요|해\s?본다)"
    r"|바란다|바랍니다|바라요|싶다|싶습니다|싶어요|싶네요|응원(?:한다|합니다|해요)"
    r"|(?:아닐까|않을까)(?:\s?(?:싶다|싶습니다|싶네요|한다|합니다))?"
    r"|기원(?:한다|합니다|드립니다)|볼 수 (?:있다|있습니다|있겠다)|봅니다|보인다|보입니다"
    r"|(?:틀림없|분명하|당연하)(?:다|습니다)|마땅하다|의심스럽다|의심스럽습니다"
    r"|주목(?:된다|됩니다|돼요)|관심이 (?:쏠린다|쏠립니다|모아진다|모아집니다)"
    r"|(?:다녀왔|가\s?봤|먹어\s?봤|써\s?봤)(?:어요|습니다|네요)"
    r"|수밖에 없(?:다|습니다|어요|네요)|느껴진다|느껴집니다|느껴져요)\W*$"
)
_MUST_END = re.compile(r"야\s?(?:한다|합니다|해요|할 것이다|할 것입니다|하지 않을까|하겠다)\W*$")
# Those whose opinions are reported; anything else is the topic of the writer's own.
_WHO = re.compile(
    r"(?:정부|당국|회사|기업|업체|업계|은행|법원|경찰|검찰|위원회|연구팀|연구진|전문가|노조|단체|학부모|주민"
    r"|시민|대표|장관|의원|교수|위원장|시장|군수|도지사|사장|연구원|소장|박사|감독|선수|기자|관계자|씨|측)$"
)
_FIRST_PERSON = re.compile(
    r"(?:^|[\s“(])(?:저는|나는|저로서는|나로서는|제가 보기에|내가 보기에|필자는|필자가 보기에|"
    r"개인적으로(?:는)?|제 생각에(?:는|도)?|내 생각에(?:는|도)?|우리 모두|솔직히|아무래도)(?=[\s,])"
)
_FELT = listed(
    "안타깝 다행 다행스럽 아쉽 놀랍 반갑 대단하 훌륭하 멋지 감동적 흥미롭 재미있 재밌 씁쓸하 "
    "답답하 부럽 뿌듯하 자랑스럽 기쁘 슬프 무섭 신기하 인상적 아름답 매력적 의미심장하 뜻깊 "
    "바람직하 중요하 귀감 인상 훈훈 답답 감동 의미 "
    "기대되 궁금하 고무적 이례적 획기적 모범 소중하 좋 멋있 든든하 훈훈하"
)
_EVALUATING = frozenset({"VA", "XR", "NNG", "VV"})


def no_claim(text: str, parsed: Analysed) -> NoClaim | None:
    """Return why ``text`` is no statement about facts, or ``None`` if it is one."""
    bare = text.rstrip(_CLOSERS)
    if text.rstrip(_CLOSERS.replace("?", "")).endswith("?") or bare.endswith(("?", "？")):
        return "question"
    short = len(text) <= _GREETING_LENGTH and not any(char.isdigit() for char in text)
    if short and (_GREETING.match(fold(text)) or _GREETING_END.search(text)):
        return "greeting"
    if is_instruction(text):
        return "instruction"
    if language_of(text) == "en":
        return "fragment" if is_fragment(text) and not _is_foreign(text) else None
    main = _closing(parsed)
    form = _final_ending(parsed)
    if _FOLLOWS.search(text):
        return "fragment"
    if main and main.asked and form in _ASKING and form not in {"죠", "지", "니", "나"}:
        return "question"
    if form in _COMMANDING and (main is None or not main.copula):
        return "instruction"
    if _is_opinion(text, parsed, main):
        return "opinion"
    return "fragment" if is_fragment(text) or _names_only(parsed) else None


def _is_foreign(text: str) -> bool:
    """Whether most letters are of a script that is not analysed, such as Japanese.

    Up to five letters (東京) are taken for a name.
    """
    letters = [char for char in text if char.isalpha()]
    latin = sum(unicodedata.name(char, "").startswith("LATIN") for char in letters)
    return len(letters) >= _FOREIGN_LETTERS and latin * 2 < len(letters)


def _names_only(parsed: Analysed) -> bool:
    """Whether a sentence has one word that could be proven (윤빛소프트입니다), and no quotation."""
    words = {m.form for m in parsed.morphemes if m.tag.split("-")[0] in _PROVABLE}
    return len(words) < _FEWEST and not any(char.isdigit() for char in parsed.text)


_PROVABLE = frozenset({"NNG", "NNP", "SL", "SH", "XR", "VV", "VA", "NR", "SN", "MAG"})
_FEWEST = 2
_FOREIGN_LETTERS = 6


_FOLLOWS = re.compile(r"다음과 같(?:다|습니다|아요)\W*$")


def _closing(parsed: Analysed) -> Fact | None:
    closing = [fact for fact in parsed.narrated if fact.ending == "EF"]
    return closing[-1] if closing else None


def _final_ending(parsed: Analysed) -> str:
    endings = [m.form for m in parsed.outside if m.tag == "EF"]
    return endings[-1] if endings else ""


def _is_opinion(text: str, parsed: Analysed, main: Fact | None) -> bool:
    """Whether the writer states what he thinks; what others think is reported and a claim."""
    if _FIRST_PERSON.search(text):
        return True
    named = any(m.tag == "NNP" for m in parsed.outside)
    exact = any(char.isdigit() for char in text)
    if _OPINION_END.search(text):
        # 정부는 …을 바란다 reports; 안전은 중요하다고 생각한다 does not.
        topics = main.topics if main else []
        return not any(_is_party(phrase.words, parsed) for phrase in topics)
    if main is None or exact or named:
        return False
    if _MUST_END.search(text):
        return True
    last = [m for m in parsed.outside if m.tag.split("-")[0] in _EVALUATING]
    felt = main.predicate in _FELT or any(
        m.form in _FELT for m in last[-2 if main.copula else -1 :]
    )
    return felt and not main.past


def _is_party(words: Sequence[str], parsed: Analysed) -> bool:
    names = {m.form for m in parsed.outside if m.tag in {"NNP", "SL"}}
    return any(_WHO.search(word) or any(name in word for name in names) for word in words)


def parts(unit: Unit, source: str) -> list[Unit]:
    """Return the clauses of a sentence that joins several facts; none if it joins none.

    ``source`` is the text that the span of ``unit`` refers to. Each part is judged as a sentence
    of its own, with the topic of the first one where it names none.
    """
    text = unit.span.of(source)
    if judged(text) != " ".join(text.split()) or language_of(text) != "ko":
        return []  # markup was removed: the characters judged are not those of the text
    return [
        Unit(part.span.shift(unit.span.start), part.text)
        for part in coordinated(text.replace("\n", " "))
    ]
