"""Servers to load: real processes over stores made for them, with models that they ask."""

from __future__ import annotations

import random
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from geungeo.eval.bench.first_claim import QUESTIONS
from geungeo.eval.bench.serving import serving_process
from geungeo.eval.campaigns.news import COUNT, report
from geungeo.eval.load.client import Client
from geungeo.eval.load.model import ScriptedModel
from geungeo.rag.errors import StoreUnavailable


@dataclass(slots=True)
class Target:
    """A running server, the model behind it if there is one, and chance."""

    client: Client
    pid: int
    chance: random.Random
    model: ScriptedModel | None = None

    def question(self) -> str:
        """One that the store can answer."""
        return self.chance.choice(_ASKED)

    @property
    def model_open(self) -> int:
        """Connections to the model."""
        return self.model.open if self.model else 0


_ASKED = (*QUESTIONS, *(report(number).question for number in range(COUNT)))


def news(edition: int) -> dict[str, str]:
    """The body that ingests one of the invented articles in that edition."""
    draft = report(edition % COUNT, edition).draft
    text = "\n\n".join(text for _, text in draft.blocks)
    return {
        "text": f"{draft.title}\n\n2025-03-10     모의 기자\n\n{text}\n",
        "name": f"{edition % COUNT}.txt",
    }


@asynccontextmanager
async def target(
    seed: int, settings: Mapping[str, str], model: ScriptedModel | None = None
) -> AsyncGenerator[Target]:
    """A server with the seed article and the invented news, warmed up."""
    if model is not None:
        settings = {
            "GEUNGEO_BACKEND": "openai",
            "GEUNGEO_LLM_BASE_URL": model.base_url,
            "GEUNGEO_LLM_MODEL": "scripted",
            "GEUNGEO_LLM_EXTRACTIVE_FALLBACK": "false",
            **settings,
        }
    with tempfile.TemporaryDirectory(prefix="geungeo-load-") as folder:
        store = Path(folder) / "store"
        with serving_process(store, settings) as (url, pid):
            chance = random.Random(seed)  # noqa: S311 - a load, no secret
            made = Target(Client(url), pid, chance, model)
            await _prepare(made)
            yield made


async def _prepare(made: Target) -> None:
    for edition in range(COUNT):
        reply = await made.client.post("/articles", news(edition))
        if reply.status not in (200, 201):
            raise StoreUnavailable(f"the store to be loaded takes no article: {reply}")
    seconds, pace = 0.0, made.model
    if pace is not None:
        seconds, pace.seconds = pace.seconds, 0.0
    for question, _ in zip(_ASKED, count(), strict=False):
        await made.client.ask(question)
    if pace is not None:
        pace.seconds = seconds
