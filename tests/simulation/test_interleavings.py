"""All orders of the steps of two changes, one run, the sweeper and one crash, while time may pass.

In every order, EventBridge has each confirmed change, or the difference is found and fixed. Every pending occurrence
has a finished run.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.dynamodb import items
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import INTENT_LEASE, Status
from chalicelib.core.timing.instants import iso
from chalicelib.scheduling.timing_spec import TimingSpec
from tests.notification.world import EMAIL, NOON
from tests.simulation import actors
from tests.simulation.agreement import disagreements, silent_disagreements
from tests.simulation.due import due_times
from tests.simulation.explorer import Explorer, play
from tests.simulation.simulator import A_LEASE, A_MINUTE, AN_HOUR, Life

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.core.model.schedule import Schedule
    from tests.promises import Promise
    from tests.simulation.actors import Change
    from tests.simulation.explorer import Actor, State

ONE = NOON + AN_HOUR
HORIZON = ONE + 5 * AN_HOUR + 7 * A_MINUTE
HOURLY = TimingSpec(rate="1 hour")
AT_ONE = TimingSpec(at="2027-03-01T13:00:00Z")

Meeting = tuple["Change", "Change", dict[str, Any]]

POSTPONE_AND_CANCEL: Meeting = (actors.postpone, actors.cancel, {"timing": AT_ONE})
FEW = [
    pytest.param((actors.retime, actors.rename, {}), marks=pytest.mark.long),
    pytest.param((actors.cancel, actors.put_anew, {}), marks=pytest.mark.long),
    POSTPONE_AND_CANCEL,
]
MANY: list[Meeting] = [
    (actors.retime, actors.rename, {}),
    (actors.cancel, actors.put_anew, {}),
    POSTPONE_AND_CANCEL,
    (actors.retime, actors.cancel, {}),
    (actors.pause, actors.resume, {}),
    (actors.retime, actors.rename, {"max_runs": 1}),
]


def _name(meeting: Meeting) -> str:
    first, second, details = meeting
    return f"{first.__name__} and {second.__name__}" + "".join(f", {detail}" for detail in details)


@pytest.mark.parametrize("meeting", FEW, ids=_name)
def test_no_order_of_two_changes_a_run_a_sweep_and_a_crash_loses_anything(meeting: Meeting, promise: Promise) -> None:
    _explore(meeting, promise, ticks=0)


@pytest.mark.long
@pytest.mark.parametrize("meeting", MANY, ids=_name)
def test_no_order_loses_anything_when_leases_run_out_in_between(meeting: Meeting, promise: Promise) -> None:
    _explore(meeting, promise, ticks=1)


def _explore(meeting: Meeting, promise: Promise, *, ticks: int) -> None:
    first, second, details = meeting
    end = End(_a_life(**details))
    explorer = Explorer(end.life, tick=A_LEASE, rest=end.look)
    clients = actors.client(first), actors.client(second)
    orders = explorer.explore((*clients, actors.run(), actors.sweeper()), crashes=1, ticks=ticks)

    assert end.faults == Counter()
    assert end.count
    promise(1, f"{orders:,} orders of {_name(meeting)} ({explorer.states:,} states): nothing lost")


# Known traps, each as the one order in which it would close


def test_no_change_starts_while_another_is_on_its_way_for_nobody_would_tell_if_that_landed_late() -> None:
    life, clients = _a_life(), _named(first=actors.client(actors.retime), second=actors.client(actors.put_anew))

    play(life, clients, "first first second second second second second first first!", tick=A_LEASE)

    assert clients["second"].ended == "ScheduleBusy"
    assert silent_disagreements(life) == []


def test_a_change_whose_process_died_holds_up_others_for_no_longer_than_its_lease() -> None:
    life, clients = _a_life(), _named(dead=actors.client(actors.retime), other=actors.client(actors.put_anew))

    play(life, clients, "dead dead dead! tick other other other other other", tick=A_LEASE)

    assert clients["other"].ended == "done"
    assert _in_eventbridge(life) == _record(life).timing.expression == "rate(50 minutes)"
    assert silent_disagreements(life) == []


def test_a_late_update_that_lands_after_a_newer_one_is_found_out_by_its_sender() -> None:
    life, clients = _a_life(), _named(late=actors.client(actors.retime), newer=actors.client(actors.put_anew))

    play(life, clients, "late late tick newer newer newer newer newer late", tick=A_LEASE)
    assert _in_eventbridge(life) == "rate(40 minutes)"
    play(life, clients, "late late", tick=A_LEASE)
    life.travel(A_LEASE)
    life.travel(A_MINUTE)

    assert _in_eventbridge(life) == _record(life).timing.expression == "rate(50 minutes)"


def test_a_late_update_that_lands_before_a_newer_one_is_confirmed_keeps_it_from_being_confirmed() -> None:
    life, clients = _a_life(), _named(late=actors.client(actors.retime), newer=actors.client(actors.put_anew))

    play(life, clients, "late late tick newer newer newer newer late late late newer", tick=A_LEASE)
    assert _in_eventbridge(life) == "rate(40 minutes)"

    assert not _record(life).confirmed


def test_a_late_update_whose_sender_died_is_found_out_when_it_fires() -> None:
    life, clients = _a_life(), _named(late=actors.client(actors.retime), newer=actors.client(actors.put_anew))

    play(life, clients, "late late tick newer newer newer newer newer late late!", tick=A_LEASE)
    assert _record(life).confirmed
    life.travel(AN_HOUR)

    assert _in_eventbridge(life) == _record(life).timing.expression == "rate(50 minutes)"


def test_a_run_does_not_move_the_watch_of_an_open_intent() -> None:
    life = _a_life()

    play(life, _named(client=actors.client(actors.rename), run=actors.run()), "client client client!", tick=A_LEASE)
    before = _watch(life)
    play(life, _named(run=actors.run()), "run run run run", tick=A_LEASE)

    assert life.story(_record(life)) == [("13:00", "succeeded")]
    assert _watch(life) == before == iso(ONE + INTENT_LEASE)


def test_a_confirm_does_not_rearm_a_one_time_schedule_that_finished_meanwhile() -> None:
    life = _a_life(timing=AT_ONE)
    everybody = _named(client=actors.client(actors.rename), run=actors.run())

    play(life, everybody, "client client run client run run run client", tick=A_LEASE)
    assert (_record(life).status, _record(life).confirmed) == (Status.COMPLETED, False)
    life.travel(HORIZON)

    assert disagreements(life) == []
    assert len(life.done()) == 1


def test_a_later_run_does_not_hide_an_earlier_one_that_was_missed() -> None:
    life = _a_life()

    play(life, _named(lost=actors.run(), later=actors.run()), "lost lost! tick later later later later", tick=AN_HOUR)
    assert _record(life).next_run_at == ONE
    life.travel(HORIZON)

    assert life.story(_record(life))[:2] == [("13:00", "missed"), ("14:00", "succeeded")]


# Helpers


def _a_life(**details: Any) -> Life:
    """At one, when the schedule is due."""
    life = Life()
    life.service.put("alice", "s1", **{"timing": HOURLY, "action": EMAIL, **details})
    life.clock.now = ONE
    return life


def _named(**named: Actor) -> dict[str, Actor]:
    return named


def _record(life: Life) -> Schedule:
    (record,) = life.records()
    return record


def _in_eventbridge(life: Life) -> str | None:
    found = life.in_eventbridge(_record(life))
    return found["ScheduleExpression"] if found else None


def _watch(life: Life) -> str:
    key = items.schedule_key(_record(life))
    watch: str = life.repository.items[key["PK"], key["SK"]]["watch_at"]
    return watch


class End:
    """Looks at a world in which all actors have ended: as it is, and as it becomes when time goes on."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.count = 0
        self.faults: Counter[str] = Counter()

    def look(self, state: State) -> None:
        died = [actor for actor in state.actors if actor.ended == "died"]
        self.count += 1
        self.life.restore(state.moment)
        if not died:
            self.faults.update(f"silently: {fault}" for fault in silent_disagreements(self.life))
        for actor in state.actors:
            if actor.name == "run" and actor.ended != "done":
                # Lambda tries again.
                self.life.queue.add(actor.answers[0].value, state.moment.now + A_MINUTE)
        self.life.travel(HORIZON)
        if not (died and _sleeps(self.life)):
            self.faults.update(disagreements(self.life))
        self.faults.update(_unaccounted(self.life, state.moment.now))
        if not died:
            self.faults.update(_not_done_once(self.life, state.moment.now))


def _sleeps(life: Life) -> bool:
    """Is what EventBridge has disabled, and the schedule not active?

    A version that landed late, and whose sender died before he could tell, may stay so: it fires nothing that could
    give it away. The next change replaces it; `reconcile` clears it.
    """
    record = _record(life)
    found = life.in_eventbridge(record)
    return found is not None and found["State"] == "DISABLED" and record.status is not Status.ACTIVE


def _unaccounted(life: Life, since: datetime) -> list[str]:
    """What was due at one, and all that the schedule promises from here on, has a run.

    What began anew knows nothing of what its predecessor would have skipped.
    """
    record = _record(life)
    due = [ONE] if record.created_at < ONE else []
    recorded = {run.scheduled_time for run in life.runs_of(record)}
    return [f"no run for {at:%H:%M}" for at in (*due, *_promised(record, since)) if at not in recorded]


def _not_done_once(life: Life, since: datetime) -> list[str]:
    """Where nobody died, each later occurrence was carried out in its time, and none twice."""
    record = _record(life)
    done = {run.scheduled_time for run in life.runs_of(record) if run.status is RunStatus.SUCCEEDED}
    left_out = [f"not done at {at:%H:%M}" for at in _promised(record, since) if at not in done]
    return left_out + [f"{run} done {times} times" for run, times in Counter(life.done()).items() if times > 1]


def _promised(record: Schedule, since: datetime) -> list[datetime]:
    """By an active schedule, and by one that has carried out its last occurrence."""
    if record.status not in (Status.ACTIVE, Status.COMPLETED) or record.max_runs is not None:
        return []
    return due_times(record.timing, since, HORIZON)
