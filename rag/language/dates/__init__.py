"""Resolve the times named in a text, given its publication date."""

from __future__ import annotations
