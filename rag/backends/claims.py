"""Split a model's streamed text into claims with the evidence numbers that they cite.

The model is not trusted: a claim is one sentence and the evidence numbers next to it. Markup is
stripped, unknown numbers are dropped and counted; grounding checks the claims.

A sentence boundary, once found, does not depend on later text: a stream yields the same
sentences however it is cut into pieces.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

from geungeo.rag.answer import Layout
from geungeo.rag.backends.markup import MARKER, OPENING, cited, plain, prepare
from geungeo.rag.backends.wire import LOST
from geungeo.rag.protocols import Claim
from geungeo.rag.text import fold

# A quotation or bracket that is still open after this many characters encloses nothing.
_MAX_ENCLOSURE = 300

# A terminator, a line break, or a Korean predicate ending before a marker without a full stop.
_CANDIDATE = re.compile(r"[.!?。！？…]+|\n|(?<=[다요죠])(?=[^\S\n]*[\[［【(（^])")
_TERMINATORS = ".!?。！？…"
_BLANK = re.compile(r"[^\S\n]*")
_SPACE = re.compile(r"\s*")
_CLOSERS = re.compile(r"[”’\"'」』)）*_`]*")
_TAG_NAME = re.compile(r"[A-Za-z/!?]")
_PAIRS = dict(zip("“‘「『《〈(（[［【<", "”’」』》〉)）]］】>", strict=True))
_ABBREVIATION = re.compile(
    r"(?:^|[\s(“\"'‘])(?:[A-Za-z]|(?:[A-Za-z]\.)+[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|No|Inc"
    r"|Ltd|Co|Corp|Gen|Sen|Rep|Gov|Lt|Col|Fig|Vol|cf|ca|approx|est|Jan|Feb|Mar|Apr|Jun|Jul|Aug"
    r"|Sept?|Oct|Nov|Dec)$"
)
_ENUMERATOR = re.compile(r"\s*(?:[-*•>]\s*)*\(?(?:\d{1,2}|[A-Za-z가나다라마바사아자차카타파하])$")
_DATE = re.compile(r"\d{2,4}\.\s?\d{1,2}\.\s?\d{1,2}$")
_LEADING = re.compile(rf"[\s>*•·-]*(?:{MARKER.pattern})", re.IGNORECASE)
# ``^1`` may continue as ``^1,2`` or ``^1^2``; ``[1]`` as ``[1](#note-1)``.
_MORE_RAISED = re.compile(r"(?:,\s?|\^)?")
_DESTINATION = re.compile(r"\([^()\s가-힣]{0,200}(?:(\))|$)")
_PREDICATE = "다요죠까네군음함됨임"


class _Undecided(Exception):
    """Error that is raised when more text is needed for a decision."""


def boundary(text: str, start: int) -> tuple[int | None, int]:
    """Return the end of the first sentence of ``text``, and the ``start`` of the next call.

    ``text`` begins with a character that is not white space; candidates before ``start``
    are known to end no sentence. The end is ``None`` until a sentence is certain to be complete.
    """
    leading = _LEADING.match(text) is not None
    for match in _CANDIDATE.finditer(text, start):
        try:
            cut = _decide(text, match, leading=leading)
        except _Undecided:
            return None, start
        if cut is not None:
            return cut, 0
        start = max(start, match.end())
    return None, start


def whole(text: str) -> bool:
    """Whether ``text``, after which a stream broke off, is surely a complete, cited sentence."""
    stripped = text.strip()
    for match in _CANDIDATE.finditer(stripped):
        if not match[0].strip():
            continue
        try:
            if _enclosed(stripped, match.start()):
                continue
        except _Undecided:
            return False
        after, markers = _markers(stripped + "\n", _closers(stripped, match.end()))
        if markers and after >= len(stripped):
            return True
        before = stripped[: match.start()]
        if match.end() == len(stripped) and _ends_with_marker(before):
            return True
    return False


def _decide(text: str, match: re.Match[str], *, leading: bool) -> int | None:
    if match[0] == "\n":
        return _line_end(text, match.start())
    at, end = match.span()
    if end == len(text):
        raise _Undecided
    after = _closers(text, end)
    if _enclosed(text, at):
        # Only a closing quotation mark before a marker or the line's end ends a sentence.
        if after == end:
            return None
        return _tail(text, after, weak=True, leading=leading)
    if not match[0]:
        return _unstopped(text, at)
    strength = _strength(text, at, end)
    return None if strength is None else _tail(text, after, weak=strength, leading=leading)


def _strength(text: str, at: int, end: int) -> bool | None:
    """Return whether a terminator needs a marker or line end after it; ``None`` if it is none."""
    run, before, following = text[at:end], text[:at], text[end]
    last = before[-1:]
    spaced = following.isspace() or following in "[［【(（^”’\"'」』)）*_`<⁰¹²³⁴⁵⁶⁷⁸⁹"
    if "…" in run or run.count(".") > 1:
        return last not in _PREDICATE if spaced else None
    if run[-1] == "!" and following == "[" and not _markers(text, end)[1]:
        return None  # a markdown image
    if run[-1] in "。！？":
        return False
    if run != ".":
        return False if spaced else None
    if not spaced:
        return False if last in _PREDICATE and "가" <= following <= "힣" else None
    line = before[before.rfind("\n") + 1 :]
    if _ENUMERATOR.match(line):
        return None
    if _ABBREVIATION.search(line):
        return True
    if last.isdigit():
        upcoming = _SPACE.match(text, end).end()  # type: ignore[union-attr]
        if upcoming == len(text):
            raise _Undecided
        if text[upcoming].isdigit():
            return None
        return _DATE.search(line) is not None
    return False


def _tail(text: str, at: int, *, weak: bool, leading: bool) -> int | None:
    """Return the end of a sentence including the markers after its terminator."""
    after, markers = _markers(text, at)
    if markers and text[after : after + 1] == ".":
        after += 1
    after = _skip(text, after)
    if after == len(text):
        raise _Undecided
    if text[after] == "\n":
        return _line_end(text, after)
    if weak and not markers:
        return None
    # A model that writes markers before each sentence means the next one.
    return at if leading and markers else after


def _unstopped(text: str, at: int) -> int | None:
    """Return the end of a sentence that ends with a marker but no full stop (``늘었다 [1]``)."""
    after, markers = _markers(text, at)
    if after == len(text):
        raise _Undecided
    following = _skip(text, after)
    if following == len(text):
        raise _Undecided
    if not markers or following == after or text[following] in _TERMINATORS + ",\n)]”’\"'":
        return None
    return following


def _line_end(text: str, at: int) -> int | None:
    """Return the end of a sentence at a line break; ``None`` if the line is only wrapped.

    Models break lines between sentences; only wrapped English continues in lower case.
    """
    following = _SPACE.match(text, at).end()  # type: ignore[union-attr]
    if following == len(text):
        raise _Undecided
    after, markers = _markers(text, following)
    if markers:
        end = _skip(text, after)
        if end == len(text):
            raise _Undecided
        # Markers alone on a line belong to the line above, otherwise to the text after them.
        return end if text[end] == "\n" else following
    line = text[:at].rstrip()
    wrapped = "a" <= text[following] <= "z" and text.count("\n", at, following) == 1
    if wrapped and line[-1] not in _TERMINATORS + ":" and not _ends_with_marker(line):
        return None
    return following


def _markers(text: str, at: int) -> tuple[int, bool]:
    """Return the end of the run of markers that starts at ``at``, and whether there is one."""
    found = False
    while True:
        start = _skip(text, at)
        match = MARKER.match(text, start)
        if match is None:
            if start < len(text) and OPENING.fullmatch(text, start):
                raise _Undecided
            return at, found
        at, found = match.end(), True
        if text[at - 1] not in "]］】)）>" and _MORE_RAISED.fullmatch(text, at):
            raise _Undecided
        if link := _DESTINATION.match(text, at):
            if not link[1]:
                raise _Undecided
            at = link.end()


def _ends_with_marker(text: str) -> bool:
    tail = text[-80:]
    return any(match.end() == len(tail) for match in MARKER.finditer(tail))


def _closers(text: str, at: int) -> int:
    return _CLOSERS.match(text, at).end()  # type: ignore[union-attr]


def _skip(text: str, at: int) -> int:
    return _BLANK.match(text, at).end()  # type: ignore[union-attr]


def _enclosed(text: str, at: int) -> bool:
    """Whether ``text[at]`` is inside a quotation, a bracket or a tag of its line."""
    for opened, closing in _open_at(text, at):
        reach = opened + _MAX_ENCLOSURE
        line_end = text.find("\n", at, reach)
        stop = line_end if line_end >= 0 else min(reach, len(text))
        if text.find(closing, at, stop) >= 0:
            return True
        if line_end < 0 and len(text) < reach:
            raise _Undecided
    return False


def _open_at(text: str, at: int) -> list[tuple[int, str]]:
    """Return the openings before ``at`` that are still open, with their closing characters."""
    stack: list[tuple[int, str]] = []
    expected: Counter[str] = Counter()
    begin = max(text.rfind("\n", 0, at) + 1, at - _MAX_ENCLOSURE)
    for position in range(begin, at):
        char = text[position]
        if expected[char]:
            while stack:
                _, closing = stack.pop()
                expected[closing] -= 1
                if closing == char:
                    break
        elif char == '"' or _opens(text, position):
            closing = _PAIRS.get(char, char)
            stack.append((position, closing))
            expected[closing] += 1
    return stack


def _opens(text: str, position: int) -> bool:
    char = text[position]
    # "<" opens a tag before a letter, otherwise it is a comparison or a Korean title mark.
    return char in _PAIRS and (char != "<" or _TAG_NAME.match(text, position + 1) is not None)


# The reply that the prompt asks for if the evidence does not answer.
NO_ANSWER = "NO_ANSWER"
# Longest sentence; a longer one is dropped as damaged. In characters.
MAX_SENTENCE = 1_500

_THINKING = re.compile(r"<(think|thinking|thought|reasoning)>", re.IGNORECASE)
_MAYBE_THINKING = re.compile(r"<[a-z]{0,9}$", re.IGNORECASE)
_THOUGHT = re.compile(r"</(?:think|thinking|thought|reasoning)>$", re.IGNORECASE)
_BULLET = re.compile(r"(?:[-*•‣▪◦·]|\(?\d{1,2}[.)]|[가나다라마바사아자차카타파하][.)])\s+\S")
# A bare yes or no is joined with the sentence after it, which explains it.
_YES_OR_NO = re.compile(
    r"(네|예|아니요|아니오|아뇨|맞습니다|그렇습니다|yes|no)[.!]$", re.IGNORECASE
)
# Ends every sentence before it, even inside an open bracket. Private use: no model writes it.
_END = "\n\n\ue000"


class ClaimParser:
    """Parser of a model's text: :meth:`feed` and :meth:`finish` return finished claims.

    ``known`` are the evidence numbers in the prompt. The claims do not depend on how the text
    is cut into pieces.
    """

    def __init__(self, known: Collection[int]) -> None:
        self._known = frozenset(known)
        self._head: str | None = ""
        self._thought: str | None = None
        self._pending = ""
        self._looked = 0
        self._overlong = False
        self._claims = 0
        self._unknown: list[int] = []
        self._damaged = 0
        self._torn = 0
        self._lead_ins = 0
        self._new_line = True
        self._in_list = False
        self._yes_or_no = ""
        self.refused = False

    def feed(self, text: str) -> list[Claim]:
        """Add ``text``; return the claims that it finishes."""
        claims: list[Claim] = []
        for char in text.replace("\r\n", "\n").replace("\r", "\n").replace("\ue000", " "):
            for kept in self._past_thinking(char):
                claims += self._push(kept)
        return claims

    def finish(self, *, torn: bool = False) -> list[Claim]:
        """Return the last claims; drop the unfinished last sentence of a ``torn`` text."""
        claims: list[Claim] = []
        for kept in self._head or "":
            claims += self._push(kept)
        self._head = None
        if torn and self._pending and not whole(self._pending):
            self._torn += 1
            self._pending = ""
            return claims
        for char in _END:
            claims += self._push(char)
        self._pending = ""
        if self._yes_or_no:
            claims.append(Claim(self._yes_or_no))
            self._yes_or_no = ""
        return claims

    def notes(self) -> list[str]:
        """Return notes for the trace about dropped text; empty if none was dropped."""
        notes = []
        if self._unknown:
            shown = ", ".join(map(str, dict.fromkeys(self._unknown[:10])))
            notes.append(f"{len(self._unknown)} citations of unknown evidence dropped: {shown}")
        if self._damaged:
            notes.append(f"{self._damaged} damaged or overlong sentences dropped")
        if self._lead_ins:
            notes.append(f"{self._lead_ins} lines that only introduce a list were dropped")
        if self._torn:
            notes.append("the unfinished last sentence was dropped")
        return notes

    def _past_thinking(self, char: str) -> str:
        """Return the next text after the reasoning that some models begin with."""
        if self._thought is not None:
            self._thought = self._thought[-12:] + char
            if _THOUGHT.search(self._thought):
                self._thought, self._head = None, ""
            return ""
        if self._head is None:
            return char
        self._head += char
        head = self._head.lstrip()
        if not head or _MAYBE_THINKING.match(head):
            return ""
        text, self._head = self._head, None
        if _THINKING.match(head):
            self._thought = ""
            return ""
        return text

    def _push(self, char: str) -> list[Claim]:
        if not self._pending and char.isspace():
            self._new_line = self._new_line or char == "\n"
            return []
        self._pending += char
        claims: list[Claim] = []
        while self._pending:
            cut, self._looked = boundary(self._pending, self._looked)
            if cut is None:
                break
            sentence, rest = self._pending[:cut], self._pending[cut:]
            claims += self._claim(sentence)
            self._pending = rest.lstrip()
            blank = sentence[len(sentence.rstrip()) :] + rest[: len(rest) - len(self._pending)]
            self._new_line = "\n" in blank
        if len(self._pending) > MAX_SENTENCE:
            self._pending, self._looked, self._overlong = "", 0, True
        return claims

    def _claim(self, sentence: str) -> list[Claim]:
        if self.refused:
            return []
        overlong, self._overlong = self._overlong, False
        prepared = prepare(sentence)
        text = plain(prepared)
        if not any(char.isalnum() for char in text):
            return []
        if overlong or LOST in text:
            self._damaged += 1
            return []
        if NO_ANSWER.casefold() in fold(text):
            self.refused = self.refused or not self._claims
            return []
        numbers = cited(prepared)
        if not numbers and text.endswith((":", "：")):
            self._lead_ins += 1
            return []
        self._unknown += [number for number in numbers if number not in self._known]
        self._claims += 1
        if not numbers and _YES_OR_NO.match(text):
            self._yes_or_no = text
            return []
        if self._yes_or_no:
            text, self._yes_or_no = f"{self._yes_or_no[:-1]}, {text}", ""
        known = tuple(number for number in numbers if number in self._known)
        return [Claim(text, cites=known, layout=self._layout(sentence))]

    def _layout(self, sentence: str) -> Layout:
        if self._new_line and _BULLET.match(sentence.lstrip()):
            self._in_list = True
            return "item"
        ended = self._in_list and self._new_line
        self._in_list = self._in_list and not ended
        return "line" if ended else "run"
