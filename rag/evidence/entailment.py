"""Entailment: judges whether evidence says what a claim says, in other words, without an LLM.

A model reads both together as the cross-encoder does, with layers of its own, and a line over the
same features scores three classes: entailed, contradicted, neither (Bowman et al., 2015,
arXiv:1508.05326). Trained by ``python -m geungeo.eval.training.entailment``.

The input is ``<s> query: CLAIM </s> ARTICLE </s> EVIDENCE </s>``, where ARTICLE is its title,
publisher, author and date. Of evidence that is too long, the end is read, which the claim cites.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np

from geungeo.rag.embedding.e5file import Pieces
from geungeo.rag.errors import BackendOverloaded
from geungeo.rag.evidence.crossencoder import MAX_CHARS, PairModel
from geungeo.rag.gate import Gate
from geungeo.rag.memo import Memo
from geungeo.rag.protocols import FloatArray, Inquiry, Judgement, Report
from geungeo.rag.text import for_model

WEIGHTS = "entailment.npz"
CLASSES: tuple[Judgement, ...] = ("supported", "contradicted", "not_found")
# A claim is supported from this probability on. Between 0.3 and 0.5 about as many true claims are
# lost as false ones are stopped, of held-out articles as of public data
# (``geungeo bench nli --verifier bundled``).
SURE = 0.35
# In pieces.
_CLAIM, _ARTICLE, _EVIDENCE = 96, 40, 200
_BATCH = 16
_CACHE_SIZE = 1_024


def inquiry_ids(pieces: Pieces, inquiry: Inquiry) -> list[int]:
    """Return the piece ids of a claim and its evidence, at most 340.

    The first item of the evidence names the article, the others are its sentences.
    """
    article, *sentences = inquiry.evidence or ("",)
    evidence = for_model(" ".join(sentences)[-MAX_CHARS:])
    return [
        pieces.bos,
        *pieces.ids(for_model(f"query: {inquiry.claim}", MAX_CHARS), _CLAIM),
        pieces.eos,
        *pieces.ids(for_model(article, MAX_CHARS), _ARTICLE),
        pieces.eos,
        *pieces.ids(evidence, MAX_CHARS)[-_EVIDENCE:],
        pieces.eos,
    ]


class Entailment:
    """Judge of claims; caches the last 1,024 results. Thread-safe, loads on first use."""

    def __init__(self) -> None:
        self._model = PairModel(WEIGHTS)
        self._memo: Memo[Inquiry, FloatArray] = Memo(_CACHE_SIZE, self._judge)

    def probabilities(self, inquiries: Sequence[Inquiry]) -> FloatArray:
        """Return ``(len(inquiries), 3)`` float32, the probability of each of ``CLASSES``."""
        known = self._memo.get(inquiries)
        found = [known[inquiry] for inquiry in inquiries]
        return np.stack(found) if found else np.empty((0, len(CLASSES)), dtype=np.float32)

    def _judge(self, inquiries: Sequence[Inquiry]) -> Iterator[FloatArray]:
        pairs = [inquiry_ids(self._model.pieces, inquiry) for inquiry in inquiries]
        for scores in self._model.scores(pairs):
            chances = np.exp(scores - scores.max())
            yield chances / chances.sum()


@cache
def bundled_entailment() -> Entailment:
    """Return the bundled model that this process shares, so that it is loaded once."""
    return Entailment()


class EntailmentVerifier:
    """Verifier by the bundled model, on this machine's processor."""

    name = "bundled"

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def judge(
        self, inquiries: Sequence[Inquiry], report: Report, seconds: float
    ) -> list[Judgement]:
        """Return one judgement for each of ``inquiries``, in order, within ``seconds``.

        What is not judged in time is ``not_found``, and ``report.notes`` says so.
        """
        verdicts: list[Judgement] = []
        try:
            async with asyncio.timeout(seconds), self._gate.slot(seconds):
                for start in range(0, len(inquiries), _BATCH):
                    batch = inquiries[start : start + _BATCH]
                    chances = await asyncio.to_thread(bundled_entailment().probabilities, batch)
                    verdicts += [_verdict(row) for row in chances]
        except TimeoutError:
            report.notes.append(
                f"verifier: {len(verdicts)} of {len(inquiries)} claims judged within {seconds:g} s"
            )
        except BackendOverloaded as error:
            report.notes.append(f"verifier: {error}")
        unjudged: list[Judgement] = ["not_found"] * (len(inquiries) - len(verdicts))
        return verdicts + unjudged


def _verdict(chances: FloatArray) -> Judgement:
    if chances[0] >= SURE:
        return CLASSES[0]
    return CLASSES[1] if chances[1] > 0.5 else CLASSES[2]
