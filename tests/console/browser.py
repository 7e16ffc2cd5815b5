"""Chromium under Playwright, and what a page may not do: log errors, break its policy, talk to another host."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

from tests.e2e.browser import find_chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Error, Request

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
PHONE, LAPTOP, WIDE = (390, 844), (1440, 900), (1920, 1080)
THEMES = ("light", "dark")
LONGEST_WAIT_MS = 20_000
LOCAL_SCHEMES = ("data", "blob", "about")

LISTENS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.effectiveDirective} forbids ${event.blockedURI || "inline"} ${event.sample}`));
addEventListener("unhandledrejection", (event) => console.error(`rejected: ${event.reason}`));
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running Chromium of this machine. Raises FileNotFoundError if there is none."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def window(
    browser: Browser, *, theme: str = "light", size: tuple[int, int] = LAPTOP, timezone: str = "Europe/Berlin"
) -> Iterator[BrowserContext]:
    """A browser without cookies and storage, of a reader in this zone, who prefers this theme and no motion."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        timezone_id=timezone,
        locale="en-GB",
    )
    context.set_default_timeout(LONGEST_WAIT_MS)
    try:
        yield context
    finally:
        context.unroute_all(behavior="ignoreErrors")  # requests may be on their way
        context.close()


@dataclass
class Watch:
    """What went wrong in a browser's pages: logged errors and warnings, exceptions, dialogs, and foreign hosts.

    `origins`: the pages may talk to these. `expected`: regular expressions of findings that belong to the test, such
    as `status of 422`.
    """

    origins: frozenset[str]
    expected: tuple[str, ...] = ()
    _found: list[str] = field(default_factory=list)

    def attach(self, context: BrowserContext) -> None:
        context.add_init_script(LISTENS)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self._on_error(error.error))
        context.on("request", self._on_request)
        context.on("dialog", self._on_dialog)

    def findings(self) -> list[str]:
        return [found for found in self._found if not any(re.search(pattern, found) for pattern in self.expected)]

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Fails at the end if there are findings. An earlier failure gets them as a note."""
        try:
            yield
        except BaseException as failed:
            failed.add_note("\n".join(["the pages' findings:", *self.findings()]))
            raise
        assert self.findings() == []

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._found.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _on_error(self, error: Error) -> None:
        self._found.append(f"exception: {error.stack or error.message}")

    def _on_dialog(self, dialog: Dialog) -> None:
        self._found.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _on_request(self, request: Request) -> None:
        place = urlsplit(request.url)
        if place.scheme not in LOCAL_SCHEMES and f"{place.scheme}://{place.netloc}" not in self.origins:
            self._found.append(f"request: {request.url}")
