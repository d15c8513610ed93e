"""Journal of a campaign: one JSON line for each case, so that a campaign can continue."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

DEFAULT_FOLDER = Path("build/campaigns")

Row = dict[str, Any]


class Journal:
    """The rows of one campaign; each has ``case`` (its name), ``kind`` and ``failures``."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.jsonl"
        folder.mkdir(parents=True, exist_ok=True)
        self.rows = list(self._read())

    def _read(self) -> Iterator[Row]:
        if not self.path.exists():
            return
        for line in self.path.read_text("utf-8").splitlines():
            # A killed run may leave half a line.
            with contextlib.suppress(ValueError):
                yield json.loads(line)

    def add(self, row: Row) -> None:
        """Save the row of a case."""
        line = json.dumps(row, ensure_ascii=False)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n" if self._is_torn() else f"{line}\n")
        self.rows.append(row)

    def _is_torn(self) -> bool:
        if not self.path.exists() or not self.path.stat().st_size:
            return False
        with self.path.open("rb") as file:
            file.seek(-1, 2)
            return file.read() != b"\n"

    def untried(self, cases: Iterable[str]) -> Iterator[str]:
        """Return the cases without a row, in order."""
        tried = {row["case"] for row in self.rows}
        return (case for case in cases if case not in tried)

    def table(self, counted: Iterable[str]) -> list[str]:
        """Return lines to print: cases and failures by kind, and sums of the ``counted`` fields."""
        names = list(counted)
        kinds = sorted({str(row["kind"]) for row in self.rows})
        width = max([len(kind) for kind in kinds], default=0) + 2
        head = f"{'':{width}}{'cases':>7}  {'failed':>6}" + "".join(f"  {n:>12}" for n in names)
        lines = [self._line(kind, kind, width, names) for kind in kinds]
        return [head, *lines, self._line("all", None, width, names)]

    def _line(self, title: str, kind: str | None, width: int, names: list[str]) -> str:
        rows = [row for row in self.rows if kind is None or row["kind"] == kind]
        failed = sum(bool(row["failures"]) for row in rows)
        sums: Counter[str] = Counter()
        for row in rows:
            sums.update({name: int(row.get(name) or 0) for name in names})
        return f"{title:{width}}{len(rows):>7}  {failed:>6}" + "".join(
            f"  {sums[name]:>12}" for name in names
        )

    def failures(self) -> list[str]:
        """Return all failures, one line each."""
        return [
            f"{row['kind']} {row['case']}: {failure}"
            for row in self.rows
            for failure in row["failures"]
        ]
