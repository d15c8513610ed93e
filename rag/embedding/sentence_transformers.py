"""Embedder for sentence-transformers models, by hub name or local folder."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from geungeo.rag.embedding.vectors import digest_of_tensors, unit
from geungeo.rag.errors import BackendMisconfigured, MissingExtra
from geungeo.rag.protocols import FloatArray
from geungeo.rag.text import for_model

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_QUERY_NAMES = ("query", "s2p_query", "search_query", "question")
_PASSAGE_NAMES = ("passage", "document", "search_document", "corpus")


class SentenceTransformers:
    """Embedder on torch. Prompts: the given ones, or the model's own, or E5's for E5 models."""

    def __init__(
        self, model: str, *, query_prompt: str | None = None, passage_prompt: str | None = None
    ) -> None:
        self._name = model
        self._given = (query_prompt, passage_prompt)
        self._lock = threading.Lock()

    @cached_property
    def identity(self) -> str:
        """Return model name, prompts and digest of the weights: each changes the vectors."""
        path = Path(self._name)
        name = path.name if path.is_dir() else self._name
        prompts = json.dumps(self._prompts, ensure_ascii=False)
        return f"sentence-transformers:{name}#{prompts}{self._digest()}"

    def _digest(self) -> str:
        import torch

        # The loaded tensors, so that models from a hub and from a folder are treated alike.
        tensors = sorted(self._model.state_dict().items())
        return digest_of_tensors(
            (name, memoryview(tensor.contiguous().reshape(-1).view(torch.uint8).numpy()))
            for name, tensor in tensors
        )

    @property
    def dimension(self) -> int:
        """Return the length of a vector, as the model declares it."""
        dimension = self._model.get_embedding_dimension()
        if dimension is None:
            raise BackendMisconfigured(f"model {self._name!r} declares no embedding dimension")
        return int(dimension)

    def embed(self, texts: Sequence[str], *, query: bool) -> FloatArray:
        """Return ``(len(texts), dimension)`` float32, unit norm."""
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        prompt = self._prompts[0 if query else 1]
        prepared = [for_model(text) or "." for text in texts]
        with self._lock:
            vectors = self._model.encode(
                prepared,
                prompt=prompt or None,
                convert_to_numpy=True,
                show_progress_bar=False,
                normalize_embeddings=True,
            )
        return unit(vectors, rows=len(texts), maker=self.identity)

    @cached_property
    def _model(self) -> SentenceTransformer:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise MissingExtra(
                "this embedder needs an extra; install it with: "
                "pip install 'geungeo[sentence-transformers]'"
            ) from error
        try:
            return SentenceTransformer(self._name, device="cpu")
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise BackendMisconfigured(
                f"cannot load sentence-transformers model {self._name!r}: {reason}"
            ) from error

    @cached_property
    def _prompts(self) -> tuple[str, str]:
        declared = self._model.prompts or {}
        query, passage = self._given
        if query is None:
            query = self._declared(declared, _QUERY_NAMES, "query: ")
        if passage is None:
            passage = self._declared(declared, _PASSAGE_NAMES, "passage: ")
        return query, passage

    def _declared(self, declared: dict[str, str], names: Sequence[str], of_e5: str) -> str:
        for name in names:
            if declared.get(name):
                return declared[name]
        # E5 models were trained with prefixes but do not declare them.
        return of_e5 if "e5" in Path(self._name).name.lower().split("-") else ""
