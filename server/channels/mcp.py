"""The Model Context Protocol: questions, passages and articles as tools, articles as resources.

The same server speaks over stdio (``geungeo mcp``) and over streamable HTTP (``/mcp``). It keeps
no sessions, so any worker can serve any request.
https://modelcontextprotocol.io/specification
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from urllib.parse import quote, unquote

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field, ValidationError
from starlette.types import Receive, Scope, Send

from geungeo.rag.answer import Answer, Ask, Filters, support_label
from geungeo.rag.article import Article
from geungeo.rag.checking import CheckRequest
from geungeo.rag.errors import GeungeoError, MissingExtra, NotFound
from geungeo.server import answering
from geungeo.server.access.policy import ANYONE, Caller, caller_of
from geungeo.server.channels.wording import origin
from geungeo.server.check_report import text_report
from geungeo.server.http.links import base_url_of, citation_link, deep_link
from geungeo.server.http.problems import UNEXPECTED, CodedError, public
from geungeo.server.http.schemas import (
    ArticleList,
    ArticleSummary,
    ConversationId,
    FilterRequest,
    IsoDate,
    Question,
    StrictModel,
)

if TYPE_CHECKING:
    from mcp import types
    from mcp.server import Server, ServerRequestContext
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from geungeo.index.workspace import Workspace
    from geungeo.server.state import AppState

log = logging.getLogger(__name__)

CHANNEL = "mcp"
PATH = "/mcp"
PAGE = 100
INSTRUCTIONS = (
    "Answers questions about the news articles in this store, Korean first. Each sentence of an "
    "answer has a marker such as [1], whose citation is a verified quotation: "
    "article.text[start:end] == quote, counted in Unicode code points. Show the quotations with "
    "the answer, and do not add claims that have none. An abstention says why there is no answer."
)
# For whoever reads the Answer in a chat, these are too much.
_LEFT_OUT = {"passages", "usage", "timings_ms", "trace"}
_RESOURCE = re.compile(r"geungeo://articles/([^/?#]{1,2000})(?:\?version=([0-9]{1,9}))?")
_TEXT = "text/plain"

TopK = Annotated[int | None, Field(ge=1, le=50)]
Arguments = TypeVar("Arguments", bound=BaseModel)


class AskArguments(FilterRequest):
    """Arguments of ``ask``."""

    question: Question
    conversation_id: ConversationId | None = None
    top_k: TopK = None


class SearchArguments(FilterRequest):
    """Arguments of ``search``."""

    query: Question
    top_k: TopK = None


class CheckArguments(FilterRequest):
    """Arguments of ``check``."""

    text: Annotated[str, Field(min_length=1, max_length=5_000_000, description="Text to check.")]
    date: Annotated[
        IsoDate | None,
        Field(description="Date of the text, from which 지난달 or last year count."),
    ] = None


class GetArguments(StrictModel):
    """Arguments of ``get_article``."""

    article_id: Annotated[str, Field(min_length=1, max_length=500)]
    version: Annotated[int | None, Field(ge=1, le=2**31 - 1)] = None


class ListArguments(StrictModel):
    """Arguments of ``list_articles``."""

    q: Annotated[
        str, Field(max_length=200, description="Words of the title, publisher or author.")
    ] = ""
    published_from: IsoDate | None = None
    published_to: IsoDate | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE)] = 20
    offset: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0


class Call:
    """The workspace and caller of one request, and the URL under which its links are."""

    def __init__(
        self, workspace: Workspace, request: Request | None, observe: Callable[[Answer], None]
    ) -> None:
        self._workspace = workspace
        self._observe = observe
        self._caller: Caller = ANYONE if request is None else caller_of(request)
        public_url = workspace.settings.public_url
        self._base_url = public_url or ("" if request is None else base_url_of(request, None))

    async def ask(self, given: AskArguments) -> tuple[str, dict[str, Any]]:
        """Return the Answer as text with its sources, and as data."""
        asked = Ask(
            question=given.question,
            conversation_id=given.conversation_id,
            top_k=given.top_k,
            filters=given.filters(),
        )
        answer = await answering.answer(self._workspace, asked, self._caller.owner)
        self._observe(answer)
        fields = answer.model_dump(mode="json", exclude=_LEFT_OUT)
        shown: dict[int, str] = {}
        for citation, as_data in zip(answer.citations, fields["citations"], strict=True):
            as_data["link"] = link = citation_link(citation, self._base_url)
            about = [origin(citation), support_label(answer, citation.marker), citation.note]
            shown[citation.marker] = (
                f"[{citation.marker}] “{citation.quote}”\n{' · '.join(filter(None, about))}\n{link}"
            )
        sources = [shown[marker] for marker in sorted(shown)]
        return "\n\n".join([answer.text, *sources]), fields

    async def search(self, given: SearchArguments) -> tuple[str, dict[str, Any]]:
        """Return the best passages, with the titles of their articles."""
        workspace = self._workspace
        hits = await workspace.pipeline.search_in_turn(
            given.query, given.top_k or workspace.settings.top_k, given.filters()
        )
        found = []
        for hit in hits:
            article = await self._article(hit.article_id, hit.version)
            link = deep_link(hit.article_id, hit.version, hit.start, hit.end)
            more = {"title": article.title, "link": f"{self._base_url.rstrip('/')}{link}"}
            found.append({**hit.model_dump(mode="json"), **more})
        shown = [f"{one['title']} [{one['start']}:{one['end']}]\n{one['text']}" for one in found]
        return "\n\n".join(shown), {"query": given.query, "passages": found}

    async def check(self, given: CheckArguments) -> tuple[str, dict[str, Any]]:
        """Return what the articles say about each statement of a text."""
        asked = CheckRequest(given.text, given.date, given.filters())
        result = await answering.check(self._workspace, asked)
        fields = result.model_dump(mode="json", exclude={"usage", "timings_ms"})
        for claim in fields["claims"]:
            for shown in (*claim["sources"], *claim["nearest"]):
                path = deep_link(*(shown[key] for key in ("article_id", "version", "start", "end")))
                shown["link"] = f"{self._base_url.rstrip('/')}{path}"
        return text_report(result), fields

    async def get_article(self, given: GetArguments) -> tuple[str, dict[str, Any]]:
        """Return one version of an article."""
        article = await self._article(given.article_id, given.version)
        versions = await run_in_threadpool(self._workspace.store.versions, given.article_id)
        return article.text, {**article.model_dump(mode="json"), "versions": list(versions)}

    async def list_articles(self, given: ListArguments) -> tuple[str, dict[str, Any]]:
        """Return a page of the articles, the latest publication first."""
        filters = Filters(published_from=given.published_from, published_to=given.published_to)
        listed = await self.page(given.q, filters, given.limit, given.offset)
        shown = [
            " · ".join(filter(None, [one.id, one.title, one.publisher, one.published_at]))
            for one in listed.articles
        ]
        return "\n".join([f"{listed.total} articles", *shown]), listed.model_dump(mode="json")

    async def page(self, q: str, filters: Filters, limit: int, offset: int) -> ArticleList:
        """Return a page of the articles."""
        find = self._workspace.store.catalogue.find
        entries, total = await run_in_threadpool(find, q, filters, limit=limit, offset=offset)
        return ArticleList(
            articles=[ArticleSummary(**asdict(entry)) for entry in entries], total=total
        )

    async def resource(self, uri: str) -> Article:
        """Return the article that a resource's URI names.

        Raises:
            NotFound: there is none.
        """
        match = _RESOURCE.fullmatch(uri)
        if match is None:
            raise NotFound(
                f"there is no resource {uri!r}; an article is geungeo://articles/ID?version=N"
            )
        return await self._article(unquote(match[1]), int(match[2]) if match[2] else None)

    async def _article(self, article_id: str, version: int | None) -> Article:
        return await run_in_threadpool(self._workspace.store.article, article_id, version)


Handler = Callable[[Call, Any], Awaitable[tuple[str, dict[str, Any]]]]
# Name: title, description, arguments, handler, whether it changes nothing.
TOOLS: Mapping[str, tuple[str, str, type[BaseModel], Handler, bool]] = {
    "ask": (
        "Ask the articles",
        "Answer a question from the stored news articles. Each sentence of the answer is backed "
        "by verified quotations; otherwise there is no answer, with a reason. With a "
        "conversation_id the question continues that conversation, which is stored.",
        AskArguments,
        Call.ask,
        False,
    ),
    "search": (
        "Find passages",
        "Find the passages of the stored articles nearest to a query, without an answer.",
        SearchArguments,
        Call.search,
        True,
    ),
    "check": (
        "Check a text",
        "Check any text against the stored news articles, statement by statement: supported, "
        "contradicted (with what differs), not_found (with the nearest sentences) or "
        "not_a_claim. Each verdict comes with verified quotations.",
        CheckArguments,
        Call.check,
        True,
    ),
    "get_article": (
        "Read an article",
        "Return the text and the sections of one version of an article, by default the newest.",
        GetArguments,
        Call.get_article,
        True,
    ),
    "list_articles": (
        "List articles",
        "List the stored articles, the latest publication first, without their texts.",
        ListArguments,
        Call.list_articles,
        True,
    ),
}


def make_server(
    workspace: Workspace, version: str, observe: Callable[[Answer], None] = lambda _: None
) -> Server[Any]:
    """Return an MCP server over ``workspace``; ``observe`` gets each Answer.

    Raises:
        MissingExtra: the SDK is not installed; the message has the command.
    """
    try:
        from mcp import types
        from mcp.server import Server
        from mcp.shared.exceptions import MCPError
    except ImportError as error:
        raise MissingExtra("MCP needs its SDK; run: pip install 'geungeo[mcp]'") from error

    def call_of(context: ServerRequestContext[Any]) -> Call:
        return Call(workspace, context.request, observe)

    async def list_tools(_: Any, __: Any) -> types.ListToolsResult:
        return types.ListToolsResult(
            tools=[
                types.Tool(
                    name=name,
                    title=title,
                    description=description,
                    input_schema=arguments.model_json_schema(),
                    annotations=types.ToolAnnotations(
                        read_only_hint=read_only, destructive_hint=False, open_world_hint=False
                    ),
                )
                for name, (title, description, arguments, _, read_only) in TOOLS.items()
            ]
        )

    async def call_tool(
        context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        if params.name not in TOOLS:
            known = ", ".join(TOOLS)
            raise MCPError(
                types.INVALID_PARAMS, f"there is no tool {params.name!r}; there are {known}"
            )
        _, _, arguments, handler, _ = TOOLS[params.name]
        try:
            given = arguments.model_validate(params.arguments or {})
            text, data = await handler(call_of(context), given)
        except ValidationError as error:
            return failed(explained(error))
        except GeungeoError as error:
            return failed(public(error, workspace.settings.store))
        except Exception:
            log.exception("tool %s failed", params.name)
            return failed(UNEXPECTED)
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=text)], structured_content=data
        )

    def failed(message: str) -> types.CallToolResult:
        content = types.TextContent(type="text", text=message)
        return types.CallToolResult(content=[content], is_error=True)

    async def list_resources(
        context: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        cursor = (params.cursor if params else None) or "0"
        if not re.fullmatch("[0-9]{1,9}", cursor):
            raise MCPError(types.INVALID_PARAMS, "cursor: send the one of the previous page")
        offset = int(cursor)
        listed = await call_of(context).page("", Filters(), PAGE, offset)
        after = offset + PAGE
        return types.ListResourcesResult(
            resources=[
                types.Resource(
                    uri=uri_of(one.id),
                    name=one.id,
                    title=one.title,
                    description=" · ".join(filter(None, [one.publisher, one.published_at])) or None,
                    mime_type=_TEXT,
                )
                for one in listed.articles
            ],
            next_cursor=str(after) if after < listed.total else None,
        )

    async def list_templates(_: Any, __: Any) -> types.ListResourceTemplatesResult:
        template = types.ResourceTemplate(
            name="article",
            title="Article",
            uri_template="geungeo://articles/{id}{?version}",
            description="The text of an article; spans of citations are positions in it.",
            mime_type=_TEXT,
        )
        return types.ListResourceTemplatesResult(resource_templates=[template])

    async def read_resource(
        context: ServerRequestContext[Any], params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        uri = str(params.uri)
        try:
            article = await call_of(context).resource(uri)
        except GeungeoError as error:
            raise MCPError(
                types.INVALID_PARAMS, public(error, workspace.settings.store), {"uri": uri}
            ) from error
        contents = types.TextResourceContents(uri=uri, mime_type=_TEXT, text=article.text)
        return types.ReadResourceResult(contents=[contents])

    return Server(
        "geungeo",
        title="geungeo (근거)",
        version=version,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
    )


def uri_of(article_id: str) -> str:
    """Return the URI of the resource for an article."""
    return f"geungeo://articles/{quote(article_id, safe='')}"


def explained(error: ValidationError) -> str:
    """Return what is wrong with the arguments, without their values."""
    rows = error.errors(include_input=False, include_url=False)
    return "; ".join(f"{'.'.join(map(str, row['loc']))}: {row['msg']}" for row in rows[:3])


class Endpoint:
    """The ASGI application at ``/mcp``; serves while the application's lifespan runs."""

    def __init__(self, state: AppState, version: str) -> None:
        self._state = state
        self._version = version
        self._manager: StreamableHTTPSessionManager | None = None
        self._missing: str | None = None

    @asynccontextmanager
    async def run(self) -> AsyncGenerator[None]:
        """Serve inside this context; without the SDK, answer requests with the way to get it."""
        workspace = self._state.workspace
        try:
            server = make_server(
                workspace, self._version, partial(self._state.metrics.answer, CHANNEL)
            )
        except MissingExtra as error:
            self._missing = str(error)
            yield
            return
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        # Hosts and Access, in front of all routes, check hosts, origins and keys.
        self._manager = StreamableHTTPSessionManager(
            server,
            json_response=True,
            stateless=True,
            max_request_body_size=workspace.settings.max_body_bytes,
        )
        async with self._manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["method"] != "POST":
            raise CodedError(
                405,
                "method_not_allowed",
                "this is the address of the MCP server: enter it in an MCP client, which sends "
                "POST requests",
                {"Allow": "POST"},
            )
        if self._manager is None:
            raise CodedError(503, "mcp_unavailable", self._missing or "the server is starting")
        await self._manager.handle_request(scope, receive, send)


async def serve_stdio(workspace: Workspace, version: str) -> None:
    """Serve one client on standard input and output until it closes them.

    Raises:
        MissingExtra: the SDK is not installed.
    """
    server = make_server(workspace, version)
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())
