"""What AWS takes and refuses.

Sources: UG = EventBridge Scheduler User Guide, "Schedule types"; EBR = EventBridge rules guide, "Cron expressions
reference"; LS = LocalStack's recordings against AWS; LS13572 = localstack issue 13572, tried on AWS; POC, POLL, ADR15 =
somebody's measurements on AWS; `ours` = AWS says nothing, decided in docs/emulation.md.
"""

from __future__ import annotations

import copy
import pickle
from contextlib import suppress
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.timing.expressions import InvalidExpression, ceil_minute, floor_minute, parse

ACCEPTED = [
    "at(2022-11-20T13:00:00)",  # UG
    "at(2020-01-01T00:00:00)",  # ADR15: long past, and accepted
    "at(2028-02-29T23:59:59)",  # a leap day
    "rate(5 minutes)",  # UG
    "rate(1 minute)",
    "rate(1 hour)",
    "rate(1 day)",
    "rate(1 days)",  # UG prints it: singular and plural need not agree
    "rate(2 minute)",  # LS
    "rate(1 minutes)",  # POLL
    "rate(1 hours)",  # a real GetSchedule answer
    "rate(999999 days)",  # ours
    "cron(15 10 ? * 6L 2022-2023)",  # UG
    "cron(30 8 * * ? *)",  # UG
    "cron(30 2 * * ? *)",  # UG
    "cron(0/15 * * * ? *)",  # UG
    "cron(5,35 14 * * ? *)",  # UG
    "cron(1/10 * * * ? *)",  # UG: 1, 11, 21, 31, …
    "cron(0 10 * * ? *)",  # EBR
    "cron(15 12 * * ? *)",  # EBR
    "cron(0 18 ? * MON-FRI *)",  # EBR
    "cron(0 8 1 * ? *)",  # EBR
    "cron(0/10 * ? * MON-FRI *)",  # EBR
    "cron(0/5 8-17 ? * MON-FRI *)",  # EBR
    "cron(0/30 20-2 ? * MON-FRI *)",  # EBR: hours that run over midnight
    "cron(0-15/1 8-8 ? * 2,3,4,5,6,7 *)",  # LS13572
    "cron(30-30 13-13 ? * 2,4,6 *)",  # LS13572
    "cron(1-31/30 1-1 ? * 1,7 *)",  # LS13572
    "cron(0 9 ? * * *)",  # EBR: * in one day field, ? in the other
    "cron(0 9 L * ? *)",  # UG
    "cron(0 9 3W * ? *)",  # UG
    "cron(0 9 ? * L *)",  # UG
    "cron(0 9 ? * 3#2 *)",  # UG
    "cron(0 9 1 JAN,FEB,MAR ? *)",  # EBR
    "cron(0 9 1-15 * ? *)",  # EBR
    "cron(0 9 LW * ? *)",  # ours
    "cron(0 9 ? * FRIL *)",  # ours: a name is a value
    "cron(0 9 ? * TUE#2 *)",  # ours: a name is a value
    "cron(0 9 ? * FRI-MON *)",  # ours: weekdays come round
    "cron(0 9 1 NOV-FEB ? *)",  # ours: months come round
    "cron(50-10/5 * * * ? *)",  # ours: a step through a range that comes round
    "cron(0 9 1/2 1/3 ? 2028/4)",  # UG: a step from a value
    "cron(*/5 * * * ? *)",  # UG: * and / are both in the list of wildcards
    "cron(00 09 01 02 ? *)",  # ours: leading zeros
    "cron(0 9 31 2 ? *)",  # ours: no such date, and no fault of the grammar
    "cron(0 9 * * ? 1970)",  # ours: all years past
    "cron(59 23 31 12 ? 2199)",  # UG: the last minute of the last year
]

REFUSED = [
    # (text, field, value) with the source
    ("", "expression", ""),
    ("every day", "expression", "every day"),
    ("rate 5 minutes", "expression", "rate 5 minutes"),
    ("RATE(5 minutes)", "expression", "RATE(5 minutes)"),  # ours
    ("rate(5 minutes", "expression", "rate(5 minutes"),
    (" rate(10 minutes)", "expression", " rate(10 minutes)"),  # LS
    ("rate(10 minutes) ", "expression", "rate(10 minutes) "),  # ours
    ("cron(" + "0," * 125 + "0 9 * * ? *)", "expression", "cron(" + "0," * 125 + "0 9 * * ? *)"),  # API: 256 characters
    ("at(2021-12-31T23:59:59Z)", "at", "2021-12-31T23:59:59Z"),  # LS
    ("at(2021-12-31)", "at", "2021-12-31"),  # LS
    ("at(2026-09-08T03:54:26.439)", "at", "2026-09-08T03:54:26.439"),  # POC
    ("at(2026-09-08T03:54:26+02:00)", "at", "2026-09-08T03:54:26+02:00"),  # UG: no offset in the string
    ("at(2026-09-08 03:54:26)", "at", "2026-09-08 03:54:26"),
    ("at(2026-9-8T3:54:26)", "at", "2026-9-8T3:54:26"),
    ("at(2026-02-30T09:00:00)", "at", "2026-02-30T09:00:00"),  # ours
    ("at(2026-02-28T24:00:00)", "at", "2026-02-28T24:00:00"),  # ours
    ("at(2026-02-28T09:00:60)", "at", "2026-02-28T09:00:60"),  # ours
    ("at(1969-12-31T23:59:59)", "at", "1969-12-31T23:59:59"),  # ours: the years of cron
    ("at(2200-01-01T00:00:00)", "at", "2200-01-01T00:00:00"),  # ours: the years of cron
    ("at()", "at", ""),
    ("rate()", "rate", ""),  # LS
    ("rate(10)", "rate", "10"),  # LS
    ("rate(10 seconds)", "rate", "10 seconds"),  # LS
    ("rate(10 years)", "rate", "10 years"),  # LS
    ("rate(10 minutess)", "rate", "10 minutess"),  # LS
    ("rate(foo minutes)", "rate", "foo minutes"),  # LS
    ("rate(-10 minutes)", "rate", "-10 minutes"),  # LS
    ("rate( 10 minutes )", "rate", " 10 minutes "),  # LS
    ("rate(30 seconds)", "rate", "30 seconds"),  # POLL
    ("rate(0 minutes)", "rate", "0 minutes"),  # UG: positive
    ("rate(1.5 hours)", "rate", "1.5 hours"),  # UG: integer
    ("rate(05 minutes)", "rate", "05 minutes"),  # ours
    ("rate(5  minutes)", "rate", "5  minutes"),  # ours
    ("rate(5 MINUTES)", "rate", "5 MINUTES"),  # ours
    ("rate(1000000 minutes)", "rate", "1000000 minutes"),  # ours
    ("rate(\u0665 minutes)", "rate", "\u0665 minutes"),  # an Arabic five
    ("cron()", "cron", ""),  # LS
    ("cron(INVALID)", "cron", "INVALID"),  # LS
    ("cron(0 3 * * *)", "cron", "0 3 * * *"),  # UG: six fields are required
    ("cron(*/30 * * * * ? *)", "cron", "*/30 * * * * ? *"),  # POLL: seven fields
    ("cron(0  9 * * ? *)", "cron", "0  9 * * ? *"),  # ours
    ("cron( 0 9 * * ? *)", "cron", " 0 9 * * ? *"),  # ours
    ("cron(0 1 * * * *)", "day-of-month and day-of-week", "* *"),  # LS
    ("cron(0 9 1 * MON *)", "day-of-month and day-of-week", "1 MON"),  # UG
    ("cron(0 9 ? * ? *)", "day-of-month and day-of-week", "? ?"),  # ours
    ("cron(7 20 * * NOT *)", "day-of-month and day-of-week", "* NOT"),  # LS
    ("cron(0 dummy ? * MON-FRI *)", "hours", "dummy"),  # LS
    ("cron(71 8 1 * ? *)", "minutes", "71"),  # LS
    ("cron(0 24 * * ? *)", "hours", "24"),  # UG: 0-23
    ("cron(0 9 0 * ? *)", "day-of-month", "0"),  # UG: 1-31
    ("cron(0 9 32 * ? *)", "day-of-month", "32"),
    ("cron(0 9 1 13 ? *)", "month", "13"),  # UG: 1-12
    ("cron(0 9 ? * 0 *)", "day-of-week", "0"),  # UG: 1-7, where Unix has 0
    ("cron(0 9 ? * 8 *)", "day-of-week", "8"),
    ("cron(0 9 * * ? 1969)", "year", "1969"),  # UG: 1970-2199
    ("cron(0 9 * * ? 2200)", "year", "2200"),
    ("cron(0 9 * * ? 2030-2028)", "year", "2030-2028"),  # ours: years do not come round
    ("cron(? 9 * * ? *)", "minutes", "?"),  # UG: not in the list of wildcards
    ("cron(0 9 1 ? ? *)", "month", "?"),
    ("cron(0 9 * * ? ?)", "year", "?"),
    ("cron(0 9 ? * MON/2 *)", "day-of-week", "MON/2"),  # UG: no / in the list of wildcards
    ("cron(0 9 ? * */2 *)", "day-of-week", "*/2"),
    ("cron(0 9 ? * 3#1,6#3 *)", "day-of-week", "3#1,6#3"),  # UG
    ("cron(0 9 ? * 3#6 *)", "day-of-week", "3#6"),
    ("cron(0 9 ? * 3#0 *)", "day-of-week", "3#0"),
    ("cron(0 9 ? * #2 *)", "day-of-week", "#2"),
    ("cron(0 9 ? * mon *)", "day-of-week", "mon"),  # ours
    ("cron(0 9 ? * MONDAY *)", "day-of-week", "MONDAY"),
    ("cron(0 9 ? * MON-6 *)", "day-of-week", "MON-6"),  # ours
    ("cron(0 9 ? * 2L,6L *)", "day-of-week", "2L,6L"),  # ours
    ("cron(0 9 ? * 3W *)", "day-of-week", "3W"),  # UG: W belongs to the other field
    ("cron(0 9 1 jan ? *)", "month", "jan"),  # ours
    ("cron(0 9 L-3 * ? *)", "day-of-month", "L-3"),  # ours
    ("cron(0 9 1,L * ? *)", "day-of-month", "1,L"),  # ours
    ("cron(0 9 W * ? *)", "day-of-month", "W"),
    ("cron(0 9 32W * ? *)", "day-of-month", "32W"),
    ("cron(0 9 1W,15W * ? *)", "day-of-month", "1W,15W"),  # ours
    ("cron(0 9 3#2 * ? *)", "day-of-month", "3#2"),  # UG: # belongs to the other field
    ("cron(, * * * ? *)", "minutes", ","),
    ("cron(1, * * * ? *)", "minutes", "1,"),
    ("cron(1-2-3 * * * ? *)", "minutes", "1-2-3"),
    ("cron(-5 * * * ? *)", "minutes", "-5"),
    ("cron(*,5 * * * ? *)", "minutes", "*,5"),  # ours
    ("cron(*-5 * * * ? *)", "minutes", "*-5"),
    ("cron(/15 * * * ? *)", "minutes", "/15"),  # ours
    ("cron(0/0 * * * ? *)", "minutes", "0/0"),
    ("cron(0/60 * * * ? *)", "minutes", "0/60"),  # ours
    ("cron(0 0/24 * * ? *)", "hours", "0/24"),  # ours
    ("cron(0 9 * * ? 1970/231)", "year", "1970/231"),  # ours
    ("cron(0/ * * * ? *)", "minutes", "0/"),
    ("cron(0/5/2 * * * ? *)", "minutes", "0/5/2"),
    ("cron(005 * * * ? *)", "minutes", "005"),  # ours
    ("cron(\u0665 * * * ? *)", "minutes", "\u0665"),  # an Arabic five
    ("cron(\u00b2 * * * ? *)", "minutes", "\u00b2"),  # a digit that int() cannot read
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_it_accepts_what_aws_accepts(text: str) -> None:
    assert parse(text).text == text


@pytest.mark.parametrize(("text", "field", "value"), REFUSED)
def test_it_refuses_what_aws_refuses_and_names_the_part_at_fault(text: str, field: str, value: str) -> None:
    with pytest.raises(InvalidExpression) as refused:
        parse(text)

    assert (refused.value.field, refused.value.value) == (field, value)


@given(
    kind=st.sampled_from(["at({})", "rate({})", "cron({})", "cron(0 9 {} * ? *)", "cron(0 9 ? * {} *)", "{}"]),
    text=st.one_of(st.text(), st.text("0123456789 ,-*/?LW#:TSUNMOFRI")),
)
def test_any_other_text_is_refused_and_nothing_worse(kind: str, text: str) -> None:
    with suppress(InvalidExpression):
        assert parse(kind.format(text)).kind


REASONS = [
    ("cron(0 9 ? * 8 *)", "day-of-week: '8' is not allowed; allowed: 1-7 or SUN-SAT with , - * ? L #"),
    ("cron(0/60 9 * * ? *)", "minutes: '0/60' is not allowed; allowed: a step of 1 to 59"),
    ("cron(*,5 9 * * ? *)", "minutes: '*,5' is not allowed; allowed: * alone, or a list without it"),
    ("cron(0 9 L-3 * ? *)", "day-of-month: 'L-3' is not allowed; allowed: L or LW alone"),
    (
        "cron(0 9 * * ? 2030-2028)",
        "year: '2030-2028' is not allowed; allowed: a range that begins with the lower number",
    ),
    ("at(2027-02-30T09:00:00)", "at: '2027-02-30T09:00:00' is not allowed; allowed: a real date and time"),
]


@pytest.mark.parametrize(("text", "reason"), REASONS)
def test_a_refusal_says_what_is_allowed(text: str, reason: str) -> None:
    with pytest.raises(InvalidExpression) as refused:
        parse(text)

    assert str(refused.value).startswith(reason)


@pytest.mark.parametrize("name", ["Europe/Atlantis", "europe/berlin", "", "../UTC"])
def test_an_unknown_zone_is_a_fault_of_the_field_timezone(name: str) -> None:
    with pytest.raises(InvalidExpression) as refused:
        parse("rate(1 day)", name)

    assert (refused.value.field, refused.value.value) == ("timezone", name)


@pytest.mark.parametrize("field", ["start_at", "end_at"])
def test_it_refuses_a_window_without_a_time_zone(field: str) -> None:
    with pytest.raises(InvalidExpression) as refused:
        parse("rate(1 day)", **{field: datetime.fromisoformat("2027-03-01T09:00:00")})  # type: ignore[arg-type]

    assert refused.value.field == field


def test_it_refuses_a_moment_without_a_time_zone() -> None:
    with pytest.raises(ValueError, match="aware"):
        parse("rate(1 day)").occurrences(datetime.fromisoformat("2027-03-01T09:00:00"))


def test_the_window_is_kept_in_utc() -> None:
    expression = parse("rate(1 day)", start_at=datetime.fromisoformat("2027-03-01T09:00:00+01:00"))

    assert repr(expression.start_at) == repr(datetime(2027, 3, 1, 8, tzinfo=UTC))


def test_a_one_time_expression_has_no_window() -> None:
    # API: "EventBridge Scheduler ignores StartDate for one-time schedules", and EndDate alike.
    moment = datetime(2027, 3, 1, tzinfo=UTC)
    expression = parse("at(2027-06-01T09:00:00)", start_at=moment, end_at=moment)

    assert (expression.start_at, expression.end_at) == (None, None)


@pytest.mark.parametrize(
    ("text", "kind"), [("at(2027-03-01T09:00:00)", "at"), ("rate(1 day)", "rate"), ("cron(0 9 L * ? *)", "cron")]
)
def test_an_expression_knows_its_kind(text: str, kind: str) -> None:
    assert parse(text).kind == kind


@pytest.mark.parametrize("text", ["at(2027-03-01T09:00:00)", "rate(1 day)", "cron(0 9 ? * MON-FRI *)"])
def test_an_expression_is_a_value_that_can_be_hashed_copied_and_pickled(text: str) -> None:
    expression = parse(text, "Europe/Berlin")

    assert {expression, parse(text, "Europe/Berlin"), copy.deepcopy(expression)} == {expression}
    assert pickle.loads(pickle.dumps(expression)) == expression  # noqa: S301 (our own bytes)


def test_an_expression_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        parse("rate(1 day)").text = "rate(2 days)"  # type: ignore[misc]


def test_a_refusal_survives_pickling() -> None:
    refused = InvalidExpression("hours", "24", "0-23")

    assert str(pickle.loads(pickle.dumps(refused))) == str(refused)  # noqa: S301 (our own bytes)


@pytest.mark.parametrize(
    ("instant", "floor", "ceiling"),
    [
        ("2027-03-01T12:16:00+00:00", "2027-03-01T12:16:00+00:00", "2027-03-01T12:16:00+00:00"),
        ("2027-03-01T12:16:00.000001+00:00", "2027-03-01T12:16:00+00:00", "2027-03-01T12:17:00+00:00"),
        ("2027-03-01T12:15:37+00:00", "2027-03-01T12:15:00+00:00", "2027-03-01T12:16:00+00:00"),
        ("2027-12-31T23:59:59+00:00", "2027-12-31T23:59:00+00:00", "2028-01-01T00:00:00+00:00"),
    ],
)
def test_recurring_lives_on_whole_minutes(instant: str, floor: str, ceiling: str) -> None:
    moment = datetime.fromisoformat(instant)

    assert (floor_minute(moment).isoformat(), ceil_minute(moment).isoformat()) == (floor, ceiling)
