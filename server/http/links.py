"""Links to articles and citations, and the difference between browsers and programs."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Scope

from geungeo.rag.answer import Citation, Nearest
from geungeo.rag.checking import ClaimSource
from geungeo.rag.readers.draft import web_address

_HOST = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?", re.ASCII)


def deep_link(article_id: str, version: int, start: int, end: int) -> str:
    """Return the page's path for a span of an article version."""
    query = urlencode({"version": version, "start": start, "end": end})
    return f"/articles/{quote(article_id, safe='')}?{query}"


def citation_link(citation: Citation, base_url: str) -> str:
    """Return the URL at which a reader can check ``citation``: the article's own, or the page's.

    Without a ``base_url`` the page's URL is a path.
    """
    own = web_address(citation.url)
    link = deep_link(citation.article_id, citation.version, citation.start, citation.end)
    return own or f"{base_url.rstrip('/')}{link}"


def source_link(citation: Citation | Nearest | ClaimSource, base_url: str) -> str | None:
    """Return the page's URL of ``citation``, under ``base_url``; ``None`` if that is unknown."""
    path = deep_link(citation.article_id, citation.version, citation.start, citation.end)
    return f"{base_url.rstrip('/')}{path}" if base_url else None


def base_url_of(request: Request, public_url: str | None) -> str:
    """Return the server's public URL: the setting or the request's Host; "" if that is invalid."""
    if public_url:
        return public_url
    host = request.headers.get("host", "")
    return f"{request.url.scheme}://{host}" if _HOST.fullmatch(host) else ""


def wants_page(scope: Scope) -> bool:
    """Whether a browser navigates; at a path that the page and the API share, it gets HTML."""
    return "text/html" in Headers(scope=scope).get("accept", "")
