"""What a pause's end and a run's end make of a schedule. Calculation only."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Status
from chalicelib.core.model.transitions import MAX_IN_PROGRESS, auto_resumed, with_outcome
from tests.builders import DAY, HOUR, NOW, a_run, a_schedule, every_hour


def test_the_occurrence_at_the_very_end_of_a_pause_is_the_next_one() -> None:
    paused = a_schedule(timing=every_hour(), status=Status.PAUSED, next_run_at=None)

    resumed = auto_resumed(paused, NOW + 2 * HOUR)

    assert resumed is not None
    assert resumed.next_run_at == NOW + 2 * HOUR


def test_of_more_waiting_runs_than_the_record_lists_the_latest_are_kept() -> None:
    listed = tuple(NOW + number * HOUR for number in range(1, MAX_IN_PROGRESS + 1))
    schedule = a_schedule(timing=every_hour(), in_progress=listed, waiting_runs=len(listed), confirmed=True)
    latest = listed[-1] + HOUR
    run = a_run(schedule, scheduled_time=latest, status=RunStatus.RETRYING, waits=True, next_attempt_at=latest + HOUR)

    after = with_outcome(replace(schedule, next_run_at=latest), run, now=latest, keep_record=DAY)

    assert after.in_progress == (*listed[1:], latest)
    assert after.waiting_runs == MAX_IN_PROGRESS + 1
