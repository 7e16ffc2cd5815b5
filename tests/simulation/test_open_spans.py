"""Each occurrence that is due and without an outcome when a change is made gets a record, however many they are."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.errors import SchedulerRefused, SchedulerUnavailable
from chalicelib.core.model import reasons
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import DeliveryPolicy, OnMissed, Status
from chalicelib.scheduling.timing_spec import TimingSpec
from chalicelib.testing import Crash
from tests.notification.world import EMAIL, NOON
from tests.simulation.agreement import disagreements
from tests.simulation.due import due_times
from tests.simulation.simulator import A_DAY, A_MINUTE, A_SECOND, AN_HOUR, Life

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from chalicelib.core.model.schedule import Schedule

DAILY = TimingSpec(cron="0 9 * * ? *", timezone="UTC")

CHANGES: dict[str, Callable[[Life, str], object]] = {
    "rename": lambda life, of: life.service.change("alice", of, name="other"),
    "new timing": lambda life, of: life.service.change("alice", of, timing=DAILY),
    "put": lambda life, of: life.service.put("alice", of, timing=DAILY, action=EMAIL),
    "pause": lambda life, of: life.service.pause("alice", of),
    "cancel": lambda life, of: life.service.cancel("alice", of),
}


# Their number


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_after_four_hours_without_lambda_and_a_change_each_occurrence_has_a_record(
    life: Life, change: Callable[[Life, str], object]
) -> None:
    schedule = life.recurring(rate="1 minute")
    due = _due(schedule, until=NOON + 4 * AN_HOUR)
    _without_lambda(life, 4 * AN_HOUR + 10 * A_SECOND)

    change(life, schedule.schedule_id)
    life.travel(4 * AN_HOUR)

    assert len(due) == 240
    assert len(set(due) & _recorded(life, schedule)) == 240
    assert disagreements(life) == []
    assert _spans(life) == 0


def test_with_the_sweeper_off_for_a_day_and_a_pause_that_ended_each_occurrence_has_a_record(life: Life) -> None:
    schedule = life.recurring(rate="5 minutes")
    life.service.pause("alice", schedule.schedule_id, until=NOON + 15 * A_MINUTE)
    due = [at for at in _due(schedule, until=NOON + A_DAY - A_MINUTE) if at >= NOON + 15 * A_MINUTE]
    life.sweeps_down = True
    life.travel(A_DAY - A_MINUTE)

    life.service.change("alice", schedule.schedule_id, name="other")
    life.sweeps_down = False
    life.travel(5 * AN_HOUR)

    assert len(due) == 285
    assert len(set(due) & _recorded(life, schedule)) == 285
    assert disagreements(life) == []


def test_changes_one_after_the_other_leave_nothing_out(life: Life) -> None:
    schedule = life.recurring(rate="1 minute")
    life.copies, life.sweeps_down = 0, True
    for change in (CHANGES["rename"], CHANGES["pause"], _resume, _retime("2 minutes"), _retime("3 minutes")):
        life.travel(61 * A_MINUTE + 10 * A_SECOND)
        change(life, schedule.schedule_id)
    life.copies, life.sweeps_down = 1, False

    life.travel(5 * AN_HOUR)

    runs = _recorded(life, schedule)
    first_pause, second = NOON + 122 * A_MINUTE, NOON + 183 * A_MINUTE
    expected = [at for at in _due(schedule, until=NOON + 244 * A_MINUTE) if not first_pause < at <= second]
    assert [f"{at:%H:%M}" for at in expected if at not in runs] == []
    assert disagreements(life) == []
    assert _spans(life) == 0


def test_a_sweep_does_a_bounded_part_of_a_span_and_the_next_one_goes_on(life: Life) -> None:
    schedule = life.recurring(rate="1 minute")
    _without_lambda(life, 4 * AN_HOUR + 10 * A_SECOND)
    life.service.cancel("alice", schedule.schedule_id)

    life.clock.now += A_MINUTE
    life.sweep()
    first = len(life.runs_of(schedule))
    life.clock.now += A_MINUTE
    life.sweep()

    assert (first, len(life.runs_of(schedule))) == (50, 100)


def test_the_record_stays_small_however_many_wait(life: Life) -> None:
    schedule = life.recurring(rate="1 minute")
    _without_lambda(life, A_DAY)

    life.service.change("alice", schedule.schedule_id, name="other")

    item = life.repository.items["USER#alice", f"SCHEDULE#{schedule.schedule_id}"]
    assert item["owed"] == ["2027-03-01T12:01:00Z"]


# Their outcome


def test_what_was_due_before_a_change_is_done_if_it_is_delivered_hours_later(life: Life) -> None:
    schedule = life.recurring(rate="1 minute", delivery=DeliveryPolicy(max_age_seconds=86_400))
    life.lateness = 5 * AN_HOUR
    life.travel(4 * AN_HOUR)
    life.service.change("alice", schedule.schedule_id, timing=DAILY)

    life.travel(7 * AN_HOUR)

    statuses = Counter(run.status for run in life.runs_of(schedule) if run.scheduled_time <= NOON + 4 * AN_HOUR)
    assert statuses == {RunStatus.SUCCEEDED: 240}
    assert disagreements(life) == []


def test_what_was_due_before_a_pause_is_done_if_it_is_delivered_after_the_resume(life: Life) -> None:
    schedule = life.recurring()
    life.lateness = 3 * A_MINUTE
    life.travel(16 * A_MINUTE)
    life.service.pause("alice", schedule.schedule_id)
    life.travel(A_MINUTE)
    life.service.resume("alice", schedule.schedule_id)

    life.travel(2 * A_MINUTE)

    assert life.story(schedule) == [("12:15", "succeeded")]


def test_what_lies_in_the_pause_is_not_done_though_a_span_is_open(life: Life) -> None:
    schedule = life.recurring(rate="1 minute")
    life.lateness = 4 * A_MINUTE
    life.travel(2 * A_MINUTE + 10 * A_SECOND)
    fired_in_the_pause = life.event(schedule, at=NOON + 3 * A_MINUTE)
    life.service.pause("alice", schedule.schedule_id)
    life.travel(A_MINUTE)
    life.service.resume("alice", schedule.schedule_id)

    life.queue.add(fired_in_the_pause, life.clock.now)
    life.travel(10 * A_SECOND)

    (run,) = life.runs_of(schedule)
    assert (run.status, run.reason) == (RunStatus.SKIPPED, reasons.schedule_was(Status.PAUSED))


def test_of_all_that_was_missed_before_a_change_the_latest_is_made_up_for(life: Life) -> None:
    schedule = life.recurring(cron="0/10 12-13 * * ? *", timezone="UTC", on_missed=OnMissed.RUN_NOW)
    _without_lambda(life, 55 * A_MINUTE)
    life.service.change("alice", schedule.schedule_id, timing=DAILY)

    life.travel(4 * AN_HOUR)

    assert life.story(schedule) == [*_each("missed", "12:10", "12:20", "12:30", "12:40"), ("12:50", "succeeded")]
    assert len(life.done()) == 1


def test_nothing_before_a_change_is_made_up_for_where_a_later_occurrence_has_come(life: Life) -> None:
    schedule = life.recurring(on_missed=OnMissed.RUN_NOW)
    _without_lambda(life, 20 * A_MINUTE)
    life.service.change("alice", schedule.schedule_id, name="other")

    life.travel(4 * AN_HOUR)

    assert life.story(schedule)[:2] == [("12:15", "missed"), ("12:30", "succeeded")]


def test_a_one_time_schedule_that_was_changed_after_its_time_ends_as_soon_as_its_run_does(life: Life) -> None:
    schedule = life.one_time()
    life.lateness = 2 * A_MINUTE
    life.travel(AN_HOUR + A_MINUTE)
    life.service.change("alice", schedule.schedule_id, name="other")

    life.travel(A_MINUTE + 10 * A_SECOND)
    assert (life.now_of(schedule).status, len(life.done())) == (Status.COMPLETED, 1)

    life.travel(AN_HOUR)
    assert _spans(life) == 0
    assert disagreements(life) == []


def test_a_one_time_schedule_that_was_changed_after_its_time_and_never_delivered_is_made_up_for(life: Life) -> None:
    schedule = life.one_time()
    _without_lambda(life, AN_HOUR + A_MINUTE)
    life.service.change("alice", schedule.schedule_id, name="other")
    life.copies = 0
    life.travel(2 * A_MINUTE)
    life.copies = 1

    life.travel(4 * AN_HOUR)

    assert life.story(schedule) == [("13:00", "succeeded")]
    assert life.now_of(schedule).status is Status.COMPLETED


def test_the_last_occurrences_of_what_ends_complete_it_when_the_span_is_closed(life: Life) -> None:
    schedule = life.recurring(rate="1 minute", end_at=NOON + 30 * A_MINUTE)
    _without_lambda(life, AN_HOUR)
    life.service.change("alice", schedule.schedule_id, name="other")

    life.travel(4 * AN_HOUR)

    assert len(life.runs_of(schedule)) == 30
    assert life.now_of(schedule).status is Status.COMPLETED
    assert life.bridge.schedules == {}
    assert disagreements(life) == []


def test_what_was_due_before_the_last_of_max_runs_is_recorded_however_many_there_are(life: Life) -> None:
    schedule = life.recurring(rate="1 minute", max_runs=1, delivery=DeliveryPolicy(max_age_seconds=86_400))
    life.copies = 0
    life.travel(4 * AN_HOUR)
    life.copies = 1

    life.travel(3 * AN_HOUR)

    statuses = Counter(status for _, status in life.story(schedule))
    assert statuses == {"skipped": 240, "succeeded": 1}
    assert life.now_of(schedule).status is Status.COMPLETED
    assert disagreements(life) == []


def test_what_was_due_while_the_last_of_max_runs_died_again_and_again_is_recorded(life: Life) -> None:
    schedule = life.recurring(rate="5 minutes", max_runs=1)
    life.faults.always("provider.send_email", Crash)
    life.travel(6 * A_MINUTE)
    life.copies = 0

    life.travel(6 * AN_HOUR)

    assert life.story(schedule) == [("12:05", "failed"), *_each("skipped", "12:10", "12:15")]
    assert life.now_of(schedule).status is Status.COMPLETED
    assert disagreements(life) == []


def test_a_span_whose_schedule_was_put_anew_still_records_what_it_stands_for(life: Life) -> None:
    life.service.put("alice", "s1", timing=TimingSpec(rate="1 minute"), action=EMAIL)
    before = life.service.get("alice", "s1")
    _without_lambda(life, 200 * A_MINUTE)
    life.service.cancel("alice", "s1")
    life.travel(A_SECOND)
    life.service.put("alice", "s1", timing=DAILY, action=EMAIL)

    life.travel(AN_HOUR)

    runs = life.runs_of(before)
    assert Counter(run.status for run in runs) == {RunStatus.SKIPPED: 200}
    assert {run.schedule_created_at for run in runs} == {before.created_at}
    assert life.service.get("alice", "s1").run_count == 0
    assert _spans(life) == 0


def test_an_erased_schedule_leaves_no_span(life: Life) -> None:
    life.recurring(rate="1 minute")
    _without_lambda(life, AN_HOUR)
    life.service.erase("alice")

    life.travel(AN_HOUR)

    assert life.repository.items.keys() == {key for key in life.repository.items if key[0].startswith("JOB#")}


@pytest.mark.long
def test_a_refused_change_leaves_no_gap(life: Life) -> None:
    schedule = life.recurring(rate="1 minute")
    _without_lambda(life, 200 * A_MINUTE + 10 * A_SECOND)
    life.faults.once("gateway.put", SchedulerRefused("nothing goes"))
    with pytest.raises(SchedulerRefused):
        life.service.change("alice", schedule.schedule_id, timing=DAILY)

    life.travel(3 * AN_HOUR)

    due = _due(schedule, until=life.clock.now - A_MINUTE)
    recorded = _recorded(life, schedule)
    assert [at for at in due if at not in recorded] == []
    assert {run.reason for run in life.runs_of(schedule)} == {None, reasons.MISSED}
    assert disagreements(life) == []


# Within two minutes of a change of timing


@pytest.mark.parametrize("seconds", [-119, -1, 1, 119])
def test_an_occurrence_within_two_minutes_of_a_change_of_timing_is_superseded_if_nothing_delivers_it(
    life: Life, seconds: int
) -> None:
    schedule = life.recurring(on_missed=OnMissed.RUN_NOW)
    _without_lambda(life, 15 * A_MINUTE + seconds * A_SECOND)
    life.service.change("alice", schedule.schedule_id, timing=DAILY)

    life.travel(4 * AN_HOUR)

    (run,) = life.runs_of(schedule)
    assert (run.scheduled_time, run.status, run.reason) == (
        NOON + 15 * A_MINUTE,
        RunStatus.SKIPPED,
        reasons.TIMING_CHANGED,
    )
    assert life.done() == []
    assert disagreements(life) == []


@pytest.mark.parametrize("seconds", [-119, -1, 1, 119])
@pytest.mark.parametrize("lateness", [timedelta(0), 20 * A_MINUTE], ids=["at once", "after it was superseded"])
def test_an_occurrence_within_two_minutes_of_a_change_of_timing_is_done_if_it_is_delivered(
    life: Life, seconds: int, lateness: timedelta
) -> None:
    schedule = life.recurring()
    event = life.event(schedule)
    _without_lambda(life, 15 * A_MINUTE + seconds * A_SECOND)
    life.service.change("alice", schedule.schedule_id, timing=DAILY)
    life.travel(max(lateness, NOON + 15 * A_MINUTE - life.clock.now))

    life.queue.add(event, life.clock.now)
    life.travel(4 * AN_HOUR)

    assert life.story(schedule) == [("12:15", "succeeded")]
    assert disagreements(life) == []


@pytest.mark.parametrize(
    "last",
    [
        TimingSpec(rate="6 hours"),
        TimingSpec(cron="* * * * ? *", timezone="UTC"),
        TimingSpec(cron="15,30 * * * ? *", timezone="UTC"),
    ],
    ids=["to another", "to one that has it", "back"],
)
def test_an_occurrence_after_its_timing_was_changed_is_not_done_because_the_timing_is_changed_once_more(
    life: Life, last: TimingSpec
) -> None:
    """EventBridge does not hear of the first change, and fires what was; Lambda's queue is behind."""
    schedule = life.recurring(cron="15,30 * * * ? *", timezone="UTC")
    life.travel(20 * A_MINUTE)
    life.faults.always("gateway.*", SchedulerUnavailable)
    life.service.change("alice", schedule.schedule_id, timing=DAILY)
    life.lateness = 30 * A_MINUTE
    life.travel(20 * A_MINUTE)
    life.service.change("alice", schedule.schedule_id, timing=last)
    life.faults.clear()

    life.travel(AN_HOUR / 2)

    assert life.story(schedule)[:2] == [("12:15", "succeeded"), ("12:30", "skipped")]
    assert life.runs_of(schedule)[1].reason == reasons.NOT_ITS_TIME


def test_an_occurrence_that_the_new_timing_has_as_well_is_not_superseded(life: Life) -> None:
    schedule = life.recurring()
    life.travel(29 * A_MINUTE)
    life.service.change(
        "alice", schedule.schedule_id, timing=TimingSpec(rate="30 minutes", start_at=NOON + AN_HOUR / 2)
    )
    assert _spans(life) == 0
    life.copies = 0
    life.travel(2 * A_MINUTE)
    life.copies = 1

    life.travel(4 * AN_HOUR)

    assert life.story(schedule)[:2] == [("12:15", "succeeded"), ("12:30", "missed")]


def test_an_occurrence_two_minutes_before_a_change_of_timing_is_missed(life: Life) -> None:
    schedule = life.recurring()
    _without_lambda(life, 17 * A_MINUTE)
    life.service.change("alice", schedule.schedule_id, timing=DAILY)

    life.travel(4 * AN_HOUR)

    assert life.story(schedule) == [("12:15", "missed")]


def _resume(life: Life, of: str) -> object:
    return life.service.resume("alice", of)


def _retime(rate: str) -> Callable[[Life, str], object]:
    return lambda life, of: life.service.change("alice", of, timing=TimingSpec(rate=rate))


def _without_lambda(life: Life, during: timedelta) -> None:
    """What EventBridge fires reaches nobody, and nothing sweeps."""
    life.copies, life.sweeps_down = 0, True
    life.travel(during)
    life.copies, life.sweeps_down = 1, False


def _due(schedule: Schedule, *, until: datetime) -> list[datetime]:
    return due_times(schedule.timing, schedule.created_at, until)


def _recorded(life: Life, schedule: Schedule) -> set[datetime]:
    return {run.scheduled_time for run in life.runs_of(schedule) if run.has_ended}


def _spans(life: Life) -> int:
    return sum(sk.startswith("SPAN#") for _, sk in life.repository.items)


def _each(status: str, *times: str) -> list[tuple[str, str]]:
    return [(time, status) for time in times]
