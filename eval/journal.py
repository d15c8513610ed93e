"""Keeps finished items on disk while a run goes on, so that it can be resumed.

One JSON line per item, flushed at once. A line that a crash cut short is left out when
reading; the item is then asked again.
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
    """The finished items of one run, by name. ``key`` names all that shapes the rows."""

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
        """Note a finished item."""
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
        """Forget a run that came to its end."""
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
    """Names a run by all that shapes its rows, so that --resume never mixes two."""
    shaping = {
        **run.model_dump(mode="json", exclude={"revision"}),
        "datasets": [[dataset.name, dataset.sha256] for dataset in datasets],
    }
    return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()[:24]
