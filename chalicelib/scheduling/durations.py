"""Reads the ISO 8601 durations that clients and operators write."""

from __future__ import annotations

import re
from datetime import timedelta

DURATION = re.compile(
    r"P(?=.)(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)
HINT = "an ISO 8601 duration in weeks, days, hours, minutes and seconds, such as PT10S, PT2H or P3D"


def read_duration(text: str) -> timedelta:
    """Returns the duration. Raises ValueError if `text` is not one, OverflowError if it is too long for a timedelta."""
    parts = DURATION.fullmatch(text)
    if parts is None:
        raise ValueError(f"{text!r} is not {HINT}")
    return timedelta(**{unit: int(number) for unit, number in parts.groupdict().items() if number is not None})
