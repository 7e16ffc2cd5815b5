"""POST /v1/schedules."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.errors import SchedulerDenied, SchedulerRefused, SchedulerUnavailable, StoreUnavailable
from chalicelib.scheduling.arguments.bodies import DetailsBody
from tests.api.world import MAIL, READ_AND_WRITE, World, problem
from tests.builders import NOW, a_schedule, an_action

if TYPE_CHECKING:
    from tests.api.world import FakeIssuer


def test_a_schedule_comes_back_as_it_was_understood(world: World) -> None:
    response = world.create(
        timing={"at": "2027-03-02T09:00:00", "timezone": "Europe/Berlin"}, name="Hi", resource_id="contract-42"
    )

    assert response.json_body == {
        "schedule_id": response.json_body["schedule_id"],
        "user_id": "alice",
        "resource_id": "contract-42",
        "name": "Hi",
        "status": "active",
        "reason": None,
        "paused_until": None,
        "confirmed": True,
        "revision": 1803888000000,
        "timing": {"at": "2027-03-02T09:00:00", "timezone": "Europe/Berlin"},
        "action": MAIL,
        "flexible_window_minutes": 0,
        "delivery": {"max_retries": 185, "max_age_seconds": 3600},
        "metadata": {},
        "retry": {"max_retries": 3, "backoff_seconds": 60},
        "on_unknown": "retry",
        "overlap": "allow",
        "pause_after_failures": 0,
        "failures_in_a_row": 0,
        "max_runs": None,
        "exclusions": [],
        "on_missed": "run_now",
        "next_run_at": "2027-03-02T08:00:00Z",
        "last_run": None,
        "run_count": 0,
        "created_at": "2027-03-01T08:00:00.000Z",
        "updated_at": "2027-03-01T08:00:00.000Z",
    }


def test_a_201_says_where_it_is_and_its_revision(world: World) -> None:
    response = world.create()

    assert response.status_code == 201
    assert response.headers["Location"] == f"/v1/schedules/{response.json_body['schedule_id']}"
    assert response.headers["ETag"] == '"1803888000000"'


def test_location_keeps_the_prefix_of_the_app_that_the_routes_are_in(issuer: FakeIssuer) -> None:
    world = World(issuer, url_prefix="/tasks")

    response = world.post("/tasks/v1/schedules", {"timing": {"after": "PT1H"}, "action": MAIL})

    assert response.headers["Location"] == f"/tasks/v1/schedules/{response.json_body['schedule_id']}"


def test_location_keeps_the_stage_of_api_gateway(world: World) -> None:
    answer = world.app(api_gateway_event(world, "/api/v1/schedules"), None)

    assert answer["headers"]["Location"].startswith("/api/v1/schedules/")


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"at": "2027-03-02T09:00:00Z"}, {"at": "2027-03-02T09:00:00", "timezone": "UTC"}),
        ({"at": "2027-03-02T09:00:00+02:00"}, {"at": "2027-03-02T07:00:00", "timezone": "UTC"}),
        ({"after": "PT2H"}, {"at": "2027-03-01T10:00:00", "timezone": "UTC"}),
        ({"rate": "15 minutes"}, {"rate": "15 minutes", "start_at": "2027-03-01T08:15:00Z"}),
        (
            {"cron": "cron(0 9 ? * MON *)", "timezone": "Europe/Berlin", "end_at": "2027-06-01T00:00:00Z"},
            {"cron": "0 9 ? * MON *", "timezone": "Europe/Berlin", "end_at": "2027-06-01T00:00:00Z"},
        ),
    ],
)
def test_a_timing_is_shown_as_it_could_be_sent_again(world: World, sent: dict[str, str], shown: dict[str, str]) -> None:
    created = world.created(timing=sent)

    assert created["timing"] == shown
    assert world.created(timing=shown)["next_run_at"] == created["next_run_at"]


@pytest.mark.parametrize(
    "action",
    [
        MAIL,
        {"type": "webhook", "url": "https://example.com/hook", "headers": {"X-Shop": "7"}, "body": {"a": [1, None]}},
        {"type": "webhook", "url": "https://example.com/hook", "body": None},
        {"type": "event", "detail_type": "trial.ended", "detail": {"plan": "pro"}, "source": "shop"},
        {"type": "invoice.remind", "data": {"invoice": 42}},
    ],
)
def test_an_action_comes_back_as_it_was_sent(world: World, action: dict[str, object]) -> None:
    created = world.created(action=action)

    assert world.get(f"/v1/schedules/{created['schedule_id']}").json_body["action"] == action


def test_every_detail_is_kept(world: World) -> None:
    details: dict[str, Any] = {
        "delivery": {"max_retries": 0, "max_age_seconds": 60},
        "flexible_window_minutes": 15,
        "metadata": {"plan": "pro", "seats": 3},
        "max_runs": 12,
        "exclusions": ["2027-12-24", "2027-12-31"],
        "on_missed": "run_now",
        "retry": {"max_retries": 20, "backoff_seconds": 3600},
        "on_unknown": "stop",
        "overlap": "skip",
        "pause_after_failures": 0,
    }

    created = world.created(timing={"rate": "1 day"}, **details)

    assert {name: created[name] for name in details} == details


def test_null_is_the_default_of_a_detail(world: World) -> None:
    details = set(DetailsBody.model_fields)

    with_nulls = world.created(**dict.fromkeys(details))

    assert with_nulls == world.created() | {"schedule_id": with_nulls["schedule_id"]}


def test_a_recurring_schedule_pauses_after_ten_failures_unless_told_otherwise(world: World) -> None:
    assert world.created(timing={"rate": "1 day"})["pause_after_failures"] == 10


def test_excluded_dates_are_not_planned(world: World) -> None:
    timing = {"cron": "0 9 * * ? *", "timezone": "Europe/Berlin"}

    created = world.created(timing=timing, exclusions=["2027-03-02", "2027-03-03"])

    assert created["next_run_at"] == "2027-03-04T08:00:00Z"


def test_what_curl_sends_without_a_content_type_is_taken(world: World) -> None:
    body = b'{"timing": {"after": "PT10S"}, "action": {"type": "invoice.remind"}}'

    response = world.post("/v1/schedules", body, headers={"Content-Type": "application/x-www-form-urlencoded"})

    assert response.status_code == 201


def test_it_is_202_while_our_note_of_eventbridge_s_yes_is_missing(world: World) -> None:
    world.faults.always("repository.confirm", StoreUnavailable)

    response = world.create()

    assert response.status_code == 202
    assert response.json_body["confirmed"] is False


def test_it_is_202_while_eventbridge_is_out_of_reach_and_there_is_time(world: World) -> None:
    world.faults.always("gateway.put", SchedulerUnavailable)

    response = world.create(timing={"after": "PT1H"})

    assert (response.status_code, response.json_body["confirmed"]) == (202, False)
    assert response.headers["Location"] == f"/v1/schedules/{response.json_body['schedule_id']}"


def test_eventbridge_out_of_reach_is_503_with_retry_after_where_time_is_short(world: World) -> None:
    world.faults.always("gateway.put", SchedulerUnavailable)

    response = world.create(timing={"after": "PT1M"})

    assert problem(response) == (503, "scheduler-unavailable")
    assert response.headers["Retry-After"] == "30"


def test_eventbridge_without_a_right_or_room_for_us_is_503(world: World) -> None:
    world.faults.always("gateway.put", SchedulerDenied)

    assert problem(world.create()) == (503, "scheduler-denied")


def test_a_table_out_of_reach_is_503_with_retry_after(world: World) -> None:
    world.faults.always("repository.create", StoreUnavailable)

    response = world.create()

    assert problem(response) == (503, "store-unavailable")
    assert response.headers["Retry-After"] == "5"


def test_what_eventbridge_refuses_for_ever_is_422(world: World) -> None:
    world.faults.always("gateway.put", SchedulerRefused("Invalid Schedule Expression at(x)."))

    response = world.create()

    assert problem(response) == (422, "scheduler-refused")
    assert response.json_body["detail"] == "Invalid Schedule Expression at(x)."


def test_a_bug_is_a_500_that_tells_nothing_but_the_request_id(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.faults.always("repository.create", RuntimeError("the table is called secret-table"))

    response = world.create()

    assert problem(response) == (500, "internal-error")
    assert "secret-table" not in response.body.decode()
    assert response.json_body["request_id"] in caplog.text
    assert "secret-table" in caplog.text


def api_gateway_event(world: World, path: str) -> dict[str, Any]:
    """As API Gateway hands over a mail in an hour; its `path` begins with the stage, its body is text."""
    return {
        "requestContext": {"httpMethod": "POST", "resourcePath": "/v1/schedules", "path": path},
        "headers": {"authorization": f"Bearer {world.issuer.token('alice', *READ_AND_WRITE)}"},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "isBase64Encoded": False,
        "body": json.dumps({"timing": {"after": "PT1H"}, "action": MAIL}),
    }


def test_more_schedules_than_a_user_may_have_are_409_with_the_limit(world: World) -> None:
    for number in range(1000):
        world.repository.create(a_schedule(schedule_id=f"s{number}"), an_action())
    world.repository.raise_count("alice", 1000, most_live=1000, now=NOW)

    response = world.create()

    assert problem(response) == (409, "too-many-schedules")
    assert response.json_body["limit"] == 1000
