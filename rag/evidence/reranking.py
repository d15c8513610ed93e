"""Rerankers: models that read a question and a sentence together and judge how well it answers.

The bundled one is :class:`~geungeo.rag.evidence.crossencoder.CrossEncoder`. Others return a
probability, whose log-odds replace those of the bundled one among the features of a sentence.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from geungeo.rag.errors import (
    BackendMisconfigured,
    BackendUnavailable,
    MissingExtra,
    SettingsError,
)
from geungeo.rag.evidence.crossencoder import MAX_CHARS, bundled_cross_encoder
from geungeo.rag.memo import Memo
from geungeo.rag.protocols import FloatArray, Reranker, SentenceInContext
from geungeo.rag.settings import Settings
from geungeo.rag.text import for_model

if TYPE_CHECKING:
    import httpx
    from sentence_transformers import CrossEncoder

_CACHE_SIZE = 4_096
# A probability of 0 or 1 has no finite log-odds.
_LEAST = 1e-5
_SECONDS, _CONNECT_SECONDS = 60.0, 5.0


def make_reranker(settings: Settings) -> Reranker:
    """Create the model that ``settings.reranker`` names; it is loaded on first use.

    Raises:
        SettingsError: it is an endpoint and its address is missing.
    """
    engine, _, model = settings.reranker.partition(":")
    if engine == "bundled":
        return bundled_cross_encoder()
    if engine == "sentence-transformers":
        return SentenceTransformersReranker(model)
    if not settings.reranker_base_url:
        raise SettingsError(
            f"reranker {settings.reranker!r} needs an address: set GEUNGEO_RERANKER_BASE_URL"
        )
    key = settings.reranker_api_key
    return EndpointReranker(
        model,
        base_url=settings.reranker_base_url,
        api_key=key.get_secret_value() if key else None,
    )


class _Cached:
    """Reranker that keeps the last 4,096 probabilities."""

    def __init__(self) -> None:
        self._memo: Memo[tuple[str, SentenceInContext], float] = Memo(_CACHE_SIZE, self._judge)

    def judge(self, question: str, passages: Sequence[SentenceInContext]) -> FloatArray:
        """Return ``(len(passages),)``: the log-odds that each sentence answers; 0 is even.

        Raises:
            BackendUnavailable: the model's endpoint is unreachable, or its response invalid.
            BackendMisconfigured: the model cannot be loaded, or its endpoint rejects the request.
        """
        known = self._memo.get((question, passage) for passage in passages)
        found = np.array([known[question, passage] for passage in passages], dtype=np.float64)
        found = np.clip(found, _LEAST, 1 - _LEAST)
        return np.log(found / (1 - found)).astype(np.float32)

    def _judge(self, wanted: Sequence[tuple[str, SentenceInContext]]) -> Iterator[float]:
        by_question: dict[str, list[str]] = {}
        for question, passage in wanted:
            by_question.setdefault(question, []).append(_document(passage))
        found = {
            (question, text): probability
            for question, texts in by_question.items()
            for text, probability in zip(
                texts, self._probabilities(for_model(question) or ".", texts), strict=True
            )
        }
        for question, passage in wanted:
            yield found[question, _document(passage)]

    def _probabilities(self, question: str, texts: list[str]) -> list[float]:
        raise NotImplementedError


def _document(passage: SentenceInContext) -> str:
    title, sentence = (for_model(text, MAX_CHARS) for text in (passage.title, passage.sentence))
    return f"{title}\n{sentence}".strip() or "."


class SentenceTransformersReranker(_Cached):
    """``CrossEncoder`` of sentence-transformers, by hub name or local folder."""

    def __init__(self, model: str) -> None:
        super().__init__()
        self._name = model
        self._lock = threading.Lock()

    def _probabilities(self, question: str, texts: list[str]) -> list[float]:
        model = self._model  # names the missing extra, which has torch

        import torch

        with self._lock:
            scores = model.predict(
                [(question, text) for text in texts],
                activation_fn=torch.nn.Sigmoid(),
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        if np.shape(scores) != (len(texts),):
            raise BackendMisconfigured(
                f"model {self._name!r} is not a reranker: it returns {np.shape(scores)[1:]} "
                "scores for a pair instead of one"
            )
        return [float(score) for score in scores]

    @cached_property
    def _model(self) -> CrossEncoder:
        try:
            from sentence_transformers import CrossEncoder
        except ImportError as error:
            raise MissingExtra(
                "this reranker needs an extra; install it with: "
                "pip install 'geungeo[sentence-transformers]'"
            ) from error
        try:
            return CrossEncoder(self._name, device="cpu")
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise BackendMisconfigured(f"cannot load reranker {self._name!r}: {reason}") from error


class EndpointReranker(_Cached):
    """Client of ``/rerank`` as Jina, Cohere, vLLM and text-embeddings-inference serve it.

    The first three expect ``documents`` and return ``results`` with ``relevance_score``, the last
    one expects ``texts`` and returns a list with ``score``; which one it is, the first response
    shows.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str,
        api_key: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__()
        self._model = model
        self._url = base_url.rstrip("/") + "/rerank"
        self._key = api_key
        self._transport = transport
        self._field = "documents"

    @cached_property
    def _client(self) -> httpx.Client:
        import httpx

        # No redirects: they could send the key to another host.
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        return httpx.Client(
            timeout=httpx.Timeout(_SECONDS, connect=_CONNECT_SECONDS),
            headers=headers,
            follow_redirects=False,
            transport=self._transport,
        )

    def _probabilities(self, question: str, texts: list[str]) -> list[float]:
        response = self._post(question, texts, self._field)
        if response.status_code in {400, 422}:
            other = "texts" if self._field == "documents" else "documents"
            retried = self._post(question, texts, other)
            if retried.status_code == 200:
                response, self._field = retried, other
        status = response.status_code
        if status in {408, 409, 425, 429} or status >= 500:
            raise BackendUnavailable(f"{self._url} answered {status}")
        if status != 200:
            raise BackendMisconfigured(
                f"{self._url} answered {status}; check the address, the key and the model "
                f"{self._model!r}"
            )
        try:
            return _scores(response.json(), len(texts))
        except (ValueError, KeyError, TypeError) as error:
            raise BackendUnavailable(
                f"the response of {self._url} has no score for each text"
            ) from error

    def _post(self, question: str, texts: list[str], field: str) -> httpx.Response:
        import httpx

        body = {"model": self._model, "query": question, field: texts}
        try:
            return self._client.post(self._url, json=body)
        except httpx.HTTPError as error:
            raise BackendUnavailable(f"cannot reach {self._url}: {type(error).__name__}") from error


def _scores(data: Any, count: int) -> list[float]:
    """Return the score of each text, in [0, 1], in the order of the request."""
    rows = data["results"] if isinstance(data, dict) else data
    found = {
        int(row["index"]): float(
            row["relevance_score"] if "relevance_score" in row else row["score"]
        )
        for row in rows
    }
    if sorted(found) != list(range(count)) or not all(0 <= score <= 1 for score in found.values()):
        raise ValueError("one score in [0, 1] for each text is expected")
    return [found[at] for at in range(count)]
