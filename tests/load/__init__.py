"""Load on a real server: how much it answers, how it sheds the rest, what it leaves behind."""

from __future__ import annotations
