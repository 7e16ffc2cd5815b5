"""One run as an action sees it, and what its providers do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.testing import InMemoryRepository
from notification.action_api import ActionFailed, RunContext
from notification.actions import registry
from tests.notification.world import NOON, SETTINGS, FakeAws


def a_run(aws: FakeAws | None = None, **details: Any) -> RunContext:
    about = RunContext(
        run_id="20270301T120000Z-0123456789abcdef",
        user_id="alice",
        schedule_id="s1",
        resource_id="contract-42",
        name="reminder",
        metadata={"language": "de"},
        scheduled_time=NOON,
        timezone="Europe/Berlin",
        settings=SETTINGS,
        repository=InMemoryRepository(),
        aws=aws or FakeAws(),
        clock=lambda: NOON,
        sign=lambda _body: {"webhook-id": "20270301T120000Z-0123456789abcdef"},
    )
    return replace(about, **details)


def do(type_: str, data: dict[str, Any], aws: FakeAws | None = None, **details: Any) -> None:
    registry.find(type_).work(a_run(aws, **details), data)


def failure_of(type_: str, data: dict[str, Any], error: Exception | None = None, **details: Any) -> ActionFailed:
    """What the action raises when its provider raises `error`."""
    try:
        do(type_, data, FakeAws(error=error), **details)
    except ActionFailed as failed:
        return failed
    raise AssertionError("the action did not fail")


def refused(code: str, status: int = 400, message: str = "no") -> ClientError:
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "Operation")  # type: ignore[arg-type]
