"""Korean and English: morphemes, terms, names, numbers, dates, clauses. No question, no claim."""

from __future__ import annotations
