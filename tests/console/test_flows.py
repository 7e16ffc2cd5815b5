"""What users do in the console, by mouse and keyboard; what the API says afterwards is the proof."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Status
from tests.console.seeds import EMAIL, MINUTE, a_run, a_schedule, past
from tests.console.site import Site, settled
from tests.console.story import HOSTILE, cron

pytestmark = [pytest.mark.e2e, pytest.mark.long]

AN_EVENT = {"type": "event", "detail_type": "a", "detail": {}}
DAILY = cron("0 9 * * ? *")
LONGEST_WAIT_MS = 20_000

expect.set_options(timeout=LONGEST_WAIT_MS)


def seed(site: Site, user: str, *ids: str, **fields: Any) -> None:
    site.seeds.write(*((a_schedule(user, schedule_id, DAILY, **fields), []) for schedule_id in ids))


def seed_failed(site: Site, user: str, schedule_id: str, errors: list[str]) -> None:
    schedule = a_schedule(user, schedule_id, DAILY, pause_after_failures=0)
    runs = [
        a_run(schedule, at, RunStatus.FAILED, error)
        for at, error in zip(past(schedule, len(errors)), errors, strict=True)
    ]
    site.seeds.write((schedule, runs))


def status_of(site: Site, user: str, schedule_id: str) -> str:
    return str(site.client(user).get(f"/v1/schedules/{schedule_id}")["status"])


def rows(page: Page) -> list[str]:
    return page.locator("tbody .nm a").all_inner_texts()


def test_search_and_filters_have_an_address_that_can_be_shared(site: Site, user: str) -> None:
    seed(site, user, "alpha-one", "alpha-two", "beta", resource_id="contract-42")
    seed(site, user, "gone", status=Status.PAUSED, next_run_at=None)
    with site.page(user, "#/schedules") as page:
        page.keyboard.press("/")
        page.keyboard.type("ALPHA")
        expect(page.locator("tbody tr")).to_have_count(2)
        address = page.url.partition("#")[2]
        page.get_by_role("group", name="Status").get_by_role("button", name="Paused").click()
        expect(page.get_by_text("No schedule matches")).to_be_visible()
        page.get_by_role("button", name="Clear filters").click()
        expect(page.locator("tbody tr")).to_have_count(4)

    assert address == "/schedules?search=ALPHA"
    with site.page(user, f"#{address}") as page:
        assert sorted(rows(page)) == ["Alpha one", "Alpha two"]


def test_selected_schedules_are_paused_with_a_reason_and_resumed(site: Site, user: str) -> None:
    seed(site, user, "first", "second", "third")
    with site.page(user, "#/schedules") as page:
        page.get_by_label("Select First").check()
        page.get_by_label("Select Second").check()
        page.get_by_role("button", name="Pause 2").click()
        page.get_by_label("Reason").fill("the supplier moves")
        page.get_by_role("dialog").get_by_role("button", name="Pause", exact=True).click()
        expect(page.get_by_text("2 schedules paused")).to_be_visible()
        paused = site.client(user).get("/v1/schedules?status=paused")["items"]
        page.get_by_label("Select First").check()
        page.get_by_role("button", name="Resume 1").click()
        expect(page.get_by_text("1 schedule resumed")).to_be_visible()

    assert sorted((item["schedule_id"], item["reason"]) for item in paused) == [
        ("first", "the supplier moves"),
        ("second", "the supplier moves"),
    ]
    assert [status_of(site, user, name) for name in ("first", "second", "third")] == ["active", "paused", "active"]


def test_a_cancel_waits_for_an_undo(site: Site, user: str) -> None:
    seed(site, user, "kept", "dropped")
    with site.page(user, "#/schedules") as page:
        page.get_by_label("Select Kept").check()
        page.get_by_role("button", name="Cancel 1").click()
        expect(page.get_by_text("Cancelling 1 schedule in")).to_be_visible()
        page.keyboard.press("z")
        expect(page.get_by_text("Nothing was changed")).to_be_visible()
        page.get_by_label("Select Dropped").check()
        page.get_by_role("button", name="Cancel 1").click()
        page.get_by_label("Select Kept").check()
        expect(page.get_by_text("1 schedule cancelled")).to_be_visible()
        expect(page.get_by_label("Select Kept")).to_be_checked()

    assert (status_of(site, user, "kept"), status_of(site, user, "dropped")) == ("active", "cancelled")


def test_pages_follow_each_other_and_nothing_is_shown_twice(site: Site, user: str) -> None:
    site.seeds.many(user, 120)
    with site.page(user, "#/schedules") as page:
        seen = rows(page)
        while (button := page.get_by_role("button", name="Next page")).count():
            last = rows(page)
            button.click()
            expect(page.locator("tbody .nm a").first).not_to_have_text(last[0])
            settled(page)
            seen += rows(page)

    assert len(seen) == len(set(seen)) == 120


def test_a_schedule_runs_now_and_its_story_tells_it(site: Site, user: str) -> None:
    client = site.client(user)
    action = {"type": "email", "to": ["alice@example.com"], "subject": "Now", "text": "Hi"}
    schedule = client.create(timing={"rate": "1 day"}, action=action, name="Runs now")
    with site.page(user, f"#/schedules/{schedule['schedule_id']}") as page:
        page.get_by_role("button", name="Run now").click()
        expect(page.get_by_text("The run is queued")).to_be_visible()
        expect(page.locator(".story").get_by_text("Succeeded")).to_be_visible()
        client.send("DELETE", f"/v1/schedules/{schedule['schedule_id']}")


def test_a_schedule_is_paused_from_the_keyboard_until_a_time(site: Site, user: str) -> None:
    seed(site, user, "digest")
    with site.page(user, "#/schedules/digest") as page:
        page.keyboard.press("p")
        page.get_by_label("Reason").fill("on holiday")
        page.get_by_label("Resume at").fill("2032-03-28T02:30")
        expect(page.get_by_text("does not exist in Europe/Berlin")).to_be_visible()
        page.get_by_label("Resume at").fill("2032-03-29T08:00")
        page.get_by_role("dialog").get_by_role("button", name="Pause", exact=True).click()
        expect(page.get_by_text("Paused until Mon 08:00")).to_be_visible()

    paused = site.client(user).get("/v1/schedules/digest")
    assert (paused["status"], paused["reason"], paused["paused_until"]) == (
        "paused",
        "on holiday",
        "2032-03-29T06:00:00Z",
    )


def fill_email(page: Page) -> None:
    page.get_by_label("To", exact=True).fill("alice@example.com, bob@example.com")
    page.get_by_label("Subject").fill("Hello")
    page.get_by_label("Text (optional)").fill("It is time.")


def test_a_schedule_is_created_by_form_with_a_live_summary(site: Site, user: str) -> None:
    with site.page(user, "#/new") as page:
        page.get_by_label("Minutes", exact=True).fill("30 2 * * ? *")
        summary = page.get_by_role("region", name="Summary")
        expect(summary.get_by_text("At 02:30 every day, Europe/Berlin")).to_be_visible()
        expect(summary.get_by_text("02:30 does not exist on 2032-03-28")).to_be_visible()
        expect(summary.locator("tbody tr")).to_have_count(11)
        fill_email(page)
        page.get_by_label("Name").fill(HOSTILE)
        page.get_by_role("button", name="Create schedule").click()
        expect(page.get_by_role("heading", name=HOSTILE)).to_be_visible()

    (created,) = site.client(user).get("/v1/schedules")["items"]
    assert (created["name"], created["timing"]) == (HOSTILE, {"cron": "30 2 * * ? *", "timezone": "Europe/Berlin"})
    stored = site.client(user).get(f"/v1/schedules/{created['schedule_id']}")["action"]
    assert stored["to"] == ["alice@example.com", "bob@example.com"]


def test_errors_of_the_api_stand_at_their_fields(site: Site, user: str) -> None:
    with site.page(user, "#/new", expected=("status of 422",)) as page:
        fill_email(page)
        page.get_by_label("To", exact=True).fill("nobody")
        page.get_by_role("button", name="Create schedule").click()
        field = page.get_by_label("To", exact=True)
        expect(field).to_have_attribute("aria-invalid", "true")
        message = page.locator(f"[id='{str(field.get_attribute('aria-describedby')).split()[0]}']").inner_text()
        page.get_by_role("button", name="JSON").click()
        page.locator("textarea").fill(
            json.dumps({"timing": {"cron": "30 2 * * *", "timezone": "Europe/Berlin"}, "action": AN_EVENT})
        )
        expect(page.get_by_text("No occurrence yet")).to_be_visible()
        page.get_by_role("button", name="Create schedule").click()
        expect(page.locator("#json-err")).to_contain_text("Line 1, timing.cron")

    assert message.startswith("0 ")
    assert site.client(user).get("/v1/schedules")["items"] == []


def test_what_was_typed_survives_a_reload(site: Site, user: str) -> None:
    with site.page(user, "#/new") as page:
        fill_email(page)
        page.reload()
        site.sign_in(page, user)
        settled(page)
        expect(page.get_by_label("Subject")).to_have_value("Hello")
        assert page.url.endswith("#/new")


def test_an_edit_sends_what_changed_and_a_concurrent_change_is_not_lost(site: Site, user: str) -> None:
    seed(site, user, "digest", resource_id="contract-42")
    with site.page(user, "#/schedules/digest/edit", expected=("status of 412",)) as page:
        site.client(user).send("PATCH", "/v1/schedules/digest", {"name": "Renamed meanwhile", "max_runs": 7})
        page.get_by_label("Name").fill("Mine")
        page.get_by_role("button", name="Save changes").click()
        expect(page.get_by_role("alert").get_by_text("The schedule has changed").first).to_be_visible()
        page.get_by_role("button", name="Read it again, keep my changes").click()
        expect(page.get_by_label("Most runs")).to_have_value("7")
        expect(page.get_by_label("Name")).to_have_value("Mine")
        page.get_by_role("button", name="Save changes").click()
        expect(page.get_by_role("heading", name="Mine")).to_be_visible()

    changed = site.client(user).get("/v1/schedules/digest")
    assert (changed["name"], changed["resource_id"], changed["action"]["type"], changed["max_runs"]) == (
        "Mine",
        "contract-42",
        EMAIL.type,
        7,
    )


def test_failed_work_is_grouped_and_redriven_one_by_one_and_all(site: Site, user: str) -> None:
    seed_failed(site, user, "digest", ["the webhook answered 503"] * 3 + ["the webhook answered 410"])
    with site.page(user, "#/failed") as page:
        groups = page.locator("details.grp summary")
        assert [text.split("\n")[0] for text in groups.all_inner_texts()] == [
            "the webhook answered 503",
            "the webhook answered 410",
        ]
        page.locator("details.grp").nth(1).get_by_role("button", name="Redrive").click()
        expect(page.get_by_text("The run is queued")).to_be_visible()
        expect(groups).to_have_count(1)
        page.get_by_label("Select all 3 of this error").check()
        page.keyboard.press("r")
        expect(page.get_by_text("3 runs queued")).to_be_visible()

    assert [run for run in site.client(user).get("/v1/runs")["items"] if run["status"] == "failed"] == []


def test_all_failed_runs_are_redriven_as_a_job_whose_progress_is_shown(site: Site, user: str) -> None:
    seed_failed(site, user, "digest", ["the webhook answered 503"] * 5)
    with site.page(user, "#/failed") as page:
        page.get_by_role("button", name="Redrive all 5").click()
        expect(page.get_by_text("The job is recorded")).to_be_visible()
        expect(page.get_by_text(re.compile("Redriving: 0 runs queued|Redrive ended"))).to_be_visible()
        site.clock.travel_to(site.clock.now() + 2 * MINUTE)
        expect(page.get_by_text("Redrive ended: 5 runs queued")).to_be_visible()


def test_the_timeline_goes_from_mark_to_mark_and_has_the_same_as_a_table(site: Site, user: str) -> None:
    seed_failed(site, user, "digest", ["the webhook answered 503"] * 2)
    with site.page(user, "#/timeline?zoom=week") as page:
        lanes = page.get_by_role("group", name=re.compile("^Lanes"))
        lanes.focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator(".pop").get_by_text(re.compile("Failed: "))).to_be_visible()
        page.keyboard.press("End")
        expect(page.locator(".pop").get_by_text(re.compile("Planned: "))).to_be_visible()
        marks = page.locator(".lanes .mark").count()
        page.get_by_role("button", name="Table").click()
        expect(page.locator("tbody .nm")).to_have_count(marks)
        page.keyboard.press("+")
        page.wait_for_url(re.compile("zoom=days"))


def test_the_palette_finds_a_schedule_and_a_command(site: Site, user: str) -> None:
    seed(site, user, "weekly-digest")
    with site.page(user, "#/overview") as page:
        page.keyboard.press("Control+k")
        page.keyboard.type("weekly")
        option = page.get_by_role("option", name=re.compile("Weekly digest"))
        expect(option).to_be_visible()
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("#/schedules/weekly-digest"))
        page.keyboard.press("g")
        page.keyboard.press("t")
        page.wait_for_url(re.compile("#/timeline"))


def test_a_refresh_changes_a_row_in_place_and_announces_another_order(site: Site, user: str) -> None:
    seed(site, user, "first", "second")
    with site.page(user, "#/schedules") as page:
        before = rows(page)
        site.client(user).create(
            timing={"at": (site.clock.now() + timedelta(minutes=3)).isoformat(timespec="seconds")},
            action=AN_EVENT,
            name="Sooner",
        )
        button = page.get_by_role("button", name="Show the newest")
        button.wait_for(timeout=LONGEST_WAIT_MS)
        assert rows(page) == before
        button.click()
        expect(page.locator("tbody .nm a").first).to_have_text("Sooner")


def test_the_console_comes_back_when_the_api_does(site: Site, user: str) -> None:
    seed(site, user, "digest")
    with site.page(user, "#/schedules", expected=("ERR_FAILED",)) as page:
        page.route("**/v1/**", lambda route: route.abort())
        expect(page.get_by_text(re.compile("Offline since"))).to_be_visible()
        assert rows(page) == ["Digest"]
        page.unroute("**/v1/**")
        expect(page.get_by_text(re.compile("Offline since"))).to_have_count(0)


def hostile_everywhere(site: Site, user: str) -> None:
    seed(
        site, user, "hostile", name=HOSTILE, resource_id=HOSTILE, reason=HOSTILE, status=Status.PAUSED, next_run_at=None
    )
    seed_failed(site, user, "failing", [HOSTILE])


@pytest.mark.parametrize(
    "view",
    [
        "#/overview",
        "#/schedules",
        "#/schedules/hostile",
        "#/schedules/failing",
        "#/failed",
        "#/timeline?as=table&zoom=week",
    ],
)
def test_hostile_texts_stay_texts(site: Site, user: str, view: str) -> None:
    hostile_everywhere(site, user)
    with site.page(user, view) as page:
        assert page.locator("img").count() == 0
        assert HOSTILE in page.locator("body").inner_text()
