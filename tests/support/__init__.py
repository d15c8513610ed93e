"""Helpers of the tests: paths, a scripted model server, processes and stand-ins."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SEED = next((ROOT / "seeds").glob("*.txt"))
