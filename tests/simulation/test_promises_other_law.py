"""When AWS and this project have different rules of a time zone, EventBridge fires an hour early or late.

Each occurrence is carried out once, and each record is correct: the firing counts as the planned occurrence.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.model import reasons
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import OnMissed, Status
from chalicelib.testing import Crash
from tests.notification.world import EMAIL
from tests.simulation.agreement import disagreements
from tests.simulation.aws_calendar import with_fixed_clocks
from tests.simulation.simulator import A_DAY, A_MINUTE, AN_HOUR, Life

if TYPE_CHECKING:
    from chalicelib.core.model.run import Run

BERLIN = "Europe/Berlin"
SINCE = datetime(2027, 1, 1, tzinfo=UTC)

EARLIER = ("CEST-2", datetime(2027, 3, 2, 8, tzinfo=UTC), -AN_HOUR)
LATER = ("CET-1", datetime(2027, 4, 2, 7, tzinfo=UTC), AN_HOUR)
"""The clocks that AWS believes in, the instant of nine o'clock in Berlin by our law, and how far off AWS is."""

BOTH_WAYS = pytest.mark.parametrize(("clocks", "nine", "off"), [EARLIER, LATER])


def _under(life: Life, clocks: str) -> None:
    life.bridge.law = with_fixed_clocks(BERLIN, clocks, since=SINCE)


@BOTH_WAYS
@pytest.mark.parametrize("on_missed", OnMissed)
def test_a_one_time_schedule_sends_one_mail_and_is_completed(
    life: Life, clocks: str, nine: datetime, off: timedelta, on_missed: OnMissed
) -> None:
    _under(life, clocks)
    life.travel(nine - 10 * AN_HOUR)
    schedule = life.service.create_one_time(
        user_id="alice", at=f"{nine:%Y-%m-%d}T09:00:00", timezone=BERLIN, action=EMAIL, on_missed=on_missed
    )
    assert schedule.next_run_at == nine

    life.travel(nine + 8 * AN_HOUR)

    assert [event["scheduled_time"] for event in life.fired] == [f"{nine + off:%Y-%m-%dT%H:%M:%SZ}"]
    assert len(life.done()) == 1
    assert [run.status for run in life.runs_of(schedule)] == [RunStatus.SUCCEEDED]
    assert (life.now_of(schedule).status, life.now_of(schedule).run_count) == (Status.COMPLETED, 1)
    assert disagreements(life) == []


@BOTH_WAYS
@pytest.mark.parametrize("on_missed", OnMissed)
def test_of_a_recurring_one_each_day_has_one_mail_and_what_was_foreseen_says_what_stood_for_it(
    life: Life, clocks: str, nine: datetime, off: timedelta, on_missed: OnMissed
) -> None:
    _under(life, clocks)
    life.travel(nine - 10 * AN_HOUR)
    schedule = life.recurring(cron="0 9 * * ? *", timezone=BERLIN, on_missed=on_missed)

    life.travel(nine + 3 * A_DAY - 10 * AN_HOUR)

    runs = {run.scheduled_time: run for run in life.runs_of(schedule)}
    assert len(life.done()) == 3
    for day in range(3):
        foreseen, fired = runs[nine + day * A_DAY], runs[nine + day * A_DAY + off]
        assert (fired.status, fired.unforeseen) == (RunStatus.SUCCEEDED, True)
        assert _is_stood_for(foreseen)
    assert len(runs) == 6


@BOTH_WAYS
def test_a_recurring_one_with_an_end_is_completed(life: Life, clocks: str, nine: datetime, off: timedelta) -> None:
    _under(life, clocks)
    life.travel(nine - 10 * AN_HOUR)
    end_at = nine + A_DAY + 3 * AN_HOUR
    schedule = life.recurring(cron="0 9 * * ? *", timezone=BERLIN, end_at=end_at)

    life.travel(nine + 3 * A_DAY)

    fired = [datetime.fromisoformat(event["scheduled_time"]) for event in life.fired]
    assert set(fired) <= {nine + off, nine + A_DAY + off}
    assert len(life.done()) == len(fired)
    assert life.now_of(schedule).status is Status.COMPLETED
    assert disagreements(life) == []


@BOTH_WAYS
def test_of_an_hourly_one_that_fires_all_the_same_nothing_is_unforeseen(
    life: Life, clocks: str, nine: datetime, off: timedelta
) -> None:
    _under(life, clocks)
    life.travel(nine - AN_HOUR - A_MINUTE)
    schedule = life.recurring(cron="0 * * * ? *", timezone=BERLIN)

    life.travel(5 * AN_HOUR + abs(off))

    assert [run.status for run in life.runs_of(schedule)] == [RunStatus.SUCCEEDED] * 6
    assert not any(run.unforeseen for run in life.runs_of(schedule))


def test_an_unforeseen_run_whose_three_invocations_die_ends_as_well(life: Life) -> None:
    clocks, nine, _ = EARLIER
    _under(life, clocks)
    schedule = life.recurring(cron="0 9 * * ? *", timezone=BERLIN)
    life.travel(nine - 2 * AN_HOUR)
    life.faults.always("repository.finish", Crash)
    life.travel(nine - 40 * A_MINUTE)
    life.faults.clear()

    life.travel(nine + 8 * AN_HOUR)

    assert all(run.has_ended for run in life.runs_of(schedule))


def _is_stood_for(run: Run) -> bool:
    return run.status is RunStatus.SKIPPED and (run.reason or "").startswith(reasons.STOOD_FOR_BY)
