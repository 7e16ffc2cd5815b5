"""EventBridge goes by zone data of its own: what it delivers, our calendar need not have."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.model import reasons
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import RetryPolicy, Status
from chalicelib.testing import Crash
from tests.between_calls import BeforeTheNext
from tests.notification.world import A_MINUTE, EMAIL, NOON, World, next_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.model.schedule import Schedule

AN_HOUR = timedelta(hours=1)


@pytest.fixture
def daily(world: World) -> Schedule:
    return world.service.create_recurring(
        user_id="alice", cron="0 15 * * ? *", timezone="UTC", action=EMAIL, retry=RetryPolicy(max_retries=0)
    )


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_one_time_delivery_an_hour_off_is_the_schedules_occurrence(world: World, hours: int) -> None:
    schedule = world.a_schedule(after=timedelta(hours=3))
    planned = next_run(schedule)

    world.fire(world.event(schedule, at=planned + timedelta(hours=hours)))

    (run,) = world.runs(schedule)
    assert (run.scheduled_time, run.delivered_for) == (planned, planned + timedelta(hours=hours))
    assert (run.status, run.unforeseen) == (RunStatus.SUCCEEDED, False)
    assert world.service.get("alice", schedule.schedule_id).status is Status.COMPLETED
    assert len(world.mails()) == 1


def test_an_unforeseen_delivery_runs_and_stands_for_the_nearest_occurrence(world: World, daily: Schedule) -> None:
    planned = next_run(daily)

    world.fire(world.event(daily, at=planned - AN_HOUR))

    stood_for, run = world.runs(daily)
    assert (run.scheduled_time, run.status, run.unforeseen) == (planned - AN_HOUR, RunStatus.SUCCEEDED, True)
    assert (stood_for.scheduled_time, stood_for.status) == (planned, RunStatus.SKIPPED)
    assert stood_for.reason == reasons.stood_for_by(run.run_id)
    assert len(world.mails()) == 1


def test_an_unforeseen_delivery_is_one_line_in_the_log_that_the_metric_counts(
    world: World, daily: Schedule, caplog: pytest.LogCaptureFixture
) -> None:
    world.fire(world.event(daily, at=next_run(daily) - AN_HOUR))

    assert counted_lines(caplog) == [True]


def test_a_claim_that_meets_a_change_is_counted_once(
    world: World, daily: Schedule, caplog: pytest.LogCaptureFixture
) -> None:
    event = world.event(daily, at=next_run(daily) - AN_HOUR)
    meeting(world, "repository.claim", lambda: world.service.change("alice", daily.schedule_id, name="other"))

    world.fire(event)

    assert world.faults.calls.count("repository.claim") == 2
    assert counted_lines(caplog) == [True]


def test_a_run_without_work_that_two_invocations_record_is_counted_once(
    world: World, daily: Schedule, caplog: pytest.LogCaptureFixture
) -> None:
    event = world.event(daily, at=next_run(daily) - AN_HOUR)
    world.service.pause("alice", daily.schedule_id)
    meeting(world, "repository.finish", lambda: world.fire(event))

    world.fire(event)

    assert [run.status for run in world.runs(daily) if run.unforeseen] == [RunStatus.SKIPPED]
    assert counted_lines(caplog) == [True]


def meeting(world: World, call: str, act: Callable[[], object]) -> None:
    """The next such call finds what another process has just done."""
    faults = BeforeTheNext(call)
    faults.act = act
    world.faults = world.repository.faults = faults


def counted_lines(caplog: pytest.LogCaptureFixture) -> list[Any]:
    """What the lines of the metric say of their runs."""
    lines = [record for record in caplog.records if record.getMessage().startswith("unforeseen")]
    return [getattr(line, "unforeseen", None) for line in lines]


def test_what_was_stood_for_is_done_if_it_is_delivered_itself(world: World, daily: Schedule) -> None:
    planned = next_run(daily)
    world.fire(world.event(daily, at=planned - AN_HOUR))

    world.fire(world.event(daily, at=planned))

    assert [run.status for run in world.runs(daily)] == [RunStatus.SUCCEEDED, RunStatus.SUCCEEDED]


def test_an_unforeseen_delivery_far_from_any_occurrence_stands_for_none(world: World, daily: Schedule) -> None:
    world.fire(world.event(daily, at=next_run(daily) + timedelta(hours=4)))

    (run,) = world.runs(daily)
    assert run.unforeseen


def test_two_unforeseen_deliveries_stand_for_two_occurrences(world: World) -> None:
    schedule = world.service.create_recurring(user_id="alice", cron="0 14,16 * * ? *", timezone="UTC", action=EMAIL)

    for hour in (13, 15):
        world.fire(world.event(schedule, at=NOON.replace(hour=hour)))

    stood_for = [run.scheduled_time.hour for run in world.runs(schedule) if run.status is RunStatus.SKIPPED]
    assert sorted(stood_for) == [14, 16]


def test_a_second_delivery_of_an_unforeseen_time_stands_for_nothing_more(world: World, daily: Schedule) -> None:
    event = world.event(daily, at=next_run(daily) - AN_HOUR)
    world.fire(event)

    world.fire(event, lateness=A_MINUTE)

    assert len(world.runs(daily)) == 2
    assert len(world.mails()) == 1


def test_an_unforeseen_run_whose_process_dies_is_watched(world: World, daily: Schedule) -> None:
    world.faults.once("provider.send_email", Crash)
    with pytest.raises(Crash):
        world.fire(world.event(daily, at=next_run(daily) - AN_HOUR))

    run = next(run for run in world.runs(daily) if run.unforeseen)
    assert (run.status, run.watch_at) == (RunStatus.RUNNING, run.lease_until)
