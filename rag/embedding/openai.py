"""Embedder for OpenAI-compatible ``/v1/embeddings`` endpoints, over httpx."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import httpx
import numpy as np

from geungeo.rag.embedding.vectors import unit
from geungeo.rag.errors import BackendMisconfigured, BackendUnavailable
from geungeo.rag.protocols import FloatArray
from geungeo.rag.text import for_model

_BATCH = 64
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)


class OpenAIEmbeddings:
    """Client that sends texts in batches of 64; the first response gives the dimension."""

    def __init__(
        self,
        model: str,
        *,
        base_url: str,
        api_key: str | None = None,
        query_prompt: str = "",
        passage_prompt: str = "",
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._model = model
        self._prompts = {True: query_prompt, False: passage_prompt}
        self._url = base_url.rstrip("/") + "/embeddings"
        self._key = api_key
        self._transport = transport

    @cached_property
    def identity(self) -> str:
        """Return model name and digest of the prompts; the address does not change the vectors."""
        digest = hashlib.sha256(repr(sorted(self._prompts.items())).encode()).hexdigest()[:8]
        return f"openai:{self._model}#{digest}"

    @cached_property
    def dimension(self) -> int:
        """Return the length of a vector; asks the endpoint once."""
        return int(self.embed(["dimension"], query=False).shape[1])

    @cached_property
    def _client(self) -> httpx.Client:
        # No redirects: they could send the key to another host.
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        return httpx.Client(
            timeout=_TIMEOUT, headers=headers, follow_redirects=False, transport=self._transport
        )

    def embed(self, texts: Sequence[str], *, query: bool) -> FloatArray:
        """Return ``(len(texts), dimension)`` float32, unit norm.

        Raises:
            BackendUnavailable: the endpoint is unreachable, overloaded, or its response invalid.
            BackendMisconfigured: the endpoint rejects the key, the model or the request.
        """
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        prepared = [self._prompts[query] + (for_model(text) or ".") for text in texts]
        batches = [
            self._post(prepared[start : start + _BATCH])
            for start in range(0, len(prepared), _BATCH)
        ]
        if len({len(vector) for batch in batches for vector in batch}) != 1:
            raise BackendUnavailable(f"{self._url} returned vectors of unequal length")
        return unit(np.concatenate(batches), rows=len(texts), maker=self._url)

    def _post(self, texts: list[str]) -> list[list[float]]:
        try:
            response = self._client.post(self._url, json={"model": self._model, "input": texts})
        except httpx.HTTPError as error:
            raise BackendUnavailable(f"cannot reach {self._url}: {type(error).__name__}") from error
        status = response.status_code
        if status in {408, 409, 425, 429} or status >= 500:
            raise BackendUnavailable(f"{self._url} answered {status}")
        if status != 200:
            raise BackendMisconfigured(
                f"{self._url} answered {status}; check the address, the key and the model "
                f"{self._model!r}"
            )
        try:
            data = sorted(response.json()["data"], key=lambda item: item["index"])
            vectors = [_vector(item["embedding"]) for item in data]
        except (ValueError, KeyError, TypeError) as error:
            raise BackendUnavailable(f"the response of {self._url} has no embeddings") from error
        if len(vectors) != len(texts):
            raise BackendUnavailable(
                f"{self._url} returned {len(vectors)} vectors for {len(texts)} texts"
            )
        return vectors


def _vector(value: Any) -> list[float]:
    if isinstance(value, str):
        return [float(x) for x in np.frombuffer(base64.b64decode(value), dtype="<f4")]
    return [float(x) for x in value]
