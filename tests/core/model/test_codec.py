from __future__ import annotations

import json
from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given

from chalicelib.core.dynamodb import items
from chalicelib.core.model.codec import run_from_plain, run_to_plain, schedule_from_plain, schedule_to_plain
from chalicelib.core.model.fields import NO_DEFAULT, RUN, SCHEDULE, stored_defaults
from chalicelib.core.model.run import Run, RunStatus
from chalicelib.core.model.schedule import Action, DeliveryPolicy, LastRun, Schedule
from chalicelib.core.model.values import dumps
from tests.builders import DAY, HOUR, NOW, a_filled_schedule, a_run, a_schedule
from tests.strategies import actions, json_objects, runs, schedules

if TYPE_CHECKING:
    from collections.abc import Mapping


@given(schedules)
def test_a_schedule_is_read_back_from_its_record(schedule: Schedule) -> None:
    assert schedule_from_plain(schedule_to_plain(schedule)) == schedule


@given(runs)
def test_a_run_is_read_back_from_its_record(run: Run) -> None:
    assert run_from_plain(run_to_plain(run)) == run


@given(schedules)
def test_a_schedule_survives_dynamodbs_types(schedule: Schedule) -> None:
    assert schedule_from_plain(_through_dynamodb(items.schedule_item(schedule))) == schedule


@given(runs)
def test_a_run_survives_dynamodbs_types(run: Run) -> None:
    assert run_from_plain(_through_dynamodb(items.run_item(run))) == run


@given(actions)
def test_an_action_survives_dynamodbs_types(action: Action) -> None:
    assert items.action_from_item(_through_dynamodb(items.action_item(a_schedule(), action))) == action


@given(schedules)
def test_a_schedule_survives_json(schedule: Schedule) -> None:
    assert schedule_from_plain(json.loads(json.dumps(schedule_to_plain(schedule)))) == schedule


@given(json_objects)
def test_json_text_is_read_back(value: dict[str, Any]) -> None:
    assert json.loads(dumps(value)) == value


def test_what_json_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        dumps({"price": float("nan")})


def test_what_is_run_now_keeps_the_millisecond_that_names_it() -> None:
    at = NOW + timedelta(milliseconds=123)
    run = a_run(a_schedule(), token="t1", scheduled_time=at, delivered_for=NOW, attempts=())

    assert run_from_plain(run_to_plain(run)) == run


def test_of_several_instants_of_an_older_release_the_first_one_is_pending() -> None:
    plain = schedule_to_plain(a_schedule()) | {"owed": ["2027-03-01T13:00:00Z", "2027-03-01T12:00:00Z"]}

    assert schedule_from_plain(plain).pending_since == NOW + 4 * HOUR


def test_a_record_from_before_a_field_existed_has_its_default() -> None:
    record = schedule_to_plain(a_schedule(run_count=3))
    del record["run_count"]

    assert schedule_from_plain(record) == a_schedule()


@given(schedules)
def test_a_record_with_its_defaults_written_reads_the_same(schedule: Schedule) -> None:
    assert schedule_from_plain(stored_defaults(SCHEDULE) | schedule_to_plain(schedule)) == schedule


@given(runs)
def test_a_run_with_its_defaults_written_reads_the_same(run: Run) -> None:
    assert run_from_plain(stored_defaults(RUN) | run_to_plain(run)) == run


def test_no_default_is_written_but_that_nothing_is_confirmed() -> None:
    written = schedule_to_plain(a_schedule())
    defaults = {field.stored for field in SCHEDULE if field.default is not NO_DEFAULT}

    assert written.keys() & defaults == {"confirmed", "intent_until", "next_run_at"}
    assert written["confirmed"] is False


@pytest.mark.parametrize(
    "broken",
    [{"status": "unheard-of"}, {"created_at": "yesterday"}, {"timing": {}}, {"revision": "x"}, {"metadata": "{"}],
    ids=str,
)
def test_what_is_no_schedule_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        schedule_from_plain(schedule_to_plain(a_schedule()) | broken)


def test_each_field_of_a_schedule_has_an_attribute_of_its_own() -> None:
    filled = schedule_to_plain(a_filled_schedule())

    assert set(filled) == {field.stored for field in SCHEDULE}
    assert {field.name for field in SCHEDULE} == {field.name for field in fields(Schedule)} - {"action"}


def test_stored_names_are_those_of_the_first_version() -> None:
    renamed = {field.name: field.stored for field in (*SCHEDULE, *RUN) if field.name != field.stored}

    assert renamed == {"pending_since": "owed", "in_progress": "unfinished", "lateness": "lateness_ms"}


# What only the table needs


def test_a_failed_run_is_in_its_users_list_of_failures() -> None:
    run = a_run(a_schedule(), status=RunStatus.FAILED)

    assert items.run_item(run)["by_time_pk"] == "USER#alice#RUN#FAILED"


def test_a_run_that_did_not_fail_is_in_no_list_but_its_schedules() -> None:
    assert not {"by_time_pk", "by_resource_pk"} & items.run_item(a_run(a_schedule())).keys()


@pytest.mark.parametrize(
    ("fields", "sorted_at"),
    [
        ({}, "2027-03-01T09:00:00Z"),
        ({"next_run_at": None}, "2027-03-01T08:00:00Z"),
        ({"next_run_at": None, "last_run": LastRun(NOW + DAY, "succeeded")}, "2027-03-02T08:00:00Z"),
        ({"next_run_at": None, "last_run": LastRun(NOW - DAY, "succeeded")}, "2027-03-01T08:00:00Z"),
    ],
    ids=["next run", "last change", "last run", "last change after the last run"],
)
def test_lists_sort_by_the_next_run_or_the_last_thing_that_happened(fields: dict[str, Any], sorted_at: str) -> None:
    item = items.schedule_item(a_schedule(resource_id="contract-42", **fields))

    assert item["by_time_sk"] == f"{sorted_at}#s1"
    assert item["by_resource_sk"] == f"USER#alice#{sorted_at}#s1"


def test_a_record_stays_below_four_kilobytes() -> None:
    largest = a_schedule(
        user_id="u" * 128,
        resource_id="r" * 256,
        name="n" * 200,
        metadata={"k": "v" * 2036},
        delivery=DeliveryPolicy(185, 86_400),
    )

    assert sum(len(name) + len(str(value)) for name, value in items.schedule_item(largest).items()) < 4096


def _through_dynamodb(item: Mapping[str, Any]) -> dict[str, Any]:
    serialize, deserialize = TypeSerializer().serialize, TypeDeserializer().deserialize
    return {name: deserialize(serialize(value)) for name, value in item.items()}
