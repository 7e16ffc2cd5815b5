"""PATCH and PUT /v1/schedules/{id}, and If-Match."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.errors import SchedulerRefused, SchedulerUnavailable
from tests.api.world import MAIL, World, fields, problem

if TYPE_CHECKING:
    from chalice.test import HTTPResponse

EVERY_HOUR = {"rate": "1 hour"}
FULL: dict[str, Any] = {
    "timing": EVERY_HOUR,
    "action": MAIL,
    "name": "Hi",
    "resource_id": "contract-42",
    "flexible_window_minutes": 15,
    "delivery": {"max_retries": 3, "max_age_seconds": 120},
    "metadata": {"plan": "pro"},
    "max_runs": 5,
    "exclusions": ["2027-12-24"],
    "on_missed": "run_now",
    "retry": {"max_retries": 1, "backoff_seconds": 120},
    "on_unknown": "stop",
    "overlap": "skip",
    "pause_after_failures": 2,
}
WEBHOOK = {"type": "webhook", "url": "https://example.com/hook"}


def path_of(created: dict[str, Any]) -> str:
    return f"/v1/schedules/{created['schedule_id']}"


def patched(world: World, created: dict[str, Any], **changes: Any) -> dict[str, Any]:
    response = world.patch(path_of(created), changes)
    assert response.status_code == 200, response.body
    schedule: dict[str, Any] = response.json_body
    return schedule


# PATCH


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("action", WEBHOOK),
        ("name", "Bye"),
        ("resource_id", "contract-7"),
        ("flexible_window_minutes", 0),
        ("delivery", {"max_retries": 0, "max_age_seconds": 60}),
        ("metadata", {}),
        ("max_runs", 7),
        ("exclusions", ["2027-12-25", "2027-12-31"]),
        ("on_missed", "skip"),
        ("retry", {"max_retries": 0, "backoff_seconds": 60}),
        ("on_unknown", "retry"),
        ("overlap", "allow"),
        ("pause_after_failures", 0),
    ],
)
def test_only_what_is_named_changes(world: World, field: str, value: Any) -> None:
    created = world.created(**FULL)

    changed = patched(world, created, **{field: value})

    assert changed == {**created, field: value, "revision": created["revision"] + 1}
    assert world.get(path_of(created)).json_body == changed


def test_a_new_timing_changes_the_next_run(world: World) -> None:
    changed = patched(world, world.created(), timing={"at": "2027-03-02T09:00:00", "timezone": "Europe/Berlin"})

    assert changed["timing"] == {"at": "2027-03-02T09:00:00", "timezone": "Europe/Berlin"}
    assert changed["next_run_at"] == "2027-03-02T08:00:00Z"


@pytest.mark.parametrize(
    ("field", "default"),
    [
        ("name", None),
        ("resource_id", None),
        ("flexible_window_minutes", 0),
        ("delivery", {"max_retries": 185, "max_age_seconds": 3600}),
        ("metadata", {}),
        ("max_runs", None),
        ("exclusions", []),
        ("on_missed", "skip"),
        ("retry", {"max_retries": 3, "backoff_seconds": 60}),
        ("on_unknown", "retry"),
        ("overlap", "allow"),
        ("pause_after_failures", 10),
    ],
)
def test_null_takes_a_field_back_to_its_default(world: World, field: str, default: Any) -> None:
    created = world.created(**FULL)

    assert patched(world, created, **{field: None})[field] == default


@pytest.mark.parametrize("field", ["timing", "action"])
def test_what_has_no_default_is_not_taken_away(world: World, field: str) -> None:
    response = world.patch(path_of(world.created()), {field: None})

    assert response.status_code == 422
    assert fields(response) == [field]


@pytest.mark.parametrize(
    ("body", "about"),
    [
        ({"timing": {"at": "2027-02-28T08:00:00Z"}}, "timing.at"),
        ({"action": {**MAIL, "to": ["x"]}}, "action.to.0"),
        ({"status": "paused"}, "status"),
        ({"user_id": "bob"}, "user_id"),
    ],
)
def test_a_wrong_change_is_422_and_named(world: World, body: dict[str, Any], about: str) -> None:
    created = world.created()

    response = world.patch(path_of(created), body)

    assert (response.status_code, fields(response)) == (422, [about])
    assert world.get(path_of(created)).json_body == created


def test_a_change_has_a_new_etag(world: World) -> None:
    created = world.created()

    response = world.patch(path_of(created), {"name": "Bye"})

    assert response.headers["ETag"] == f'"{created["revision"] + 1}"'


def test_a_change_is_202_while_eventbridge_is_out_of_reach(world: World) -> None:
    created = world.created()
    world.faults.always("gateway.put", SchedulerUnavailable)

    response = world.patch(path_of(created), {"name": "Bye"})

    assert (response.status_code, response.json_body["confirmed"]) == (202, False)


def test_a_change_that_eventbridge_refuses_is_422_and_undone(world: World) -> None:
    created = world.created(name="Hi")
    world.faults.once("gateway.put", SchedulerRefused("no"))

    response = world.patch(path_of(created), {"name": "Bye"})

    assert problem(response) == (422, "scheduler-refused")
    assert world.get(path_of(created)).json_body["name"] == "Hi"


def test_a_change_while_another_is_on_its_way_is_409_with_retry_after(world: World) -> None:
    created = world.created()
    world.faults.once("gateway.put", SchedulerUnavailable)
    world.patch(path_of(created), {"name": "first"})

    response = world.patch(path_of(created), {"name": "second"})

    assert problem(response) == (409, "schedule-busy")
    assert response.headers["Retry-After"] == "5"


def test_what_has_ended_does_not_change_any_more(world: World) -> None:
    created = world.created()
    world.delete(path_of(created))

    assert problem(world.patch(path_of(created), {"name": "Bye"})) == (409, "schedule-ended")


# PUT


def test_the_first_put_creates(world: World) -> None:
    response = world.put("/v1/schedules/trial-alice", FULL)

    assert response.status_code == 201
    assert response.headers["Location"] == "/v1/schedules/trial-alice"
    assert response.headers["ETag"] == f'"{response.json_body["revision"]}"'
    assert world.get("/v1/schedules/trial-alice").json_body == response.json_body


def test_a_second_put_replaces_all_of_it(world: World) -> None:
    world.put("/v1/schedules/mine", FULL)

    response = world.put("/v1/schedules/mine", {"timing": EVERY_HOUR, "action": WEBHOOK})

    replaced = response.json_body
    assert response.status_code == 200
    assert replaced["action"] == WEBHOOK
    assert [replaced[name] for name in ("name", "resource_id", "max_runs", "exclusions")] == [None, None, None, []]
    assert len(world.gateway.schedules) == 1


@pytest.mark.parametrize("existing", [False, True])
def test_a_put_is_202_while_eventbridge_is_out_of_reach(world: World, *, existing: bool) -> None:
    if existing:
        world.put("/v1/schedules/mine", FULL)
    world.faults.always("gateway.put", SchedulerUnavailable)

    response = world.put("/v1/schedules/mine", FULL)

    assert response.status_code == 202
    assert ("Location" in response.headers) is not existing


def test_a_put_of_a_paused_schedule_leaves_it_paused(world: World) -> None:
    world.put("/v1/schedules/mine", FULL)
    world.post("/v1/schedules/mine/pause", {"reason": "on holiday"})

    replaced = world.put("/v1/schedules/mine", FULL).json_body

    assert (replaced["status"], replaced["reason"]) == ("paused", "on holiday")


def test_a_put_begins_anew_what_has_ended(world: World) -> None:
    first = world.put("/v1/schedules/mine", FULL).json_body
    world.delete("/v1/schedules/mine")

    again = world.put("/v1/schedules/mine", FULL)

    assert (again.status_code, again.json_body["status"]) == (201, "active")
    assert again.json_body["revision"] > first["revision"]


@pytest.mark.parametrize("own_id", ["%62atch", "x" * 65, "a%20b", "a.b", "%C3%BC", "SCHEDULE%231"])
def test_an_id_that_nothing_can_have_is_422_and_named(world: World, own_id: str) -> None:
    response = world.put(f"/v1/schedules/{own_id}", FULL)

    assert (response.status_code, fields(response)) == (422, ["schedule_id"])


def test_a_put_without_timing_or_action_is_422(world: World) -> None:
    response = world.put("/v1/schedules/mine", {})

    assert (response.status_code, fields(response)) == (422, ["timing", "action"])


def test_a_put_of_another_user_s_id_makes_the_caller_s_own(world: World) -> None:
    world.put("/v1/schedules/mine", FULL)
    bob = world.issuer.token("bob", "schedules:write")

    response = world.put("/v1/schedules/mine", {"timing": EVERY_HOUR, "action": MAIL}, token=bob)

    assert (response.status_code, response.json_body["user_id"]) == (201, "bob")
    assert world.get("/v1/schedules/mine").json_body["name"] == "Hi"


# If-Match

CHANGES: list[tuple[str, str, dict[str, Any]]] = [
    ("PATCH", "", {"name": "Bye"}),
    ("PUT", "", FULL),
    ("POST", "/pause", {}),
    ("POST", "/resume", {}),
]


def change(world: World, created: dict[str, Any], what: tuple[str, str, dict[str, Any]], if_match: str) -> HTTPResponse:
    method, end, body = what
    return world.send(method, path_of(created) + end, body, headers={"If-Match": if_match})


@pytest.mark.parametrize("what", CHANGES, ids=str)
def test_of_two_who_read_the_same_revision_the_second_is_told(world: World, what: tuple[str, str, Any]) -> None:
    created = world.created(**FULL)
    etag = f'"{created["revision"]}"'

    first, second = (change(world, created, what, etag) for _ in range(2))

    assert first.status_code == 200
    assert problem(second) == (412, "revision-mismatch")


def test_a_put_where_something_is_expected_and_nothing_stands_is_412(world: World) -> None:
    response = world.put("/v1/schedules/mine", FULL, headers={"If-Match": '"1803888000000"'})

    assert problem(response) == (412, "revision-mismatch")
    assert world.gateway.schedules == {}


@pytest.mark.parametrize("etag", ["1803888000000", "*", '"abc"', 'W/"1803888000000"', '"1", "2"', ""])
def test_what_is_no_etag_of_ours_is_422_and_named(world: World, etag: str) -> None:
    response = world.patch(path_of(world.created()), {"name": "Bye"}, headers={"If-Match": etag})

    assert (response.status_code, fields(response)) == (422, ["If-Match"])
