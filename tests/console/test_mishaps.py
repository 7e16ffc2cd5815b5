"""What users see when something goes wrong: a refusal, a lost answer, a reload, another user, a broken address."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.console.browser import PHONE
from tests.console.seeds import HOUR, MOMENT, a_run, a_schedule, past
from tests.console.site import settled
from tests.console.test_flows import AN_EVENT, DAILY, fill_email, seed, seed_failed, status_of

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.console.site import Site

pytestmark = [pytest.mark.e2e, pytest.mark.long]

PENDING = "JSON.parse(sessionStorage.getItem('scheduled-tasks.sign-in')).state"


def write_json(page: Page, body: object) -> None:
    page.get_by_role("button", name="JSON").click()
    page.locator("textarea").fill(json.dumps(body))


def test_a_refused_pause_keeps_its_dialog_and_what_was_typed(site: Site, user: str) -> None:
    seed(site, user, "digest")
    with site.page(user, "#/schedules/digest", expected=("status of 422",)) as page:
        page.get_by_role("button", name="Pause").click()
        page.get_by_label("Reason").fill("on holiday")
        page.get_by_label("Resume at").fill("2032-03-20T08:00")
        page.get_by_role("dialog").get_by_role("button", name="Pause", exact=True).click()
        expect(page.get_by_label("Resume at")).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_label("Reason")).to_have_value("on holiday")
        page.get_by_role("dialog").get_by_role("button", name="Close").click()
        expect(page.get_by_role("button", name="Pause")).to_be_focused()

    assert status_of(site, user, "digest") == "active"


def test_a_malformed_address_has_a_way_out(site: Site, user: str) -> None:
    with site.page(user, "#/schedules") as page:
        page.evaluate("location.hash = '#/schedules/%'")
        expect(page.get_by_text("There is no such view")).to_be_visible()
        page.get_by_role("main").get_by_role("link", name="Overview").click()
        expect(page.get_by_role("heading", name="Fires next")).to_be_visible()


def test_after_a_lost_answer_the_same_request_creates_nothing_twice_and_another_one_is_no_repetition(
    site: Site, user: str
) -> None:
    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    with site.page(user, "#/new", expected=("ERR_FAILED",)) as page:
        fill_email(page)
        create = page.get_by_role("button", name="Create schedule")
        page.route("**/v1/schedules", lose_the_answer)
        create.click()
        expect(page.get_by_role("alert").get_by_text("No answer")).to_be_visible()
        page.unroute("**/v1/schedules")
        create.click()
        page.wait_for_url(re.compile("#/schedules/"))
        assert len(site.client(user).get("/v1/schedules")["items"]) == 1

        page.goto(f"{site.url}#/new")
        fill_email(page)
        page.route("**/v1/schedules", lose_the_answer)
        create.click()
        expect(page.get_by_role("alert").get_by_text("No answer")).to_be_visible()
        page.unroute("**/v1/schedules")
        page.get_by_label("Name").fill("Corrected")
        create.click()
        expect(page.get_by_role("heading", name="Corrected")).to_be_visible()


def test_what_was_typed_as_json_survives_a_reload_and_is_not_shown_to_the_next_user(site: Site, user: str) -> None:
    with site.page(user, "#/new") as page:
        write_json(page, {"timing": {"rate": "5 minutes"}, "action": AN_EVENT, "name": "Mine"})
        page.reload()
        site.sign_in(page, user)
        settled(page)
        expect(page.locator("textarea")).to_have_value(re.compile("Mine"))
        page.get_by_role("button", name="Start again").click()
        expect(page.get_by_label("Subject")).to_have_value("")
        page.get_by_label("Subject").fill("For me only")
        page.get_by_role("button", name="Sign out").click()
        site.sign_in(page, f"{user}-next")
        page.goto(f"{site.url}#/new")
        expect(page.get_by_label("Subject")).to_have_value("")
        assert "For me only" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_json_that_the_form_would_change_stays_json(site: Site, user: str) -> None:
    with site.page(user, "#/new") as page:
        write_json(page, {"timing": {"after": "PT1H30M"}, "action": AN_EVENT})
        page.get_by_role("button", name="Form").click()
        expect(page.locator("#json-err")).to_contain_text("cannot hold timing.after")
        write_json(page, {"timing": 5, "action": None})
        page.get_by_role("button", name="Form").click()
        expect(page.locator("#json-err")).to_contain_text("the type of a value")
        page.get_by_role("button", name="Copy as curl").click()
        page.locator("textarea").fill("{")
        page.get_by_role("button", name="Copy as curl").click()
        expect(page.get_by_text(re.compile("body: is not JSON"))).to_be_visible()


def test_an_error_in_a_folded_part_is_shown(site: Site, user: str) -> None:
    with site.page(user, "#/new", expected=("status of 422",)) as page:
        fill_email(page)
        page.get_by_text("Failures, limits, dates").click()
        page.get_by_label("Retries", exact=True).fill("99")
        page.get_by_text("Failures, limits, dates").click()
        page.get_by_role("button", name="Create schedule").click()
        expect(page.get_by_label("Retries", exact=True)).to_be_focused()


def test_what_is_held_back_is_held_once_and_done_at_the_sign_out(site: Site, user: str) -> None:
    seed(site, user, "digest")
    with site.page(user, "#/schedules/digest") as page:
        for _ in range(2):
            page.get_by_text("More", exact=True).click()
            page.get_by_role("button", name="Cancel the schedule").click()
        expect(page.locator(".messages > .note")).to_have_count(1)
        assert page.evaluate("dispatchEvent(new Event('beforeunload', {cancelable: true}))") is False
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_text("You are signed out").or_(page.get_by_label("Another user"))).to_be_visible()

    assert status_of(site, user, "digest") == "cancelled"


def test_what_was_held_back_and_is_refused_is_named(site: Site, user: str) -> None:
    seed(site, user, "digest")
    with site.page(user, "#/schedules/digest", expected=("status of 403",)) as page:
        page.get_by_text("More", exact=True).click()
        page.get_by_role("button", name="Cancel the schedule").click()
        page.get_by_role("link", name="Timeline").click()
        problem = json.dumps({"title": "Forbidden", "status": 403})
        refused = {"status": 403, "body": problem, "content_type": "application/problem+json"}
        page.route("**/v1/schedules/digest", lambda route: route.fulfill(**refused))
        expect(page.get_by_text("Cancelling Digest failed: Forbidden", exact=True)).to_be_visible()


def test_an_answer_that_is_not_the_apis_leaves_what_is_shown(site: Site, user: str) -> None:
    seed(site, user, "digest")
    with site.page(user, "#/schedules") as page:
        page.route("**/v1/**", lambda route: route.fulfill(body="<h1>Hotel</h1>", content_type="text/html"))
        expect(page.get_by_text(re.compile("Offline since"))).to_be_visible()
        assert page.locator("tbody .nm a").all_inner_texts() == ["Digest"]
        page.unroute("**/v1/**")
        expect(page.get_by_text(re.compile("Offline since"))).to_have_count(0)


def test_the_issuers_refusal_is_shown_in_its_own_words(site: Site) -> None:
    with site.page(None) as page:
        page.get_by_label("Another user").wait_for()
        page.goto(f"{site.api_url}/docs")
        state = page.evaluate(PENDING)
        page.goto(f"{site.url}?error=access_denied&error_description=Ask+your+admin&state={state}")
        expect(page.get_by_text("Ask your admin (access_denied)")).to_be_visible()
        page.goto(f"{site.url}?code=reloaded&state=of-yesterday")
        expect(page.get_by_label("Another user")).to_be_visible()


def test_a_sign_in_without_an_answer_says_so_and_can_be_repeated(site: Site, user: str) -> None:
    with site.page(None, "#/failed", expected=("ERR_FAILED",)) as page:
        page.get_by_label("Another user").fill(user)
        page.route("**/token", lambda route: route.abort())
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_text("The API or the issuer did not answer.")).to_be_visible()
        page.unroute("**/token")
        site.sign_in(page, user)
        settled(page)
        expect(page.get_by_role("heading", name="Failed work")).to_be_visible()


def test_the_readers_zone_has_its_name_of_today_and_labels_have_no_ground_on_a_phone(site: Site, user: str) -> None:
    with site.page(user, "#/new", size=PHONE, timezone="Asia/Kolkata") as page:
        expect(page.get_by_label("Time zone")).to_have_value("Asia/Kolkata")
        expect(page.locator("datalist option[value='Asia/Kolkata']")).to_have_count(1)
        expect(page.locator("#cron-label")).to_have_css("background-color", "rgba(0, 0, 0, 0)")


def test_a_schedule_whose_runs_are_not_kept_any_more_is_not_shown_as_new(site: Site, user: str) -> None:
    schedule = a_schedule(user, "yearly", DAILY)
    run = a_run(schedule, past(schedule, 1)[0], expires_at=MOMENT - HOUR)
    site.seeds.write((schedule, [run]))
    with site.page(user, "#/schedules/yearly") as page:
        expect(page.get_by_text("None is kept any more. The next one is due")).to_be_visible()


def test_older_runs_are_shown_once_each_and_the_end_of_the_session_is_seen_below_them(site: Site, user: str) -> None:
    seed_failed(site, user, "failing", [f"error {number}" for number in range(60)])
    with site.page(user, "#/schedules/failing", expected=("status of 401",)) as page:
        page.get_by_role("button", name="Older runs").click()
        expect(page.locator(".story > li[id]")).to_have_count(60)
        expect(page.get_by_role("button", name="Older runs")).to_have_count(0)
        page.locator(".story > li").last.scroll_into_view_if_needed()
        page.route("**/v1/**", lambda route: route.fulfill(status=401, body="{}"))
        expect(page.get_by_text("Your session is over")).to_be_in_viewport()


@pytest.mark.parametrize("view", ["#/schedules/failing", "#/failed"])
def test_a_long_error_without_spaces_does_not_scroll_a_phone_sideways(site: Site, user: str, view: str) -> None:
    seed_failed(site, user, "failing", ["x" * 500])
    with site.page(user, view, size=PHONE) as page:
        page.get_by_text(re.compile("xxx")).first.wait_for()
        assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE[0]
