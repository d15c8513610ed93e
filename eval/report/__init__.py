"""The HTML report: one file that opens from disk and asks nothing of a network."""

from __future__ import annotations

from geungeo.eval.report.page import write_report

__all__ = ["write_report"]
