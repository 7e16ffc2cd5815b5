"""Every dead letter fits its queue, and holds the whole event."""

from __future__ import annotations

import json
import re
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from deploy.paths import TERRAFORM
from local.testing import RunningCloud, running_cloud
from notification.dead_letters import MOST_BYTES, DeadLetters

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBERS = count(1)
EVENT = {"user_id": "alice", "schedule_id": "s1", "scheduled_time": "2027-03-01T12:00:00Z"}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture
def queue(cloud: RunningCloud) -> str:
    """A new one, as Terraform makes it: its URL."""
    attributes = {"MaximumMessageSize": str(MOST_BYTES)}
    made = cloud.client("sqs").create_queue(QueueName=f"letters-{next(NUMBERS)}", Attributes=attributes)
    url: str = made["QueueUrl"]
    return url


def received(cloud: RunningCloud, queue: str) -> list[dict[str, Any]]:
    sqs, bodies = cloud.client("sqs"), []
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        bodies += [json.loads(message["Body"]) for message in messages]
    return bodies


def send(cloud: RunningCloud, queue: str, event: Any, reason: str = "SES MessageRejected: no") -> list[dict[str, Any]]:
    DeadLetters(lambda: cloud.client("sqs"), queue).send(reason, event, run_id="20270301T120000Z-1")
    return received(cloud, queue)


def test_a_dead_letter_holds_the_event_the_run_and_the_reason(cloud: RunningCloud, queue: str) -> None:
    (letter,) = send(cloud, queue, {**EVENT, "name": "Müller"})

    assert letter == {
        "reason": "SES MessageRejected: no",
        "run_id": "20270301T120000Z-1",
        "event": {**EVENT, "name": "Müller"},
    }


@pytest.mark.parametrize("text", ["x", "ü", "\U0001f600", "\ud800", '"', "\\", "\x00"])
@pytest.mark.parametrize("size", [MOST_BYTES, 1_000_000])
def test_an_event_that_is_too_large_comes_in_parts_that_fit(
    cloud: RunningCloud, queue: str, text: str, size: int
) -> None:
    escaped = len(json.dumps(text)) - len('""')
    event = {**EVENT, "action": {"data": text * (size // escaped)}}

    letters = send(cloud, queue, event)

    assert {(letter["reason"], letter["run_id"]) for letter in letters} == {
        ("SES MessageRejected: no", "20270301T120000Z-1")
    }
    assert [letter["event"]["schedule_id"] for letter in letters] == ["s1"] * len(letters)
    assert event_of(letters) == event


def event_of(letters: list[dict[str, Any]]) -> Any:
    if "part" not in letters[0]:
        return letters[0]["event"]
    parts = sorted(letters, key=lambda letter: letter["part"])
    assert [letter["part"] for letter in parts] == list(range(1, parts[0]["parts"] + 1))
    return json.loads("".join(letter["text"] for letter in parts))


def test_a_reason_that_quotes_too_much_is_cut(cloud: RunningCloud, queue: str) -> None:
    (letter,) = send(cloud, queue, EVENT, reason="\u20ac" * 300_000)

    assert letter["reason"] == "\u20ac" * 2_000


def test_an_event_that_is_no_object_comes_whole_as_well(cloud: RunningCloud, queue: str) -> None:
    event = ["x" * 300_000]

    assert event_of(send(cloud, queue, event)) == event


def test_terraform_makes_both_queues_for_messages_of_this_size() -> None:
    sizes = [
        re.findall(
            r"^  max_message_size += (\d+)", (TERRAFORM / "modules" / module / "main.tf").read_text(), re.MULTILINE
        )
        for module in ("notification_function", "schedule_group")
    ]

    assert sizes == [[str(MOST_BYTES)]] * 2
