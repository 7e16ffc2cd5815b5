"""What CreateSchedule and UpdateSchedule refuse and take, in AWS's words.

Rows marked LS are recordings of real AWS (localstack/localstack, test_scheduler.snapshot.json); POC, POLL and OPS are
measurements; the others follow botocore's model of the service.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.scheduler.testing import HOME, Stage, a_request, a_target, client, stage

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def on() -> Iterator[Stage]:
    with stage(NOW) as made:
        yield made


def refusal(on: Stage, **members: Any) -> tuple[str, str, int]:
    """Code, message and HTTP status of the refusal of `a_request(**members)`."""
    with pytest.raises(ClientError) as refused:
        client(on.scheduler, checks_parameters=False).create_schedule(**a_request(**members))
    response = refused.value.response
    return response["Error"]["Code"], response["Error"]["Message"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 1 * * * *)",  # LS, as the next sixteen
        "cron(7 20 * * NOT *)",
        "cron(INVALID)",
        "cron(0 dummy ? * MON-FRI *)",
        "cron(71 8 1 * ? *)",
        "cron()",
        "rate(10 seconds)",
        "rate(10 years)",
        "rate()",
        "rate(10)",
        "rate(10 minutess)",
        "rate(foo minutes)",
        "rate(-10 minutes)",
        "rate( 10 minutes )",
        " rate(10 minutes)",
        "at(2021-12-31T23:59:59Z)",
        "at(2021-12-31)",
        "at(2026-09-08T03:54:26.439)",  # POC
        "rate(30 seconds)",  # POLL, as the next
        "cron(*/30 * * * * ? *)",
        "rate(0 minutes)",
        "every day",
    ],
)
def test_it_refuses_a_wrong_expression_as_aws_does(on: Stage, expression: str) -> None:
    refused = refusal(on, ScheduleExpression=expression)

    assert refused == ("ValidationException", f"Invalid Schedule Expression {expression}.", 400)


@pytest.mark.parametrize(
    "expression",
    [
        "rate(2 minute)",  # LS
        "rate(1 minutes)",  # POLL
        "rate(1 days)",
        "at(2020-01-01T00:00:00)",  # ADR15: the past is accepted
        "cron(0-15/1 8-8 ? * 2,3,4,5,6,7 *)",  # localstack issue 13572, as the next two
        "cron(30-30 13-13 ? * 2,4,6 *)",
        "cron(1-31/30 1-1 ? * 1,7 *)",
        "cron(15 10 ? * 6L 2022-2023)",
    ],
)
def test_it_takes_and_shows_the_expression_as_it_was_sent(on: Stage, expression: str) -> None:
    on.create(ScheduleExpression=expression)

    assert on.client.get_schedule(Name="s1")["ScheduleExpression"] == expression


def window(minutes: int) -> dict[str, Any]:
    return {"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": minutes}}


def retry(**members: int) -> dict[str, Any]:
    return {"Target": a_target(RetryPolicy=members)}


NAME_PATTERN = "satisfy regular expression pattern: ^[0-9a-zA-Z-_.]+$"
MODE = "flexibleTimeWindow.mode"
MINUTES = "flexibleTimeWindow.maximumWindowInMinutes"
ATTEMPTS = "target.retryPolicy.maximumRetryAttempts"
AGE = "target.retryPolicy.maximumEventAgeInSeconds"
ZONE = "scheduleExpressionTimezone"


@pytest.mark.parametrize(
    ("members", "value", "path", "must"),
    [
        ({"Name": "a b"}, "a b", "name", NAME_PATTERN),
        ({"Name": "a" * 65}, "a" * 65, "name", "have length less than or equal to 64"),
        ({"GroupName": "a b"}, "a b", "groupName", NAME_PATTERN),
        ({"Description": "a" * 513}, "a" * 513, "description", "have length less than or equal to 512"),
        ({"ScheduleExpression": "x" * 257}, "x" * 257, "scheduleExpression", "have length less than or equal to 256"),
        ({"ScheduleExpressionTimezone": "x" * 51}, "x" * 51, ZONE, "have length less than or equal to 50"),
        ({"State": "PAUSED"}, "PAUSED", "state", "satisfy enum value set: [ENABLED, DISABLED]"),
        ({"ActionAfterCompletion": "X"}, "X", "actionAfterCompletion", "satisfy enum value set: [NONE, DELETE]"),
        ({"ClientToken": "a b"}, "a b", "clientToken", "satisfy regular expression pattern: ^[a-zA-Z0-9-_]+$"),
        ({"FlexibleTimeWindow": {"Mode": "ON"}}, "ON", MODE, "satisfy enum value set: [OFF, FLEXIBLE]"),
        (window(1441), 1441, MINUTES, "have value less than or equal to 1440"),
        (window(0), 0, MINUTES, "have value greater than or equal to 1"),
        (retry(MaximumRetryAttempts=186), 186, ATTEMPTS, "have value less than or equal to 185"),
        (retry(MaximumRetryAttempts=-1), -1, ATTEMPTS, "have value greater than or equal to 0"),
        (retry(MaximumEventAgeInSeconds=59), 59, AGE, "have value greater than or equal to 60"),
        (retry(MaximumEventAgeInSeconds=86401), 86401, AGE, "have value less than or equal to 86400"),
        ({"Target": a_target(Input="")}, "", "target.input", "have length greater than or equal to 1"),
        ({"Target": a_target(Arn="a" * 1601)}, "a" * 1601, "target.arn", "have length less than or equal to 1600"),
    ],
)
def test_it_refuses_what_the_api_model_forbids(
    on: Stage, members: dict[str, Any], value: object, path: str, must: str
) -> None:
    refused = refusal(on, **members)

    assert refused == (
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{path}' failed to satisfy constraint: Member must {must}",
        400,
    )


@pytest.mark.parametrize(
    "role_arn",
    [
        "scheduler",
        "arn:aws:iam::123:role/r",
        "arn:aws:iam::123456789012:user/alice",
        "arn:aws:iam::123456789012:role/a b",
        "arn:aws:iam::123456789012:role/grün",
    ],
)
def test_it_refuses_what_is_no_role(on: Stage, role_arn: str) -> None:
    code, message, _ = refusal(on, Target=a_target(RoleArn=role_arn))

    assert code == "ValidationException"
    assert message.startswith(f"1 validation error detected: Value '{role_arn}' at 'target.roleArn' failed to satisfy")


@pytest.mark.parametrize(
    "queue",
    ["dead", "arn:aws:sqs:eu-central-1:123456789012:dead.fifo", "arn:aws:sns:eu-central-1:123456789012:dead"],
)
def test_it_refuses_a_dead_letter_queue_that_is_no_standard_queue(on: Stage, queue: str) -> None:
    code, message, _ = refusal(on, Target=a_target(DeadLetterConfig={"Arn": queue}))

    assert code == "ValidationException"
    assert f"Value '{queue}' at 'target.deadLetterConfig.arn' failed to satisfy constraint" in message


def test_it_reports_all_violations_at_once(on: Stage) -> None:
    _, message, _ = refusal(on, Name="a b", State="PAUSED", Target=a_target(Arn=""))

    assert message == (
        "3 validation errors detected: "
        "Value 'a b' at 'name' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: ^[0-9a-zA-Z-_.]+$; "
        "Value 'PAUSED' at 'state' failed to satisfy constraint: "
        "Member must satisfy enum value set: [ENABLED, DISABLED]; "
        "Value '' at 'target.arn' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1"
    )


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            {"ScheduleExpressionTimezone": "Mars/Olympus"},
            "Invalid Schedule Expression Timezone Mars/Olympus.",
        ),
        (
            {"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 5}},
            "MaximumWindowInMinutes must not be provided when FlexibleTimeWindowMode is set to OFF.",
        ),
        (
            {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
            "MaximumWindowInMinutes must be provided when FlexibleTimeWindowMode is set to FLEXIBLE.",
        ),
        (
            {"StartDate": NOW - timedelta(minutes=5, seconds=1)},
            "The StartDate you specify cannot be earlier than 5 minutes ago.",
        ),
        (
            {"StartDate": NOW, "EndDate": NOW},
            "The StartDate you specify must be earlier than the EndDate.",
        ),
        (
            {"Target": a_target(Arn="notify")},
            "Provided Arn is not in correct format.",
        ),
        (
            {"Target": a_target(Input="not JSON")},
            "Input must be well-formed JSON for this target.",
        ),
        (
            {"Target": a_target(Input=json.dumps("ü" * 131_072, ensure_ascii=False))},  # two bytes each
            "Input must not be larger than 262144 bytes.",
        ),
    ],
)
def test_it_refuses_what_the_service_forbids(on: Stage, members: dict[str, Any], message: str) -> None:
    refused = refusal(on, **members)

    assert refused == ("ValidationException", message, 400)


@pytest.mark.parametrize(
    "members",
    [
        {"Name": "a-b_c.D9"},
        {"ScheduleExpressionTimezone": "Europe/Berlin"},
        {"ScheduleExpressionTimezone": "US/Pacific"},
        window(1440),
        {"StartDate": NOW - timedelta(minutes=5)},
        {"ScheduleExpression": "rate(1 hour)", "EndDate": NOW - timedelta(days=77)},  # OPS: enabled and silent
        {"Target": a_target(Arn="arn:aws:sqs:eu-central-1:123456789012:q", Input="not JSON")},
        {"Target": a_target(Arn="arn:aws:scheduler:::aws-sdk:sqs:sendMessage")},
        {"Target": a_target(Input=json.dumps("x" * 262_142))},
        {"Target": a_target(DeadLetterConfig={"Arn": "arn:aws:sqs:us-east-1:999999999999:dead-letters_1"})},
        retry(MaximumRetryAttempts=0, MaximumEventAgeInSeconds=60),
    ],
)
def test_it_takes_what_aws_takes(on: Stage, members: dict[str, Any]) -> None:
    arn = on.create(**members)

    assert arn == HOME.schedule_arn("default", members.get("Name", "s1"))


def test_an_update_refuses_an_old_start_date_too(on: Stage) -> None:
    on.create(ScheduleExpression="rate(1 hour)")
    with pytest.raises(ClientError, match="The StartDate you specify cannot be earlier than 5 minutes ago"):
        on.client.update_schedule(**a_request(StartDate=NOW - timedelta(hours=1)))

    assert "StartDate" not in on.client.get_schedule(Name="s1")


@pytest.mark.parametrize("left_out", ["ScheduleExpression", "Target", "FlexibleTimeWindow"])
def test_it_refuses_a_request_without_a_required_member(on: Stage, left_out: str) -> None:
    body = {name: value for name, value in a_request().items() if name not in {left_out, "Name"}}
    status, _, content = send(on, "POST", "/schedules/s1", json.dumps(body).encode())
    member = left_out[0].lower() + left_out[1:]

    assert status == 400
    assert json.loads(content)["Message"] == (
        f"1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"Target": "arn"}',
        b'{"ScheduleExpression": 5}',
        b'{"StartDate": "2027-03-01"}',
        b'{"StartDate": 1e99}',
        b'{"Target": {"RetryPolicy": {"MaximumRetryAttempts": true}}}',
    ],
)
def test_it_cannot_read_what_is_not_in_the_shape_of_the_model(on: Stage, body: bytes) -> None:
    status, headers, _ = send(on, "POST", "/schedules/s1", body)

    assert (status, headers["x-amzn-ErrorType"]) == (400, "SerializationException")


def test_it_ignores_members_that_the_model_does_not_know(on: Stage) -> None:
    body = {**a_request(), "Colour": "green", "Target": a_target(Colour="green")}
    status, _, _ = send(on, "POST", "/schedules/s1", json.dumps(body).encode())

    assert status == 200
    assert "Colour" not in on.client.get_schedule(Name="s1")["Target"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("PATCH", "/schedules/s1"), ("POST", "/schedules")])
def test_it_knows_no_other_operation(on: Stage, method: str, path: str) -> None:
    status, headers, _ = send(on, method, path, b"")

    assert (status, headers["x-amzn-ErrorType"]) == (404, "UnknownOperationException")


def send(on: Stage, method: str, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
    return on.scheduler.handle(method, path, {}, body, region=HOME.region, account=HOME.account)
