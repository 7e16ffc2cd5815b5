"""Runs that failed or were missed: GET /v1/runs, POST …/runs/{run_id}/redrive, and POST /v1/runs/redrive."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.core.errors import StarterUnavailable
from chalicelib.core.model.run import RunStatus
from chalicelib.core.timing.instants import iso
from notification.dead_letters import DeadLetters
from notification.runner import Runner
from notification.webhook_signer import Signer
from tests.api.world import READ_AND_WRITE, FakeIssuer, World, fields, problem
from tests.builders import DAY, HOUR, MINUTE, NOW
from tests.notification.world import SETTINGS, FakeAws

if TYPE_CHECKING:
    from chalice.test import HTTPResponse

    from chalicelib.core.model.run import Run

A_WHILE = timedelta(seconds=30)
REFUSED = ClientError({"Error": {"Code": "MessageRejected", "Message": "no such address"}}, "SendEmail")


class Lambda:
    """The Notification Lambda behind a world's table; `aws` is what its actions reach."""

    def __init__(self, world: World) -> None:
        self.aws = FakeAws()
        self._world = world
        ids = count(1)
        self._runner = Runner(
            world.repository,
            DeadLetters(lambda: self.aws, SETTINGS.work_dead_letter_queue_url),  # type: ignore[arg-type, return-value]
            SETTINGS,
            aws=self.aws,
            signer=Signer(world.repository, world.master, world.clock),
            clock=world.clock,
            new_id=lambda: f"claim-{next(ids)}",
        )

    def deliver(self, schedule_id: str) -> None:
        """What EventBridge does when the time of alice's schedule has come."""
        at = self._world.service.get("alice", schedule_id).next_run_at
        request = self._world.gateway.find("alice", schedule_id)
        assert at is not None
        assert request is not None
        self._world.clock.now = at
        text = request["Target"]["Input"].replace("<aws.scheduler.scheduled-time>", iso(at))
        self._runner.handle(json.loads(text), A_WHILE)

    def do_what_was_started(self) -> None:
        events = self._world.starter.events
        while events:
            self._runner.handle(dict(events.pop(0)), A_WHILE)


def redrive_of(run: Run) -> str:
    return f"{path_of(run)}/redrive"


def path_of(run: Run) -> str:
    return f"/v1/schedules/{run.schedule_id}/runs/{run.run_id}"


def a_failed_run(world: World, **at: Any) -> Run:
    """Of a mail that was to be sent an hour after NOW."""
    return world.ended_run(world.created()["schedule_id"], **at)


def runs_of_a_week(world: World, status: RunStatus = RunStatus.FAILED, **details: Any) -> list[Run]:
    """Of one schedule, one a day, oldest first, all over NOW."""
    schedule_id = world.created(timing={"rate": "1 day"}, **details)["schedule_id"]
    runs = [world.ended_run(schedule_id, status, at=NOW + day * DAY) for day in range(7)]
    world.clock.now = NOW + 7 * DAY
    return runs


def listed(world: World, query: str = "") -> list[str]:
    return [run["run_id"] for run in world.get(f"/v1/runs{query}").json_body["items"]]


def sweep(world: World, *, minutes: int = 1) -> None:
    for _ in range(minutes):
        world.sweeper.sweep(stop_at=world.clock.now + timedelta(seconds=40))
        world.clock.now += MINUTE


# One


def test_a_failed_run_is_queued_again_under_its_own_id(world: World) -> None:
    run = a_failed_run(world)

    response = world.post(redrive_of(run))

    assert (response.status_code, response.headers["Location"]) == (202, path_of(run))
    assert (response.json_body["run_id"], response.json_body["status"]) == (run.run_id, "queued")
    assert response.json_body["reason"] is None
    assert world.get(path_of(run)).json_body == response.json_body


def test_location_keeps_the_prefix_of_the_app_that_the_routes_are_in(issuer: FakeIssuer) -> None:
    world = World(issuer, url_prefix="/tasks")
    created = world.post("/tasks/v1/schedules", {"timing": {"after": "PT1H"}, "action": {"type": "invoice.remind"}})
    run = world.ended_run(created.json_body["schedule_id"])

    one, many = world.post(f"/tasks{redrive_of(run)}"), world.post("/tasks/v1/runs/redrive")

    assert one.headers["Location"] == f"/tasks{path_of(run)}"
    assert many.headers["Location"] == f"/tasks/v1/jobs/{many.json_body['job_id']}"


def test_it_is_done_and_tells_both_its_tries(world: World) -> None:
    run = a_failed_run(world)
    world.post(redrive_of(run))

    lambda_ = Lambda(world)
    lambda_.do_what_was_started()

    shown = world.get(path_of(run)).json_body
    assert shown["status"] == "succeeded"
    assert [attempt["error"] for attempt in shown["attempts"]] == ["the provider said no", None]
    assert len(lambda_.aws.of("send_email")) == 1


def test_what_fails_again_is_in_the_list_again(world: World) -> None:
    run = a_failed_run(world)
    lambda_ = Lambda(world)
    lambda_.aws.error = REFUSED
    world.post(redrive_of(run))
    while_queued = listed(world)

    lambda_.do_what_was_started()

    assert (while_queued, listed(world)) == ([], [run.run_id])


def test_a_one_time_schedule_whose_run_is_done_in_the_end_has_not_failed(world: World) -> None:
    schedule_id = world.created()["schedule_id"]
    lambda_ = Lambda(world)
    lambda_.aws.error = REFUSED
    lambda_.deliver(schedule_id)
    before = world.get(f"/v1/schedules/{schedule_id}").json_body
    (failed,) = listed(world)

    lambda_.aws.error = None
    world.post(f"/v1/schedules/{schedule_id}/runs/{failed}/redrive")
    lambda_.do_what_was_started()

    after = world.get(f"/v1/schedules/{schedule_id}").json_body
    assert [(shown["status"], shown["run_count"]) for shown in (before, after)] == [("failed", 1), ("completed", 1)]
    assert after["reason"] is None


def test_a_run_outside_the_timing_is_done_again_as_such(world: World) -> None:
    path = f"/v1/schedules/{world.created()['schedule_id']}"
    lambda_ = Lambda(world)
    lambda_.aws.error = REFUSED
    run_id = world.post(f"{path}/run").json_body["run_id"]
    lambda_.do_what_was_started()

    lambda_.aws.error = None
    world.post(f"{path}/runs/{run_id}/redrive")
    lambda_.do_what_was_started()

    assert world.get(f"{path}/runs/{run_id}").json_body["status"] == "succeeded"
    assert (world.get(path).json_body["status"], world.get(path).json_body["run_count"]) == ("active", 0)


@pytest.mark.parametrize("status", [RunStatus.MISSED, RunStatus.SKIPPED])
def test_what_was_not_done_at_all_can_be_done(world: World, status: RunStatus) -> None:
    run = world.ended_run(world.created()["schedule_id"], status)

    assert world.post(redrive_of(run)).json_body["status"] == "queued"


@pytest.mark.parametrize("status", [RunStatus.SUCCEEDED, RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.RETRYING])
def test_what_is_done_or_under_way_is_409(world: World, status: RunStatus) -> None:
    run = world.ended_run(world.created()["schedule_id"], status)

    response = world.post(redrive_of(run))

    assert problem(response) == (409, "run-not-redrivable")
    assert f"This run is {status}." in response.json_body["detail"]
    assert world.starter.events == []


def test_asking_twice_starts_one(world: World) -> None:
    run = a_failed_run(world)

    answers = [world.post(redrive_of(run)).status_code for _ in range(2)]

    assert answers == [202, 409]
    assert len(world.starter.events) == 1


def test_a_run_of_a_cancelled_schedule_is_409(world: World) -> None:
    run = a_failed_run(world)
    world.delete(f"/v1/schedules/{run.schedule_id}")

    assert problem(world.post(redrive_of(run))) == (409, "schedule-ended")


def test_a_run_of_a_paused_schedule_is_done_when_somebody_asks(world: World) -> None:
    run = a_failed_run(world)
    world.post(f"/v1/schedules/{run.schedule_id}/pause")
    world.post(redrive_of(run))

    Lambda(world).do_what_was_started()

    assert world.get(path_of(run)).json_body["status"] == "succeeded"


def test_what_cannot_be_started_at_once_is_queued_all_the_same(world: World) -> None:
    run = a_failed_run(world)
    world.faults.always("starter.start", StarterUnavailable)

    response = world.post(redrive_of(run))

    assert (response.status_code, response.json_body["status"]) == (202, "queued")


def test_a_redrive_takes_no_body(world: World) -> None:
    response = world.post(redrive_of(a_failed_run(world)), {"per_minute": 1})

    assert (response.status_code, fields(response)) == (422, ["per_minute"])


@pytest.mark.parametrize("run_id", ["unknown", "20270301T090000Z-0000000000000000", "RUN%232027", "%00"])
def test_what_is_no_run_of_this_schedule_is_404(world: World, run_id: str) -> None:
    schedule_id = world.created()["schedule_id"]

    assert problem(world.post(f"/v1/schedules/{schedule_id}/runs/{run_id}/redrive")) == (404, "run-not-found")


def test_a_run_of_another_schedule_is_404(world: World) -> None:
    run, other = a_failed_run(world), world.created()

    response = world.post(f"/v1/schedules/{other['schedule_id']}/runs/{run.run_id}/redrive")

    assert problem(response) == (404, "run-not-found")


# The list


def test_failed_runs_come_newest_first_over_all_schedules_page_by_page(world: World) -> None:
    runs = [*runs_of_a_week(world), world.ended_run(world.created()["schedule_id"], at=NOW + 7 * DAY)]

    first = world.get("/v1/runs?limit=5").json_body
    second = world.get(f"/v1/runs?limit=5&cursor={first['next_cursor']}").json_body

    shown = [run["run_id"] for page in (first, second) for run in page["items"]]
    assert shown == [run.run_id for run in reversed(runs)]
    assert second["next_cursor"] is None


def test_a_span_includes_both_its_ends(world: World) -> None:
    runs = runs_of_a_week(world)

    shown = listed(world, "?since=2027-03-03T08:00:00Z&until=2027-03-05T10:00:00%2B02:00")

    assert shown == [run.run_id for run in reversed(runs[2:5])]


def test_a_cursor_stays_within_its_span(world: World) -> None:
    runs = runs_of_a_week(world)
    query = "?since=2027-03-03T00:00:00Z&limit=3"
    cursor = world.get(f"/v1/runs{query}").json_body["next_cursor"]

    assert listed(world, f"{query}&cursor={cursor}") == [run.run_id for run in (runs[3], runs[2])]


def test_missed_runs_are_a_list_of_their_own(world: World) -> None:
    schedule_id = world.created(timing={"rate": "1 day"})["schedule_id"]
    failed = world.ended_run(schedule_id)
    missed = world.ended_run(schedule_id, RunStatus.MISSED, at=NOW + HOUR)

    assert listed(world, "?status=missed") == [missed.run_id]
    assert listed(world, "?status=failed") == listed(world) == [failed.run_id]


def test_the_list_shows_nobody_else_s_and_a_cursor_does_not_either(world: World) -> None:
    runs_of_a_week(world)
    cursor = world.get("/v1/runs?limit=1").json_body["next_cursor"]
    bob = world.issuer.token("bob", *READ_AND_WRITE)

    assert world.get("/v1/runs", token=bob).json_body == {"items": [], "next_cursor": None}
    assert problem(world.get(f"/v1/runs?cursor={cursor}", token=bob)) == (422, "invalid-cursor")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=succeeded", "status"),
        ("since=yesterday", "since"),
        ("since=2027-03-01T00:00:00", "since"),
        ("until=2027-02-30T00:00:00Z", "until"),
        ("since=2027-03-02T00:00:00Z&until=2027-03-01T00:00:00Z", "until"),
        ("limit=101", "limit"),
        ("schedule_id=s1", "schedule_id"),
    ],
)
def test_a_wrong_parameter_is_422_and_named(world: World, query: str, field: str) -> None:
    response = world.get(f"/v1/runs?{query}")

    assert (response.status_code, fields(response)) == (422, [field])


# Many


def ask(world: World, body: dict[str, Any] | None = None, **options: Any) -> HTTPResponse:
    """A minute after the last run failed."""
    world.clock.now += MINUTE
    return world.post("/v1/runs/redrive", body, **options)


def still_failed(world: World, body: dict[str, Any]) -> list[str]:
    """What is left of the list when this was asked for, and the sweeper has queued it."""
    assert ask(world, body).status_code == 202
    sweep(world)
    return listed(world)


def test_it_is_a_job_that_its_user_can_follow(world: World) -> None:
    runs_of_a_week(world)

    asked = ask(world)
    sweep(world, minutes=3)

    shown = world.get(asked.headers["Location"]).json_body
    assert (asked.status_code, asked.json_body["kind"], asked.json_body["done"]) == (202, "redrive", 0)
    assert (shown["job_id"], shown["status"], shown["done"]) == (asked.json_body["job_id"], "completed", 7)


def test_another_user_s_job_looks_like_none(world: World) -> None:
    location = ask(world).headers["Location"]
    bob = world.issuer.token("bob", *READ_AND_WRITE)

    his, none = world.get(location, token=bob), world.get("/v1/jobs/unknown", token=bob)

    assert (his.status_code, his.body) == (none.status_code, none.body) == (404, none.body)


def test_those_of_one_schedule_leave_the_others(world: World) -> None:
    meant, other = a_failed_run(world), a_failed_run(world)

    assert still_failed(world, {"schedule_id": meant.schedule_id}) == [other.run_id]


def test_those_about_one_thing_leave_the_others(world: World) -> None:
    world.ended_run(world.created(resource_id="contract-42")["schedule_id"])
    other = a_failed_run(world)

    assert still_failed(world, {"resource_id": "contract-42"}) == [other.run_id]


def test_those_of_a_span_leave_the_others(world: World) -> None:
    runs = runs_of_a_week(world)

    left = still_failed(world, {"since": "2027-03-02T00:00:00Z", "until": "2027-03-06T08:00:00Z"})

    assert left == [runs[6].run_id, runs[0].run_id]


def test_missed_ones_are_done_only_if_they_are_meant(world: World) -> None:
    missed = world.ended_run(world.created()["schedule_id"], RunStatus.MISSED)

    ask(world)
    sweep(world)
    unless_meant = listed(world, "?status=missed")
    ask(world, {"status": "missed"})
    sweep(world)

    assert (unless_meant, listed(world, "?status=missed")) == ([missed.run_id], [])


def test_nobody_else_s_are_touched(world: World) -> None:
    run = a_failed_run(world)

    ask(world, token=world.issuer.token("bob", *READ_AND_WRITE))
    sweep(world)

    assert listed(world) == [run.run_id]


@pytest.mark.parametrize(("per_minute", "in_two_sweeps"), [(1, 2), (2, 3), (6000, 7)])
def test_they_are_started_at_the_rate_that_was_asked_for(world: World, per_minute: int, in_two_sweeps: int) -> None:
    """The first one at once, and from then on one every 60 / per_minute seconds; the sweeps are a minute apart."""
    runs_of_a_week(world)
    lambda_ = Lambda(world)
    ask(world, {"per_minute": per_minute})

    sweep(world, minutes=2)
    lambda_.do_what_was_started()

    assert len(lambda_.aws.of("send_email")) == in_two_sweeps


@pytest.mark.parametrize(
    ("body", "field", "hint"),
    [
        ({"per_minute": 0}, "per_minute", "at least 1"),
        ({"per_minute": 6001}, "per_minute", "at most 6000"),
        ({"status": "succeeded"}, "status", "'failed' or 'missed'"),
        ({"schedule_id": "no id"}, "schedule_id", "1 to 64"),
        ({"resource_id": ""}, "resource_id", "empty"),
        ({"since": "2027-03-01"}, "since", "is not a time"),
        ({"until": "2027-03-01T08:00:00"}, "until", "wall time"),
        ({"since": "2027-03-02T00:00:00Z", "until": "2027-03-01T00:00:00Z"}, "until", "not be before `since`"),
        ({"run_id": "x"}, "run_id", "not an allowed field"),
    ],
)
def test_a_wrong_field_is_422_and_named(world: World, body: dict[str, Any], field: str, hint: str) -> None:
    response = ask(world, body)

    assert (response.status_code, fields(response)) == (422, [field])
    assert hint in response.json_body["detail"]


def test_an_admin_names_whose_they_are(world: World) -> None:
    run = a_failed_run(world)
    admin = world.issuer.token("root", "schedules:admin")

    job = world.post("/v1/runs/redrive?user_id=alice", token=admin).json_body
    shown = world.get("/v1/runs?user_id=alice", token=admin).json_body["items"]

    assert job["user_id"] == "alice"
    assert [failed["run_id"] for failed in shown] == [run.run_id]
