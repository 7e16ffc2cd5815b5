"""The control API of a local cloud, as the tests call it, and a schedule whose function tells the time."""

import json
from datetime import datetime
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from local.environment import ACCOUNT
from local.testing import RunningCloud

ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"
TELLING_THE_TIME = """
    from datetime import UTC, datetime
    import time
    imported_at = time.time()

    def handle(event, context):
        print("fired for", event.get("at"), "at", datetime.now(UTC).isoformat())
        return {
            "now": datetime.now(UTC).isoformat(),
            "time": time.time(),
            "imported_at": imported_at,
            "monotonic": time.monotonic(),
            "remaining": context.get_remaining_time_in_millis(),
        }
"""


def ask(cloud: RunningCloud, method: str, what: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{cloud.endpoint}/_local/{what}", data, method=method)  # noqa: S310 - our own loopback
    with urlopen(request, timeout=30) as response:  # noqa: S310
        text = response.read()
    return json.loads(text) if text else None


def refusal(cloud: RunningCloud, what: str, body: Any) -> tuple[int, str]:
    """Status and message of a POST that must be refused."""
    with pytest.raises(HTTPError) as error:
        ask(cloud, "POST", what, body)
    with error.value as response:
        return response.code, json.load(response)["message"]


def now(cloud: RunningCloud) -> datetime:
    return datetime.fromisoformat(ask(cloud, "GET", "clock")["now"])


def schedule_every_day(cloud: RunningCloud, name: str, target: str) -> None:
    cloud.client("scheduler").create_schedule(
        Name=name,
        ScheduleExpression="cron(0 9 * * ? *)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": target, "RoleArn": ROLE, "Input": '{"at": "<aws.scheduler.scheduled-time>"}'},
    )
