from __future__ import annotations

from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.timing.expressions import parse
from chalicelib.core.timing.latest import latest
from tests.builders import DAY, HOUR, MINUTE, NOW, SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

WEEKDAYS = parse("cron(0/20 9 ? * MON-FRI *)", "Europe/Berlin")


@pytest.mark.parametrize("most", [1, 2, 7, 200])
@pytest.mark.parametrize("span", [timedelta(), SECOND, MINUTE, 3 * HOUR, 3 * DAY, 30 * DAY])
@pytest.mark.parametrize("until", [NOW, NOW + 20 * MINUTE, NOW + 61 * MINUTE + SECOND])
def test_it_finds_what_a_walk_would_find(most: int, span: timedelta, until: datetime) -> None:
    after = until - span
    walked = list(takewhile(lambda at: at <= until, WEEKDAYS.occurrences(after)))

    assert latest(WEEKDAYS.occurrences, after, until, most) == tuple(walked[-most:])


def test_a_begin_behind_the_end_finds_nothing() -> None:
    assert latest(parse("cron(* * * * ? *)").occurrences, NOW, NOW - HOUR) == ()


def test_a_year_of_minutes_is_not_walked() -> None:
    made = 0

    def every_minute(after: datetime) -> Iterator[datetime]:
        nonlocal made
        for at in parse("cron(* * * * ? *)").occurrences(after):
            made += 1
            yield at

    found = latest(every_minute, NOW - 365 * DAY, NOW, 150)

    assert (len(found), found[-1]) == (150, NOW)
    assert made < 25 * 150
