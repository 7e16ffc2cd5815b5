"""Whatever the function is invoked with, something tells of it: a run, or a dead letter with the whole event."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.notification.world import NOON, World
from tests.strategies import json_objects, json_values

HALF_A_PAIR = st.just("\ud800")
"""JSON can say it, and it is no text."""

NASTY = st.sampled_from([float("inf"), 10**400, -1, "0001-01-01T00:00:00+23:59", "rate(1 minute)", "[" * 10_000])
VALUES = json_values | json_objects | HALF_A_PAIR | NASTY


def told(world: World) -> list[Any]:
    runs = [item for (_, sk), item in world.repository.items.items() if sk.startswith("RUN#")]
    return [*runs, *world.dead_letters()]


@given(VALUES)
def test_an_event_of_any_shape_is_told_of(event: object) -> None:
    world = World()
    world.runner.handle(event, timedelta(seconds=30))

    assert len(told(world)) == 1


@given(st.data())
def test_a_payload_with_anything_in_any_place_is_told_of(data: st.DataObject) -> None:
    world = World()
    event = world.event(world.a_schedule())
    garbled = copy.deepcopy(event)
    holder, name = data.draw(st.sampled_from(list(places(garbled))))
    holder[name] = data.draw(VALUES)
    world.clock.now = NOON + timedelta(minutes=1)
    world.runner.handle(garbled, timedelta(seconds=30))

    assert len(told(world)) >= 1


def places(value: Any) -> Any:
    """Every place of a JSON value: what holds it, and its name there."""
    for name, inner in value.items():
        yield value, name
        if isinstance(inner, dict):
            yield from places(inner)


@pytest.mark.parametrize("field", ["user_id", "schedule_id"])
def test_a_payload_whose_id_no_key_can_hold_is_kept_as_a_dead_letter_message(field: str) -> None:
    world = World()
    event = world.event(world.a_schedule()) | {field: "x" * 3000}
    world.clock.now = NOON + timedelta(minutes=1)

    world.runner.handle(event, timedelta(seconds=30))

    assert len(told(world)) == 1
