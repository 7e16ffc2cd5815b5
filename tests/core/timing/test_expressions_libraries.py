"""The same expressions in published libraries, where those are right.

aws-croniter 2.1.1 knows UTC only, so it speaks for the fields but not for time zones. It is wrong on what stands in
AWS_CRONITER_IS_WRONG, and raises on LW: it is not asked for either.
pyawscron 1.0.7 raises on all of these, and on 29 February, FRI-MON and 20-2 as well: it is not asked at all.
croniter 7.0.0 speaks Unix cron, and so checks the translation of five fields into six. It is wrong on ranges of one
value (it reads the hours 8-8 as all 24): it is not asked for them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from aws_croniter import AwsCroniter
from croniter import croniter
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.timing.expressions import parse
from chalicelib.scheduling.unix_cron import suggest_six_fields

START = datetime(2027, 1, 1, tzinfo=UTC)
COUNT = 10

AWS_CRONITER_IS_WRONG = [
    ("0 9 ? * L *", "finds no day at all; the guide: the last day of the week"),
    ("0 9 ? 2 3#5 *", "gives up after ten steps, 2056-02-29 is the second"),
    ("0 9 29W 2 ? *", "gives up after ten steps, which do not get it over the year 2100"),
]


def spans(low: int, high: int, least: int) -> st.SearchStrategy[str]:
    """Ranges of at least so many values."""
    starts = st.integers(low, high - least + 1)
    return starts.flatmap(lambda first: st.integers(first + least - 1, high).map(lambda last: f"{first}-{last}"))


def fields(low: int, high: int, least: int = 1) -> st.SearchStrategy[str]:
    step = st.integers(1, high)
    span = spans(low, high, least)
    item = st.one_of(st.integers(low, high).map(str), span, st.builds("{}/{}".format, span, step))
    return st.one_of(st.just("*"), st.builds("*/{}".format, step), st.lists(item, min_size=1, max_size=3).map(",".join))


def unix_fields(low: int, high: int) -> st.SearchStrategy[str]:
    return fields(low, high, least=2)


def aws_croniter_says(text: str, after: datetime, count: int) -> list[datetime]:
    return list(AwsCroniter(text).get_next(after, count))  # type: ignore[no-untyped-call]


AWS_DAYS = st.one_of(
    st.one_of(fields(1, 28), st.just("L"), st.integers(1, 28).map("{}W".format)).map(lambda day: (day, "?")),
    st.one_of(
        st.sampled_from(["*", "MON-FRI", "FRI-MON", "SUN,WED", "7-2", "1L", "6L", "TUE#2", "7#4"]),
        st.builds("{}#{}".format, st.integers(1, 7), st.integers(1, 4)),
    ).map(lambda day: ("?", day)),
)
AWS_HOURS = st.one_of(fields(0, 23), st.sampled_from(["20-2", "22-4/2"]))
AWS_MONTHS = st.one_of(fields(1, 12), st.sampled_from(["JAN,FEB,MAR", "NOV-FEB", "1/3"]))
UNIX_DAYS = st.one_of(
    unix_fields(1, 28).map(lambda day: (day, "*")),
    st.one_of(unix_fields(0, 7), st.sampled_from(["mon-fri", "SUN", "sat,sun", "0,7"])).map(lambda day: ("*", day)),
)


@given(minutes=fields(0, 59), hours=AWS_HOURS, days=AWS_DAYS, months=AWS_MONTHS, minute=st.integers(0, 600_000))
def test_aws_croniter_finds_the_same_occurrences(
    minutes: str, hours: str, days: tuple[str, str], months: str, minute: int
) -> None:
    text = f"{minutes} {hours} {days[0]} {months} {days[1]} *"
    after = START + timedelta(minutes=minute)
    ours = list(islice(parse(f"cron({text})").occurrences(after), COUNT))

    assert aws_croniter_says(text, after, COUNT) == ours


@pytest.mark.parametrize(("text", "fault"), AWS_CRONITER_IS_WRONG)
def test_aws_croniter_is_wrong_about_some_days(text: str, fault: str) -> None:
    ours = list(islice(parse(f"cron({text})").occurrences(START), 25))

    assert aws_croniter_says(text, START, 25) != ours, f"aws-croniter no longer {fault}"


@given(
    minutes=unix_fields(0, 59),
    hours=unix_fields(0, 23),
    days=UNIX_DAYS,
    months=unix_fields(1, 12),
    minute=st.integers(0, 600_000),
)
def test_the_six_fields_suggested_for_a_unix_cron_fire_as_croniter_says(
    minutes: str, hours: str, days: tuple[str, str], months: str, minute: int
) -> None:
    text = f"{minutes} {hours} {days[0]} {months} {days[1]}"
    after = START + timedelta(minutes=minute)
    ours = list(islice(parse(f"cron({suggest_six_fields(text)})").occurrences(after), COUNT))

    assert list(islice(croniter(text, after, ret_type=datetime), COUNT)) == ours
