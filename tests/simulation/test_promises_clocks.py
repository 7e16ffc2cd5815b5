"""Nothing is lost or done twice when the clocks of processes differ by up to two minutes in either direction."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product
from random import Random

import pytest

from chalicelib.core.model import reasons
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import OnMissed, Overlap
from chalicelib.scheduling.timing_spec import TimingSpec
from tests.notification.world import EMAIL, NOON
from tests.simulation.agreement import disagreements
from tests.simulation.promised import Promised, broken
from tests.simulation.simulator import A_MINUTE, A_SECOND, AN_HOUR, Life

TWO_MINUTES = 2 * A_MINUTE
OFFSETS = [-TWO_MINUTES, -5 * A_SECOND, timedelta(milliseconds=50), 5 * A_SECOND, TWO_MINUTES]
A_QUARTER = 15 * A_MINUTE


@pytest.mark.parametrize("ahead", OFFSETS)
@pytest.mark.parametrize("after", [timedelta(milliseconds=20), A_MINUTE])
def test_run_now_runs_though_another_clock_made_the_schedule(life: Life, ahead: timedelta, after: timedelta) -> None:
    life.ahead["api"] = ahead
    schedule = life.recurring(rate="24 hours")
    life.ahead["api"] = timedelta(0)

    life.clock.now += after
    run = life.service.run_now("alice", schedule.schedule_id)
    life.travel(A_MINUTE)

    assert life.done() == [run.run_id]
    assert [(run.status, run.reason) for run in life.runs_of(schedule)] == [(RunStatus.SUCCEEDED, None)]


def test_a_delivery_of_the_schedule_that_an_id_had_before_is_still_superseded(life: Life) -> None:
    first, _ = life.service.put("alice", "s1", timing=TimingSpec(rate="1 hour"), action=EMAIL)
    old = life.event(first, NOON + AN_HOUR)
    life.service.cancel("alice", "s1")
    life.clock.now = NOON + AN_HOUR - A_SECOND
    life.ahead["api"] = -TWO_MINUTES
    life.service.put("alice", "s1", timing=TimingSpec(rate="2 hours"), action=EMAIL)

    life.fire(old)

    assert life.done() == []


@pytest.mark.parametrize("ahead", OFFSETS)
@pytest.mark.parametrize("before", [A_SECOND, 3 * A_SECOND, A_MINUTE, 119 * A_SECOND])
@pytest.mark.parametrize("timing", [{"rate": "15 minutes"}, {"cron": "0/15 * * * ? *", "timezone": "Europe/Berlin"}])
def test_a_rename_shortly_before_an_occurrence_does_not_cost_it(
    life: Life, ahead: timedelta, before: timedelta, timing: dict[str, str]
) -> None:
    schedule = life.recurring(**timing)
    life.travel(NOON + 2 * A_QUARTER - before)

    life.ahead["api"] = ahead
    life.service.change("alice", schedule.schedule_id, name="other")
    life.travel(NOON + AN_HOUR + A_MINUTE)

    due = [NOON + number * A_QUARTER for number in range(1, 5)]
    assert broken(life, Promised(schedule, due=due)) == []
    assert len(life.done()) == 4


@pytest.mark.parametrize("timing", [{"rate": "15 minutes"}, {"cron": "0/15 * * * ? *", "timezone": "UTC"}])
@pytest.mark.parametrize("renamed_by", [None, -TWO_MINUTES, TWO_MINUTES])
def test_an_occurrence_after_a_resume_is_done_though_the_clock_of_the_resume_is_past_it(
    life: Life, timing: dict[str, str], renamed_by: timedelta | None
) -> None:
    schedule = life.recurring(**timing)
    life.travel(5 * A_MINUTE)
    life.service.pause("alice", schedule.schedule_id)
    life.travel(NOON + A_QUARTER - A_MINUTE)
    life.ahead["api"] = TWO_MINUTES
    life.service.resume("alice", schedule.schedule_id)
    if renamed_by is not None:
        life.ahead["api"] = renamed_by
        life.service.change("alice", schedule.schedule_id, name="other")

    life.travel(AN_HOUR / 4)

    assert life.story(schedule) == [("12:15", "succeeded")]


@pytest.mark.parametrize("ahead", OFFSETS)
def test_what_fires_before_the_end_of_a_pause_that_ends_by_itself_is_not_done(life: Life, ahead: timedelta) -> None:
    schedule = life.recurring()
    life.travel(5 * A_MINUTE)
    life.service.pause("alice", schedule.schedule_id, until=NOON + A_QUARTER + A_SECOND)
    life.ahead["sweeper"] = ahead
    life.travel(5 * A_MINUTE)
    life.ahead["api"] = ahead

    life.travel(A_QUARTER)

    assert life.done() == []


@pytest.mark.parametrize("ahead", OFFSETS)
@pytest.mark.parametrize("after", [-90 * A_SECOND, -3 * A_SECOND, 3 * A_SECOND, 90 * A_SECOND])
@pytest.mark.parametrize("on_missed", OnMissed)
@pytest.mark.parametrize("lateness", [timedelta(0), 100 * A_SECOND])
def test_an_occurrence_of_the_old_timing_runs_if_it_is_delivered_and_is_never_missed_nor_caught_up(
    life: Life, ahead: timedelta, after: timedelta, on_missed: OnMissed, lateness: timedelta
) -> None:
    schedule = life.recurring(on_missed=on_missed)
    old, new = NOON + A_QUARTER, NOON + 7 * AN_HOUR
    life.lateness = lateness
    life.travel(old + after)

    life.ahead["api"] = ahead
    life.service.change("alice", schedule.schedule_id, timing=TimingSpec(at=new))
    life.travel(new + AN_HOUR)

    runs = {run.scheduled_time: run for run in life.runs_of(schedule)}
    fired = {datetime.fromisoformat(event["scheduled_time"]) for event in life.fired}
    assert runs.keys() <= {old, new}
    assert runs[new].status is RunStatus.SUCCEEDED
    if old in fired:
        assert runs[old].status is RunStatus.SUCCEEDED
    elif old in runs:
        assert (runs[old].status, runs[old].reason) == (RunStatus.SKIPPED, reasons.TIMING_CHANGED)
    assert len(life.done()) == sum(run.status is RunStatus.SUCCEEDED for run in runs.values())


@pytest.mark.parametrize(("sweeper", "function"), list(product([-TWO_MINUTES, TWO_MINUTES], repeat=2)))
@pytest.mark.parametrize("backlog", [timedelta(0), 4 * A_MINUTE, 40 * A_MINUTE])
def test_nothing_is_missed_or_repeated_because_the_sweeper_goes_by_another_clock(
    life: Life, sweeper: timedelta, function: timedelta, backlog: timedelta
) -> None:
    life.ahead["sweeper"], life.ahead["lambda"] = sweeper, function
    life.queue.backlog = lambda: backlog
    often = life.recurring(overlap=Overlap.SKIP, end_at=NOON + AN_HOUR)
    once = life.one_time(on_missed=OnMissed.SKIP)

    life.travel(8 * AN_HOUR)

    due = [NOON + number * A_QUARTER for number in range(1, 5)]
    assert broken(life, Promised(often, due=due)) == []
    assert broken(life, Promised(once, due=[NOON + AN_HOUR])) == []
    assert len(life.done()) == 5
    assert disagreements(life) == []


@pytest.mark.parametrize("seed", range(6))
def test_a_morning_in_which_every_process_has_a_clock_of_its_own(life: Life, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - a game, no secret
    schedules = [life.recurring(rate=f"{minutes} minutes") for minutes in (5, 7, 15)]
    for _ in range(40):
        _set_clocks(life, random)
        life.travel(timedelta(seconds=random.randrange(30, 400)))
        schedule = random.choice(schedules)
        life.service.change("alice", schedule.schedule_id, name=f"{random.random()}")
        life.travel(A_MINUTE)
    life.ahead.clear()
    life.travel(life.clock.now.replace(second=30))

    for schedule, minutes in zip(schedules, (5, 7, 15), strict=True):
        number = (life.clock.now - A_MINUTE - NOON) // (minutes * A_MINUTE)
        due = [NOON + turn * minutes * A_MINUTE for turn in range(1, number + 1)]
        also = [due[-1] + minutes * A_MINUTE]
        assert (seed, broken(life, Promised(schedule, due=due, also=also))) == (seed, [])
        done = [run for run in life.runs_of(schedule) if run.status is RunStatus.SUCCEEDED]
        assert (seed, len(done) >= len(due)) == (seed, True)


def _set_clocks(life: Life, random: Random) -> None:
    """No two of them, nor one and the true time, are further apart than two minutes."""
    slowest = random.randrange(-120, 1)
    for process in ("api", "sweeper", "lambda"):
        life.ahead[process] = timedelta(seconds=slowest + random.randrange(121))
