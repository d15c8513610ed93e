"""Backends, which write an answer's claims: the embedded extractive one, or an LLM.

A package offers a backend by an entry point in the group ``geungeo.backends``: a callable
that takes ``Settings`` and returns a ``geungeo.rag.protocols.Backend``. The built-in ones
are registered the same way.
"""

from __future__ import annotations

from importlib.metadata import entry_points

from geungeo.rag.errors import SettingsError
from geungeo.rag.protocols import Backend
from geungeo.rag.settings import Settings

GROUP = "geungeo.backends"


def make_backend(settings: Settings) -> Backend:
    """Return the backend that ``settings.backend`` names.

    Raises:
        SettingsError: no backend has that name; the message lists the known names.
    """
    known = {point.name: point for point in entry_points(group=GROUP)}
    point = known.get(settings.backend)
    if point is None:
        raise SettingsError(
            f"unknown backend {settings.backend!r}; use one of {', '.join(sorted(known))}"
        )
    backend = point.load()(settings)
    if not isinstance(backend, Backend):
        raise SettingsError(
            f"{point.value} does not make a geungeo.rag.protocols.Backend; see docs/plug-ins.md"
        )
    return backend
