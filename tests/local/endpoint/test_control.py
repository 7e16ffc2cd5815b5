"""The clock, the faults and the calls of the local cloud, by HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

from local.testing import RunningCloud, answer_of, running_cloud
from tests.local.endpoint.control import TELLING_THE_TIME, ask, now, refusal, schedule_every_day


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture
def cloud(running: RunningCloud) -> RunningCloud:
    """On real time, without faults and calls."""
    ask(running, "POST", "clock", {"reset": True})
    ask(running, "DELETE", "faults")
    ask(running, "DELETE", "calls")
    return running


def calls(cloud: RunningCloud, operation: str = "*") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(cloud, "GET", f"calls?operation={operation}")["calls"]
    return found


def test_the_clock_is_real_until_it_is_set(cloud: RunningCloud) -> None:
    assert abs(now(cloud) - datetime.now(UTC)) < timedelta(seconds=1)


def test_an_advance_fires_every_due_occurrence_in_the_travelled_time(cloud: RunningCloud) -> None:
    function = cloud.deploy("daily", TELLING_THE_TIME)
    schedule_every_day(cloud, "daily", function)

    state = ask(cloud, "POST", "clock", {"advance": "P5D"})

    fired = [line.split() for name, line in cloud.lines if name == "daily" and line.startswith("fired")]
    assert state["travelling"] is False
    assert state["jobs"] >= 5
    assert len(fired) == len({words[2] for words in fired}) == 5
    for _, _, scheduled, _, at in fired:
        assert timedelta() <= datetime.fromisoformat(at) - datetime.fromisoformat(scheduled) < timedelta(seconds=5)


def test_a_function_sees_the_travelled_time_but_real_durations(cloud: RunningCloud) -> None:
    cloud.deploy("clock", TELLING_THE_TIME, Timeout=7)
    before = answer_of(cloud.client("lambda").invoke(FunctionName="clock"))

    ask(cloud, "POST", "clock", {"advance": "P30D"})
    after = answer_of(cloud.client("lambda").invoke(FunctionName="clock"))

    assert abs(datetime.fromisoformat(after["now"]) - now(cloud)) < timedelta(seconds=2)
    assert after["time"] - before["time"] == pytest.approx(30 * 86_400, abs=5)
    assert after["monotonic"] - before["monotonic"] < 5
    assert 6000 < after["remaining"] <= 7000


def test_a_new_process_is_in_the_travelled_time_before_its_handler_is_imported(cloud: RunningCloud) -> None:
    cloud.deploy("fresh", TELLING_THE_TIME)
    ask(cloud, "POST", "clock", {"advance": "P30D"})

    answer = answer_of(cloud.client("lambda").invoke(FunctionName="fresh"))

    assert answer["imported_at"] == pytest.approx(answer["time"], abs=5)


def test_after_a_reset_functions_are_back_in_real_time(cloud: RunningCloud) -> None:
    cloud.deploy("back", TELLING_THE_TIME)
    ask(cloud, "POST", "clock", {"advance": "P30D"})
    answer_of(cloud.client("lambda").invoke(FunctionName="back"))

    ask(cloud, "POST", "clock", {"reset": True})

    answer = answer_of(cloud.client("lambda").invoke(FunctionName="back"))
    assert abs(datetime.fromisoformat(answer["now"]) - datetime.now(UTC)) < timedelta(seconds=2)


def test_the_clock_can_be_set_to_an_instant(cloud: RunningCloud) -> None:
    there = datetime.now(UTC) + timedelta(days=400)

    ask(cloud, "POST", "clock", {"to": there.isoformat()})

    assert timedelta() <= now(cloud) - there < timedelta(seconds=2)


@pytest.mark.parametrize(
    ("advance", "reason"),
    [
        ({"advance": "30 days"}, "is not an ISO 8601 duration"),
        ({"advance": "P"}, "is not an ISO 8601 duration"),
        ({"advance": 5}, "expected string"),
        ({"to": "2000-01-01T00:00:00Z"}, "allowed: a later time"),
        ({"to": "2999-01-01T00:00:00"}, "has no UTC offset"),
        ({"advance": "P1D", "to": "2999-01-01T00:00:00Z"}, "send {"),
        ({}, "send {"),
    ],
)
def test_an_advance_to_no_time_is_refused_with_a_reason(cloud: RunningCloud, advance: Any, reason: str) -> None:
    status, message = refusal(cloud, "clock", advance)

    assert status == 400
    assert reason in message


def test_ending_no_journey_changes_nothing(cloud: RunningCloud) -> None:
    assert ask(cloud, "DELETE", "clock/journey")["travelling"] is False
    assert abs(now(cloud) - datetime.now(UTC)) < timedelta(seconds=1)


STAGE_LOCAL = {"Variables": {"LOOPBACK_WEBHOOKS": "true"}}
TELLING_HOW_FAR_AHEAD = """
    import os, pathlib
    def handle(event, context):
        file = pathlib.Path(os.environ["SIGNING_AHEAD_FILE"])
        return {"ahead": float(file.read_text()) if file.exists() else None}
"""


def test_functions_are_told_how_far_ahead_the_clock_is_if_they_shall_sign_with_real_time(cloud: RunningCloud) -> None:
    cloud.deploy("signer", TELLING_HOW_FAR_AHEAD, Environment=STAGE_LOCAL)
    ask(cloud, "POST", "clock", {"advance": "P1D"})
    ahead = [answer_of(cloud.client("lambda").invoke(FunctionName="signer"))["ahead"]]

    for time in ("real", "clock"):
        assert ask(cloud, "POST", "clock/webhooks", {"time": time}) == {"time": time}
        assert ask(cloud, "GET", "clock/webhooks") == {"time": time}
        ahead.append(answer_of(cloud.client("lambda").invoke(FunctionName="signer"))["ahead"])

    assert ahead == [None, pytest.approx(86_400, abs=30), None]


def test_real_time_in_signatures_follows_the_clock(cloud: RunningCloud) -> None:
    cloud.deploy("following", TELLING_HOW_FAR_AHEAD, Environment=STAGE_LOCAL)
    ask(cloud, "POST", "clock/webhooks", {"time": "real"})
    ask(cloud, "POST", "clock", {"advance": "P2D"})
    far = answer_of(cloud.client("lambda").invoke(FunctionName="following"))["ahead"]
    ask(cloud, "POST", "clock", {"reset": True})
    back = answer_of(cloud.client("lambda").invoke(FunctionName="following"))["ahead"]
    ask(cloud, "POST", "clock/webhooks", {"time": "clock"})

    assert (far, back) == (pytest.approx(2 * 86_400, abs=30), 0.0)


def test_signatures_have_one_of_two_times(cloud: RunningCloud) -> None:
    assert refusal(cloud, "clock/webhooks", {"time": "tomorrow"})[0] == 400


def test_lists_of_dynamodb_are_behind_by_what_is_asked(cloud: RunningCloud) -> None:
    assert ask(cloud, "GET", "table-lag") == {"seconds": 0}
    for seconds in (20, 0):
        assert ask(cloud, "POST", "table-lag", {"seconds": seconds}) == {"seconds": seconds}
        assert ask(cloud, "GET", "table-lag") == {"seconds": seconds}


@pytest.mark.parametrize("body", [{}, {"seconds": "20"}, {"seconds": -1}, {"seconds": 61}, {"seconds": 1e300}])
def test_lists_of_dynamodb_are_behind_by_a_minute_at_most(cloud: RunningCloud, body: dict[str, Any]) -> None:
    assert refusal(cloud, "table-lag", body)[0] == 400


def test_a_fault_strikes_as_often_as_was_asked(cloud: RunningCloud) -> None:
    ask(cloud, "POST", "faults", {"operation": "scheduler:ListSchedules", "mode": "throttle", "times": 2})
    scheduler = cloud.client("scheduler")

    for _ in range(2):
        with pytest.raises(ClientError, match="ThrottlingException") as error:
            scheduler.list_schedules()
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429

    assert scheduler.list_schedules()["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("dynamodb", "ListTables", "InternalServerError"),
        ("lambda", "ListFunctions", "ServiceException"),
        ("scheduler", "ListSchedules", "InternalServerException"),
        ("sesv2", "ListEmailIdentities", "InternalServiceErrorException"),
        ("sqs", "ListQueues", "InternalFailure"),
        ("iam", "ListRoles", "InternalFailure"),
        ("s3", "ListBuckets", "InternalFailure"),
    ],
)
def test_a_failure_speaks_each_service_s_protocol(cloud: RunningCloud, service: str, operation: str, code: str) -> None:
    ask(cloud, "POST", "faults", {"operation": f"{service}:{operation}", "mode": "fail", "times": 1})
    client = cloud.client(service)
    method = next(name for name, known in client.meta.method_to_api_mapping.items() if known == operation)

    with pytest.raises(ClientError) as error:
        getattr(client, method)()

    assert error.value.response["Error"]["Code"] == code
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500


def test_a_failure_after_the_work_has_done_the_work(cloud: RunningCloud) -> None:
    ask(cloud, "POST", "faults", {"operation": "sqs:CreateQueue", "mode": "fail-after-work", "times": 1})
    sqs = cloud.client("sqs")

    with pytest.raises(ClientError):
        sqs.create_queue(QueueName="made-all-the-same")

    assert len(sqs.list_queues(QueueNamePrefix="made-all-the-same")["QueueUrls"]) == 1


def test_a_timeout_hangs_no_longer_than_was_asked(cloud: RunningCloud) -> None:
    ask(cloud, "POST", "faults", {"operation": "sqs:*", "mode": "timeout", "times": 1, "seconds": 1})
    impatient = Config(read_timeout=0.5, retries={"total_max_attempts": 1})
    sqs = cloud.client("sqs", config=impatient)

    with pytest.raises(ReadTimeoutError):
        sqs.list_queues()

    assert "ResponseMetadata" in sqs.list_queues()


def test_a_fault_strikes_the_scheduler_s_own_calls_too_and_is_tried_again(cloud: RunningCloud) -> None:
    function = cloud.deploy("retried", TELLING_THE_TIME)
    schedule_every_day(cloud, "retried", function)
    ask(cloud, "POST", "faults", {"operation": "lambda:Invoke", "mode": "throttle", "times": 2})

    ask(cloud, "POST", "clock", {"advance": "P1D"})

    statuses = [call["status"] for call in calls(cloud, "lambda:Invoke") if call["caller"] == "scheduler"]
    assert statuses.count(429) == 2
    assert len([line for name, line in cloud.lines if name == "retried" and line.startswith("fired")]) == 1


def test_faults_can_be_listed_and_removed(cloud: RunningCloud) -> None:
    fault = {"operation": "dynamodb:*", "mode": "fail", "probability": 0.5}
    ask(cloud, "POST", "faults", fault)
    assert fault.items() <= ask(cloud, "GET", "faults")["faults"][0].items()

    ask(cloud, "DELETE", "faults")

    assert ask(cloud, "GET", "faults")["faults"] == []


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"operation": "dynamodb:PutItem"}, "required but missing: mode"),
        ({"operation": "dynamodb:PutItem", "mode": "explode"}, "allowed: throttle"),
        ({"operation": "PutItem", "mode": "fail"}, "e.g. dynamodb:PutItem"),
        ({"operation": "dynamodb:PutItem", "mode": "fail", "probability": 2}, "0 to 1"),
        ({"operation": "dynamodb:PutItem", "mode": "fail", "times": "x"}, "times is 'x'; allowed: a whole number"),
        (
            {"operation": "dynamodb:PutItem", "mode": "fail", "colour": "red"},
            "unknown member colour; allowed: operation",
        ),
        (["fail"], "not a JSON object"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_a_reason(cloud: RunningCloud, fault: Any, reason: str) -> None:
    status, message = refusal(cloud, "faults", fault)

    assert status == 400
    assert reason in message


def test_calls_are_listed_with_operation_time_and_caller(cloud: RunningCloud) -> None:
    cloud.client("dynamodb").list_tables()

    (call,) = calls(cloud, "dynamodb:*")
    assert abs(datetime.fromisoformat(call["time"]) - datetime.now(UTC)) < timedelta(seconds=2)
    assert (call["operation"], call["status"], call["caller"].split("/")[0]) == ("dynamodb:ListTables", 200, "Boto3")


def test_a_function_s_calls_bear_its_name(cloud: RunningCloud) -> None:
    cloud.deploy("caller", "def handle(event, context): __import__('boto3').client('dynamodb').list_tables()")

    cloud.client("lambda").invoke(FunctionName="caller")

    assert [call["caller"] for call in calls(cloud, "dynamodb:ListTables")] == ["caller"]


def test_calls_can_be_forgotten(cloud: RunningCloud) -> None:
    cloud.client("dynamodb").list_tables()

    ask(cloud, "DELETE", "calls")

    assert ask(cloud, "GET", "calls") == {"count": 0, "dropped": 0, "calls": []}
