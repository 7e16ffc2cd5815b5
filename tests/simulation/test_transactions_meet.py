"""When two writes of one item conflict, DynamoDB refuses the later one, and nothing is lost or done twice.

The fake repository's `meanwhile` acts as a concurrent client in the middle of a transaction. The refused caller
retries: a client after the 503, Lambda after the failed invocation, the sweeper in the next minute.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.errors import ScheduledTasksError, StoreUnavailable
from chalicelib.core.model.schedule import Status
from chalicelib.scheduling.timing_spec import TimingSpec
from tests.simulation.agreement import disagreements
from tests.simulation.simulator import A_MINUTE, AN_HOUR, EMAIL, INVOCATION, Life

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.model.schedule import Schedule
    from chalicelib.scheduling.sweeper import SweepReport

    Act = Callable[[Life], object]

ID = ("alice", "s1")

CLIENTS: dict[str, Act] = {
    "cancel": lambda life: life.service.cancel(*ID),
    "pause": lambda life: life.service.pause(*ID),
    "rename": lambda life: life.service.change(*ID, name="other"),
    "retime": lambda life: life.service.change(*ID, timing=TimingSpec(rate="2 hours")),
}
SETTLED = 6 * AN_HOUR


@dataclass
class Meeting:
    """In the middle of the first transaction of this name, `act` is done. `met` is what that came to."""

    life: Life
    method: str
    act: Act
    met: list[BaseException | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.life.repository.meanwhile = self

    def __call__(self, method: str) -> None:
        if method != self.method:
            return
        self.life.repository.meanwhile = None
        try:
            self.act(self.life)
        except ScheduledTasksError as exc:
            self.met.append(exc)
        else:
            self.met.append(None)


@pytest.fixture
def life() -> Life:
    life = Life()
    life.service.put(*ID, timing=TimingSpec(rate="1 hour"), action=EMAIL)
    return life


@pytest.mark.parametrize("method", ["claim", "finish"])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_who_meets_a_run_is_refused_and_asks_again(life: Life, client: str, method: str) -> None:
    meeting = Meeting(life, method, CLIENTS[client])
    life.travel(AN_HOUR)
    (refused,) = meeting.met
    CLIENTS[client](life)
    life.travel(SETTLED)

    assert isinstance(refused, StoreUnavailable)
    assert life.story(record(life))[0] == ("13:00", "succeeded")
    assert_all_is_well(life)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_run_that_meets_a_change_is_delivered_again(life: Life, client: str) -> None:
    life.travel(AN_HOUR - A_MINUTE)
    meeting = Meeting(life, "change", lambda life: life.travel(2 * A_MINUTE))
    CLIENTS[client](life)
    life.travel(SETTLED)

    assert meeting.met == [None]
    assert life.story(record(life))[0][0] == "13:00"
    assert_all_is_well(life)


@pytest.mark.parametrize("method", ["claim", "finish"])
def test_a_delivery_that_meets_itself_is_done_once(life: Life, method: str) -> None:
    meeting = Meeting(life, method, lambda life: life.runner.handle(life.fired[-1], INVOCATION))
    life.travel(AN_HOUR)
    life.queue.add(life.fired[-1], life.clock.now + A_MINUTE)
    life.travel(10 * A_MINUTE)

    assert isinstance(meeting.met[0], StoreUnavailable)
    assert life.story(record(life)) == [("13:00", "succeeded")]
    assert_all_is_well(life)


@pytest.mark.parametrize("client", CLIENTS)
def test_two_clients_who_meet_are_both_answered(life: Life, client: str) -> None:
    meeting = Meeting(life, "change", CLIENTS[client])
    life.service.change(*ID, name="first")
    (refused,) = meeting.met
    CLIENTS[client](life)

    assert isinstance(refused, StoreUnavailable)
    assert record(life).name in ("first", "other")
    life.travel(SETTLED)
    assert_all_is_well(life)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_who_meets_the_sweeper_is_refused_and_asks_again(life: Life, client: str) -> None:
    """It records that an occurrence was missed."""
    life.copies = 0
    meeting = Meeting(life, "finish", CLIENTS[client])
    life.travel(4 * AN_HOUR)
    (refused,) = meeting.met
    life.copies = 1
    CLIENTS[client](life)
    life.travel(SETTLED)

    assert isinstance(refused, StoreUnavailable)
    assert life.story(record(life))[0] == ("13:00", "missed")
    assert_all_is_well(life)


def test_the_sweeper_that_meets_a_run_comes_again(life: Life) -> None:
    """The delivery is so late that the sweeper looks for the occurrence."""
    life.lateness, life.sweeps_down = 6 * A_MINUTE, True
    reports: list[SweepReport] = []
    Meeting(life, "claim", lambda life: reports.append(life.sweeper.sweep(stop_at=life.clock.now + A_MINUTE)))
    life.travel(AN_HOUR + 7 * A_MINUTE)
    life.lateness, life.sweeps_down = timedelta(0), False
    life.travel(SETTLED)

    assert [report.counts for report in reports] == [{"postponed": 1}]
    assert {status for _, status in life.story(record(life))} == {"succeeded"}
    assert_all_is_well(life)


def record(life: Life) -> Schedule:
    (found,) = life.records()
    return found


def assert_all_is_well(life: Life) -> None:
    assert disagreements(life) == []
    assert len(life.done()) == len(set(life.done()))
    assert record(life).status in (Status.ACTIVE, Status.PAUSED, Status.CANCELLED)
