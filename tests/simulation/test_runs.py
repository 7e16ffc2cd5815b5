"""The life cycle of runs: retries of failed work, redrives, holds and releases, and duplicates in every state."""

from __future__ import annotations

import json
from itertools import count, pairwise
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.errors import (
    InvalidInput,
    RunLeased,
    RunNotFound,
    RunNotRedrivable,
    ScheduleEnded,
    ScheduleNotFound,
    StoreUnavailable,
)
from chalicelib.core.model import ids, payload, reasons
from chalicelib.core.model.job import JobStatus
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Action, OnUnknown, Overlap, RetryPolicy, Status
from chalicelib.core.timing.instants import epoch_seconds, from_iso
from chalicelib.scheduling.timing_spec import TimingSpec
from chalicelib.testing import Crash
from tests.core.actions.providers.servers import answers, running
from tests.notification.world import EMAIL, NOON, no_answer, refused, throttled
from tests.simulation.agreement import disagreements
from tests.simulation.simulator import A_DAY, A_MINUTE, A_SECOND, AN_HOUR, INVOCATION, Life
from tests.slow import Slow

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule

AN_EVENT = Action("event", {"detail_type": "reminder", "detail": {}})


# Retries


def test_a_run_that_fails_is_tried_again_later_and_later(life: Life) -> None:
    life.aws.errors = [throttled(), throttled(), throttled()]
    schedule = life.one_time()

    life.travel(2 * AN_HOUR)

    run = the_run(life, schedule)
    starts = [attempt.started_at for attempt in run.attempts]
    waits = [(after - before).total_seconds() for before, after in pairwise(starts)]
    assert (run.status, len(life.mails())) == (RunStatus.SUCCEEDED, 1)
    # The back-off, up to a quarter of it, and up to a minute until the sweeper comes.
    assert [low <= wait <= low * 1.25 + 61 for low, wait in zip((60, 120, 240), waits, strict=True)] == [True] * 3


def test_a_webhook_s_consumer_is_left_alone_as_long_as_it_asks_for(life: Life) -> None:
    with running(answers(b"HTTP/1.1 503 Later\r\nRetry-After: 1200\r\n\r\n")) as consumer:
        webhook = Action("webhook", {"url": f"http://127.0.0.1:{consumer.port}/"})
        schedule = life.one_time(action=webhook, retry=RetryPolicy(max_retries=1, backoff_seconds=60))
        life.travel(2 * AN_HOUR)

    first, second = the_run(life, schedule).attempts
    assert 20 * A_MINUTE <= second.started_at - first.started_at <= 21 * A_MINUTE
    assert len(consumer.requests) == 2


def test_a_one_time_schedule_is_active_until_its_run_has_ended(life: Life) -> None:
    life.aws.errors = [throttled()]
    schedule = life.one_time()

    life.travel(AN_HOUR + 10 * A_SECOND)
    between = life.now_of(schedule)
    life.travel(3 * A_MINUTE)

    assert (between.status, between.next_run_at, between.in_progress) == (Status.ACTIVE, None, (NOON + AN_HOUR,))
    assert between.last_run is not None
    assert between.last_run.status == "retrying"
    assert (life.now_of(schedule).status, life.now_of(schedule).in_progress) == (Status.COMPLETED, ())


def test_what_fails_for_good_is_not_tried_again(life: Life) -> None:
    life.aws.errors = [refused()]
    schedule = life.one_time()

    life.travel(3 * AN_HOUR)

    run = the_run(life, schedule)
    assert (run.status, len(run.attempts), run.reason) == (RunStatus.FAILED, 1, "SES MessageRejected: no")
    assert life.now_of(schedule).status is Status.FAILED


def test_retries_that_are_used_up_leave_all_that_is_needed_to_do_it_again(life: Life) -> None:
    life.aws.error = throttled()
    schedule = life.one_time(retry=RetryPolicy(max_retries=2))

    life.travel(3 * AN_HOUR)

    (letter,), run = life.dead_letters(), the_run(life, schedule)
    assert (run.status, len(run.attempts)) == (RunStatus.FAILED, 3)
    assert (letter["run_id"], letter["reason"]) == (run.run_id, run.reason)
    assert letter["event"]["action"]["data"]["to"] == ["alice@example.com"]
    assert disagreements(life) == []


def test_other_occurrences_go_on_while_one_is_tried_again(life: Life) -> None:
    life.aws.errors = [throttled(), throttled()]
    schedule = life.recurring(retry=RetryPolicy(max_retries=2, backoff_seconds=1800))

    life.travel(33 * A_MINUTE)

    assert life.story(schedule) == [("12:15", "retrying"), ("12:30", "retrying")]
    assert life.now_of(schedule).next_run_at == NOON + 45 * A_MINUTE
    life.travel(2 * AN_HOUR)
    assert {status for _, status in life.story(schedule)} == {"succeeded"}
    assert life.now_of(schedule).run_count == len(life.runs_of(schedule))


def test_the_last_occurrence_keeps_its_schedule_active_until_it_has_ended(life: Life) -> None:
    schedule = life.recurring(max_runs=2)
    life.travel(20 * A_MINUTE)
    life.aws.errors = [throttled()]

    life.travel(NOON + 30 * A_MINUTE + A_SECOND)
    between = life.now_of(schedule)
    life.travel(AN_HOUR)

    assert (between.status, between.run_count) == (Status.ACTIVE, 1)
    assert (life.now_of(schedule).status, life.now_of(schedule).run_count) == (Status.COMPLETED, 2)
    assert [status for _, status in life.story(schedule) if status != "skipped"] == ["succeeded"] * 2


def test_a_run_that_waits_counts_for_max_runs(life: Life) -> None:
    life.aws.errors = [throttled()]
    schedule = life.recurring(max_runs=2, retry=RetryPolicy(max_retries=1, backoff_seconds=3600))

    life.travel(3 * AN_HOUR)

    story = life.story(schedule)
    assert [time for time, status in story if status == "succeeded"] == ["12:15", "12:30"]
    assert life.runs_of(schedule)[2].reason == reasons.max_runs_reached(2)
    assert life.now_of(schedule).status is Status.COMPLETED


def test_an_occurrence_is_skipped_while_an_earlier_one_is_tried_again_if_that_is_wanted(life: Life) -> None:
    life.aws.errors = [throttled()]
    schedule = life.recurring(overlap=Overlap.SKIP, retry=RetryPolicy(max_retries=1, backoff_seconds=1200))

    life.travel(50 * A_MINUTE)

    assert life.story(schedule) == [("12:15", "succeeded"), ("12:30", "skipped"), ("12:45", "succeeded")]
    assert life.runs_of(schedule)[1].reason == reasons.overlaps(from_iso("2027-03-01T12:15:00Z"))
    assert disagreements(life) == []


@pytest.mark.parametrize("change", ["pause", "cancel"])
def test_a_run_is_not_tried_again_once_its_schedule_is_stopped(life: Life, change: str) -> None:
    life.aws.errors = [throttled()]
    schedule = life.recurring(retry=RetryPolicy(max_retries=3, backoff_seconds=600))
    life.travel(16 * A_MINUTE)

    getattr(life.service, change)("alice", schedule.schedule_id)
    life.travel(AN_HOUR)

    run = the_run(life, schedule)
    assert (run.status, run.reason) == (RunStatus.SKIPPED, reasons.schedule_was(life.now_of(schedule).status))
    assert (run.attempts[0].error, life.mails()) == ("SES TooManyRequestsException: slow down", [])
    assert disagreements(life) == []


def test_a_schedule_begun_anew_does_not_do_what_its_predecessor_failed_to(life: Life) -> None:
    life.aws.errors = [throttled()]
    schedule = life.one_time(retry=RetryPolicy(max_retries=3, backoff_seconds=600))
    life.travel(AN_HOUR + A_MINUTE)
    life.service.cancel("alice", schedule.schedule_id)
    life.service.put("alice", schedule.schedule_id, timing=timing_in(A_DAY), action=AN_EVENT)

    life.travel(2 * AN_HOUR)

    assert the_run(life, schedule).reason == reasons.OF_AN_EARLIER_SCHEDULE
    assert (life.mails(), life.events()) == ([], [])


# Nobody knows whether it was done


def test_a_mail_whose_answer_never_came_is_sent_again_and_the_run_says_so(life: Life) -> None:
    life.faults.once("provider.send_email", no_answer(), done=True)
    schedule = life.one_time()

    life.travel(2 * AN_HOUR)

    run = the_run(life, schedule)
    assert (run.status, run.possibly_repeated, len(life.mails())) == (RunStatus.SUCCEEDED, True, 2)


@pytest.mark.parametrize("error", [no_answer(), Crash()], ids=["no answer", "the process dies"])
def test_where_on_unknown_is_stop_nothing_is_sent_twice(life: Life, error: BaseException) -> None:
    life.faults.once("provider.send_email", error, done=True)
    schedule = life.one_time(on_unknown=OnUnknown.STOP)

    life.travel(3 * AN_HOUR)

    run = the_run(life, schedule)
    assert (run.status, len(life.mails())) == (RunStatus.FAILED, 1)
    assert reasons.ON_UNKNOWN_IS_STOP in (run.reason or "")
    assert [letter["run_id"] for letter in life.dead_letters()] == [run.run_id]


def test_a_clear_no_is_tried_again_even_where_on_unknown_is_stop(life: Life) -> None:
    life.aws.errors = [throttled()]
    schedule = life.one_time(on_unknown=OnUnknown.STOP)

    life.travel(2 * AN_HOUR)

    run = the_run(life, schedule)
    assert (run.status, run.possibly_repeated) == (RunStatus.SUCCEEDED, False)


def test_a_consumer_that_honours_the_key_gets_the_same_one_after_a_crash(life: Life) -> None:
    life.aws.answer = {"Entries": [{}]}
    life.faults.once("provider.put_events", Crash(), done=True)
    schedule = life.one_time(action=AN_EVENT, on_unknown=OnUnknown.STOP)

    life.travel(2 * AN_HOUR)

    run = the_run(life, schedule)
    keys = [json.loads(put["Entries"][0]["Detail"])["scheduled_tasks"]["run_id"] for put in life.events()]
    assert (run.status, run.possibly_repeated, keys) == (RunStatus.SUCCEEDED, False, [run.run_id] * 2)


# Done again by a person


def test_a_failed_one_time_run_is_done_again_and_has_not_failed_after_all(life: Life) -> None:
    schedule, run = a_failed_run(life)

    queued = life.service.redrive("alice", schedule.schedule_id, run.run_id)
    life.travel(A_MINUTE)

    after, record = the_run(life, schedule), life.now_of(schedule)
    assert queued.status is RunStatus.QUEUED
    assert (after.status, len(after.attempts)) == (RunStatus.SUCCEEDED, 2)
    assert (record.status, record.reason, record.run_count) == (Status.COMPLETED, None, 1)
    assert disagreements(life) == []


def test_a_redriven_run_has_new_retries(life: Life) -> None:
    life.aws.errors = [throttled(), throttled(), throttled()]
    schedule = life.one_time(retry=RetryPolicy(max_retries=1))
    life.travel(AN_HOUR + 10 * A_MINUTE)

    life.service.redrive("alice", schedule.schedule_id, the_run(life, schedule).run_id)
    life.travel(10 * A_MINUTE)

    run = the_run(life, schedule)
    assert (run.status, [attempt.error is None for attempt in run.attempts]) == (
        RunStatus.SUCCEEDED,
        [False, False, False, True],
    )


def test_a_redrive_of_what_may_have_been_done_says_so(life: Life) -> None:
    life.faults.once("provider.send_email", no_answer(), done=True)
    schedule = life.one_time(on_unknown=OnUnknown.STOP)
    life.travel(AN_HOUR + A_MINUTE)

    life.service.redrive("alice", schedule.schedule_id, the_run(life, schedule).run_id)
    life.travel(A_MINUTE)

    assert the_run(life, schedule).possibly_repeated
    assert len(life.mails()) == 2


def test_a_missed_run_can_be_done_again(life: Life) -> None:
    schedule = life.recurring()
    life.copies = 0
    life.travel(16 * A_MINUTE)
    life.copies = 1
    life.travel(4 * AN_HOUR)
    missed = life.runs_of(schedule)[0]

    life.service.redrive("alice", schedule.schedule_id, missed.run_id)
    life.travel(A_MINUTE)

    assert (missed.status, life.runs_of(schedule)[0].status) == (RunStatus.MISSED, RunStatus.SUCCEEDED)
    assert life.now_of(schedule).run_count == len(life.runs_of(schedule))


def test_what_has_succeeded_is_not_done_again(life: Life) -> None:
    schedule = life.one_time()
    life.travel(2 * AN_HOUR)

    with pytest.raises(RunNotRedrivable, match="This run is succeeded"):
        life.service.redrive("alice", schedule.schedule_id, the_run(life, schedule).run_id)


def test_a_run_of_a_cancelled_schedule_is_not_done_again(life: Life) -> None:
    life.aws.errors = [refused()]
    schedule = life.recurring()
    life.travel(16 * A_MINUTE)
    life.service.cancel("alice", schedule.schedule_id)

    with pytest.raises(ScheduleEnded):
        life.service.redrive("alice", schedule.schedule_id, the_run(life, schedule).run_id)


def test_all_failed_runs_are_done_again_at_a_given_rate(life: Life) -> None:
    schedules = [life.one_time(name=f"task {number}") for number in range(30)]
    life.aws.errors = [refused() for _ in schedules]
    life.travel(AN_HOUR + A_MINUTE)
    asked_at = life.clock.now

    job = life.service.redrive_all("alice", per_minute=10)
    life.travel(10 * A_MINUTE)

    done = sorted(the_run(life, schedule).attempts[-1].started_at for schedule in schedules)
    minutes = [(at - asked_at) // A_MINUTE for at in done]
    assert life.service.get_job(job.job_id).done == 30
    assert life.service.get_job(job.job_id).status is JobStatus.COMPLETED
    assert len(life.mails()) == 30
    assert max(minutes.count(minute) for minute in minutes) <= 11


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        ({}, "abc"),
        ({"schedule_id": "b"}, "b"),
        ({"resource_id": "contract-1"}, "ab"),
        ({"since": NOON + 90 * A_MINUTE}, "bc"),
        ({"until": NOON + 90 * A_MINUTE}, "a"),
        ({"since": NOON + 2 * AN_HOUR, "until": NOON + 2 * AN_HOUR}, "b"),
        ({"status": RunStatus.MISSED}, ""),
    ],
    ids=str,
)
def test_only_what_is_meant_is_done_again(life: Life, selection: dict[str, Any], chosen: str) -> None:
    for hour, (schedule_id, resource) in enumerate([("a", "contract-1"), ("b", "contract-1"), ("c", None)], 1):
        life.service.put("alice", schedule_id, timing=timing_in(hour * AN_HOUR), action=AN_EVENT, resource_id=resource)
    life.aws.errors = [refused()] * 3
    life.travel(4 * AN_HOUR)

    life.aws.answer = {"Entries": [{}]}
    life.service.redrive_all("alice", **selection)
    life.travel(5 * A_MINUTE)

    done = {run.schedule_id for run in life.all_runs() if run.status is RunStatus.SUCCEEDED}
    assert done == set(chosen)


def test_a_redrive_from_a_time_to_come_finds_nothing_and_ends(life: Life) -> None:
    """DynamoDB refuses a span that ends before it begins, so the job's must not."""
    a_failed_run(life)

    job = life.service.redrive_all("alice", since=life.clock.now + A_DAY)
    life.travel(5 * A_MINUTE)

    selection = job.selection
    assert selection is not None
    assert selection.since <= selection.until
    assert (life.service.get_job(job.job_id).status, life.mails()) == (JobStatus.COMPLETED, [])


def test_a_span_that_ends_before_it_begins_is_refused(life: Life) -> None:
    with pytest.raises(InvalidInput, match="until: must not be before `since`"):
        life.service.redrive_all("alice", since=NOON, until=NOON - A_SECOND)
    with pytest.raises(InvalidInput, match="until: must not be before `since`"):
        life.service.list_runs_of_user("alice", since=NOON, until=NOON - A_SECOND)


def test_what_fails_again_is_not_done_a_third_time(life: Life) -> None:
    schedule, _ = a_failed_run(life)
    life.aws.error = refused()
    life.service.redrive_all("alice")
    # The first walk is too early to be the last one, and the run fails again before that.
    for _ in range(2):
        life.travel(10 * A_SECOND)
        life.sweep()

    life.travel(30 * A_MINUTE)

    assert len(the_run(life, schedule).attempts) == 2


def test_a_redriven_run_has_its_schedule_s_record_as_long_as_it_stays(life: Life) -> None:
    schedule, run = a_failed_run(life)
    life.travel(85 * A_DAY)
    life.aws.error = refused()
    life.service.redrive("alice", schedule.schedule_id, run.run_id)
    life.travel(85 * A_DAY)
    life.aws.error = None

    (listed,) = life.service.list_runs_of_user("alice").items
    life.service.redrive("alice", schedule.schedule_id, listed.run_id)
    life.travel(5 * A_MINUTE)

    action, done = life.action_of(schedule), the_run(life, schedule)
    assert (done.status, action and action.type) == (RunStatus.SUCCEEDED, "email")
    assert done.expires_at is not None
    assert life.now_of(schedule).expires_at == done.expires_at + A_DAY
    assert disagreements(life) == []


def test_so_has_one_that_a_job_redrives(life: Life) -> None:
    schedule, run = a_failed_run(life)
    life.travel(85 * A_DAY)
    life.aws.error = refused()
    life.service.redrive_all("alice")
    life.travel(85 * A_DAY)

    assert life.service.get_run("alice", schedule.schedule_id, run.run_id).status is RunStatus.FAILED
    assert life.service.get("alice", schedule.schedule_id).status is Status.FAILED


def test_a_run_that_ends_keeps_the_record_of_one_that_was_redriven_later(life: Life) -> None:
    """Its event was made before: it holds an earlier expiry of the record."""
    life.aws.errors = [refused(), refused()]
    schedule = life.recurring(end_at=NOON + 30 * A_MINUTE)
    life.travel(AN_HOUR)
    first, second = life.runs_of(schedule)
    life.travel(85 * A_DAY)
    life.service.redrive("alice", schedule.schedule_id, first.run_id)
    delayed = life.starter.events.pop()
    life.clock.now += A_MINUTE
    life.service.redrive("alice", schedule.schedule_id, second.run_id)

    life.runner.handle(delayed, INVOCATION)

    last = max(run.expires_at for run in life.runs_of(schedule) if run.expires_at)
    assert life.runs_of(schedule)[0].status is RunStatus.SUCCEEDED
    assert life.now_of(schedule).expires_at == last + A_DAY


SLICES = 12
"""Enough for 60 slow looks. A job without a position needs one slice for all of them."""


def failed_runs_of_a_cancelled_schedule(life: Life) -> int:
    """Newer than all others: they come first in the list, and cannot be done again."""
    life.aws.error = refused()
    schedule = life.recurring(rate="1 minute", pause_after_failures=0)
    life.travel(30 * A_MINUTE)
    life.aws.error = None
    life.service.cancel("alice", schedule.schedule_id)
    return len(life.runs_of(schedule))


def test_runs_that_cannot_be_done_again_do_not_starve_those_that_can(life: Life) -> None:
    schedule, run = a_failed_run(life)
    passed_over = failed_runs_of_a_cancelled_schedule(life)
    life.travel(A_SECOND)
    job = life.service.redrive_all("alice")
    life.repository.faults = Slow(life.clock, "repository.get")

    life.travel(SLICES * A_MINUTE)

    shown = life.service.get_job(job.job_id)
    assert (run.status, the_run(life, schedule).status) == (RunStatus.FAILED, RunStatus.SUCCEEDED)
    assert (shown.status, shown.done, shown.passed_over) == (JobStatus.COMPLETED, 1, passed_over)


def test_a_job_that_lost_the_table_keeps_what_it_has_done(life: Life) -> None:
    schedules = [life.one_time(name=f"task {number}") for number in range(3)]
    life.aws.errors = [refused() for _ in schedules]
    life.travel(AN_HOUR + A_MINUTE)
    job = life.service.redrive_all("alice", per_minute=1)
    life.faults.once("repository.claim", StoreUnavailable, nth=3)

    life.sweep()

    assert life.service.get_job(job.job_id).done == 2
    assert life.service.get_job(job.job_id).next_at == job.created_at + 2 * A_MINUTE


def test_held_runs_that_cannot_be_released_do_not_starve_those_that_can(life: Life) -> None:
    gone = life.recurring(rate="1 minute")
    life.hold("SES is down")
    life.travel(40 * A_MINUTE + A_SECOND)
    last = an_id_of_the_last_shard(life.clock.now + A_MINUTE)
    schedule, _ = life.service.put("alice", last, timing=timing_in(A_MINUTE), action=EMAIL)
    life.travel(2 * A_MINUTE)
    held = len(life.runs_of(gone))
    life.repository.erase(life.now_of(gone))
    life.hold(None)
    job = life.service.release()
    life.repository.faults = Slow(life.clock, "repository.get")

    life.travel(SLICES * A_MINUTE)

    shown = life.service.get_job(job.job_id)
    assert the_run(life, schedule).status is RunStatus.SUCCEEDED
    assert (shown.status, shown.done, shown.passed_over) == (JobStatus.COMPLETED, 1, held)


def an_id_of_the_last_shard(scheduled_time: datetime) -> str:
    """A schedule id whose run of this time stands in the last list of held runs."""
    names = (f"task-{number}" for number in count())
    sk = ids.run_sk(scheduled_time)
    return next(name for name in names if ids.shard_of(ids.schedule_pk("alice", name), sk) == ids.WATCH_SHARDS - 1)


# Held and let go


def test_what_is_held_is_recorded_and_done_after_the_release(life: Life) -> None:
    schedule = life.recurring()
    life.hold("SES is down")
    life.travel(33 * A_MINUTE)
    held = life.runs_of(schedule)

    life.hold(None)
    job = life.service.release()
    life.travel(5 * A_MINUTE)

    assert [(run.status, run.reason) for run in held] == [(RunStatus.HELD, "SES is down")] * 2
    assert life.story(schedule) == [("12:15", "succeeded"), ("12:30", "succeeded")]
    assert (life.service.get_job(job.job_id).done, len(life.mails())) == (2, 2)
    assert disagreements(life) == []


def test_nothing_is_done_while_it_is_held_whatever_starts_it(life: Life) -> None:
    life.aws.errors = [throttled()]
    schedule = life.one_time(retry=RetryPolicy(max_retries=3, backoff_seconds=600))
    other = life.one_time(after=A_DAY)
    life.travel(AN_HOUR + A_MINUTE)

    life.hold("SES is down")
    life.service.run_now("alice", other.schedule_id)
    life.travel(AN_HOUR)

    assert [the_run(life, each).status for each in (schedule, other)] == [RunStatus.HELD] * 2
    assert life.mails() == []
    life.hold(None)
    life.service.release()
    life.travel(5 * A_MINUTE)
    assert [the_run(life, each).status for each in (schedule, other)] == [RunStatus.SUCCEEDED] * 2


def test_a_long_hold_misses_nothing(life: Life) -> None:
    schedule = life.recurring(rate="1 hour")
    life.hold("a long one")
    life.travel(A_DAY + A_MINUTE)

    life.hold(None)
    life.service.release(per_minute=6)
    life.travel(10 * A_MINUTE)

    assert [status for _, status in life.story(schedule)] == ["succeeded"] * 24
    assert disagreements(life) == []


def test_held_runs_are_let_go_at_a_given_rate(life: Life) -> None:
    schedule = life.recurring(rate="1 minute")
    life.hold("a short one")
    life.travel(20 * A_MINUTE + 30 * A_SECOND)
    life.service.pause("alice", schedule.schedule_id)
    life.service.resume("alice", schedule.schedule_id, timing=timing_in(A_DAY))

    life.hold(None)
    life.service.release(per_minute=5)
    life.travel(2 * A_MINUTE + A_SECOND)
    early = len(life.mails())
    life.travel(5 * A_MINUTE)

    assert 5 <= early <= 10
    assert len(life.mails()) == 20


# Failing again and again


def test_a_schedule_that_fails_again_and_again_pauses_and_says_why(life: Life) -> None:
    life.aws.error = refused()
    schedule = life.recurring(pause_after_failures=3)

    life.travel(4 * AN_HOUR)

    record = life.now_of(schedule)
    assert (record.status, len(life.runs_of(schedule))) == (Status.PAUSED, 3)
    assert record.reason == reasons.failed_in_a_row(3, "SES MessageRejected: no")
    assert disagreements(life) == []


def test_ten_failures_in_a_row_are_the_default_of_a_recurring_schedule(life: Life) -> None:
    life.aws.error = refused()
    schedule = life.recurring()

    life.travel(4 * AN_HOUR)

    assert (life.now_of(schedule).status, len(life.runs_of(schedule))) == (Status.PAUSED, 10)


def test_one_success_between_begins_the_count_anew(life: Life) -> None:
    life.aws.errors = [refused(), refused()]
    schedule = life.recurring(pause_after_failures=3)
    life.travel(50 * A_MINUTE)
    life.aws.errors = [refused(), refused()]

    life.travel(2 * AN_HOUR)

    assert life.now_of(schedule).status is Status.ACTIVE


def test_after_a_resume_the_count_begins_anew(life: Life) -> None:
    life.aws.errors = [refused(), refused()]
    schedule = life.recurring(pause_after_failures=2)
    life.travel(40 * A_MINUTE)

    life.service.resume("alice", schedule.schedule_id)
    life.aws.errors = [refused()]
    life.travel(AN_HOUR)

    record = life.now_of(schedule)
    assert (record.status, record.failures_in_a_row) == (Status.ACTIVE, 0)


# Duplicate, late and out-of-order deliveries, at every stage of a run


def is_queued(life: Life) -> None:
    life.aws.errors = [refused()]
    life.travel(A_MINUTE)
    (run,) = life.all_runs()
    life.service.redrive("alice", run.schedule_id, run.run_id)
    life.starter.events.clear()


def is_retrying(life: Life) -> None:
    life.aws.errors = [throttled()]
    life.travel(A_MINUTE)


def is_held(life: Life) -> None:
    life.hold("SES is down")
    life.travel(A_MINUTE)


def has_succeeded(life: Life) -> None:
    life.travel(A_MINUTE)


def has_failed(life: Life) -> None:
    life.aws.errors = [refused()]
    life.travel(A_MINUTE)


def has_crashed(life: Life) -> None:
    life.faults.once("provider.send_email", Crash())
    life.travel(A_MINUTE)


@pytest.mark.parametrize("stage", [is_queued, is_retrying, is_held, has_succeeded, has_failed, has_crashed])
@pytest.mark.parametrize("late", [A_SECOND, A_MINUTE, 20 * A_MINUTE, 3 * AN_HOUR], ids=str)
def test_a_duplicate_at_any_stage_and_however_late_has_no_second_effect(
    life: Life, stage: Callable[[Life], None], late: timedelta
) -> None:
    life.one_time(after=A_MINUTE / 2)
    event = next(iter(events_of(life)))
    stage(life)

    for _ in range(3):
        life.queue.add(event, life.clock.now + late)
    life.travel(late + AN_HOUR)
    life.hold(None)
    life.service.release()
    life.travel(AN_HOUR)

    (run,) = life.all_runs()
    expected = RunStatus.FAILED if stage is has_failed else RunStatus.SUCCEEDED
    assert (run.status, len(life.mails())) == (expected, int(expected is RunStatus.SUCCEEDED))
    assert disagreements(life) == []


def test_deliveries_in_any_order_have_one_effect_each(life: Life) -> None:
    schedule = life.recurring()
    life.copies = 0
    fired: list[dict[str, Any]] = []
    for _ in range(4):
        life.travel(NOON + 15 * A_MINUTE * (len(fired) + 1) - A_SECOND)
        fired.append(life.event(schedule, NOON + 15 * A_MINUTE * (len(fired) + 1)))
    life.travel(2 * A_SECOND)

    for event in (fired[2], fired[0], fired[3], fired[0], fired[1], fired[2]):
        life.queue.add(event, life.clock.now)
    life.travel(5 * A_MINUTE)

    assert life.story(schedule) == [(time, "succeeded") for time in ("12:15", "12:30", "12:45", "13:00")]
    assert len(life.mails()) == 4


def test_of_two_lambdas_on_one_occurrence_one_acts(life: Life) -> None:
    schedule = life.one_time(after=A_MINUTE)
    event = life.event(schedule)
    life.clock.now += A_MINUTE
    other = life.a_runner()
    met: list[type[BaseException]] = []

    def meanwhile(**_: Any) -> dict[str, Any]:
        with pytest.raises(RunLeased) as raised:
            other.handle(event, INVOCATION)
        met.append(raised.type)
        return {}

    life.aws.send_email = meanwhile  # type: ignore[method-assign]
    life.runner.handle(event, INVOCATION)

    assert met == [RunLeased]
    assert the_run(life, schedule).status is RunStatus.SUCCEEDED


def test_a_release_reaches_the_last_shard(life: Life) -> None:
    at = NOON + A_MINUTE

    def shard_of(schedule_id: str) -> int:
        return ids.shard_of(ids.schedule_pk("alice", schedule_id), ids.run_sk(at, None))

    in_the_last_one = next(f"s{number}" for number in count() if shard_of(f"s{number}") == ids.WATCH_SHARDS - 1)
    schedule, _ = life.service.put("alice", in_the_last_one, timing=timing_in(A_MINUTE), action=EMAIL)
    life.hold("SES is down")
    life.travel(2 * A_MINUTE)

    life.hold(None)
    life.service.release()
    life.travel(5 * A_MINUTE)

    assert life.story(schedule) == [("12:01", "succeeded")]


def test_a_released_run_has_the_tries_that_are_left(life: Life) -> None:
    life.aws.errors = [throttled(), throttled()]
    schedule = life.one_time(after=A_MINUTE, retry=RetryPolicy(1, 60))
    life.travel(A_MINUTE)
    life.hold("SES is down")
    life.travel(5 * A_MINUTE)
    assert life.story(schedule) == [("12:01", "held")]

    life.hold(None)
    life.service.release()
    life.travel(AN_HOUR)

    assert life.story(schedule) == [("12:01", "failed")]


def test_what_has_expired_is_not_done_again(life: Life) -> None:
    schedule, run = a_failed_run(life)
    key = ids.user_pk("alice"), ids.schedule_sk(schedule.schedule_id)
    life.repository.items[key] |= {"expires_at": epoch_seconds(life.clock.now)}
    with pytest.raises(ScheduleNotFound):
        life.service.redrive("alice", schedule.schedule_id, run.run_id)

    assert run.expires_at is not None
    life.clock.now = run.expires_at
    with pytest.raises(RunNotFound):
        life.service.redrive("alice", schedule.schedule_id, run.run_id)


def test_a_start_that_comes_twice_does_not_begin_the_next_try_too_early(life: Life) -> None:
    life.aws.errors = [throttled(), throttled()]
    schedule = life.one_time(after=A_MINUTE)
    life.travel(A_MINUTE)
    start = payload.for_run(the_run(life, schedule), life.now_of(schedule), EMAIL)
    life.travel(2 * A_MINUTE)
    assert len(the_run(life, schedule).attempts) == 2

    life.queue.add(start, life.clock.now)
    life.travel(A_SECOND)

    run = the_run(life, schedule)
    assert (run.status, len(run.attempts)) == (RunStatus.RETRYING, 2)


# Helpers


def the_run(life: Life, schedule: Schedule) -> Run:
    (run,) = life.runs_of(schedule)
    return run


def a_failed_run(life: Life) -> tuple[Schedule, Run]:
    """Its hour has passed, and the provider said no for good."""
    life.aws.errors = [refused()]
    schedule = life.one_time()
    life.travel(AN_HOUR + A_MINUTE)
    return schedule, the_run(life, schedule)


def events_of(life: Life) -> list[dict[str, Any]]:
    return [life.event(record) for record in life.records()]


def timing_in(wait: timedelta) -> TimingSpec:
    return TimingSpec(after=wait)
