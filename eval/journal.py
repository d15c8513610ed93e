"""Save finished items to disk during a run, so that an interrupted run can be resumed.

Each item is one JSON line that is flushed at once. A line that is incomplete after a crash is
skipped, and its item is asked again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from geungeo.eval.cases import Dataset
from geungeo.eval.provenance import Run
from geungeo.eval.rows import Latency, Row
from geungeo.rag.errors import StoreUnavailable

Finished = tuple[list[Row], list[Latency]]


class Journal:
    """The finished items of one run, by name. ``key`` is its :func:`journal_key`."""

    def __init__(self, cache: Path, key: str, *, resume: bool) -> None:
        self.path = cache / "runs" / f"{key}.jsonl"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.finished = self._read() if resume else {}
            self._file = self.path.open("w", encoding="utf-8")
        except OSError as error:
            raise StoreUnavailable(
                f"cannot write {self.path}: {error.strerror}; set another folder by --cache"
            ) from error
        for name, finished in self.finished.items():
            self._write(name, finished)

    def add(self, item: str, rows: list[Row], latencies: list[Latency]) -> None:
        """Save a finished item."""
        self._write(item, (rows, latencies))

    def _write(self, item: str, finished: Finished) -> None:
        rows, latencies = finished
        entry = {
            "item": item,
            "rows": [row.model_dump(mode="json") for row in rows],
            "latencies": [latency.model_dump() for latency in latencies],
        }
        self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self._file.flush()

    def _read(self) -> dict[str, Finished]:
        if not self.path.exists():
            return {}
        found: dict[str, Finished] = {}
        for line in self.path.read_text("utf-8", errors="replace").split("\n"):
            try:
                entry = json.loads(line)
                found[entry["item"]] = (
                    [Row.model_validate(row) for row in entry["rows"]],
                    [Latency.model_validate(latency) for latency in entry["latencies"]],
                )
            except (ValueError, KeyError, TypeError, ValidationError):
                continue
        return found

    def discard(self) -> None:
        """Delete the journal of a finished run."""
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()


def journal_key(run: Run, datasets: Sequence[Dataset]) -> str:
    """Return a key of everything that affects the rows, so that --resume never mixes two runs."""
    shaping = {
        **run.model_dump(mode="json", exclude={"revision"}),
        "datasets": [[dataset.name, dataset.sha256] for dataset in datasets],
    }
    return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()[:24]
