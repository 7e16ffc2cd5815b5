from __future__ import annotations

import pytest

from benchmarks.measure import Goal, Measured, Row
from benchmarks.page import page


@pytest.mark.parametrize(
    ("goal", "line"),
    [
        (Goal("faster", 2), "| parse | 2.50x | 2.50x | at least 2.00x | yes | `python -m benchmarks name` |"),
        (Goal("dearer", 0.3), "| parse | 0.40x | 0.40x | at most 0.30x | no | `python -m benchmarks name` |"),
        (Goal("amount", 4), "| parse | 4.00 µs | 4.00 µs | at most 4.00 µs | yes | `python -m benchmarks name` |"),
    ],
)
def test_a_row_shows_its_result_and_whether_it_reaches_its_goal(goal: Goal, line: str) -> None:
    measured = Measured("work", (4, 1, 5), {"slow": (20, 20, 20), "fast": (10, 9, 30)})
    text = page({"name": [Row("parse", "µs", goal, (measured,))]}, rounds=3)

    assert line in text.splitlines()
    assert "| work | 4 (1 to 5) | fast | 10 (9 to 30) | slow 20 |" in text.splitlines()


def test_a_goal_that_is_not_met_has_its_reason() -> None:
    measured = (Measured("work", (4,)),)
    rows = [Row(what, "µs", Goal("amount", goal), measured, "the rest is I/O") for what, goal in (("a", 3), ("b", 5))]

    text = page({"name": rows}, rounds=1)

    assert "## Goals that are not met\n\n- a: the rest is I/O.\n\n" in text
    assert "- b:" not in text


def test_a_row_without_a_peer_that_compares_with_one_has_no_result() -> None:
    row = Row("parse", "µs", Goal("faster", 2), (Measured("work", (1,)),))

    with pytest.raises(ValueError, match="no peer is installed"):
        page({"name": [row]}, rounds=1)
