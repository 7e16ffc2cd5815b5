from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.dynamodb import items
from chalicelib.core.errors import InvalidPayload
from chalicelib.core.model import payload
from chalicelib.core.model.codec import schedule_to_plain
from chalicelib.core.model.fields import SCHEDULE, stored_defaults
from chalicelib.core.model.schedule import DeliveryPolicy
from chalicelib.core.timing.instants import iso
from chalicelib.scheduling.actions import BUILT_IN
from tests.builders import HOUR, NOW, SECOND, a_schedule, an_action, changed
from tests.strategies import actions, json_values, schedules, seconds

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.core.model.schedule import Action, Schedule

VALUES = {
    "<aws.scheduler.schedule-arn>": "arn:aws:scheduler:eu-central-1:123456789012:schedule/g/s",
    "<aws.scheduler.execution-id>": "d32c5kddcf5bb8c3",
    "<aws.scheduler.attempt-number>": "1",
}

# Payloads wait in EventBridge for years. These were sent once, and are never edited: every later version reads them.
SENT = sorted(Path(__file__).parents[2].glob("payloads/v1/*.json"))
FOR_PEOPLE = ("schedule_arn", "execution_id", "delivery_attempt")

REQUIRED = [
    *("user_id", "schedule_id", "timing", "timing.expression", "timing.timezone", "timing_changed_at"),
    *("delivery.max_retries", "delivery.max_age_seconds"),
    *("action_type", "action_revision", "status", "revision", "confirmed", "created_at", "updated_at"),
    *("action", "action.type", "action.data", "scheduled_time"),
]

NASTY = [float("inf"), "0001-01-01T00:00:00+23:59", "[" * 100_000, 10**400]


@given(schedules, actions, seconds)
def test_what_was_written_is_read(schedule: Schedule, action: Action, at: datetime) -> None:
    delivery = payload.read(_delivered(payload.write(schedule, action), at))

    assert delivery.action == action
    assert delivery.scheduled_time == at
    assert delivery.schedule == _without_story(schedule)


def test_the_context_attributes_stand_in_the_input_as_aws_spells_them() -> None:
    written = payload.write(a_schedule(), an_action())

    assert written.count('"<aws.scheduler.scheduled-time>"') == 1
    for token in VALUES:
        assert written.count(f'"{token}"') == 1


def test_what_a_user_wrote_is_never_taken_for_a_context_attribute() -> None:
    action = an_action(text="at <aws.scheduler.scheduled-time> we <b>meet</b>")
    schedule = a_schedule(name="<aws.scheduler.execution-id>", metadata={"<aws.scheduler.schedule-arn>": "<"})
    delivery = payload.read(_delivered(payload.write(schedule, action), NOW))

    assert (delivery.action, delivery.schedule.name) == (action, schedule.name)
    assert delivery.schedule.metadata == schedule.metadata


def test_two_tries_of_the_same_change_write_the_same_input() -> None:
    tried_again = replace(a_schedule(), confirmed=True, intent_until=None, run_count=3, next_run_at=NOW + 9 * HOUR)

    assert payload.write(tried_again, an_action()) == payload.write(a_schedule(), an_action())


def test_another_revision_writes_another_input() -> None:
    assert payload.write(changed(a_schedule()), an_action()) != payload.write(a_schedule(), an_action())


# What is none of ours


@given(json_values)
def test_any_other_json_is_refused(event: object) -> None:
    with pytest.raises(InvalidPayload):
        payload.read(event)


@given(json_values.map(lambda value: {"version": 1, "user_id": value}))
def test_a_version_alone_makes_no_payload(event: object) -> None:
    with pytest.raises(InvalidPayload):
        payload.read(event)


@pytest.mark.parametrize("version", [None, 0, 2, "1"])
def test_another_version_is_refused_by_its_number(version: object) -> None:
    with pytest.raises(InvalidPayload, match=f"unknown payload version {version!r}"):
        payload.read(_an_event() | {"version": version})


def test_an_input_whose_tokens_were_never_replaced_is_refused() -> None:
    with pytest.raises(InvalidPayload, match=r"aws\.scheduler\.scheduled-time"):
        payload.read(json.loads(payload.write(a_schedule(), an_action())))


@pytest.mark.parametrize("path", REQUIRED)
def test_a_payload_that_lacks_a_field_is_refused(path: str) -> None:
    event = _an_event()
    holder, name = _holder(event, path)
    del holder[name]

    with pytest.raises(InvalidPayload):
        payload.read(event)


@given(st.sampled_from(REQUIRED), json_values | st.sampled_from(NASTY))
def test_a_garbled_field_is_refused_or_does_no_harm(path: str, value: object) -> None:
    event = _an_event()
    holder, name = _holder(event, path)
    holder[name] = value

    with suppress(InvalidPayload):
        assert items.schedule_item(payload.read(event).schedule).keys() >= {"PK", "SK"}


# What was sent once


def test_there_is_one_of_each_timing_and_of_each_built_in_action() -> None:
    deliveries = [payload.read(json.loads(path.read_text())) for path in SENT]

    assert {delivery.schedule.timing.kind for delivery in deliveries} == {"at", "rate", "cron"}
    assert {delivery.action.type for delivery in deliveries} >= {*BUILT_IN, "invoice.remind"}


@pytest.mark.parametrize("path", SENT, ids=lambda path: path.stem)
def test_nothing_that_was_ever_sent_is_lost_in_reading(path: Path) -> None:
    event = json.loads(path.read_text())
    delivery = payload.read(event)
    read = (
        stored_defaults(SCHEDULE)
        | schedule_to_plain(delivery.schedule)
        | {
            "version": 1,
            "action": {"type": delivery.action.type, "data": delivery.action.data},
            "scheduled_time": iso(delivery.scheduled_time),
        }
    )

    assert {name: value for name, value in event.items() if name not in FOR_PEOPLE}.items() <= read.items()


@given(schedules, actions, seconds)
def test_a_payload_with_its_defaults_written_means_the_same(schedule: Schedule, action: Action, at: datetime) -> None:
    event = _delivered(payload.write(schedule, action), at)

    assert payload.read(stored_defaults(SCHEDULE) | event).schedule == payload.read(event).schedule


@pytest.mark.parametrize("path", SENT, ids=lambda path: path.stem)
def test_what_was_ever_sent_still_means_the_same_time(path: Path) -> None:
    delivery = payload.read(json.loads(path.read_text()))

    assert delivery.schedule.timing.next_occurrence(delivery.scheduled_time - SECOND) == delivery.scheduled_time


def _holder(event: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """Where `timing.expression` stands: in the event's `timing`, as `expression`."""
    *outer, name = path.split(".")
    return (event[outer[0]] if outer else event), name


def _an_event() -> dict[str, Any]:
    schedule = a_schedule(delivery=DeliveryPolicy(3, 600))
    return _delivered(payload.write(schedule, an_action()), NOW + HOUR)


def _delivered(written: str, at: datetime) -> dict[str, Any]:
    """What the Lambda gets: EventBridge replaces its tokens wherever they stand in the text."""
    for token, value in {"<aws.scheduler.scheduled-time>": iso(at), **VALUES}.items():
        written = written.replace(token, value)
    event: dict[str, Any] = json.loads(written)
    return event


def _without_story(schedule: Schedule) -> Schedule:
    confirmed = replace(schedule, confirmed=True, intent_until=None, applied=None, never_applied=False)
    return replace(confirmed, next_run_at=None, pending_since=None, last_run=None, run_count=0)
