"""The HTML report: one file that opens from disk and needs no network."""

from __future__ import annotations

from geungeo.eval.report.page import write_report

__all__ = ["write_report"]
