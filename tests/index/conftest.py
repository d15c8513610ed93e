"""A site to fetch from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.internet import Site, running_site


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with running_site() as site:
        yield site


@pytest.fixture
def site(running: Site) -> Site:
    """The site of this module, with nothing on it yet."""
    running.pages.clear()
    running.asked.clear()
    return running
