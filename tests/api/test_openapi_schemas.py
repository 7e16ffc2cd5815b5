"""What client generators and readers need of the description: names, texts, examples, and what may be left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from chalicelib.api.models.views import ScheduleView
from chalicelib.scheduling.actions import BUILT_IN
from tests.api.route_table import OPERATIONS, document, example_of
from tests.api.test_ownership import WHO, ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.api.models.operation import Operation
    from tests.api.world import World

SCHEMAS: dict[str, Any] = document()["components"]["schemas"]
OBJECTS = {name: schema for name, schema in SCHEMAS.items() if "properties" in schema}
FIELDS = [(name, field) for name, schema in OBJECTS.items() for field in schema["properties"]]
DESCRIBED = [operation for of in document()["paths"].values() for operation in of.values()]
WITH_BODY = [operation for operation in OPERATIONS if operation.body]


def valid(schema: Any) -> Any:
    return Draft202012Validator({**schema, "components": document()["components"]})


def action(type_: str) -> Any:
    return SCHEMAS[f"{type_.capitalize()}Action"]


# Operations


@pytest.mark.parametrize("operation", DESCRIBED, ids=lambda operation: operation["operationId"])
def test_an_operation_has_a_speaking_name_a_tag_and_texts(operation: dict[str, Any]) -> None:
    tags = [tag["name"] for tag in document()["tags"]]

    assert re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", operation["operationId"])
    assert set(operation["tags"]) <= set(tags)
    assert re.fullmatch(r"[A-Z][a-z]+ .*[^.]", operation["summary"])
    assert operation["description"]


@pytest.mark.parametrize("operation", DESCRIBED, ids=lambda operation: operation["operationId"])
def test_an_operation_has_examples_of_what_it_takes_and_answers(operation: dict[str, Any]) -> None:
    messages = [operation.get("requestBody", {}), *operation["responses"].values()]
    contents = [content for message in messages for content in message.get("content", {}).values()]

    assert all(at["description"] and at["example"] is not None for at in operation["parameters"])
    assert all(content["examples"] for content in contents if content["schema"])
    assert all(answer["description"] for answer in operation["responses"].values())


def test_the_example_of_an_answer_that_is_not_final_says_so() -> None:
    shown = {
        (operation["operationId"], name): content["examples"][name]["value"]
        for operation in DESCRIBED
        for content in operation["responses"].get("202", {}).get("content", {}).values()
        for name in content["examples"]
        if "value" in content["examples"][name]
    }

    assert shown.pop(("cancelResourceSchedules", "Cancelled")) == {"cancelled": 1, "complete": False}
    assert {operation for operation, _ in shown} >= {"createSchedule", "putSchedule", "updateSchedule", "pauseSchedule"}
    assert all(example == example_of(ScheduleView) | {"confirmed": False} for example in shown.values())


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.id)
def test_the_example_of_a_request_is_accepted(world: World, operation: Operation) -> None:
    """As its answer, which World checks against the description."""
    assert operation.body
    path = operation.address.format_map(ids(world))

    response = world.send(operation.method, path, example_of(operation.body))

    assert response.status_code in operation.answers, response.body


@pytest.mark.parametrize("operation", DESCRIBED, ids=lambda operation: operation["operationId"])
def test_the_example_of_a_parameter_fits_it(operation: dict[str, Any]) -> None:
    for parameter in operation["parameters"]:
        valid(parameter["schema"]).validate(parameter["example"])


# Schemas


def test_schemas_have_the_names_that_clients_want() -> None:
    wanted = {
        "Schedule",
        "Run",
        "Job",
        "CreateSchedule",
        "UpdateSchedule",
        "Timing",
        "Action",
        "EmailAction",
        "Problem",
    }

    assert wanted <= SCHEMAS.keys()
    assert [name for name in SCHEMAS if re.search(r"View|Body|Shape|Input|Output|__|\d", name)] == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_has_a_description_and_an_example_that_fits_it(name: str) -> None:
    schema = SCHEMAS[name]

    assert schema["description"]
    valid(schema).validate(schema["examples"][0])


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_a_field_has_a_description_and_examples_that_fit_it(name: str, field: str) -> None:
    described = SCHEMAS[name]["properties"][field]

    assert described["description"]
    assert described["examples"]
    for example in described["examples"]:
        valid(described).validate(example)


def test_what_has_a_default_may_be_left_out_of_a_request() -> None:
    """openapi-typescript makes a field with a `default` one that must be there."""
    assert [field for field in parts(SCHEMAS) if "default" in field] == []
    assert SCHEMAS["CreateSchedule"]["required"] == ["timing", "action"]
    assert [name for name in ("RetryOptions", "DeliveryOptions", "RedriveRuns") if "required" in SCHEMAS[name]] == []


@pytest.mark.parametrize("name", ["Schedule", "ScheduleSummary", "Run", "Job", "WebhookKey"])
def test_every_field_of_an_answer_is_always_there(name: str) -> None:
    assert SCHEMAS[name]["required"] == list(SCHEMAS[name]["properties"])


def test_each_built_in_action_is_told_by_its_type() -> None:
    built_in = SCHEMAS["BuiltInAction"]

    assert built_in["discriminator"]["propertyName"] == "type"
    assert built_in["discriminator"]["mapping"].keys() == BUILT_IN.keys()
    assert all("type" in action(type_)["required"] for type_ in BUILT_IN)


@pytest.mark.parametrize("type_", BUILT_IN)
def test_an_action_fits_one_schema_only(type_: str) -> None:
    shown = action(type_)["examples"][0]

    assert valid(SCHEMAS["BuiltInAction"]).is_valid(shown)
    assert not valid(SCHEMAS["OwnAction"]).is_valid(shown | {"type": type_})
    assert not valid(SCHEMAS["OwnAction"]).is_valid({"type": type_})


def test_an_action_with_texts_says_which_may_have_placeholders() -> None:
    for type_, model in BUILT_IN.items():
        texts = action(type_)["properties"]

        assert all("placeholders" in texts[field]["description"] for field in model.built_in.texts)


@pytest.mark.parametrize(
    ("timing", "fits"),
    [
        ({"at": "2027-03-02T09:00:00", "timezone": "Europe/Berlin"}, True),
        ({"after": "PT2H"}, True),
        ({"rate": "15 minutes", "end_at": "2027-12-31T00:00:00Z"}, True),
        ({"cron": "0 9 ? * MON *", "timezone": "Europe/Berlin"}, True),
        ({"cron": "0 9 ? * MON *"}, False),
        ({"at": "2027-03-02T09:00:00Z", "rate": "15 minutes"}, False),
        ({"after": "PT2H", "timezone": "Europe/Berlin"}, False),
        ({}, False),
    ],
)
def test_a_timing_is_one_of_four(world: World, timing: dict[str, str], fits: bool) -> None:  # noqa: FBT001 - the row's
    accepted = world.create(timing=timing).status_code == 201

    assert valid(SCHEMAS["Timing"]).is_valid(timing) == fits == accepted


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Each schema in it, those of examples left out."""
    for schema in value.values():
        yield schema
        yield from parts(schema.get("properties", {}))


def test_the_kinds_of_callers_are_those_of_the_scopes() -> None:
    scopes = {scope for who in WHO.values() if who for scope in who[1]}

    assert {operation.scope for operation in OPERATIONS} - {None} == scopes
