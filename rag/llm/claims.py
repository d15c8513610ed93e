"""A model's text, as it streams in, taken apart into claims with the numbers they cite.

Nothing here believes the model: a claim is one sentence and the evidence numbers beside
it. Markup is stripped, unknown numbers are dropped and counted; grounding judges the rest.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from geungeo.rag.llm.boundary import boundary, whole
from geungeo.rag.llm.markup import cited, plain, prepare
from geungeo.rag.llm.wire import LOST
from geungeo.rag.protocols import Claim
from geungeo.rag.text import fold

# What the prompt asks for, alone, when the evidence does not answer.
NO_ANSWER = "NO_ANSWER"
# A "sentence" longer than this is none; nothing of it is used. In characters.
MAX_SENTENCE = 1_500

_THINKING = re.compile(r"<(think|thinking|thought|reasoning)>", re.IGNORECASE)
_MAYBE_THINKING = re.compile(r"<[a-z]{0,9}$", re.IGNORECASE)
_THOUGHT = re.compile(r"</(?:think|thinking|thought|reasoning)>$", re.IGNORECASE)
# Ends every sentence before it, whatever was left open. Private use: no model writes it.
_END = "\n\n\ue000"


class ClaimParser:
    """Give it text with :meth:`feed`, end with :meth:`finish`; both return finished claims.

    ``known`` are the evidence numbers that the prompt showed. How the text is cut into
    pieces makes no difference to the claims.
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
        self.refused = False

    def feed(self, text: str) -> list[Claim]:
        """The claims that ``text`` finishes."""
        claims: list[Claim] = []
        for char in text.replace("\r\n", "\n").replace("\r", "\n").replace("\ue000", " "):
            for kept in self._past_thinking(char):
                claims += self._push(kept)
        return claims

    def finish(self, *, torn: bool = False) -> list[Claim]:
        """The last claims. Of a ``torn`` text the unfinished last sentence is dropped."""
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
        return claims

    def notes(self) -> list[str]:
        """What was dropped, in words for a trace; empty if nothing was."""
        notes = []
        if self._unknown:
            shown = ", ".join(map(str, dict.fromkeys(self._unknown[:10])))
            notes.append(f"{len(self._unknown)} citations of unknown evidence dropped: {shown}")
        if self._damaged:
            notes.append(f"{self._damaged} damaged or endless sentences dropped")
        if self._torn:
            notes.append("the unfinished last sentence was dropped")
        return notes

    def _past_thinking(self, char: str) -> str:
        """What remains of the text so far after the thoughts that some models open with."""
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
            return []
        self._pending += char
        claims: list[Claim] = []
        while self._pending:
            cut, self._looked = boundary(self._pending, self._looked)
            if cut is None:
                break
            sentence, self._pending = self._pending[:cut], self._pending[cut:].lstrip()
            claims += self._claim(sentence)
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
        self._unknown += [number for number in numbers if number not in self._known]
        self._claims += 1
        return [Claim(text, cites=tuple(n for n in numbers if n in self._known))]
