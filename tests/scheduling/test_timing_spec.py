"""What clients say, and the timing it means: one row each. It is 2027-03-01T12:00:37.5Z, a Monday."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.core.errors import FieldError, InvalidInput
from chalicelib.core.model.schedule import Timing
from chalicelib.core.timing.instants import from_iso, iso
from chalicelib.scheduling.timing_spec import TimingSpec

NOW = datetime(2027, 3, 1, 12, 0, 37, 500_000, tzinfo=UTC)
BERLIN = "Europe/Berlin"
CRON = {"cron": "0 9 ? * * *", "timezone": BERLIN}

Said = dict[str, Any]


@pytest.mark.parametrize(
    ("said", "expression", "timezone"),
    [
        ({"at": "2027-03-01T12:00:38Z"}, "at(2027-03-01T12:00:38)", "UTC"),
        ({"at": "2027-03-01T14:00:00.999Z"}, "at(2027-03-01T14:00:00)", "UTC"),
        ({"at": "2027-03-01T14:00:00+01:00"}, "at(2027-03-01T13:00:00)", "UTC"),
        ({"at": "2027-03-01T14:00:00-0530"}, "at(2027-03-01T19:30:00)", "UTC"),
        ({"at": "2027-03-01T14:00", "timezone": BERLIN}, "at(2027-03-01T14:00:00)", BERLIN),
        ({"at": "at(2027-03-01T14:00:00)", "timezone": BERLIN}, "at(2027-03-01T14:00:00)", BERLIN),
        ({"at": datetime(2027, 3, 1, 14, tzinfo=UTC)}, "at(2027-03-01T14:00:00)", "UTC"),
        ({"at": datetime(2027, 3, 1, 14, 0, 0, 5), "timezone": BERLIN}, "at(2027-03-01T14:00:00)", BERLIN),  # noqa: DTZ001
        ({"at": "2199-12-31T23:59:59", "timezone": "UTC"}, "at(2199-12-31T23:59:59)", "UTC"),
        ({"after": "PT10S"}, "at(2027-03-01T12:00:48)", "UTC"),
        ({"after": "PT2H"}, "at(2027-03-01T14:00:38)", "UTC"),
        ({"after": "P1W"}, "at(2027-03-08T12:00:38)", "UTC"),
        ({"after": "P3DT4H5M6S"}, "at(2027-03-04T16:05:44)", "UTC"),
        ({"after": timedelta(minutes=90)}, "at(2027-03-01T13:30:38)", "UTC"),
    ],
    ids=str,
)
def test_a_one_time_timing(said: Said, expression: str, timezone: str) -> None:
    assert TimingSpec(**said).resolve(NOW) == Timing(expression, timezone)


def test_of_a_wall_time_that_comes_twice_the_first_is_meant() -> None:
    timing = TimingSpec(at="2027-10-31T02:30:00", timezone=BERLIN).resolve(NOW)

    assert timing.next_occurrence(NOW) == from_iso("2027-10-31T02:30:00+02:00")


def test_what_is_said_with_an_after_is_never_early() -> None:
    timing = TimingSpec(after="PT1S").resolve(NOW)

    assert timing.next_occurrence(NOW) == from_iso("2027-03-01T12:00:39Z")


@pytest.mark.parametrize(
    ("said", "expression", "timezone", "start_at", "end_at"),
    [
        # Without a start, the first is one period from now, on the next whole minute.
        ({"rate": "15 minutes"}, "rate(15 minutes)", "UTC", "2027-03-01T12:16:00Z", None),
        ({"rate": "rate(1 day)"}, "rate(1 day)", "UTC", "2027-03-02T12:01:00Z", None),
        (
            {"rate": "1 hour", "start_at": "2027-03-01T13:00:30Z", "end_at": "2027-03-02T00:00:00+01:00"},
            *("rate(1 hour)", "UTC", "2027-03-01T13:01:00Z", "2027-03-01T23:00:00Z"),
        ),
        (
            {"rate": "1 hour", "start_at": "2027-07-01T09:00", "timezone": BERLIN},
            *("rate(1 hour)", BERLIN, "2027-07-01T07:00:00Z", None),
        ),
        # A start that has passed keeps its phase.
        (
            {"rate": "1 hour", "start_at": "2020-01-01T00:07:00Z"},
            *("rate(1 hour)", "UTC", "2020-01-01T00:07:00Z", None),
        ),
        (CRON, "cron(0 9 ? * * *)", BERLIN, None, None),
        (CRON | {"cron": "cron(0 9 ? * * *)"}, "cron(0 9 ? * * *)", BERLIN, None, None),
        (
            CRON | {"start_at": "2027-05-01T00:00:00", "end_at": "2027-06-01T00:00:00Z"},
            *("cron(0 9 ? * * *)", BERLIN, "2027-04-30T22:00:00Z", "2027-06-01T00:00:00Z"),
        ),
    ],
    ids=str,
)
def test_a_recurring_timing(
    said: Said, expression: str, timezone: str, start_at: str | None, end_at: str | None
) -> None:
    timing = TimingSpec(**said).resolve(NOW)

    assert (timing.expression, timing.timezone) == (expression, timezone)
    assert [at and iso(at) for at in (timing.start_at, timing.end_at)] == [start_at, end_at]


def test_a_rate_that_has_started_goes_on_in_its_phase() -> None:
    timing = TimingSpec(rate="1 hour", start_at="2020-01-01T00:07:00Z").resolve(NOW)

    assert timing.next_occurrence(NOW) == from_iso("2027-03-01T12:07:00Z")


NO_SUCH_TIME = "is not a time that exists; write a real date and time such as 2027-03-01T09:00:00"


@pytest.mark.parametrize(
    ("said", "field", "message"),
    [
        ({"at": "2027-03-01T12:00:37.9Z"}, "at", "must be in the future"),
        ({"at": "2027-03-01T12:00:37", "timezone": "UTC"}, "at", "must be in the future"),
        ({"at": "tomorrow"}, "at", "'tomorrow' is not a time; write 2027-03-01T09:00:00 with Z"),
        ({"at": ""}, "at", "'' is not a time"),
        ({"at": "2027-02-30T09:00:00Z"}, "at", f"'2027-02-30T09:00:00Z' {NO_SUCH_TIME}"),
        ({"at": "2027-03-02T24:00:00Z"}, "at", NO_SUCH_TIME),
        ({"at": "2027-03-02T09:00:00+25:00"}, "at", NO_SUCH_TIME),
        ({"at": "2200-01-01T00:00:00Z"}, "at", "must be in the years 1970 to 2199"),
        ({"at": "2199-12-31T23:59:59-12:00"}, "at", "must be in the years 1970 to 2199"),
        ({"at": "0001-01-01T00:00:00+23:59"}, "at", "must be in the years 1970 to 2199"),
        ({"at": "9999-12-31T23:59:59", "timezone": BERLIN}, "at", "must be in the years 1970 to 2199"),
        ({"at": "2027-03-02T09:00:00"}, "timezone", "2027-03-02T09:00:00 is a wall time; add `timezone`, Z or"),
        ({"at": "2027-03-02T09:00:00", "timezone": "Mars/Base"}, "timezone", "'Mars/Base' is not a time zone"),
        (
            {"at": "2027-03-02T09:00:00Z", "timezone": BERLIN},
            "timezone",
            "not allowed with a time that has Z or an offset",
        ),
        (
            {"at": "2027-03-28T02:30:00", "timezone": BERLIN},
            "at",
            "the nearest wall times are 2027-03-28T01:59:59 and 2027-03-28T03:00:00",
        ),
        (
            {"at": "2027-03-02T09:00:00Z", "start_at": "2027-03-02T09:00:00Z"},
            "start_at",
            "not allowed with `at`; allowed: `timezone`",
        ),
        ({"after": "PT0S"}, "after", "must be greater than zero"),
        ({"after": timedelta(0)}, "after", "must be greater than zero"),
        ({"after": timedelta(seconds=-1)}, "after", "must be greater than zero"),
        ({"after": ""}, "after", "'' is not an ISO 8601 duration"),
        ({"after": "P"}, "after", "'P' is not an ISO 8601 duration"),
        ({"after": "P1DT"}, "after", "'P1DT' is not an ISO 8601 duration"),
        ({"after": "P1M"}, "after", "'P1M' is not an ISO 8601 duration in weeks, days"),
        ({"after": "-PT1H"}, "after", "'-PT1H' is not an ISO 8601 duration"),
        ({"after": "2h"}, "after", "'2h' is not an ISO 8601 duration"),
        ({"after": "P200000D"}, "after", "must be in the years 1970 to 2199"),
        ({"after": "P99999999999W"}, "after", "must be in the years 1970 to 2199"),
        ({"after": timedelta.max}, "after", "must be in the years 1970 to 2199"),
        ({"after": "PT1H", "timezone": BERLIN}, "timezone", "not allowed with `after`; allowed: none"),
        ({"rate": "0 minutes"}, "rate", "'0 minutes' is not allowed; allowed: 1 to 999999, one blank"),
        ({"rate": "30 seconds"}, "rate", "'30 seconds' is not allowed"),
        ({"rate": "1 hour", "timezone": "Mars/Base"}, "timezone", "'Mars/Base' is not a time zone"),
        ({"rate": "1 hour", "start_at": "2027-03-02T09:00:00"}, "start_at", "is a wall time; add `timezone`"),
        ({"rate": "1 hour", "end_at": "noon"}, "end_at", "'noon' is not a time"),
        ({"rate": "1 hour", "end_at": "9999-12-31T23:59:59Z"}, "end_at", "must be in the years"),
        ({"rate": "1 hour", "end_at": "2027-03-01T12:30:00Z"}, "rate", "never fires again with this `end_at`"),
        (
            {"rate": "1 hour", "start_at": "2027-03-02T12:00:00Z", "end_at": "2027-03-01T12:30:00Z"},
            "rate",
            "never fires again with this `start_at` and `end_at`",
        ),
        (
            CRON | {"cron": "0 9 1 1 ? 2028", "start_at": "2029-01-01T00:00:00Z"},
            "cron",
            "never fires again with this `start_at`",
        ),
        ({"cron": "0 9 ? * * *"}, "timezone", "is missing; required with `cron`"),
        (CRON | {"timezone": ""}, "timezone", "'' is not a time zone"),
        (
            CRON | {"cron": "0 9 * * 1-5"},
            "cron",
            "has five fields; six are required, probably '0 9 ? * 2-6 *'",
        ),
        (CRON | {"cron": "0 9 * * * *"}, "cron", "allowed: ? in exactly one of the two"),
        (CRON | {"cron": "61 9 ? * * *"}, "cron", "minutes: '61' is not allowed; allowed: 0-59"),
        (CRON | {"cron": "0 9 30 2 ? *"}, "cron", "never fires again"),
        (CRON | {"cron": "0 9 ? * * 2026"}, "cron", "never fires again"),
        (CRON | {"start_at": "2027-03-28T02:30:00"}, "start_at", "does not exist in Europe/Berlin"),
    ],
    ids=str,
)
def test_what_is_wrong_is_refused_by_its_field(said: Said, field: str, message: str) -> None:
    (error,) = _refused(said)

    assert error.field == f"timing.{field}"
    assert message in error.message


def test_bounds_that_were_not_given_are_not_named() -> None:
    (error,) = _refused(CRON | {"cron": "0 9 30 2 ? *"})

    assert error.message == "never fires again"


@pytest.mark.parametrize("said", [{}, {"timezone": BERLIN}, {"at": "2027-03-02T09:00:00Z", "after": "PT1H"}], ids=str)
def test_it_takes_exactly_one_kind_of_timing(said: Said) -> None:
    (error,) = _refused(said)

    assert error == FieldError("timing", "must have exactly one of `at`, `after`, `rate` and `cron`")


def test_all_that_does_not_go_with_a_timing_is_told_at_once() -> None:
    errors = _refused({"after": "PT1H", "timezone": BERLIN, "end_at": "2027-03-02T09:00:00Z"})

    assert [error.field for error in errors] == ["timing.timezone", "timing.end_at"]


def _refused(said: Said) -> tuple[FieldError, ...]:
    with pytest.raises(InvalidInput) as refused:
        TimingSpec(**said).resolve(NOW)
    return refused.value.errors
