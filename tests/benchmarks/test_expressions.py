from __future__ import annotations

import pytest

from benchmarks.expression_libraries import Case, peers, this_project
from benchmarks.expressions import CASES, EVERY_MINUTE, check_agreement, rows

FIRST = {
    "* * * * ? *": ("2027-03-27T12:01", "2027-03-27T12:01"),
    "0/15 * * * ? *": ("2027-03-27T12:15", "2027-03-27T12:15"),
    "0 9 * * ? *": ("2027-03-28T09:00", "2027-03-28T07:00"),
    "0 9 ? * MON-FRI *": ("2027-03-29T09:00", "2027-03-29T07:00"),
    "30 8 1,15 * ? *": ("2027-04-01T08:30", "2027-04-01T06:30"),
    "15 10 ? * 6L *": ("2027-04-30T10:15", "2027-04-30T08:15"),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_this_project_and_the_installed_libraries_find_the_same_occurrences(case: Case) -> None:
    ours = this_project(case)
    first = ours.first(ours.parse())

    assert first.isoformat()[:16] == FIRST[case.aws][case.zone != "UTC"]
    # Up to the change of the clocks: for every minute in the night after, else at the second occurrence.
    check_agreement(case, 800 if case.aws == EVERY_MINUTE else 60)


def test_each_row_has_a_measurement_of_ours_and_of_each_installed_library() -> None:
    found = rows(rounds=1, count=5, shortest=0)

    assert [len(row.measured) for row in found] == [12, 12, 12, 2]
    for row in found[:3]:
        assert [set(measured.peers) for measured in row.measured] == [set(peers(case)) for case in CASES]
        assert all(min(measured.ours) > 0 for measured in row.measured)
