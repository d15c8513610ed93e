"""Check the configured LLM endpoints with questions and verdicts whose answers are known."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import httpx

from geungeo.rag.article import Article, SectionKind
from geungeo.rag.backends.claims import ClaimParser
from geungeo.rag.backends.endpoint import Endpoint, Limits
from geungeo.rag.backends.prompt import Prompt, build
from geungeo.rag.backends.verifier import LLMVerifier, make_verifier
from geungeo.rag.errors import BackendMisconfigured, BackendUnavailable, SettingsError
from geungeo.rag.protocols import Claim, Evidence, Inquiry, Report, Task
from geungeo.rag.segmentation import count_tokens
from geungeo.rag.settings import LLMEndpoint, Settings
from geungeo.rag.text import Span

_QUESTION = "한빛전자의 2024년 매출은 얼마인가?"
_FACTS = (
    "한빛전자는 2024년 매출 5,170억 원을 올렸다.",
    "영업이익은 300억 원으로 1년 전보다 줄었다.",
    "직원은 1,200명이다.",
)
_FIGURE = "5170억"
_FAR_QUESTION = "1번 창고의 비밀번호는 무엇인가?"
_FAR_FACT = "1번 창고의 비밀번호는 4827이다."
_CODE = "4827"
_FILLER = "{number}번 창고에는 종이 상자 {boxes}개가 쌓여 있다."
# What a verifier is asked about: an article, and statements about it in other words.
_ARTICLE = (
    "한빛전자 소식 / 2025-03-02",
    "한빛전자는 2024년 매출 5,170억 원을 올렸다.",
    "영업이익은 300억 원으로 1년 전보다 줄었다.",
    "김도현 대표는 내년에 베트남 공장을 짓는 방안을 검토하고 있다고 말했다.",
    "노조는 이 계획에 반대하고 있다.",
    "지난달에는 서진자동차가 한빛전자에 낸 주문을 취소했다.",
)
_TRUE = (
    "한빛전자의 매출액은 2024년에 5,170억 원에 달했습니다.",
    "한빛전자는 베트남에 공장을 세울지 따져 보고 있습니다.",
    "베트남 공장 계획을 노조는 달가워하지 않습니다.",
)
_FALSE = (
    "한빛전자의 영업이익은 1년 전보다 늘었습니다.",
    "한빛전자는 내년에 베트남 공장을 짓기로 확정했습니다.",
    "노조는 베트남 공장 계획을 지지합니다.",
    "한빛전자는 서진자동차에 낸 주문을 취소했습니다.",
    "베트남 공장에는 정부 지원금이 들어갑니다.",
)
# Longer prompts are not tried: they are expensive, and those of real questions are shorter.
_LONGEST_PROMPT = 16_384
# Tokens for the answer to the prompt that fills the context window.
_SHORT_ANSWER = 96
# Share of a timeout that the short test prompt may take.
_RESERVE = 0.5
# An answer counts as not streamed if it has more characters than this in one piece, or arrives
# all at once after this many seconds.
_PIECE = 20
_BUFFERED = 2.0
_MOSTLY = 0.5
_SHOWN_MODELS = 8
_LIST = "/models"
_MAX_LISTING = 1_000_000
_LETTER = re.compile(r"[^\W\d_]")
_HANGUL = re.compile(r"[가-힣]")


@dataclass(frozen=True, slots=True)
class Check:
    """Result of one check; ``message`` is the finding, or the fault and what to do about it."""

    name: str
    message: str
    ok: bool = False


@dataclass(slots=True)
class Diagnosis:
    """Results of the checks of one endpoint. ``first_token`` and ``total`` are in seconds."""

    endpoint: str
    checks: list[Check] = field(default_factory=list)
    reachable: bool = True
    answer: str = ""
    first_token: float | None = None
    total: float | None = None

    @property
    def ok(self) -> bool:
        """Whether every check passed."""
        return all(check.ok for check in self.checks)

    def passed(self, name: str, message: str) -> None:
        """Add a check that passed."""
        self.checks.append(Check(name, message, ok=True))

    def failed(self, name: str, message: str) -> None:
        """Add a check that failed."""
        self.checks.append(Check(name, message))


@dataclass(slots=True)
class _Reply:
    """A received answer: its text and when its pieces arrived, in seconds after the request."""

    text: str = ""
    claims: list[Claim] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    total: float = 0.0
    finish: str | None = None
    thought: bool = False

    @property
    def streamed(self) -> bool:
        """Whether the answer arrived in pieces over time."""
        if len(self.text) <= _PIECE:
            return True
        if len(self.times) == 1:
            return False
        spread = self.times[-1] - self.times[0]
        return self.times[0] < _BUFFERED or spread > self.times[0] / 100


async def diagnose(settings: Settings) -> list[Diagnosis]:
    """Ask every endpoint of ``settings`` questions with known answers and check the replies.

    The main endpoint comes first, then the fallbacks, then the verifier if it is a model.
    """
    if not settings.llm_base_url or not settings.llm_model:
        missing = "llm_model" if settings.llm_base_url else "llm_base_url"
        unset = Diagnosis("openai")
        unset.failed("address", f"{missing} is not set; set it or GEUNGEO_{missing.upper()}")
        return [unset, *await _verify(settings)]
    first = LLMEndpoint(
        base_url=settings.llm_base_url, model=settings.llm_model, api_key=settings.llm_api_key
    )
    found = [await _diagnose(one, settings) for one in (first, *settings.llm_fallbacks)]
    if settings.backend != "openai":
        found[0].failed(
            "backend",
            f"it is not used: the backend is {settings.backend!r}; set GEUNGEO_BACKEND=openai",
        )
    # An endpoint that does not answer cannot verify.
    if found[0].answer or settings.verifier_base_url:
        found += await _verify(settings)
    return found


async def _verify(settings: Settings) -> list[Diagnosis]:
    """Ask the verifier, if it is an LLM, about true and false statements."""
    try:
        verifier = make_verifier(settings)
    except SettingsError as error:
        unset = Diagnosis("verifier")
        unset.failed("address", str(error))
        return [unset]
    if not isinstance(verifier, LLMVerifier):
        return []
    found = Diagnosis(f"verifier {verifier.name}")
    inquiries = [Inquiry(text, _ARTICLE) for text in (*_TRUE, *_FALSE)]
    report = Report(verifier.name)
    loop = asyncio.get_running_loop()
    began = loop.time()
    verdicts = await verifier.judge(inquiries, report, settings.verifier_timeout)
    found.total = loop.time() - began
    if report.notes:
        found.reachable = await _connects(settings)
        found.failed("verdict", "; ".join(report.notes))
        return [found]
    took = f"{len(verdicts)} verdicts after {found.total:.1f} s"
    if found.total > _RESERVE * settings.verifier_timeout:
        found.failed(
            "speed",
            f"{took}: evidence is longer in real answers; raise verifier_timeout (now "
            f"{settings.verifier_timeout:g} s) or use a faster model",
        )
    else:
        found.passed("speed", took)
    supported = [verdict == "supported" for verdict in verdicts]
    true, false = sum(supported[: len(_TRUE)]), sum(supported[len(_TRUE) :])
    # One may be missed: it is then quoted. A lie that passes is shown.
    if true >= len(_TRUE) - 1:
        found.passed("true statements", f"it recognises {true} of {len(_TRUE)} true statements")
    else:
        found.failed(
            "true statements",
            f"it recognises {true} of {len(_TRUE)} true statements: what it does not "
            "recognise is replaced by quotations; set GEUNGEO_VERIFIER_MODEL to a stronger model",
        )
    if false:
        found.failed(
            "false statements",
            f"it takes {false} of {len(_FALSE)} false statements for true ones; set "
            "GEUNGEO_VERIFIER_MODEL to a stronger model, or GEUNGEO_VERIFIER=rules",
        )
    else:
        found.passed("false statements", f"it rejects {len(_FALSE)} of {len(_FALSE)} lies")
    return [found]


async def _connects(settings: Settings) -> bool:
    """Whether the verifier's address accepts connections."""
    base_url = settings.verifier_base_url or settings.llm_base_url or ""
    try:
        await _get_models(base_url, {}, settings.llm_connect_timeout)
    except (httpx.ConnectError, httpx.ConnectTimeout):
        return False
    except httpx.HTTPError:
        return True
    return True


async def _diagnose(config: LLMEndpoint, settings: Settings) -> Diagnosis:
    found = Diagnosis(f"openai:{config.model}")
    context_tokens = config.context_tokens or settings.llm_context_tokens
    try:
        endpoint = Endpoint.of(
            config,
            Limits(
                connect=settings.llm_connect_timeout,
                first_token=settings.llm_first_token_timeout,
                stall=settings.llm_stall_timeout,
                retries=0,
            ),
            context_tokens=context_tokens,
        )
        prompt = _prompt(_QUESTION, _FACTS, context_tokens, settings.llm_max_tokens)
    except SettingsError as error:
        found.failed("address", str(error))
        return found
    except BackendMisconfigured as error:
        found.failed("context", str(error))
        return found
    reply = await _try(endpoint, config, prompt, settings, settings.llm_max_tokens, found)
    if reply is None:
        return found
    _judge(reply, settings, found)
    if reply.text.strip():
        await _fill(endpoint, config, settings, found)
    return found


def _prompt(question: str, facts: tuple[str, ...], context_tokens: int, max_tokens: int) -> Prompt:
    """Return the prompt as the backend sends it, with these sentences as evidence."""
    text = "\n".join(facts)
    article = Article(id="check", title="한빛전자 소식", published_at="2025-03-02", text=text)
    evidence = []
    at = 0
    for number, fact in enumerate(facts, 1):
        span = Span(at, at + len(fact))
        evidence.append(Evidence(number, article, span, SectionKind.BODY, 1.0, 1))
        at = span.end + 1
    task = Task(question, "ko", tuple(evidence), context=tuple(evidence))
    return build(task, context_tokens=context_tokens, max_tokens=max_tokens, count=count_tokens)


async def _try(
    endpoint: Endpoint,
    config: LLMEndpoint,
    prompt: Prompt,
    settings: Settings,
    max_tokens: int,
    found: Diagnosis,
) -> _Reply | None:
    """Return the reply to ``prompt``; ``None`` after a failure, which is added to ``found``."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    deadline = began + settings.llm_timeout
    try:
        pieces = endpoint.complete(prompt.messages, max_tokens=max_tokens, deadline=deadline)
        return await _read(pieces, prompt, began)
    except BackendMisconfigured as error:
        found.checks.append(await _explained(config, settings, error))
    except BackendUnavailable as error:
        took = loop.time() - began
        if took >= min(settings.llm_first_token_timeout, settings.llm_timeout):
            found.failed(
                "speed",
                f"{error}: after {took:.0f} s; raise llm_first_token_timeout "
                f"(now {settings.llm_first_token_timeout:g} s) and llm_timeout "
                f"(now {settings.llm_timeout:g} s), or use a smaller model or a GPU",
            )
        else:
            found.reachable = False
            found.failed(
                "connection", f"{error}; check that it is running and that llm_base_url is right"
            )
    return None


async def _read(pieces: AsyncGenerator[Any, None], prompt: Prompt, began: float) -> _Reply:
    loop = asyncio.get_running_loop()
    reply = _Reply()
    parser = ClaimParser(prompt.numbers)
    async with aclosing(pieces):
        async for piece in pieces:
            reply.finish = piece.finish or reply.finish
            if piece.text:
                reply.text += piece.text
                reply.times.append(loop.time() - began)
                reply.claims += parser.feed(piece.text)
            elif not piece.finish and not piece.done and piece.usage is None:
                reply.thought = True
    reply.claims += parser.finish()
    reply.total = loop.time() - began
    return reply


async def _explained(config: LLMEndpoint, settings: Settings, error: BackendMisconfigured) -> Check:
    """Return a failed check for ``error``; the list of models may give the reason."""
    key = config.api_key.get_secret_value().strip() if config.api_key else ""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        response = await _get_models(config.base_url, headers, settings.llm_connect_timeout)
    except httpx.HTTPError:
        return Check("request", str(error))
    if response.status_code in {401, 403}:
        what = "the key is wrong" if key else "it wants a key; set GEUNGEO_LLM_API_KEY"
        return Check("key", f"{error}: {what}")
    if response.has_redirect_location:
        target = response.headers["location"].removesuffix(_LIST)
        return Check("redirect", f"{error}; it points to {target}")
    known = _listed(response)
    if known and config.model not in known:
        shown = ", ".join(known[:_SHOWN_MODELS])
        more = f" and {len(known) - _SHOWN_MODELS} more" if len(known) > _SHOWN_MODELS else ""
        return Check("model", f"{error}: it offers {shown}{more}")
    return Check("request", str(error))


async def _get_models(base_url: str, headers: dict[str, str], timeout: float) -> httpx.Response:
    url = httpx.URL(base_url)
    url = url.copy_with(path=url.path.rstrip("/") + _LIST, fragment=None)
    async with httpx.AsyncClient(follow_redirects=False, timeout=timeout) as client:
        return await client.get(url, headers=headers)


def _listed(response: httpx.Response) -> list[str]:
    """Return the names in a list of models; empty if the response is not such a list."""
    if response.status_code != httpx.codes.OK or len(response.content) > _MAX_LISTING:
        return []
    try:
        data = response.json()["data"]
        return [str(one["id"]) for one in data]
    except (ValueError, KeyError, TypeError):
        return []


def _judge(reply: _Reply, settings: Settings, found: Diagnosis) -> None:
    """Add the checks of the reply to the short question."""
    found.answer = reply.text.strip()
    found.total = reply.total
    found.first_token = reply.times[0] if reply.times else None
    if not found.answer:
        cause = ""
        if reply.thought or reply.finish == "length":
            cause = f": it only thought; raise llm_max_tokens (now {settings.llm_max_tokens:,})"
        found.failed("text", f"it answered without text{cause}")
        return
    found.passed("connection", "it answers")
    _judge_speed(reply, settings, found)
    if reply.streamed:
        found.passed("streaming", "the answer arrives as it is written")
    else:
        found.failed(
            "streaming",
            "the whole answer arrived at once: readers wait for all of it, and "
            "llm_first_token_timeout must be as long as a whole answer takes; "
            "switch off response buffering in proxies between geungeo and the model",
        )
    letters = _LETTER.findall(found.answer)
    if len(_HANGUL.findall(found.answer)) < _MOSTLY * len(letters):
        found.failed(
            "korean",
            "it answered a Korean question in another language; use a model that writes Korean",
        )
    else:
        found.passed("korean", "it answers in Korean")
    if _FIGURE in _squeezed(found.answer):
        found.passed("answer", "it found the figure in the evidence")
    else:
        found.failed(
            "answer",
            "it did not give the figure that the evidence states; most of what such a model "
            "writes is replaced by quotations",
        )
    if any(1 in claim.cites for claim in reply.claims):
        found.passed("citations", "it cites evidence by number")
    else:
        found.failed(
            "citations",
            "it ignores the numbers of the evidence or cites a wrong one; geungeo then looks for "
            "the source by itself and finds it less often",
        )
    if reply.finish in {"length", "max_tokens"}:
        found.failed(
            "length",
            f"the answer was cut at llm_max_tokens ({settings.llm_max_tokens:,}); raise it",
        )


def _judge_speed(reply: _Reply, settings: Settings, found: Diagnosis) -> None:
    first = reply.times[0]
    timing = f"first token after {first:.1f} s, whole answer after {reply.total:.1f} s"
    if first > _RESERVE * settings.llm_first_token_timeout:
        found.failed(
            "speed",
            f"{timing}: real prompts are longer; raise llm_first_token_timeout "
            f"(now {settings.llm_first_token_timeout:g} s), or use a smaller model or a GPU",
        )
    elif reply.total > _RESERVE * settings.llm_timeout:
        found.failed(
            "speed",
            f"{timing}: real answers are longer; raise llm_timeout "
            f"(now {settings.llm_timeout:g} s), or use a smaller model or a GPU",
        )
    else:
        found.passed("speed", timing)


async def _fill(
    endpoint: Endpoint, config: LLMEndpoint, settings: Settings, found: Diagnosis
) -> None:
    """Check that the model reads the start of a prompt as long as ``llm_context_tokens`` allows."""
    window = min(endpoint.context_tokens, _LONGEST_PROMPT)
    room = max(_SHORT_ANSWER, min(settings.llm_max_tokens, window // 4))
    facts = [_FAR_FACT]
    spent = 0
    while spent < window:
        facts.append(_FILLER.format(number=len(facts) + 1, boxes=7 * len(facts) % 90 + 10))
        spent += count_tokens(facts[-1])
    prompt = _prompt(_FAR_QUESTION, tuple(facts), window, room)
    reply = await _try(endpoint, config, prompt, settings, room, found)
    if reply is None:
        last = found.checks[-1]
        found.checks[-1] = Check(
            "context",
            f"with a prompt of {prompt.tokens:,} tokens, as llm_context_tokens allows: "
            f"{last.message}",
        )
        return
    if _CODE in _squeezed(reply.text):
        found.passed(
            "context",
            f"it reads a prompt of {prompt.tokens:,} tokens from its beginning, "
            f"in {reply.total:.1f} s",
        )
        return
    found.failed(
        "context",
        f"it does not know the beginning of a prompt of {prompt.tokens:,} tokens: its context "
        f"window is smaller than llm_context_tokens ({endpoint.context_tokens:,}), or the model "
        "is too weak; enlarge the window (Ollama: OLLAMA_CONTEXT_LENGTH) or lower the setting",
    )


def _squeezed(text: str) -> str:
    return re.sub(r"[\s,]", "", text)
