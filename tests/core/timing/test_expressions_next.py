"""The next occurrence alone is the first of the occurrences, wherever the clocks are changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.core.timing.expressions import parse
from tests.core.timing.any_cron import crons, frequent_crons

DAY = timedelta(days=1)

# A zone, and an instant within two days of a change of its clocks.
CHANGES = [
    ("Europe/Berlin", datetime(2027, 3, 28, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2027, 10, 31, 1, tzinfo=UTC)),
    ("Asia/Beirut", datetime(2027, 3, 27, 22, tzinfo=UTC)),  # 00:00 does not exist
    ("America/St_Johns", datetime(1988, 10, 30, 2, 31, tzinfo=UTC)),  # from 00:01 back to 22:01 of the day before
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),  # a day that does not exist
    ("Antarctica/Vostok", datetime(1994, 1, 31, 17, tzinfo=UTC)),  # seven hours back
    ("Australia/Lord_Howe", datetime(2027, 4, 3, 15, tzinfo=UTC)),  # half an hour back
    ("Africa/Monrovia", datetime(1972, 1, 7, 0, 44, 30, tzinfo=UTC)),  # from an offset with seconds
    ("UTC", datetime(2027, 12, 31, 23, 59, tzinfo=UTC)),
    ("UTC", datetime(2199, 12, 31, 23, 59, tzinfo=UTC)),
    ("Pacific/Kiritimati", datetime(1970, 1, 1, tzinfo=UTC)),
]
NEAR = st.one_of(
    st.timedeltas(-2 * DAY, 2 * DAY),
    st.integers(-2000, 2000).map(lambda minutes: timedelta(minutes=minutes)),
    st.sampled_from([timedelta(), datetime.resolution, -datetime.resolution]),
)


@given(
    text=st.one_of(crons(), frequent_crons(), st.just("* * * * ? *")),
    change=st.sampled_from(CHANGES),
    near=NEAR,
    start=st.one_of(st.none(), NEAR),
    length=st.one_of(st.none(), st.timedeltas(timedelta(), 3 * DAY)),
    left_out=st.sets(st.integers(-2, 2), max_size=3),
)
@example(text="* * * * ? *", change=CHANGES[1], near=timedelta(minutes=30), start=None, length=None, left_out=set())
@example(text="30 2 * * ? *", change=CHANGES[0], near=-DAY / 2, start=None, length=None, left_out=set())
def test_it_is_the_first_of_the_occurrences(
    *,
    text: str,
    change: tuple[str, datetime],
    near: timedelta,
    start: timedelta | None,
    length: timedelta | None,
    left_out: set[int],
) -> None:
    zone_name, instant = change
    begin = instant if start is None else instant + start
    expression = parse(
        f"cron({text})",
        zone_name,
        start_at=None if start is None else begin,
        end_at=None if length is None else begin + length,
    )
    days = {date(instant.year, instant.month, instant.day) + number * DAY for number in left_out}

    found = expression.next_occurrence(instant + near, without=days)

    assert found == next(expression.occurrences(instant + near, without=days), None)


def test_an_instant_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        parse("cron(* * * * ? *)").next_occurrence(datetime(2027, 1, 1))  # noqa: DTZ001
