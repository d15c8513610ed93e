"""Language analysis for Korean and English: morphemes, terms, names, numbers, dates, clauses.

Nothing here depends on questions or claims.
"""

from __future__ import annotations
