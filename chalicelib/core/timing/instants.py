"""Converts instants to text and back. Table, API and logs use one format, in UTC: `2027-03-01T08:00:00Z`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)


def iso(instant: datetime) -> str:
    """Returns a text such as `2027-03-01T08:00:00Z`. It has whole seconds, so that texts sort by time."""
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def iso_ms(instant: datetime) -> str:
    """Returns a text such as `2027-03-01T08:00:00.123Z`, for measured times."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def compact(instant: datetime) -> str:
    """Returns a text such as `20270301T080000Z`, for ids and file names."""
    return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def compact_ms(instant: datetime) -> str:
    """Returns a text such as `20270301T080000.123Z`."""
    utc = instant.astimezone(UTC)
    return f"{utc:%Y%m%dT%H%M%S}.{utc.microsecond // 1000:03d}Z"


def from_compact(text: str) -> datetime:
    """Reads the formats of `compact` and `compact_ms`. Raises ValueError for other texts."""
    form = "%Y%m%dT%H%M%S.%fZ" if "." in text else "%Y%m%dT%H%M%SZ"
    return datetime.strptime(text, form).replace(tzinfo=UTC)


def from_iso(text: str) -> datetime:
    """Reads ISO 8601, such as `iso` and `iso_ms`. Raises ValueError if the text is not valid or has no offset."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no UTC offset")
    return instant.astimezone(UTC)


def ceil_second(instant: datetime) -> datetime:
    """Returns the instant rounded up to the whole second, so it is never earlier than requested."""
    whole = instant.replace(microsecond=0)
    return whole if whole == instant else whole + timedelta(seconds=1)


def whole_ms(instant: datetime) -> datetime:
    """Returns the instant cut to milliseconds, the table's precision."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def epoch_seconds(instant: datetime) -> int:
    return int(instant.timestamp())


def epoch_ms(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(milliseconds=1)


def from_epoch_seconds(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
