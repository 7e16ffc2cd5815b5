"""The console of a running stack, as a user opens it: sign-in at the issuer, then a view."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import format_datetime
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from chalicelib.api.console.assets import CONTENT_TYPES
from local.app.stack import SCOPES, Stack, token_from
from tests.console.browser import LAPTOP, LONGEST_WAIT_MS, Watch, window
from tests.console.seeds import HOUR, MOMENT, Seeds
from tests.console.tools import STATIC
from tests.e2e.client import Client
from tests.e2e.cloud import Clock, LocalCloud
from tests.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page, Route

SIGN_IN = re.compile("^sign in", re.IGNORECASE)
SERVED = re.compile(r"/console/([a-z0-9-]+)(?:\.[0-9a-f]{12})?(\.(?:js|css|svg))$")


@dataclass(frozen=True)
class Site:
    """The API and the cloud of a running stack, and a browser.

    `files`: a folder whose files are shown in place of those that the API serves, which reads them once.
    """

    api_url: str
    cloud_url: str
    browser: Browser
    files: Path | None = None

    @property
    def url(self) -> str:
        return f"{self.api_url}/console"

    @property
    def seeds(self) -> Seeds:
        return Seeds(self.cloud_url)

    @property
    def clock(self) -> Clock:
        return Clock(LocalCloud(self.cloud_url))

    def client(self, user: str) -> Client:
        """Returns a client of the API, for what the console did and for schedules that fire."""
        return Client(self.api_url, token_from(self.cloud_url, user, SCOPES))

    def travel_to_moment(self) -> None:
        """Advances the clock to MOMENT. It cannot go back, so it must not be much later."""
        now = self.clock.now()
        assert now < MOMENT + HOUR, f"the cloud's time is {now}; start it again"
        if now < MOMENT:
            self.clock.travel_to(MOMENT)

    @contextmanager
    def page(
        self,
        user: str | None,
        view: str = "",
        *,
        theme: str = "light",
        size: tuple[int, int] = LAPTOP,
        timezone: str = "Europe/Berlin",
        is_still: bool = False,
        expected: tuple[str, ...] = (),
    ) -> Iterator[Page]:
        """A new browser's page at the view, such as `#/failed`, signed in as `user`; None: before the sign-in.

        Fails at the end if the page logged an error, broke its Content-Security-Policy or called another host.
        `is_still`: the browser and the API's answers have the time MOMENT, and it does not go on. `expected`: regular
        expressions of findings that belong to the test.
        """
        watch = Watch(frozenset({self.api_url, self.cloud_url}), expected)
        with window(self.browser, theme=theme, size=size, timezone=timezone) as context:
            watch.attach(context)
            page = context.new_page()
            if is_still:
                stop_time(context, self.api_url)
            if self.files:
                show_files(context, self.files)
            with watch.reporting():
                page.goto(f"{self.url}{view}")
                if user is not None:
                    self.sign_in(page, user)
                    settled(page)
                yield page

    def sign_in(self, page: Page, user: str) -> None:
        """Signs in through the issuer's page, to which the console goes by itself or with its button."""
        field, button = page.get_by_label("Another user"), page.get_by_role("button", name=SIGN_IN)
        field.or_(button).first.wait_for()
        if not field.is_visible():
            button.first.click()
        field.fill(user)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(re.compile(f"^{re.escape(self.url)}"))


def settled(page: Page) -> None:
    """Waits for the view or its error: it has a heading, and nothing is busy."""
    page.locator("main :is(h1, h2)").first.wait_for()
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=LONGEST_WAIT_MS)


def stop_time(context: BrowserContext, api_url: str) -> None:
    """Gives the context's pages the time MOMENT, with running timers. The console takes its time from the API."""

    def answer(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, headers={**response.headers, "date": format_datetime(MOMENT, usegmt=True)})

    context.clock.set_fixed_time(MOMENT)
    context.route(f"{api_url}/v1/**", answer)


def show_files(context: BrowserContext, files: Path) -> None:
    """Shows the files of a folder in place of those that the API serves, under any digest."""

    def answer(route: Route) -> None:
        served = SERVED.search(route.request.url)
        assert served
        file = files / f"{served[1]}{served[2]}"
        route.fulfill(path=file, content_type=CONTENT_TYPES[file.suffix])

    context.route(SERVED, answer)


def known_site(ports: str, browser: Browser) -> Site:
    """Returns the site of a running `make run`, with the console's files as they are now.

    ports: those of the API and of the cloud, as in `8000:4566`. Advances the clock to MOMENT.
    """
    api_url, cloud_url = (f"http://127.0.0.1:{port}" for port in ports.split(":"))
    site = Site(api_url, cloud_url, browser, files=STATIC)
    site.travel_to_moment()
    return site


@contextmanager
def running_site(directory: Path, browser: Browser) -> Iterator[Site]:
    """A stack of its own, at MOMENT."""
    stack = Stack(directory, cloud_port=free_port(), api_port=free_port())
    try:
        stack.start()
        site = Site(stack.api_url, stack.cloud_url, browser)
        site.travel_to_moment()
        yield site
    finally:
        stack.stop()
