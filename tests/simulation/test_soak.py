"""In a month of two thousand schedules in which a tenth of all steps fail, the results equal the oracle's."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.model.run import RunStatus
from tests.simulation.happened import what_happened
from tests.simulation.ledger import Ledger, assert_all_is_as_expected
from tests.simulation.month import Month

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tests.promises import Promise

SEED = 1
OF_A_SMALL_MONTH = (
    *("schedules that paused themselves", "resumes after that", "accepted redrives", "skipped because overlap"),
    *(f"{status} runs" for status in RunStatus if status is not RunStatus.HELD),
)


@pytest.mark.long
def test_every_occurrence_of_a_month_with_faults_of_every_kind_is_accounted_for(promise: Promise) -> None:
    ledger = a_month(SEED, schedules=2_000)

    chaos = ledger.month.life.chaos
    assert_all_is_as_expected(ledger, SEED)
    assert chaos.injected.total() / chaos.made > 0.09
    assert [name for name, count in what_happened(ledger).items() if not count] == []
    promise(3, f"2,000 schedules, a month, seed {SEED}: {ledger.occurrences:,} occurrences, {told(ledger.statuses)}")
    promise(3, f"{chaos.injected.total():,} faults in {chaos.made:,} calls: {told(by_kind(chaos.injected))}")


def test_so_is_every_occurrence_of_a_small_month() -> None:
    ledger = a_month(9, schedules=6)

    assert_all_is_as_expected(ledger, 9)
    happened = what_happened(ledger)
    assert [name for name in OF_A_SMALL_MONTH if not happened[name]] == []


@pytest.mark.long
def test_a_month_is_the_same_for_the_same_seed() -> None:
    first, second = Ledger(a_small_month()), a_month(5, schedules=4)

    assert first.month.life.chaos.injected == second.month.life.chaos.injected
    assert first.statuses == second.statuses


def test_the_oracle_misses_a_run_that_is_not_there() -> None:
    ledger = Ledger(a_small_month())
    schedule_id, at = next((name, min(times & ledger.runs[name].keys())) for name, times in certain(ledger) if times)

    del ledger.runs[schedule_id][at]

    assert f"{schedule_id}: {at} is not accounted for" in ledger.faults()


def certain(ledger: Ledger) -> list[tuple[str, frozenset[datetime]]]:
    return [(name, expected.certain) for name, expected in ledger.expected.items()]


@cache
def a_small_month() -> Month:
    month = Month(5, 4)
    month.pass_by()
    return month


def a_month(seed: int, *, schedules: int) -> Ledger:
    month = Month(seed, schedules)
    month.pass_by()
    return Ledger(month)


def by_kind(injected: Mapping[str, int]) -> Counter[str]:
    """Calls by what went wrong with them, whatever port they were to."""
    kinds: Counter[str] = Counter()
    for name, count in injected.items():
        port, _, kind = name.partition(" ")
        kinds[kind if port in ("repository", "gateway", "starter") else name] += count
    return kinds


def told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in sorted(counts.items()))
