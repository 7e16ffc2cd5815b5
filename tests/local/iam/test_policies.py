"""How policies are evaluated: each row is a sentence of the IAM User Guide.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

import json
from typing import Any

import pytest

from local.iam.policies import Need, Statement, Verdict, judge, read_policy
from local.iam.unused_permissions import unused_permissions
from local.moto_backends.unsupported import Unsupported

TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/tasks"
GET = Need("dynamodb:GetItem", TABLE)
ALLOWED = Verdict(allowed=True, by="p/0")
NO = Verdict(allowed=False, by=None)


def policy(*statements: dict[str, Any]) -> list[Statement]:
    return list(read_policy("p", json.dumps({"Version": "2012-10-17", "Statement": statements})))


def allow(action: Any = "dynamodb:GetItem", resource: Any = TABLE, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def test_what_nothing_allows_is_refused() -> None:
    assert judge([], GET) == NO


def test_what_a_statement_allows_is_allowed_by_it() -> None:
    named = policy(allow("dynamodb:PutItem"), allow(["dynamodb:Query", "dynamodb:GetItem"], [TABLE], Sid="Reading"))

    assert judge(named, GET) == Verdict(allowed=True, by="p/Reading")


def test_a_deny_beats_every_allow() -> None:
    statements = policy(allow("*", "*"), {**allow("dynamodb:*"), "Effect": "Deny"}, allow())

    assert judge(statements, GET) == Verdict(allowed=False, by="p/1")


@pytest.mark.parametrize(
    ("action", "applies"),
    [
        ("dynamodb:GetItem", True),
        ("DynamoDB:getitem", True),
        ("dynamodb:Get*", True),
        ("dynamodb:???Item", True),
        ("*", True),
        ("dynamodb:Get", False),
        ("dynamodb:GetItems", False),
        ("dynamodb:??Item", False),
        ("scheduler:*", False),
    ],
)
def test_an_action_is_matched_without_regard_to_case(action: str, applies: bool) -> None:  # noqa: FBT001 - a table
    assert judge(policy(allow(action)), GET).allowed is applies


@pytest.mark.parametrize(
    ("resource", "applies"),
    [
        (TABLE, True),
        ("*", True),
        ("arn:aws:dynamodb:*:*:table/tasks", True),
        ("arn:aws:dynamodb:eu-central-1:123456789012:table/*", True),
        ("arn:aws:dynamodb:eu-central-?:123456789012:table/task?", True),
        ("arn:aws:dynamodb:eu-central-1:123456789012:*", True),
        ("arn:aws:dynamodb:*:table/tasks", False),
        ("arn:aws:dynamodb:*", False),
        (f"{TABLE}/index/*", False),
        (TABLE.upper(), False),
        ("arn:aws:dynamodb:eu-central-1:210987654321:table/tasks", False),
        ("arn.aws.dynamodb.eu-central-1.123456789012.table/tasks", False),
    ],
)
def test_a_resource_is_matched_part_by_part(resource: str, applies: bool) -> None:  # noqa: FBT001 - a table
    assert judge(policy(allow(resource=resource)), GET).allowed is applies


def test_a_wildcard_at_the_end_crosses_colons() -> None:
    stream = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/f:log-stream:s"
    of_function = policy(allow("logs:*", "arn:aws:logs:*:*:log-group:/aws/lambda/f:*"))

    assert judge(of_function, Need("logs:PutLogEvents", stream)).allowed


def test_what_is_not_excepted_is_meant() -> None:
    others = policy({"Effect": "Allow", "NotAction": ["iam:*"], "NotResource": f"{TABLE}/index/*"})

    assert judge(others, GET) == ALLOWED
    assert judge(others, Need("dynamodb:Query", f"{TABLE}/index/by_time")) == NO
    assert judge(others, Need("iam:PassRole", TABLE)) == NO


PASSED = (("iam:PassedToService", "scheduler.amazonaws.com"),)
FROM_GROUP = (("aws:SourceArn", "arn:aws:scheduler:eu-central-1:123456789012:schedule-group/tasks"),)


@pytest.mark.parametrize(
    ("condition", "context", "holds"),
    [
        ({"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}, PASSED, True),
        ({"StringEquals": {"IAM:passedtoservice": ["lambda.amazonaws.com", "scheduler.amazonaws.com"]}}, PASSED, True),
        ({"StringEquals": {"iam:PassedToService": "*.amazonaws.com"}}, PASSED, False),
        ({"StringLike": {"iam:PassedToService": "*.amazonaws.com"}}, PASSED, True),
        ({"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}, PASSED, False),
        ({"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}, (), False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:scheduler:*:123456789012:schedule-group/*"}}, FROM_GROUP, True),
        ({"ArnEquals": {"aws:SourceArn": "arn:aws:scheduler:*:123456789012:schedule-group/*"}}, FROM_GROUP, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:scheduler:*"}}, FROM_GROUP, False),
        ({"StringEquals": {"aws:SourceArn": "x"}, "StringLike": {"aws:SourceArn": "*"}}, FROM_GROUP, False),
    ],
)
def test_a_statement_counts_only_under_its_conditions(
    condition: dict[str, Any],
    context: tuple[tuple[str, str], ...],
    holds: bool,  # noqa: FBT001 - a table
) -> None:
    need = Need("dynamodb:GetItem", TABLE, context)

    assert judge(policy(allow(Condition=condition)), need) == (ALLOWED if holds else NO)


def test_a_condition_that_does_not_hold_is_no_deny() -> None:
    elsewhere = allow(Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}})

    assert judge(policy(elsewhere, allow()), GET).allowed


def test_an_operator_that_is_not_known_is_not_guessed() -> None:
    with pytest.raises(Unsupported, match="NumericLessThan"):
        judge(policy(allow(Condition={"NumericLessThan": {"s3:max-keys": "10"}})), GET)


def test_a_trust_policy_is_for_the_services_that_it_names() -> None:
    trust = policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}})

    def may_assume(service: str) -> bool:
        return judge(trust, Need("sts:AssumeRole", "arn:aws:iam::123456789012:role/r", service=service)).allowed

    assert may_assume("lambda.amazonaws.com")
    assert not may_assume("scheduler.amazonaws.com")


def test_a_policy_of_one_statement_may_leave_out_the_list() -> None:
    assert judge(read_policy("p", json.dumps({"Statement": allow()})), GET) == ALLOWED


def test_idle_is_what_no_call_needs() -> None:
    index = f"{TABLE}/index/by_time"
    statements = policy(allow(["dynamodb:GetItem", "dynamodb:Query"], [TABLE, index]), allow("sqs:SendMessage", "*"))

    assert unused_permissions(statements, [GET]) == [
        "p/0: dynamodb:Query",
        f"p/0: {index}",
        "p/1: sqs:SendMessage",
        "p/1: *",
    ]
    assert unused_permissions(statements, [GET, Need("dynamodb:Query", index), Need("sqs:SendMessage", "q")]) == []


def test_of_two_statements_that_allow_the_same_each_is_idle() -> None:
    assert unused_permissions(policy(allow(), allow()), [GET]) == [
        "p/0: dynamodb:GetItem",
        f"p/0: {TABLE}",
        "p/1: dynamodb:GetItem",
        f"p/1: {TABLE}",
    ]
