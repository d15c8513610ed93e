"""All errors that geungeo raises deliberately, as one tree.

::

    GeungeoError
    ├── UsageError                 the request cannot be carried out
    │   ├── InvalidQuestion
    │   ├── InvalidRequest
    │   │   └── InvalidMetadata
    │   ├── SettingsError
    │   ├── MissingExtra
    │   └── NotFound
    │       ├── ArticleNotFound
    │       ├── ConversationNotFound
    │       ├── AnswerNotFound
    │       ├── FeedNotFound
    │       └── KeyNotFound
    ├── SourceError                a document cannot be read
    │   ├── UnsupportedSource
    │   ├── UndecodableSource
    │   ├── EmptySource
    │   ├── MalformedSource
    │   ├── FetchBlocked           an address that must not be fetched
    │   └── FetchFailed            an address that returned no document
    ├── StoreError                 the store cannot be used
    │   ├── StoreUnavailable
    │   ├── StoreLocked
    │   ├── StoreVersionMismatch
    │   ├── StoreCorrupt
    │   └── EmbedderMismatch
    ├── BackendError               an external service failed
    │   ├── BackendUnavailable     transient: retry
    │   │   └── BackendOverloaded  the queue for the backend is full: retry later
    │   └── BackendMisconfigured   permanent: a retry does not help
    ├── Overloaded                 the process has too much work: retry later
    ├── OutOfMemory                the process does not get the memory that it needs
    └── InvariantViolation         a bug in geungeo, caught before an answer was returned

A message names the cause and what to do. ``code`` is stable and meant for programs. Only the
outermost layer (command line, HTTP) turns an error into a status.
"""

from typing import ClassVar


class GeungeoError(Exception):
    """Base of all deliberate errors; ``str(error)`` is one line for the user."""

    code: ClassVar[str] = "error"


class UsageError(GeungeoError):
    """The request is wrong."""

    code = "usage"


class InvalidQuestion(UsageError):
    """The question is blank, too long or not text."""

    code = "invalid_question"


class InvalidRequest(UsageError):
    """A part of the request other than the question is invalid."""

    code = "invalid_request"


class InvalidMetadata(InvalidRequest):
    """A title, a date, an address or a language of an article or a text is invalid."""

    code = "invalid_metadata"


class SettingsError(UsageError):
    """A setting is unknown or has an invalid value."""

    code = "invalid_settings"


class MissingExtra(UsageError):
    """An optional dependency is missing; the message has the command that installs it."""

    code = "missing_extra"


class NotFound(UsageError):
    """The requested object does not exist."""

    code = "not_found"


class ArticleNotFound(NotFound):
    """The article, or this version of it, does not exist."""

    code = "article_not_found"


class ConversationNotFound(NotFound):
    """The conversation does not exist."""

    code = "conversation_not_found"


class AnswerNotFound(NotFound):
    """The answer does not exist, or is not shared."""

    code = "answer_not_found"


class FeedNotFound(NotFound):
    """The feed was not added to the store."""

    code = "feed_not_found"


class KeyNotFound(NotFound):
    """The API key does not exist."""

    code = "key_not_found"


class SourceError(GeungeoError):
    """A document cannot be turned into an article."""

    code = "bad_source"


class UnsupportedSource(SourceError):
    """The file type is not supported, or the file is binary."""

    code = "unsupported_source"


class UndecodableSource(SourceError):
    """The bytes are not text in any supported encoding."""

    code = "undecodable_source"


class EmptySource(SourceError):
    """The document contains no text."""

    code = "empty_source"


class MalformedSource(SourceError):
    """The document breaks the rules of its own format."""

    code = "malformed_source"


class FetchBlocked(SourceError):
    """The address must not be fetched: it is not public, or written unusually."""

    code = "fetch_blocked"


class FetchFailed(SourceError):
    """The address returned no document."""

    code = "fetch_failed"


class FetchRefused(FetchFailed):
    """The server answered that it has no such document, or not for us: with a status of 4xx."""


class StoreError(GeungeoError):
    """The store cannot be used."""

    code = "store_error"


class StoreUnavailable(StoreError):
    """The store's path cannot be opened, read or written."""

    code = "store_unavailable"


class StoreLocked(StoreError):
    """Another process is writing to the store."""

    code = "store_locked"


class StoreVersionMismatch(StoreError):
    """The store was written by a newer geungeo."""

    code = "store_version"


class StoreCorrupt(StoreError):
    """The contents of the store do not match their checksums."""

    code = "store_corrupt"


class EmbedderMismatch(StoreError):
    """The store was indexed with another embedder."""

    code = "embedder_mismatch"


class BackendError(GeungeoError):
    """An LLM or embedding endpoint failed."""

    code = "backend_error"


class BackendUnavailable(BackendError):
    """Transient: the endpoint is unreachable, overloaded or dropped the connection.

    ``retry_after`` is the delay before a retry in seconds, if known.
    """

    code = "backend_unavailable"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class BackendOverloaded(BackendUnavailable):
    """Too many answers are in progress; nothing was sent to the endpoint."""

    code = "backend_overloaded"

    retry_after: float

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message, retry_after=retry_after)


class BackendMisconfigured(BackendError):
    """Permanent: a wrong key, model or address; a retry does not help."""

    code = "backend_misconfigured"


class Overloaded(GeungeoError):
    """Too many requests are in progress and queued; nothing was done for this one.

    ``retry_after`` is the delay before a retry in seconds.
    """

    code = "overloaded"

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OutOfMemory(GeungeoError):
    """The process has, or is limited to, less memory than it needs."""

    code = "out_of_memory"


class InvariantViolation(GeungeoError):
    """An answer violated an invariant and was withheld."""

    code = "invariant_violation"
