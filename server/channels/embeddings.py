"""``POST /v1/embeddings``: the vectors of the store's embedder, in OpenAI's format.

https://platform.openai.com/docs/api-reference/embeddings
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import tiktoken
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from geungeo.rag.protocols import FloatArray
from geungeo.rag.segmentation import count_tokens
from geungeo.server.channels.openai import Lenient, UnsupportedParameter
from geungeo.server.http.bodies import StrictRoute
from geungeo.server.http.streams import cancel_on_disconnect
from geungeo.server.state import QUEUE_SECONDS, AppState, State

MAX_INPUTS = 2_048
MAX_CHARS = 1_000_000
# Texts that are embedded between two looks at whether the client is still connected.
_BATCH = 16
# The encoding in which clients send token ids instead of texts.
_ENCODING = "cl100k_base"

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["openai-compatible"])

Token = Annotated[int, Field(ge=0)]
Text = Annotated[str, Field(min_length=1)]


class EmbeddingRequest(Lenient):
    """Texts to embed; ``model`` may be any name, since there is one model."""

    model: Annotated[str, Field(min_length=1)]
    input: Annotated[
        Text
        | Annotated[list[Text], Field(min_length=1, max_length=MAX_INPUTS)]
        | Annotated[list[Token], Field(min_length=1)]
        | Annotated[
            list[Annotated[list[Token], Field(min_length=1)]],
            Field(min_length=1, max_length=MAX_INPUTS),
        ],
        Field(description=f"Texts, or their tokens in {_ENCODING}."),
    ]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: int | None = None
    input_type: Annotated[
        Literal["passage", "query"],
        Field(description="Selects the prompt of models that embed questions differently."),
    ] = "passage"


@router.post("/embeddings", response_model=None)
async def create_embeddings(body: EmbeddingRequest, request: Request, state: State) -> Response:
    """Embed texts with the model that the store is indexed with."""
    dimension = state.workspace.embedder.dimension
    if body.dimensions not in {None, dimension}:
        raise UnsupportedParameter(
            "dimensions", f"the model has {dimension} dimensions; leave it out"
        )
    texts = await run_in_threadpool(_texts, body)
    work = _embed(state, texts, query=body.input_type == "query")
    vectors = await cancel_on_disconnect(request, work)
    return JSONResponse(await run_in_threadpool(_response, body, texts, vectors, state))


def _texts(body: EmbeddingRequest) -> list[str]:
    texts: list[str] = []
    tokens: list[int] = []
    for one in [body.input] if isinstance(body.input, str) else body.input:
        if isinstance(one, str):
            texts.append(one)
        elif isinstance(one, int):
            tokens.append(one)
        else:
            texts.append(_decoded(one))
    if tokens:
        texts = [_decoded(tokens)]
    total = sum(map(len, texts))
    if total > MAX_CHARS:
        raise UnsupportedParameter(
            "input", f"{total:,} characters are over the limit of {MAX_CHARS:,}; send fewer texts"
        )
    return texts


def _decoded(tokens: Sequence[int]) -> str:
    encoding = tiktoken.get_encoding(f"{_ENCODING}_offline")
    unknown = next((token for token in tokens if token >= encoding.n_vocab), None)
    try:
        if unknown is None:
            return str(encoding.decode(list(tokens)))
    except KeyError:
        pass  # the numbers between the text tokens and the special ones
    raise UnsupportedParameter(
        "input", f"token ids must be those of {_ENCODING}; send the texts instead"
    )


async def _embed(state: AppState, texts: Sequence[str], *, query: bool) -> list[FloatArray]:
    embedder = state.workspace.embedder
    vectors: list[FloatArray] = []
    async with state.embedding_gate.slot(QUEUE_SECONDS):
        for at in range(0, len(texts), _BATCH):
            batch = texts[at : at + _BATCH]
            vectors.extend(await run_in_threadpool(embedder.embed, batch, query=query))
    return vectors


def _response(
    body: EmbeddingRequest, texts: Sequence[str], vectors: Sequence[FloatArray], state: AppState
) -> dict[str, Any]:
    tokens = sum(map(count_tokens, texts))
    encoded = body.encoding_format == "base64"
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": _base64(one) if encoded else one.tolist(),
        }
        for index, one in enumerate(vectors)
    ]
    return {
        "object": "list",
        "data": data,
        "model": state.workspace.embedder.identity,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _base64(vector: FloatArray) -> str:
    """Return the vector as little-endian float32, as OpenAI's clients decode it."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")
