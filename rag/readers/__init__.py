"""Documents in, drafts out: bytes with a name become what they say and nothing else."""

from geungeo.rag.readers.read import SUFFIXES, Reading, read

__all__ = ["SUFFIXES", "Reading", "read"]
