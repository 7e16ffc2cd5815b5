"""Lists under a reader's hands: what they typed, selected or looked at stays while the list is loaded again."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Status
from tests.console.accessibility import axe
from tests.console.browser import PHONE, THEMES
from tests.console.seeds import a_run, a_schedule, past
from tests.console.story import cron

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page, Route

    from tests.console.site import Site

pytestmark = [pytest.mark.e2e, pytest.mark.long]

DAILY, HOURLY, OFTEN = cron("0 9 * * ? *"), cron("0 * * * ? *"), cron("0/5 * * * ? *")
LONGEST_WAIT_MS = 20_000
SOON = """() => {
  const later = window.setTimeout;
  window.setTimeout = (act, wait, ...more) => later(act, wait >= 10_000 && wait <= 15_000 ? wait / 20 : wait, ...more);
}"""
"""Lists are loaded again after half a second."""

COUNTS_LOADING = """() => {
  window.loading = 0;
  new MutationObserver(() => (window.loading += document.querySelectorAll("[aria-busy]").length))
    .observe(document.body, {childList: true, subtree: true});
}"""
TOO_WIDE = "() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth"

expect.set_options(timeout=LONGEST_WAIT_MS)


def seed(site: Site, user: str, *ids: str, **fields: Any) -> None:
    site.seeds.write(*((a_schedule(user, schedule_id, DAILY, **fields), []) for schedule_id in ids))


@contextmanager
def opened(site: Site, user: str, view: str, *, expected: tuple[str, ...] = ()) -> Iterator[Page]:
    """The view of a page whose lists are soon loaded again."""
    with site.page(user, "#/new", expected=expected) as page:
        page.evaluate(SOON)
        go(page, view)
        yield page


def go(page: Page, view: str) -> None:
    page.evaluate("(hash) => { location.hash = hash; }", view)


def press_key(page: Page, key: str, code: str) -> None:
    """Presses a key of a keyboard that is not the test's."""
    page.evaluate(
        "([key, code]) => dispatchEvent(new KeyboardEvent('keydown', {key, code, cancelable: true}))", [key, code]
    )


def problem(route: Route, status: int, **headers: str) -> None:
    body = json.dumps({"type": "about:blank", "title": f"Status {status}", "status": status})
    route.fulfill(status=status, body=body, content_type="application/problem+json", headers=headers)


def test_an_address_that_the_api_refuses_has_a_way_out_and_an_empty_list_shows_its_first_row(
    site: Site, user: str
) -> None:
    with opened(site, user, "#/schedules?cursor=wrong&status=paused", expected=("status of 4(00|22)",)) as page:
        page.get_by_role("link", name="Clear filters").click()
        expect(page.get_by_text("No schedules yet")).to_be_visible()
        seed(site, user, "first")
        expect(page.get_by_role("link", name="First")).to_be_visible()


def test_a_search_is_not_changed_while_it_is_typed_and_follows_the_address(site: Site, user: str) -> None:
    seed(site, user, "alpha-one", "beta")
    seed(site, user, "alpha-two", status=Status.PAUSED, next_run_at=None, resource_id="r" * 120)
    with site.page(user, "#/schedules") as page:
        field, names = page.get_by_role("searchbox"), page.locator("tbody .nm a")
        field.press_sequentially("alpha ")
        page.get_by_role("group", name="Status").get_by_role("button", name="Paused").click()
        expect(names).to_have_text(["Alpha two"])
        page.wait_for_url(re.compile("search=alpha"))
        assert field.input_value() == "alpha "
        field.press_sequentially("one")
        expect(page.get_by_text("No schedule matches")).to_be_visible()
        go(page, "#/timeline?search=beta")
        expect(field).to_have_value("beta")
        go(page, "#/timeline?search=alpha")
        expect(field).to_have_value("alpha")
        go(page, "#/schedules/alpha-two")
        page.get_by_role("link", name="rrr").click()
        expect(names).to_have_text(["Alpha two"])


def test_keys_of_other_keyboards_and_of_an_open_dialog(site: Site, user: str) -> None:
    seed(site, user, "first")
    with site.page(user, "#/schedules") as page:
        page.keyboard.press("Control+k")
        page.keyboard.type("nothing")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Nothing matches")).to_be_visible()
        page.keyboard.press("Escape")
        page.get_by_label("Select First").check()
        page.get_by_role("button", name="Pause 1").click()
        page.keyboard.press("Control+k")
        expect(page.get_by_role("dialog")).to_have_accessible_name("Pause 1 schedule")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.evaluate("dispatchEvent(new Event('keydown'))")
        press_key(page, "т", "KeyN")
        page.wait_for_url(re.compile("#/new"))


def test_what_is_refused_stays_selected_and_a_busy_api_is_asked_again(site: Site, user: str) -> None:
    seed(site, user, "first", "second", "third")
    with site.page(user, "#/schedules", expected=("status of (409|503)",)) as page:
        page.route("**/third/pause", lambda route: problem(route, 409))
        page.route("**/second/pause", lambda route: problem(route, 503, **{"Retry-After": "1"}), times=1)
        page.get_by_label("Select all").check()
        page.get_by_role("button", name="Pause 3").click()
        page.get_by_role("dialog").get_by_role("button", name="Pause", exact=True).click()
        expect(page.get_by_role("button", name="Cancel 3")).to_be_disabled()
        expect(page.get_by_text("2 schedules paused")).to_be_visible()
        expect(page.get_by_text("1 schedule not paused. Third: Status 409")).to_be_visible()
        expect(page.get_by_text("1 selected")).to_be_visible()
        expect(page.get_by_label("Select Third")).to_be_checked()

    paused = site.client(user).get("/v1/schedules?status=paused")["items"]
    assert sorted(item["schedule_id"] for item in paused) == ["first", "second"]


def test_a_redriven_run_of_a_later_page_leaves_the_list_and_groups_keep_their_places(site: Site, user: str) -> None:
    schedule = a_schedule(user, "digest", HOURLY, pause_after_failures=0)
    errors = ["many"] * 3 + ["few"] + ["later"] * 3
    times = past(schedule, len(errors))
    runs = [a_run(schedule, at, RunStatus.FAILED, error) for at, error in zip(times, errors, strict=True)]
    site.seeds.write((schedule, runs))
    with site.page(user, "#/new") as page:
        page.route("**/v1/runs?*", lambda route: route.continue_(url=route.request.url.replace("limit=100", "limit=4")))
        go(page, "#/failed")
        groups = page.locator("details.grp summary strong")
        expect(groups).to_have_text(["many", "few"])
        page.get_by_role("button", name="Read 100 more").click()
        expect(groups).to_have_text(["many", "few", "later"])
        page.locator("details.grp").nth(2).get_by_role("button", name="Redrive").first.click()
        expect(page.get_by_text("6 runs read, all of this period")).to_be_visible()
        expect(page.locator("details.grp").nth(2).get_by_role("button", name="Redrive")).to_have_count(2)
        expect(groups).to_have_text(["many", "few", "later"])


def test_the_timeline_begins_at_the_apis_time_and_moves_on_without_a_skeleton(site: Site, user: str) -> None:
    site.seeds.many(user, 25)
    site.seeds.write((a_schedule(user, "often", OFTEN), []))
    began: list[str] = []
    with site.page(None, "#/timeline") as page:
        page.on("request", lambda request: began.extend(re.findall(r"/timeline\?since=([\d-]+)", request.url)))
        site.sign_in(page, user)
        page.evaluate(SOON)
        page.get_by_role("button", name="More lanes").click()
        expect(page.locator(".lanes a")).to_have_count(26)
        assert began[-1] == "2032-03-25"
        expect(page.get_by_text("02:00 to 03:00: clocks go forward 1 h in Berlin")).to_be_visible()
        page.evaluate("() => scrollTo(0, 0)")
        bar = page.locator(".hit").nth(20).bounding_box()
        assert bar
        page.mouse.click(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2)
        expect(page.locator(".pop")).to_contain_text("planned")
        page.evaluate(COUNTS_LOADING)
        later = format_datetime(site.clock.now() + timedelta(minutes=10), usegmt=True)

        def answer(route: Route) -> None:
            response = route.fetch()
            route.fulfill(response=response, headers={**response.headers, "date": later})

        shown = page.locator(".clock time").inner_text()[:4]
        page.route("**/v1/**", answer)
        with page.expect_request(re.compile("/timeline.*cursor=")):
            expect(page.locator(".clock time")).not_to_contain_text(shown)
        expect(page.locator(".lanes .pop")).to_contain_text("planned")
        assert page.evaluate("() => window.loading") == 0
        assert page.evaluate("() => document.activeElement.className") == "card lanes"
        expect(page.locator(".lanes a")).to_have_count(26 + 1)
        page.get_by_role("button", name="Table").click()
        expect(page.locator(".nowr + tr").first).to_contain_text("planned")
        page.unroute_all(behavior="wait")


def test_successes_fold_and_unfold_under_the_focus_and_a_menu_closes(site: Site, user: str) -> None:
    schedule = a_schedule(user, "digest", HOURLY)
    site.seeds.write((schedule, [a_run(schedule, at) for at in past(schedule, 5)]))
    with site.page(user, "#/schedules/digest") as page:
        fold, entries = page.get_by_role("button", name="5 succeeded"), page.locator(".story > li")
        fold.focus()
        for expanded, number in (("true", 6), ("false", 1)):
            page.keyboard.press("Enter")
            expect(entries).to_have_count(number)
            expect(fold).to_have_attribute("aria-expanded", expanded)
            expect(fold).to_be_focused()
        menu, item = page.get_by_text("More", exact=True), page.get_by_role("link", name="Duplicate")
        menu.click()
        expect(item).to_be_visible()
        page.keyboard.press("Escape")
        expect(item).not_to_be_visible()
        expect(menu).to_be_focused()
        menu.click()
        page.get_by_role("heading", name="Runs").click()
        expect(item).not_to_be_visible()


def test_a_phone_reaches_menu_filters_and_selection(site: Site, user: str) -> None:
    seed(site, user, "first", "second", "third")
    with site.page(user, "#/timeline", size=PHONE) as page:
        expect(page.get_by_label("Lanes", exact=True)).to_be_visible()
        go(page, "#/schedules")
        expect(page.get_by_label("Kind")).to_be_visible()
        page.get_by_label("Select all").check()
        expect(page.get_by_role("button", name="Cancel 3")).to_be_visible()
        assert page.evaluate(TOO_WIDE) <= 0
        navigation = page.get_by_role("navigation")
        menu = navigation.locator("summary")
        menu.click()
        for theme in THEMES:
            navigation.get_by_label(theme.capitalize()).check(force=True)
            assert page.evaluate("() => document.documentElement.dataset.theme") == theme
            assert axe(page) == ""
        expect(navigation.get_by_role("link", name="API reference")).to_be_visible()
        navigation.get_by_role("button", name="Search or jump to").click()
        expect(page.get_by_role("combobox", name="command")).to_be_focused()
        page.keyboard.press("Escape")
        menu.click()
        navigation.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
