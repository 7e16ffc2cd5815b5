"""While the schedule group is deleted, each occurrence gets a record; schedules continue when it exists again."""

from __future__ import annotations

import pytest

from chalicelib.core.errors import ScheduleBusy, SchedulerUnavailable
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import OnMissed
from tests.notification.world import NOON
from tests.simulation.agreement import disagreements
from tests.simulation.promised import Promised, broken
from tests.simulation.simulator import A_MINUTE, AN_HOUR, Life

GONE_FOR = 6 * AN_HOUR + 15 * A_MINUTE
WHILE_IT_IS_GONE = [NOON + number * 15 * A_MINUTE for number in range(1, 26)]


@pytest.mark.parametrize("on_missed", OnMissed)
def test_each_of_25_occurrences_is_recorded_while_the_group_is_gone(life: Life, on_missed: OnMissed) -> None:
    schedule = life.recurring(on_missed=on_missed)
    life.bridge.lose_group()

    life.travel(GONE_FOR + 10 * A_MINUTE)

    recorded = {run.scheduled_time for run in life.runs_of(schedule)}
    assert len(recorded & set(WHILE_IT_IS_GONE)) == 25


@pytest.mark.long
def test_so_it_is_when_a_client_makes_changes_meanwhile(life: Life) -> None:
    schedule = life.recurring()
    life.bridge.lose_group()

    for _ in range(6):
        life.travel(AN_HOUR)
        with pytest.raises((SchedulerUnavailable, ScheduleBusy)):
            life.service.change("alice", schedule.schedule_id, name="other")
    # What was due when a change was asked for may have been fired before: it waits until no delivery can come any more.
    life.travel(2 * AN_HOUR + 25 * A_MINUTE)

    recorded = {run.scheduled_time for run in life.runs_of(schedule)}
    assert len(recorded & set(WHILE_IT_IS_GONE)) == 25


@pytest.mark.long
def test_it_goes_on_within_ten_minutes_once_the_group_is_there_again(life: Life) -> None:
    schedule = life.recurring(rate="5 minutes")
    once = life.one_time(8 * AN_HOUR)
    life.bridge.lose_group()
    life.travel(GONE_FOR)

    life.bridge.restore_group()
    back_at = life.clock.now
    life.travel(4 * AN_HOUR)

    later = [run for run in life.runs_of(schedule) if run.scheduled_time > back_at + 10 * A_MINUTE]
    assert later
    assert all(run.status is RunStatus.SUCCEEDED for run in later)
    assert broken(life, Promised(once, due=[NOON + 8 * AN_HOUR])) == []
    assert disagreements(life) == []
