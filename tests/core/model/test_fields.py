"""The field table against the classes and models that are written out, and the way of a field made up here."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import MISSING, fields, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.api.models.views import RunView, ScheduleView
from chalicelib.core.model.fields import JOB, NO_DEFAULT, OPTIONS, RUN, SCHEDULE, SELECTION, SPAN, Field, Limits
from chalicelib.core.model.job import Job, Selection
from chalicelib.core.model.run import Run
from chalicelib.core.model.schedule import OnUnknown, Schedule
from chalicelib.core.model.span import Span
from chalicelib.scheduling.arguments.bodies import DetailsBody
from chalicelib.scheduling.options import ScheduleOptions, options_to_record
from local.testing import running_cloud
from tests import additions
from tests.builders import NOW
from tests.tables import create_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LIBRARY = Path(__file__).parents[3] / "chalicelib"
OF_NUMBERS, OF_TEXTS, OF_LISTS = ("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")


def unpaired(table: Iterable[Field], record: type, *, without_row: frozenset[str] = frozenset()) -> set[str]:
    """Fields that only one of the two has, or that have another default there."""
    rows = {row.name: row.default for row in table if not row.is_derived}
    known = {field.name: _default(field) for field in fields(record) if field.name not in without_row}
    return {name for name in rows.keys() | known.keys() if rows.get(name, "none") != known.get(name, "none")}


def test_each_field_of_a_record_has_a_row_and_each_row_a_field() -> None:
    assert not unpaired(SCHEDULE, Schedule, without_row=frozenset({"action"}))
    assert not unpaired(RUN, Run)
    assert not unpaired(SPAN, Span)
    assert not unpaired(JOB, Job)
    assert not unpaired(SELECTION, Selection)


def test_a_row_without_a_field_and_a_field_without_a_row_are_found() -> None:
    assert unpaired((*RUN, Field("colour", "colour")), Run) == {"colour"}
    assert unpaired(RUN[1:], Run) == {"user_id"}
    assert unpaired((*RUN[:-1], replace(RUN[-1], default=0)), Run) == {"expires_at"}


def test_clients_set_what_the_table_says() -> None:
    assert DetailsBody.model_fields.keys() == OPTIONS.keys() == ScheduleOptions.__annotations__.keys()


def test_clients_are_shown_what_the_table_says() -> None:
    assert ScheduleView.model_fields.keys() == {row.name for row in SCHEDULE if row.is_shown} | {
        "action",
        "description",
    }
    shown_as = {"lateness": "lateness_ms"}
    assert RunView.model_fields.keys() == {shown_as.get(row.name, row.name) for row in RUN if row.is_shown}


@pytest.mark.parametrize("name", sorted(OPTIONS.keys() - {"metadata"}))
def test_a_request_has_the_limits_of_the_table(name: str) -> None:
    schema = DetailsBody.model_json_schema()
    given = next(choice for choice in schema["properties"][name]["anyOf"] if choice.get("type") != "null")
    given = schema["$defs"][given["$ref"].rsplit("/")[-1]] if "$ref" in given else given
    limits = OPTIONS[name].limits
    if isinstance(limits, Limits):
        assert _limits(given) == limits
    else:
        parts = {part: _limits(of_part) for part, of_part in given.get("properties", {}).items()}
        assert parts == (limits or {})


def test_an_option_that_is_none_has_its_default() -> None:
    assert options_to_record({"on_unknown": None}, is_one_time=True) == {"on_unknown": OnUnknown.RETRY}


# A field made up here: a copy of the library with the edits that CONTRIBUTING.md lists has a schedule's colour.


@pytest.fixture(scope="module")
def coloured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of the copy, as a package."""
    folder = tmp_path_factory.mktemp("copies")
    shutil.copytree(LIBRARY, folder / "chalicelib", ignore=shutil.ignore_patterns("__pycache__"))
    for edit in additions.field("colour"):
        if edit.path.startswith("chalicelib/"):
            edit.apply(folder)
    (folder / "chalicelib").rename(folder / "coloured")
    sys.path.insert(0, str(folder))
    yield "coloured"
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.split(".")[0] == "coloured"]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def world(coloured: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The copy's service on a real table."""
    fakes = import_module(f"{coloured}.testing")
    repositories = import_module(f"{coloured}.core.dynamodb.repository")
    services = import_module(f"{coloured}.scheduling.service")
    with running_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        client = cloud.client("dynamodb")
        create_table(client, "schedules")
        repository = repositories.DynamoRepository(client, "schedules")
        clock = fakes.StoppedClock(NOW)
        yield services.SchedulerService(
            repository, fakes.FakeGateway(), fakes.FakeStarter(), clock=clock, sleep=clock.sleep
        )


def test_a_new_field_goes_through_create_change_put_table_and_view(coloured: str, world: Any) -> None:
    put(world, coloured, "s1", colour="red")
    assert shown(world, coloured, "s1") == "red"

    world.change("alice", "s1", **arguments(coloured, {"colour": "blue"}))
    assert shown(world, coloured, "s1") == "blue"

    put(world, coloured, "s1", colour="green")
    assert shown(world, coloured, "s1") == "green"

    put(world, coloured, "s1")
    assert shown(world, coloured, "s1") == "grey"


def test_a_new_field_has_its_default_and_its_limits(coloured: str, world: Any) -> None:
    put(world, coloured, "s2")
    errors = import_module(f"{coloured}.core.errors")

    assert shown(world, coloured, "s2") == "grey"
    with pytest.raises(errors.InvalidInput, match="colour: must have at most 9 characters"):
        world.change("alice", "s2", colour="x" * 10)


def test_a_new_field_travels_in_the_payload_and_an_old_payload_has_its_default(coloured: str, world: Any) -> None:
    schedule, _ = put(world, coloured, "s3", colour="red")
    payload = import_module(f"{coloured}.core.model.payload")
    written = payload.write(schedule, schedule.action).replace("<aws.scheduler.scheduled-time>", NOW.isoformat())
    event = json.loads(written)

    assert payload.read(event).schedule.colour == "red"
    del event["colour"]
    assert payload.read(event).schedule.colour == "grey"


def arguments(library: str, body: dict[str, Any]) -> Any:
    return import_module(f"{library}.scheduling.arguments.bodies").UpdateSchedule.model_validate(body).arguments()


def put(service: Any, library: str, schedule_id: str, **body: Any) -> Any:
    action = {"type": "event", "detail_type": "Hello", "detail": {}}
    whole = {"timing": {"rate": "1 hour"}, "action": action, **body}
    request = import_module(f"{library}.scheduling.arguments.bodies").PutSchedule.model_validate(whole)
    return service.put("alice", schedule_id, **request.arguments())


def shown(service: Any, library: str, schedule_id: str) -> Any:
    views = import_module(f"{library}.api.models.views")
    return views.ScheduleView.of(service.get("alice", schedule_id)).as_json()["colour"]


def _default(field: Any) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return NO_DEFAULT if field.default is MISSING else field.default


def _limits(schema: dict[str, Any]) -> Limits | None:
    for least, most in (OF_NUMBERS, OF_TEXTS, OF_LISTS):
        if most in schema:
            return Limits(schema.get(least, 0), schema[most])
    return None
