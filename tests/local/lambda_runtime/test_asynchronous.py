"""Events are retried by Lambda's rules, in travelled time, and end in the on-failure destination."""

import json
from collections.abc import Iterator
from datetime import timedelta
from threading import Event, Semaphore
from typing import Any

import pytest

from local.lambda_runtime.asynchronous import AsynchronousInvocations
from local.lambda_runtime.fleet import MOST
from local.lambda_runtime.function import Function, find_function
from local.lambda_runtime.invocation import Invocation, Outcome
from local.lambda_runtime.runtime import new_invocation
from local.testing import RunningCloud, running_cloud
from local.time.agenda import Agenda

CODE = """
    def handle(event, context):
        print("attempt", context.aws_request_id)
        if event.get("fail"):
            raise ValueError("on purpose")
"""
FAIL = b'{"fail": true}'


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        yield running


def send(cloud: RunningCloud, function: str, payload: bytes) -> str:
    """Send an event; returns its request id."""
    response = cloud.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=payload)
    assert response["StatusCode"] == 202
    return str(response["ResponseMetadata"]["RequestId"])


def travel(cloud: RunningCloud, **duration: float) -> None:
    cloud.agenda.advance(cloud.clock.now() + timedelta(**duration))


def attempts(cloud: RunningCloud, function: str) -> list[str]:
    """The request ids of all attempts so far."""
    return [line.split()[1] for name, line in cloud.lines if name == function and line.startswith("attempt")]


def configure(cloud: RunningCloud, function: str, **config: Any) -> str:
    """Give the function an on-failure queue, and further settings. Returns the queue's ARN."""
    queue = cloud.queue(f"{function}-failures")
    destination = {"OnFailure": {"Destination": queue}}
    cloud.client("lambda").put_function_event_invoke_config(
        FunctionName=function, DestinationConfig=destination, **config
    )
    return queue


def test_an_event_that_succeeds_runs_once(cloud: RunningCloud) -> None:
    cloud.deploy("fine", CODE)

    request_id = send(cloud, "fine", b"{}")
    travel(cloud, hours=1)

    assert attempts(cloud, "fine") == [request_id]


def test_an_event_that_fails_is_tried_again_after_one_and_after_two_minutes(cloud: RunningCloud) -> None:
    cloud.deploy("failing", CODE)

    request_id = send(cloud, "failing", FAIL)
    travel(cloud, seconds=59)
    assert attempts(cloud, "failing") == [request_id]
    travel(cloud, seconds=2)
    assert attempts(cloud, "failing") == [request_id] * 2
    travel(cloud, seconds=117)
    assert attempts(cloud, "failing") == [request_id] * 2
    travel(cloud, hours=6)

    assert attempts(cloud, "failing") == [request_id] * 3


def test_after_the_last_retry_the_on_failure_queue_gets_lambda_s_record(cloud: RunningCloud) -> None:
    arn = cloud.deploy("recorded", CODE)
    queue = configure(cloud, "recorded", MaximumRetryAttempts=1)

    request_id = send(cloud, "recorded", FAIL)
    travel(cloud, minutes=2)

    record = json.loads(cloud.received(queue)[0]["Body"])
    assert record.pop("timestamp").endswith("Z")
    assert record.pop("responsePayload")["errorType"] == "ValueError"
    assert record == {
        "version": "1.0",
        "requestContext": {
            "requestId": request_id,
            "functionArn": f"{arn}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 2,
        },
        "requestPayload": {"fail": True},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
    }


def test_an_event_that_grew_too_old_is_given_up(cloud: RunningCloud) -> None:
    cloud.deploy("aged", CODE)
    queue = configure(cloud, "aged", MaximumEventAgeInSeconds=100)

    send(cloud, "aged", FAIL)
    travel(cloud, minutes=5)

    context = json.loads(cloud.received(queue)[0]["Body"])["requestContext"]
    assert (context["condition"], context["approximateInvokeCount"]) == ("EventAgeExceeded", 2)


def test_without_concurrency_an_event_goes_to_the_queue_at_once(cloud: RunningCloud) -> None:
    cloud.deploy("closed", CODE)
    queue = configure(cloud, "closed")
    cloud.client("lambda").put_function_concurrency(FunctionName="closed", ReservedConcurrentExecutions=0)

    send(cloud, "closed", b"{}")
    travel(cloud, seconds=1)

    context = json.loads(cloud.received(queue)[0]["Body"])["requestContext"]
    assert (context["condition"], context["approximateInvokeCount"]) == ("ZeroReservedConcurrency", 0)


def test_throttled_events_wait_and_are_not_lost(cloud: RunningCloud) -> None:
    cloud.deploy("narrow", CODE)
    cloud.client("lambda").put_function_concurrency(FunctionName="narrow", ReservedConcurrentExecutions=1)

    sent = [send(cloud, "narrow", b"{}") for _ in range(5)]
    travel(cloud, minutes=30)

    assert sorted(attempts(cloud, "narrow")) == sorted(sent)


def test_a_retry_runs_the_code_that_is_deployed_by_then(cloud: RunningCloud) -> None:
    cloud.deploy("deleted", CODE)

    request_id = send(cloud, "deleted", FAIL)
    travel(cloud, seconds=1)
    cloud.client("lambda").delete_function(FunctionName="deleted")
    travel(cloud, hours=6)

    assert attempts(cloud, "deleted") == [request_id]


class BlockedRuns:
    """Runs of a function that end when they are released."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.reached = Semaphore(0)
        self.released = Event()

    def __call__(self, _function: Function, invocation: Invocation) -> Outcome:
        self.begun.append(invocation.request_id)
        self.reached.release()
        assert self.released.wait(10)
        return Outcome(b"null")

    def send(self, *_: Any) -> None:
        raise AssertionError("no event fails")


def test_a_burst_of_events_runs_at_the_function_s_concurrency_and_delays_no_other_job(cloud: RunningCloud) -> None:
    function = find_function(cloud.deploy("bursting", CODE))
    invocations = [new_invocation(function, b"{}") for _ in range(5 * MOST)]
    runs, other = BlockedRuns(), Event()
    agenda = Agenda(cloud.clock, workers=2 * MOST)
    agenda.start()
    try:
        queue = AsynchronousInvocations(cloud.clock, agenda, runs, runs)
        for invocation in invocations:
            queue.accept(invocation)
        for _ in range(MOST):
            assert runs.reached.acquire(timeout=10)
        agenda.call_at(cloud.clock.now(), other.set)
        assert other.wait(10)
        assert len(runs.begun) == MOST

        runs.released.set()
        for _ in range(4 * MOST):
            assert runs.reached.acquire(timeout=10)
    finally:
        runs.released.set()
        agenda.stop()

    assert sorted(runs.begun) == sorted(invocation.request_id for invocation in invocations)
