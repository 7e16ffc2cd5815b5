"""What the sweeper brings to its end: what was left half done, what nothing delivered, and what sleeps."""

from __future__ import annotations

import uuid
from datetime import timedelta
from itertools import count, islice
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.errors import (
    SchedulerDenied,
    SchedulerRefused,
    SchedulerUnavailable,
    StarterUnavailable,
    StoreUnavailable,
)
from chalicelib.core.model import ids, reasons
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import OnMissed, RetryPolicy, Status
from chalicelib.core.timing.instants import from_iso
from chalicelib.scheduling.sweeper import shards_from
from chalicelib.scheduling.timing_spec import TimingSpec
from chalicelib.testing import Crash
from notification.action_api import ActionFailed
from tests.between_calls import BeforeTheNext
from tests.builders import a_run
from tests.notification.world import EMAIL, NOON
from tests.simulation.agreement import disagreements
from tests.simulation.simulator import A_DAY, A_MINUTE, AN_HOUR, Life

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.core.model.schedule import Schedule

MINUTES_20 = timedelta(minutes=20)


# Intents that were left


def test_it_finishes_a_create_whose_process_died(life: Life) -> None:
    life.faults.once("gateway.put", Crash)
    with pytest.raises(Crash):
        life.one_time()
    (schedule,) = life.records()

    life.travel(3 * A_MINUTE)

    assert life.in_eventbridge(schedule) is not None
    assert life.now_of(schedule).confirmed


def test_a_create_that_eventbridge_is_too_busy_for_is_accepted_and_fires_at_its_time(life: Life) -> None:
    life.faults.once("gateway.put", SchedulerUnavailable)
    schedule = life.one_time()

    life.travel(2 * AN_HOUR)

    assert not schedule.confirmed
    assert life.story(schedule) == [("13:00", "succeeded")]
    assert disagreements(life) == []


def test_it_asks_every_five_minutes_while_eventbridge_is_down(life: Life) -> None:
    life.faults.always("gateway.put", SchedulerUnavailable)
    life.one_time(after=A_DAY)
    life.faults.calls.clear()

    life.travel(4 * AN_HOUR)

    assert life.faults.calls.count("gateway.put") == 50


def test_a_create_that_eventbridge_refuses_later_has_failed_and_says_why(life: Life) -> None:
    life.faults.once("gateway.put", SchedulerUnavailable)
    life.faults.once("gateway.put", SchedulerRefused("no such role"), nth=2)
    schedule = life.one_time()

    life.travel(2 * AN_HOUR)

    after = life.now_of(schedule)
    assert (after.status, after.reason) == (Status.FAILED, "no such role")
    assert life.bridge.schedules == {}
    assert disagreements(life) == []


def test_a_change_that_eventbridge_refuses_later_is_gone_back_on(life: Life) -> None:
    schedule = life.recurring()
    life.faults.once("gateway.put", SchedulerUnavailable)
    life.faults.once("gateway.put", SchedulerRefused("too wide"), nth=2)
    changed = life.service.change("alice", schedule.schedule_id, flexible_window_minutes=5)

    life.travel(AN_HOUR + 5 * A_MINUTE)

    after = life.now_of(schedule)
    assert after.flexible_window_minutes == 0
    assert (after.revision, after.reason) == (changed.revision + 1, reasons.change_refused("too wide"))
    assert life.story(schedule) == [(f"{time}", "succeeded") for time in ("12:15", "12:30", "12:45", "13:00")]
    assert disagreements(life) == []


def test_what_eventbridge_refuses_and_refuses_again_has_failed(life: Life) -> None:
    schedule = life.recurring()
    life.faults.always("gateway.put", SchedulerRefused("nothing goes"))
    with pytest.raises(SchedulerRefused):
        life.service.change("alice", schedule.schedule_id, flexible_window_minutes=5)

    life.travel(10 * A_MINUTE)

    after = life.now_of(schedule)
    assert (after.status, after.reason) == (Status.FAILED, "nothing goes")
    assert life.bridge.schedules == {}


def test_what_a_cancel_left_in_eventbridge_is_cleared(life: Life) -> None:
    schedule = life.recurring()
    life.faults.once("gateway.delete", SchedulerUnavailable)
    life.service.cancel("alice", schedule.schedule_id)

    life.travel(3 * A_MINUTE)

    assert life.bridge.schedules == {}
    assert life.now_of(schedule).confirmed


def test_a_schedule_that_lost_its_action_is_left_alone_in_eventbridge(life: Life) -> None:
    schedule = life.recurring()
    life.faults.once("gateway.put", SchedulerUnavailable)
    life.service.change("alice", schedule.schedule_id, name="other")
    life.repository.items = {key: item for key, item in life.repository.items.items() if "ACTION#" not in key[1]}

    life.travel(5 * A_MINUTE)

    assert life.in_eventbridge(schedule) is not None


def test_one_item_that_fails_keeps_it_from_no_other(life: Life) -> None:
    first, second = _left_by_a_crash(life), _left_by_a_crash(life)
    life.faults.once("gateway.put", ValueError("a bug"))

    life.travel(A_MINUTE)

    assert sorted([life.now_of(first).confirmed, life.now_of(second).confirmed]) == [False, True]


def test_a_shard_that_cannot_be_read_keeps_it_from_no_other(life: Life) -> None:
    first, second, *_ = shards_from(NOON + A_MINUTE)
    unread, read = (_left_by_a_crash(life, under=_id_in(shard)) for shard in (first, second))
    life.faults.once("repository.due", StoreUnavailable)

    life.travel(A_MINUTE)

    assert (life.now_of(unread).confirmed, life.now_of(read).confirmed) == (False, True)


def test_a_run_whose_schedule_has_no_record_is_looked_at_once(life: Life) -> None:
    schedule = life.one_time(after=A_DAY)
    life.faults.once("starter.start", StarterUnavailable)
    life.service.run_now("alice", schedule.schedule_id)
    life.repository.erase(life.now_of(schedule))

    life.travel(5 * A_MINUTE)

    (run,) = life.all_runs()
    assert (run.status, run.reason) == (RunStatus.SKIPPED, reasons.NO_RECORD)
    assert [key for key, item in life.repository.items.items() if "watch_at" in item] == []


def test_it_stops_in_time_and_says_how_far_behind_it_is(life: Life) -> None:
    _left_by_a_crash(life)
    life.clock.now += AN_HOUR

    report = life.sweeper.sweep(stop_at=life.clock.now)

    assert (report.counts.total(), report.behind) == (0, 59 * A_MINUTE)


@pytest.mark.parametrize("minutes", [0, 1, 1_000_003])
def test_each_sweep_walks_all_shards(minutes: int) -> None:
    assert sorted(shards_from(NOON + minutes * A_MINUTE)) == list(range(ids.WATCH_SHARDS))


def test_each_shard_is_the_first_one_once_in_64_minutes() -> None:
    first = {shards_from(NOON + minute * A_MINUTE)[0] for minute in range(ids.WATCH_SHARDS)}

    assert first == set(range(ids.WATCH_SHARDS))


def test_what_is_denied_for_good_in_one_shard_keeps_those_of_another_waiting_no_minute(life: Life) -> None:
    for shard in (1, 2):
        for schedule_id in islice(_ids_in(shard), 3):
            _denied_for_good(life, schedule_id)
    allowed = _left_by_a_crash(life, under=_id_in(3))

    life.travel(2 * A_MINUTE)

    assert life.now_of(allowed).confirmed


def test_what_is_denied_for_good_in_a_shard_keeps_its_other_intents_waiting_for_minutes_only(life: Life) -> None:
    *denied, allowed_id = sorted(islice(_ids_in(5), 4))
    for schedule_id in denied:
        _denied_for_good(life, schedule_id)
    allowed = _left_by_a_crash(life, under=allowed_id)

    life.travel(10 * A_MINUTE)

    assert life.now_of(allowed).confirmed


def test_two_sweepers_do_nothing_twice(life: Life) -> None:
    _left_by_a_crash(life)
    life.clock.now += AN_HOUR
    watches = [
        watch for shard in range(64) for watch in life.repository.due(shard, life.clock(), limit=9, cursor=None).items
    ]

    taken = [life.repository.acquire_lease(watch, now=life.clock()) for watch in watches * 2]

    assert [item is not None for item in taken] == [True, False]


# Occurrences that nothing delivered


def test_a_one_time_schedule_that_nothing_delivered_is_made_up_for_once(life: Life) -> None:
    schedule = life.one_time()
    life.lose(schedule)

    life.travel(4 * AN_HOUR)

    (run,) = life.runs_of(schedule)
    assert (run.status, run.lateness) == (RunStatus.SUCCEEDED, 5 * A_MINUTE)
    assert life.done() == [run.run_id]
    assert life.now_of(schedule).status is Status.COMPLETED
    assert disagreements(life) == []


def test_a_late_delivery_and_its_making_up_for_are_one_run(life: Life) -> None:
    schedule = life.one_time()
    life.lateness = 6 * A_MINUTE

    life.travel(4 * AN_HOUR)

    assert life.story(schedule) == [("13:00", "succeeded")]
    assert len(life.done()) == 1


def test_a_one_time_schedule_that_is_not_to_be_made_up_for_has_failed(life: Life) -> None:
    schedule = life.one_time(on_missed=OnMissed.SKIP)
    life.lose(schedule)

    life.travel(4 * AN_HOUR)

    (run,) = life.runs_of(schedule)
    assert (run.status, life.now_of(schedule).status) == (RunStatus.MISSED, Status.FAILED)
    assert run.reason == life.now_of(schedule).reason == reasons.MISSED
    assert disagreements(life) == []


def test_a_recurring_schedule_that_eventbridge_lost_is_found_out_and_given_back(life: Life) -> None:
    schedule = life.recurring()
    life.lose(schedule)

    life.travel(AN_HOUR + 5 * A_MINUTE)

    assert life.story(schedule) == [("12:15", "missed"), *_succeeded("12:30", "12:45", "13:00")]
    assert disagreements(life) == []


def test_a_recurring_schedule_may_ask_for_its_latest_miss_to_be_made_up_for(life: Life) -> None:
    schedule = life.recurring(on_missed=OnMissed.RUN_NOW)
    life.lose(schedule)

    life.travel(AN_HOUR + 5 * A_MINUTE)

    assert life.story(schedule) == _succeeded("12:15", "12:30", "12:45", "13:00")
    assert life.runs_of(schedule)[0].lateness == 5 * A_MINUTE
    assert disagreements(life) == []


def test_of_many_misses_only_the_latest_is_made_up_for(life: Life) -> None:
    schedule = life.recurring(on_missed=OnMissed.RUN_NOW)
    life.lose(schedule)
    life.sweeps_down = True
    life.travel(AN_HOUR + 6 * A_MINUTE)
    life.sweeps_down = False

    life.travel(6 * A_MINUTE)

    missed = [(time, "missed") for time in ("12:15", "12:30", "12:45")]
    assert life.story(schedule) == [*missed, ("13:00", "succeeded")]


def test_an_occurrence_that_eventbridge_may_still_deliver_is_missed_two_hours_later(life: Life) -> None:
    schedule = life.recurring(cron="0 13 * * ? *", timezone="UTC")
    _swallow(life, AN_HOUR)

    life.travel(NOON + 3 * AN_HOUR - A_MINUTE)
    assert life.story(schedule) == []
    life.travel(2 * A_MINUTE)
    assert life.story(schedule) == [("13:00", "missed")]


def test_until_it_is_missed_for_good_a_late_delivery_takes_it_over(life: Life) -> None:
    schedule = life.recurring(cron="0 13 * * ? *", timezone="UTC")
    life.lateness = 90 * A_MINUTE

    life.travel(4 * AN_HOUR)

    assert life.story(schedule) == [("13:00", "succeeded")]
    assert disagreements(life) == []


def test_what_runs_later_hides_no_earlier_miss(life: Life) -> None:
    schedule = life.recurring()
    _swallow(life, MINUTES_20)

    life.travel(4 * AN_HOUR)

    assert life.story(schedule)[:2] == [("12:15", "missed"), ("12:30", "succeeded")]
    assert disagreements(life) == []


def test_a_change_hides_no_earlier_miss(life: Life) -> None:
    schedule = life.recurring(rate="1 minute")
    _swallow(life, 90 * timedelta(seconds=1))
    life.travel(110 * A_MINUTE)

    life.service.change("alice", schedule.schedule_id, name="other")
    life.travel(2 * AN_HOUR)

    assert life.story(schedule)[0] == ("12:01", "missed")
    assert disagreements(life) == []


def test_a_run_whose_process_dies_each_time_has_failed_in_the_end_and_says_so(life: Life) -> None:
    schedule = life.one_time(retry=RetryPolicy(max_retries=0))
    life.aws.error = Crash()

    life.travel(4 * AN_HOUR)

    (run,) = life.runs_of(schedule)
    assert (run.status, run.reason) == (RunStatus.FAILED, reasons.crashed(3))
    assert [attempt.ended_at for attempt in run.attempts] == [None] * 3
    assert [letter["run_id"] for letter in life.dead_letters()] == [run.run_id]
    assert disagreements(life) == []


def test_a_run_that_died_is_started_again_five_minutes_behind_its_lease(life: Life) -> None:
    schedule = life.recurring()
    for number in range(3):
        life.faults.once("repository.finish", Crash, nth=number + 1)

    life.travel(NOON + 23.5 * A_MINUTE)
    assert life.faults.calls.count("starter.start") == 0
    life.travel(A_MINUTE)

    assert life.faults.calls.count("starter.start") == 1
    assert life.story(schedule) == [("12:15", "succeeded")]


def test_a_run_that_died_is_started_again_though_its_schedule_was_changed_meanwhile(life: Life) -> None:
    schedule = life.recurring()
    for number in range(3):
        life.faults.once("repository.finish", Crash, nth=number + 1)
    life.travel(NOON + 18.5 * A_MINUTE)
    life.service.change("alice", schedule.schedule_id, timing=TimingSpec(rate="1 hour"))

    life.travel(NOON + 23.5 * A_MINUTE)
    assert life.faults.calls.count("starter.start") == 0
    life.travel(A_MINUTE)

    assert life.faults.calls.count("starter.start") == 1
    assert life.story(schedule) == [("12:15", "succeeded")]


def test_an_intent_is_watched_though_an_occurrence_is_waited_for(life: Life) -> None:
    schedule = life.recurring()
    life.copies = 0
    life.travel(10 * A_MINUTE)
    life.faults.always("gateway.put", SchedulerUnavailable)
    life.service.change("alice", schedule.schedule_id, name="other")
    record = life.now_of(schedule)
    queued = a_run(record, status=RunStatus.QUEUED, attempts=(), lease_until=NOON + A_DAY)
    assert life.repository.claim(queued, expecting=record, replacing=None) is None

    life.travel(NOON + 20 * A_MINUTE)

    key = ids.user_pk("alice"), ids.schedule_sk(schedule.schedule_id)
    assert from_iso(life.repository.items[key]["watch_at"]) <= NOON + 25 * A_MINUTE


def test_what_eventbridge_lost_is_not_missed_while_its_window_is_open(life: Life) -> None:
    schedule = life.recurring(rate="1 hour", flexible_window_minutes=30)
    life.copies = 0
    life.faults.always("gateway.put", SchedulerUnavailable)
    life.service.change("alice", schedule.schedule_id, name="other")
    life.lose(schedule)

    life.travel(NOON + AN_HOUR + 30 * A_MINUTE)
    assert life.story(schedule) == []
    life.travel(10 * A_MINUTE)

    assert life.story(schedule) == [("13:00", "missed")]


def test_what_eventbridge_has_is_waited_for_by_its_window_longer(life: Life) -> None:
    schedule = life.recurring(rate="1 hour", flexible_window_minutes=30)
    life.copies = 0

    life.travel(NOON + 3 * AN_HOUR + 25 * A_MINUTE)
    assert life.story(schedule) == []
    life.travel(10 * A_MINUTE)

    assert life.story(schedule) == [("13:00", "missed")]


def test_the_last_occurrence_is_waited_for_while_a_change_is_open(life: Life) -> None:
    schedule = life.recurring(rate="1 hour", end_at=NOON + AN_HOUR)
    life.faults.always("gateway.put", SchedulerUnavailable)
    life.service.change("alice", schedule.schedule_id, timing=TimingSpec(rate="1 hour"))
    life.lateness = 10 * A_MINUTE

    life.travel(AN_HOUR + 9 * A_MINUTE)
    assert life.story(schedule) == []
    life.travel(2 * A_MINUTE)

    assert life.story(schedule) == [("13:00", "succeeded")]


def test_a_sweeper_whose_clock_is_behind_gives_no_occurrence_up_while_the_queue_is_behind(life: Life) -> None:
    schedule = life.recurring(rate="6 minutes", end_at=NOON + AN_HOUR)
    life.lateness = 10 * A_MINUTE
    life.ahead["sweeper"] = -2 * A_MINUTE

    life.travel(AN_HOUR + 3 * A_MINUTE)
    assert [time for time, outcome in life.story(schedule) if outcome != "succeeded"] == []
    life.travel(10 * A_MINUTE)

    assert life.story(schedule)[-2:] == [("12:54", "succeeded"), ("13:00", "succeeded")]


def test_a_run_that_waits_for_its_retry_keeps_its_schedule_from_no_later_occurrence(life: Life) -> None:
    schedule = life.recurring()
    life.copies = 0
    life.travel(20 * A_MINUTE)
    life.copies = 1
    life.aws.errors = [ActionFailed("busy", retry_after=timedelta(hours=5))]

    life.travel(NOON + 2 * AN_HOUR + 20 * A_MINUTE)

    assert life.story(schedule)[:3] == [("12:15", "missed"), ("12:30", "retrying"), ("12:45", "succeeded")]
    assert life.now_of(schedule).next_run_at == NOON + 2.5 * AN_HOUR


def test_a_sweep_tries_no_further_intents_of_a_shard_after_three_that_were_denied(life: Life) -> None:
    for schedule_id in (*islice(_ids_in(5), 5), *islice(_ids_in(6), 5)):
        _left_by_a_crash(life, under=schedule_id)
    life.faults.always("gateway.put", SchedulerDenied)
    life.clock.now += 2 * A_MINUTE
    life.faults.calls.clear()

    life.sweep()

    assert life.faults.calls.count("gateway.put") == 3 + 3


def test_what_was_due_before_a_change_is_not_missed_while_its_delivery_may_come(life: Life) -> None:
    schedule = life.recurring()
    life.copies = 0
    life.travel(17 * A_MINUTE)
    life.copies = 1
    life.service.change("alice", schedule.schedule_id, timing=TimingSpec(rate="1 hour"))

    life.travel(NOON + 2 * AN_HOUR)
    assert ("12:15", "missed") not in life.story(schedule)
    life.travel(20 * A_MINUTE)

    assert ("12:15", "missed") in life.story(schedule)


def test_what_was_due_before_a_change_of_what_eventbridge_never_had_is_missed_at_once(life: Life) -> None:
    life.faults.always("gateway.put", SchedulerUnavailable)
    schedule = life.recurring()
    life.travel(18 * A_MINUTE)
    life.service.change("alice", schedule.schedule_id, timing=TimingSpec(rate="1 hour"))

    life.travel(6 * A_MINUTE)

    assert life.story(schedule) == [("12:15", "missed")]


def test_of_two_spans_that_end_at_once_none_leaves_its_schedule_waiting() -> None:
    faults = BeforeTheNext("repository.close_span")
    life = Life(faults)
    schedule = life.recurring()
    life.copies = 0
    life.travel(17 * A_MINUTE)
    life.service.change("alice", schedule.schedule_id, timing=TimingSpec(rate="20 minutes"))
    life.travel(25 * A_MINUTE)
    life.service.change("alice", schedule.schedule_id, timing=TimingSpec(rate="1 hour"))
    life.copies = 1
    _, later = life.repository.list_spans("alice", schedule.schedule_id)
    faults.act = lambda: life.repository.erase_span(later)

    life.travel(4 * AN_HOUR)

    assert faults.act is None
    assert life.now_of(schedule).pending_since is None


def test_an_occurrence_that_both_timings_have_is_missed_and_not_superseded(life: Life) -> None:
    schedule = life.recurring(rate="1 minute")
    life.copies = 0
    life.travel(4.5 * A_MINUTE)
    life.service.change("alice", schedule.schedule_id, timing=TimingSpec(cron="0/2 * * * ? *", timezone="UTC"))
    life.travel(2.5 * A_MINUTE)
    life.copies = 1

    life.travel(2.25 * AN_HOUR)

    outcomes = dict(life.story(schedule))
    assert [outcomes[time] for time in ("12:04", "12:05", "12:06", "12:08")] == [
        "skipped",
        "skipped",
        "missed",
        "succeeded",
    ]


def test_a_span_whose_schedule_has_no_record_is_removed(life: Life) -> None:
    schedule = life.recurring()
    life.copies = 0
    life.travel(17 * A_MINUTE)
    life.service.change("alice", schedule.schedule_id, timing=TimingSpec(rate="1 hour"))
    assert len(life.repository.list_spans("alice", schedule.schedule_id)) == 1
    del life.repository.items[ids.user_pk("alice"), ids.schedule_sk(schedule.schedule_id)]

    life.travel(10 * A_MINUTE)

    assert life.repository.list_spans("alice", schedule.schedule_id) == []


def test_a_one_time_schedule_that_is_found_hours_late_is_missed(life: Life) -> None:
    schedule = life.one_time()
    life.copies = 0
    life.sweeps_down = True
    life.travel(3 * AN_HOUR)
    life.sweeps_down = False

    life.travel(5 * A_MINUTE)

    assert life.story(schedule) == [("13:00", "missed")]


def test_a_one_time_schedule_that_is_applied_three_minutes_late_is_not_missed(life: Life) -> None:
    life.faults.always("gateway.put", SchedulerUnavailable)
    schedule = life.one_time(after=10 * A_MINUTE, on_missed=OnMissed.SKIP)
    life.travel(10.5 * A_MINUTE)
    life.faults.clear()

    life.travel(5 * A_MINUTE)

    assert life.story(schedule) == [("12:10", "succeeded")]


def test_a_caught_up_run_that_could_not_be_started_is_started_by_the_sweeper(life: Life) -> None:
    schedule = life.one_time()
    life.copies = 0
    life.faults.once("starter.start", StarterUnavailable)

    life.travel(AN_HOUR + 15 * A_MINUTE)

    assert life.story(schedule) == [("13:00", "succeeded")]


def test_a_run_that_began_and_that_nobody_can_start_again_is_missed_in_the_end(life: Life) -> None:
    schedule = life.one_time()
    life.aws.error = Crash()
    life.travel(6 * A_MINUTE)
    life.faults.always("starter.start", StarterUnavailable)

    life.travel(4 * AN_HOUR)

    (run,) = life.runs_of(schedule)
    assert (run.status, run.reason) == (RunStatus.MISSED, reasons.INTERRUPTED)


def test_what_was_due_while_nobody_could_start_the_last_of_max_runs_again_is_recorded(life: Life) -> None:
    schedule = life.recurring(rate="1 hour", max_runs=1)
    life.aws.error = Crash()
    life.travel(AN_HOUR + 6 * A_MINUTE)
    life.faults.always("starter.start", StarterUnavailable)
    life.copies = 0

    life.travel(4 * AN_HOUR)

    assert life.story(schedule)[:3] == [("13:00", "missed"), ("14:00", "skipped"), ("15:00", "skipped")]
    assert life.now_of(schedule).status is Status.COMPLETED


# Pauses that end


def test_a_pause_ends_by_itself_and_nothing_is_done_before_its_end(life: Life) -> None:
    schedule = life.recurring(rate="1 minute")
    life.service.pause("alice", schedule.schedule_id, until="2027-03-01T12:30:00Z")

    life.travel(NOON + timedelta(minutes=31, seconds=30))

    assert [run.scheduled_time.minute for run in life.runs_of(schedule) if run.status is RunStatus.SUCCEEDED] == [
        30,
        31,
    ]
    assert disagreements(life) == []


def test_eventbridge_is_switched_on_two_minutes_before_a_pause_ends(life: Life) -> None:
    schedule = life.recurring()
    life.service.pause("alice", schedule.schedule_id, until="2027-03-01T12:30:00Z")

    life.travel(NOON + timedelta(minutes=27, seconds=59))
    assert _state(life, schedule) == "DISABLED"
    life.travel(timedelta(seconds=1))
    assert _state(life, schedule) == "ENABLED"


def test_a_one_time_schedule_whose_time_passes_in_its_pause_is_over(life: Life) -> None:
    schedule = life.one_time()
    life.service.pause("alice", schedule.schedule_id, until="2027-03-01T14:00:00Z")

    life.travel(4 * AN_HOUR)

    after = life.now_of(schedule)
    assert (after.status, after.reason) == (Status.COMPLETED, reasons.PASSED_IN_THE_PAUSE)
    assert life.done() == []
    assert disagreements(life) == []


# Runs and jobs


def test_a_run_that_could_not_be_started_at_once_is_started_by_the_sweeper(life: Life) -> None:
    schedule = life.one_time(after=A_DAY)
    life.faults.once("starter.start", StarterUnavailable)
    run = life.service.run_now("alice", schedule.schedule_id)

    life.travel(5 * A_MINUTE)

    assert life.service.get_run("alice", schedule.schedule_id, run.run_id).status is RunStatus.SUCCEEDED
    assert life.done() == [run.run_id]


def test_a_run_of_ours_that_crashed_is_started_again_and_keeps_its_story(life: Life) -> None:
    schedule = life.one_time(after=A_DAY)
    life.aws.error = Crash()
    life.service.run_now("alice", schedule.schedule_id)
    life.travel(A_MINUTE / 2)
    life.queue.events.clear()
    life.aws.error = None

    life.travel(5 * A_MINUTE)

    (run,) = life.runs_of(schedule)
    assert [attempt.error for attempt in run.attempts] == ["interrupted: the invocation crashed or timed out", None]


def _left_by_a_crash(life: Life, *, under: str | None = None) -> Schedule:
    """A create whose process died; `under` this id, or else under a random one."""
    before = {record.schedule_id for record in life.records()}
    life.faults.once("gateway.put", Crash)
    with pytest.raises(Crash):
        life.service.put("alice", under or uuid.uuid4().hex, timing=TimingSpec(after="PT1H"), action=EMAIL)
    return next(record for record in life.records() if record.schedule_id not in before)


def _denied_for_good(life: Life, schedule_id: str) -> None:
    """A change of a schedule that fires each minute, which EventBridge never takes."""
    schedule, _ = life.service.put("alice", schedule_id, timing=TimingSpec(rate="1 minute"), action=EMAIL)
    life.bridge.denied.add(ids.scheduler_name("alice", schedule_id))
    life.repository.mark_unconfirmed(schedule, now=life.clock())


def _id_in(shard: int) -> str:
    """The id of a schedule of alice's whose watch stands in this shard."""
    return next(_ids_in(shard))


def _ids_in(shard: int) -> Iterator[str]:
    pk = ids.user_pk("alice")
    return (name for n in count() if ids.shard_of(pk, ids.schedule_sk(name := f"s{n}")) == shard)


def _swallow(life: Life, during: timedelta) -> None:
    """What EventBridge fires in this time reaches nobody."""
    life.copies = 0
    life.travel(during)
    life.copies = 1


def _succeeded(*times: str) -> list[tuple[str, str]]:
    return [(time, "succeeded") for time in times]


def _state(life: Life, schedule: Schedule) -> str:
    request = life.in_eventbridge(schedule)
    assert request is not None
    return str(request["State"])
