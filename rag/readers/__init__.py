"""Documents in, drafts out: bytes with a name become what they say and nothing else."""

from geungeo.rag.readers.dispatch import SUFFIXES, read
from geungeo.rag.readers.reading import Reading

__all__ = ["SUFFIXES", "Reading", "read"]
