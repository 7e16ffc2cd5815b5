"""Lists: of a user, of a resource, of a schedule's runs; and what is planned."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.api.auth import Scope
from chalicelib.core.model.run import RunStatus
from chalicelib.testing import StoppedClock
from tests.api.world import READ_AND_WRITE, FakeIssuer, World, problem
from tests.builders import NOW, a_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule


def test_the_active_schedules_come_soonest_first(world: World) -> None:
    later = world.created(timing={"after": "PT2H"})
    sooner = world.created(timing={"after": "PT1H"})

    assert ids(world.get("/v1/schedules").json_body) == [sooner["schedule_id"], later["schedule_id"]]


def test_a_list_shows_the_action_s_type_only(world: World) -> None:
    created = world.created()

    (listed,) = world.get("/v1/schedules").json_body["items"]

    assert listed == {**created, "action": {"type": "email"}}


def test_pages_show_every_schedule_once(world: World) -> None:
    created = [world.created(timing={"after": f"PT{hour}H"})["schedule_id"] for hour in range(1, 8)]

    pages = list(pages_of(world, "/v1/schedules?limit=3"))

    assert [len(page["items"]) for page in pages] == [3, 3, 1]
    assert [id_ for page in pages for id_ in ids(page)] == created


def test_cancelled_ones_are_listed_only_when_asked_for(world: World) -> None:
    cancelled = world.created()["schedule_id"]
    world.delete(f"/v1/schedules/{cancelled}")

    assert ids(world.get("/v1/schedules").json_body) == []
    assert ids(world.get("/v1/schedules?status=cancelled").json_body) == [cancelled]


def test_a_kind_is_picked_out_over_all_pages_and_none_is_dropped(world: World) -> None:
    timings: list[dict[str, str]] = [{"after": "PT1H"}, {"rate": "2 hours"}, {"after": "PT3H"}, {"rate": "4 hours"}]
    created = [world.created(timing=timing)["schedule_id"] for timing in timings]

    recurring = list(pages_of(world, "/v1/schedules?kind=recurring&limit=1"))
    one_time = list(pages_of(world, "/v1/schedules?kind=one_time&limit=3"))

    assert [id_ for page in recurring for id_ in ids(page)] == [created[1], created[3]]
    assert [id_ for page in one_time for id_ in ids(page)] == [created[0], created[2]]


def test_a_schedule_says_its_timing_in_english(world: World) -> None:
    timing = {"cron": "0 9 ? * 2-6 *", "timezone": "Europe/Berlin"}
    created = world.created(timing=timing)
    previewed = world.post("/v1/occurrences", {"timing": timing}).json_body

    (listed,) = world.get("/v1/schedules").json_body["items"]

    assert created["description"] == "At 09:00 on Monday to Friday, Europe/Berlin"
    assert listed["description"] == previewed["description"] == created["description"]


def test_a_search_shows_what_it_finds_and_how_many_it_compared(world: World) -> None:
    found = world.created(name="Weekly Digest", resource_id="contract-42")["schedule_id"]
    world.created(name="Trial ends")

    for search in ("DIGEST", "Contract-42", found[3:20].upper()):
        page = world.get(f"/v1/schedules?search={search}").json_body
        assert (ids(page), page["next_cursor"], page["searched"]) == ([found], None, 2)


def test_a_search_may_be_any_text(world: World) -> None:
    world.created(name="50 % & <b>größer</b>")

    for search in ("50 % &", "<B>GRÖSSER", "größer"):
        page = world.get(f"/v1/schedules?search={percent_encoded(search)}").json_body
        assert len(page["items"]) == 1, search


def test_schedules_are_found_by_the_type_of_their_action(world: World) -> None:
    world.created()
    event = world.created(action={"type": "event", "detail_type": "x"})["schedule_id"]

    assert ids(world.get("/v1/schedules?action_type=event").json_body) == [event]
    assert ids(world.get("/v1/schedules?action_type=nothing").json_body) == []


@pytest.mark.parametrize("path", ["/v1/schedules", "/v1/resources/c/schedules"])
def test_any_status_is_listed_active_ones_first(world: World, path: str) -> None:
    cancelled, paused, active = (world.created(resource_id="c")["schedule_id"] for _ in range(3))
    world.delete(f"/v1/schedules/{cancelled}")
    world.post(f"/v1/schedules/{paused}/pause", {})

    pages = list(pages_of(world, f"{path}?status=any&limit=1"))

    assert [id_ for page in pages for id_ in ids(page)] == [active, paused, cancelled]
    assert ids(world.get(f"{path}?status=any").json_body) == [active, paused, cancelled]


def test_a_cursor_of_another_list_is_refused(world: World) -> None:
    for _ in range(2):
        world.created(resource_id="contract-42")
    cursor = world.get("/v1/schedules?limit=1").json_body["next_cursor"]

    response = world.get(f"/v1/resources/contract-42/schedules?cursor={cursor}")

    assert problem(response) == (422, "invalid-cursor")


def test_a_resource_s_list_is_paged_too(world: World) -> None:
    created = [world.created(timing={"after": f"PT{n}H"}, resource_id="c")["schedule_id"] for n in range(1, 6)]
    world.created(resource_id="another")

    pages = list(pages_of(world, "/v1/resources/c/schedules?limit=2"))

    assert [id_ for page in pages for id_ in ids(page)] == created


@pytest.mark.parametrize("resource_id", ["a/b", "100%", "a%2Fb", "ünï cödé", "#1"])
def test_a_resource_id_in_a_path_is_decoded_once(world: World, resource_id: str) -> None:
    created = world.created(resource_id=resource_id)

    response = world.get(f"/v1/resources/{percent_encoded(resource_id)}/schedules")

    assert ids(response.json_body) == [created["schedule_id"]]


def test_a_resource_id_that_nothing_can_have_is_422(world: World) -> None:
    response = world.get(f"/v1/resources/{'x' * 257}/schedules")

    assert response.status_code == 422
    assert response.json_body["errors"][0]["field"] == "resource_id"


def test_cancelling_a_resource_cancels_all_of_the_caller_s(world: World) -> None:
    for hour in range(1, 4):
        world.created(timing={"after": f"PT{hour}H"}, resource_id="c")

    response = world.delete("/v1/resources/c/schedules")

    assert (response.status_code, response.json_body) == (200, {"cancelled": 3, "complete": True})
    assert ids(world.get("/v1/resources/c/schedules").json_body) == []


def test_cancelling_more_than_fits_into_a_request_is_202_and_goes_on_when_asked_again(issuer: FakeIssuer) -> None:
    world = World(issuer, HurryingClock(NOW))
    for hour in range(1, 7):
        world.created(timing={"after": f"PT{hour}H"}, resource_id="c")

    answers = [world.delete("/v1/resources/c/schedules") for _ in range(2)]

    assert [(answer.status_code, answer.json_body["complete"]) for answer in answers] == [(202, False), (200, True)]
    assert sum(answer.json_body["cancelled"] for answer in answers) == 6


def test_an_admin_sees_and_cancels_everybody_s_on_a_resource(world: World) -> None:
    admin = world.issuer.token("root", Scope.ADMIN)
    for user in ("alice", "bob"):
        world.created(world.issuer.token(user, *READ_AND_WRITE), resource_id="c")

    listed = world.get("/v1/resources/c/schedules", token=admin).json_body
    bobs = world.get("/v1/resources/c/schedules?user_id=bob", token=admin).json_body
    cancelled = world.delete("/v1/resources/c/schedules", token=admin).json_body

    assert [schedule["user_id"] for schedule in listed["items"]] == ["alice", "bob"]
    assert [schedule["user_id"] for schedule in bobs["items"]] == ["bob"]
    assert cancelled == {"cancelled": 2, "complete": True}


def test_the_runs_of_a_schedule_come_newest_first(world: World) -> None:
    schedule = stored(world, world.created(timing={"rate": "1 hour"}))
    for hour in range(1, 4):
        world.repository.claim(ended(schedule, hour), expecting=schedule, replacing=None)

    pages = list(pages_of(world, f"/v1/schedules/{schedule.schedule_id}/runs?limit=2"))

    assert [run["scheduled_time"] for page in pages for run in page["items"]] == [
        "2027-03-01T11:00:00Z",
        "2027-03-01T10:00:00Z",
        "2027-03-01T09:00:00Z",
    ]


def test_a_run_tells_its_story(world: World) -> None:
    schedule = stored(world, world.created(timing={"rate": "1 hour"}))
    run = ended(schedule, 1, error="the webhook answered 410")
    world.repository.claim(run, expecting=schedule, replacing=None)

    (shown,) = world.get(f"/v1/schedules/{schedule.schedule_id}/runs").json_body["items"]

    assert shown == {
        "run_id": run.run_id,
        "schedule_id": schedule.schedule_id,
        "resource_id": None,
        "action_type": "email",
        "scheduled_time": "2027-03-01T09:00:00Z",
        "status": "failed",
        "reason": "the webhook answered 410",
        "lateness_ms": 1250,
        "next_attempt_at": None,
        "possibly_repeated": False,
        "unforeseen": False,
        "attempts": [
            {
                "started_at": "2027-03-01T09:00:00.000Z",
                "ended_at": "2027-03-01T09:00:02.000Z",
                "error": "the webhook answered 410",
            }
        ],
    }


def test_a_schedule_s_next_occurrences_are_shown(world: World) -> None:
    created = world.created(timing={"cron": "0 9 ? * MON *", "timezone": "Europe/Berlin"})

    response = world.get(f"/v1/schedules/{created['schedule_id']}/occurrences?limit=2")

    assert response.json_body == {"occurrences": ["2027-03-08T08:00:00Z", "2027-03-15T08:00:00Z"]}


class HurryingClock(StoppedClock):
    """A second passes whenever it is looked at."""

    def __call__(self) -> datetime:
        self.sleep(1)
        return self.now


def ids(page: dict[str, Any]) -> list[str]:
    return [schedule["schedule_id"] for schedule in page["items"]]


def pages_of(world: World, path: str) -> Iterator[dict[str, Any]]:
    """Every page of a list whose path has a query."""
    page = world.get(path).json_body
    yield page
    while page["next_cursor"] is not None:
        page = world.get(f"{path}&cursor={page['next_cursor']}").json_body
        yield page


def percent_encoded(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def stored(world: World, created: dict[str, Any]) -> Schedule:
    schedule = world.repository.get("alice", created["schedule_id"])
    assert schedule is not None
    return schedule


def ended(schedule: Schedule, hour: int, error: str | None = None) -> Run:
    """Its run of that many hours after NOW, a second and a quarter late and two seconds long."""
    run = a_run(schedule, scheduled_time=NOW + timedelta(hours=hour))
    status = RunStatus.FAILED if error else RunStatus.SUCCEEDED
    over = run.ended(status, run.scheduled_time + timedelta(seconds=2), error=error)
    return replace(over, lateness=timedelta(milliseconds=1250))
