"""What each release stored is read by this one, fake and real; what this one stores is in `tests/records`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from chalicelib.core.dynamodb import items
from chalicelib.core.model import payload
from chalicelib.core.model.fields import RUN, SCHEDULE, stored_defaults
from tests.builders import NOW, an_action
from tests.records import release as records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .conftest import Store

Record = TypeVar("Record")

RELEASES = records.releases()
every_release = pytest.mark.parametrize("release", RELEASES)


def test_this_release_stores_what_its_fixture_holds() -> None:
    version = records.version()
    assert records.fixture(version) == records.written_now(), (
        f"records or payloads are not those of tests/records/v{version}. If {version} is released, raise the version "
        f"in pyproject.toml. Then write the fixture with `{records.COMMAND}`, and read its diff: from 1.0.0 on, the "
        "release before must read it"
    )


@every_release
def test_the_records_of_each_release_are_read_and_nothing_is_lost(store: Store, release: str) -> None:
    stored = {name: record for name, record in records.fixture(release).items() if not name.startswith("payload")}
    for record in stored.values():
        store.put(record)

    read = read_again(store, stored)

    assert read.keys() == stored.keys()
    assert {name: lost for name in stored if (lost := lost_in(stored[name], read[name]))} == {}


@every_release
def test_the_payloads_of_each_release_are_read(release: str) -> None:
    for name in ("least", "most"):
        event = records.fixture(release)[f"payload-{name}"]
        delivery = payload.read(event)

        assert delivery.action == an_action()
        assert delivery.schedule.created_at == NOW
        assert delivery.schedule.schedule_id == name


def test_from_1_0_0_on_the_release_before_finds_all_that_it_wrote_itself() -> None:
    assert records.broken({release: records.fixture(release) for release in RELEASES}) == []


def test_an_attribute_that_went_or_has_another_type_breaks_the_rule() -> None:
    before = {"run": {"status": "failed", "tries": 1, "timing": {"timezone": "UTC"}}}
    more = {"run": before["run"] | {"colour": "red"}}
    less = {"run": {"tries": "1", "timing": {}}}

    assert records.broken({"1.0.0": before, "1.1.0": more}) == []
    assert records.broken({"1.0.0": before, "1.1.0": less}) == [
        *("1.1.0: run.status", "1.1.0: run.tries", "1.1.0: run.timing.timezone"),
    ]
    assert records.broken({"1.9.0": before, "1.10.0": {}}) == ["1.10.0: run"]


def test_before_1_0_0_there_is_no_such_rule() -> None:
    assert records.broken({"0.1.0": {"run": {"status": "failed"}}, "1.0.0": {}}) == []


def read_again(store: Store, stored: Mapping[str, Any]) -> records.Records:
    """Each record as it is read from the table, written as this release writes it, with its defaults."""
    table, read = store.repository, {}
    for name, record in stored.items():
        if name.startswith("schedule"):
            schedule = table.get(record["user_id"], record["schedule_id"])
            read[name] = stored_defaults(SCHEDULE) | items.schedule_item(present(schedule))
        elif name.startswith("run"):
            run = table.get_run(record["user_id"], record["schedule_id"], record["run_id"])
            read[name] = stored_defaults(RUN) | items.run_item(present(run))
        elif name.startswith("job"):
            read[name] = items.job_item(present(table.get_job(record["job_id"])))
    (span,) = table.list_spans("alice", "most")
    count = present(table.get_count("alice"))
    return read | {
        "action": items.action_item(records.LEAST, present(table.get_action(records.LEAST))),
        "span": items.span_item(span),
        "webhook-keys": items.webhook_keys_item(table.get_webhook_keys("alice")),
        # `changed_at` is written for the release before, and not read.
        "count": items.count_key("alice") | {"live_count": count.count, "changed_at": stored["count"]["changed_at"]},
    }


def lost_in(stored: Mapping[str, Any], read: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in stored.items() if read.get(name) != value}


def present(record: Record | None) -> Record:
    assert record is not None
    return record
