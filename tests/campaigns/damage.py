"""Damage to files at rest: derived files are rebuilt, other damage is reported.

Every case opens the store in a forked child with limited memory and compares it with the intact
store; all files are restored before the next case.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sqlite3
import struct
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from geungeo.index.database import FILE
from geungeo.index.store import Store
from geungeo.index.vectors import MANIFEST
from geungeo.rag.answer import Filters
from geungeo.rag.errors import StoreError
from geungeo.rag.protocols import Embedder
from tests.campaigns.children import Send, load_models, run_child
from tests.campaigns.stores import make_base
from tests.support.journal import Journal, Row

COUNTED = ("detected", "harmless", "rebuilt", "refused")
_BATCH = 100
_MEMORY = 6 << 30
_SECTOR = 512
_ABSURD = (2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**63 - 1, 2**64 - 1)
# FAISS's header: dimension, count and metric of two nested indexes, in the first bytes.
_HEADER = 128
_CONTENTS = (
    "SELECT * FROM articles ORDER BY id, version",
    "SELECT * FROM sentences ORDER BY article_id, version, ordinal",
    "SELECT * FROM passages ORDER BY key",
)


class DamageCampaign:
    """Truncations at every sector and seeded flips of every file of a store."""

    def __init__(self, journal: Journal, seed: int) -> None:
        self._journal = journal
        self._seed = seed

    def run(self, *, cases: int, seconds: float) -> None:
        """Run the remaining cases, up to ``cases`` in the journal or for ``seconds``."""
        end = time.monotonic() + seconds
        embedder = load_models()
        with tempfile.TemporaryDirectory(prefix="geungeo-damage-") as place:
            self._folder = Path(place) / "base"
            make_base(self._folder, embedder)
            self._embedder: Embedder = embedder
            self._sound = {path.name: path.read_bytes() for path in self._files()}
            self._vector = embedder.embed(["공장 투자액"], query=True)[0]
            self._scores = self._look()
            self._contents = self._read_contents()
            left = self._journal.untried(islice(self._plan(), cases))
            while time.monotonic() < end and (batch := list(islice(left, _BATCH))):
                self._try(batch)

    def _files(self) -> Iterable[Path]:
        return (path for path in sorted(self._folder.iterdir()) if path.name != "write.lock")

    def _plan(self) -> Iterator[str]:
        """Yield case names (damage, file, place); bit flips continue without end."""
        derived = [name for name in self._sound if name != FILE]
        for name in [*derived, FILE]:
            for at in range(0, len(self._sound[name]), _SECTOR):
                yield f"cut/{name}/{at}"
        (vectors,) = (name for name in derived if name != MANIFEST)
        for at in range(0, _HEADER, 4):
            for which in range(len(_ABSURD)):
                yield f"absurd/{vectors}/{at}/{which}"
                yield f"forged/{vectors}/{at}/{which}"
        number = 0
        while True:
            # Half of them in the vectors, which have most bytes.
            for name in (vectors, MANIFEST, vectors, FILE):
                yield f"flip/{name}/{number}"
            number += 1

    def _try(self, batch: list[str]) -> None:
        """Run many cases in one child; the first without a report is the one that ended it."""

        def work(send: Send) -> None:
            for case in batch:
                send({"begun": case})
                send({"row": self._case(case)})

        ended = run_child(work, memory=_MEMORY, patience=300.0)
        for row in ended.of("row"):
            self._journal.add(row)
        begun, done = ended.of("begun"), len(ended.of("row"))
        if len(begun) > done:
            how = "it hung" if ended.hung else f"signal {ended.signal} {ended.of('error')}"
            self._journal.add({"case": begun[-1], "kind": _kind(begun[-1]), "failures": [how]})

    def _case(self, case: str) -> Row:
        self._make_whole()
        what, name, *_ = case.split("/")
        data = self._damaged(case)
        (self._folder / name).write_bytes(data)
        if what == "forged":
            self._forge(name, data)
        same = data == self._sound[name]
        row: dict[str, Any] = {"case": case, "kind": _kind(case), "failures": []}
        if name == FILE:
            return row | self._judge_database(same=same)
        return row | self._judge_derived(forged=what == "forged")

    def _make_whole(self) -> None:
        for path in list(self._folder.iterdir()):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        for name, data in self._sound.items():
            (self._folder / name).write_bytes(data)

    def _damaged(self, case: str) -> bytes:
        what, name, *rest = case.split("/")
        data = bytearray(self._sound[name])
        if what == "cut":
            return bytes(data[: int(rest[0])])
        if what in {"absurd", "forged"}:
            at, value = int(rest[0]), _ABSURD[int(rest[1])]
            packed = struct.pack("<Q", value) if value >= 2**32 else struct.pack("<I", value)
            data[at : at + len(packed)] = packed
            return bytes(data)
        chance = random.Random(f"{self._seed}/{case}")  # noqa: S311 - reproducible, not secret
        for _ in range(chance.choice((1, 1, 1, 8))):
            bit = chance.randrange(8 * len(data))
            data[bit // 8] ^= 1 << bit % 8
        return bytes(data)

    def _forge(self, name: str, data: bytes) -> None:
        """Write a manifest with the checksum of the damaged file."""
        manifest = json.loads(self._sound[MANIFEST])
        manifest |= {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "file": name}
        (self._folder / MANIFEST).write_text(json.dumps(manifest))

    def _look(self) -> dict[int, float]:
        with closing(Store.open(self._folder, self._embedder)) as store:
            return store.dense(self._vector, 1_000, Filters())

    def _judge_derived(self, *, forged: bool) -> dict[str, Any]:
        """Check that searches equal those of the intact store, and that the file is intact after.

        A forged file must only do no harm to the process: whoever can write manifests can also
        write SQLite.
        """
        failures: list[str] = []
        with closing(Store.open(self._folder, self._embedder)) as store:
            found = store.examine()
            scores = store.dense(self._vector, 1_000, Filters())
            if scores != self._scores and not forged:
                failures.append("a search gives something else")
            if store.examine() and not forged:
                failures.append("not repaired")
        return {
            "detected": int(bool(found)),
            "harmless": int(not found),
            "rebuilt": int(bool(found)),
            "failures": failures,
        }

    def _judge_database(self, *, same: bool) -> dict[str, Any]:
        """Check that damage is reported, refused, or without effect on articles and passages."""
        try:
            with closing(Store.open(self._folder, self._embedder)) as store:
                found = bool(store.examine())
        except StoreError:
            return {"detected": 1, "refused": 1}
        if found:
            return {"detected": 1}
        if same or self._read_contents() == self._contents:
            return {"harmless": 1}
        return {"failures": ["articles changed, and nothing was reported"]}

    def _read_contents(self) -> list[Any]:
        with closing(sqlite3.connect(self._folder / FILE)) as connection:
            return [connection.execute(query).fetchall() for query in _CONTENTS]


def _kind(case: str) -> str:
    what, name, *_ = case.split("/")
    title = {
        "cut": "cut at a sector",
        "absurd": "absurd header",
        "forged": "forged header and manifest",
        "flip": "flipped bits",
    }[what]
    subject = {FILE: "SQLite", MANIFEST: "manifest"}.get(name, "vectors")
    return f"{subject}: {title}"
