"""Regression tests for the faults that a simulated month found (test_soak.py), each in its smallest form."""

from __future__ import annotations

from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

from chalicelib.core.dynamodb.items import LONGEST_WATCH, leased
from chalicelib.core.model import reasons
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import OnMissed, OnUnknown, Status
from chalicelib.testing import Crash
from notification.action_api import ActionFailed
from tests.notification.world import NOON, next_run
from tests.simulation.agreement import disagreements
from tests.simulation.chaos import ChaoticLife
from tests.simulation.lambda_queue import LambdaQueue
from tests.simulation.simulator import A_MINUTE, AN_HOUR, INVOCATION, Life

if TYPE_CHECKING:
    from collections.abc import Mapping

LAMBDAS_TRIES = 3


def test_what_fails_for_days_is_still_looked_at_every_hour() -> None:
    item = leased({"watch_at": "2027-03-01T12:00:00Z", "watch_tries": 100}, NOON)

    assert item["watch_at"] == f"{NOON + LONGEST_WATCH:%Y-%m-%dT%H:%M:%SZ}"


def test_a_run_that_never_ended_still_says_that_it_may_have_been_done(life: Life) -> None:
    schedule = life.recurring(rate="6 hours")
    dies_behind_the_mail_and_then_always(life)

    life.travel(9 * AN_HOUR)

    (run,) = life.runs_of(schedule)
    assert (run.status, run.reason) == (RunStatus.MISSED, reasons.INTERRUPTED)
    assert run.acting_since is not None


def test_what_makes_up_for_it_does_not_send_it_again_where_on_unknown_is_stop(life: Life) -> None:
    schedule = life.recurring(rate="6 hours", on_unknown=OnUnknown.STOP, on_missed=OnMissed.RUN_NOW)
    dies_behind_the_mail_and_then_always(life)
    life.travel(9 * AN_HOUR)

    life.queue = LambdaQueue(lambda event: life.runner.handle(event, INVOCATION), life.clock)
    life.travel(2 * AN_HOUR)

    assert len(life.done()) == 1
    assert [run.status for run in life.runs_of(schedule)] == [RunStatus.FAILED]


def test_a_late_delivery_that_takes_a_missed_run_over_and_dies_is_looked_after(life: Life) -> None:
    schedule = life.recurring(rate="6 hours")
    event = life.event(schedule)
    life.lose(schedule)
    life.travel(7 * AN_HOUR)
    for number in range(LAMBDAS_TRIES):
        life.faults.once("repository.finish", Crash, nth=number + 1)

    life.queue.add(event, life.clock.now)
    life.travel(AN_HOUR)

    assert life.story(schedule) == [("18:00", "succeeded")]
    assert disagreements(life) == []


def test_what_is_held_of_a_schedule_that_is_cancelled_is_skipped_at_the_release() -> None:
    life = a_calm_life()
    schedule = life.recurring()
    life.hold("the provider is down")
    life.travel(20 * A_MINUTE)
    life.service.cancel("alice", schedule.schedule_id)

    life.hold(None)
    life.service.release()
    life.travel(10 * A_MINUTE)

    (run,) = life.runs_of(schedule)
    assert (run.status, run.reason) == (RunStatus.SKIPPED, reasons.schedule_was(Status.CANCELLED))


def test_what_was_lost_before_the_last_of_max_runs_is_told_of(life: Life) -> None:
    schedule = life.recurring(max_runs=1)
    life.clock.now = next_run(schedule)
    assert life.bridge.fire() is not None

    life.travel(AN_HOUR)

    assert life.story(schedule) == [("12:15", "skipped"), ("12:30", "succeeded")]
    assert disagreements(life) == []


def test_a_run_whose_process_died_keeps_its_place_among_max_runs(life: Life) -> None:
    schedule = life.recurring(rate="5 minutes", max_runs=1)
    for number in range(LAMBDAS_TRIES):
        life.faults.once("repository.finish", Crash, nth=number + 1)

    life.travel(2 * AN_HOUR)

    outcomes = [outcome for _, outcome in life.story(schedule)]
    assert outcomes == ["succeeded", *["skipped"] * (len(outcomes) - 1)]
    assert life.now_of(schedule).run_count == 1
    assert disagreements(life) == []


def test_the_retry_of_a_schedule_with_max_runs_that_is_cancelled_is_skipped(life: Life) -> None:
    schedule = life.recurring(max_runs=5)
    life.aws.error = ActionFailed("busy")
    life.travel(15 * A_MINUTE)
    life.service.cancel("alice", schedule.schedule_id)

    life.travel(AN_HOUR)

    assert life.story(schedule) == [("12:15", "skipped")]
    assert disagreements(life) == []


def test_a_retry_that_is_due_during_a_hold_is_held_and_done_after_the_release() -> None:
    life = a_calm_life()
    schedule = life.one_time()
    life.provider.error = ActionFailed("busy")
    life.travel(AN_HOUR)
    life.provider.error = None
    life.hold("the provider is down")
    life.travel(AN_HOUR)
    assert life.story(schedule) == [("13:00", "held")]

    life.hold(None)
    life.service.release()
    life.travel(10 * A_MINUTE)

    assert life.story(schedule) == [("13:00", "succeeded")]


def test_what_was_applied_again_behind_its_last_occurrence_is_removed_from_eventbridge(life: Life) -> None:
    schedule = life.recurring(end_at=NOON + 15 * A_MINUTE)
    life.clock.now = next_run(schedule)
    event = life.bridge.fire()
    assert event is not None
    life.repository.mark_unconfirmed(life.now_of(schedule), now=life.clock.now)
    life.sweep()

    life.queue.add(event, life.clock.now)
    life.travel(AN_HOUR)

    assert life.story(schedule) == [("12:15", "succeeded")]
    assert disagreements(life) == []


def a_calm_life() -> ChaoticLife:
    """One that can be held, and in which nothing goes wrong."""
    life = ChaoticLife(Random(1), NOON)  # noqa: S311 - nothing is secret, and nothing random
    life.calm_down()
    return life


def dies_behind_the_mail_and_then_always(life: Life) -> None:
    """The first invocation sends its mail and dies before it can record that; the others die at once."""
    numbers = count()

    def handle(event: Mapping[str, Any]) -> None:
        if next(numbers):
            raise Crash
        life.runner.handle(event, INVOCATION)

    life.faults.once("repository.finish", Crash)
    life.queue = LambdaQueue(handle, life.clock)
