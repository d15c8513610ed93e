"""Question answering over news articles; every citation in an answer is verified.

::

    import geungeo

    with geungeo.open("news", seed=True) as news:
        answer = news.ask("데이터 센터 계획의 규모는?")
        print(answer.text, answer.citations[0].quote)

The public names are those in ``__all__``, documented in docs/python.md, and the plug-in types
in ``geungeo.rag.protocols``; everything else is internal and may change. A name is imported
when it is first used, so that ``import geungeo`` loads no library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os

    from geungeo._news import News
    from geungeo.index.ingest import Failure, IngestSummary
    from geungeo.rag.answer import (
        Answer,
        Citation,
        Cited,
        Delta,
        Done,
        DroppedClaim,
        Event,
        Filters,
        PassageHit,
        PassagesFound,
        Timings,
        Trace,
        Usage,
    )
    from geungeo.rag.article import Article, Section, SectionKind
    from geungeo.rag.checking import (
        Check,
        CheckedClaim,
        CheckEvent,
        CheckFinished,
        CheckStarted,
        ClaimChecked,
        ClaimDifference,
        ClaimSource,
    )
    from geungeo.rag.errors import (
        ArticleNotFound,
        BackendError,
        BackendMisconfigured,
        BackendOverloaded,
        BackendUnavailable,
        EmbedderMismatch,
        GeungeoError,
        InvalidQuestion,
        InvalidRequest,
        InvariantViolation,
        MissingExtra,
        NotFound,
        Overloaded,
        SettingsError,
        SourceError,
        StoreError,
        StoreLocked,
        StoreUnavailable,
        UsageError,
    )
    from geungeo.rag.settings import Settings
    from geungeo.rag.text import Span

    __version__: str

__all__ = [
    "Answer",
    "Article",
    "ArticleNotFound",
    "BackendError",
    "BackendMisconfigured",
    "BackendOverloaded",
    "BackendUnavailable",
    "Check",
    "CheckEvent",
    "CheckFinished",
    "CheckStarted",
    "CheckedClaim",
    "Citation",
    "Cited",
    "ClaimChecked",
    "ClaimDifference",
    "ClaimSource",
    "Delta",
    "Done",
    "DroppedClaim",
    "EmbedderMismatch",
    "Event",
    "Failure",
    "Filters",
    "GeungeoError",
    "IngestSummary",
    "InvalidQuestion",
    "InvalidRequest",
    "InvariantViolation",
    "MissingExtra",
    "News",
    "NotFound",
    "Overloaded",
    "PassageHit",
    "PassagesFound",
    "Section",
    "SectionKind",
    "Settings",
    "SettingsError",
    "SourceError",
    "Span",
    "StoreError",
    "StoreLocked",
    "StoreUnavailable",
    "Timings",
    "Trace",
    "Usage",
    "UsageError",
    "__version__",
    "open",
]

# Where each name is defined; the imports above say the same to a type checker.
_MODULES = {
    "geungeo._news": ("News",),
    "geungeo.index.ingest": ("Failure", "IngestSummary"),
    "geungeo.rag.answer": (
        "Answer",
        "Citation",
        "Cited",
        "Delta",
        "Done",
        "DroppedClaim",
        "Event",
        "Filters",
        "PassageHit",
        "PassagesFound",
        "Timings",
        "Trace",
        "Usage",
    ),
    "geungeo.rag.article": ("Article", "Section", "SectionKind"),
    "geungeo.rag.checking": (
        "Check",
        "CheckEvent",
        "CheckFinished",
        "CheckStarted",
        "CheckedClaim",
        "ClaimChecked",
        "ClaimDifference",
        "ClaimSource",
    ),
    "geungeo.rag.errors": (
        "ArticleNotFound",
        "BackendError",
        "BackendMisconfigured",
        "BackendOverloaded",
        "BackendUnavailable",
        "EmbedderMismatch",
        "GeungeoError",
        "InvalidQuestion",
        "InvalidRequest",
        "InvariantViolation",
        "MissingExtra",
        "NotFound",
        "Overloaded",
        "SettingsError",
        "SourceError",
        "StoreError",
        "StoreLocked",
        "StoreUnavailable",
        "UsageError",
    ),
    "geungeo.rag.settings": ("Settings",),
    "geungeo.rag.text": ("Span",),
}


def open(  # noqa: A001 - read as geungeo.open
    path: str | os.PathLike[str] | None = None, *, seed: bool = False, **settings: Any
) -> News:
    """Open a store and return it as ``News``; close it, or use it as a context manager.

    ``path`` is the store's folder, made if it does not exist; by default the setting ``store``.
    With ``seed`` a store without articles is filled with the article that geungeo ships.
    ``settings`` are those of docs/settings.md, such as ``backend="openai"``. They override the
    environment and ``geungeo.toml``.

    Raises:
        SettingsError: a setting is unknown or has an impossible value.
        StoreError: the store cannot be used; the message says why and what to do.
    """
    from geungeo._news import News

    return News.open(path, seed=seed, **settings)


if not TYPE_CHECKING:  # otherwise a type checker accepts any name

    def __getattr__(name: str) -> object:
        """Import the public name ``name`` on first use."""
        if name == "__version__":
            from importlib.metadata import version

            return version("geungeo")
        from importlib import import_module

        for module, names in _MODULES.items():
            if name in names:
                value = getattr(import_module(module), name)
                globals()[name] = value
                return value
        raise AttributeError(f"module 'geungeo' has no attribute {name!r}")

    def __dir__() -> list[str]:
        """Return the public names, for completion."""
        return sorted(__all__)
