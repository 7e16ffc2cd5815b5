from __future__ import annotations

from functools import cache

import pytest

from benchmarks.units import (
    INDEXES,
    RESOURCE,
    TABLE,
    USER,
    MeteredClient,
    Operation,
    operations,
    read_units,
    stored_bytes,
    table,
)
from chalicelib.core.model import ids
from tests.tables import INDEXES as INDEXES_OF_THE_TABLE

counted = cache(operations)

WRITES = {
    # table, by_time, by_resource, watch
    "create, one-time": (6, 2, 2, 3),
    "create, recurring": (6, 2, 2, 3),
    "sweep, nothing due": (0, 0, 0, 0),
    "run, one-time": (10, 2, 2, 1),
    "run, recurring": (8, 2, 2, 2),
    "cancel": (5, 3, 3, 3),
    "list of a user, 20": (0, 0, 0, 0),
    "list of a resource, 20": (0, 0, 0, 0),
}


@pytest.mark.parametrize(("name", "units"), WRITES.items())
def test_the_write_units_of_each_operation_are_recounted(name: str, units: tuple[int, ...]) -> None:
    assert tuple(map(counted()[name].writes, (TABLE, *INDEXES))) == units


def test_the_places_are_those_of_the_table() -> None:
    assert INDEXES == INDEXES_OF_THE_TABLE


def test_a_recurring_run_writes_four_units_below_its_user_and_two_in_each_list() -> None:
    charged = {key: writes for key, (writes, _) in counted()["run, recurring"].by_partition().items()}

    assert charged[TABLE, ids.user_pk(USER)] == 4
    assert charged["by_time", ids.by_time_pk(USER, "active")] == 2
    assert charged["by_resource", ids.by_resource_pk(RESOURCE, "active")] == 2


def test_a_page_of_20_schedules_reads_half_a_unit_for_each_started_4_kb() -> None:
    page = counted()["list of a user, 20"]

    assert page.reads("by_time") == page.reads() == read_units(20 * 900) / 2


def test_a_sweep_of_nothing_is_an_empty_query_of_each_shard() -> None:
    sweep = counted()["sweep, nothing due"]

    assert sweep.reads("watch") == sweep.reads() == ids.WATCH_SHARDS / 2
    assert sweep.calls == {"Query": ids.WATCH_SHARDS}


def test_the_table_of_all_operations_has_a_row_for_each() -> None:
    assert table(counted()).count("\n") == 2 + len(counted())


def test_a_schedule_is_stored_three_times_and_a_run_once() -> None:
    stored = stored_bytes()

    assert 2_500 < stored["schedule"] < 4_000
    assert 400 < stored["run"] < 1_000


class Refusing:
    """A client whose item has two started KB, and which refuses each write."""

    def get_item(self, **_request: object) -> object:
        return {"Item": {"PK": {"S": "p"}, "SK": {"S": "s"}, "text": {"S": "x" * 1_100}}}

    def update_item(self, **_request: object) -> object:
        raise ValueError("refused")


def test_a_refused_write_costs_the_size_of_the_existing_item() -> None:
    meter = MeteredClient(Refusing())

    with pytest.raises(ValueError, match="refused"):
        meter.update_item(TableName="t", Key={"PK": {"S": "p"}, "SK": {"S": "s"}})
    assert (meter.base, meter.indexes) == (2, 0)


def test_queries_of_a_sweep_can_be_left_out() -> None:
    sweep: Operation = counted()["sweep, nothing due"].without_queries()

    assert (sweep.reads(), sweep.calls) == (0, {})
