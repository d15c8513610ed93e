"""Embedding engines: unit norm, agreement of the engines, errors of an endpoint."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geungeo.rag.article import Article
from geungeo.rag.embedding import make_embedder
from geungeo.rag.embedding.e5file import parse
from geungeo.rag.embedding.export import export
from geungeo.rag.embedding.openai import OpenAIEmbeddings
from geungeo.rag.embedding.sentence_transformers import SentenceTransformers
from geungeo.rag.embedding.vectors import embed_parts, unit
from geungeo.rag.errors import (
    BackendMisconfigured,
    BackendUnavailable,
    MalformedSource,
    SettingsError,
)
from geungeo.rag.protocols import Embedder, FloatArray
from geungeo.rag.segmentation import count_tokens, split_article, split_passages
from geungeo.rag.settings import Settings

QUESTIONS = [
    "샘 앨트먼이 이사회에서 축출된 것은 언제인가?",
    "데이터 센터에 얼마를 투자하나?",
    "Why does Microsoft want its own models?",
]


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    folder = tmp_path_factory.mktemp("models") / "multilingual-e5-small-q4"
    export(folder)
    return SentenceTransformers(str(folder))


def test_vectors_have_unit_norm_and_queries_differ_from_passages(embedder: Embedder) -> None:
    passages = embedder.embed(["가나다", "라마바", "가나다"], query=False)
    assert passages.shape == (3, embedder.dimension)
    assert passages.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(passages, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(passages[0], passages[2], atol=1e-6)
    assert not np.allclose(passages[0], embedder.embed(["가나다"], query=True)[0], atol=1e-3)


def test_a_batch_equals_single_calls(embedder: Embedder) -> None:
    texts = [f"{'가나다 ' * n}끝" for n in range(40)]
    batch = embedder.embed(texts, query=False)
    for at in (0, 7, 39):
        np.testing.assert_allclose(
            batch[at], embedder.embed([texts[at]], query=False)[0], atol=1e-5
        )


def test_a_part_is_read_within_its_text(embedder: Embedder) -> None:
    parts = ["공장 소식", "그는 청주로 갔다.", "공장은 가을에 열린다."]
    [found] = embed_parts(embedder, [parts])
    assert found.shape == (4, embedder.dimension)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-5)
    whole, *alone = embedder.embed(["\n".join(parts), *parts], query=False)
    np.testing.assert_allclose(found[0], whole, atol=1e-4)
    # What a part says depends on its text: "he went" with another text has another vector.
    [other] = embed_parts(embedder, [["날씨", parts[1], "비가 그쳤다."]])
    assert found[2] @ other[2] < 0.999
    assert all(mine @ own > 0.7 for mine, own in zip(found[1:], alone, strict=True))


def test_parts_beyond_what_the_model_takes_get_the_vector_of_the_whole(embedder: Embedder) -> None:
    [found] = embed_parts(embedder, [["가나다 라마바 " * 400, "끝", " "]])
    np.testing.assert_allclose(found[2], found[0], atol=1e-6)
    np.testing.assert_allclose(found[3], found[0], atol=1e-6)


class Plain:
    """An embedder without parts in context; it counts the texts that it gets."""

    identity, dimension = "plain", 2

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str], *, query: bool) -> FloatArray:
        self.texts += texts
        assert not query
        return unit([[1.0, len(text)] for text in texts], rows=len(texts), maker=self.identity)


def test_an_embedder_without_context_gets_each_different_part_once() -> None:
    plain = Plain()
    first, second = embed_parts(plain, [["가", "나다"], ["가", "라마바"]])
    assert plain.texts == ["가\n나다", "가", "나다", "가\n라마바", "라마바"]
    assert first.shape == second.shape == (3, 2)
    np.testing.assert_allclose(first[1], second[1])
    assert embed_parts(plain, []) == []


@given(st.text(st.characters(), max_size=80))
@settings(max_examples=25, deadline=None)
def test_any_text_is_embedded(text: str) -> None:
    hostile = [text, text + "\x00tail", "\ud800" + text, "ﷺ" * 5 + text]
    vectors = _ENGINE.embed(hostile, query=True)
    assert np.isfinite(vectors).all()


_ENGINE = make_embedder(Settings())


def test_both_engines_agree_on_the_same_weights(
    embedder: Embedder, exported: Embedder, seed_article: Article
) -> None:
    sentences = split_article(seed_article)
    cut = split_passages(seed_article, sentences, count=count_tokens, budget=200, overlap=1)
    texts = [passage.span.of(seed_article.text) for passage in cut]
    bundled, torch = embedder.embed(texts, query=False), exported.embed(texts, query=False)
    assert (bundled * torch).sum(axis=1).min() >= 0.99
    for question in QUESTIONS:
        bundled_scores = bundled @ embedder.embed([question], query=True)[0]
        torch_scores = torch @ exported.embed([question], query=True)[0]
        order = np.argsort(-bundled_scores)
        assert order[0] == np.argmax(torch_scores)
        # Two passages may swap only if their scores are nearly equal.
        assert np.diff(torch_scores[order]).max() < 0.005


def test_prompts_declared_by_the_model_are_used(exported: Embedder) -> None:
    assert "query: " in exported.identity


def test_a_missing_model_is_named_in_the_error(tmp_path: Path) -> None:
    missing = str(tmp_path / "nothing")
    with pytest.raises(BackendMisconfigured, match="nothing"):
        SentenceTransformers(missing).embed(["가"], query=False)


def test_another_weight_format_is_rejected() -> None:
    with pytest.raises(MalformedSource):
        parse(b"GGUF" + bytes(100))


# A test double for an external endpoint, at httpx's transport.
Handler = Callable[[httpx.Request], httpx.Response]


def endpoint(handler: Handler, **options: str) -> OpenAIEmbeddings:
    return OpenAIEmbeddings(
        "m",
        base_url="http://embed.test/v1",
        api_key="sk-secret",
        transport=httpx.MockTransport(handler),
        **options,
    )


def vectors_for(request: httpx.Request) -> httpx.Response:
    texts = json.loads(request.content)["input"]
    data = [
        {"index": at, "embedding": [float(len(text)), 1.0, 0.0]} for at, text in enumerate(texts)
    ]
    return httpx.Response(200, json={"data": data[::-1]})


def test_openai_vectors_are_ordered_and_normalised() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return vectors_for(request)

    engine = endpoint(handle, query_prompt="q: ")
    vectors = engine.embed(["가" * n for n in range(1, 101)], query=False)
    expected = np.array([[n, 1.0, 0.0] for n in range(1, 101)], dtype=np.float32)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    assert len(seen) == 2
    assert seen[0].headers["authorization"] == "Bearer sk-secret"
    assert str(seen[0].url) == "http://embed.test/v1/embeddings"
    engine.embed(["x"], query=True)
    assert json.loads(seen[-1].content)["input"] == ["q: x"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, BackendMisconfigured),
        (404, BackendMisconfigured),
        (302, BackendMisconfigured),
        (429, BackendUnavailable),
        (500, BackendUnavailable),
    ],
)
def test_openai_statuses_map_to_transient_and_permanent_errors(
    status: int, error: type[Exception]
) -> None:
    headers = {"location": "http://evil.test/"}
    with pytest.raises(error) as raised:
        endpoint(lambda _: httpx.Response(status, headers=headers)).embed(["가"], query=False)
    assert "sk-secret" not in str(raised.value)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b'{"data": []}',
        b'{"data": [{"index": 0, "embedding": [0.0, 0.0]}]}',
        b'{"data": [{"index": 0, "embedding": [NaN, 1.0]}]}',
        b'{"data": [{"index": 0}]}',
    ],
)
def test_invalid_openai_responses_are_rejected(body: bytes) -> None:
    with pytest.raises(BackendUnavailable):
        endpoint(lambda _: httpx.Response(200, content=body)).embed(["가"], query=False)


def test_an_endpoint_without_an_address_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match="GEUNGEO_EMBEDDING_BASE_URL"):
        make_embedder(Settings(embedder="openai:text-embedding-3-small"))
