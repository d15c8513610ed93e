"""An OpenAI-compatible endpoint with retries, deadlines, error mapping and circuit breaker."""

from __future__ import annotations

import asyncio
import logging
import math
import ssl
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Self

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception
from tenacity.wait import wait_random_exponential

from geungeo.rag.backends.wire import Piece, Wire
from geungeo.rag.errors import BackendError, BackendMisconfigured, BackendUnavailable, SettingsError

if TYPE_CHECKING:
    from geungeo.rag.settings import LLMEndpoint

Clock = Callable[[], float]

# Upper bound of a Retry-After, in seconds: a longer one may be a mistake.
MAX_HOLD = 600.0


class Breaker:
    """Circuit breaker that opens after ``threshold`` failures in a row, for ``cooldown`` seconds.

    Then one trial call is allowed; its success closes the breaker, its failure opens it again. A
    trial without a reported result (its client disconnected) expires after ``cooldown``.
    """

    def __init__(
        self, threshold: int = 5, cooldown: float = 30.0, *, clock: Clock = time.monotonic
    ) -> None:
        self._threshold = threshold
        self._cooldown = cooldown
        self._clock = clock
        self._failures = 0
        self._shut_until = -math.inf

    def wait(self) -> float:
        """Return the seconds until a call is allowed; 0 admits it, as the trial if open."""
        now = self._clock()
        if now < self._shut_until:
            return self._shut_until - now
        if self._failures >= self._threshold:
            self._shut_until = now + self._cooldown
        return 0.0

    @property
    def is_open(self) -> bool:
        """Whether calls are refused now."""
        return self._clock() < self._shut_until

    def succeeded(self) -> None:
        """Record a success: close the breaker."""
        self._failures = 0
        self._shut_until = -math.inf

    def failed(self) -> None:
        """Record a failure."""
        self._failures += 1
        if self._failures >= self._threshold:
            self._shut_until = max(self._shut_until, self._clock() + self._cooldown)

    def hold(self, seconds: float) -> None:
        """Open the breaker for ``seconds``, as the endpoint asked."""
        self._shut_until = max(self._shut_until, self._clock() + min(seconds, MAX_HOLD))


# With a longer Retry-After the call is not retried: another endpoint answers sooner.
MAX_RETRY_AFTER = 60.0
_MAX_BACKOFF = 8.0

Sleep = Callable[[float], Awaitable[None]]
ResponseFormat = Mapping[str, Any]


class NotAgain(BackendUnavailable):
    """Transient failure that is not retried with the same endpoint.

    The endpoint timed out, or its breaker is open.
    """


def parse_retry_after(value: str | None, *, now: Callable[[], float] = time.time) -> float | None:
    """Return the seconds of a ``Retry-After`` header (RFC 9110, section 10.2.3).

    Accepts whole seconds (and, beyond the RFC, decimals) or an HTTP date; a past date is 0.
    ``None`` for an invalid value.
    """
    if not value or len(value) > 64 or not value.isascii():
        return None
    value = value.strip()
    if value.replace(".", "", 1).isdigit():
        return min(float(value), float(10**9))
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.fromtimestamp(now(), UTC)).total_seconds())


def retrying(
    attempts: int, *, backoff: float, sleep: Sleep, left: Callable[[], float]
) -> AsyncRetrying:
    """Return the policy: at most ``attempts`` tries, jittered exponential ``backoff`` (seconds).

    Only :class:`BackendUnavailable` but not :class:`NotAgain` is retried, and never after the
    first token (the caller ensures that). A ``Retry-After`` replaces the wait. There is no
    retry whose wait would exceed ``MAX_RETRY_AFTER`` or the seconds that are ``left()``; the
    last error is raised.
    """
    jittered = wait_random_exponential(multiplier=backoff, max=_MAX_BACKOFF)

    def wait(state: RetryCallState) -> float:
        asked = _asked(state)
        return jittered(state) if asked is None else asked

    def stop(state: RetryCallState) -> bool:
        upcoming = state.upcoming_sleep
        if state.attempt_number >= attempts or upcoming > MAX_RETRY_AFTER:
            return True
        return upcoming >= left()

    return AsyncRetrying(
        wait=wait,
        stop=stop,
        retry=retry_if_exception(
            lambda error: isinstance(error, BackendUnavailable) and not isinstance(error, NotAgain)
        ),
        sleep=sleep,
        reraise=True,
    )


def _asked(state: RetryCallState) -> float | None:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, BackendUnavailable) else None
    return None if asked is None or math.isnan(asked) else asked


_TRANSIENT = frozenset({408, 409, 425, 429})
_UNSUPPORTED = frozenset({400, 422})
_SERVER_ERROR = 500
_MAX_ERROR_BODY = 4_096
# Seconds that a finished answer waits for its usage and ``[DONE]``.
_CLOSING_TIMEOUT = 2.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """Timeouts in seconds, and the number of retries."""

    connect: float
    first_token: float
    stall: float
    retries: int
    backoff: float = 0.5


class Endpoint:
    """Client that streams completions of one model. ``label`` names it without its address.

    ``setting`` begins the names of the settings that errors about address and key refer to.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key: str | None,
        limits: Limits,
        *,
        context_tokens: int,
        breaker: Breaker | None = None,
        sleep: Sleep = asyncio.sleep,
        now: Callable[[], float] = time.time,
        setting: str = "llm",
    ) -> None:
        self.label = f"openai:{model}"
        self.context_tokens = context_tokens
        self.breaker = breaker or Breaker()
        self._url = _completions_url(base_url, setting)
        self._model = model
        self._headers = _headers(api_key, setting)
        self._limits = limits
        self._sleep = sleep
        self._now = now
        # Indices of the parameters and the response format that the endpoint accepted last.
        self._dialect = 0
        self._format = 0

    @classmethod
    def of(
        cls, config: LLMEndpoint, limits: Limits, *, context_tokens: int, setting: str = "llm"
    ) -> Self:
        """Return the client of a configured endpoint, which may have a window of its own."""
        return cls(
            config.base_url,
            config.model,
            config.api_key.get_secret_value() if config.api_key else None,
            limits,
            context_tokens=config.context_tokens or context_tokens,
            setting=setting,
        )

    async def complete(
        self,
        messages: Sequence[dict[str, str]],
        *,
        max_tokens: int,
        deadline: float,
        formats: Sequence[ResponseFormat | None] = (None,),
    ) -> AsyncGenerator[Piece, None]:
        """Yield the completion piece by piece; ``deadline`` is in the running loop's time.

        ``formats`` are values of ``response_format``, the best first (``None`` sends none): if
        an endpoint refuses one, the next is tried, and the choice is remembered. A failure is
        retried only before the first token. Closing the iterator closes the connection.

        Raises:
            BackendUnavailable: unreachable, overloaded, too slow, or the stream broke off.
            BackendMisconfigured: the endpoint refuses the key, the model or the request.
        """
        time_left = _time_left(deadline)
        stall = self._limits.stall
        finished = False
        policy = retrying(
            self._limits.retries + 1,
            backoff=self._limits.backoff,
            sleep=self._sleep,
            left=time_left,
        )
        call: _Call = await policy(self._try, messages, max_tokens, deadline, formats)
        async with aclosing(call):
            while True:
                try:
                    piece = await call.next(stall, deadline)
                except BackendError as error:
                    if not finished:
                        self._failed(error)
                        raise
                    # The answer is complete; only its usage or the end marker is missing.
                    piece = None
                if piece is None:
                    break
                if piece.finish:
                    finished, stall = True, min(stall, _CLOSING_TIMEOUT)
                try:
                    yield piece
                except GeneratorExit:
                    # The caller stopped reading; the endpoint did not fail.
                    self.breaker.succeeded()
                    raise
                if piece.done:
                    break
        self.breaker.succeeded()

    async def _try(
        self,
        messages: Sequence[dict[str, str]],
        max_tokens: int,
        deadline: float,
        formats: Sequence[ResponseFormat | None],
    ) -> _Call:
        """Make one attempt, up to and including the first piece."""
        if wait := self.breaker.wait():
            raise NotAgain(
                f"{self.label} failed repeatedly; the next call is allowed in {wait:.0f} s",
                retry_after=wait,
            )
        try:
            return await self._open_in_dialect(messages, max_tokens, deadline, formats)
        except BackendError as error:
            self._failed(error)
            raise

    def _failed(self, error: BackendError) -> None:
        log.warning("%s at %s: %s", self.label, self._url.host, error)
        if isinstance(error, BackendUnavailable):
            self.breaker.failed()
            if error.retry_after is not None and error.retry_after > MAX_RETRY_AFTER:
                self.breaker.hold(error.retry_after)

    async def _open_in_dialect(
        self,
        messages: Sequence[dict[str, str]],
        max_tokens: int,
        deadline: float,
        formats: Sequence[ResponseFormat | None],
    ) -> _Call:
        """Try the request with fewer parameters until it is accepted; remember which were."""
        bodies = self._bodies(messages, max_tokens)
        tries = [(dialect, form) for dialect in range(len(bodies)) for form in range(len(formats))]
        first = tries.index((self._dialect, min(self._format, len(formats) - 1)))
        refusal = ""
        for dialect, form in tries[first:]:
            body = bodies[dialect]
            if formats[form] is not None:
                body = {**body, "response_format": formats[form]}
            try:
                call = await self._open(body, deadline)
            except _Unsupported as error:
                refusal = str(error)
                continue
            self._dialect = dialect
            if len(formats) > 1:
                self._format = form
            return call
        self._dialect = self._format = 0
        raise BackendMisconfigured(refusal)

    def _bodies(
        self, messages: Sequence[dict[str, str]], max_tokens: int
    ) -> tuple[dict[str, Any], ...]:
        bare = {"model": self._model, "messages": list(messages), "stream": True}
        usage = {"stream_options": {"include_usage": True}}
        return (
            {**bare, **usage, "temperature": 0, "max_tokens": max_tokens},
            # Reasoning models of OpenAI refuse temperature and max_tokens.
            {**bare, **usage, "max_completion_tokens": max_tokens},
            bare,
        )

    async def _open(self, body: dict[str, Any], deadline: float) -> _Call:
        loop = asyncio.get_running_loop()
        first = min(loop.time() + self._limits.first_token, deadline)
        async with AsyncExitStack() as stack:
            # One client for each call: a stream that is cancelled at the wrong moment leaves a
            # dead connection in the pool (httpcore #1093); this pool is closed with the call.
            client = await stack.enter_async_context(
                httpx.AsyncClient(
                    verify=_tls(),
                    follow_redirects=False,  # a key is never sent to another host
                    timeout=httpx.Timeout(None, connect=self._limits.connect),
                )
            )
            try:
                async with asyncio.timeout_at(first):
                    request = client.build_request(
                        "POST", self._url, json=body, headers=self._headers
                    )
                    response = await client.send(request, stream=True)
                    stack.push_async_callback(response.aclose)
                    if response.status_code != 200:
                        raise await self._refusal(response)
            except TimeoutError:
                raise NotAgain(f"{self.label} did not answer in time") from None
            except httpx.HTTPError as error:
                raise _mapped(self.label, error) from error
            call = _Call(self.label, response, stack)
            await call.fill(first, "sent no token in time")
            call.stack = stack.pop_all()
            return call
        raise AssertionError("unreachable")

    async def _refusal(self, response: httpx.Response) -> BackendError:
        """Map a status other than 200 to an error. The body may contain the key: never show it."""
        status = response.status_code
        if status in _TRANSIENT or status >= 500:
            if status == 429 and b"insufficient_quota" in await _head(response):
                return BackendMisconfigured(f"{self.label} answered 429: its quota is used up")
            # The server of llama-cpp-python reports an unknown field like this.
            if status == _SERVER_ERROR and b"validation error" in await _head(response):
                return _Unsupported(f"{self.label} answered {status}: it refuses the request")
            after = parse_retry_after(response.headers.get("retry-after"), now=self._now)
            return BackendUnavailable(f"{self.label} answered {status}", retry_after=after)
        if status in _UNSUPPORTED:
            return _Unsupported(
                f"{self.label} answered {status}: it refuses the request; check the model name"
            )
        if 300 <= status < 400:
            return BackendMisconfigured(
                f"{self.label} answered {status}: redirects are not followed; "
                "set its base URL to the final address"
            )
        what = {401: "check its key", 403: "check its key", 404: "check base URL and model name"}
        return BackendMisconfigured(
            f"{self.label} answered {status}: {what.get(status, 'check its base URL and account')}"
        )


class _Call:
    """A running completion whose first piece has arrived."""

    def __init__(self, label: str, response: httpx.Response, stack: AsyncExitStack) -> None:
        self.stack = stack
        self._label = label
        self._wire = Wire()
        self._chunks = response.aiter_bytes()
        self._ready: list[Piece] = []
        self._ended = False

    async def next(self, stall: float, deadline: float) -> Piece | None:
        """Return the next piece, ``None`` at the end; ``stall`` is a timeout in seconds."""
        loop = asyncio.get_running_loop()
        if not self._ready:
            await self.fill(min(loop.time() + stall, deadline), "stopped sending")
        return self._ready.pop(0) if self._ready else None

    async def fill(self, until: float, late: str) -> None:
        """Read until a piece or the end arrives. Comments and empty events are skipped."""
        try:
            async with asyncio.timeout_at(until):
                while not self._ready and not self._ended:
                    await self._read()
        except TimeoutError:
            raise NotAgain(f"{self._label} {late}") from None
        except httpx.HTTPError as error:
            raise _mapped(self._label, error) from error

    async def _read(self) -> None:
        if failure := self._wire.failure:
            raise type(failure)(f"{self._label} {failure}")
        chunk = await anext(self._chunks, None)
        if chunk is None:
            self._ready += self._wire.close()
            self._ended = self._wire.failure is None
        else:
            self._ready += self._wire.feed(chunk)

    async def aclose(self) -> None:
        """Close the connection without reading further."""
        await self.stack.aclose()


class _Unsupported(BackendMisconfigured):
    """Refusal that may be due to a field that the endpoint does not know."""


def _mapped(label: str, error: httpx.HTTPError) -> BackendError:
    """Map an error of httpx to a ``BackendError``; the most specific case comes first."""
    name = type(error).__name__
    match error:
        case httpx.UnsupportedProtocol() | httpx.LocalProtocolError():
            return BackendMisconfigured(f"{label} cannot be called: {name}; check its base URL")
        case httpx.ConnectError() | httpx.ConnectTimeout():
            return BackendUnavailable(f"{label} cannot be reached: {name}")
        case _:
            return BackendUnavailable(f"{label} broke off: {name}")


async def _head(response: httpx.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) >= _MAX_ERROR_BODY:
            break
    return body


@cache
def _tls() -> ssl.SSLContext:
    # Loading the certificates is the slowest part of creating a client; the context is shared.
    return httpx.create_ssl_context()


def _time_left(deadline: float) -> Callable[[], float]:
    loop = asyncio.get_running_loop()
    return lambda: deadline - loop.time()


def _completions_url(base_url: str, setting: str) -> httpx.URL:
    try:
        url = httpx.URL(base_url)
    except (httpx.InvalidURL, TypeError) as error:
        raise SettingsError(
            f"{setting}_base_url is not a URL; set one such as http://localhost:11434/v1"
        ) from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise SettingsError(
            f"{setting}_base_url must begin with http:// or https:// and name a host"
        )
    if url.port is not None and url.port > 65_535:
        raise SettingsError(f"{setting}_base_url has port {url.port}; the highest port is 65,535")
    if url.userinfo:
        raise SettingsError(
            f"{setting}_base_url must not contain a user or password; set {setting}_api_key"
        )
    return url.copy_with(path=url.path.rstrip("/") + "/chat/completions", fragment=None)


def _headers(api_key: str | None, setting: str) -> dict[str, str]:
    headers = {"Accept": "text/event-stream, application/json", "Accept-Encoding": "identity"}
    if api_key and (key := api_key.strip()):
        if not key.isascii() or not key.isprintable() or " " in key:
            raise SettingsError(
                f"{setting}_api_key contains a character that is not allowed in an HTTP header"
            )
        headers["Authorization"] = f"Bearer {key}"
    return headers
