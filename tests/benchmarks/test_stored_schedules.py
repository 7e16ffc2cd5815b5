from __future__ import annotations

from benchmarks.stored_schedules import rows


def test_a_stored_schedule_needs_about_as_much_memory_as_its_goal() -> None:
    found = rows(rounds=1, stored=100)

    # The tables of a hundred have more free room for each than those of many have.
    assert [row.results[0] < 1.25 * row.goal.bound for row in found] == [True, True], [row.results for row in found]
