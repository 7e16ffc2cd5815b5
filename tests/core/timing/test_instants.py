from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given

from chalicelib.core.timing import instants
from tests.strategies import milliseconds, seconds

INSTANT = datetime(2027, 3, 1, 8, 0, 5, 123456, tzinfo=UTC)


@given(seconds)
def test_whole_seconds_are_read_back(at: datetime) -> None:
    assert instants.from_iso(instants.iso(at)) == at
    assert instants.from_epoch_seconds(instants.epoch_seconds(at)) == at


@given(milliseconds)
def test_whole_milliseconds_are_read_back(at: datetime) -> None:
    assert instants.from_iso(instants.iso_ms(at)) == at
    assert instants.EPOCH + timedelta(milliseconds=instants.epoch_ms(at)) == at


@given(seconds, seconds)
def test_text_sorts_as_time_does(one: datetime, other: datetime) -> None:
    assume(one < other)

    assert instants.iso(one) < instants.iso(other)
    assert instants.compact(one) < instants.compact(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (instants.iso(INSTANT), "2027-03-01T08:00:05Z"),
        (instants.iso_ms(INSTANT), "2027-03-01T08:00:05.123Z"),
        (instants.compact(INSTANT), "20270301T080005Z"),
        (instants.iso(INSTANT.astimezone(timezone(timedelta(hours=-5)))), "2027-03-01T08:00:05Z"),
    ],
)
def test_an_instant_is_written_in_utc(text: str, expected: str) -> None:
    assert text == expected


def test_another_offset_is_read_as_utc() -> None:
    read = instants.from_iso("2027-03-01T09:00:05+01:00")

    assert (read, read.tzinfo) == (datetime(2027, 3, 1, 8, 0, 5, tzinfo=UTC), UTC)


@pytest.mark.parametrize("text", ["2027-03-01T08:00:00", "2027-03-01", "now", ""])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no UTC offset|isoformat"):
        instants.from_iso(text)


@pytest.mark.parametrize(
    ("at", "up"),
    [
        ("2027-03-01T08:00:00Z", "2027-03-01T08:00:00Z"),
        ("2027-03-01T08:00:00.001Z", "2027-03-01T08:00:01Z"),
        ("2027-12-31T23:59:59.999Z", "2028-01-01T00:00:00Z"),
    ],
)
def test_a_fraction_goes_up_to_the_next_second(at: str, up: str) -> None:
    assert instants.ceil_second(instants.from_iso(at)) == instants.from_iso(up)
