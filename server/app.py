"""The HTTP application: middleware, routes and channels over one workspace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.cors import CORSMiddleware

from geungeo.rag.settings import secrets_in
from geungeo.server.access.hosts import Hosts
from geungeo.server.access.middleware import Access
from geungeo.server.access.rates import Rates
from geungeo.server.access.signatures import WebhookVerifier
from geungeo.server.channels import embeddings, mcp, openai, responses
from geungeo.server.channels.hooks import routes as hooks
from geungeo.server.channels.slack import routes as slack
from geungeo.server.channels.slack.channel import SlackChannel
from geungeo.server.http import problems
from geungeo.server.http.middleware import Head, Observe, RequestId, RequestLimits, SecurityHeaders
from geungeo.server.process.feeds import FeedWatcher
from geungeo.server.process.local import LocalAnswers
from geungeo.server.routes import articles, chat, check, conversations, feeds, health, page
from geungeo.server.state import AppState, Writers
from geungeo.server.telemetry.metrics import Metrics
from geungeo.server.telemetry.tracing import Tracing

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

    from geungeo.index.workspace import Workspace

DESCRIPTION = """Question answering over news articles, Korean first.

Every citation names a half-open span `[start, end)` of one article version, in **Unicode
code points** (not bytes, not UTF-16 units): `article.text[start:end] == quote`.

Also served, and described by its own protocol: `/mcp`, the Model Context Protocol over
streamable HTTP, with the tools `ask`, `search`, `get_article` and `list_articles`, under the same
keys and scopes.
"""

# In the order in which /docs shows them.
TAGS = [
    {"name": "chat", "description": "Questions in, verified Answers out."},
    {"name": "articles", "description": "The texts that citations point into."},
    {"name": "search", "description": "Passages, and example questions, without an answer."},
    {"name": "check", "description": "Any text in, what the articles say of each statement out."},
    {"name": "feeds", "description": "RSS, Atom and sitemaps as sources of articles."},
    {"name": "conversations", "description": "Stored Answers and their ratings."},
    {"name": "openai-compatible", "description": "The same answers for clients of OpenAI's API."},
    {"name": "slack", "description": "Deliveries of Slack."},
    {"name": "hooks", "description": "Mattermost, JANDI and signed webhooks."},
    {"name": "operations", "description": "Health, readiness and metrics."},
]

GAUGE_SECONDS = 5.0


def create_app(
    workspace: Workspace,
    rates: Rates | None = None,
    provider: TracerProvider | None = None,
) -> FastAPI:
    """Return the application over an open workspace, which the caller closes.

    ``rates`` are shared by the workers of one server; by default the application has its own.
    ``provider`` receives the spans; ``None`` turns tracing off.
    """
    settings = workspace.settings
    metrics = Metrics()
    state = AppState(workspace, Writers(settings.ingest_queue), metrics)
    app = FastAPI(
        title="geungeo",
        version=_version(),
        description=DESCRIPTION,
        openapi_tags=TAGS,
        docs_url=None,  # FastAPI's own page loads its script from another host
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.geungeo = state
    app.state.slack = SlackChannel.of(workspace, metrics)
    app.state.webhooks = WebhookVerifier(secrets_in(settings.hook_secret))
    problems.install(app)
    problems.install_schema(app)
    for module in (page, health, slack, hooks):
        app.include_router(module.router, responses=problems.OPEN)
    keyed = [problems.KEY]
    for module in (chat, check, articles, feeds, conversations):
        app.include_router(module.router, dependencies=keyed, responses=problems.GUARDED)
    for v1 in (openai.router, responses.router, embeddings.router, openai.unserved):
        app.include_router(v1, dependencies=keyed, responses=problems.GUARDED_OPENAI)
    app.state.mcp = mcp.Endpoint(state, app.version)
    app.add_route(mcp.PATH, app.state.mcp, include_in_schema=False)
    app.mount("/static/swagger", StaticFiles(directory=page.SWAGGER), name="swagger")
    app.mount("/static", page.Assets(directory=page.WEB), name="static")
    # Added from the inside out: the last one added receives a request first.
    app.add_middleware(Head)
    app.add_middleware(RequestLimits, max_body_bytes=settings.max_body_bytes)
    app.add_middleware(
        Access, settings=settings, keys=workspace.store.keys, rates=_rates(workspace, rates)
    )
    if settings.cors_origins:
        # Answers preflights, which carry no key.
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "MCP-Protocol-Version",
                "X-API-Key",
                "X-Request-ID",
            ],
            expose_headers=["Retry-After", "X-Request-ID"],
        )
    app.add_middleware(Hosts, settings=settings, keys=workspace.store.keys)
    if provider is not None:
        app.add_middleware(Tracing, provider=provider)
    app.add_middleware(Observe, metrics=state.metrics)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestId)
    return app


def _rates(workspace: Workspace, rates: Rates | None) -> Rates:
    """Return the limits of all servers of a shared store, otherwise ``rates`` or new ones."""
    counters = workspace.store.counters()
    if counters is not None:
        return Rates(workspace.settings, counters=counters)
    return rates or Rates(workspace.settings)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Serve Slack, MCP and local commands, pull feeds, update gauges while the server runs."""
    state: AppState = app.state.geungeo
    slack_channel: SlackChannel | None = app.state.slack
    updates = asyncio.create_task(_update_gauges(state))
    every = state.workspace.settings.feeds_every
    watcher = FeedWatcher(state.workspace, every) if every is not None else None
    if watcher is not None:
        watcher.start()
    if slack_channel is not None:
        await slack_channel.start()
    local = LocalAnswers(state.workspace)
    await local.start()
    async with app.state.mcp.run():
        yield
    await local.stop()
    updates.cancel()
    if watcher is not None:
        await asyncio.to_thread(watcher.stop)
    if slack_channel is not None:
        await slack_channel.stop()


async def _update_gauges(state: AppState) -> None:
    """Update the gauges regularly: any worker may be asked for the metrics of all."""
    while True:
        state.update_gauges()
        await asyncio.sleep(GAUGE_SECONDS)


def _version() -> str:
    try:
        return version("geungeo")
    except PackageNotFoundError:  # run from a source tree that was not installed
        return "0"
