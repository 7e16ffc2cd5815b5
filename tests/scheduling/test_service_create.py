from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.actions.sms import Sms
from chalicelib.core.actions.templates import OF_EVERY_RUN
from chalicelib.core.errors import (
    InvalidInput,
    PayloadTooLarge,
    SchedulerRefused,
    SchedulerUnavailable,
    StoreUnavailable,
)
from chalicelib.core.model.fields import OPTIONS
from chalicelib.core.model.schedule import (
    Action,
    DeliveryPolicy,
    Schedule,
    Status,
    Timing,
)
from chalicelib.scheduling.create import request_digest
from chalicelib.scheduling.options import options_to_record
from chalicelib.scheduling.service import SchedulerService
from chalicelib.scheduling.timing_spec import TimingSpec
from chalicelib.testing import Crash, FakeStarter
from tests.builders import DAY, HOUR, MINUTE, NOW, SECOND, an_action

if TYPE_CHECKING:
    from chalicelib.testing import FakeGateway, Faults, InMemoryRepository, StoppedClock

TOMORROW = NOW + DAY
TOO_NEAR = NOW + MINUTE
"""The sweeper would come too late for it."""


def test_a_created_schedule_is_active_and_confirmed_and_knows_its_next_run(service: SchedulerService) -> None:
    schedule = service.create_one_time(user_id="alice", action=an_action(), at="2027-03-01T09:00:00Z")

    assert (schedule.status, schedule.confirmed) == (Status.ACTIVE, True)
    assert schedule.timing == Timing("at(2027-03-01T09:00:00)")
    assert schedule.next_run_at == NOW + HOUR


def test_it_is_counted_first_then_recorded_then_applied_then_confirmed(
    service: SchedulerService, faults: Faults
) -> None:
    _create(service)

    assert faults.calls == ["repository.raise_count", "repository.create", "gateway.put", "repository.confirm"]


def test_what_it_returns_is_what_it_recorded(service: SchedulerService) -> None:
    created = service.create_recurring(
        user_id="alice",
        action=an_action(),
        cron="0 9 ? * MON *",
        timezone="Europe/Berlin",
        resource_id="contract-42",
        name="Weekly",
        metadata={"plan": "pro"},
        flexible_window_minutes=15,
        delivery=DeliveryPolicy(3, 600),
    )

    assert service.get("alice", created.schedule_id) == created


def test_every_schedule_gets_an_id_of_its_own(service: SchedulerService) -> None:
    assert len({_create(service).schedule_id for _ in range(10)}) == 10


def test_a_time_between_two_milliseconds_is_recorded_as_the_table_keeps_it(
    service: SchedulerService, clock: StoppedClock
) -> None:
    clock.now = NOW + timedelta(microseconds=123_999)
    created = _create(service)

    assert created.created_at == NOW + timedelta(milliseconds=123)
    assert created.is_first_revision
    assert service.get("alice", created.schedule_id) == created


def test_a_model_of_an_action_is_taken_as_well(service: SchedulerService) -> None:
    class Reminder:
        def to_action(self) -> Action:
            return Action("invoice.remind", {"invoice": 42})

    created = service.create_one_time(user_id="alice", action=Reminder(), after="PT1H")

    assert service.get("alice", created.schedule_id).action == Action("invoice.remind", {"invoice": 42})


@pytest.mark.parametrize(
    ("arguments", "next_run_at"),
    [
        ({"after": timedelta(hours=2)}, NOW + 2 * HOUR),
        ({"at": NOW + DAY}, NOW + DAY),
        ({"at": datetime(2027, 3, 2, 9, 0), "timezone": "Europe/Berlin"}, NOW + DAY),  # noqa: DTZ001
    ],
)
def test_python_says_times_as_datetimes(
    service: SchedulerService, arguments: dict[str, Any], next_run_at: datetime
) -> None:
    assert service.create_one_time(user_id="alice", action=an_action(), **arguments).next_run_at == next_run_at


@pytest.mark.parametrize(
    ("arguments", "expression", "next_run_at"),
    [
        ({"rate": "15 minutes"}, "rate(15 minutes)", NOW + 15 * MINUTE),
        ({"cron": "30 9 ? * MON *", "timezone": "Europe/Berlin"}, "cron(30 9 ? * MON *)", NOW + 30 * MINUTE),
        ({"rate": "1 day", "start_at": NOW + HOUR, "end_at": NOW + 9 * DAY}, "rate(1 day)", NOW + HOUR),
    ],
)
def test_a_recurring_one_waits_for_its_first_occurrence(
    service: SchedulerService, arguments: dict[str, Any], expression: str, next_run_at: datetime
) -> None:
    created = service.create_recurring(user_id="alice", action=an_action(), **arguments)

    assert (created.timing.expression, created.next_run_at) == (expression, next_run_at)


def test_bad_input_is_refused_before_anything_is_written(service: SchedulerService, faults: Faults) -> None:
    with pytest.raises(InvalidInput):
        service.create_one_time(user_id="alice", action=an_action(), at="2020-01-01T00:00:00Z")

    assert faults.calls == []


def test_a_payload_over_the_limit_is_refused_before_anything_is_written(
    repository: InMemoryRepository, gateway: FakeGateway, clock: StoppedClock, faults: Faults
) -> None:
    service = SchedulerService(repository, gateway, FakeStarter(), clock=clock, payload_limit=2000)

    with pytest.raises(PayloadTooLarge, match=r"the limit is 2,000 bytes") as refused:
        _create(service, action=an_action(text="ü" * 1000))
    assert refused.value.size > 2000
    assert faults.calls == []


# EventBridge says no


def test_what_eventbridge_refuses_is_recorded_as_failed_with_its_reason(
    service: SchedulerService, faults: Faults, gateway: FakeGateway
) -> None:
    faults.once("gateway.put", SchedulerRefused("Invalid Schedule Expression."))
    with pytest.raises(SchedulerRefused, match="Invalid Schedule Expression"):
        _create(service)

    record = _only(service, Status.FAILED)
    assert (record.reason, record.confirmed) == ("Invalid Schedule Expression.", True)
    assert record.next_run_at is None
    assert gateway.schedules == {}


def test_the_record_of_a_refused_one_goes_some_day(service: SchedulerService, faults: Faults) -> None:
    faults.once("gateway.put", SchedulerRefused("no"))
    with pytest.raises(SchedulerRefused):
        _create(service)

    assert _only(service, Status.FAILED).expires_at == NOW + 91 * DAY


@pytest.mark.parametrize("done", [True, False], ids=["it was done", "it was not done"])
def test_a_near_create_that_eventbridge_did_not_answer_is_withdrawn(
    service: SchedulerService, faults: Faults, gateway: FakeGateway, *, done: bool
) -> None:
    faults.once("gateway.put", SchedulerUnavailable, done=done)
    with pytest.raises(SchedulerUnavailable):
        _create(service, at=TOO_NEAR)

    assert gateway.schedules == {}
    assert _only(service, Status.FAILED).confirmed


def test_while_eventbridge_is_down_the_withdrawal_stays_an_intent(
    service: SchedulerService, faults: Faults, gateway: FakeGateway
) -> None:
    faults.once("gateway.put", SchedulerUnavailable, done=True)
    faults.always("gateway.delete", SchedulerUnavailable)
    with pytest.raises(SchedulerUnavailable):
        _create(service, at=TOO_NEAR)

    record = _only(service, Status.FAILED)
    assert not record.confirmed
    assert record.watch_at == NOW + MINUTE
    assert gateway.schedules != {}


def test_a_withdrawal_that_cannot_be_recorded_leaves_the_first_intent(
    service: SchedulerService, faults: Faults
) -> None:
    faults.once("gateway.put", SchedulerUnavailable)
    faults.once("repository.change", StoreUnavailable)
    with pytest.raises(SchedulerUnavailable):
        _create(service, at=TOO_NEAR)

    record = _only(service, Status.ACTIVE)
    assert not record.confirmed
    assert record.watch_at == NOW + MINUTE


# The table says no


def test_nothing_is_sent_to_eventbridge_without_a_record(
    service: SchedulerService, faults: Faults, gateway: FakeGateway
) -> None:
    faults.once("repository.create", StoreUnavailable)
    with pytest.raises(StoreUnavailable):
        _create(service)

    assert gateway.schedules == {}


def test_one_whose_confirm_was_lost_fires_all_the_same(
    service: SchedulerService, faults: Faults, gateway: FakeGateway
) -> None:
    faults.once("repository.confirm", StoreUnavailable)
    created = _create(service)

    assert not created.confirmed
    assert gateway.find("alice", created.schedule_id) is not None
    assert service.get("alice", created.schedule_id).watch_at == NOW + MINUTE


@pytest.mark.parametrize("done", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_crash_at_any_call_leaves_no_schedule_without_a_record(
    service: SchedulerService, faults: Faults, gateway: FakeGateway, nth: int, *, done: bool
) -> None:
    faults.once("*", Crash, nth=nth, done=done)
    with pytest.raises(Crash):
        _create(service)

    recorded = service.list_for_user("alice").items
    assert len(gateway.schedules) <= len(recorded)
    assert all(schedule.confirmed or schedule.watch_at == NOW + MINUTE for schedule in recorded)


def test_a_crash_in_the_middle_leaves_an_intent_whose_lease_ends(service: SchedulerService, faults: Faults) -> None:
    faults.once("gateway.put", Crash)
    with pytest.raises(Crash):
        _create(service)

    record = _only(service, Status.ACTIVE)
    assert record.is_leased(NOW + MINUTE - SECOND)
    assert not record.is_leased(NOW + MINUTE)


def _create(service: SchedulerService, action: Action | None = None, at: datetime = TOMORROW) -> Schedule:
    return service.create_one_time(user_id="alice", action=action or an_action(), at=at)


def _only(service: SchedulerService, status: Status) -> Schedule:
    (schedule,) = service.list_for_user("alice", status=status).items
    return schedule


# The same key again


def test_a_repeat_after_its_time_has_passed_is_answered_with_what_was_made(
    service: SchedulerService, clock: StoppedClock
) -> None:
    first = _keyed(service)
    clock.now = TOMORROW + MINUTE

    assert _keyed(service).schedule_id == first.schedule_id


def test_a_repeat_of_what_has_expired_is_no_answer(service: SchedulerService, clock: StoppedClock) -> None:
    first = _keyed(service)
    ended = service.cancel("alice", first.schedule_id)
    assert ended.expires_at is not None
    clock.now = ended.expires_at

    with pytest.raises(InvalidInput, match="must be in the future"):
        _keyed(service)


def test_a_first_request_for_the_past_is_refused_with_a_key_as_well(
    service: SchedulerService, clock: StoppedClock
) -> None:
    clock.now = TOMORROW + MINUTE

    with pytest.raises(InvalidInput, match="must be in the future"):
        _keyed(service)


# A text message with its values


def test_a_text_message_is_measured_with_its_values(service: SchedulerService) -> None:
    sms = Sms(to="+491701234567", text="{{scheduled_time}}{{metadata.m}}" + "x" * 1500)
    ask = partial(service.create_one_time, user_id="alice", at=TOMORROW, action=sms)

    # The scheduled time has 20 characters.
    assert ask(metadata={"m": "x" * 80}).status is Status.ACTIVE
    with pytest.raises(InvalidInput, match=r"action.text: has 1,601 characters with its values; the limit is 1,600"):
        ask(metadata={"m": "x" * 81})


def test_a_change_that_makes_a_text_message_too_long_is_refused(service: SchedulerService) -> None:
    sms = Sms(to="+491701234567", text="{{name}}" + "x" * 1550)
    schedule = service.create_one_time(user_id="alice", at=TOMORROW, action=sms, name="x" * 50)

    with pytest.raises(InvalidInput, match="has 1,601 characters"):
        service.change("alice", schedule.schedule_id, name="x" * 51)


def test_each_value_that_a_run_puts_into_a_text_message_is_measured(service: SchedulerService) -> None:
    text = "".join(f"{{{{{name}}}}}" for name in sorted(OF_EVERY_RUN))
    schedule = service.create_one_time(user_id="alice", at=TOMORROW, action=Sms(to="+491701234567", text=text))

    assert schedule.status is Status.ACTIVE


# What the same request is


@pytest.mark.parametrize("name", OPTIONS)
def test_a_default_that_is_spelled_out_is_the_same_request(name: str) -> None:
    at, default = TimingSpec(at=TOMORROW), options_to_record({name: None}, is_one_time=True)

    assert default.keys() == {name}
    assert request_digest(at, an_action(), default) == request_digest(at, an_action(), {})


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"at": "2027-03-02T08:00:00Z"}, {"at": "2027-03-02T09:00:00.25+01:00"}),
        ({"at": "2027-03-02T08:00:00Z"}, {"at": "at(2027-03-02T08:00:00Z)"}),
        ({"at": "2027-03-02T08:00:00Z"}, {"at": TOMORROW}),
        ({"after": "PT1H30M"}, {"after": "PT90M"}),
        ({"after": "PT1H30M"}, {"after": timedelta(minutes=90)}),
        ({"rate": "1 hour"}, {"rate": "rate(1  hour)", "timezone": "UTC"}),
        ({"cron": "0 9 ? * MON *", "timezone": "UTC"}, {"cron": " cron(0 9 ? *  MON *)", "timezone": "UTC"}),
    ],
    ids=str,
)
def test_another_spelling_of_a_timing_is_the_same_request(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert _digest(**first) == _digest(**second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"at": "2027-03-02T08:00:00Z"}, {"at": "2027-03-02T08:00:00", "timezone": "UTC"}),
        ({"at": "2027-03-02T08:00:00", "timezone": "UTC"}, {"at": "2027-03-02T08:00:00", "timezone": "Asia/Tokyo"}),
        ({"after": "PT1H"}, {"after": "PT61M"}),
        ({"rate": "1 hour"}, {"rate": "2 hours"}),
        ({"rate": "1 hour"}, {"rate": "1 hour", "end_at": "2027-05-01T00:00:00Z"}),
        ({"rate": "1 hour", "start_at": TOMORROW}, {"rate": "1 hour", "end_at": TOMORROW}),
        ({"at": "tomorrow"}, {"at": "yesterday"}),
        ({"after": "soon"}, {"after": "later"}),
    ],
    ids=str,
)
def test_another_timing_is_another_request(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert _digest(**first) != _digest(**second)


HELLO = {"to": ["alice@example.com"], "subject": "Hello", "text": "It is time."}
HOOK = {"url": "https://example.com/hook"}


@pytest.mark.parametrize(
    ("first", "second", "are_same"),
    [
        (Action("email", HELLO), Action("email", {**HELLO, "cc": [], "placeholders": True}), True),
        (Action("email", HELLO), Action("email", {**HELLO, "placeholders": False}), True),
        (
            Action("email", {**HELLO, "text": "{{"}),
            Action("email", {**HELLO, "text": "{{", "placeholders": True}),
            False,
        ),
        (Action("email", HELLO), Action("email", {**HELLO, "subject": "Bye"}), False),
        (
            Action("report", {"to": ["a@example.com"]}),
            Action("report", {"to": ["a@example.com"], "period": "week"}),
            True,
        ),
        (Action("webhook", HOOK), Action("webhook", {**HOOK, "headers": {}}), True),
        (Action("webhook", HOOK), Action("webhook", {**HOOK, "body": None}), False),
        (Action("own", {"a": 1, "b": 2}), Action("own", {"b": 2, "a": 1}), True),
        (Action("own", {"a": 1}), Action("own", {"a": 1.5}), False),
        (Action("email", {"to": "nobody"}), Action("email", {"to": "somebody"}), False),
    ],
    ids=str,
)
def test_an_action_is_compared_by_what_it_means(first: Action, second: Action, *, are_same: bool) -> None:
    at = TimingSpec(at=TOMORROW)

    assert (request_digest(at, first, {}) == request_digest(at, second, {})) is are_same


def test_the_order_of_keys_in_metadata_makes_no_other_request() -> None:
    at, one, other = TimingSpec(at=TOMORROW), {"a": 1, "b": 2}, {"b": 2, "a": 1}

    assert request_digest(at, an_action(), {"metadata": one}) == request_digest(at, an_action(), {"metadata": other})


def test_a_digest_that_is_stored_stays_right_over_releases() -> None:
    """A field that TimingSpec gets later, or another `repr`, must not refuse a repeat of what was asked for before."""
    digest = request_digest(TimingSpec(at="2027-03-02T08:00:00Z"), Action("email", HELLO), {"name": "reminder"})

    assert digest == "fd431c8991f31ff2b3f53a1aa765612a"


def _digest(**timing: Any) -> str:
    return request_digest(TimingSpec(**timing), an_action(), {})


def _keyed(service: SchedulerService) -> Schedule:
    return service.create_one_time(user_id="alice", action=an_action(), at=TOMORROW, idempotency_key="k1")
