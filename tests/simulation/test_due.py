"""The calendar that the simulations compare with: what it calculates is written out here."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.core.model.schedule import Timing
from tests.notification.world import NOON
from tests.simulation.due import due_times
from tests.simulation.simulator import A_DAY, A_MINUTE, AN_HOUR

QUARTERS = Timing("rate(15 minutes)", "UTC", NOON, NOON + 40 * A_MINUTE)


@pytest.mark.parametrize(
    ("timing", "instants"),
    [
        (QUARTERS, ["12:15", "12:30"]),
        (Timing("rate(1 hour)", "UTC", NOON + AN_HOUR), ["13:00", "14:00"]),
        (Timing("at(2027-03-01T14:00:00)", "Europe/Berlin"), ["13:00"]),
        (Timing("at(2027-03-01T12:00:00)"), []),
        (Timing("cron(0,30 14 * * ? *)", "Europe/Berlin"), ["13:00", "13:30"]),
        (Timing("cron(0 * * * ? *)", "UTC", NOON + 90 * A_MINUTE), ["14:00"]),
        (Timing("cron(0 * * * ? *)", "UTC", None, NOON + AN_HOUR), ["13:00"]),
    ],
    ids=lambda value: value.expression if isinstance(value, Timing) else None,
)
def test_the_instants_after_noon_until_two(timing: Timing, instants: list[str]) -> None:
    assert [f"{at:%H:%M}" for at in due_times(timing, NOON, NOON + 2 * AN_HOUR)] == instants


def test_a_daily_cron_follows_the_clocks_of_its_zone() -> None:
    spring = datetime(2027, 3, 27, tzinfo=UTC)

    assert due_times(Timing("cron(0 9 * * ? *)", "Europe/Berlin"), spring, spring + 2 * A_DAY) == [
        datetime(2027, 3, 27, 8, tzinfo=UTC),
        datetime(2027, 3, 28, 7, tzinfo=UTC),
    ]
