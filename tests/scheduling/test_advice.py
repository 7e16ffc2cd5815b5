"""Berlin's clocks: 2027-03-28 02:00 -> 03:00 and 2027-10-31 03:00 -> 02:00."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.timing.expressions import parse
from chalicelib.scheduling.advice import warnings
from tests.core.timing import oracle
from tests.core.timing.any_cron import frequent_crons

WINTER = datetime.fromisoformat("2027-01-01T00:00:00+00:00")
SUMMER = datetime.fromisoformat("2027-07-01T00:00:00+00:00")


def test_a_daily_cron_in_the_gap_is_warned_of_the_skipped_day() -> None:
    warned = warnings(parse("cron(30 2 * * ? *)", "Europe/Berlin"), WINTER)

    assert warned[0] == "02:30 does not exist on 2027-03-28 in Europe/Berlin: skipped"


def test_a_daily_cron_in_the_overlap_is_warned_of_the_repeated_hour() -> None:
    warned = warnings(parse("cron(30 2 * * ? *)", "Europe/Berlin"), SUMMER)

    assert warned[0] == "02:30 happens twice on 2027-10-31 in Europe/Berlin: runs once, at the first"


def test_many_wall_times_of_one_shift_are_one_warning() -> None:
    assert warnings(parse("cron(0/15 * * * ? *)", "Europe/Berlin"), WINTER) == [
        "02:00 to 02:45 do not exist on 2027-03-28 in Europe/Berlin: skipped",
        "02:00 to 02:45 happen twice on 2027-10-31 in Europe/Berlin: runs once, at the first",
    ]


def test_shifts_beyond_the_horizon_are_not_looked_for() -> None:
    expression = parse("cron(30 2 * * ? *)", "Europe/Berlin")

    assert warnings(expression, WINTER, timedelta(days=85)) == []


@pytest.mark.parametrize(("start", "end"), [(None, "2027-03-27T00:00:00Z"), ("2027-11-01T00:00:00Z", None)])
def test_shifts_outside_the_window_are_not_warned_of(start: str | None, end: str | None) -> None:
    start_at, end_at = (datetime.fromisoformat(text) if text else None for text in (start, end))
    expression = parse("cron(30 2 * * ? *)", "Europe/Berlin", start_at=start_at, end_at=end_at)

    assert warnings(expression, WINTER) == []


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("at(2027-03-28T02:30:00)", "02:30 does not exist on 2027-03-28 in Europe/Berlin: runs at 03:30"),
        ("at(2027-10-31T02:30:44)", "02:30:44 happens twice on 2027-10-31 in Europe/Berlin: runs once, at the first"),
    ],
)
def test_a_one_time_expression_is_warned_of_its_wall_time(text: str, warning: str) -> None:
    assert warnings(parse(text, "Europe/Berlin"), WINTER) == [warning]


@pytest.mark.parametrize(
    ("text", "zone_name", "size"),
    [
        ("rate(1 day)", "Europe/Berlin", "an hour"),
        ("rate(24 hours)", "Europe/Berlin", "an hour"),
        ("rate(7 days)", "Europe/Berlin", "an hour"),
        ("rate(6 hours)", "Europe/Berlin", "an hour"),
        ("rate(1 day)", "Australia/Lord_Howe", "30 minutes"),
    ],
)
def test_a_rate_that_seems_to_keep_a_wall_time_is_warned_that_it_drifts(text: str, zone_name: str, size: str) -> None:
    warned = warnings(parse(text, zone_name, start_at=WINTER), WINTER)

    assert warned == [f"drifts by {size} over daylight saving: use cron for a wall time"]


@pytest.mark.parametrize(
    ("text", "zone_name"),
    [
        ("rate(1 day)", "Asia/Tokyo"),  # no daylight saving
        ("rate(15 minutes)", "Europe/Berlin"),  # an hour's shift keeps the quarters
        ("rate(1 hour)", "Europe/Berlin"),
        ("rate(5 hours)", "Europe/Berlin"),  # keeps no wall time anyway
    ],
)
def test_other_rates_are_not_warned_of_drifting(text: str, zone_name: str) -> None:
    assert warnings(parse(text, zone_name, start_at=WINTER), WINTER) == []


@pytest.mark.parametrize("text", ["cron(0 9 29 2 ? *)", "cron(0 9 ? 2 MON#5 *)", "cron(0 9 29W 2 ? *)"])
def test_a_date_of_leap_years_only_is_warned_of(text: str) -> None:
    assert warnings(parse(text), WINTER) == ["fires only in leap years"]


@pytest.mark.parametrize("text", ["cron(0 9 28-29 2 ? *)", "cron(0 9 L 2 ? *)", "cron(0 9 29 * ? *)"])
def test_a_date_of_every_year_is_not_warned_of(text: str) -> None:
    assert warnings(parse(text), WINTER) == []


@pytest.mark.parametrize("text", ["cron(0 9 31 2 ? *)", "cron(0 9 * * ? 2026)", "at(2026-12-31T23:59:59)"])
def test_an_expression_that_never_fires_again_is_warned_of_nothing_else(text: str) -> None:
    assert warnings(parse(text), WINTER) == ["never fires again"]


@pytest.mark.parametrize("text", ["cron(0 9 ? * MON-FRI *)", "at(2027-06-01T09:00:00)"])
def test_an_ordinary_expression_is_warned_of_nothing(text: str) -> None:
    assert warnings(parse(text, "Europe/Berlin"), WINTER) == []


@given(fields=frequent_crons(), shift=st.sampled_from(["2027-03-28T01:00:00Z", "2027-10-31T01:00:00Z"]))
def test_a_shift_is_warned_of_if_and_only_if_it_touches_a_wall_time(fields: str, shift: str) -> None:
    two = datetime.fromisoformat("2027-03-28T02:00:00").replace(month=int(shift[5:7]), day=int(shift[8:10]))
    touched = any(oracle.fits(fields, two + timedelta(minutes=minute)) for minute in range(60))
    before = datetime.fromisoformat(shift) - timedelta(days=1)
    warned = warnings(parse(f"cron({fields})", "Europe/Berlin"), before, timedelta(days=2))

    assert bool(warned) == touched
