"""Every role does what its policies allow, needs all that they allow, and nothing else works: judged on real processes.

`PASSES` makes each kind of call that the product makes. Whoever adds a call to AWS adds a pass that makes it, and the
right for it; a right that no pass needs is named by the test below.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import urllib3
from botocore.exceptions import ClientError
from policy_sentry.querying.actions import get_action_data

from chalicelib.actions import built_in
from local.app.stack import REGION, SCOPES
from local.environment import ACCOUNT
from local.iam.policies import Need, Statement, judge, read_policy
from local.iam.unused_permissions import unused_permissions
from tests.e2e.aws import client
from tests.e2e.client import Client
from tests.e2e.cloud import Clock
from tests.e2e.commands import deploy
from tests.e2e.own_project import an_invoice
from tests.e2e.schedules import an_email, due, path_of
from tests.e2e.webhooks import consumer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from local.app.stack import Stack
    from tests.e2e.cloud import LocalCloud

pytestmark = pytest.mark.e2e

SENDER = "tasks@example.com"
APP = "scheduled-tasks-local-{}"
ROLES = {
    "app": [APP.format("api_handler"), APP.format("sweep")],
    "notification": ["scheduled-tasks-notification-local"],
    "scheduler": ["scheduled-tasks-scheduler-local"],
}
"""The roles of the product; those in one line have one policy, and are judged together."""

WITH_WILDCARDS = {
    "app": {
        "log-group:/aws/lambda/scheduled-tasks-local:log-stream:*",
        "log-group:/aws/lambda/scheduled-tasks-local-sweep:log-stream:*",
        "schedule/scheduled-tasks-scheduler-group-local/*",
    },
    "notification": {
        "configuration-set/*",
        "endpoint/*",
        "identity/*",
        "log-group:/aws/lambda/scheduled-tasks-notification-local:log-stream:*",
        f"scheduled-tasks-reports-local-{ACCOUNT}/reports/*",
    },
    "scheduler": set(),
}
"""The last part of each ARN with one: users and Lambda give these their names, while the product runs."""

LOGS_OF_THE_APP = "/WriteLogs: "
"""`chalice local` and its sweeper write to files. Deployed functions need these rights: tests/e2e/test_by_hand.py."""


OWN_WORK = {
    *("dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
    *("logs:CreateLogStream", "logs:PutLogEvents", "secretsmanager:GetSecretValue", "sqs:SendMessage"),
}
"""What the Notification Lambda needs whatever its actions do: runs, logs, webhook keys and dead-letter messages."""


class World:
    """What a pass works with. Each user of it is another one, so that what one leaves behind is nobody's business."""

    def __init__(self, stack: Stack, cloud: LocalCloud, clock: Clock) -> None:
        self.stack = stack
        self.cloud = cloud
        self.clock = clock
        self.user = Client(stack.api_url, stack.token("ivy"))
        self.admin = Client(stack.api_url, stack.token("ivan", [*SCOPES, "schedules:admin"]))

    def create(self, **details: Any) -> dict[str, Any]:
        return self.user.create(**{"timing": {"after": "PT10M"}, "action": an_email("iam"), **details})

    def broken(self, operation: str, mode: str, **how: Any) -> None:
        assert self.cloud.send("POST", "/_local/faults", {"operation": operation, "mode": mode, **how}).status == 201

    def without_faults(self) -> None:
        self.cloud.send("DELETE", "/_local/faults")


def a_life_with_changes(world: World) -> None:
    path = path_of(world.create(resource_id="contract-7", max_runs=2))
    for method, below, body in [
        ("PATCH", "", {"name": "renamed", "timing": {"rate": "10 minutes"}}),
        ("POST", "/pause", {"reason": "holidays"}),
        ("POST", "/resume", {}),
        ("POST", "/run", {}),
    ]:
        answer = world.user.send(method, path + below, body)
        assert answer.status in (200, 202), answer
    world.clock.travel(minutes=31)
    assert world.user.get(path)["run_count"] == 2


def lists(world: World) -> None:
    schedule = world.create()
    world.user.get("/v1/schedules")
    world.user.get("/v1/resources/contract-7/schedules")
    world.user.get(f"{path_of(schedule)}/runs")
    assert world.user.send("DELETE", path_of(schedule)).status == 204


def an_event(world: World) -> None:
    schedule = world.create(action={"type": "event", "detail_type": "iam", "detail": {}})
    world.clock.travel_to(due(schedule))


def signed_webhooks(world: World) -> None:
    """With a key that the user reads, and with two after its rotation."""
    with consumer() as hook:
        for method, path in [("GET", "/v1/webhook-keys"), ("POST", "/v1/webhook-keys/rotate")]:
            assert world.user.send(method, path).status == 200
            world.clock.travel_to(due(world.create(action={"type": "webhook", "url": hook.url})))
    assert [len(headers["webhook-signature"].split()) for headers, _ in hook.received] == [1, 2]


def an_sms(world: World) -> None:
    schedule = world.create(action={"type": "sms", "to": "+4915112345678", "text": "iam"})
    world.clock.travel_to(due(schedule))


def a_push_notification(world: World) -> None:
    sns = client(world.stack, "sns")
    application = sns.create_platform_application(Name="iam", Platform="GCM", Attributes={})["PlatformApplicationArn"]
    device = sns.create_platform_endpoint(PlatformApplicationArn=application, Token="iam")["EndpointArn"]
    schedule = world.create(action={"type": "push", "endpoint": device, "title": "iam", "text": "iam"})
    world.clock.travel_to(due(schedule))


def a_mail_under_a_default_configuration_set(world: World) -> None:
    """To an address that is an identity of the account itself."""
    ses = client(world.stack, "sesv2")
    ses.create_configuration_set(ConfigurationSetName="iam")
    ses.put_email_identity_configuration_set_attributes(EmailIdentity=SENDER, ConfigurationSetName="iam")
    schedule = world.create(action={**an_email("iam"), "to": [SENDER]})
    world.clock.travel_to(due(schedule))
    ses.put_email_identity_configuration_set_attributes(EmailIdentity=SENDER)
    assert world.user.get(path_of(schedule))["status"] == "completed"


def an_own_action_with_rights_of_its_own(world: World) -> None:
    an_invoice(world.stack, "7")
    schedule = world.create(action={"type": "invoice.settle", "data": {"invoice": 7}})
    world.clock.travel_to(due(schedule))
    assert world.user.get(path_of(schedule))["status"] == "completed"


def a_report_and_its_links(world: World) -> None:
    """Which whoever has the mail opens, without keys."""
    action = {"type": "report", "to": ["ivy@example.com"], "period": "day", "subject": "Ivy's day"}
    world.clock.travel_to(due(world.create(action=action)))
    (mail,) = world.cloud.messages("Ivy's day")
    links = re.findall(r"http://\S+", mail["text"])
    assert [urllib3.request("GET", link).status for link in links] == [200, 200]


def work_that_is_tried_again(world: World) -> None:
    world.broken("sesv2:SendEmail", "throttle", times=1)
    schedule = world.create()
    world.clock.travel_to(due(schedule) + timedelta(minutes=3))
    world.without_faults()
    (run,) = world.user.get(f"{path_of(schedule)}/runs")["items"]
    assert (run["status"], len(run["attempts"])) == ("succeeded", 2)


def failures_that_people_have_done_again(world: World) -> None:
    """One by itself, the others by a job."""
    world.broken("sesv2:SendEmail", "throttle")
    schedules = [world.create(resource_id="contract-8", retry={"max_retries": 0}) for _ in range(2)]
    world.clock.travel_to(due(schedules[-1]) + timedelta(minutes=1))
    world.without_faults()
    first, *_ = [run for run in failed_runs(world) if run["resource_id"] == "contract-8"]
    answer = world.user.send("POST", f"/v1/schedules/{first['schedule_id']}/runs/{first['run_id']}/redrive")
    assert answer.status == 202
    job = world.user.send("POST", "/v1/runs/redrive", {"resource_id": "contract-8", "per_minute": 120}).json
    world.clock.travel(minutes=5)
    assert world.user.get(f"/v1/jobs/{job['job_id']}")["status"] == "completed"
    assert [run for run in failed_runs(world) if run["resource_id"] == "contract-8"] == []


def failed_runs(world: World) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = world.user.get("/v1/runs?status=failed")["items"]
    return runs


def work_that_the_operator_holds(world: World) -> None:
    """With keys of his own, which is nobody's role; what follows is the sweeper's."""
    schedule = world.create()
    assert deploy(world.stack, "hold", "--reason", "SES is down")[0] == 0
    world.clock.travel_to(due(schedule))
    assert deploy(world.stack, "release", "--per-minute", "600")[0] == 0
    world.clock.travel(minutes=3)
    assert world.user.get(path_of(schedule))["status"] == "completed"


def work_that_fails(world: World) -> None:
    """For good: the API takes no POST there."""
    schedule = world.create(action={"type": "webhook", "url": f"{world.stack.api_url}/healthz"})
    world.clock.travel_to(due(schedule))
    assert world.user.get(path_of(schedule))["status"] == "failed"


def a_delivery_that_is_given_up(world: World) -> None:
    schedule = world.create(delivery={"max_retries": 0, "max_age_seconds": 60})
    world.broken("lambda:Invoke", "throttle")
    world.clock.travel_to(due(schedule) + timedelta(minutes=1))
    world.without_faults()


def creates_that_the_sweeper_finishes(world: World) -> None:
    """One that EventBridge has not seen, and one that it has."""
    for mode in ("throttle", "fail-after-work"):
        world.broken("scheduler:CreateSchedule", mode)
        answer = world.user.send("POST", "/v1/schedules", {"timing": {"after": "PT1H"}, "action": an_email("iam")})
        world.without_faults()
        assert answer.status in (201, 202), answer
    world.clock.travel(minutes=3)


def an_erased_user(world: World) -> None:
    """With a run, so that there is more to erase than a schedule."""
    job = world.admin.send("DELETE", "/v1/users/ivy").json
    world.clock.travel(minutes=8)
    assert world.admin.get(f"/v1/jobs/{job['job_id']}")["status"] == "completed"


PASSES: Sequence[Callable[[World], None]] = (
    a_life_with_changes,
    lists,
    an_event,
    signed_webhooks,
    an_sms,
    a_push_notification,
    a_mail_under_a_default_configuration_set,
    an_own_action_with_rights_of_its_own,
    a_report_and_its_links,
    work_that_is_tried_again,
    failures_that_people_have_done_again,
    work_that_the_operator_holds,
    work_that_fails,
    a_delivery_that_is_given_up,
    creates_that_the_sweeper_finishes,
    an_erased_user,
)


@pytest.fixture(scope="module")
def decisions(stack: Stack, cloud: LocalCloud) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """What was decided in all passes, by role."""
    world = World(stack, cloud, Clock(cloud))
    try:
        for make_calls in PASSES:
            make_calls(world)
        yield by_role(cloud)
    finally:
        world.without_faults()
        world.clock.return_to_real_time()


def by_role(cloud: LocalCloud) -> dict[str, list[dict[str, Any]]]:
    found = defaultdict(list)
    for decision in cloud.get("/_local/iam")["decisions"]:
        found[decision["role_arn"].rpartition("/")[2]].append(decision)
    return found


def needs(decisions: dict[str, list[dict[str, Any]]], roles: Sequence[str], *, trust: bool) -> list[Need]:
    """What was asked of these roles: of their trust policies, or of their rights."""
    made = [decision for role in roles for decision in decisions[role] if bool(decision["service"]) == trust]
    return [
        Need(one["action"], one["resource"], tuple(one["context"].items()), one["service"])
        for one in made
        if one["allowed"]
    ]


def rights(stack: Stack, role: str) -> list[Statement]:
    iam = client(stack, "iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    documents = {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}
    return [statement for name in names for statement in read_policy(name, json.dumps(documents[name]))]


def trust(stack: Stack, role: str) -> list[Statement]:
    document = client(stack, "iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    return list(read_policy("trust", json.dumps(document)))


@pytest.mark.long
@pytest.mark.parametrize("name", ROLES)
def test_a_role_is_allowed_all_that_it_does(decisions: dict[str, list[dict[str, Any]]], name: str) -> None:
    made = [decision for role in ROLES[name] for decision in decisions[role]]

    assert made
    assert [decision for decision in made if not decision["allowed"]] == []


@pytest.mark.long
@pytest.mark.parametrize("name", ROLES)
def test_no_right_of_a_role_is_idle(stack: Stack, decisions: dict[str, list[dict[str, Any]]], name: str) -> None:
    statements = rights(stack, ROLES[name][0])
    asked = needs(decisions, ROLES[name], trust=False)
    assert all(judge(statements, need).allowed for need in asked)

    unused = [
        right for right in unused_permissions(statements, asked) if not (name == "app" and LOGS_OF_THE_APP in right)
    ]

    assert unused == []


@pytest.mark.long
def test_the_actions_state_what_the_notification_lambda_uses_beside_its_own_work(
    decisions: dict[str, list[dict[str, Any]]],
) -> None:
    used = {decision["action"] for role in ROLES["notification"] for decision in decisions[role]} - {"sts:AssumeRole"}
    stated = {permission for action in built_in().values() for permission in action.permissions}

    assert used - stated == OWN_WORK
    assert stated <= used


def test_the_api_and_the_sweeper_have_one_policy(stack: Stack) -> None:
    api, sweeper = ([replace(statement, label="") for statement in rights(stack, role)] for role in ROLES["app"])

    assert api == sweeper


@pytest.mark.long
@pytest.mark.parametrize("name", ["notification", "scheduler"])
def test_no_trust_is_idle(stack: Stack, decisions: dict[str, list[dict[str, Any]]], name: str) -> None:
    (role,) = ROLES[name]

    assert unused_permissions(trust(stack, role), needs(decisions, [role], trust=True)) == []


@pytest.mark.parametrize("name", ROLES)
def test_each_right_is_as_narrow_as_aws_allows(stack: Stack, name: str) -> None:
    """Each action by its name, and on resources of a kind that the Service Authorization Reference has for it."""
    granted = [
        (action, resource)
        for statement in rights(stack, ROLES[name][0])
        for action in statement.actions
        for resource in statement.resources
    ]

    assert granted
    assert [action for action, _ in granted if "*" in action or "?" in action] == []
    assert [right for right in granted if not is_of_a_kind(*right)] == []


@pytest.mark.parametrize("name", ROLES)
def test_a_wildcard_stands_only_for_names_that_come_up_later(stack: Stack, name: str) -> None:
    resources = {resource for statement in rights(stack, ROLES[name][0]) for resource in statement.resources}
    patterns = [resource.split(":", 5) for resource in resources if "*" in resource or "?" in resource]

    assert {last for *_, last in patterns} == WITH_WILDCARDS[name]
    assert [before for *before, _ in patterns if "*" in "".join(before)] == []


def test_only_phones_are_allowed_without_an_arn_for_they_have_none(stack: Stack) -> None:
    """On all that is not SNS's: its topics are nobody's, and its devices have a right of their own."""
    inverse = [
        (role, statement.actions, statement.not_actions, statement.not_resources)
        for (role, *_) in ROLES.values()
        for statement in rights(stack, role)
        if statement.not_actions or statement.not_resources
    ]

    assert inverse == [(ROLES["notification"][0], ("sns:Publish",), (), ("arn:aws:sns:*:*:*",))]


def is_of_a_kind(action: str, resource: str) -> bool:
    """Everything (`*`) is a kind only where the reference knows no other."""
    service, name = action.split(":")
    formats = {row["resource_arn_format"] for row in get_action_data(service, name)[service]}
    kinds = [re.sub(r"\\\$\\\{\w+\\\}", ".+", re.escape(form)) for form in formats - {"*"} or formats]
    return any(re.fullmatch(kind, resource) for kind in kinds)


def test_a_schedule_of_another_group_cannot_have_the_schedulers_role(stack: Stack) -> None:
    with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume the role"):
        client(stack, "scheduler").create_schedule(
            Name="stranger",
            GroupName="default",
            ScheduleExpression="rate(1 hour)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": stack.outputs["notification_lambda_arn"], "RoleArn": stack.outputs["scheduler_role_arn"]},
        )


def test_the_notification_lambda_sends_as_its_one_sender_only(stack: Stack) -> None:
    """Not even as another address of the domain that SES has verified."""
    statements = rights(stack, ROLES["notification"][0])
    domain = f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/example.com"

    senders = [SENDER, "boss@example.com", "tasks@example.com.evil.example"]
    needs = [Need("ses:SendEmail", domain, (("ses:FromAddress", sender),)) for sender in senders]

    assert [judge(statements, need).allowed for need in needs] == [True, False, False]
    assert not judge(statements, Need("ses:SendEmail", domain)).allowed
