"""Load tests of a real server: throughput, rejected requests, and leaks."""

from __future__ import annotations
