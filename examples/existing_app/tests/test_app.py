"""Tests the shop with Scheduled Tasks. They need neither AWS nor a network: Scheduled Tasks has fakes of both."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from chalice.test import Client
from chalicelib.scheduled_tasks.scheduling.service import SchedulerService
from chalicelib.scheduled_tasks.testing import FakeGateway, FakeStarter, InMemoryRepository, StoppedClock

import app as shop_app
import chalicelib
from app import make_app

ALICE = {"X-Session": "session-of-alice"}
BOB = {"X-Session": "session-of-bob"}
REMINDER = b'{"timing": {"after": "PT2H"}, "action": {"type": "event", "detail_type": "cart.left"}}'


@pytest.fixture
def shop() -> Client:
    clock = StoppedClock(datetime(2027, 3, 1, 8, 0, tzinfo=UTC))
    service = SchedulerService(InMemoryRepository(), FakeGateway(), FakeStarter(), clock=clock, sleep=clock.sleep)
    return Client(make_app(lambda: service))


def test_the_shop_creates_a_reminder_in_python(shop: Client) -> None:
    created = shop.http.post("/orders/7/reminder", headers=ALICE).json_body

    listed = shop.http.get("/tasks/v1/resources/order-7/schedules", headers=ALICE).json_body["items"]
    assert [schedule["schedule_id"] for schedule in listed] == [created["reminder"]]


def test_the_shop_s_users_create_read_and_cancel_schedules_over_http(shop: Client) -> None:
    location = shop.http.post("/tasks/v1/schedules", headers=ALICE, body=REMINDER).headers["Location"]

    assert location.startswith("/tasks/v1/schedules/")
    assert shop.http.get(location, headers=ALICE).status_code == 200
    assert shop.http.delete(location, headers=ALICE).status_code == 204
    assert shop.http.get("/tasks/v1/schedules", headers=ALICE).json_body["items"] == []


def test_a_user_cannot_read_another_user_s_schedule(shop: Client) -> None:
    location = shop.http.post("/tasks/v1/schedules", headers=ALICE, body=REMINDER).headers["Location"]

    assert shop.http.get(location, headers=BOB).status_code == 404


def test_a_request_without_a_session_gets_the_shop_s_own_error(shop: Client) -> None:
    response = shop.http.get("/tasks/v1/schedules")

    assert response.status_code == 401
    assert response.json_body == {"Code": "UnauthorizedError", "Message": "log in first"}


def test_the_shop_has_the_sweeper_where_lambda_looks_for_it() -> None:
    (function,) = shop_app.app.event_sources

    assert function.handler_string == "app.sweep"
    assert shop_app.app.handler_map["sweep"] is shop_app.sweep


def test_the_shop_keeps_its_own_chalicelib() -> None:
    assert Path(chalicelib.__path__[0]) == Path(__file__).parents[1] / "chalicelib"
    assert "chalicelib.scheduling.service" not in sys.modules
