"""The engine on the agenda: schedules that are created, changed, completed and deleted while time passes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from local.scheduler import Invocation, Scheduler
from local.scheduler.testing import FakeDeadLetters, Stage, a_refusal, a_request, a_target, client, stage
from local.time.agenda import Agenda
from local.time.clock import Clock

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
AT_ONE = NOW + timedelta(hours=1)  # the time of `a_request()`
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
def on() -> Iterator[Stage]:
    with stage(NOW) as made:
        yield made


def scheduled_times(on: Stage) -> list[str]:
    return [f"{scheduled_time:%dT%H:%M}" for _, scheduled_time, _ in on.attempts()]


def test_a_one_time_schedule_fires_once_at_its_time(on: Stage) -> None:
    on.create()
    on.agenda.advance(NOW + DAY)

    assert on.attempts() == [(AT_ONE, AT_ONE, 1)]


def test_a_recurring_schedule_fires_again_and_again(on: Stage) -> None:
    on.create(ScheduleExpression="rate(15 minutes)")
    on.agenda.advance(NOW + 40 * MINUTE)

    assert scheduled_times(on) == ["01T12:00", "01T12:15", "01T12:30"]


def test_it_invokes_the_target_in_the_name_of_the_role(on: Stage) -> None:
    target = a_target(Arn="arn:aws:sqs:eu-central-1:123456789012:q", SqsParameters={"MessageGroupId": "g"})
    on.create(Target=target)
    on.agenda.advance(AT_ONE)
    [(_, invocation)] = on.targets.invocations

    assert (invocation.target_arn, invocation.role_arn) == (target["Arn"], target["RoleArn"])
    assert invocation.parameters == {"SqsParameters": {"MessageGroupId": "g"}}
    assert (invocation.region, invocation.account) == ("eu-central-1", "123456789012")


def test_a_completed_schedule_stays_enabled_when_nothing_else_is_asked_for(on: Stage) -> None:
    on.create()
    on.agenda.advance(NOW + DAY)

    assert on.client.get_schedule(Name="s1")["State"] == "ENABLED"


def test_a_one_time_schedule_is_deleted_after_its_delivery(on: Stage) -> None:
    on.create(ActionAfterCompletion="DELETE")
    on.agenda.advance(AT_ONE)

    assert (len(on.attempts()), on.names()) == (1, [])


def test_it_is_not_deleted_before_its_delivery(on: Stage) -> None:
    on.create(ActionAfterCompletion="DELETE")
    on.agenda.advance(AT_ONE - MINUTE)

    assert on.names() == ["s1"]


def test_it_is_not_deleted_while_deliveries_are_tried_again(on: Stage) -> None:
    on.targets.failures = [a_refusal() for _ in range(8)]
    on.create(ActionAfterCompletion="DELETE")
    on.agenda.advance(AT_ONE + MINUTE)
    on_the_way = on.names()
    on.agenda.advance(AT_ONE + 10 * MINUTE)

    assert (on_the_way, on.names()) == (["s1"], [])


def test_a_recurring_schedule_is_deleted_after_its_last_occurrence(on: Stage) -> None:
    on.create(ScheduleExpression="rate(15 minutes)", EndDate=NOW + 40 * MINUTE, ActionAfterCompletion="DELETE")
    on.agenda.advance(NOW + 29 * MINUTE)
    before_the_last = on.names()
    on.agenda.advance(NOW + 30 * MINUTE)

    assert (before_the_last, len(on.attempts()), on.names()) == (["s1"], 3, [])


def test_a_schedule_that_ended_before_it_began_stays_and_is_silent(on: Stage) -> None:
    on.create(ScheduleExpression="rate(15 minutes)", EndDate=NOW - DAY, ActionAfterCompletion="DELETE")
    on.agenda.advance(NOW + DAY)

    assert (on.attempts(), on.names()) == ([], ["s1"])


def test_a_deleted_schedule_does_not_fire(on: Stage) -> None:
    on.create()
    on.client.delete_schedule(Name="s1")
    on.agenda.advance(NOW + DAY)

    assert on.attempts() == []


def test_a_schedule_deleted_at_the_instant_of_its_firing_does_not_fire() -> None:
    with stage(NOW, workers=1) as on:

        def delete() -> None:
            on.client.delete_schedule(Name="s1")

        on.agenda.call_at(AT_ONE, delete)  # both are handed out together, this one first
        on.create()
        on.agenda.advance(NOW + DAY)

        assert on.attempts() == []


def test_a_schedule_created_anew_fires_once(on: Stage) -> None:
    on.create()
    on.client.delete_schedule(Name="s1")
    on.create()
    on.agenda.advance(NOW + DAY)

    assert scheduled_times(on) == ["01T13:00"]


def test_an_update_moves_the_firing(on: Stage) -> None:
    on.create()
    on.client.update_schedule(**a_request(ScheduleExpression="at(2027-03-01T14:00:00)"))
    on.agenda.advance(NOW + DAY)

    assert scheduled_times(on) == ["01T14:00"]


def test_a_disabled_schedule_is_silent_until_it_is_enabled(on: Stage) -> None:
    on.create(ScheduleExpression="cron(0 * * * ? *)")
    on.client.update_schedule(**a_request(ScheduleExpression="cron(0 * * * ? *)", State="DISABLED"))
    on.agenda.advance(NOW + 150 * MINUTE)
    on.client.update_schedule(**a_request(ScheduleExpression="cron(0 * * * ? *)"))
    on.agenda.advance(NOW + 240 * MINUTE)

    assert scheduled_times(on) == ["01T15:00", "01T16:00"]


def test_an_overdue_one_time_schedule_fires_when_it_is_enabled(on: Stage) -> None:
    on.create(State="DISABLED")
    on.agenda.advance(NOW + DAY)
    on.client.update_schedule(**a_request())
    on.agenda.advance(NOW + DAY + MINUTE)
    [(when, scheduled_time, _)] = on.attempts()

    assert scheduled_time == AT_ONE
    assert NOW + DAY <= when < NOW + DAY + MINUTE


def test_an_update_anchors_a_rate_anew(on: Stage) -> None:
    on.create(ScheduleExpression="rate(1 hour)")
    on.agenda.advance(NOW + 20 * MINUTE)
    on.client.update_schedule(**a_request(ScheduleExpression="rate(1 hour)"))
    on.agenda.advance(NOW + 100 * MINUTE)

    assert scheduled_times(on) == ["01T12:00", "01T12:20", "01T13:20"]


def test_a_schedule_changed_during_its_last_delivery_is_not_deleted(on: Stage) -> None:
    on.targets.failures = [a_refusal()]
    on.create(ActionAfterCompletion="DELETE")

    def put_off() -> None:
        later = "at(2027-03-03T00:00:00)"
        on.client.update_schedule(**a_request(ScheduleExpression=later, ActionAfterCompletion="DELETE"))

    on.agenda.call_at(AT_ONE + timedelta(milliseconds=1), put_off)
    on.agenda.advance(NOW + DAY)

    assert (len(on.attempts()), on.names()) == (2, ["s1"])


def test_deliveries_go_on_after_the_schedule_was_deleted(on: Stage) -> None:
    on.targets.failures = [a_refusal()]
    on.create()

    def delete() -> None:
        on.client.delete_schedule(Name="s1")

    on.agenda.call_at(AT_ONE + timedelta(milliseconds=1), delete)
    on.agenda.advance(NOW + DAY)

    assert (len(on.attempts()), on.names()) == (2, [])


def test_in_flexible_windows_each_occurrence_is_delivered_once(on: Stage) -> None:
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 90}
    on.create(ScheduleExpression="cron(0 * * * ? *)", FlexibleTimeWindow=window)
    on.agenda.advance(NOW + DAY + 59 * MINUTE)

    assert scheduled_times(on)[:25] == [f"{1 + hour // 24:02}T{hour % 24:02}:00" for hour in range(12, 37)]


def test_as_late_as_aws_each_occurrence_is_delivered_once_within_its_minute() -> None:
    with stage(NOW, lateness="aws") as on:
        on.create(ScheduleExpression="cron(* * * * ? *)")
        on.agenda.advance(NOW + 60 * MINUTE)
        lateness = [when - scheduled_time for when, scheduled_time, _ in on.attempts()]

    assert len(lateness) in {60, 61}
    assert timedelta() < min(lateness) < max(lateness) < MINUTE


class HangingTargets:
    """Hangs on one target until `let_go`; notes when another one is reached."""

    def __init__(self, hanging_arn: str) -> None:
        self._hanging_arn = hanging_arn
        self.let_go = Event()
        self.other_reached = Event()

    def deliver(self, invocation: Invocation) -> None:
        if invocation.target_arn == self._hanging_arn:
            self.let_go.wait(10)
        else:
            self.other_reached.set()


def test_a_hanging_target_delays_nobody_else() -> None:
    clock = Clock()
    agenda = Agenda(clock)
    targets = HangingTargets(a_target()["Arn"])
    in_process = client(Scheduler(clock, agenda, targets, FakeDeadLetters()))
    agenda.start()
    at_once = "at(2020-01-01T00:00:00)"
    for number in range(30):
        in_process.create_schedule(**a_request(Name=f"hangs{number}", ScheduleExpression=at_once))
    other = a_target(Arn="arn:aws:sqs:eu-central-1:123456789012:q")
    in_process.create_schedule(**a_request(Name="other", ScheduleExpression=at_once, Target=other))
    reached = targets.other_reached.wait(5)
    targets.let_go.set()
    agenda.stop()

    assert reached
