"""The console's views and states, for screenshots and for checks of all of them."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.console.browser import LAPTOP, PHONE, WIDE
from tests.console.story import story

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page, Route

    from tests.console.site import Site

STORY = "alice"
MANY = "many"
NOBODY = "nobody"

SIZES = {"phone": PHONE, "laptop": LAPTOP, "wide": WIDE}
LAPTOP_ONLY = ("laptop",)
ELSEWHERE = "#/failed"
"""The view that is opened while something is wrong."""

SHOWN_AFTER_MS = 500


def nothing(_: Page) -> None:
    """The view is shown as it opens."""


@dataclass(frozen=True)
class View:
    """`prepare` brings the open page into the state. `expected`: findings that belong to it, as in Site.page."""

    name: str
    hash: str
    user: str | None = STORY
    prepare: Callable[[Page], None] = nothing
    sizes: tuple[str, ...] = tuple(SIZES)
    expected: tuple[str, ...] = ()


def press(*keys: str) -> Callable[[Page], None]:
    def pressed(page: Page) -> None:
        for key in keys:
            page.keyboard.press(key)

    return pressed


def go_offline(page: Page) -> None:
    """Takes the network away, then opens the list with another filter: its file is loaded, its data is not."""
    page.route("**/v1/**", lambda route: route.abort("internetdisconnected"))
    page.context.set_offline(True)
    _open(page, "#/schedules?status=paused")


def open_answered(status: int) -> Callable[[Page], None]:
    """Opens another view while the API answers with this status."""
    problem = json.dumps({"type": "about:blank", "title": f"Status {status}", "status": status})

    def opened(page: Page) -> None:
        answer = partial(_fulfil, status=status, body=problem, content_type="application/problem+json")
        page.route("**/v1/**", answer)
        _open(page, ELSEWHERE)

    return opened


def _fulfil(route: Route, **answer: Any) -> None:
    route.fulfill(**answer)


def _open(page: Page, view: str) -> None:
    page.evaluate("(hash) => { location.hash = hash; }", view)
    page.wait_for_timeout(SHOWN_AFTER_MS)


VIEWS = (
    View("overview", "#/overview"),
    View("schedules", "#/schedules"),
    View("schedule", "#/schedules/stock-level-check"),
    View("create", "#/new"),
    View("edit", "#/schedules/weekly-digest/edit"),
    View("failed", "#/failed"),
    View("timeline", "#/timeline"),
    View("schedule-hostile", "#/schedules/hostile", sizes=LAPTOP_ONLY),
    View("schedule-long-name", "#/schedules/long", sizes=("phone", "laptop")),
    View("schedule-right-to-left", "#/schedules/arabic", sizes=LAPTOP_ONLY),
    View("schedules-empty", "#/schedules", NOBODY, sizes=LAPTOP_ONLY),
    View("schedules-many", "#/schedules", MANY, sizes=LAPTOP_ONLY),
    View("schedules-no-match", "#/schedules?search=nothing", sizes=LAPTOP_ONLY),
    View("schedule-not-found", "#/schedules/unknown", sizes=LAPTOP_ONLY, expected=("status of 404",)),
    View("palette", "#/overview", prepare=press("Control+k"), sizes=LAPTOP_ONLY),
    View("offline", "#/schedules", prepare=go_offline, sizes=LAPTOP_ONLY, expected=("ERR_INTERNET",)),
    View("error", "#/overview", prepare=open_answered(503), sizes=LAPTOP_ONLY, expected=("status of 503",)),
    View("session-over", "#/overview", prepare=open_answered(401), sizes=LAPTOP_ONLY, expected=("status of 401",)),
)  # fmt: skip


@contextmanager
def shown(site: Site, view: View, *, theme: str = "light", size: tuple[int, int] = LAPTOP) -> Iterator[Page]:
    """A new browser's page with the view, at a time that does not go on."""
    with site.page(view.user, view.hash, theme=theme, size=size, is_still=True, expected=view.expected) as page:
        view.prepare(page)
        yield page


def seed(site: Site) -> None:
    """Writes the schedules that the views show. The user of `schedules-many` has 300, several pages."""
    site.seeds.write(*story(STORY))
    site.seeds.many(MANY, 300)
