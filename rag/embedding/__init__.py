"""Text to vectors, by engines that share one protocol."""

from geungeo.rag.embedding.factory import make_embedder

__all__ = ["make_embedder"]
