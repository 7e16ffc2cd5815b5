"""AWS clients for a running stack: the command line, and boto3."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from chalicelib.core.keys import scheduler_name
from local.stack import REGION

if TYPE_CHECKING:
    from local.stack import Stack


def command_line(stack: Stack, *arguments: str) -> Any:
    """What `aws …` answers, None if it prints nothing. Raises CalledProcessError."""
    aws = Path(sys.executable).with_name("aws")
    done = subprocess.run(
        [aws, *arguments, "--output", "json"],
        env=stack.environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout) if done.stdout else None


def client(stack: Stack, service: str) -> Any:
    """A boto3 client that looks at nothing of this process's environment."""
    session = boto3.Session(aws_access_key_id="local", aws_secret_access_key="local", region_name=REGION)
    return session.client(service, endpoint_url=stack.cloud_url)  # type: ignore[call-overload]


def left_in_eventbridge(stack: Stack, *schedules: dict[str, Any]) -> set[str]:
    """The ids of those of our schedules that EventBridge Scheduler has."""
    pages = client(stack, "scheduler").get_paginator("list_schedules")
    found = pages.paginate(GroupName=stack.outputs["scheduler_group_name"]).build_full_result()["Schedules"]
    names = {schedule["Name"] for schedule in found}
    return {ours["schedule_id"] for ours in schedules if scheduler_name(ours["user_id"], ours["schedule_id"]) in names}


def dead_letters(stack: Stack, queue: str, about: str) -> list[dict[str, Any]]:
    """Empties the stack's `delivery` or `work` queue; the messages with `about` in their body."""
    sqs, url = client(stack, "sqs"), stack.outputs[f"{queue}_dead_letter_queue_url"]
    found: list[dict[str, Any]] = []
    while messages := _receive(sqs, url):
        found += [message for message in messages if about in message["Body"]]
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def _receive(sqs: Any, url: str) -> list[dict[str, Any]]:
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
    messages: list[dict[str, Any]] = answer.get("Messages", [])
    return messages
