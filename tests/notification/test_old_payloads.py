"""What was sent once is carried out by every later Lambda, years after it was sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.dynamodb import items
from chalicelib.core.model import payload
from chalicelib.core.model.run import RunStatus

if TYPE_CHECKING:
    from tests.notification.world import World

SENT = sorted(Path(__file__).parents[1].glob("payloads/v1/*.json"))
ELSEWHERE = ("webhook", "invoice.remind")
"""What posts to a host on the internet, and what a test's own checkout alone has (tests/e2e/test_actions.py)."""


def is_ours(path: Path) -> bool:
    action_type: str = json.loads(path.read_text())["action_type"]
    return action_type not in ELSEWHERE


@pytest.mark.parametrize("path", [path for path in SENT if is_ours(path)], ids=lambda path: path.stem)
def test_what_was_ever_sent_is_still_carried_out(world: World, path: Path) -> None:
    event = json.loads(path.read_text())
    world.aws.answer = {"Entries": [{}], "MessageId": "1"}
    recorded(world, event)

    world.fire(event)

    (run,) = world.repository.list_runs(event["user_id"], event["schedule_id"], limit=2, cursor=None).items
    assert (run.status, run.scheduled_time) == (RunStatus.SUCCEEDED, payload.read(event).scheduled_time)
    assert world.aws.requests
    assert world.dead_letters() == []


@pytest.mark.parametrize("path", SENT, ids=lambda path: path.stem)
def test_what_was_ever_sent_is_kept_whole_where_its_record_is_gone(world: World, path: Path) -> None:
    event = json.loads(path.read_text())

    world.fire(event)

    assert [letter["event"] for letter in world.dead_letters()] == [event]


def recorded(world: World, event: dict[str, Any]) -> None:
    """The record that stood in the table when this was sent."""
    delivery = payload.read(event)
    item = items.schedule_item(delivery.schedule)
    world.repository.items[item["PK"], item["SK"]] = item
    action = items.action_item(delivery.schedule, delivery.action)
    world.repository.items[action["PK"], action["SK"]] = action
