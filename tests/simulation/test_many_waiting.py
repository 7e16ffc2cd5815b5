"""If more runs wait for a retry than the record lists, their schedule does not end or overlap before they finish."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Overlap, RetryPolicy, Schedule, Status
from chalicelib.core.model.transitions import MAX_IN_PROGRESS
from notification.action_api import ActionFailed
from tests.notification.world import NOON
from tests.simulation.agreement import disagreements
from tests.simulation.simulator import A_MINUTE, AN_HOUR, Life

if TYPE_CHECKING:
    from typing import Any

AN_HOUR_LATER = RetryPolicy(max_retries=1, backoff_seconds=3600)


def test_a_schedule_ends_with_the_last_of_sixty_runs_that_wait_at_once(life: Life) -> None:
    schedule = _sixty_waiting(life, end_at=NOON + AN_HOUR)

    while any(not run.has_ended for run in life.runs_of(schedule)):
        assert life.now_of(schedule).status is Status.ACTIVE
        life.travel(A_MINUTE)

    life.travel(2 * A_MINUTE)
    after = life.now_of(schedule)
    assert (after.status, after.run_count, after.waiting_runs) == (Status.COMPLETED, 60, 0)
    assert disagreements(life) == []


@pytest.mark.long
def test_max_runs_holds_while_sixty_runs_wait_at_once(life: Life) -> None:
    schedule = _sixty_waiting(life, max_runs=60)

    life.travel(6 * AN_HOUR)

    done = [run for run in life.runs_of(schedule) if run.status is RunStatus.SUCCEEDED]
    after = life.now_of(schedule)
    assert (len(done), len(life.done()), after.run_count, after.status) == (60, 60, 60, Status.COMPLETED)


@pytest.mark.long
def test_nothing_overlaps_with_the_runs_that_the_record_does_not_list(life: Life) -> None:
    schedule = _sixty_waiting(life)
    life.service.change("alice", schedule.schedule_id, overlap=Overlap.SKIP)

    while life.now_of(schedule).waiting_runs:
        overlapping = [run for run in life.runs_of(schedule) if run.scheduled_time > NOON + AN_HOUR]
        assert {run.status for run in overlapping} <= {RunStatus.SKIPPED}
        life.travel(A_MINUTE)

    life.travel(3 * A_MINUTE)
    assert life.runs_of(schedule)[-1].status is RunStatus.SUCCEEDED


def _sixty_waiting(life: Life, **details: Any) -> Schedule:
    """Sixty runs whose first attempt failed; the ten that the record does not list wait the longest."""
    schedule = life.recurring(rate="1 minute", retry=AN_HOUR_LATER, pause_after_failures=0, **details)
    life.aws.error = ActionFailed("busy", retry_after=4 * AN_HOUR)
    life.travel(10 * A_MINUTE + A_MINUTE / 2)
    life.aws.error = ActionFailed("busy")
    life.travel(50 * A_MINUTE)
    life.aws.error = None
    record = life.now_of(schedule)
    assert (record.waiting_runs, len(record.in_progress)) == (60, MAX_IN_PROGRESS)
    return schedule
