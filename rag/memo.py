"""A bounded, thread-safe memo for values that are cheaper to compute in batches."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memo(Generic[K, V]):
    """A cache of the ``size`` most recently used values; ``compute`` makes missing ones.

    ``compute`` takes the missing keys in order, each once, and returns their values in the
    same order. Two threads may compute one value at the same time; both get an equal one.
    """

    def __init__(self, size: int, compute: Callable[[Sequence[K]], Iterable[V]]) -> None:
        self._size = size
        self._compute = compute
        self._lock = threading.Lock()
        self._values: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, keys: Iterable[K]) -> dict[K, V]:
        """Return the value of each key, calling ``compute`` once for all that are missing."""
        wanted = dict.fromkeys(keys)
        with self._lock:
            found = {key: self._values[key] for key in wanted if key in self._values}
        missing = [key for key in wanted if key not in found]
        if missing:
            found.update(zip(missing, self._compute(missing), strict=True))
        with self._lock:
            for key in wanted:
                self._values[key] = found[key]
                self._values.move_to_end(key)
            while len(self._values) > self._size:
                self._values.popitem(last=False)
        return found
