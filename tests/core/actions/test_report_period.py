"""The period of a report: what the clocks of its zone call a day, a week, a month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core.actions.report_period import period

#  Berlin 2027: clocks go forward on 28 March, back on 31 October.


@pytest.mark.parametrize(
    ("text", "before", "start"),
    [
        ("day", "2027-03-02T08:00:00+00:00", "2027-03-01T08:00:00+00:00"),
        ("day", "2027-03-28T07:00:00+00:00", "2027-03-27T08:00:00+00:00"),
        ("week", "2027-03-29T07:00:00+00:00", "2027-03-22T08:00:00+00:00"),
        ("week", "2027-11-01T08:00:00+00:00", "2027-10-25T07:00:00+00:00"),
        ("month", "2027-03-01T08:00:00+00:00", "2027-02-01T08:00:00+00:00"),
        ("month", "2027-03-31T07:00:00+00:00", "2027-02-28T08:00:00+00:00"),
        ("month", "2028-03-30T07:00:00+00:00", "2028-02-29T08:00:00+00:00"),
        ("month", "2027-01-15T08:00:00+00:00", "2026-12-15T08:00:00+00:00"),
    ],
)
def test_it_begins_when_the_clocks_showed_the_same_before(text: str, before: str, start: str) -> None:
    end = datetime.fromisoformat(before)

    found = period(text, end, "Europe/Berlin")

    assert (found.start, found.end) == (datetime.fromisoformat(start), end)


def test_weekly_reports_leave_nothing_out_and_tell_nothing_twice() -> None:
    mondays = [datetime(2027, 3, 22, 8, tzinfo=UTC), datetime(2027, 3, 29, 7, tzinfo=UTC)]

    first, second = (period("week", monday, "Europe/Berlin") for monday in mondays)

    assert first.end == second.start
    assert mondays[0] in second
    assert mondays[0] not in first


def test_an_interval_is_taken_as_it_is_written() -> None:
    found = period("2027-01-01T00:00:00+01:00/2027-02-01T00:00:00Z", datetime(2027, 3, 1, tzinfo=UTC), "UTC")

    assert (found.start, found.end) == (datetime(2026, 12, 31, 23, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "text",
    ["", "year", "Week", "2027-01-01/2027-02-01", "2027-01-01T00:00:00Z", "a/b", "0001-01-01T00:00:00+01:00/x"],
)
def test_what_is_no_period_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="must be day, week, month or an interval such as"):
        period(text, datetime(2027, 3, 1, tzinfo=UTC), "UTC")


@pytest.mark.parametrize("end", [timedelta(0), timedelta(days=-1)])
def test_an_interval_ends_later_than_it_begins(end: timedelta) -> None:
    start = datetime(2027, 1, 1, tzinfo=UTC)

    with pytest.raises(ValueError, match="must end after its start"):
        period(f"{start.isoformat()}/{(start + end).isoformat()}", start, "UTC")


@pytest.mark.parametrize(
    "interval", ["0001-01-01T00:00:00Z/2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z/9999-12-31T23:59:59Z"]
)
def test_an_interval_lies_where_every_zone_has_clocks(interval: str) -> None:
    with pytest.raises(ValueError, match="must be between 1970 and 2199"):
        period(interval, datetime(2027, 3, 1, tzinfo=UTC), "UTC")
