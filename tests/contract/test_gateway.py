"""SchedulerGateway, fake and real: what EventBridge has after each call."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.model import payload
from chalicelib.core.model.schedule import DeliveryPolicy, Status, Timing
from chalicelib.testing.gateway import NAMES
from tests.builders import DAY, HOUR, MINUTE, NOW, a_schedule, an_action, changed, every_hour

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.core.model.schedule import Action, Schedule

    from .conftest import Engine


def test_it_fires_a_one_time_schedule_once_and_then_forgets_it(engine: Engine) -> None:
    found = _put(engine, a_schedule(timing=Timing("at(2027-03-01T09:00:00)")))

    assert found["ScheduleExpression"] == "at(2027-03-01T09:00:00)"
    assert found["ScheduleExpressionTimezone"] == "UTC"
    assert found["ActionAfterCompletion"] == "DELETE"
    assert found["State"] == "ENABLED"
    assert found["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert "StartDate" not in found
    assert "EndDate" not in found


def test_it_hands_the_payload_to_the_notification_lambda(engine: Engine) -> None:
    schedule = a_schedule(delivery=DeliveryPolicy(max_retries=3, max_age_seconds=600))
    target = _put(engine, schedule)["Target"]

    assert (target["Arn"], target["RoleArn"]) == (NAMES.target_arn, NAMES.role_arn)
    assert target["Input"] == payload.write(schedule, an_action())
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 600}
    assert target["DeadLetterConfig"] == {"Arn": NAMES.dead_letter_arn}


def test_its_name_is_for_machines_and_its_description_for_people(engine: Engine) -> None:
    found = _put(engine, a_schedule(user_id="ü" * 600))

    assert found["GroupName"] == NAMES.group
    assert len(found["Name"]) == 64
    assert found["Description"] == "ü" * 512


def test_the_same_id_of_two_users_makes_two_schedules(engine: Engine) -> None:
    _put(engine, a_schedule(user_id="alice"))
    _put(engine, a_schedule(user_id="bob"))
    engine.gateway.delete(a_schedule(user_id="alice"))

    assert engine.find(a_schedule(user_id="alice")) is None
    assert engine.find(a_schedule(user_id="bob")) is not None


# Times


@pytest.mark.parametrize(
    ("expression", "timezone", "sent"),
    [
        ("at(2027-07-01T09:00:00)", "Europe/Berlin", ("at(2027-07-01T09:00:00)", "Europe/Berlin")),
        # 2027-10-31: at 03:00 summer time the clocks go back, so 02:00 to 02:59:59 is shown twice.
        ("at(2027-10-31T01:59:59)", "Europe/Berlin", ("at(2027-10-31T01:59:59)", "Europe/Berlin")),
        ("at(2027-10-31T02:30:00)", "Europe/Berlin", ("at(2027-10-31T00:30:00)", "UTC")),
        ("at(2027-10-31T03:00:00)", "Europe/Berlin", ("at(2027-10-31T03:00:00)", "Europe/Berlin")),
    ],
)
def test_a_wall_time_is_sent_with_its_zone_and_one_shown_twice_as_the_first_instant(
    engine: Engine, expression: str, timezone: str, sent: tuple[str, str]
) -> None:
    found = _put(engine, a_schedule(timing=Timing(expression, timezone)))

    assert (found["ScheduleExpression"], found["ScheduleExpressionTimezone"]) == sent


def test_a_cron_without_an_end_fires_in_its_zone_for_ever(engine: Engine) -> None:
    found = _put(engine, a_schedule(timing=Timing("cron(0 9 ? * MON-FRI *)", "Europe/Berlin")))

    assert found["ScheduleExpression"] == "cron(0 9 ? * MON-FRI *)"
    assert found["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert found["ActionAfterCompletion"] == "NONE"
    assert "StartDate" not in found
    assert "EndDate" not in found


def test_a_start_to_come_is_sent(engine: Engine) -> None:
    assert _put(engine, a_schedule(timing=every_hour(start_at=NOW + DAY)))["StartDate"] == NOW + DAY


@pytest.mark.parametrize(
    ("now", "next_beat"),
    [
        (NOW + HOUR, NOW + HOUR),
        # Our clock may be two minutes ahead: what seems to be just over may still be to come.
        (NOW + HOUR + MINUTE, NOW + HOUR),
        (NOW + HOUR + 2 * MINUTE, NOW + 2 * HOUR),
        (NOW + 30 * DAY + 5 * MINUTE, NOW + 30 * DAY + HOUR),
    ],
)
def test_a_rate_that_has_started_keeps_its_phase(engine: Engine, now: datetime, next_beat: datetime) -> None:
    found = _put(engine, a_schedule(timing=every_hour(start_at=NOW + HOUR)), now=now)

    assert found["StartDate"] == next_beat


def test_a_cron_that_has_started_needs_no_start(engine: Engine) -> None:
    started = Timing("cron(0 9 ? * MON *)", "UTC", start_at=NOW - DAY)

    assert "StartDate" not in _put(engine, a_schedule(timing=started))


@pytest.mark.parametrize(
    ("end_at", "sent"),
    [
        (datetime(2027, 3, 8, 9, 0, tzinfo=UTC), datetime(2027, 3, 8, 9, 1, tzinfo=UTC)),
        (datetime(2027, 3, 8, 8, 59, tzinfo=UTC), datetime(2027, 3, 1, 9, 1, tzinfo=UTC)),
        (datetime(2027, 12, 31, 0, 0, tzinfo=UTC), datetime(2027, 12, 27, 9, 1, tzinfo=UTC)),
    ],
)
def test_what_ends_is_sent_with_its_last_occurrence_and_then_forgotten(
    engine: Engine, end_at: datetime, sent: datetime
) -> None:
    found = _put(engine, a_schedule(timing=Timing("cron(0 9 ? * MON *)", "UTC", end_at=end_at)))

    assert found["EndDate"] == sent
    assert found["ActionAfterCompletion"] == "DELETE"


def test_the_window_of_the_last_occurrence_lies_before_the_end(engine: Engine) -> None:
    timing = Timing("cron(0 9 ? * MON *)", "UTC", end_at=datetime(2027, 3, 8, 9, 0, tzinfo=UTC))

    found = _put(engine, a_schedule(timing=timing, flexible_window_minutes=30))

    assert found["EndDate"] == datetime(2027, 3, 8, 9, 31, tzinfo=UTC)


def test_a_flexible_window_is_sent_in_minutes(engine: Engine) -> None:
    found = _put(engine, a_schedule(flexible_window_minutes=15))

    assert found["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}


# The same again, and something else


def test_a_create_said_again_leaves_the_first_as_it_is(engine: Engine) -> None:
    schedule = a_schedule(timing=every_hour())
    first = _put(engine, schedule)

    assert _put(engine, schedule, now=NOW + 5 * HOUR) == first


def test_a_create_over_something_else_takes_its_place(engine: Engine) -> None:
    _put(engine, a_schedule(), action=an_action(subject="something else"))
    found = _put(engine, a_schedule(), action=an_action(subject="hello"))

    assert "something else" not in found["Target"]["Input"]


def test_a_change_leaves_nothing_of_what_was_before(engine: Engine) -> None:
    before = a_schedule(timing=every_hour(end_at=NOW + DAY), flexible_window_minutes=15)
    _put(engine, before)
    after = changed(before, timing=Timing("cron(0 9 ? * MON *)", "Europe/Berlin"), flexible_window_minutes=0)
    found = _put(engine, after)

    assert found["ScheduleExpression"] == "cron(0 9 ? * MON *)"
    assert found["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert found["ActionAfterCompletion"] == "NONE"
    assert not {"StartDate", "EndDate"} & found.keys()


def test_a_paused_schedule_stays_but_does_not_fire(engine: Engine) -> None:
    _put(engine, a_schedule())
    found = _put(engine, changed(a_schedule(), status=Status.PAUSED))

    assert found["State"] == "DISABLED"


def test_a_change_of_what_eventbridge_lost_brings_it_back(engine: Engine) -> None:
    found = _put(engine, changed(a_schedule()))

    assert found["ScheduleExpression"] == a_schedule().timing.expression


# Delete


def test_a_deleted_schedule_is_gone(engine: Engine) -> None:
    _put(engine, a_schedule())
    engine.gateway.delete(a_schedule())

    assert engine.find(a_schedule()) is None


def test_deleting_what_is_not_there_is_success(engine: Engine) -> None:
    engine.gateway.delete(a_schedule())

    assert engine.find(a_schedule()) is None


def _put(engine: Engine, schedule: Schedule, action: Action | None = None, now: datetime = NOW) -> Mapping[str, Any]:
    """What EventBridge has of it afterwards."""
    engine.gateway.put(schedule, action or an_action(), now=now)
    found = engine.find(schedule)
    assert found is not None
    return found
