"""The console of a running stack, as a user opens it: sign-in at the issuer, then a view."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from local.app.stack import Stack
from tests.console.browser import LAPTOP, Watch, window
from tests.console.seeds import MOMENT, Seeds
from tests.e2e.client import Client, free_port
from tests.e2e.cloud import Clock, LocalCloud

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

SIGN_IN = re.compile("^sign in", re.IGNORECASE)
ISSUER_PATH = "/_local/issuer/authorize"


@dataclass(frozen=True)
class Site:
    """A running stack at MOMENT, and a browser."""

    stack: Stack
    browser: Browser

    @property
    def url(self) -> str:
        return f"{self.stack.api_url}/console"

    @property
    def seeds(self) -> Seeds:
        return Seeds(self.stack)

    @property
    def clock(self) -> Clock:
        return Clock(LocalCloud(self.stack.cloud_url))

    def client(self, user: str) -> Client:
        """Returns a client of the API, for what the console did and for schedules that fire."""
        return Client(self.stack.api_url, self.stack.token(user))

    @contextmanager
    def page(
        self,
        user: str | None,
        view: str = "",
        *,
        theme: str = "light",
        size: tuple[int, int] = LAPTOP,
        timezone: str = "Europe/Berlin",
        expected: tuple[str, ...] = (),
    ) -> Iterator[Page]:
        """A new browser's page at the view, such as `#/failed`, signed in as `user`; None: not signed in.

        Fails at the end if the page logged an error, broke its Content-Security-Policy or called another host.
        `expected`: regular expressions of findings that belong to the test.
        """
        watch = Watch(frozenset({self.stack.api_url, self.stack.cloud_url}), expected)
        with window(self.browser, theme=theme, size=size, timezone=timezone) as context:
            watch.attach(context)
            page = context.new_page()
            page.goto(f"{self.url}{view}")
            if user is not None:
                self.sign_in(page, user)
                settled(page)
            yield page
        assert watch.findings() == []

    def sign_in(self, page: Page, user: str) -> None:
        """Signs in through the issuer's page, as a user does."""
        if ISSUER_PATH not in page.url:
            page.get_by_role("button", name=SIGN_IN).or_(page.get_by_role("link", name=SIGN_IN)).first.click()
            page.wait_for_url(f"{self.stack.cloud_url}{ISSUER_PATH}*")
        page.get_by_label("Another user").fill(user)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(re.compile(f"^{re.escape(self.url)}"))


def settled(page: Page) -> None:
    """Waits for the view: it has a heading, and nothing is busy."""
    expect(page.locator("main h1").first).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


@contextmanager
def running_site(directory: Path, browser: Browser) -> Iterator[Site]:
    """A stack of its own, at MOMENT."""
    stack = Stack(directory, cloud_port=free_port(), api_port=free_port())
    try:
        stack.start()
        site = Site(stack, browser)
        site.clock.travel_to(MOMENT)
        yield site
    finally:
        stack.stop()
