"""Every error that geungeo raises on purpose, drawn as one tree.

::

    GeungeoError
    ├── UsageError                 the caller asked for something that cannot be done
    │   ├── InvalidQuestion
    │   ├── InvalidRequest
    │   ├── SettingsError
    │   ├── MissingExtra
    │   └── NotFound
    │       ├── ArticleNotFound
    │       ├── ConversationNotFound
    │       └── KeyNotFound
    ├── SourceError                a document cannot be read
    │   ├── UnsupportedSource
    │   ├── UndecodableSource
    │   ├── EmptySource
    │   ├── MalformedSource
    │   ├── FetchBlocked           an address that may not be asked
    │   └── FetchFailed            an address that gave no document
    ├── StoreError                 the store cannot serve
    │   ├── StoreUnavailable
    │   ├── StoreLocked
    │   ├── StoreVersionMismatch
    │   ├── StoreCorrupt
    │   └── EmbedderMismatch
    ├── BackendError               something outside our process failed
    │   ├── BackendUnavailable     transient: worth another try
    │   │   └── BackendOverloaded  our own queue for it is full: come back later
    │   └── BackendMisconfigured   permanent: no retry will mend it
    ├── Overloaded                 more is asked of this process than it can do: come back later
    ├── OutOfMemory                the process may not have the memory that it needs
    └── InvariantViolation         a bug of ours, caught before it reached anyone

A message names the culprit and the way out. ``code`` is stable and meant for programs.
Only the outermost layer (command line, HTTP) turns an error into a status.
"""

from typing import ClassVar


class GeungeoError(Exception):
    """Base of all deliberate errors; ``str(error)`` is one line fit for the user."""

    code: ClassVar[str] = "error"


class UsageError(GeungeoError):
    """The request itself is at fault."""

    code = "usage"


class InvalidQuestion(UsageError):
    """The question is blank, too long or not text."""

    code = "invalid_question"


class InvalidRequest(UsageError):
    """Another part of the request is out of bounds."""

    code = "invalid_request"


class SettingsError(UsageError):
    """A setting is unknown or has an impossible value."""

    code = "invalid_settings"


class MissingExtra(UsageError):
    """An optional dependency is needed; the message holds the command that installs it."""

    code = "missing_extra"


class NotFound(UsageError):
    """The named thing does not exist."""

    code = "not_found"


class ArticleNotFound(NotFound):
    """No such article, or no such version of it."""

    code = "article_not_found"


class ConversationNotFound(NotFound):
    """No such conversation."""

    code = "conversation_not_found"


class KeyNotFound(NotFound):
    """No such API key."""

    code = "key_not_found"


class SourceError(GeungeoError):
    """A document cannot be turned into an article."""

    code = "bad_source"


class UnsupportedSource(SourceError):
    """The file type is not one that we read, or the file is binary."""

    code = "unsupported_source"


class UndecodableSource(SourceError):
    """The bytes are not text in any encoding that we recognise."""

    code = "undecodable_source"


class EmptySource(SourceError):
    """There is no text in the document."""

    code = "empty_source"


class MalformedSource(SourceError):
    """The document breaks the rules of its own format."""

    code = "malformed_source"


class FetchBlocked(SourceError):
    """The address is one that we do not connect to: not public, or oddly written."""

    code = "fetch_blocked"


class FetchFailed(SourceError):
    """No document came from the address."""

    code = "fetch_failed"


class StoreError(GeungeoError):
    """The store cannot do its work."""

    code = "store_error"


class StoreUnavailable(StoreError):
    """The store's path cannot be opened, read or written."""

    code = "store_unavailable"


class StoreLocked(StoreError):
    """Another process is writing."""

    code = "store_locked"


class StoreVersionMismatch(StoreError):
    """The store was written by a newer geungeo."""

    code = "store_version"


class StoreCorrupt(StoreError):
    """What the store holds contradicts its own checksums."""

    code = "store_corrupt"


class EmbedderMismatch(StoreError):
    """The store was indexed with another embedder."""

    code = "embedder_mismatch"


class BackendError(GeungeoError):
    """An LLM or embedding endpoint failed."""

    code = "backend_error"


class BackendUnavailable(BackendError):
    """Transient: the endpoint is unreachable, overloaded or broke off.

    ``retry_after`` in seconds is when to come back, where that is known.
    """

    code = "backend_unavailable"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class BackendOverloaded(BackendUnavailable):
    """Too many answers are being written already; nothing was sent to the endpoint."""

    code = "backend_overloaded"

    retry_after: float

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message, retry_after=retry_after)


class BackendMisconfigured(BackendError):
    """Permanent: a wrong key, model or address; retrying cannot help."""

    code = "backend_misconfigured"


class Overloaded(GeungeoError):
    """Too much is being done and waits already; nothing was done for this request.

    ``retry_after`` in seconds is when to come back.
    """

    code = "overloaded"

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OutOfMemory(GeungeoError):
    """The process has, or may have, less memory than is needed."""

    code = "out_of_memory"


class InvariantViolation(GeungeoError):
    """An Answer broke a promise and was withheld."""

    code = "invariant_violation"
