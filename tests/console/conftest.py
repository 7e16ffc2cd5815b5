"""One stack and one browser for all tests of the console."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.console.site import Site, known_site, running_site
from tests.console.views import STORY, seed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.console.seeds import Seeds

MANY_USER = "ten-thousand"


@pytest.fixture(scope="session")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running stack at MOMENT, whose clock the tests share. CONSOLE_SITE=8000:4566: that of a `make run`."""
    if ports := os.environ.get("CONSOLE_SITE"):
        yield known_site(ports, browser)
        return
    with running_site(tmp_path_factory.mktemp("console"), browser) as site:
        yield site


@pytest.fixture(scope="session")
def seeds(site: Site) -> Seeds:
    return site.seeds


@pytest.fixture
def user() -> str:
    """A user of this test's own, without schedules."""
    return f"user-{uuid4().hex[:8]}"


@pytest.fixture
def page(site: Site, user: str) -> Iterator[Page]:
    """The console, signed in as `user`. `site.page(...)` gives others: view, theme, size, time zone."""
    with site.page(user) as page:
        yield page


@pytest.fixture(scope="session")
def storyteller(site: Site) -> str:
    """A user with the schedules and runs of story.py, for tests that change nothing."""
    seed(site)
    return STORY


@pytest.fixture(scope="session")
def user_with_many(site: Site) -> str:
    """A user with 10,000 schedules. Tests that use it run last: it makes the local cloud's table slow."""
    site.seeds.many(MANY_USER, 10_000)
    return MANY_USER


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: "user_with_many" in getattr(item, "fixturenames", ()))
