"""Failed work on real processes: tried again, done again by a person, held and let go by the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.model import reasons
from tests.e2e.aws import client
from tests.e2e.commands import deploy
from tests.e2e.schedules import an_email, due, path_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.app.stack import Stack
    from tests.e2e.client import Client
    from tests.e2e.cloud import Clock, LocalCloud

    Break = Callable[..., None]

pytestmark = pytest.mark.e2e

NO_RETRIES = {"max_retries": 0}


@pytest.fixture
def ses(cloud: LocalCloud) -> Iterator[Break]:
    """Breaks SES: `ses("throttle", times=2)`, until it is called anew, or the end."""

    def broken(mode: str = "", **how: Any) -> None:
        cloud.send("DELETE", "/_local/faults")
        if mode:
            fault = {"operation": "sesv2:SendEmail", "mode": mode, **how}
            assert cloud.send("POST", "/_local/faults", fault).status == 201

    yield broken
    broken()


def a_mail(user: Client, subject: str, **details: Any) -> dict[str, Any]:
    return user.create(timing={"after": "PT1M"}, action=an_email(subject), **details)


def the_run(user: Client, schedule: dict[str, Any]) -> dict[str, Any]:
    (run,) = user.get(f"{path_of(schedule)}/runs")["items"]
    found: dict[str, Any] = run
    return found


def test_a_mail_that_ses_has_no_time_for_is_sent_by_a_retry_and_once(
    cloud: LocalCloud, alice: Client, clock: Clock, ses: Break
) -> None:
    ses("throttle", times=2)
    schedule = a_mail(alice, "third time")

    clock.travel_to(due(schedule))
    first = the_run(alice, schedule)
    clock.travel(minutes=6)

    after = the_run(alice, schedule)
    assert (first["status"], first["next_attempt_at"] is not None) == ("retrying", True)
    assert (after["status"], [attempt["error"] is None for attempt in after["attempts"]]) == (
        "succeeded",
        [False, False, True],
    )
    assert len(cloud.messages("third time")) == 1
    assert alice.get(path_of(schedule))["status"] == "completed"


def test_a_retry_that_succeeds_makes_two_calls_to_the_table(
    stack: Stack, cloud: LocalCloud, alice: Client, clock: Clock, ses: Break
) -> None:
    ses("throttle", times=1)
    schedule = a_mail(alice, "counted")
    clock.travel_to(due(schedule))
    cloud.forget_calls()

    clock.travel(minutes=3)

    calls = cloud.calls(stack.outputs["notification_lambda_name"])
    assert calls == ["dynamodb:TransactWriteItems", "sesv2:SendEmail", "dynamodb:TransactWriteItems"]


def test_an_answer_that_never_came_is_asked_for_once_and_told(
    cloud: LocalCloud, alice: Client, clock: Clock, ses: Break
) -> None:
    ses("fail-after-work", times=1)
    stops = a_mail(alice, "stops there", on_unknown="stop")
    clock.travel_to(due(stops))
    ses("fail-after-work", times=1)
    goes_on = a_mail(alice, "asked again")
    clock.travel(minutes=5)

    stopped, repeated = the_run(alice, stops), the_run(alice, goes_on)
    assert (stopped["status"], len(cloud.messages("stops there"))) == ("failed", 1)
    assert reasons.ON_UNKNOWN_IS_STOP in stopped["reason"]
    assert (repeated["status"], repeated["possibly_repeated"]) == ("succeeded", True)
    assert len(cloud.messages("asked again")) == 2


def test_a_run_that_failed_for_good_is_found_and_done_again(
    cloud: LocalCloud, alice: Client, bob: Client, clock: Clock, ses: Break
) -> None:
    ses("throttle")
    schedule = a_mail(alice, "once more", retry=NO_RETRIES)
    clock.travel_to(due(schedule))
    ses()
    run_id = the_run(alice, schedule)["run_id"]

    found = [run["run_id"] for run in alice.get("/v1/runs?status=failed")["items"]]
    address = f"{path_of(schedule)}/runs/{run_id}/redrive"
    foreign, answer = bob.send("POST", address), alice.send("POST", address)
    clock.travel(seconds=10)

    assert run_id in found
    assert (foreign.status, answer.status, answer.json["status"]) == (404, 202, "queued")
    assert (the_run(alice, schedule)["status"], len(cloud.messages("once more"))) == ("succeeded", 1)
    assert alice.get(path_of(schedule))["status"] == "completed"
    assert alice.send("POST", address).status == 409


def test_all_that_failed_is_done_again_by_one_request(
    cloud: LocalCloud, alice: Client, clock: Clock, ses: Break
) -> None:
    ses("throttle")
    schedules = [a_mail(alice, "all again", retry=NO_RETRIES, resource_id="invoice-7") for _ in range(4)]
    clock.travel(minutes=2)
    ses()

    job = alice.send("POST", "/v1/runs/redrive", {"resource_id": "invoice-7", "per_minute": 120}).json
    clock.travel(minutes=5)

    assert {the_run(alice, schedule)["status"] for schedule in schedules} == {"succeeded"}
    assert len(cloud.messages("all again")) == 4
    assert (alice.get(f"/v1/jobs/{job['job_id']}")["status"], job["kind"]) == ("completed", "redrive")


@pytest.mark.long
def test_what_the_operator_holds_is_recorded_and_done_after_he_lets_go(
    stack: Stack, cloud: LocalCloud, alice: Client, clock: Clock
) -> None:
    schedule = a_mail(alice, "held")
    told = deploy(stack, "hold", "--reason", "SES is down")
    clock.travel_to(due(schedule))
    held = the_run(alice, schedule)

    let_go = deploy(stack, "release", "--per-minute", "600")
    clock.travel(minutes=3)

    assert (told[0], "All runs are held from now on: SES is down" in told[1]) == (0, True), told
    assert (held["status"], held["reason"], held["attempts"]) == ("held", "SES is down", [])
    assert (let_go[0], "Runs begin again." in let_go[1]) == (0, True), let_go
    assert (the_run(alice, schedule)["status"], len(cloud.messages("held"))) == ("succeeded", 1)


@pytest.mark.long
def test_terraform_does_not_let_go_what_the_operator_holds(stack: Stack) -> None:
    deploy(stack, "hold", "--reason", "hands off")
    try:
        stack.provision()

        name = stack.outputs["notification_lambda_name"]
        variables = client(stack, "lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        assert variables["HOLD"] == "hands off"
    finally:
        deploy(stack, "release")
