"""The bench's own articles: sentences, true claims about them, and hand-written lies."""

from __future__ import annotations

from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict

from geungeo.rag.article import Article, Draft, SectionKind
from geungeo.rag.protocols import Evidence, Task
from geungeo.rag.text import Span

Half = Literal["tuned", "held_out"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TrueClaim(_Strict):
    """A hand-written claim that sentences ``source`` (indices) support.

    The other fields tell the generator how to make it false: ``swap`` names two parties
    that may change places, ``other_actor`` and ``certain`` are (said, lie) fragments,
    ``opposite`` holds such pairs.
    """

    how: str
    source: tuple[int, ...]
    text: str
    swap: tuple[str, str] | None = None
    other_actor: tuple[str, str] | None = None
    certain: tuple[str, str] | None = None
    opposite: tuple[tuple[str, str], ...] = ()


class WrittenLie(_Strict):
    """A hand-written false claim that cites sentences ``source`` (indices)."""

    kind: str
    source: tuple[int, ...]
    text: str


class BenchArticle(_Strict):
    """A short article. The rules were tuned looking at one half only."""

    id: str
    half: Half
    sentences: tuple[str, ...]
    names: tuple[str, ...]
    claims: tuple[TrueClaim, ...]
    lies: tuple[WrittenLie, ...]

    def task(self, leave_out: frozenset[int] = frozenset()) -> Task:
        """A Task whose evidence ``n`` is sentence ``n - 1``, without those left out."""
        draft = Draft(
            self.id, tuple((SectionKind.BODY, text) for text in self.sentences), source=self.id
        )
        article = draft.article()
        return Task(
            question="기사에서 무슨 일이 있었나?",
            language="ko",
            evidence=tuple(
                Evidence(number, article, _span(article, text), SectionKind.BODY, 0.9, 1)
                for number, text in enumerate(self.sentences, 1)
                if number - 1 not in leave_out
            ),
        )


def _span(article: Article, sentence: str) -> Span:
    start = article.text.index(sentence)
    return Span(start, start + len(sentence))


def load() -> list[BenchArticle]:
    """All articles that ship with the bench."""
    text = files("geungeo.eval.bench").joinpath("articles.jsonl").read_text("utf-8")
    return [BenchArticle.model_validate_json(line) for line in text.splitlines()]
