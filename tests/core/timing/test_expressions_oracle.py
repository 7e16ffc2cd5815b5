"""Any cron expression, in any zone, against an oracle that walks minute by minute (tests/core/timing/oracle.py)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.timing.expressions import parse
from chalicelib.core.timing.zones import shifts, zone_names
from tests.core.timing import oracle
from tests.core.timing.any_cron import DAY_FIELDS, MONTHS, YEARS, crons, frequent_crons

# Three days around these moments hold the oddest shifts of the clocks there are; UTC stands for none.
EDGES = [
    ("UTC", "2028-02-29T12:00:00Z"),
    ("Europe/Berlin", "2027-03-28T01:00:00Z"),
    ("Europe/Berlin", "2027-10-31T01:00:00Z"),
    ("America/New_York", "2027-11-07T06:00:00Z"),
    ("Europe/Dublin", "2027-10-31T01:00:00Z"),
    ("Australia/Lord_Howe", "2023-10-01T15:30:00Z"),
    ("Australia/Lord_Howe", "2023-04-01T15:00:00Z"),
    ("Antarctica/Troll", "2023-10-29T01:00:00Z"),
    ("Asia/Beirut", "2022-03-26T22:00:00Z"),
    ("Asia/Beirut", "2022-10-29T21:00:00Z"),
    ("America/Havana", "2019-11-03T05:00:00Z"),
    ("America/Asuncion", "2023-03-26T03:00:00Z"),
    ("Africa/Casablanca", "2023-04-23T02:00:00Z"),
    ("Asia/Kathmandu", "1985-12-31T18:30:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
    ("Pacific/Kwajalein", "1993-08-21T12:00:00Z"),
    ("Antarctica/Vostok", "1994-01-31T17:00:00Z"),
    ("Europe/Berlin", "2199-03-31T01:00:00Z"),
]
AROUND = timedelta(hours=36)


def calculated(fields: str, zone_name: str, after: datetime, until: datetime) -> list[datetime]:
    occurrences = parse(f"cron({fields})", zone_name).occurrences(after)
    return list(takewhile(lambda instant: instant <= until, occurrences))


@pytest.mark.parametrize(("zone_name", "moment"), EDGES)
@given(fields=frequent_crons(), seconds=st.integers(-86_400, 86_400))
def test_it_fires_when_a_minute_by_minute_walk_says_so(zone_name: str, moment: str, fields: str, seconds: int) -> None:
    middle = datetime.fromisoformat(moment)
    after, until = middle + timedelta(seconds=seconds), middle + AROUND
    walked = [instant for instant in _walked(fields, zone_name, middle) if instant > after]

    assert calculated(fields, zone_name, after, until) == walked


def _walked(fields: str, zone_name: str, middle: datetime) -> list[datetime]:
    return oracle.occurrences(fields, zone_name, middle - AROUND, middle + AROUND)


@given(zone_name=st.sampled_from(sorted(zone_names())), year=st.integers(1973, 2199), fields=frequent_crons())
def test_it_fires_right_around_any_shift_of_any_zone(zone_name: str, year: int, fields: str) -> None:
    new_year = datetime(year, 1, 1, tzinfo=UTC)
    shift = next(shifts(zone_name, new_year, new_year + timedelta(days=365)), None)
    middle = shift.instant if shift else new_year
    after, until = middle - timedelta(hours=3), middle + timedelta(hours=3)

    assert calculated(fields, zone_name, after, until) == oracle.occurrences(fields, zone_name, after, until)


@given(days=DAY_FIELDS, months=MONTHS, years=YEARS, start=st.dates(date(1970, 1, 1), date(2199, 12, 31)))
def test_it_fires_on_the_days_that_a_walk_through_the_calendar_finds(
    days: tuple[str, str], months: str, years: str, start: date
) -> None:
    noon = datetime.combine(start, time(12), UTC)
    fields = f"0 12 {days[0]} {months} {days[1]} {years}"
    walked = [noon + timedelta(days=number) for number in range(1, 800)]
    expected = [day for day in walked if oracle.is_day(days[0], months, days[1], years, day.date())]

    assert calculated(fields, "UTC", noon, walked[-1]) == expected


@given(
    fields=crons(),
    edge=st.sampled_from(EDGES),
    hours=st.tuples(st.integers(-48, 48), st.integers(-48, 48)),
)
def test_a_window_only_cuts_off_what_lies_outside_it(
    fields: str, edge: tuple[str, str], hours: tuple[int, int]
) -> None:
    zone_name, moment = edge[0], datetime.fromisoformat(edge[1])
    start, end = sorted(moment + timedelta(hours=number) for number in hours)
    after = moment - timedelta(hours=72)
    expression = parse(f"cron({fields})", zone_name, start_at=start, end_at=end)
    unbounded = calculated(fields, zone_name, after, end)

    assert list(expression.occurrences(after)) == [instant for instant in unbounded if instant >= start]


@given(fields=crons(), edge=st.sampled_from(EDGES))
def test_asking_again_from_an_occurrence_goes_on_with_the_next(fields: str, edge: tuple[str, str]) -> None:
    zone_name, moment = edge[0], datetime.fromisoformat(edge[1])
    found = calculated(fields, zone_name, moment - AROUND, moment + AROUND)[-40:]
    expression = parse(f"cron({fields})", zone_name)

    assert [next(expression.occurrences(instant)) for instant in found[:-1]] == found[1:]
