from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given

from chalicelib.core.model.schedule import Timing
from chalicelib.core.timing.expressions import parse
from chalicelib.scheduling.english import describe, describe_stored
from tests.core.timing.any_cron import crons

SENTENCES = [
    ("at(2027-03-01T09:00:00)", "Once at 09:00 on Monday 2027-03-01, Europe/Berlin"),
    ("at(2027-03-07T09:00:44)", "Once at 09:00:44 on Sunday 2027-03-07, Europe/Berlin"),
    ("rate(1 minute)", "Every minute"),
    ("rate(15 minutes)", "Every 15 minutes"),
    ("rate(90 minutes)", "Every 90 minutes"),
    ("rate(1 hour)", "Every hour"),
    ("rate(36 hours)", "Every 36 hours"),
    ("rate(1 day)", "Every 24 hours"),
    ("rate(3 days)", "Every 3 days of 24 hours"),
]

CALENDARS = [
    # times of day
    ("cron(0 9 * * ? *)", "At 09:00 every day"),
    ("cron(0 9 ? * * *)", "At 09:00 every day"),
    ("cron(5,35 14 * * ? *)", "At 14:05 and 14:35 every day"),
    ("cron(30 8,12,16 * * ? *)", "At 08:30, 12:30 and 16:30 every day"),
    ("cron(* * * * ? *)", "Every minute"),
    ("cron(0/15 * * * ? *)", "Every 15 minutes"),
    ("cron(0,15,30,45 * * * ? *)", "Every 15 minutes"),
    ("cron(5/10 * * * ? *)", "Every 10 minutes from minute 5"),
    ("cron(0/25 * * * ? *)", "At minutes 0, 25 and 50 of the hour every day"),
    ("cron(0-20 9 * * ? *)", "At minutes 0 to 20 of the hour, 09:00 to 09:59 every day"),
    ("cron(30 * * * ? *)", "Every hour from 00:30"),
    ("cron(0 1/2 * * ? *)", "Every 2 hours from 01:00"),
    ("cron(0 0/3 * * ? *)", "At 00:00, 03:00, 06:00, 09:00, 12:00, 15:00, 18:00 and 21:00 every day"),
    ("cron(7 8-17 * * ? *)", "At minute 7 of the hour, 08:00 to 17:59 every day"),
    ("cron(0/15 8-11,14-17 * * ? *)", "Every 15 minutes, 08:00 to 11:59 and 14:00 to 17:59"),
    ("cron(0/15 8,12,16 * * ? *)", "Every 15 minutes, 08:00 to 08:59, 12:00 to 12:59 and 16:00 to 16:59"),
    ("cron(* 9-17/2 * * ? *)", "Every minute, in the hours 9, 11, 13, 15 and 17"),
    ("cron(0/30 20-2 ? * MON-FRI *)", "Every 30 minutes, 00:00 to 02:59 and 20:00 to 23:59 on Monday to Friday"),
    # days
    ("cron(0 9 ? * MON-FRI *)", "At 09:00 on Monday to Friday"),
    ("cron(0 9 ? * 2,3,4,5,6 *)", "At 09:00 on Monday to Friday"),
    ("cron(0 9 ? * 2,4,6 *)", "At 09:00 on Monday, Wednesday and Friday"),
    ("cron(0 9 ? * 1,7 *)", "At 09:00 on Saturday and Sunday"),
    ("cron(0 9 ? * FRI-MON *)", "At 09:00 on Friday to Monday"),
    ("cron(0 9 ? * L *)", "At 09:00 on Saturday"),
    ("cron(0 9 ? * 6L *)", "At 09:00 on the last Friday of the month"),
    ("cron(0 9 ? * 3#2 *)", "At 09:00 on the second Tuesday of the month"),
    ("cron(0 9 1 * ? *)", "At 09:00 on day 1 of the month"),
    ("cron(0 9 1,15 * ? *)", "At 09:00 on days 1 and 15 of the month"),
    ("cron(0 9 1-7,15 * ? *)", "At 09:00 on days 1 to 7 and 15 of the month"),
    ("cron(0 9 1/2 * ? *)", "At 09:00 on days 1, 3, 5, ..., 31 of the month"),
    ("cron(0 9 L * ? *)", "At 09:00 on the last day of the month"),
    ("cron(0 9 LW * ? *)", "At 09:00 on the last workday (Monday to Friday) of the month"),
    ("cron(0 9 15W * ? *)", "At 09:00 on the workday (Monday to Friday) nearest day 15 of the month"),
    # months and years
    ("cron(0/15 * * 6 ? *)", "Every 15 minutes in June"),
    ("cron(0 9 1 1/3 ? *)", "At 09:00 on day 1 of the month in January, April, July and October"),
    ("cron(0 9 * JUN-AUG ? *)", "At 09:00 every day in June to August"),
    ("cron(0 9 * NOV-FEB ? *)", "At 09:00 every day in January, February, November and December"),
    ("cron(0 9 * * ? 2027)", "At 09:00 every day in 2027"),
    ("cron(15 10 ? * 6L 2022-2023)", "At 10:15 on the last Friday of the month in 2022 and 2023"),
    ("cron(0 9 29 2 ? 2028/4)", "At 09:00 on day 29 of the month in February of 2028, 2032, 2036, ..., 2196"),
    ("cron(0 9 1 1 ? 2027-2030,2035)", "At 09:00 on day 1 of the month in January of 2027 to 2030 and 2035"),
]


@pytest.mark.parametrize(("text", "sentence"), SENTENCES)
def test_one_time_and_rate_are_said_in_plain_english(text: str, sentence: str) -> None:
    assert describe(parse(text, "Europe/Berlin")) == sentence


@pytest.mark.parametrize(("text", "sentence"), CALENDARS)
def test_a_cron_is_said_in_plain_english_with_its_zone(text: str, sentence: str) -> None:
    assert describe(parse(text, "Europe/Berlin")) == f"{sentence}, Europe/Berlin"


@given(fields=crons())
def test_any_cron_can_be_said(fields: str) -> None:
    assert describe(parse(f"cron({fields})")).startswith(("At ", "Every "))


@pytest.mark.parametrize(
    ("text", "sentence"), [("rate(15 minutes)", "Every 15 minutes"), ("cron(0 9 * * ? *)", "At 09:00 every day, UTC")]
)
def test_start_and_end_are_said_in_utc(text: str, sentence: str) -> None:
    start, end = (datetime.fromisoformat(f"2027-{month}-01T13:16:00+01:00") for month in ("01", "12"))

    expected = f"{sentence}, from 2027-01-01 12:16 UTC, until 2027-12-01 12:16 UTC"
    assert describe(parse(text, start_at=start, end_at=end)) == expected


@pytest.mark.parametrize("start_at", [None, datetime(2027, 3, 1, 8, tzinfo=UTC)])
@pytest.mark.parametrize(
    "expression", ["at(2027-03-28T02:30:00)", "rate(5 minutes)", "cron(0 9 ? * MON-FRI *)", "cron(0 9 L * ? 2027)"]
)
@pytest.mark.parametrize("timezone", ["UTC", "Europe/Berlin"])
def test_a_stored_timing_is_described_as_its_expression(
    expression: str, timezone: str, start_at: datetime | None
) -> None:
    timing = Timing(expression, timezone, start_at=start_at)

    assert [describe_stored(timing), describe_stored(timing)] == [describe(timing.parsed)] * 2
