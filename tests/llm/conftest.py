"""A real, weak language model behind an existing OpenAI-compatible server."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.llm import weights
from tests.llm.weights import WeakModel
from tests.support.processes import PATIENCE, wait_until


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "llm: asks a real weak model; run with make test-llm-quick")


@pytest.fixture(scope="session")
def weak_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeakModel]:
    """SmolLM2-135M-Instruct, from its package, served by ``transformers serve``."""
    for module in (weights.PACKAGE, "gguf", "accelerate"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed; run: make test-llm-quick")
    folder = tmp_path_factory.mktemp("weights")
    port = weights.free_port()
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    # In a separate process, so that this one does not keep the weights in memory.
    subprocess.run(
        [sys.executable, str(Path(weights.__file__)), str(folder)],
        check=True,
        timeout=PATIENCE,
        env=environment,
    )
    command = [str(Path(sys.executable).with_name("transformers")), "serve", str(folder)]
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(url) or process.poll() is not None)
        assert process.poll() is None, (folder / "serve.log").read_text("utf-8")[-2000:]
        yield WeakModel(f"{url}/v1", str(folder))
    finally:
        process.terminate()
        process.wait(timeout=60)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
