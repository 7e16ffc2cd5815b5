"""The whole on real processes: cloud, terraform, `chalice local`, the deployed zip. Nothing here is faked."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.e2e.aws import left_in_eventbridge
from tests.e2e.schedules import an_email, ended_runs, path_of
from tests.processes import within

if TYPE_CHECKING:
    from local.app.stack import Stack
    from tests.e2e.client import Client
    from tests.e2e.cloud import Clock, LocalCloud
    from tests.e2e.own_project import StackWithOwnActions
    from tests.promises import Promise

pytestmark = pytest.mark.e2e


def in_seconds(seconds: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)


def test_a_schedule_created_over_http_sends_its_mail_on_time_and_once(
    stack: Stack, cloud: LocalCloud, alice: Client, promise: Promise
) -> None:
    due = in_seconds(4)
    schedule = alice.create(timing={"at": due.isoformat()}, action=an_email("first light"))
    assert left_in_eventbridge(stack, schedule)

    (mail,) = within(10, lambda: cloud.messages("first light"), "the mail")
    (run,) = within(5, lambda: ended_runs(alice, schedule), "the run's record")

    assert datetime.fromisoformat(mail["sent_at"]) - due < timedelta(seconds=2)
    assert (run["status"], 0 <= run["lateness_ms"] < 2000) == ("succeeded", True)
    assert alice.get(path_of(schedule))["status"] == "completed"
    assert within(5, lambda: not left_in_eventbridge(stack, schedule), "EventBridge's own removal")
    assert len(cloud.messages("first light")) == 1
    promise(3, f"a run recorded as {run['status']}, {run['lateness_ms']} ms late, with its attempt")
    promise(5, "created over HTTP, the deployed zip sent its mail within 2 s of its time, once")


def test_a_cancelled_schedule_does_not_fire(cloud: LocalCloud, alice: Client, clock: Clock) -> None:
    schedule = alice.create(timing={"after": "PT1M"}, action=an_email("cancelled"))

    assert alice.send("DELETE", path_of(schedule)).status == 204
    clock.travel(minutes=2)

    assert cloud.messages("cancelled") == []
    assert alice.get(f"{path_of(schedule)}/runs")["items"] == []
    assert alice.get(path_of(schedule))["status"] == "cancelled"


@pytest.mark.long
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


def test_terraform_neither_makes_nor_changes_the_queues_that_it_finds(stack: StackWithOwnActions) -> None:
    """It would wait 25 s for each, so local/app/queues.py makes them as terraform/modules describes them."""
    lambdas = [line for line in stack.progress if "aws_lambda_function.notification: Creation complete" in line]
    queues = [line for line in stack.progress if "aws_sqs_queue" in line]

    assert (len(lambdas), queues) == (1, [])
