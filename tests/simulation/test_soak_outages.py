"""In a month in which clocks differ, queues are late and each part has an outage, the results equal the oracle's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.simulation.happened import what_happened
from tests.simulation.ledger import Ledger, assert_all_is_as_expected
from tests.simulation.rough_month import OUTAGES, RoughMonth

if TYPE_CHECKING:
    from tests.promises import Promise

SEED = 1


@pytest.mark.long
def test_every_occurrence_of_a_month_of_outages_is_accounted_for(promise: Promise) -> None:
    month, ledger = a_rough_month(SEED, schedules=500)

    assert_all_is_as_expected(ledger, SEED)
    assert [name for name, count in (what_happened(ledger) | month.costs).items() if not count] == []
    promise(
        3, f"500 schedules, a month, {len(OUTAGES)} outages, clocks 2 minutes apart: {ledger.occurrences:,} occurrences"
    )


@pytest.mark.long
def test_so_is_every_occurrence_of_a_small_month_of_outages() -> None:
    month, ledger = a_rough_month(13, schedules=20)

    assert_all_is_as_expected(ledger, 13)
    assert [part for part, cost in month.costs.items() if not cost] == []


def a_rough_month(seed: int, *, schedules: int) -> tuple[RoughMonth, Ledger]:
    month = RoughMonth(seed, schedules)
    month.pass_by()
    return month, Ledger(month)
