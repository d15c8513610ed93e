"""The bounded cache of analyses and judgements."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from geungeo.rag.memo import Memo


def test_missing_values_are_computed_once_and_in_one_batch() -> None:
    batches: list[list[str]] = []

    def compute(keys: Sequence[str]) -> list[str]:
        batches.append(list(keys))
        return [key.upper() for key in keys]

    memo: Memo[str, str] = Memo(2, compute)
    assert memo.get(["a", "b", "a"]) == {"a": "A", "b": "B"}
    assert memo.get(["a"]) == {"a": "A"}
    assert memo.get(["c", "a"]) == {"a": "A", "c": "C"}
    assert batches == [["a", "b"], ["c"]]
    # "b" was used least recently and was evicted.
    assert memo.get(["b"]) == {"b": "B"}
    assert batches[2:] == [["b"]]
    assert len(memo) == 2


def test_more_keys_than_fit_all_get_values() -> None:
    memo: Memo[int, int] = Memo(3, lambda keys: [key * key for key in keys])
    assert memo.get(range(10)) == {key: key * key for key in range(10)}
    assert len(memo) == 3


def test_threads_share_a_memo() -> None:
    memo: Memo[int, int] = Memo(50, lambda keys: [-key for key in keys])
    wrong: list[int] = []

    def work(start: int) -> None:
        for at in range(start, start + 300):
            wrong.extend(key for key, value in memo.get([at, at // 2]).items() if value != -key)

    threads = [threading.Thread(target=work, args=(start,)) for start in range(0, 400, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(memo) == 50
