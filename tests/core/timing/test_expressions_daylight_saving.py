"""When expressions fire while clocks are changed. Rule, from the EventBridge Scheduler User Guide ("Schedule types",
"Daylight savings time"): a wall time that does not exist is skipped; one that happens twice runs once, at the first.

Shifts that are used here, from the tz database:

    zone                   put forward                 put back
    Europe/Berlin          2027-03-28 02:00 -> 03:00   2027-10-31 03:00 -> 02:00
    America/Los_Angeles    2027-03-14 02:00 -> 03:00   2027-11-07 02:00 -> 01:00
    Europe/Dublin          2027-03-28 01:00 -> 02:00   2027-10-31 02:00 -> 01:00 (its "daylight saving" is in winter)
    Australia/Lord_Howe    2023-10-01 02:00 -> 02:30   2023-04-02 02:00 -> 01:30
    Antarctica/Troll       2023-03-26 01:00 -> 03:00   2023-10-29 03:00 -> 01:00
    Asia/Beirut            2022-03-27 00:00 -> 01:00   2022-10-30 00:00 -> 23:00 the day before
    America/Havana         2019-03-10 00:00 -> 01:00   2019-11-03 01:00 -> 00:00
    America/Asuncion       2023-10-01 00:00 -> 01:00   2023-03-26 00:00 -> 23:00 the day before
    America/Nuuk           2024-03-30 23:00 -> 00:00   2024-10-27 00:00 -> 23:00 the day before
    Africa/Casablanca      2023-04-23 02:00 -> 03:00   2023-03-19 03:00 -> 02:00 (Ramadan)
    Pacific/Apia           2011-12-30 00:00 -> 2011-12-31 00:00
    Pacific/Kiritimati     1994-12-31 00:00 -> 1995-01-01 00:00
    Antarctica/Vostok                                  1994-02-01 00:00 -> 17:00 the day before
"""

from __future__ import annotations

import pytest

from tests.core.timing.readings import fired

SKIPPED = [
    # the documentation's own example: 02:30 in Los Angeles
    (
        ("cron(30 2 * * ? *)", "America/Los_Angeles", "2027-03-13T00:00:00-08:00"),
        ["2027-03-13T02:30:00-08:00", "2027-03-15T02:30:00-07:00"],
    ),
    (
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2027-03-27T00:00:00+01:00"),
        ["2027-03-27T02:30:00+01:00", "2027-03-29T02:30:00+02:00"],
    ),
    # the first minute of the gap is skipped, and the first minute after it is not
    (
        ("cron(0 2,3 * * ? *)", "Europe/Berlin", "2027-03-27T12:00:00+01:00"),
        ["2027-03-28T03:00:00+02:00", "2027-03-29T02:00:00+02:00"],
    ),
    (
        ("cron(59 1,2 * * ? *)", "Europe/Berlin", "2027-03-27T12:00:00+01:00"),
        ["2027-03-28T01:59:00+01:00", "2027-03-29T01:59:00+02:00"],
    ),
    (
        ("cron(30 1 * * ? *)", "Europe/Dublin", "2027-03-27T00:00:00+00:00"),
        ["2027-03-27T01:30:00+00:00", "2027-03-29T01:30:00+01:00"],
    ),
    # half an hour
    (
        ("cron(0/15 2 * * ? *)", "Australia/Lord_Howe", "2023-09-30T12:00:00+10:30"),
        ["2023-10-01T02:30:00+11:00", "2023-10-01T02:45:00+11:00", "2023-10-02T02:00:00+11:00"],
    ),
    # two hours
    (
        ("cron(0 1-3 * * ? *)", "Antarctica/Troll", "2023-03-26T00:00:00+00:00"),
        ["2023-03-26T03:00:00+02:00", "2023-03-27T01:00:00+02:00"],
    ),
    # midnight
    (
        ("cron(0 0 * * ? *)", "Asia/Beirut", "2022-03-25T12:00:00+02:00"),
        ["2022-03-26T00:00:00+02:00", "2022-03-28T00:00:00+03:00"],
    ),
    (
        ("cron(0 0 * * ? *)", "America/Havana", "2019-03-08T12:00:00-05:00"),
        ["2019-03-09T00:00:00-05:00", "2019-03-11T00:00:00-04:00"],
    ),
    (
        ("cron(30 0 * * ? *)", "America/Asuncion", "2023-09-29T12:00:00-04:00"),
        ["2023-09-30T00:30:00-04:00", "2023-10-02T00:30:00-03:00"],
    ),
    # the last hour of a day
    (
        ("cron(30 23 * * ? *)", "America/Nuuk", "2024-03-29T12:00:00-02:00"),
        ["2024-03-29T23:30:00-02:00", "2024-03-31T23:30:00-01:00"],
    ),
    (
        ("cron(30 2 * * ? *)", "Africa/Casablanca", "2023-04-22T00:00:00+00:00"),
        ["2023-04-22T02:30:00+00:00", "2023-04-24T02:30:00+01:00"],
    ),
    # a whole day, once with every minute of it
    (
        ("cron(0 9 * * ? *)", "Pacific/Apia", "2011-12-29T00:00:00-10:00"),
        ["2011-12-29T09:00:00-10:00", "2011-12-31T09:00:00+14:00"],
    ),
    (
        ("cron(* * * * ? *)", "Pacific/Apia", "2011-12-29T23:58:00-10:00"),
        ["2011-12-29T23:59:00-10:00", "2011-12-31T00:00:00+14:00"],
    ),
    (
        ("cron(0 9 L * ? *)", "Pacific/Kiritimati", "1994-11-01T00:00:00-10:00"),
        ["1994-11-30T09:00:00-10:00", "1995-01-31T09:00:00+14:00"],
    ),
]

ONCE = [
    (
        ("cron(30 1 * * ? *)", "America/Los_Angeles", "2027-11-06T00:00:00-07:00"),
        ["2027-11-06T01:30:00-07:00", "2027-11-07T01:30:00-07:00", "2027-11-08T01:30:00-08:00"],
    ),
    (
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2027-10-30T00:00:00+02:00"),
        ["2027-10-30T02:30:00+02:00", "2027-10-31T02:30:00+02:00", "2027-11-01T02:30:00+01:00"],
    ),
    (
        ("cron(30 1 * * ? *)", "Europe/Dublin", "2027-10-31T00:00:00+01:00"),
        ["2027-10-31T01:30:00+01:00", "2027-11-01T01:30:00+00:00"],
    ),
    (
        ("cron(45 1 * * ? *)", "Australia/Lord_Howe", "2023-04-02T00:00:00+11:00"),
        ["2023-04-02T01:45:00+11:00", "2023-04-03T01:45:00+10:30"],
    ),
    (
        ("cron(30 1,2 * * ? *)", "Antarctica/Troll", "2023-10-29T00:00:00+02:00"),
        ["2023-10-29T01:30:00+02:00", "2023-10-29T02:30:00+02:00", "2023-10-30T01:30:00+00:00"],
    ),
    (
        ("cron(30 23 * * ? *)", "Asia/Beirut", "2022-10-29T00:00:00+03:00"),
        ["2022-10-29T23:30:00+03:00", "2022-10-30T23:30:00+02:00"],
    ),
    # the second 00:00 is on the same day as the first
    (
        ("cron(0 0 * * ? *)", "America/Havana", "2019-11-02T12:00:00-04:00"),
        ["2019-11-03T00:00:00-04:00", "2019-11-04T00:00:00-05:00"],
    ),
    (
        ("cron(30 23 * * ? *)", "America/Asuncion", "2023-03-25T00:00:00-03:00"),
        ["2023-03-25T23:30:00-03:00", "2023-03-26T23:30:00-04:00"],
    ),
    (
        ("cron(30 2 * * ? *)", "Africa/Casablanca", "2023-03-19T00:00:00+01:00"),
        ["2023-03-19T02:30:00+01:00", "2023-03-20T02:30:00+00:00"],
    ),
    # seven hours over midnight: the last day of January comes twice from 17:00 on
    (
        ("cron(0 18 L * ? *)", "Antarctica/Vostok", "1994-01-31T00:00:00+07:00"),
        ["1994-01-31T18:00:00+07:00", "1994-02-28T18:00:00+00:00"],
    ),
]


@pytest.mark.parametrize(("asked", "expected"), SKIPPED)
def test_a_wall_time_that_does_not_exist_is_skipped(asked: tuple[str, str, str], expected: list[str]) -> None:
    assert fired(*asked, len(expected)) == expected


@pytest.mark.parametrize(("asked", "expected"), ONCE)
def test_a_wall_time_that_happens_twice_runs_once_at_the_first(
    asked: tuple[str, str, str], expected: list[str]
) -> None:
    assert fired(*asked, len(expected)) == expected


def test_a_quarter_hourly_cron_is_silent_through_the_repeated_hour() -> None:
    # The guide, read literally; decided in docs/emulation.md. 02:45 (+02:00) and 03:00 (+01:00) are 75 minutes apart.
    quarters = fired("cron(0/15 * * * ? *)", "Europe/Berlin", "2027-10-31T02:20:00+02:00", 3)

    assert quarters == ["2027-10-31T02:30:00+02:00", "2027-10-31T02:45:00+02:00", "2027-10-31T03:00:00+01:00"]


def test_a_quarter_hourly_cron_misses_no_beat_over_the_gap() -> None:
    quarters = fired("cron(0/15 * * * ? *)", "Europe/Berlin", "2027-03-28T01:40:00+01:00", 2)

    assert quarters == ["2027-03-28T01:45:00+01:00", "2027-03-28T03:00:00+02:00"]


@pytest.mark.parametrize("second", ["2027-10-31T02:10:00+01:00", "2027-10-31T02:30:00+01:00"])
def test_a_moment_within_the_repeated_hour_is_answered_with_what_comes_after_it(second: str) -> None:
    assert fired("cron(30 2 * * ? *)", "Europe/Berlin", second, 1) == ["2027-11-01T02:30:00+01:00"]


def test_a_start_within_the_repeated_hour_does_not_bring_the_first_one_back() -> None:
    begun = fired("cron(30 2 * * ? *)", "Europe/Berlin", "2027-10-01T00:00:00Z", 1, start="2027-10-31T01:10:00Z")

    assert begun == ["2027-11-01T02:30:00+01:00"]


@pytest.mark.parametrize("text", ["cron(30 2 ? 3 1L *)", "cron(* 2 ? 3 1L *)"])
def test_an_expression_that_only_names_gaps_never_fires(text: str) -> None:
    # The last Sunday of March, between 02:00 and 03:00, by a rule without an end.
    assert fired(text, "Europe/Berlin", "2027-01-01T00:00:00Z", 1) == []


def test_the_rules_of_daylight_saving_hold_up_to_the_last_year() -> None:
    # 2199-03-31 is a Sunday. The data has no transitions after 2037; from there on its rule speaks.
    last_year = fired("cron(0 2,3 28-31 3 ? 2199)", "Europe/Berlin", "2199-03-30T02:30:00+01:00", 3)

    assert last_year == ["2199-03-30T03:00:00+01:00", "2199-03-31T03:00:00+02:00"]


def test_a_zone_may_be_off_by_seconds() -> None:
    # Monrovia kept -00:44:30 until 1972-01-07.
    nine = fired("cron(0 9 * * ? *)", "Africa/Monrovia", "1972-01-06T00:00:00Z", 2)

    assert nine == ["1972-01-06T09:00:00-00:44:30", "1972-01-07T09:00:00+00:00"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("at(2027-10-31T02:30:00)", "2027-10-31T02:30:00+02:00"),  # twice: the first
        ("at(2027-03-28T02:30:00)", "2027-03-28T03:30:00+02:00"),  # never: ours, as java.time reads it
    ],
)
def test_a_one_time_expression_fires_once_also_where_clocks_are_changed(text: str, expected: str) -> None:
    assert fired(text, "Europe/Berlin", "2027-01-01T00:00:00Z", 5) == [expected]
