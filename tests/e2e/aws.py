"""AWS clients for a running stack: the command line, and boto3."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from chalicelib.core.model.ids import scheduler_name
from local.app.stack import REGION
from local.environment import ACCOUNT

if TYPE_CHECKING:
    from local.app.stack import Stack


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


def role_for_schedules(stack: Stack, name: str, *, invokes: str) -> str:
    """A role of the tests' own, for schedules of any group of the account: its ARN. invokes: that of a function."""
    iam, any_group = client(stack, "iam"), f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/*"
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "scheduler.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": any_group}},
    }
    rights = [
        {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": invokes},
        {
            "Effect": "Allow",
            "Action": "sqs:SendMessage",
            "Resource": stack.outputs["delivery_dead_letter_queue_arn"],
        },
    ]
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]
    iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=_policy(*rights))
    arn: str = role["Arn"]
    return arn


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


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
