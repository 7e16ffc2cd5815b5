"""`max_runs` is never exceeded and `overlap: skip` detects a run of the same second, for any number of events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chalicelib.core.errors import InvalidInput
from chalicelib.core.model import reasons
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Overlap, RetryPolicy, Status
from chalicelib.testing import Crash
from tests.notification.world import NOON, throttled
from tests.simulation.meanwhile import BusyProvider, all_at_once
from tests.simulation.promised import Promised, broken
from tests.simulation.simulator import A_MINUTE, AN_HOUR, Life

if TYPE_CHECKING:
    from collections.abc import Callable

SIX = [NOON + number * 15 * A_MINUTE for number in range(1, 7)]
WORKED_OFF = NOON + 95 * A_MINUTE


def _wait_in_the_queue(life: Life) -> None:
    """Six events, and room for all of them at once afterwards."""
    life.queue.event_age = 6 * AN_HOUR
    life.queue.is_down = True
    life.sweeps_down = True
    life.travel(NOON + 91 * A_MINUTE)
    life.queue.is_down = False
    all_at_once(life)


def _while_at_work(life: Life, *acts: Callable[[], object]) -> None:
    """These happen, in order, after the next mail was sent and before its run ends."""
    assert isinstance(life.aws, BusyProvider)
    life.aws.meanwhile = lambda: [act() for act in acts]


def _invoke_what_waits(life: Life) -> None:
    while (at := life.queue.next_at) is not None and at <= life.clock.now:
        life.queue.work()


@pytest.mark.parametrize("most", [1, 2, 5])
def test_of_six_events_that_waited_no_more_are_done_than_max_runs_says(life: Life, most: int) -> None:
    schedule = life.recurring(max_runs=most)
    _wait_in_the_queue(life)

    life.travel(WORKED_OFF)
    life.sweeps_down = False
    life.travel(4 * AN_HOUR)

    assert (len(life.done()), life.now_of(schedule).run_count) == (most, most)
    assert life.now_of(schedule).status is Status.COMPLETED
    assert broken(life, Promised(schedule, due=SIX)) == []


@pytest.mark.parametrize("most", [1, 2])
def test_max_runs_that_is_set_while_a_run_is_going_counts_that_run(life: Life, most: int) -> None:
    schedule = life.recurring()
    _wait_in_the_queue(life)
    _while_at_work(
        life,
        lambda: life.service.change("alice", schedule.schedule_id, name="other", max_runs=most),
        lambda: _invoke_what_waits(life),
    )

    life.travel(WORKED_OFF)
    life.sweeps_down = False
    life.travel(4 * AN_HOUR)

    record = life.now_of(schedule)
    assert (len(life.done()), record.run_count, record.status) == (most, most, Status.COMPLETED)
    assert broken(life, Promised(schedule, due=SIX)) == []


def test_overlap_that_is_forbidden_while_a_run_is_going_sees_that_run(life: Life) -> None:
    schedule = life.recurring()
    _wait_in_the_queue(life)
    _while_at_work(
        life,
        lambda: life.service.change("alice", schedule.schedule_id, overlap=Overlap.SKIP),
        lambda: _invoke_what_waits(life),
    )

    life.travel(WORKED_OFF)

    assert [run.status for run in life.runs_of(schedule)] == [RunStatus.SUCCEEDED, *[RunStatus.SKIPPED] * 5]
    assert len(life.done()) == 1


@pytest.mark.parametrize("details", [{}, {"max_runs": 5}])
def test_max_runs_cannot_be_set_below_the_runs_that_were_and_those_that_are_going(
    life: Life, details: dict[str, int]
) -> None:
    schedule = life.recurring(**details)
    _wait_in_the_queue(life)
    refused: list[str] = []

    def lower() -> None:
        with pytest.raises(InvalidInput) as error:
            life.service.change("alice", schedule.schedule_id, max_runs=1)
        refused.append(str(error.value))
        life.service.change("alice", schedule.schedule_id, max_runs=2)

    _while_at_work(life, lambda: _while_at_work(life, lower), life.queue.work, lambda: _invoke_what_waits(life))
    life.travel(WORKED_OFF)

    assert len(refused) == 1
    assert len(life.done()) == 2


def test_a_run_that_waits_for_its_next_attempt_keeps_its_place(life: Life) -> None:
    schedule = life.recurring(max_runs=2, retry=RetryPolicy(3, 600))
    _wait_in_the_queue(life)
    life.aws.errors = [throttled()]

    life.travel(WORKED_OFF)
    life.sweeps_down = False
    life.travel(4 * AN_HOUR)

    assert (len(life.done()), life.now_of(schedule).run_count) == (2, 2)
    assert broken(life, Promised(schedule, due=SIX)) == []


@pytest.mark.parametrize("dies_at", ["provider.send_email", "repository.finish"])
def test_a_run_that_is_cut_short_keeps_its_place_until_it_is_ended(life: Life, dies_at: str) -> None:
    schedule = life.recurring(max_runs=2)
    life.faults.once(dies_at, Crash)

    life.travel(8 * AN_HOUR)

    record = life.now_of(schedule)
    assert len(set(life.done())) <= 2
    assert (record.run_count, record.status) == (2, Status.COMPLETED)
    assert broken(life, Promised(schedule, due=SIX[:2], also=SIX)) == []


def test_a_run_that_dies_for_good_gives_its_place_to_no_more_than_one(life: Life) -> None:
    schedule = life.recurring(max_runs=2)
    for number in range(1, 4):
        life.faults.once("provider.send_email", Crash, nth=number)

    life.travel(12 * AN_HOUR)

    assert len(life.done()) <= 2
    assert life.now_of(schedule).run_count <= 2
    assert life.now_of(schedule).status is Status.COMPLETED
    assert broken(life, Promised(schedule, due=SIX[:2], also=SIX)) == []


def test_where_runs_must_not_overlap_one_that_begins_meanwhile_is_skipped(life: Life) -> None:
    schedule = life.recurring(overlap=Overlap.SKIP)
    _wait_in_the_queue(life)

    life.travel(WORKED_OFF)

    runs = life.runs_of(schedule)
    assert [run.status for run in runs] == [RunStatus.SUCCEEDED, *[RunStatus.SKIPPED] * 5]
    assert all((run.reason or "").startswith(reasons.OVERLAP) for run in runs[1:])
    assert len(life.done()) == 1
