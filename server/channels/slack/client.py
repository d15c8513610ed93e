"""Client that posts to Slack's own hosts only; distinguishes permanent and temporary errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from geungeo.rag.errors import BackendMisconfigured, BackendUnavailable
from geungeo.rag.settings import Settings
from geungeo.server.channels.slack.events import Job

RESPONSES = "https://hooks.slack.com"
TIMEOUT_SECONDS = 20.0
MAX_RETRY_AFTER = 3_600.0

# Temporary errors that Slack sends with status 200.
_TEMPORARY = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "fatal_error",
        "internal_error",
        "request_timeout",
        "service_unavailable",
    }
)
_SLACK_HOST = re.compile(r"(?:.+\.)?slack\.com")
_NAME = re.compile(r"[a-z0-9_.-]{1,80}", re.ASCII)
_URL = re.compile(r"[!-\[\]-~]{1,2000}", re.ASCII)


class SlackClient:
    """A client that posts messages without retries, which are the caller's decision."""

    def __init__(
        self, settings: Settings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._api = settings.slack_api_url.rstrip("/")
        self._token = settings.slack_bot_token
        self._origins = response_origins(settings)
        # No redirects: they would carry the token, or the message, to another host.
        self._http = httpx.AsyncClient(
            timeout=TIMEOUT_SECONDS, follow_redirects=False, transport=transport
        )

    async def post(self, job: Job, message: Mapping[str, Any]) -> None:
        """Post ``message`` to the thread or ``response_url`` of ``job``.

        Raises:
            BackendUnavailable: retry, after ``retry_after`` seconds if Slack named a delay.
            BackendMisconfigured: a retry cannot help; the message has Slack's error.
        """
        if job.response_url is not None:
            await self._respond(job.response_url, message)
            return
        body = {"channel": job.channel, "thread_ts": job.thread_ts, **message}
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        response = await self._call(f"{self._api}/chat.postMessage", body, headers)
        try:
            result = response.json()
        except ValueError:
            result = None
        if not isinstance(result, dict):
            raise BackendUnavailable(
                "Slack's Web API sent a response that is not JSON",
                retry_after=_retry_after(response),
            )
        if result.get("ok") is True:
            return
        error = _name(result.get("error"))
        if error in _TEMPORARY:
            raise BackendUnavailable(
                f"Slack could not post the message: {error}", retry_after=_retry_after(response)
            )
        raise BackendMisconfigured(f"Slack rejected the message: {error}; see docs/slack.md")

    async def _respond(self, url: str, message: Mapping[str, Any]) -> None:
        if not may_respond(url, self._origins):
            raise BackendMisconfigured(
                "the response_url does not belong to Slack and was not called"
            )
        body = {"response_type": "ephemeral", "replace_original": False, **message}
        await self._call(url, body, {"Content-Type": "application/json; charset=utf-8"})

    async def _call(
        self, url: str, body: Mapping[str, Any], headers: Mapping[str, str]
    ) -> httpx.Response:
        try:
            response = await self._http.post(url, json=body, headers=dict(headers))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise BackendUnavailable(f"Slack cannot be reached: {type(error).__name__}") from error
        status = response.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise BackendUnavailable(
                f"Slack responded with {status}", retry_after=_retry_after(response)
            )
        if status != httpx.codes.OK:
            raise BackendMisconfigured(
                f"Slack responded with {status}: {_name(response.text[:80])}"
            )
        return response

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def response_origins(settings: Settings) -> frozenset[str]:
    """Return the allowed origins of a ``response_url``: Slack's and that of ``slack_api_url``."""
    parts = urlsplit(settings.slack_api_url)
    if _SLACK_HOST.fullmatch(parts.hostname or ""):
        return frozenset({RESPONSES})
    return frozenset({RESPONSES, f"{parts.scheme}://{parts.netloc}"})


def may_respond(url: str, origins: frozenset[str]) -> bool:
    """Whether ``url`` has one of ``origins``, both literally and as parsed by the HTTP client."""
    if not _URL.fullmatch(url):
        return False
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    read = f"{parsed.scheme}://{parsed.netloc.decode('ascii')}"
    return not parsed.userinfo and read in origins and url.startswith(f"{read}/")


def _retry_after(response: httpx.Response) -> float | None:
    """Return ``Retry-After`` in seconds, at most an hour; ``None`` if there is none."""
    text = response.headers.get("Retry-After", "")
    return min(float(text), MAX_RETRY_AFTER) if re.fullmatch("[0-9]{1,9}", text) else None


def _name(error: object) -> str:
    """Return the name of an error of Slack's; other texts must not reach the log."""
    return error if isinstance(error, str) and _NAME.fullmatch(error) else "unknown error"
