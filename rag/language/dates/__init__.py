"""What the times named in a text mean, given the day on which it was published."""

from __future__ import annotations
