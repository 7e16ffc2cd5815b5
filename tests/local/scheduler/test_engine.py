"""What fires when: pure calculation, no clock and no thread."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from local.scheduler.engine import AS_LATE_AS_AWS, ON_TIME, Engine
from local.scheduler.models import Schedule
from local.scheduler.testing import a_schedule

NOW = datetime(2027, 3, 1, 12, 0, 37, 250_000, tzinfo=UTC)  # a Monday
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def scheduled_times(count: int, **members: Any) -> list[str]:
    """The first scheduled times of a schedule made at NOW, as UTC."""
    engine, schedule = Engine(), a_schedule(NOW, **members)
    found: list[str] = []
    firing = engine.next_firing(schedule)
    while firing and len(found) < count:
        found.append(firing.scheduled_time.strftime("%m-%dT%H:%M:%S"))
        firing = engine.next_firing(schedule, firing.scheduled_time)
    return found


def fires_at(
    schedules: Sequence[Schedule], *, span: timedelta = DAY, lateness: timedelta = ON_TIME
) -> list[tuple[str, datetime]]:
    """(name, when) of every firing within `span` after NOW."""
    firings = Engine(lateness).firings(schedules, NOW - HOUR, NOW + span)
    return [(firing.schedule.name, firing.fires_at) for firing in firings]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        pytest.param({"ScheduleExpression": "at(2027-03-01T13:00:05)"}, ["03-01T13:00:05"], id="at"),
        pytest.param(
            {"ScheduleExpression": "at(2027-07-01T13:00:00)", "ScheduleExpressionTimezone": "Europe/Berlin"},
            ["07-01T11:00:00"],
            id="at in a zone",
        ),
        pytest.param(
            {
                "ScheduleExpression": "at(2027-03-01T13:00:00)",
                "StartDate": utc("2027-03-01T14:00:00"),
                "EndDate": utc("2027-03-01T15:00:00"),
            },
            ["03-01T13:00:00"],
            id="at ignores StartDate and EndDate",
        ),
        pytest.param({"ScheduleExpression": "at(2020-01-01T00:00:00)"}, ["01-01T00:00:00"], id="at in the past"),
        pytest.param(
            {"ScheduleExpression": "rate(15 minutes)"},
            ["03-01T12:00:37", "03-01T12:15:37", "03-01T12:30:37"],
            id="rate begins at once",
        ),
        pytest.param(
            {"ScheduleExpression": "rate(15 minutes)", "StartDate": utc("2027-03-02T08:00:30")},
            ["03-02T08:00:00", "03-02T08:15:00", "03-02T08:30:00"],
            id="rate begins at StartDate, whose seconds are ignored",
        ),
        pytest.param(
            {"ScheduleExpression": "rate(15 minutes)", "StartDate": utc("2027-03-01T11:57:00")},
            ["03-01T12:12:00", "03-01T12:27:00", "03-01T12:42:00"],
            id="rate keeps the phase of a StartDate gone by",
        ),
        pytest.param(
            {
                "ScheduleExpression": "rate(1 day)",
                "ScheduleExpressionTimezone": "Europe/Berlin",
                "StartDate": utc("2027-03-27T08:00:00"),
            },
            ["03-27T08:00:00", "03-28T08:00:00", "03-29T08:00:00"],
            id="rate knows no daylight saving",
        ),
        pytest.param(
            {
                "ScheduleExpression": "cron(0 9 * * ? *)",
                "ScheduleExpressionTimezone": "Europe/Berlin",
                "StartDate": utc("2027-03-27T08:00:00"),
            },
            ["03-27T08:00:00", "03-28T07:00:00", "03-29T07:00:00"],
            id="cron keeps the wall time from its StartDate on",
        ),
        pytest.param(
            {"ScheduleExpression": "cron(0 12,13 * * ? *)"},
            ["03-01T13:00:00", "03-02T12:00:00", "03-02T13:00:00"],
            id="cron does not make up for what lies before its creation",
        ),
        pytest.param(
            {"ScheduleExpression": "cron(0 13 * * ? *)", "EndDate": utc("2027-03-02T13:00:00")},
            ["03-01T13:00:00", "03-02T13:00:00"],
            id="EndDate is inclusive",
        ),
        pytest.param(
            {"ScheduleExpression": "rate(1 hour)", "EndDate": utc("2027-03-01T14:00:36")},
            ["03-01T12:00:37", "03-01T13:00:37"],
            id="nothing fires after EndDate",
        ),
        pytest.param(
            {"ScheduleExpression": "rate(1 hour)", "EndDate": utc("2027-01-01T00:00:00")}, [], id="EndDate gone by"
        ),
        pytest.param({"ScheduleExpression": "rate(1 hour)", "State": "DISABLED"}, [], id="disabled"),
        pytest.param({"ScheduleExpression": "cron(0 0 31 2 ? *)"}, [], id="never"),
    ],
)
def test_scheduled_times(members: dict[str, Any], expected: list[str]) -> None:
    assert scheduled_times(3, **members) == expected


def test_it_fires_at_the_scheduled_time() -> None:
    firing = Engine().next_firing(a_schedule(NOW, ScheduleExpression="at(2027-03-01T13:00:05)"))

    assert firing
    assert firing.fires_at == firing.scheduled_time


def test_an_overdue_one_time_schedule_fires_at_once() -> None:
    overdue = a_schedule(NOW, ScheduleExpression="at(2020-01-01T00:00:00)")

    assert fires_at([overdue]) == [("s1", NOW)]


def a_flexible_schedule(minutes: int, **members: Any) -> Schedule:
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": minutes}
    return a_schedule(NOW, **{"ScheduleExpression": "cron(0 * * * ? *)", "FlexibleTimeWindow": window, **members})


def delays(schedule: Schedule, lateness: timedelta = ON_TIME) -> list[timedelta]:
    """Of a thousand hours."""
    firings = Engine(lateness).firings([schedule], NOW, NOW + 1000 * HOUR)
    return [firing.fires_at - firing.scheduled_time for firing in firings]


def test_a_flexible_window_is_used_from_end_to_end_and_never_left() -> None:
    found = delays(a_flexible_schedule(15))

    assert timedelta() <= min(found) < MINUTE
    assert 14 * MINUTE < max(found) < 15 * MINUTE
    assert 6 * MINUTE < sum(found, timedelta()) / len(found) < 9 * MINUTE


def test_an_occurrence_has_one_instant_in_its_window_for_good() -> None:
    earlier, later = a_flexible_schedule(15), a_flexible_schedule(15, Description="changed")

    assert delays(earlier) == delays(later)


def test_schedules_of_the_same_time_are_spread_over_their_windows() -> None:
    schedules = [a_flexible_schedule(15, Name=f"s{number}") for number in range(20)]

    assert len({when for _, when in fires_at(schedules, span=2 * HOUR)}) > 20


def test_a_window_ends_at_the_next_occurrence() -> None:
    found = fires_at([a_flexible_schedule(1440)], span=1000 * HOUR)
    instants = [when for _, when in found]

    assert max(delays(a_flexible_schedule(1440))) < HOUR
    assert all(earlier < later for earlier, later in pairwise(instants))


def test_a_window_ends_at_the_end_date() -> None:
    end = utc("2027-03-01T13:01:00")
    found = [fires_at([a_flexible_schedule(60, Name=f"s{number}", EndDate=end)])[0][1] for number in range(50)]

    assert max(found) <= end


def test_a_one_time_schedule_may_have_a_window_that_no_end_date_cuts() -> None:
    at_one = utc("2027-03-01T13:00:00")
    schedule = a_flexible_schedule(60, ScheduleExpression="at(2027-03-01T13:00:00)", EndDate=at_one)
    [(_, when)] = fires_at([schedule])

    assert at_one < when < at_one + HOUR


def test_it_can_be_as_late_as_aws() -> None:
    found = delays(a_schedule(NOW, ScheduleExpression="cron(0 * * * ? *)"), AS_LATE_AS_AWS)

    assert timedelta() <= min(found) < timedelta(seconds=2)
    assert timedelta(seconds=58) < max(found) < MINUTE


def test_lateness_is_the_same_each_time() -> None:
    schedule = a_schedule(NOW, ScheduleExpression="cron(0 * * * ? *)")

    assert delays(schedule, AS_LATE_AS_AWS) == delays(schedule, AS_LATE_AS_AWS)


def test_as_late_as_aws_a_firing_does_not_overtake_the_next_scheduled_time() -> None:
    schedule = a_flexible_schedule(5, ScheduleExpression="cron(* * * * ? *)")
    found = Engine(AS_LATE_AS_AWS).firings([schedule], NOW, NOW + 10 * HOUR)

    assert max(firing.fires_at - firing.scheduled_time for firing in found) == MINUTE


def test_as_late_as_aws_ties_come_in_another_order() -> None:
    schedules = [a_schedule(NOW, Name=f"s{number:02}") for number in range(20)]
    on_time, late = fires_at(schedules), fires_at(schedules, lateness=AS_LATE_AS_AWS)

    assert [name for name, _ in on_time] != [name for name, _ in late]
    assert sorted(name for name, _ in on_time) == sorted(name for name, _ in late)


def test_as_late_as_aws_an_overdue_schedule_waits_too() -> None:
    schedules = [
        a_schedule(NOW, Name=f"s{number}", ScheduleExpression="at(2020-01-01T00:00:00)") for number in range(50)
    ]
    instants = [when for _, when in fires_at(schedules, lateness=AS_LATE_AS_AWS)]

    assert min(instants) > NOW
    assert NOW + 50 * timedelta(seconds=1) < max(instants) < NOW + MINUTE


def test_firings_of_many_schedules_are_in_the_order_of_time() -> None:
    found = fires_at([a_flexible_schedule(40, Name=f"s{number}") for number in range(10)])
    instants = [when for _, when in found]

    assert instants == sorted(instants)
    assert len(instants) > 200


def test_an_interval_leaves_out_its_begin_and_takes_in_its_end() -> None:
    schedule = a_schedule(NOW, ScheduleExpression="cron(0 * * * ? *)")
    found = Engine().firings([schedule], utc("2027-03-01T13:00:00"), utc("2027-03-01T15:00:00"))

    assert [firing.fires_at.hour for firing in found] == [14, 15]


@pytest.mark.parametrize("lateness", [ON_TIME, AS_LATE_AS_AWS])
def test_adjoining_intervals_neither_lose_nor_repeat_a_firing(lateness: timedelta) -> None:
    engine = Engine(lateness)
    schedules = [a_flexible_schedule(90, Name=f"s{number}") for number in range(5)]
    whole = list(engine.firings(schedules, NOW, NOW + DAY))
    hours = [NOW + hour * HOUR for hour in range(25)]
    parts = [firing for begin, end in pairwise(hours) for firing in engine.firings(schedules, begin, end)]

    assert parts == whole
