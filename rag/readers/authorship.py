"""Judgement of who wrote an article, from all that names people.

Each place that names people makes a claim: a byline, the lead of a wire report, a signature, an
element called ``author``, the page's data. Claims of a higher rank are right where others are
stale: content systems name whoever filed the article, the photographer, a desk, the outlet. A
claim of a lower rank only adds the people whom it names together with those who were found.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from geungeo.rag.article import SectionKind
from geungeo.rag.readers.bylines import (
    JOB,
    MAIL,
    helpers_of,
    is_full_name,
    is_role,
    parse_byline,
    team_of,
    usual_case,
)
from geungeo.rag.readers.dates import DATES
from geungeo.rag.readers.lines import DATED, REPORTER, Block, is_statement, signature
from geungeo.rag.readers.metadata import byline_author, contributor, lead, writer_of


class Rank(IntEnum):
    """Certainty of a claim about the writers; a higher one counts before all lower ones."""

    DESK = 0
    """A desk, where no person is named."""
    HINT = 1
    """A name in the title, in a greeting, within the text, or far from it."""
    DATA = 2
    """Meta elements, JSON-LD, data of scripts: of the account that filed it, or stale."""
    NAMED = 3
    """A bare name in an element for authors, a box about the reporter, an anchor."""
    SIGNED = 4
    """A byline above the text or a signature below it."""
    LEAD = 5
    """The reporters of a wire report; the paper that prints it names its own editor."""
    GUEST = 6
    """A person with another profession, or a reader; the reporter named elsewhere edited it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Names that one place of a page gives as the writers, in the order in which it shows them."""

    rank: Rank
    names: tuple[str, ...]


def judge(claims: Iterable[Claim], helpers: Iterable[str] = ()) -> str | None:
    """Return the writers that claims make most likely, separated by ``, ``.

    ``helpers`` took pictures, edited or translated.
    """
    claims = _separated(claims)
    signed = {name for one in claims if one.rank >= Rank.SIGNED for name in one.names}
    helping = set(helpers)
    signed_together = (one.names for one in claims if one.rank >= Rank.SIGNED)
    joint = {name for names in signed_together if set(names) - helping for name in names}
    # Whoever signs alone or with a writer, and took the pictures too, is a writer.
    doubted = helping - (joint if signed - helping else signed)
    people = _without(claims, doubted) or _without(claims, set())
    if not people:
        return next((", ".join(one.names) for one in claims if one.rank is Rank.DESK), None)
    rank = max(one.rank for one in people)
    best = [one for one in people if one.rank is rank]
    if rank < Rank.SIGNED:
        best = best[:1]  # of sources that contradict each other
    found = list(dict.fromkeys(name for one in best for name in one.names))
    known = _signed_twice(people)
    for claim in sorted(people, key=lambda one: -one.rank):
        more = [name for name in claim.names if name not in found]
        together = len(more) < len(claim.names) and all(
            is_whole(name) or name in known for name in more
        )
        if together:
            found = list(claim.names) if set(found) <= set(claim.names) else [*found, *more]
    return ", ".join(found)


def _signed_twice(claims: Iterable[Claim]) -> set[str]:
    """Return the names that two different signatures have; their surnames can be rare ones."""
    signed = {one.names for one in claims if one.rank >= Rank.SIGNED}
    counted = Counter(name for names in signed for name in names)
    return {name for name, count in counted.items() if count > 1 and len(name) == _USUAL}


def _separated(claims: Iterable[Claim]) -> list[Claim]:
    """Return claims whose names are written alike.

    No label is part of a name, as in 문한여울 behind 기사원문, and no name is in capitals.
    """
    claims = list(claims)
    written = {
        letters: name
        for one in claims
        for name in one.names
        if (letters := _letters(name)) and name.upper() != name
    }
    usual = {name for one in claims for name in one.names if len(name) == _USUAL}

    def bare(name: str) -> str:
        if usual_case(name) != name:
            return written.get(_letters(name), usual_case(name))
        return name[-_USUAL:] if len(name) > _USUAL and name[-_USUAL:] in usual else name

    # 리아 파커 기자 are one where the data name her so, and two like 한솔 보리 기자 otherwise.
    spaced = {name for one in claims for name in one.names if " " in name}
    apart = {words: name for name in spaced if not any(map(is_usual, words := tuple(name.split())))}

    def whole(names: tuple[str, ...]) -> tuple[str, ...]:
        at = next((at for at in range(len(names)) if names[at : at + 2] in apart), None)
        return names if at is None else (*names[:at], apart[names[at : at + 2]], *names[at + 2 :])

    return [Claim(one.rank, whole(tuple(map(bare, one.names)))) for one in claims]


def _letters(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.casefold())


def _without(claims: Sequence[Claim], names: set[str]) -> list[Claim]:
    """Return the claims about people, without ``names``."""
    left = [
        Claim(one.rank, tuple(name for name in one.names if name not in names))
        for one in claims
        if one.rank is not Rank.DESK
    ]
    return [one for one in left if one.names]


def is_usual(name: str) -> bool:
    """Whether ``name`` is a whole Korean name of the usual length."""
    return len(name) == _USUAL and is_full_name(name)


def is_whole(name: str) -> bool:
    """Whether ``name`` is a whole name in Korean, or one in another script."""
    return (is_full_name(name) and name != "기자명") or re.search(r"[가-힣]", name) is None


def credit(line: str) -> Claim | None:
    """Return whom a line names that says who wrote; ``None`` if it names no one."""
    parsed = parse_byline(line)
    if parsed is not None and (parsed.by_machine or not parsed.names):
        return None
    if _INTERVIEWED.match(line) and re.search(JOB, line) is None:
        return None
    names = byline_author(line)
    if names is None:
        return None
    guest = names_guest(line) or (not parsed.is_sure if parsed else _is_guest(line))
    whole = all(len(name) > 2 and is_whole(name) for name in names.split(", "))
    if guest and (_DASH.match(line) or not whole):
        return None
    anchor = _ANCHOR.search(line) is not None and "기자" not in line
    rank = Rank.GUEST if guest else Rank.NAMED if anchor else Rank.SIGNED
    return Claim(rank, tuple(names.split(", ")))


_INTERVIEWED = re.compile(r"\W*인터뷰\s*[:：=]")
_TALKED = re.compile(r"\W*대담\s*[:：=/]")  # of the guest of a programme, or of the interviewer
# In front of whom a quotation is from, and of an item of a list of appointments.
_DASH = re.compile(r"[—–-]\s|[△▲▽◇]")
_QUOTED = re.compile(r"[“\"][^“”\"]+[”\"]$")
_ANCHOR = re.compile(r"앵커|아나운서|캐스터")


def names_guest(line: str) -> bool:
    """Whether a line names whom a programme talks with: ``대담 : 한여울 소장``."""
    return _TALKED.match(line) is not None and re.search(JOB, line) is None


def _is_guest(line: str) -> bool:
    """Whether a line that is no byline names a person with a post or of a place."""
    posted = writer_of(line) is not None and re.search(r"[|ㅣ│/,·]", line) is not None
    signed = signature(line) is not None and MAIL.search(line) is None
    return (posted or signed) and REPORTER.search(line) is None


def speakers(lines: Sequence[str]) -> set[str]:
    """Return the lines that say whose a quotation is: in front of it, behind it, or with a dash."""
    around = zip(["", *lines], lines, [*lines[1:], ""], strict=False)
    return {
        line
        for above, line, below in around
        if _DASH.match(line)
        or (not REPORTER.search(line) and (_QUOTED.match(above) or _QUOTED.match(below)))
    }


def undated(line: str) -> str:
    """Return a line without its date and the label of that: ``디지털뉴스팀 등록일 : 25-08-27``."""
    for pattern in (*DATES, _DAY):
        line = pattern.sub("", line)
    return " ".join(word for word in DATED.sub("", line).split() if re.search(r"[^\W\d]", word))


_DAY = re.compile(r"\d{1,2}월\s?\d{1,2}일")


def desk(line: str) -> Claim | None:
    """Return the desk of whose name a line consists."""
    name = team_of(line)
    return Claim(Rank.DESK, (name,)) if name else None


def as_hint(claim: Claim) -> Claim:
    """Return a claim that only counts where no other place names a person."""
    return Claim(min(claim.rank, Rank.HINT), claim.names)


def joined(lines: Sequence[str]) -> list[str]:
    """Return lines in which a role or a job is on one line with its name: ``글``, ``한여울``."""
    found: list[str] = []
    is_open = False  # the line before is a role
    for line in lines:
        bare = line.strip(" :=|·")
        short = 0 < len(bare) <= _NAME_CHARS and not is_statement(line)
        follows = is_open or re.fullmatch(JOB, bare) is not None or _is_post(found[-1:], bare)
        again = bool(found) and is_role(bare) and is_role(found[-1].split()[0])  # 글 한여울, 사진
        if found and short and (follows or again):
            found[-1] += f" {bare}"
        else:
            found.append(line)
        is_open = short and is_role(bare)
    return found


_NAME_CHARS = 16


def _is_post(above: Sequence[str], line: str) -> bool:
    """Whether a line says which post the person of the line above has."""
    if not (above and is_usual(above[0])):
        return False
    parsed = parse_byline(f"{above[0]} {line}")
    return parsed is not None and parsed.names == (above[0],) and parse_byline(line) is None


def text_within(running: Sequence[bool]) -> tuple[int, int]:
    """Return the first and the last block of the text between bylines and signatures.

    ``running`` says which blocks are sentences. A byline can be below the first of them, and a
    signature above a few about the writer.
    """
    numbers = [number for number, is_running in enumerate(running) if is_running]
    if not numbers:
        return 0, -1
    return numbers[min(_BEFORE, len(numbers) - 1)], numbers[-min(_BEHIND, len(numbers))]


_BEFORE, _BEHIND = 1, 3  # sentences or paragraphs


class TextClaims:
    """The claims that the blocks of an article make."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        blocks = list(blocks)
        self.body = [line for kind, line in blocks if kind is SectionKind.BODY]
        self._quoted = speakers([line for _, line in blocks])
        first, last = text_within(
            [kind is not SectionKind.DECK and is_statement(line) for kind, line in blocks]
        )
        lines = [line for kind, line in blocks if kind is SectionKind.BYLINE]
        self._presented = list(self._editors())
        helpers = (name for line in joined(lines) for name in helpers_of(line))
        # An editor who wrote can have taken a picture too.
        self.helpers = [name for name in helpers if name not in self._presented]
        self.claims = [
            *self._in_text(),
            *filter(
                self.is_by, self._bylines(block for at, block in enumerate(blocks) if at < first)
            ),
            *self._bylines(block for at, block in enumerate(blocks) if at > last),
            *map(as_hint, self._bylines(blocks[first : last + 1])),
        ]

    def speaks_of(self, name: str) -> bool:
        """Whether the text names a person, as an interview does.

        Its last paragraph and an editor's note can introduce the writer.
        """
        spoken = (line for line in self.body[:-1] if not _INTRODUCES.match(line))
        return any(name in line for line in spoken)

    def is_company(self, name: str) -> bool:
        """Whether the text introduces a company by its head: ``나래로보틱스(대표 한여울)``."""
        headed = re.compile(
            rf"(?<![가-힣]){re.escape(name)}\s?\((?:공동\s?)?{_HEAD}\s[가-힣]{{2,4}}"
        )
        return any(map(headed.search, self.body[:_GREETING]))

    def is_by(self, claim: Claim) -> bool:
        """Whether a claim above the text is about its writer.

        The text of an interview calls its guest by surname and post: 박 교수는.
        """
        names = "|".join(name[0] for name in claim.names)
        called = re.compile(
            rf"(?<![가-힣])(?:{names})\s?(?:교수|변호사|대표|시인|작가|소장|원장|박사|위원|감독|씨)[는은가이도의]"
        )
        return claim.rank is not Rank.GUEST or not any(map(called.search, self.body))

    def judged(self, claims: Iterable[Claim]) -> Iterator[Claim]:
        """Yield claims; a guest of whom the text speaks is no writer."""
        for claim in claims:
            if claim.rank is not Rank.GUEST or not any(map(self.speaks_of, claim.names)):
                yield claim

    def _bylines(self, blocks: Iterable[Block]) -> Iterator[Claim]:
        lines = [
            line for kind, line in blocks if kind is SectionKind.BYLINE and line not in self._quoted
        ]
        for line in joined(lines):
            if claim := credit(line) or desk(line):
                yield from self.judged([claim])

    def _in_text(self) -> Iterator[Claim]:
        for line in self.body[:2]:
            if name := contributor(line):
                yield Claim(Rank.GUEST, tuple(name.split(", ")))
        starts = filter(None, map(_STARTS.match, self.body[:3]))
        given = lead(self.body[:3])[1] or next(filter(None, map(_sure_names, starts)), None)
        if given:
            names = given.split(", ")
            # Beside a place: [가람스포츠=나래구장, 한여울 기자]
            people = [name for name in names if is_full_name(name) or len(name) <= _USUAL]
            yield Claim(Rank.LEAD, tuple(people or names))
        for line in self.body[-_SIGN_OFF:]:
            if match := _SIGNS_OFF.fullmatch(line):
                yield Claim(Rank.SIGNED, (match["name"],))
            if match := _BIO.match(line):
                yield Claim(Rank.SIGNED, (match["name"],))
            if match := _WROTE.search(line):
                yield Claim(Rank.HINT, (match["name"],))
        for line in self.body:
            if match := _REPORTS.search(line):
                yield Claim(Rank.NAMED, (match["name"],))
                break
        if self._presented:
            yield Claim(Rank.HINT, tuple(self._presented))

    def _editors(self) -> Iterator[str]:
        """Yield the editors of a newsletter, who greet its readers or say what they bring."""
        for line in self.body[:_GREETING]:
            greets = _INTRODUCED.search(line) if "안녕하세요" in line else None
            if match := greets or _PRESENTED.search(line):
                names = _BETWEEN_NAMES.split(match["names"])
                yield from (name for name in names if not _COUNTED.fullmatch(name))


def _sure_names(start: re.Match[str]) -> str | None:
    """Return the reporters in brackets in front of a text: ``[가람뉴스 | 나래=한여울 기자]``."""
    parsed = parse_byline(start[0])
    return ", ".join(parsed.names) if parsed and parsed.is_sure else None


_USUAL = 3  # letters of a name, at most
_SIGN_OFF = 4  # lines at the end of a broadcast
_INTRODUCES = re.compile(r"[\[(<【〔〈*※■▲]|편집자|필자|글쓴이")
_STARTS = re.compile(r"[\[(〔【（<〈][^\[\](){}<>]{4,40}[\])〕】）>〉]")
# 필자 한여울은 나래대 교수다.
_BIO = re.compile(
    r"[*※■▲]?\s?(?:필자|글쓴이|지은이)(?:\s?소개\s?[:=]?)?\s(?P<name>[가-힣]{3})(?:[은는:]|\s씨)"
)
_WROTE = re.compile(
    r"(?:에디터|마케터)\s(?P<name>[가-힣]{2,4}?)(?:님)?[이가]\s(?:썼|작성했|적었|전했)"
)
_REPORTS = re.compile(
    rf"(?P<name>[가-힣]{{2,4}})\s*{JOB}(?:가|의)?\s*(?:입니다|보도(?:합|입)니다|취재|전합니다|보도)"
)
_GREETING = 3  # lines
_HEAD = r"(?:대표(?:이사)?|회장|사장|이사장|원장|행장|총장|시장|군수|구청장|장관|청장|위원장|CEO)"
_AND = r"(?:(?:와|과|이?랑|하고)\s|\s?[,·&]\s?)(?:에디터\s)?"
_BETWEEN_NAMES = re.compile(_AND)
_EDITORS = (
    r"(?:^|\s)(?:에디터|필자|기자)\s"
    rf"(?P<names>[가-힣]{{2,4}}?(?:{_AND}[가-힣]{{2,4}}?){{0,3}})(?:님|씨)?"
)
# 안녕하세요, 에디터 고슴이에요.
_INTRODUCED = re.compile(rf"{_EDITORS}(?:이에요|이예요|예요|입니다)(?=[.!~\s]|$)")
# 오늘은 에디터 고슴과 보리가 바다에 다녀온 이야기를 들려드릴게요.
_PRESENTED = re.compile(
    rf"{_EDITORS}[이가]\s[^.!?“”\"]{{0,40}}?(?:들려|전해|소개해|알려|보여|풀어|정리해|모아|담아)\s?"
    r"(?:드릴게요|드려요|드립니다|드리겠습니다|줄게요|볼게요)"
)
_COUNTED = re.compile(r"모두|여럿|함께|[한두세네]\s?(?:명|사람|분)")
# KCB 뉴스 한여울입니다.
_SIGNS_OFF = re.compile(
    r"(?:지금까지\s)?[가-힣A-Za-z0-9]{2,12}(?:\s?뉴스|방송|에서)?,?\s(?P<name>[가-힣]{3,4}?)(?:이었|였|입)(?:습)?니다\."
)
