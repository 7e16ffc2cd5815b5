"""What Python callers are answered. The limits of what they may say are in `tests/api/test_python_callers.py`."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.actions.email import Email
from chalicelib.actions.push import Push
from chalicelib.core.actions.fields import Fields
from chalicelib.core.errors import InvalidInput, NotReached, RevisionMismatch, ScheduleBusy, ScheduleExists
from chalicelib.core.model.schedule import Action, Schedule
from chalicelib.scheduling.timing_spec import TimingSpec
from tests.builders import HOUR, NOW, SECOND, an_action, changed
from tests.slow import Slow

if TYPE_CHECKING:
    from chalicelib.scheduling.service import SchedulerService
    from chalicelib.testing import Faults, InMemoryRepository, StoppedClock

HOURLY = TimingSpec(rate="1 hour")


@pytest.mark.parametrize("schedule_id", ["", "batch", "a b", "a/b", "x" * 65])
def test_put_refuses_what_is_no_id(service: SchedulerService, schedule_id: str) -> None:
    with pytest.raises(InvalidInput, match="schedule_id: must be 1 to 64"):
        service.put("alice", schedule_id, timing=HOURLY, action=an_action())


def test_the_second_of_two_puts_at_the_same_moment_is_told_when_to_come_back(
    service: SchedulerService, faults: Faults
) -> None:
    faults.once("repository.create", ScheduleExists)

    with pytest.raises(ScheduleBusy) as caught:
        _put(service)

    assert caught.value.retry_after_seconds == 5


def test_a_change_of_nothing_changes_nothing(service: SchedulerService, faults: Faults) -> None:
    schedule = _put(service)
    faults.calls.clear()

    answered = service.change("alice", "s1")

    assert answered == service.get("alice", "s1")
    assert answered.revision == schedule.revision
    assert not {"repository.change", "gateway.put"} & set(faults.calls)


def test_a_change_of_nothing_still_wants_the_revision_that_it_names(service: SchedulerService) -> None:
    schedule = _put(service)

    with pytest.raises(RevisionMismatch):
        service.change("alice", "s1", if_match=schedule.revision - 1)


def test_exclusions_that_leave_nothing_are_blamed_themselves(service: SchedulerService) -> None:
    service.put("alice", "s1", timing=TimingSpec(at=NOW + HOUR), action=an_action())

    with pytest.raises(InvalidInput, match="exclusions: exclude every occurrence"):
        service.change("alice", "s1", exclusions=[date(NOW.year, NOW.month, NOW.day)])


def test_nobody_waits_after_the_last_try(
    service: SchedulerService, repository: InMemoryRepository, clock: StoppedClock
) -> None:
    repository.change(changed(_put(service)), replacing=service.get("alice", "s1"))

    with pytest.raises(ScheduleBusy):
        service.change("alice", "s1", name="other")

    assert (clock.now - NOW).total_seconds() == 3 * 0.5


def test_a_thousand_creates_of_python_have_all_the_time_that_they_need(
    service: SchedulerService, repository: InMemoryRepository, clock: StoppedClock
) -> None:
    repository.faults = Slow(clock, "repository.create")
    requests = [{"timing": HOURLY, "action": an_action()}] * 1000

    outcomes = service.create_many("alice", requests)

    assert clock.now - NOW > 4 * SECOND
    assert [outcome for outcome in outcomes if not isinstance(outcome, Schedule)] == []


def test_a_caller_may_say_how_long_creates_begin(service: SchedulerService) -> None:
    requests = [{"timing": HOURLY, "action": an_action()}] * 2

    assert [type(outcome) for outcome in service.create_many("alice", requests, begin_within=0 * SECOND)] == [
        NotReached,
        NotReached,
    ]


def test_a_request_that_is_no_mapping_spoils_none_of_the_others(service: SchedulerService) -> None:
    requests: list[Any] = [5, {"timing": HOURLY, "action": an_action()}]

    refused, made = service.create_many("alice", requests)

    assert str(refused) == "request: must be a mapping of keyword arguments"
    assert isinstance(made, Schedule)


class Reminder(Email, kw_only=True):
    """An application's own kind of email."""

    subject: str = "It is time"


def test_a_subclass_of_a_built_in_action_is_that_action_with_its_own_defaults(service: SchedulerService) -> None:
    reminder = Reminder(to=["alice@example.com"], text="Do it.")

    made = service.create_recurring(user_id="alice", rate="1 hour", action=reminder)

    written = {"to": ["alice@example.com"], "subject": "It is time", "text": "Do it."}
    assert service.get("alice", made.schedule_id).action == Action("email", written)


def test_a_field_that_a_subclass_adds_is_refused_by_name(service: SchedulerService) -> None:
    class Letter(Email, kw_only=True):
        stamp: str = "none"

    with pytest.raises(InvalidInput, match=r"action\.stamp: is not an allowed field"):
        service.create_one_time(
            user_id="alice", after="PT1H", action=Letter(to=["a@example.com"], subject="s", text="t")
        )


def test_fields_of_no_action_are_refused_with_the_actions_that_there_are(service: SchedulerService) -> None:
    refusal = "action: Fields is not an action; allowed: Email, Event, Push, Report, Sms, Webhook"

    with pytest.raises(InvalidInput) as caught:
        service.create_one_time(user_id="alice", after="PT1H", action=Fields())
    refused, made = service.create_many(
        "alice", [{"timing": HOURLY, "action": Fields()}, {"timing": HOURLY, "action": an_action()}]
    )

    assert str(caught.value) == str(refused) == refusal
    assert isinstance(made, Schedule)


HALF_A_PAIR = "\ud800"
IS_TEXT = "must be text without unpaired surrogates"
DEVICE = "arn:aws:sns:eu-central-1:123456789012:endpoint/GCM/shop/0f6b1c2d"


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"name": HALF_A_PAIR}, f"name: {IS_TEXT}"),
        ({"timing": TimingSpec(at=HALF_A_PAIR)}, f"timing.at: {IS_TEXT}"),
        (
            {"action": Push(endpoint=DEVICE, title="t", text="t", data={"k": HALF_A_PAIR})},
            "action.data: cannot be converted to JSON; ",
        ),
    ],
)
def test_text_that_cannot_be_encoded_is_refused_in_the_service_s_words(
    service: SchedulerService, given: dict[str, Any], refusal: str
) -> None:
    with pytest.raises(InvalidInput, match=f"^{re.escape(refusal)}"):
        service.create(user_id="alice", **{"timing": HOURLY, "action": an_action(), **given})


def test_a_datetime_without_a_zone_is_refused_as_it_is_written(service: SchedulerService) -> None:
    _put(service)

    with pytest.raises(InvalidInput) as caught:
        service.pause("alice", "s1", until=datetime(2027, 5, 1, 9))  # noqa: DTZ001 - what is refused

    assert str(caught.value) == "until: 2027-05-01T09:00:00 is a wall time; add a time zone"


def _put(service: SchedulerService) -> Schedule:
    return service.put("alice", "s1", timing=HOURLY, action=an_action())[0]
