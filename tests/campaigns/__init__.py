"""Campaigns that kill, damage and attack the system."""

from __future__ import annotations
