"""ScheduleRepository, fake and real, while a transaction is at work: other writes of its items wait, or give up.

Amazon DynamoDB Developer Guide, "Transactional conflict handling in DynamoDB". The fake, in which no time passes, gives
up at once. The real one tries again for less than a second; here its tries all fall into the one transaction.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.errors import StoreUnavailable
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Schedule, Status
from tests.builders import HOUR, MINUTE, NOW, a_run, a_schedule, an_action, cancelled, changed, completed, every_hour

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.model.ports import ScheduleRepository

    from .conftest import Store

    Write = Callable[[ScheduleRepository], object]

SCHEDULE = a_schedule(timing=every_hour())
RUN = a_run(SCHEDULE)

WRITES: dict[str, Write] = {
    "change": lambda table: table.change(cancelled(SCHEDULE), replacing=SCHEDULE),
    "claim": lambda table: table.claim(a_run(SCHEDULE, claim_id="other"), expecting=SCHEDULE, replacing=None),
    "finish": lambda table: table.finish(RUN, replacing=None, expecting=SCHEDULE, updated=completed(SCHEDULE)),
    "advance": lambda table: table.advance(replace(SCHEDULE, next_run_at=NOW + 2 * HOUR), expecting=SCHEDULE),
    "confirm": lambda table: table.confirm(SCHEDULE),
    "reschedule_watch": lambda table: table.reschedule_watch(SCHEDULE, until=NOW + HOUR),
    "mark_unconfirmed": lambda table: table.mark_unconfirmed(SCHEDULE, now=NOW + MINUTE),
}


@pytest.fixture
def stored(patient: Store) -> Store:
    patient.repository.create(SCHEDULE, an_action())
    return patient


def during(store: Store, work: Write) -> list[BaseException | None]:
    """Claims RUN, and does this meanwhile. What that came to: None, or what it raised."""
    came_to: list[BaseException | None] = []

    def attempt() -> None:
        try:
            work(store.repository)
        except StoreUnavailable as exc:
            came_to.append(exc)
        else:
            came_to.append(None)

    with store.meanwhile(attempt):
        assert store.repository.claim(RUN, expecting=SCHEDULE, replacing=None) is None
    return came_to


@pytest.mark.parametrize("write", WRITES)
def test_no_other_write_of_its_items_happens_meanwhile(stored: Store, write: str) -> None:
    """The schedule is only checked by a claim, and is its item all the same."""
    (came_to,) = during(stored, WRITES[write])

    assert isinstance(came_to, StoreUnavailable)
    assert stored.repository.get("alice", "s1") == SCHEDULE
    assert stored.repository.get_run("alice", "s1", RUN.run_id) == RUN


@pytest.mark.parametrize("write", sorted(WRITES.keys() - {"claim", "finish"}))
def test_what_gave_up_can_be_done_after_it(stored: Store, write: str) -> None:
    during(stored, WRITES[write])
    WRITES[write](stored.repository)

    assert stored.repository.get_run("alice", "s1", RUN.run_id) == RUN


def test_whoever_claims_the_same_run_after_it_sees_who_won(stored: Store) -> None:
    during(stored, WRITES["claim"])
    refused = stored.repository.claim(a_run(SCHEDULE, claim_id="other"), expecting=SCHEDULE, replacing=None)

    assert refused is not None
    assert refused.run == RUN


def test_writes_of_other_items_happen_meanwhile(stored: Store) -> None:
    other = a_schedule(schedule_id="s2")
    (came_to,) = during(stored, lambda table: table.create(other, an_action()))

    assert came_to is None
    assert stored.repository.get("alice", "s2") == other


def test_reads_happen_meanwhile_and_see_what_was_there_before(stored: Store) -> None:
    seen: list[object] = []

    def look(table: ScheduleRepository) -> None:
        seen.append(table.get("alice", "s1"))
        seen.append(table.get_run("alice", "s1", RUN.run_id))
        seen.append([each.schedule_id for each in _active(table)])

    during(stored, look)

    assert seen == [SCHEDULE, None, ["s1"]]


def test_a_transaction_whose_condition_fails_ends_as_well(stored: Store) -> None:
    stored.repository.change(changed(SCHEDULE), replacing=SCHEDULE)
    with stored.meanwhile(lambda: None):
        assert stored.repository.claim(RUN, expecting=SCHEDULE, replacing=None) is not None

    ended = replace(RUN, status=RunStatus.SKIPPED, reason="superseded")
    assert stored.repository.finish(ended, replacing=None, expecting=None, updated=None) is None


def _active(table: ScheduleRepository) -> list[Schedule]:
    return list(table.list_by_user("alice", Status.ACTIVE, limit=9, cursor=None).items)
