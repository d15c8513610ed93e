"""Measure the memory of ``geungeo serve`` after one question; the README quotes the result.

``python -m tests.docs.memory`` starts a server over the seeds and prints its resident memory now
and at its highest, in MB (Linux only: /proc).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import httpx

from tests.support.processes import start, stop

QUESTION = "샘 앨트먼이 이사회에서 축출된 때는 언제인가?"


def resident(process: int) -> dict[str, float]:
    """Return the process's resident memory, in MB of 10^6 bytes."""
    lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {name: int(fields[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM")}


def main() -> int:
    """Ask one question and print the memory of the server."""
    with tempfile.TemporaryDirectory() as store:
        served = start(Path(store))
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
