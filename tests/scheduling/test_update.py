"""What clients do to schedules that exist, and how those go on firing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.dynamodb.items import action_key
from chalicelib.core.errors import (
    InvalidInput,
    RequestMismatch,
    RevisionMismatch,
    ScheduleBusy,
    ScheduledTasksError,
    ScheduleEnded,
    SchedulerDenied,
    SchedulerRefused,
    SchedulerUnavailable,
)
from chalicelib.core.model.job import JobStatus
from chalicelib.core.model.schedule import DeliveryPolicy, OnMissed, RetryPolicy, Status
from chalicelib.scheduling.intents import Intents
from chalicelib.scheduling.timing_spec import TimingSpec
from chalicelib.testing import Crash
from tests.between_calls import AfterTheFirst, BeforeTheNext
from tests.builders import a_run
from tests.notification.world import EMAIL, NOON, refused, throttled
from tests.simulation.agreement import disagreements
from tests.simulation.simulator import A_DAY, A_LEASE, A_MINUTE, A_SECOND, AN_HOUR, Life
from tests.slow import Slow

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.model.schedule import Schedule

OTHER_MAIL = replace(EMAIL, data={**EMAIL.data, "subject": "Another"})
HALF_PAST = TimingSpec(at="2027-03-01T13:30:00Z")
EVERY_10_MINUTES = TimingSpec(rate="10 minutes")


# Change


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "other"),
        ("resource_id", "contract-7"),
        ("metadata", {"plan": "pro"}),
        ("flexible_window_minutes", 5),
        ("delivery", DeliveryPolicy(3, 120)),
        ("max_runs", 7),
        ("exclusions", (date(2027, 3, 2),)),
        ("on_missed", OnMissed.RUN_NOW),
    ],
)
def test_each_field_can_be_changed_alone(life: Life, field: str, value: Any) -> None:
    schedule = life.recurring()

    changed = life.service.change("alice", schedule.schedule_id, **{field: value})

    untouched = {name: getattr(schedule, name) for name in ("timing", "status", "created_at", "next_run_at", "action")}
    assert getattr(life.now_of(schedule), field) == value
    assert {name: getattr(changed, name) for name in untouched} == untouched
    assert disagreements(life) == []


@pytest.mark.parametrize(
    ("field", "default"),
    [
        ("name", None),
        ("resource_id", None),
        ("metadata", {}),
        ("delivery", DeliveryPolicy()),
        ("max_runs", None),
        ("exclusions", ()),
        ("on_missed", OnMissed.SKIP),
    ],
)
def test_none_takes_a_field_back_to_its_default(life: Life, field: str, default: Any) -> None:
    schedule = life.recurring(
        name="n",
        resource_id="r",
        metadata={"a": 1},
        delivery=DeliveryPolicy(1, 60),
        max_runs=3,
        exclusions=[date(2027, 3, 2)],
        on_missed=OnMissed.RUN_NOW,
    )

    nothing: dict[str, Any] = {field: None}
    life.service.change("alice", schedule.schedule_id, **nothing)

    assert getattr(life.now_of(schedule), field) == default
    assert disagreements(life) == []


def test_a_new_action_is_what_runs_from_then_on(life: Life) -> None:
    schedule = life.recurring()
    life.travel(16 * A_MINUTE)
    life.service.change("alice", schedule.schedule_id, action=OTHER_MAIL)

    life.travel(16 * A_MINUTE)

    assert [mail["Content"]["Simple"]["Subject"]["Data"] for mail in life.mails()] == ["Hello", "Another"]


def test_a_new_timing_fires_and_the_old_one_does_not(life: Life) -> None:
    schedule = life.one_time()
    life.service.change("alice", schedule.schedule_id, timing=HALF_PAST)

    life.travel(3 * AN_HOUR)

    assert life.story(schedule) == [("13:30", "succeeded")]
    assert disagreements(life) == []


def test_a_rate_keeps_its_phase_over_a_change(life: Life) -> None:
    schedule = life.recurring()
    life.travel(20 * A_MINUTE)

    life.service.change("alice", schedule.schedule_id, name="other")

    assert life.now_of(schedule).next_run_at == NOON + 30 * A_MINUTE
    assert disagreements(life) == []


def test_a_rate_with_a_start_of_its_own_has_a_new_phase(life: Life) -> None:
    schedule = life.recurring()
    start = NOON + 40 * A_MINUTE

    life.service.change("alice", schedule.schedule_id, timing=TimingSpec(rate="15 minutes", start_at=start))

    assert life.now_of(schedule).next_run_at == start


def test_a_rate_that_is_put_again_keeps_its_phase(life: Life) -> None:
    schedule, _ = life.service.put("alice", "mine", timing=TimingSpec(rate="15 minutes"), action=EMAIL)
    life.travel(20 * A_MINUTE)

    again, created = life.service.put("alice", "mine", timing=TimingSpec(rate="15 minutes"), action=EMAIL)

    assert (again.timing, again.next_run_at, created) == (schedule.timing, NOON + 30 * A_MINUTE, False)


def test_another_rate_begins_one_period_from_now(life: Life) -> None:
    schedule = life.recurring()
    life.travel(20 * A_MINUTE)

    life.service.change("alice", schedule.schedule_id, timing=EVERY_10_MINUTES)

    assert life.now_of(schedule).next_run_at == NOON + 30 * A_MINUTE


def test_what_was_due_before_a_change_is_still_delivered(life: Life) -> None:
    schedule = life.recurring()
    life.lateness = 40 * A_SECOND
    life.travel(15 * A_MINUTE + 20 * A_SECOND)
    life.service.change("alice", schedule.schedule_id, timing=EVERY_10_MINUTES)

    life.travel(10 * A_MINUTE + 30 * A_SECOND)

    assert life.story(schedule) == [("12:15", "succeeded")]
    assert disagreements(life) == []


def test_what_is_due_in_the_very_instant_of_a_change_is_done(life: Life) -> None:
    schedule = life.recurring()
    life.lateness = A_MINUTE
    life.travel(NOON + 15 * A_MINUTE)

    life.service.change("alice", schedule.schedule_id, timing=EVERY_10_MINUTES)
    life.travel(5 * A_MINUTE)

    assert life.story(schedule) == [("12:15", "succeeded")]


def test_what_was_due_before_a_change_and_never_came_is_missed(life: Life) -> None:
    schedule = life.recurring()
    life.copies = 0
    life.travel(17 * A_MINUTE + 20 * A_SECOND)
    life.copies = 1
    life.service.change("alice", schedule.schedule_id, timing=EVERY_10_MINUTES)

    life.travel(3 * AN_HOUR)

    assert life.story(schedule)[:2] == [("12:15", "missed"), ("12:28", "succeeded")]
    assert disagreements(life) == []


def test_a_change_that_eventbridge_refuses_goes_back_and_the_old_fires_on(life: Life) -> None:
    schedule = life.recurring()
    life.faults.once("gateway.put", SchedulerRefused("no"))
    with pytest.raises(SchedulerRefused):
        life.service.change("alice", schedule.schedule_id, timing=EVERY_10_MINUTES, action=OTHER_MAIL)

    life.travel(35 * A_MINUTE)

    after = life.now_of(schedule)
    assert (after.timing, after.revision, after.reason) == (
        schedule.timing,
        schedule.revision + 2,
        "EventBridge refused a change: no",
    )
    assert [mail["Content"]["Simple"]["Subject"]["Data"] for mail in life.mails()] == ["Hello", "Hello"]
    assert disagreements(life) == []


def test_a_change_that_eventbridge_denies_goes_back_when_it_can(life: Life) -> None:
    schedule = life.recurring()
    life.faults.always("gateway.put", SchedulerDenied)
    with pytest.raises(SchedulerDenied):
        life.service.change("alice", schedule.schedule_id, timing=EVERY_10_MINUTES)
    life.faults.clear()

    life.travel(35 * A_MINUTE)

    assert life.story(schedule) == [("12:15", "succeeded"), ("12:30", "succeeded")]
    assert disagreements(life) == []


def test_of_two_changes_that_eventbridge_never_had_the_refusal_of_the_second_takes_back_both(life: Life) -> None:
    schedule = life.recurring(name="first")
    life.faults.once("gateway.put", SchedulerUnavailable)
    life.service.change("alice", schedule.schedule_id, name="second")
    life.clock.now += 61 * A_SECOND
    life.faults.once("gateway.put", SchedulerRefused("no"))

    with pytest.raises(SchedulerRefused):
        life.service.change("alice", schedule.schedule_id, name="third")

    assert life.now_of(schedule).name == "first"
    assert disagreements(life) == []


def test_a_refused_change_keeps_what_runs_did_while_it_was_open(life: Life) -> None:
    schedule = life.recurring(retry=RetryPolicy(3, 3600))
    life.sweeps_down = True
    life.faults.once("gateway.put", SchedulerUnavailable)
    life.service.change("alice", schedule.schedule_id, name="second")
    life.aws.errors = [throttled(), refused()]
    life.travel(31 * A_MINUTE)
    life.faults.once("gateway.put", SchedulerRefused("no"))

    with pytest.raises(SchedulerRefused):
        life.service.change("alice", schedule.schedule_id, name="third")

    after = life.now_of(schedule)
    assert after.name is None
    assert (after.run_count, after.failures_in_a_row) == (1, 1)
    assert (after.in_progress, after.waiting_runs) == ((NOON + 15 * A_MINUTE,), 1)
    assert after.last_run is not None
    assert after.last_run.scheduled_time == NOON + 30 * A_MINUTE


def test_a_refused_change_costs_no_schedule_that_was_only_accepted(life: Life) -> None:
    life.faults.once("gateway.put", SchedulerUnavailable)
    schedule = life.recurring()
    life.clock.now += 61 * A_SECOND
    life.faults.once("gateway.put", SchedulerRefused("no"))
    with pytest.raises(SchedulerRefused):
        life.service.change("alice", schedule.schedule_id, flexible_window_minutes=5)

    life.travel(35 * A_MINUTE)

    assert life.story(schedule) == [("12:15", "succeeded"), ("12:30", "succeeded")]
    assert disagreements(life) == []


def test_a_change_while_eventbridge_is_down_is_accepted_and_finished_later(life: Life) -> None:
    schedule = life.one_time()
    life.faults.once("gateway.put", SchedulerUnavailable)
    changed = life.service.change("alice", schedule.schedule_id, timing=HALF_PAST)

    life.travel(3 * AN_HOUR)

    assert not changed.confirmed
    assert life.story(schedule) == [("13:30", "succeeded")]
    assert disagreements(life) == []


@pytest.mark.parametrize(
    ("window", "minutes_late", "is_wanted"), [(0, 4, True), (0, 6, False), (10, 14, True), (10, 16, False)]
)
def test_a_one_time_schedule_is_applied_until_five_minutes_behind_its_window(
    life: Life, window: int, minutes_late: int, *, is_wanted: bool
) -> None:
    life.faults.once("gateway.put", SchedulerUnavailable)
    schedule = life.one_time(flexible_window_minutes=window)
    life.clock.now += AN_HOUR + minutes_late * A_MINUTE

    Intents(life.repository, life.gateway, life.clock).finish(life.now_of(schedule))

    assert (life.in_eventbridge(schedule) is not None) is is_wanted


def test_a_one_time_schedule_that_is_due_and_not_yet_delivered_can_be_renamed(life: Life) -> None:
    schedule = life.one_time()
    life.lateness = 2 * A_MINUTE
    life.travel(AN_HOUR + A_MINUTE)

    life.service.change("alice", schedule.schedule_id, name="other")
    life.travel(2 * A_MINUTE)

    assert life.now_of(schedule).name == "other"
    assert life.story(schedule) == [("13:00", "succeeded")]


def test_a_paused_one_time_schedule_stays_in_eventbridge_when_its_time_has_passed(life: Life) -> None:
    schedule = life.one_time()
    life.faults.once("gateway.put", SchedulerUnavailable)
    life.service.pause("alice", schedule.schedule_id)
    life.clock.now += 2 * AN_HOUR

    Intents(life.repository, life.gateway, life.clock).finish(life.now_of(schedule))

    assert life.in_eventbridge(schedule) is not None


def test_a_change_of_what_has_ended_is_refused(life: Life) -> None:
    schedule = life.one_time()
    life.travel(2 * AN_HOUR)

    with pytest.raises(ScheduleEnded):
        life.service.change("alice", schedule.schedule_id, name="other")


def test_max_runs_below_what_has_run_is_refused(life: Life) -> None:
    schedule = life.recurring()
    life.travel(50 * A_MINUTE)

    with pytest.raises(InvalidInput, match="max_runs"):
        life.service.change("alice", schedule.schedule_id, max_runs=3)


# Two at once


def test_of_two_clients_with_one_revision_one_wins(life: Life) -> None:
    schedule = life.recurring()
    life.service.change("alice", schedule.schedule_id, name="mine", if_match=schedule.revision)

    with pytest.raises(RevisionMismatch):
        life.service.change("alice", schedule.schedule_id, name="theirs", if_match=schedule.revision)

    assert life.now_of(schedule).name == "mine"


def test_a_change_meanwhile_is_told_to_come_back(life: Life) -> None:
    schedule = life.recurring()
    life.faults.once("gateway.put", SchedulerUnavailable)
    life.service.change("alice", schedule.schedule_id, name="mine")

    with pytest.raises(ScheduleBusy) as busy:
        life.service.change("alice", schedule.schedule_id, name="theirs")

    assert busy.value.retry_after_seconds == 5
    assert life.clock.now == NOON + 1.5 * A_SECOND


def test_after_the_lease_another_change_goes_on(life: Life) -> None:
    schedule = life.recurring()
    life.faults.once("gateway.put", SchedulerUnavailable)
    life.service.change("alice", schedule.schedule_id, name="mine")
    life.clock.now += A_MINUTE

    changed = life.service.change("alice", schedule.schedule_id, name="theirs")

    assert (changed.name, changed.confirmed) == ("theirs", True)


def test_a_change_that_reaches_eventbridge_behind_a_later_one_is_found_out_at_once() -> None:
    faults = BeforeTheNext("gateway.put")
    life = Life(faults)
    schedule = life.recurring()

    def rename_later() -> None:
        life.clock.now += A_LEASE
        life.service.change("alice", schedule.schedule_id, name="later")

    faults.act = rename_later
    life.service.change("alice", schedule.schedule_id, name="earlier")

    stands = life.now_of(schedule)
    assert (stands.name, stands.confirmed) == ("later", False)
    life.travel(5 * A_MINUTE)
    assert life.now_of(schedule).confirmed
    assert disagreements(life) == []


def test_an_old_version_in_eventbridge_is_found_out_by_its_delivery(life: Life) -> None:
    schedule = life.recurring()
    old = life.in_eventbridge(schedule)
    assert old is not None
    life.service.change("alice", schedule.schedule_id, timing=EVERY_10_MINUTES)
    life.bridge.schedules[old["Name"]] = old
    life.bridge._arm(old["Name"], old)

    life.travel(3 * AN_HOUR)

    assert ("12:15", "skipped") in life.story(schedule)
    assert ("12:20", "succeeded") in life.story(schedule)
    assert disagreements(life) == []


def test_what_eventbridge_fires_of_an_ended_schedule_is_found_out(life: Life) -> None:
    schedule = life.recurring(max_runs=1)
    old = life.in_eventbridge(schedule)
    assert old is not None
    life.travel(20 * A_MINUTE)
    life.bridge.schedules[old["Name"]] = old
    life.bridge._arm(old["Name"], old)

    life.travel(AN_HOUR)

    assert life.story(schedule) == [("12:15", "succeeded"), ("12:30", "skipped")]
    assert disagreements(life) == []


# Pause and resume


def test_a_paused_schedule_does_nothing_and_says_why(life: Life) -> None:
    schedule = life.recurring()
    life.service.pause("alice", schedule.schedule_id, reason="on holiday")

    life.travel(AN_HOUR)

    assert life.runs_of(schedule) == []
    assert life.now_of(schedule).reason == "on holiday"
    assert disagreements(life) == []


def test_what_slips_through_a_pause_does_no_work(life: Life) -> None:
    schedule = life.recurring()
    life.faults.once("gateway.put", SchedulerUnavailable)
    life.clock.now += 14 * A_MINUTE + 30 * A_SECOND
    life.service.pause("alice", schedule.schedule_id)

    life.travel(AN_HOUR)

    assert life.story(schedule) == [("12:15", "skipped")]
    assert life.done() == []
    assert disagreements(life) == []


def test_a_resumed_schedule_goes_on_with_its_next_occurrence(life: Life) -> None:
    schedule = life.recurring()
    life.service.pause("alice", schedule.schedule_id)
    life.travel(20 * A_MINUTE)
    life.service.resume("alice", schedule.schedule_id)

    life.travel(30 * A_MINUTE)

    assert life.story(schedule) == [("12:30", "succeeded"), ("12:45", "succeeded")]
    assert disagreements(life) == []


def test_what_was_due_in_a_pause_is_not_done_after_it(life: Life) -> None:
    schedule = life.recurring()
    life.lateness = 6 * A_MINUTE
    life.faults.once("gateway.put", SchedulerUnavailable)
    life.clock.now += 14 * A_MINUTE + 30 * A_SECOND
    life.service.pause("alice", schedule.schedule_id)
    life.travel(4 * A_MINUTE)
    life.service.resume("alice", schedule.schedule_id)

    life.travel(5 * A_MINUTE)

    assert life.story(schedule) == [("12:15", "skipped")]


def test_what_was_due_before_a_pause_is_done_after_it(life: Life) -> None:
    schedule = life.recurring()
    life.lateness = 4 * A_MINUTE
    life.travel(16 * A_MINUTE)
    life.service.pause("alice", schedule.schedule_id)
    life.travel(2 * A_MINUTE)
    life.service.resume("alice", schedule.schedule_id)

    life.travel(5 * A_MINUTE)

    assert life.story(schedule) == [("12:15", "succeeded")]


@pytest.mark.parametrize("seconds", [1, 30, 59, 60, 89, 90, 119, 120, 179])
def test_what_comes_just_after_a_pause_is_done_however_short_that_was(life: Life, seconds: int) -> None:
    schedule = life.recurring()
    life.travel(timedelta(minutes=15, seconds=-1 - seconds))
    life.service.pause("alice", schedule.schedule_id, until=life.clock.now + seconds * A_SECOND)
    life.travel(20 * A_MINUTE)

    assert life.story(schedule) == [("12:15", "succeeded"), ("12:30", "succeeded")]


def test_what_comes_during_a_short_pause_is_not_done(life: Life) -> None:
    schedule = life.recurring()
    life.travel(timedelta(minutes=14, seconds=30))
    life.service.pause("alice", schedule.schedule_id, until=life.clock.now + A_MINUTE)
    life.travel(20 * A_MINUTE)

    assert life.story(schedule) == [("12:15", "skipped"), ("12:30", "succeeded")]
    assert disagreements(life) == []


def test_what_was_due_after_a_pause_that_nobody_could_end_is_accounted_for(life: Life) -> None:
    schedule = life.recurring()
    life.service.pause("alice", schedule.schedule_id, until=NOON + 5 * A_MINUTE)
    life.sweeps_down = True
    life.travel(20 * A_MINUTE)

    life.service.pause("alice", schedule.schedule_id)
    life.sweeps_down = False
    life.travel(AN_HOUR)

    assert life.story(schedule) == [("12:15", "skipped")]
    assert disagreements(life) == []


def test_a_one_time_schedule_whose_time_has_passed_needs_a_new_one(life: Life) -> None:
    schedule = life.one_time()
    life.service.pause("alice", schedule.schedule_id)
    life.travel(2 * AN_HOUR)

    with pytest.raises(InvalidInput, match="timing: has no future occurrence; give a new `timing`"):
        life.service.resume("alice", schedule.schedule_id)
    life.service.resume("alice", schedule.schedule_id, timing=TimingSpec(after="PT1H"))
    life.travel(2 * AN_HOUR)

    assert life.story(schedule) == [("15:00", "succeeded")]
    assert disagreements(life) == []


# Limits


def test_a_schedule_is_completed_after_its_last_allowed_run(life: Life) -> None:
    schedule = life.recurring(max_runs=2)

    life.travel(AN_HOUR)

    assert life.story(schedule) == [("12:15", "succeeded"), ("12:30", "succeeded")]
    assert life.now_of(schedule).status is Status.COMPLETED
    assert life.bridge.schedules == {}
    assert disagreements(life) == []


def test_excluded_dates_are_those_of_the_schedules_zone(life: Life) -> None:
    schedule = life.recurring(cron="30 8 * * ? *", timezone="Asia/Tokyo", exclusions=[date(2027, 3, 3)])

    life.travel(4 * A_DAY)

    days = {f"{run.scheduled_time:%d}": run.status.value for run in life.runs_of(schedule)}
    assert days == {"01": "succeeded", "02": "skipped", "03": "succeeded", "04": "succeeded"}
    assert disagreements(life) == []


def test_exclusions_that_leave_nothing_are_refused(life: Life) -> None:
    with pytest.raises(InvalidInput, match="exclude every occurrence"):
        life.one_time(exclusions=[date(2027, 3, 1)])


# Run now


def test_run_now_does_the_work_at_once_and_is_no_occurrence(life: Life) -> None:
    schedule = life.recurring(max_runs=5)
    run = life.service.run_now("alice", schedule.schedule_id)

    life.travel(A_MINUTE)

    after = life.now_of(schedule)
    assert life.done() == [run.run_id]
    assert (after.run_count, after.next_run_at) == (0, NOON + 15 * A_MINUTE)


def test_a_paused_schedule_can_be_run_now(life: Life) -> None:
    schedule = life.recurring()
    life.service.pause("alice", schedule.schedule_id)
    run = life.service.run_now("alice", schedule.schedule_id)

    life.travel(A_MINUTE)

    assert life.done() == [run.run_id]
    assert life.now_of(schedule).status is Status.PAUSED


def test_what_has_ended_cannot_be_run_now(life: Life) -> None:
    schedule = life.one_time()
    life.service.cancel("alice", schedule.schedule_id)

    with pytest.raises(ScheduleEnded):
        life.service.run_now("alice", schedule.schedule_id)


# Put


def test_put_creates_under_the_clients_own_id(life: Life) -> None:
    schedule, created = life.service.put("alice", "mine", timing=EVERY_10_MINUTES, action=EMAIL)

    life.travel(15 * A_MINUTE)

    assert (schedule.schedule_id, created) == ("mine", True)
    assert life.story(schedule) == [("12:10", "succeeded")]


def test_put_replaces_all_of_a_live_schedule(life: Life) -> None:
    life.service.put("alice", "mine", timing=EVERY_10_MINUTES, action=EMAIL, name="first", max_runs=3)

    replaced, created = life.service.put("alice", "mine", timing=HALF_PAST, action=OTHER_MAIL)

    assert (replaced.name, replaced.max_runs, replaced.action, created) == (None, None, OTHER_MAIL, False)
    assert disagreements(life) == []


def test_put_begins_anew_what_has_ended(life: Life) -> None:
    first, _ = life.service.put("alice", "mine", timing=TimingSpec(after="PT10M"), action=EMAIL)
    life.travel(20 * A_MINUTE)

    second, created = life.service.put("alice", "mine", timing=EVERY_10_MINUTES, action=EMAIL)
    life.travel(15 * A_MINUTE)

    assert (created, second.run_count, second.revision > first.revision) == (True, 0, True)
    assert life.story(second) == [("12:10", "succeeded"), ("12:30", "succeeded")]
    assert disagreements(life) == []


@pytest.mark.parametrize("ended", ["cancelled", "erased"])
def test_put_that_loses_to_another_ending_creates(life: Life, ended: str) -> None:
    first, _ = life.service.put("alice", "mine", timing=EVERY_10_MINUTES, action=EMAIL)
    ways: dict[str, Callable[[], object]] = {
        "cancelled": lambda: life.service.cancel("alice", "mine"),
        "erased": lambda: life.repository.erase(first),
    }
    life.repository.faults = AfterTheFirst("repository.get", ways[ended])

    put, created = life.service.put("alice", "mine", timing=HALF_PAST, action=OTHER_MAIL)

    assert (created, put.status, put.confirmed, put.action) == (True, Status.ACTIVE, True, OTHER_MAIL)
    assert life.in_eventbridge(put) is not None
    assert disagreements(life) == []


def test_put_of_one_revision_that_loses_to_a_cancel_changes_nothing(life: Life) -> None:
    first, _ = life.service.put("alice", "mine", timing=EVERY_10_MINUTES, action=EMAIL)
    life.repository.faults = AfterTheFirst("repository.get", lambda: life.service.cancel("alice", "mine"))

    with pytest.raises(RevisionMismatch):
        life.service.put("alice", "mine", timing=HALF_PAST, action=OTHER_MAIL, if_match=first.revision)
    assert life.now_of(first).status is Status.CANCELLED


def test_put_that_loses_to_a_cancel_and_another_put_is_busy(life: Life) -> None:
    life.service.put("alice", "mine", timing=EVERY_10_MINUTES, action=EMAIL)
    life.repository.faults = AfterTheFirst("repository.get", lambda: another_put_begins_anew(life))

    with pytest.raises(ScheduleBusy):
        life.service.put("alice", "mine", timing=HALF_PAST, action=OTHER_MAIL)


def another_put_begins_anew(life: Life) -> None:
    """Behind the next look at the schedule, which finds it cancelled."""
    life.service.cancel("alice", "mine")

    def put() -> None:
        life.service.put("alice", "mine", timing=EVERY_10_MINUTES, action=EMAIL)

    life.repository.faults = AfterTheFirst("repository.get", put)


def test_of_two_puts_that_create_at_once_one_is_told_to_come_back() -> None:
    faults = BeforeTheNext("repository.create")
    life = Life(faults)
    faults.act = lambda: life.service.put("alice", "digest", timing=EVERY_10_MINUTES, action=OTHER_MAIL)

    with pytest.raises(ScheduleBusy):
        life.service.put("alice", "digest", timing=EVERY_10_MINUTES, action=EMAIL)

    (record,) = life.records()
    assert life.action_of(record) == OTHER_MAIL


def test_what_begins_anew_in_the_millisecond_of_its_predecessor_repeats_no_revision(life: Life) -> None:
    first, _ = life.service.put("alice", "digest", timing=EVERY_10_MINUTES, action=EMAIL)
    ended = life.service.cancel("alice", "digest")

    again, is_new = life.service.put("alice", "digest", timing=EVERY_10_MINUTES, action=EMAIL)

    assert (is_new, again.created_at) == (True, first.created_at)
    assert (again.revision, again.action_revision) == (ended.revision + 1, ended.revision + 1)


def test_put_waits_for_what_is_being_cleared_away(life: Life) -> None:
    life.service.put("alice", "mine", timing=EVERY_10_MINUTES, action=EMAIL)
    life.faults.once("gateway.delete", SchedulerUnavailable)
    life.service.cancel("alice", "mine")

    with pytest.raises(ScheduleBusy):
        life.service.put("alice", "mine", timing=EVERY_10_MINUTES, action=EMAIL)


def test_a_delivery_from_before_its_cancellation_does_no_work_in_what_began_anew(life: Life) -> None:
    first, _ = life.service.put("alice", "mine", timing=EVERY_10_MINUTES, action=EMAIL)
    old = life.event(first)
    life.service.cancel("alice", "mine")
    life.travel(11 * A_MINUTE)
    again, _ = life.service.put("alice", "mine", timing=TimingSpec(rate="1 hour"), action=EMAIL)

    life.queue.add(old, life.clock.now)
    life.travel(A_MINUTE)

    assert life.story(again) == [("12:10", "skipped")]
    assert life.done() == []


# Idempotency key


def test_the_same_key_and_request_is_answered_with_the_first_ones_schedule(life: Life) -> None:
    first = life.one_time(idempotency_key="k1")
    life.travel(A_MINUTE)
    again = life.one_time(idempotency_key="k1")

    assert again == first
    assert len(life.records()) == 1


def test_the_same_key_with_another_request_is_refused(life: Life) -> None:
    life.one_time(idempotency_key="k1")

    with pytest.raises(RequestMismatch):
        life.one_time(idempotency_key="k1", name="another")


def test_the_same_key_of_another_user_is_another_schedule(life: Life) -> None:
    life.one_time(idempotency_key="k1")
    life.one_time(idempotency_key="k1", user_id="bob")

    assert len(life.records()) == 2


def test_a_create_that_was_cut_short_is_continued_under_its_key(life: Life) -> None:
    life.faults.once("gateway.put", Crash)
    with pytest.raises(Crash):
        life.one_time(idempotency_key="k1")

    again = life.one_time(idempotency_key="k1")

    assert again.confirmed
    assert disagreements(life) == []


def test_a_create_that_failed_is_begun_anew_under_its_key(life: Life) -> None:
    life.faults.once("gateway.put", SchedulerUnavailable)
    with pytest.raises(SchedulerUnavailable):
        life.one_time(after=2 * A_MINUTE, idempotency_key="k1")

    again = life.one_time(after=2 * A_MINUTE, idempotency_key="k1")
    life.travel(5 * A_MINUTE)

    assert again.status is Status.ACTIVE
    assert life.story(again) == [("12:02", "succeeded")]


def the_create_failed(life: Life) -> None:
    life.faults.once("gateway.put", SchedulerUnavailable)
    with pytest.raises(SchedulerUnavailable):
        life.one_time(after=2 * A_MINUTE, idempotency_key="k1")


def the_record_expired(life: Life) -> None:
    life.service.cancel("alice", life.one_time(after=2 * A_MINUTE, idempotency_key="k1").schedule_id)
    life.clock.now += 365 * A_DAY


@pytest.mark.parametrize("before", [the_create_failed, the_record_expired])
def test_of_two_repeats_that_create_at_once_one_is_told_to_come_back(
    life: Life, before: Callable[[Life], None]
) -> None:
    before(life)

    def repeat() -> Schedule:
        return life.one_time(after=2 * A_MINUTE, idempotency_key="k1")

    life.repository.faults = AfterTheFirst("repository.get", repeat)

    with pytest.raises(ScheduleBusy):
        repeat()

    assert [record.status for record in life.records()] == [Status.ACTIVE]
    assert repeat().confirmed


def test_a_schedule_whose_run_failed_is_not_begun_anew_under_its_key(life: Life) -> None:
    life.aws.errors = [refused()]
    first = life.one_time(after=A_MINUTE, idempotency_key="k1")
    life.travel(2 * A_MINUTE)

    again = life.one_time(after=A_MINUTE, idempotency_key="k1")
    life.travel(5 * A_MINUTE)

    assert (again.revision, again.status) == (first.revision, Status.FAILED)
    assert life.mails() == []


def test_asking_again_leaves_a_later_change_that_is_on_its_way(life: Life) -> None:
    schedule = life.one_time(after=10 * A_MINUTE, idempotency_key="k1")
    life.faults.once("gateway.put", SchedulerUnavailable)
    life.service.change("alice", schedule.schedule_id, action=OTHER_MAIL)

    life.one_time(after=10 * A_MINUTE, idempotency_key="k1")
    life.travel(15 * A_MINUTE)

    (mail,) = life.mails()
    assert mail["Content"]["Simple"]["Subject"]["Data"] == "Another"


def test_asking_again_takes_away_nothing_that_was_accepted(life: Life) -> None:
    life.faults.always("gateway.put", SchedulerUnavailable)
    first = life.one_time(after=4 * A_MINUTE, idempotency_key="k1")
    life.clock.now += 2 * A_MINUTE
    again = life.one_time(after=4 * A_MINUTE, idempotency_key="k1")
    life.faults.clear()

    life.travel(AN_HOUR)

    assert (first.confirmed, again.status) == (False, Status.ACTIVE)
    assert life.story(first) == [("12:04", "succeeded")]


# Batch


def test_a_batch_has_a_result_or_an_error_for_each(life: Life) -> None:
    requests: list[dict[str, Any]] = [
        {"timing": EVERY_10_MINUTES, "action": EMAIL, "name": "good"},
        {"timing": TimingSpec(at="2020-01-01T00:00:00Z"), "action": EMAIL},
        {"timing": HALF_PAST, "action": EMAIL, "idempotency_key": "k1"},
    ]

    good, bad, keyed = life.service.create_many("alice", requests)

    assert isinstance(bad, InvalidInput)
    assert not isinstance(good, ScheduledTasksError)
    assert not isinstance(keyed, ScheduledTasksError)
    assert (good.name, keyed.status) == ("good", Status.ACTIVE)
    assert disagreements(life) == []


# Everything of a user


def test_a_schedule_that_lost_its_action_can_be_cancelled(life: Life) -> None:
    schedule = life.recurring()
    key = action_key(schedule)
    del life.repository.items[key["PK"], key["SK"]]

    cancelled = life.service.cancel("alice", schedule.schedule_id)

    assert (cancelled.status, cancelled.confirmed) == (Status.CANCELLED, True)
    assert life.in_eventbridge(schedule) is None


def test_a_slice_of_a_job_ends_with_the_sweep_that_it_is_a_part_of(life: Life) -> None:
    for _ in range(9):
        life.one_time(after=A_DAY)
    job = life.service.cancel_all("alice")
    life.repository.faults = Slow(life.clock, "repository.change")

    life.sweeper.sweep(stop_at=life.clock.now + 3 * A_SECOND)

    assert life.clock.now <= NOON + 4 * A_SECOND
    assert life.service.get_job(job.job_id).done == 3


def test_cancel_all_ends_everything_of_one_user_and_nothing_of_another(life: Life) -> None:
    mine = [life.recurring(), life.one_time(), life.recurring()]
    life.service.pause("alice", mine[2].schedule_id)
    theirs = life.recurring(user_id="bob")
    job = life.service.cancel_all("alice")

    life.travel(5 * A_MINUTE)

    assert {life.now_of(schedule).status for schedule in mine} == {Status.CANCELLED}
    assert life.now_of(theirs).status is Status.ACTIVE
    assert (life.service.get_job(job.job_id).status, life.service.get_job(job.job_id).done) == (JobStatus.COMPLETED, 3)
    assert disagreements(life) == []


def test_cancel_all_spares_what_its_user_creates_after_asking(life: Life) -> None:
    before = life.recurring()
    life.travel(A_SECOND)
    job = life.service.cancel_all("alice")
    life.travel(20 * A_SECOND)
    after = life.recurring()

    life.travel(AN_HOUR)

    assert [life.now_of(schedule).status for schedule in (before, after)] == [Status.CANCELLED, Status.ACTIVE]
    assert (life.service.get_job(job.job_id).status, life.service.get_job(job.job_id).done) == (JobStatus.COMPLETED, 1)
    assert len(life.runs_of(after)) == 3
    assert disagreements(life) == []


def test_cancel_all_spares_what_takes_the_id_of_a_schedule_that_is_still_listed(life: Life) -> None:
    timing = TimingSpec(rate="15 minutes")
    life.service.put("alice", "digest", timing=timing, action=EMAIL)
    listed = life.repository.list_by_user("alice", Status.ACTIVE, limit=9, cursor=None)
    life.travel(A_SECOND)
    life.service.cancel_all("alice")
    life.service.cancel("alice", "digest")
    life.travel(A_SECOND)
    again, _ = life.service.put("alice", "digest", timing=timing, action=EMAIL)
    # Lists are eventually consistent.
    life.repository.list_by_user = lambda *_args, **_options: listed  # type: ignore[method-assign]

    life.sweep()

    assert (again.created_at, life.now_of(again).status) == (NOON + 2 * A_SECOND, Status.ACTIVE)


def test_erase_takes_what_its_user_creates_meanwhile_as_well(life: Life) -> None:
    job = life.service.erase("alice")
    life.travel(20 * A_SECOND)
    life.recurring()

    life.travel(5 * A_MINUTE)

    assert [pk for pk, _ in life.repository.items] == [f"JOB#{job.job_id}"]


def test_a_job_that_was_cut_short_goes_on(life: Life) -> None:
    mine = [life.recurring() for _ in range(4)]
    job = life.service.cancel_all("alice")
    life.faults.once("gateway.delete", Crash, nth=2)

    life.travel(5 * A_MINUTE)

    assert {life.now_of(schedule).status for schedule in mine} == {Status.CANCELLED}
    assert life.service.get_job(job.job_id).status is JobStatus.COMPLETED
    assert disagreements(life) == []


def test_one_busy_schedule_keeps_a_job_from_no_other(life: Life) -> None:
    mine = [life.recurring() for _ in range(4)]
    for schedule in mine[:2]:
        life.faults.once("gateway.put", SchedulerUnavailable)
        life.service.change("alice", schedule.schedule_id, name="other")
    job = life.service.cancel_all("alice")

    life.sweep()

    assert [life.now_of(schedule).status for schedule in mine[2:]] == [Status.CANCELLED] * 2
    life.travel(5 * A_MINUTE)
    assert life.service.get_job(job.job_id).status is JobStatus.COMPLETED
    assert disagreements(life) == []


def test_a_schedule_that_is_busy_in_each_walk_keeps_its_job_open(life: Life) -> None:
    schedule = life.recurring()
    job = life.service.cancel_all("alice")
    for minutes in (2, 4):
        life.clock.now = NOON + minutes * A_MINUTE
        life.faults.once("gateway.put", SchedulerUnavailable)
        life.service.change("alice", schedule.schedule_id, name=f"after {minutes} minutes")
        life.sweeper._jobs.continue_job(life.service.get_job(job.job_id), NOON + AN_HOUR)

    assert life.service.get_job(job.job_id).status is JobStatus.RUNNING
    life.travel(5 * A_MINUTE)

    assert life.now_of(schedule).status is Status.CANCELLED
    assert life.service.get_job(job.job_id).status is JobStatus.COMPLETED


def test_erase_leaves_nothing_of_a_user(life: Life) -> None:
    life.recurring(rate="1 minute")
    life.one_time(after=5 * A_MINUTE)
    life.travel(40 * A_MINUTE)
    job = life.service.erase("alice")

    life.travel(5 * A_MINUTE)

    assert life.service.get_job(job.job_id).status is JobStatus.COMPLETED
    assert [pk for pk, _ in life.repository.items] == [f"JOB#{job.job_id}"]
    assert life.bridge.schedules == {}


def test_erase_takes_failed_runs_whose_schedule_has_no_record(life: Life) -> None:
    life.aws.error = refused()
    schedule = life.recurring(rate="1 minute", pause_after_failures=0)
    life.travel(40 * A_MINUTE)
    life.service.cancel("alice", schedule.schedule_id)
    life.repository.erase(life.now_of(schedule))
    job = life.service.erase("alice")

    life.travel(5 * A_MINUTE)

    assert [pk for pk, _ in life.repository.items] == [f"JOB#{job.job_id}"]
    assert life.service.get_job(job.job_id).status is JobStatus.COMPLETED


def test_an_erasure_keeps_a_record_until_eventbridge_has_lost_the_schedule(life: Life) -> None:
    schedule = life.recurring()
    life.faults.always("gateway.delete", SchedulerUnavailable)
    life.service.erase("alice")

    life.travel(10 * A_MINUTE)
    assert life.in_eventbridge(schedule) is not None
    assert [record.status for record in life.records()] == [Status.CANCELLED]
    life.faults.clear()
    life.travel(AN_HOUR)

    assert life.in_eventbridge(schedule) is None
    assert life.records() == []


def test_a_run_that_is_written_during_its_erasure_is_erased() -> None:
    faults = BeforeTheNext("repository.erase")
    life = Life(faults)
    schedule = life.recurring()

    def claim_a_run() -> None:
        record = life.now_of(schedule)
        assert life.repository.claim(a_run(record), expecting=record, replacing=None) is None

    faults.act = claim_a_run
    life.service.erase("alice")
    life.travel(5 * A_MINUTE)

    assert faults.act is None
    assert (life.all_runs(), life.records()) == ([], [])


def test_an_erasure_that_was_cut_short_leaves_no_run(life: Life) -> None:
    life.recurring()
    life.travel(20 * A_MINUTE)
    life.service.erase("alice")
    life.faults.once("repository.erase_runs", Crash)

    life.travel(10 * A_MINUTE)

    assert (life.all_runs(), life.records()) == ([], [])


@pytest.mark.parametrize(("began", "ends"), [(59 * A_SECOND, False), (60 * A_SECOND, True)], ids=str)
def test_a_redrive_ends_with_a_walk_that_began_a_minute_after_it_was_asked_for(
    life: Life, began: timedelta, *, ends: bool
) -> None:
    redrive = life.service.redrive_all("alice")
    walking = replace(redrive, walk_began_at=NOON + began, updated_at=redrive.updated_at + A_SECOND)
    assert life.repository.save_job(walking, replacing=redrive)

    life.clock.now = NOON + AN_HOUR
    life.sweeper._jobs.continue_job(walking, NOON + 2 * AN_HOUR)

    assert life.service.get_job(redrive.job_id).status is (JobStatus.COMPLETED if ends else JobStatus.RUNNING)


@pytest.mark.parametrize(
    ("first", "second", "ends"),
    [
        (59 * A_SECOND, AN_HOUR, False),
        (60 * A_SECOND, 119 * A_SECOND, False),
        (60 * A_SECOND, 120 * A_SECOND, True),
    ],
    ids=["the first too soon", "too near to each other", "settled"],
)
def test_a_cancel_all_ends_with_the_second_of_two_walks_a_minute_apart_over_settled_lists(
    life: Life, first: timedelta, second: timedelta, *, ends: bool
) -> None:
    job = life.service.cancel_all("alice")

    for began in (first, second):
        life.clock.now = NOON + began
        life.sweeper._jobs.continue_job(life.service.get_job(job.job_id), NOON + 2 * AN_HOUR)

    assert life.service.get_job(job.job_id).status is (JobStatus.COMPLETED if ends else JobStatus.RUNNING)


def test_erase_takes_what_has_expired_but_is_still_there(life: Life) -> None:
    life.one_time()
    life.travel(100 * A_DAY)
    job = life.service.erase("alice")

    life.travel(5 * A_MINUTE)

    assert [pk for pk, _ in life.repository.items] == [f"JOB#{job.job_id}"]
    assert life.service.get_job(job.job_id).status is JobStatus.COMPLETED


def test_a_delivery_after_an_erase_brings_nothing_back(life: Life) -> None:
    schedule = life.recurring()
    event = life.event(schedule)
    life.service.erase("alice")
    life.travel(5 * A_MINUTE)
    left = dict(life.repository.items)

    life.queue.add(event, life.clock.now)
    life.travel(A_MINUTE)

    assert life.repository.items == left
    assert life.done() == []
    assert [letter["event"] for letter in life.dead_letters()] == [event]


def test_a_run_that_ends_after_its_erase_brings_nothing_back(life: Life) -> None:
    schedule = life.one_time(after=A_MINUTE)
    event = life.event(schedule)
    life.faults.once("repository.finish", Crash)
    with pytest.raises(Crash):
        life.fire(event)
    life.service.erase("alice")
    life.bridge.delete(schedule)
    life.travel(5 * A_MINUTE)
    left = dict(life.repository.items)

    life.queue.add(event, life.clock.now)
    life.travel(A_MINUTE)

    assert life.repository.items == left


# The table is not everything


def test_an_emptied_table_costs_no_payload_and_deletes_nothing_in_eventbridge(life: Life) -> None:
    schedules = [life.recurring(), life.recurring(cron="10 * * * ? *", timezone="UTC")]
    life.repository.items.clear()

    life.travel(31 * A_MINUTE)

    assert len(life.bridge.schedules) == 2
    assert sorted(letter["event"]["scheduled_time"][11:16] for letter in life.dead_letters()) == [
        "12:10",
        "12:15",
        "12:30",
    ]
    assert {letter["event"]["schedule_id"] for letter in life.dead_letters()} == {s.schedule_id for s in schedules}
    assert life.done() == []
