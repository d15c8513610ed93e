"""Offline evaluation: data sets in, verdicts, intervals and a report out."""
