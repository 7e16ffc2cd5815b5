"""Accidents between the table and EventBridge, on real processes: what was acknowledged fires, once."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.model import ids
from tests.e2e.aws import client, dead_letters, left_in_eventbridge
from tests.e2e.client import Client
from tests.e2e.commands import deploy
from tests.e2e.schedules import an_email, due, ended_runs, path_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.app.stack import Stack
    from tests.e2e.cloud import Clock, LocalCloud
    from tests.promises import Promise

    Break = Callable[..., None]

pytestmark = pytest.mark.e2e

SWEPT = timedelta(minutes=3)
"""A lease of a minute, the sweeper's minute, and one more."""


@pytest.fixture
def broken(cloud: LocalCloud) -> Iterator[Break]:
    """Breaks calls to AWS: `broken("scheduler:CreateSchedule", "throttle")`, until it is called anew, or the end."""

    def broken(operation: str = "", mode: str = "", **how: Any) -> None:
        cloud.send("DELETE", "/_local/faults")
        if operation:
            assert cloud.send("POST", "/_local/faults", {"operation": operation, "mode": mode, **how}).status == 201

    yield broken
    broken()


@pytest.fixture
def carol(stack: Stack) -> Client:
    return Client(stack.api_url, stack.token("carol"))


def in_an_hour(subject: str) -> dict[str, Any]:
    return {"timing": {"after": "PT1H"}, "action": an_email(subject)}


def every_ten_minutes(clock: Clock, subject: str, **details: Any) -> dict[str, Any]:
    """For two hours: whatever a failed test leaves behind must not fire in another one's clock advance."""
    end = clock.now() + timedelta(hours=2)
    return {"timing": {"rate": "10 minutes", "end_at": end.isoformat()}, "action": an_email(subject), **details}


def names_in_eventbridge(stack: Stack) -> set[str]:
    pages = client(stack, "scheduler").get_paginator("list_schedules")
    found = pages.paginate(GroupName=stack.outputs["scheduler_group_name"]).build_full_result()["Schedules"]
    return {schedule["Name"] for schedule in found}


def test_what_eventbridge_cannot_take_now_is_accepted_and_finished_by_the_sweeper(
    cloud: LocalCloud, alice: Client, clock: Clock, broken: Break
) -> None:
    broken("scheduler:CreateSchedule", "throttle")
    answer = alice.send("POST", "/v1/schedules", in_an_hour("accepted"))
    broken()
    cloud.forget_calls()

    clock.travel_to(clock.now() + SWEPT)
    confirmed = alice.get(path_of(answer.json))["confirmed"]
    clock.travel(hours=1)

    assert (answer.status, answer.json["confirmed"], confirmed) == (202, False, True)
    assert "scheduler:CreateSchedule" in cloud.calls("sweeper")
    assert len(cloud.messages("accepted")) == 1


def test_what_is_too_near_to_be_accepted_is_refused_and_never_fires(
    stack: Stack, cloud: LocalCloud, alice: Client, clock: Clock, broken: Break
) -> None:
    before = names_in_eventbridge(stack)
    broken("scheduler:CreateSchedule", "fail-after-work")
    answer = alice.send("POST", "/v1/schedules", {**in_an_hour("refused"), "timing": {"after": "PT2M"}})
    broken()

    clock.travel_to(clock.now() + SWEPT)

    assert answer.status == 503
    assert cloud.messages("refused") == []
    assert names_in_eventbridge(stack) <= before


CONFIRM = "dynamodb:Update*"
"""The second UpdateItem of a create; the first one counts it."""

CRASHES = [
    ("scheduler:CreateSchedule", "throttle", 1),
    ("scheduler:CreateSchedule", "fail", 2),
    ("scheduler:CreateSchedule", "fail-after-work", 1),
    ("scheduler:CreateSchedule", "fail-after-work", 2),
    ("scheduler:CreateSchedule", "timeout", 1),
    ("dynamodb:TransactWriteItems", "fail", 1),
    ("dynamodb:TransactWriteItems", "fail-after-work", 1),
    ("dynamodb:UpdateItem", "fail", 1),
    ("dynamodb:UpdateItem", "fail-after-work", 1),
    (CONFIRM, "fail", 2),
    (CONFIRM, "fail-after-work", 1),
    (CONFIRM, "fail-after-work", 2),
]
"""Operation, what happens to it, and how often; the API tries each call twice."""


def test_a_create_that_was_acknowledged_fires_once_whatever_happened_to_its_calls(
    stack: Stack, cloud: LocalCloud, alice: Client, clock: Clock, broken: Break, *, promise: Promise
) -> None:
    made = {}
    for operation, mode, times in CRASHES:
        spared = 1 if operation == CONFIRM else 0
        broken(operation, mode, times=times, skip=spared, **({"seconds": 4} if mode == "timeout" else {}))
        subject = f"{operation} {mode} {times}"
        made[subject] = alice.send("POST", "/v1/schedules", in_an_hour(subject))
    broken()

    clock.travel(hours=1, minutes=10)

    assert {subject: answer.status for subject, answer in made.items() if answer.status not in (201, 202)} == {}
    assert {subject: len(cloud.messages(subject)) for subject in made} == dict.fromkeys(made, 1)
    assert {alice.get(path_of(answer.json))["status"] for answer in made.values()} == {"completed"}
    assert left_in_eventbridge(stack, *(answer.json for answer in made.values())) == set()
    promise(1, f"on real processes, {len(made)} creates whose calls to AWS failed in different ways: each fired once")


@pytest.mark.parametrize("mode", ["fail", "fail-after-work"])
def test_a_change_that_was_acknowledged_counts_whatever_eventbridge_answered(
    cloud: LocalCloud, alice: Client, clock: Clock, broken: Break, mode: str
) -> None:
    subject = f"changed, {mode}"
    schedule = alice.create(**in_an_hour(subject))
    broken("scheduler:UpdateSchedule", mode)
    answer = alice.send("PATCH", path_of(schedule), {"timing": {"after": "PT2H"}})
    broken()

    clock.travel(hours=1, minutes=10)
    early = cloud.messages(subject)
    clock.travel(hours=1)

    assert (answer.status, answer.json["confirmed"]) == (202, False)
    assert (len(early), len(cloud.messages(subject))) == (0, 1)


def test_a_cancel_that_eventbridge_did_not_hear_holds_and_is_brought_to_its_end(
    stack: Stack, cloud: LocalCloud, alice: Client, clock: Clock, broken: Break
) -> None:
    schedule = alice.create(**in_an_hour("cancelled unheard"))
    broken("scheduler:DeleteSchedule", "throttle")
    answer = alice.send("DELETE", path_of(schedule))
    broken()
    before = left_in_eventbridge(stack, schedule)

    clock.travel_to(clock.now() + SWEPT)

    assert (answer.status, before) == (204, {schedule["schedule_id"]})
    assert left_in_eventbridge(stack, schedule) == set()
    assert cloud.messages("cancelled unheard") == []


def delete_behind_our_back(stack: Stack, schedule: dict[str, Any]) -> None:
    client(stack, "scheduler").delete_schedule(
        GroupName=stack.outputs["scheduler_group_name"],
        Name=ids.scheduler_name(schedule["user_id"], schedule["schedule_id"]),
    )


def test_an_occurrence_that_nothing_delivered_is_made_up_for(
    stack: Stack, cloud: LocalCloud, alice: Client, clock: Clock
) -> None:
    schedule = alice.create(**in_an_hour("made up for"))
    delete_behind_our_back(stack, schedule)

    clock.travel_to(due(schedule) + timedelta(minutes=7))

    (mail,) = cloud.messages("made up for")
    (run,) = ended_runs(alice, schedule)
    assert (run["status"], run["scheduled_time"]) == ("succeeded", schedule["next_run_at"])
    assert timedelta(minutes=5).total_seconds() * 1000 <= run["lateness_ms"] < 420_000
    assert alice.get(path_of(schedule))["status"] == "completed"
    assert mail["sent_at"] > schedule["next_run_at"]


def test_a_recurring_schedule_that_eventbridge_lost_is_missed_once_and_then_goes_on(
    stack: Stack, cloud: LocalCloud, alice: Client, clock: Clock
) -> None:
    schedule = alice.create(**every_ten_minutes(clock, "goes on"))
    delete_behind_our_back(stack, schedule)

    clock.travel_to(due(schedule) + timedelta(minutes=11))

    runs = [(run["scheduled_time"], run["status"]) for run in ended_runs(alice, schedule)]
    assert [status for _, status in runs] == ["succeeded", "missed"]
    assert runs[1][0] == schedule["next_run_at"]
    assert len(cloud.messages("goes on")) == 1
    assert left_in_eventbridge(stack, schedule)


def empty_table_of(stack: Stack, user: str) -> int:
    """Removes every item of a user behind our back; how many there were."""
    table, dynamodb = stack.outputs["table_name"], client(stack, "dynamodb")
    own = {f"USER#{user}", f"SCHEDULE#{user}"}
    found = dynamodb.get_paginator("scan").paginate(TableName=table).build_full_result()["Items"]
    items = [item for item in found if "#".join(item["PK"]["S"].split("#")[:2]) in own]
    for item in items:
        dynamodb.delete_item(TableName=table, Key={name: item[name] for name in ("PK", "SK")})
    return len(items)


@pytest.mark.long
def test_a_table_that_lost_its_records_loses_no_payload_and_is_filled_again_from_eventbridge(
    stack: Stack, cloud: LocalCloud, carol: Client, clock: Clock
) -> None:
    schedule = carol.create(**every_ten_minutes(clock, "kept", resource_id="contract-42"))
    assert empty_table_of(stack, "carol") == 3  # the schedule, its action, the count of her schedules

    clock.travel_to(due(schedule) + timedelta(minutes=12))
    letters = dead_letters(stack, "work", about=schedule["schedule_id"])
    assert (len(letters), cloud.messages("kept")) == (2, [])
    assert carol.send("GET", path_of(schedule)).status == 404

    line = f"not in the table: carol / {schedule['schedule_id']}"
    found, fixed, after = deploy(stack, "reconcile"), deploy(stack, "reconcile", "--apply"), deploy(stack, "reconcile")
    assert (found[0], fixed[0]) == (1, 0), (found, fixed)
    assert line in found[1]
    assert f"{line} -> recorded again" in fixed[1]
    assert "carol" not in after[1]

    again = carol.get(path_of(schedule))
    assert (again["status"], again["confirmed"], again["resource_id"]) == ("active", True, "contract-42")
    assert due(again) == due(schedule) + timedelta(minutes=20)
    clock.travel_to(due(again) + timedelta(minutes=1))
    assert len(cloud.messages("kept")) == 1
    assert [run["status"] for run in ended_runs(carol, schedule)] == ["succeeded"]


@pytest.mark.long
def test_an_erased_user_leaves_nothing_and_nothing_brings_him_back(
    stack: Stack, cloud: LocalCloud, admin: Client, clock: Clock
) -> None:
    dave = Client(stack.api_url, stack.token("dave"))
    schedules = [dave.create(**every_ten_minutes(clock, "erased")) for _ in range(3)]
    clock.travel_to(due(schedules[0]) + timedelta(seconds=30))
    assert len(cloud.messages("erased")) == 3

    job = admin.send("DELETE", "/v1/users/dave").json
    clock.travel(minutes=8)

    assert admin.get(f"/v1/jobs/{job['job_id']}")["status"] == "completed"
    assert empty_table_of(stack, "dave") == 0
    assert left_in_eventbridge(stack, *schedules) == set()
    assert len(cloud.messages("erased")) == 3
    assert "dave" not in deploy(stack, "reconcile")[1]


def test_a_month_without_a_due_watch_takes_no_sweep_and_no_time(
    cloud: LocalCloud, clock: Clock, promise: Promise
) -> None:
    clock.travel(days=40)  # past all that other tests left behind
    cloud.forget_calls()
    began = monotonic()

    clock.travel(days=30)

    seconds = monotonic() - began
    assert cloud.calls("sweeper") == []
    assert seconds < 2
    promise(5, f"a travelled month in which nothing is due takes {seconds * 1000:.0f} ms, sweeper included")
