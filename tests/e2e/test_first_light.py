"""The whole on real processes: cloud, terraform, `chalice local`, the deployed zip. Nothing here is faked."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.client import Client, within

if TYPE_CHECKING:
    from local.stack import Stack

pytestmark = pytest.mark.e2e


def an_email(subject: str) -> dict[str, Any]:
    return {"type": "email", "to": ["alice@example.com"], "subject": subject, "text": "It is time."}


def in_seconds(seconds: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)


def mails(cloud: Client, subject: str) -> list[dict[str, Any]]:
    return [mail for mail in cloud.get("/_local/outbox")["messages"] if mail["subject"] == subject]


def aws(stack: Stack, *arguments: str) -> Any:
    """The AWS CLI against the stack's cloud."""
    command = [Path(sys.executable).with_name("aws"), *arguments, "--endpoint-url", stack.cloud_url, "--output", "json"]
    done = subprocess.run(command, env=stack.environment, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


def schedule_names(stack: Stack) -> list[str]:
    group = stack.outputs["scheduler_group_name"]
    return [found["Name"] for found in aws(stack, "scheduler", "list-schedules", "--group-name", group)["Schedules"]]


def test_a_schedule_created_over_http_sends_its_mail_on_time_and_once(
    stack: Stack, cloud: Client, alice: Client
) -> None:
    due = in_seconds(4)
    schedule = alice.create(timing={"at": due.isoformat()}, action=an_email("first light"))
    path = f"/v1/schedules/{schedule['schedule_id']}"
    assert len(schedule_names(stack)) == 1

    (mail,) = within(10, lambda: mails(cloud, "first light"), "the mail")
    (run,) = within(5, lambda: ended_runs(alice, path), "the run's record")

    assert datetime.fromisoformat(mail["sent_at"]) - due < timedelta(seconds=2)
    assert (run["status"], 0 <= run["lateness_ms"] < 2000) == ("succeeded", True)
    assert alice.get(path)["status"] == "completed"
    assert within(5, lambda: not schedule_names(stack), "EventBridge's own removal")
    assert len(mails(cloud, "first light")) == 1


def ended_runs(client: Client, path: str) -> list[dict[str, Any]]:
    return [run for run in client.get(f"{path}/runs")["items"] if run["status"] != "running"]


def test_a_cancelled_schedule_does_not_fire(stack: Stack, cloud: Client, alice: Client) -> None:
    schedule = alice.create(timing={"after": "PT3S"}, action=an_email("cancelled"))
    path = f"/v1/schedules/{schedule['schedule_id']}"

    cancelled = alice.send("DELETE", path)
    witness = alice.create(timing={"after": "PT4S"}, action=an_email("a second later"))
    within(10, lambda: mails(cloud, "a second later"), "the mail of a later schedule")

    assert cancelled.status == 204
    assert mails(cloud, "cancelled") == []
    assert alice.get(path)["status"] == "cancelled"
    assert witness["schedule_id"] != schedule["schedule_id"]


def test_somebody_elses_schedule_is_not_there(alice: Client, bob: Client) -> None:
    schedule = alice.create(timing={"after": "PT1H"}, action=an_email("alice's"))
    path = f"/v1/schedules/{schedule['schedule_id']}"

    answers = [bob.send(method, path) for method in ("GET", "DELETE")]

    assert [answer.status for answer in answers] == [404, 404]
    assert alice.get(path)["status"] == "active"
    assert alice.send("DELETE", path).status == 204


def test_terraform_has_nothing_to_change_after_an_apply(stack: Stack) -> None:
    plan = terraform(stack, "plan", "-detailed-exitcode", "-no-color", "-input=false")

    assert plan.returncode == 0, plan.stdout + plan.stderr


def terraform(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Typed by hand in the stack's copy of the terraform folder."""
    binary = shutil.which("terraform")
    assert binary, "terraform is missing: install it, or let `make run` download it"
    return subprocess.run(
        [binary, *arguments, "-var-file=envs/local.tfvars"],
        cwd=stack.directory / "terraform",
        env=stack.environment | {"TF_CLI_CONFIG_FILE": str(stack.directory / "terraform" / "terraform.rc")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
