"""Rerankers: sentence-transformers, and endpoints as Jina, Cohere, vLLM and TEI serve them."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from geungeo.rag.errors import (
    BackendMisconfigured,
    BackendUnavailable,
    MissingExtra,
    SettingsError,
)
from geungeo.rag.evidence.crossencoder import bundled_cross_encoder
from geungeo.rag.evidence.reranking import (
    EndpointReranker,
    SentenceTransformersReranker,
    make_reranker,
)
from geungeo.rag.protocols import SentenceInContext
from geungeo.rag.settings import Settings

PASSAGES = [
    SentenceInContext("공장 이전", "앞 문장.", "공장은 구미로 옮긴다."),
    SentenceInContext("공장 이전", "", "노조는 반대한다."),
    SentenceInContext("", "", "날이 흐리다."),
]
DOCUMENTS = ["공장 이전\n공장은 구미로 옮긴다.", "공장 이전\n노조는 반대한다.", "날이 흐리다."]
SCORES = [0.9, 0.5, 0.0]

Handler = Callable[[httpx.Request], httpx.Response]


def endpoint(handler: Handler) -> EndpointReranker:
    return EndpointReranker(
        "m",
        base_url="http://rerank.test/v1/",
        api_key="sk-secret",
        transport=httpx.MockTransport(handler),
    )


def jina(request: httpx.Request) -> httpx.Response:
    """Answer as Jina, Cohere and vLLM do: best first, with the index of each document."""
    body = json.loads(request.content)
    assert body == {"model": "m", "query": "어디로 옮기나?", "documents": DOCUMENTS}
    results = [{"index": at, "relevance_score": SCORES[at]} for at in (1, 0, 2)]
    return httpx.Response(200, json={"results": results})


def tei(request: httpx.Request) -> httpx.Response:
    """Answer as text-embeddings-inference does, which requires ``texts``."""
    body = json.loads(request.content)
    if "texts" not in body:
        return httpx.Response(422, json={"error": "missing field `texts`"})
    return httpx.Response(200, json=[{"index": at, "score": SCORES[at]} for at in (2, 0, 1)])


@pytest.mark.parametrize("handler", [jina, tei])
def test_an_endpoint_judges_sentences_in_their_order(handler: Handler) -> None:
    requests: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return handler(request)

    reranker = endpoint(handle)
    judged = reranker.judge("어디로 옮기나?", PASSAGES)
    assert judged[:2] == pytest.approx([math.log(9), 0.0], abs=1e-4)
    assert np.isfinite(judged).all()
    assert judged[2] < -10
    assert str(requests[0].url) == "http://rerank.test/v1/rerank"
    assert requests[0].headers["authorization"] == "Bearer sk-secret"
    before = len(requests)
    reranker.judge("어디로 옮기나?", PASSAGES[:1])
    assert len(requests) == before  # known from the first call


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (httpx.Response(401), BackendMisconfigured),
        (httpx.Response(404), BackendMisconfigured),
        (httpx.Response(422), BackendMisconfigured),
        (httpx.Response(429), BackendUnavailable),
        (httpx.Response(503), BackendUnavailable),
        (httpx.Response(200, text="<html>"), BackendUnavailable),
        (httpx.Response(200, json={"results": []}), BackendUnavailable),
        (httpx.Response(200, json=[{"index": 0, "score": 7.5}]), BackendUnavailable),
        (httpx.Response(200, json=[{"index": 3, "score": 0.5}]), BackendUnavailable),
    ],
)
def test_a_failing_endpoint_is_a_typed_error(response: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"http://rerank\.test/v1/rerank") as raised:
        endpoint(lambda _: response).judge("?", PASSAGES[:1])
    assert "sk-secret" not in str(raised.value)


def test_an_unreachable_endpoint_is_a_typed_error() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(BackendUnavailable, match="cannot reach"):
        endpoint(refuse).judge("?", PASSAGES)


def test_no_sentence_needs_no_call() -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise AssertionError("called")

    assert endpoint(fail).judge("?", []).shape == (0,)


def test_the_setting_selects_the_reranker(tmp_path: Path) -> None:
    settings = Settings(store=tmp_path)
    assert make_reranker(settings) is bundled_cross_encoder()
    chosen = settings.model_copy(update={"reranker": "sentence-transformers:x"})
    assert isinstance(make_reranker(chosen), SentenceTransformersReranker)
    chosen = settings.model_copy(update={"reranker": "endpoint:bge-reranker-v2-m3"})
    with pytest.raises(SettingsError, match="GEUNGEO_RERANKER_BASE_URL"):
        make_reranker(chosen)
    chosen = chosen.model_copy(update={"reranker_base_url": "http://localhost:8080"})
    assert isinstance(make_reranker(chosen), EndpointReranker)


@pytest.fixture(scope="module")
def cross_encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save a small BERT with random weights and one score for a pair."""
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("sentence_transformers")
    folder = tmp_path_factory.mktemp("cross-encoder")
    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *"가공구날노는다대로리미반장조하한흐옮긴이.?",
    ]
    (folder / "vocab.txt").write_text("\n".join(words), "utf-8")
    transformers.BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)
    config = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        num_labels=1,
    )
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def test_a_sentence_transformers_model_judges(cross_encoder_folder: Path) -> None:
    reranker = SentenceTransformersReranker(str(cross_encoder_folder))
    judged = reranker.judge("어디로 옮기나?", PASSAGES)
    assert judged.shape == (3,)
    assert np.isfinite(judged).all()
    assert reranker.judge("어디로 옮기나?", PASSAGES[::-1]) == pytest.approx(judged[::-1], abs=1e-4)


def test_a_missing_model_is_named() -> None:
    with pytest.raises(BackendMisconfigured, match="no/such-model"):
        SentenceTransformersReranker("/no/such-model").judge("?", PASSAGES)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtra, match=r"geungeo\[sentence-transformers\]"):
        SentenceTransformersReranker("x").judge("?", PASSAGES)


def test_the_shape_that_worked_is_kept_after_a_failure() -> None:
    fails = [False, False, True, False]
    fields: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        fields.append("texts" if b'"texts"' in request.content else "documents")
        return httpx.Response(503) if fails.pop(0) else tei(request)

    reranker = endpoint(handle)
    reranker.judge("a", PASSAGES)
    with pytest.raises(BackendUnavailable):
        reranker.judge("b", PASSAGES)
    reranker.judge("c", PASSAGES)
    assert fields == ["documents", "texts", "texts", "texts"]
