"""Ten thousand emails due at nine are all sent once by a provider that accepts fourteen a second.

Lambda's queue holds the events that wait. Each environment keeps to its share of the rate (notification/pace.py).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.notification.world import EMAIL
from tests.simulation.fleet import NINE, Fleet

if TYPE_CHECKING:
    from tests.promises import Promise

A_SECOND = 14

LONGEST = 16
"""Minutes. At the full rate it would be 12; what is left in Lambda's queue at the end waits longer for its turn."""


def test_mails_that_are_due_together_are_all_sent_at_the_providers_rate() -> None:
    fleet = after_nine(500)

    assert_all_are_sent_once(fleet, 500)
    assert fleet.ses.refused == 0
    assert len(fleet.ses.sent) / minutes_until_the_last(fleet) > 0.5 * A_SECOND * 60


def test_what_the_provider_refuses_is_sent_later_and_not_twice() -> None:
    fleet = after_nine(60, rate=None)

    assert_all_are_sent_once(fleet, 60)
    assert fleet.ses.refused > 40


@pytest.mark.long
def test_ten_thousand_mails_at_nine_are_all_sent_and_none_twice(promise: Promise) -> None:
    fleet = after_nine(10_000)

    assert_all_are_sent_once(fleet, 10_000)
    assert minutes_until_the_last(fleet) < LONGEST
    promise(
        2,
        f"10,000 mails at 09:00, 14 a second: all sent in {minutes_until_the_last(fleet):.0f} min, none twice; "
        f"{fleet.ses.refused} refused and tried again",
    )


def after_nine(mails: int, *, rate: float | None = A_SECOND) -> Fleet:
    """All is done that so many mails due at nine set off."""
    fleet = Fleet(A_SECOND, a_second=A_SECOND, rate=rate)
    for number in range(mails):
        # Nobody may have more than a thousand.
        schedule = fleet.service.create_one_time(user_id=f"user-{number % 20}", at=NINE, action=EMAIL)
        fleet.invoke(fleet.event(schedule), NINE)
        # EventBridge deletes what it has handed over, so the sweeper takes what waits in the queue for lost.
        fleet.lose(schedule)
    fleet.work()
    return fleet


def assert_all_are_sent_once(fleet: Fleet, mails: int) -> None:
    run_ids = [run_id for _, run_id in fleet.ses.sent]
    assert len(run_ids) == len(set(run_ids)) == mails
    assert {run.status.value for run in fleet.all_runs()} == {"succeeded"}
    assert fleet.dropped == []


def minutes_until_the_last(fleet: Fleet) -> float:
    return (max(at for at, _ in fleet.ses.sent) - NINE) / timedelta(minutes=1)
