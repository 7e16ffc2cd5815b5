"""When expressions fire, without daylight saving. UG = EventBridge Scheduler User Guide, "Schedule types"; EBR =
EventBridge rules guide, "Cron expressions reference"; API = CreateSchedule; ours = docs/emulation.md.

    March 2027             January 2028           February 2028
    Su Mo Tu We Th Fr Sa   Su Mo Tu We Th Fr Sa   Su Mo Tu We Th Fr Sa
        1  2  3  4  5  6                      1          1  2  3  4  5
     7  8  9 10 11 12 13    2  3  4  5  6  7  8    6  7  8  9 10 11 12
    14 15 16 17 18 19 20    9 10 11 12 13 14 15   13 14 15 16 17 18 19
    21 22 23 24 25 26 27   16 17 18 19 20 21 22   20 21 22 23 24 25 26
    28 29 30 31            23 24 25 26 27 28 29   27 28 29
                           30 31
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.core.timing.expressions import parse
from tests.core.timing.readings import fired

MARCH = "2027-03-01T00:00:00Z"

TIMES_OF_DAY = [
    ("cron(0 10 * * ? *)", ["01T10:00", "02T10:00", "03T10:00"]),  # EBR: 10:00 every day
    ("cron(30 8 * * ? *)", ["01T08:30", "02T08:30", "03T08:30"]),  # UG
    ("cron(0/15 * * * ? *)", ["01T00:15", "01T00:30", "01T00:45", "01T01:00"]),  # UG: strictly after, so not 00:00
    (
        "cron(1/10 0 * * ? *)",
        ["01T00:01", "01T00:11", "01T00:21", "01T00:31", "01T00:41", "01T00:51", "02T00:01"],
    ),  # UG
    ("cron(5,35 14 * * ? *)", ["01T14:05", "01T14:35", "02T14:05"]),  # UG
    ("cron(0/25 9 * * ? *)", ["01T09:00", "01T09:25", "01T09:50", "02T09:00"]),  # a step that does not fit the hour
    ("cron(50-10/10 9 * * ? *)", ["01T09:00", "01T09:10", "01T09:50", "02T09:00"]),  # ours
    ("cron(10-20/5 9 * * ? *)", ["01T09:10", "01T09:15", "01T09:20", "02T09:10"]),
    ("cron(30-30 13-13 ? * 2,4,6 *)", ["01T13:30", "03T13:30", "05T13:30", "08T13:30"]),  # LS13572: Mon, Wed, Fri
    ("cron(0 20-2/3 * * ? *)", ["01T02:00", "01T20:00", "01T23:00", "02T02:00"]),  # ours
]

DAYS = [
    ("cron(0 18 ? * MON-FRI *)", ["01", "02", "03", "04", "05", "08"]),  # EBR
    ("cron(0 18 ? * 1 *)", ["07", "14", "21", "28"]),  # UG: 1 is Sunday
    ("cron(0 18 ? * 7 *)", ["06", "13", "20", "27"]),
    ("cron(0 18 ? * L *)", ["06", "13", "20", "27"]),  # UG: the last day of the week
    ("cron(0 18 ? * FRI-MON *)", ["01", "05", "06", "07", "08", "12"]),  # ours
    ("cron(0 18 ? * 6-2 *)", ["01", "05", "06", "07", "08", "12"]),  # ours
    ("cron(0 18 ? * SUN,WED *)", ["03", "07", "10", "14"]),
    ("cron(0 18 ? * * *)", ["01", "02", "03"]),
    ("cron(0 18 1-31/10 * ? *)", ["01", "11", "21", "31"]),  # LS13572: a step through a range
    ("cron(0 18 30-2 * ? *)", ["01", "02", "30", "31"]),  # ours
    ("cron(0 18 */10 * ? *)", ["01", "11", "21", "31"]),
    ("cron(0 18 ? * 3#2 *)", ["09"]),  # UG: the second Tuesday
    ("cron(0 18 ? * TUE#2 *)", ["09"]),  # ours
    ("cron(0 18 ? * 2#1 *)", ["01"]),  # the first day of the month is the first Monday
    ("cron(0 18 ? * 4#5 *)", ["31"]),  # the last day of the month is the fifth Wednesday
    ("cron(0 18 ? * 6L *)", ["26"]),  # UG: the last Friday
    ("cron(0 18 ? * FRIL *)", ["26"]),  # ours
    ("cron(0 18 ? * 4L *)", ["31"]),
    ("cron(0 18 ? * 5L *)", ["25"]),
    ("cron(0 18 L * ? *)", ["31"]),  # UG
    ("cron(0 18 LW * ? *)", ["31"]),  # ours
    ("cron(0 18 3W * ? *)", ["03"]),  # UG: a workday itself
    ("cron(0 18 6W * ? *)", ["05"]),  # Saturday: the Friday before
    ("cron(0 18 7W * ? *)", ["08"]),  # Sunday: the Monday after
]

MONTHS_AND_YEARS = [
    ("cron(0 8 1 * ? *)", MARCH, ["2027-03-01", "2027-04-01", "2027-05-01"]),  # EBR
    ("cron(0 8 31 * ? *)", MARCH, ["2027-03-31", "2027-05-31", "2027-07-31", "2027-08-31"]),
    ("cron(0 8 L * ? *)", MARCH, ["2027-03-31", "2027-04-30", "2027-05-31"]),
    ("cron(0 8 L 2 ? *)", MARCH, ["2028-02-29", "2029-02-28"]),
    ("cron(0 8 29 2 ? *)", MARCH, ["2028-02-29", "2032-02-29"]),
    ("cron(0 8 29 2 ? *)", "2096-03-01T00:00:00Z", ["2104-02-29"]),  # 2100 is no leap year
    ("cron(0 8 1W * ? *)", "2028-01-01T00:00:00Z", ["2028-01-03", "2028-02-01"]),  # ours: Saturday, not in December
    ("cron(0 8 30W * ? *)", "2028-01-01T00:00:00Z", ["2028-01-31", "2028-03-30"]),  # ours: February has no 30th
    ("cron(0 8 31W 10 ? *)", MARCH, ["2027-10-29", "2028-10-31"]),  # ours: Sunday, not in November
    ("cron(0 8 LW 2 ? *)", MARCH, ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-27"]),  # ours
    ("cron(0 8 ? 2 3#5 *)", MARCH, ["2028-02-29", "2056-02-29"]),  # a fifth Tuesday in February
    ("cron(0 8 1 NOV-FEB ? *)", MARCH, ["2027-11-01", "2027-12-01", "2028-01-01", "2028-02-01", "2028-11-01"]),  # ours
    ("cron(0 8 1 JAN,FEB,MAR ? *)", MARCH, ["2027-03-01", "2028-01-01"]),  # EBR
    ("cron(0 8 1 1/6 ? *)", MARCH, ["2027-07-01", "2028-01-01"]),
    ("cron(15 10 ? * 6L 2027-2028)", "2028-10-01T00:00:00Z", ["2028-10-27", "2028-11-24", "2028-12-29"]),  # UG, newer
    ("cron(0 8 1 1 ? 2026/4)", MARCH, ["2030-01-01", "2034-01-01"]),
    ("cron(0 8 1 1 ? *)", "2198-06-01T00:00:00Z", ["2199-01-01"]),  # UG: years up to 2199
]


@pytest.mark.parametrize(("text", "expected"), TIMES_OF_DAY)
def test_minutes_and_hours_mean_what_aws_documents(text: str, expected: list[str]) -> None:
    assert [instant[8:16] for instant in fired(text, "UTC", MARCH, len(expected))] == expected


@pytest.mark.parametrize(("text", "expected"), DAYS)
def test_days_mean_what_aws_documents(text: str, expected: list[str]) -> None:
    assert fired(text, "UTC", MARCH, len(expected)) == [f"2027-03-{day}T18:00:00+00:00" for day in expected]


@pytest.mark.parametrize(("text", "after", "expected"), MONTHS_AND_YEARS)
def test_months_and_years_mean_what_aws_documents(text: str, after: str, expected: list[str]) -> None:
    assert [instant[:10] for instant in fired(text, "UTC", after, len(expected))] == expected


def test_hours_over_midnight_belong_to_the_day_they_are_on() -> None:
    # EBR on `0/30 20-2 ? * MON-FRI *`: it "runs from 12:00 am to 2:00 am on Monday morning", hence not on Saturday's.
    friday_night = fired("cron(0/30 20-2 ? * MON-FRI *)", "UTC", "2027-03-05T23:00:00Z", 3)

    assert friday_night == ["2027-03-05T23:30:00+00:00", "2027-03-08T00:00:00+00:00", "2027-03-08T00:30:00+00:00"]


@pytest.mark.parametrize(
    ("after", "first"),
    [
        ("2027-03-01T08:59:59.999999Z", "2027-03-01T09:00:00+00:00"),
        ("2027-03-01T09:00:00Z", "2027-03-02T09:00:00+00:00"),
        ("2027-03-01T09:00:00.000001Z", "2027-03-02T09:00:00+00:00"),
        ("2027-03-01T10:59:59+02:00", "2027-03-01T09:00:00+00:00"),
    ],
)
def test_occurrences_are_strictly_after_the_moment_asked_for(after: str, first: str) -> None:
    assert fired("cron(0 9 * * ? *)", "UTC", after, 1) == [first]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("cron(0 9 31 2 ? *)", MARCH),  # no such date
        ("cron(0 9 31 2,4,6,9,11 ? *)", MARCH),
        ("cron(0 9 30W 2 ? *)", MARCH),
        ("cron(0 9 29 2 ? 2027)", MARCH),
        ("cron(0 9 * * ? 1970-2026)", MARCH),  # all years past
        ("cron(* * * * ? *)", "2199-12-31T23:59:00Z"),  # the last year is over
        ("cron(* * * * ? *)", "9999-12-31T23:59:59Z"),
        ("rate(1 minute)", "9999-12-31T23:59:59Z"),
        ("at(2020-01-01T00:00:00)", MARCH),
    ],
)
def test_an_expression_that_never_fires_again_ends_at_once(text: str, after: str) -> None:
    assert fired(text, "Pacific/Kiritimati", after, 1) == []


def test_the_beginning_of_time_is_a_moment_to_ask_from() -> None:
    after = datetime.min.replace(tzinfo=UTC).isoformat()

    assert fired("cron(0 0 1 1 ? *)", "America/New_York", after, 1) == ["1970-01-01T00:00:00-05:00"]


def test_a_one_time_expression_fires_once_in_its_zone_with_its_seconds() -> None:
    # UG: at() is read in ScheduleExpressionTimezone.
    assert fired("at(2027-03-01T09:00:44)", "Asia/Kolkata", MARCH, 5) == ["2027-03-01T09:00:44+05:30"]


RATES = [
    # UG: the first run is StartDate, then one per period
    ("rate(15 minutes)", MARCH, "2027-03-02T12:16:00Z", ["02T12:16", "02T12:31", "02T12:46"]),
    ("rate(5 hours)", MARCH, "2027-03-02T12:16:00Z", ["02T12:16", "02T17:16", "02T22:16", "03T03:16"]),
    ("rate(2 days)", MARCH, "2027-03-02T12:16:00Z", ["02T12:16", "04T12:16"]),
    # in the middle of a series the phase is kept
    ("rate(15 minutes)", "2027-03-05T00:00:00Z", "2027-03-02T12:16:00Z", ["05T00:01", "05T00:16"]),
    ("rate(15 minutes)", "2027-03-05T00:01:00Z", "2027-03-02T12:16:00Z", ["05T00:16", "05T00:31"]),
    ("rate(7 minutes)", "2027-03-02T12:16:00Z", "2027-03-02T12:16:00Z", ["02T12:23"]),
    # ours: without an anchor it counts from the moment asked for
    ("rate(15 minutes)", MARCH, "", ["01T00:15", "01T00:30"]),
]


@pytest.mark.parametrize(("text", "after", "start", "expected"), RATES)
def test_a_rate_keeps_the_phase_of_its_start(text: str, after: str, start: str, expected: list[str]) -> None:
    assert [instant[8:16] for instant in fired(text, "UTC", after, len(expected), start=start)] == expected


def test_a_rate_of_days_is_a_rate_of_24_hours_whatever_the_clocks_do() -> None:
    # UG, "Daylight savings time": rate ignores it, so the wall time drifts.
    daily = fired("rate(1 day)", "Europe/Berlin", "2027-03-27T00:00:00Z", 3, start="2027-03-27T08:00:00Z")

    assert daily == ["2027-03-27T09:00:00+01:00", "2027-03-28T10:00:00+02:00", "2027-03-29T10:00:00+02:00"]


@pytest.mark.parametrize(
    ("start", "first"),
    [
        ("2027-03-03T09:00:00Z", "2027-03-03T09:00:00+00:00"),  # API: "on, or after, the StartDate"
        ("2027-03-03T09:00:01Z", "2027-03-04T09:00:00+00:00"),
        ("2027-02-01T00:00:00Z", "2027-03-01T09:00:00+00:00"),
    ],
)
def test_a_cron_begins_with_the_first_match_not_before_its_start(start: str, first: str) -> None:
    assert fired("cron(0 9 * * ? *)", "UTC", MARCH, 1, start=start) == [first]


@pytest.mark.parametrize("text", ["cron(0 9 * * ? *)", "rate(1 day)"])
@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("2027-03-02T09:00:00Z", ["2027-03-01T09:00:00+00:00", "2027-03-02T09:00:00+00:00"]),  # ours: inclusive
        ("2027-03-02T08:59:59Z", ["2027-03-01T09:00:00+00:00"]),
        ("2027-02-01T00:00:00Z", []),
    ],
)
def test_the_end_is_the_last_instant_that_may_fire(text: str, end: str, expected: list[str]) -> None:
    assert fired(text, "UTC", MARCH, 5, start="2027-03-01T09:00:00Z", end=end) == expected


@pytest.mark.parametrize("end", ["", "9999-12-31T23:59:59Z"])
def test_an_endless_rate_ends_with_the_calendar_of_cron(end: str) -> None:
    assert fired("rate(36500 days)", "UTC", MARCH, 99, start=MARCH, end=end) == ["2127-02-05T00:00:00+00:00"]


def test_occurrences_are_in_utc() -> None:
    first = next(parse("cron(0 9 * * ? *)", "Asia/Tokyo").occurrences(datetime.fromisoformat(MARCH)))

    assert repr(first) == repr(datetime(2027, 3, 2, tzinfo=UTC))
