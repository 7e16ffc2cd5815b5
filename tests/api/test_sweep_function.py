"""The sweeper as a function of the app."""

from __future__ import annotations

import logging
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING

from chalice.app import Rate, ScheduledEventConfig
from chalice.test import Client

from app import app
from chalicelib.api.routes import schedule_sweeper
from chalicelib.core.errors import SchedulerUnavailable

if TYPE_CHECKING:
    import pytest

    from tests.api.world import World


def invoke(world: World) -> object:
    """As the rule invokes it every minute, on the fakes."""
    schedule_sweeper(world.app, lambda: world.sweeper, clock=world.clock)
    client = Client(world.app)
    event = client.events.generate_cw_event("aws.events", "Scheduled Event", {}, [])
    return client.lambda_.invoke("sweep", event).payload


def test_it_finishes_what_was_left_undone(world: World) -> None:
    world.faults.once("gateway.put", SchedulerUnavailable)
    schedule_id = world.create().json_body["schedule_id"]
    world.clock.now += timedelta(minutes=2)

    invoke(world)

    assert world.get(f"/v1/schedules/{schedule_id}").json_body["confirmed"] is True
    assert len(world.gateway.schedules) == 1


def test_its_line_says_what_it_did(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.faults.once("gateway.put", SchedulerUnavailable)
    world.create()
    world.clock.now += timedelta(minutes=2)

    with caplog.at_level(logging.INFO, logger="chalicelib"):
        invoke(world)
        invoke(world)

    assert caplog.messages == ["sweep finished: 1 finished; 0 s behind", "sweep finished: nothing was due; 0 s behind"]


def test_it_returns_nothing(world: World) -> None:
    assert invoke(world) is None


def test_our_app_has_it_every_minute_where_lambda_looks_for_it() -> None:
    (function,) = app.event_sources
    assert isinstance(function, ScheduledEventConfig)
    assert isinstance(function.schedule_expression, Rate)
    module, name = function.handler_string.split(".")

    assert (function.name, function.schedule_expression.to_string()) == ("sweep", "rate(1 minute)")
    assert getattr(import_module(module), name) is app.handler_map["sweep"]
