"""What writes an answer's claims: the embedded extractive backend, or an LLM."""

from geungeo.rag.backends.factory import make_backend

__all__ = ["make_backend"]
