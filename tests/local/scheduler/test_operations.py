"""Schedules, groups and tags through boto3: what is kept, shown, listed and deleted."""

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.scheduler.testing import HOME, Stage, a_request, a_target, client, stage

if TYPE_CHECKING:
    from mypy_boto3_scheduler.type_defs import TagTypeDef

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
QUEUE = "arn:aws:sqs:eu-central-1:123456789012:dead"

EVERY_MEMBER: dict[str, Any] = {
    "GroupName": "default",
    "ScheduleExpression": "rate(15 minutes)",
    "ScheduleExpressionTimezone": "Europe/Berlin",
    "StartDate": datetime(2027, 3, 2, 8, 0, 30, tzinfo=UTC),
    "EndDate": datetime(2027, 4, 2, 8, tzinfo=UTC),
    "Description": "every member",
    "State": "DISABLED",
    "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
    "ActionAfterCompletion": "DELETE",
    "KmsKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/k",
    "Target": a_target(
        Arn="arn:aws:sqs:eu-central-1:123456789012:q",
        RetryPolicy={"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 600},
        DeadLetterConfig={"Arn": QUEUE},
        SqsParameters={"MessageGroupId": "g"},
    ),
}


@pytest.fixture
def on() -> Iterator[Stage]:
    with stage(NOW) as made:
        yield made


def shown(on: Stage, name: str = "s1", **where: str) -> dict[str, Any]:
    response = dict(on.client.get_schedule(Name=name, **where))
    del response["ResponseMetadata"]
    return response


def error(refused: pytest.ExceptionInfo[ClientError]) -> tuple[str, str, int]:
    response = refused.value.response
    return response["Error"]["Code"], response["Error"]["Message"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_it_shows_the_defaults_of_what_was_left_out(on: Stage) -> None:
    on.create()

    assert shown(on) == {
        "Arn": "arn:aws:scheduler:eu-central-1:123456789012:schedule/default/s1",
        "Name": "s1",
        "GroupName": "default",
        "ScheduleExpression": "at(2027-03-01T13:00:00)",
        "ScheduleExpressionTimezone": "UTC",
        "State": "ENABLED",
        "ActionAfterCompletion": "NONE",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": a_target(RetryPolicy={"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86400}),
        "CreationDate": NOW,
        "LastModificationDate": NOW,
    }


def test_it_shows_every_member_as_it_was_sent(on: Stage) -> None:
    on.create(**EVERY_MEMBER)
    response = shown(on)

    assert {name: response[name] for name in EVERY_MEMBER} == EVERY_MEMBER


def test_an_update_takes_every_member(on: Stage) -> None:
    on.create()
    on.client.update_schedule(Name="s1", **EVERY_MEMBER)
    response = shown(on)

    assert {name: response[name] for name in EVERY_MEMBER} == EVERY_MEMBER


def test_an_update_resets_what_it_does_not_send(on: Stage) -> None:
    on.create()
    bare = shown(on)
    on.client.delete_schedule(Name="s1")
    on.create(**EVERY_MEMBER)
    on.client.update_schedule(**a_request())

    assert shown(on) == bare


def test_an_update_keeps_the_creation_date(on: Stage) -> None:
    on.create()
    on.agenda.advance(NOW + timedelta(days=1))
    on.client.update_schedule(**a_request())
    response = shown(on)

    assert response["CreationDate"] == NOW
    assert response["LastModificationDate"] >= NOW + timedelta(days=1)


def test_a_name_is_taken_once_whatever_the_client_token(on: Stage) -> None:
    on.create(ClientToken="t")
    with pytest.raises(on.client.exceptions.ConflictException) as refused:
        on.create(ClientToken="t")

    assert error(refused) == ("ConflictException", "Schedule s1 already exists.", 409)


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hasty_threads")
def test_clients_can_list_while_others_create(on: Stage) -> None:
    with ThreadPoolExecutor(8) as clients:
        outcomes = list(clients.map(lambda number: create_and_list(on, f"s{number}"), range(1000)))

    assert outcomes == [(200, 200)] * 1000


def create_and_list(on: Stage, name: str) -> tuple[int, int]:
    where = {"region": HOME.region, "account": HOME.account}
    body = json.dumps(a_request()).encode()
    created = on.scheduler.handle("POST", f"/schedules/{name}", {}, body, **where)
    listed = on.scheduler.handle("GET", "/schedules", {"MaxResults": "1"}, b"", **where)
    return created[0], listed[0]


def test_a_name_is_its_group_s_own(on: Stage) -> None:
    on.client.create_schedule_group(Name="g")
    arns = [on.create(), on.create(GroupName="g")]

    assert arns == [HOME.schedule_arn("default", "s1"), HOME.schedule_arn("g", "s1")]


@pytest.mark.parametrize("operation", ["get_schedule", "delete_schedule", "update_schedule"])
def test_it_does_not_know_a_schedule_that_is_not_there(on: Stage, operation: str) -> None:
    request = a_request() if operation == "update_schedule" else {"Name": "s1"}
    with pytest.raises(on.client.exceptions.ResourceNotFoundException) as refused:
        getattr(on.client, operation)(**request)

    assert error(refused) == ("ResourceNotFoundException", "Schedule s1 does not exist.", 404)


def test_it_creates_nothing_in_a_group_that_is_not_there(on: Stage) -> None:
    with pytest.raises(on.client.exceptions.ResourceNotFoundException) as refused:
        on.create(GroupName="g")

    assert error(refused) == ("ResourceNotFoundException", "Schedule group g does not exist.", 404)


def test_a_deleted_schedule_is_gone(on: Stage) -> None:
    on.create()
    on.client.delete_schedule(Name="s1")

    assert on.names() == []


def test_a_region_does_not_see_another_region_s_schedules(on: Stage) -> None:
    on.create()
    _, _, body = on.scheduler.handle("GET", "/schedules", {}, b"", region="us-east-1", account=HOME.account)

    assert body == b'{"Schedules": []}'


def test_a_list_shows_summaries(on: Stage) -> None:
    on.create()
    response = on.client.list_schedules()

    assert response["Schedules"] == [
        {
            "Arn": HOME.schedule_arn("default", "s1"),
            "Name": "s1",
            "GroupName": "default",
            "State": "ENABLED",
            "Target": {"Arn": a_target()["Arn"]},
            "CreationDate": NOW,
            "LastModificationDate": NOW,
        }
    ]
    assert "NextToken" not in response


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, ["a1", "a2", "b1", "a3"]),
        ({"GroupName": "default"}, ["a1", "a2", "b1"]),
        ({"GroupName": "g"}, ["a3"]),
        ({"NamePrefix": "a"}, ["a1", "a2", "a3"]),
        ({"State": "DISABLED"}, ["a2"]),
        ({"State": "ENABLED", "NamePrefix": "a", "GroupName": "default"}, ["a1"]),
    ],
)
def test_a_list_is_filtered(on: Stage, filters: dict[str, Any], names: list[str]) -> None:
    on.client.create_schedule_group(Name="g")
    on.create(Name="a1")
    on.create(Name="a2", State="DISABLED")
    on.create(Name="a3", GroupName="g")
    on.create(Name="b1")
    found = on.client.list_schedules(**filters)["Schedules"]

    assert [summary["Name"] for summary in found] == names


def test_a_list_of_a_group_that_is_not_there_is_refused(on: Stage) -> None:
    with pytest.raises(on.client.exceptions.ResourceNotFoundException, match="Schedule group g does not exist"):
        on.client.list_schedules(GroupName="g")


def test_pages_together_are_the_whole_list(on: Stage) -> None:
    names = [f"s{number:02}" for number in range(7)]
    for name in names:
        on.create(Name=name)
    pages = list(on.client.get_paginator("list_schedules").paginate(PaginationConfig={"PageSize": 3}))

    assert [len(page["Schedules"]) for page in pages] == [3, 3, 1]
    assert [summary["Name"] for page in pages for summary in page["Schedules"]] == names


def test_the_last_page_has_no_token_though_it_is_full(on: Stage) -> None:
    for name in ("a", "b", "c"):
        on.create(Name=name)

    assert "NextToken" not in on.client.list_schedules(MaxResults=3)


def test_a_page_goes_on_although_what_was_shown_is_deleted(on: Stage) -> None:
    for name in ("a", "b", "c"):
        on.create(Name=name)
    token = on.client.list_schedules(MaxResults=2)["NextToken"]
    on.client.delete_schedule(Name="b")
    rest = on.client.list_schedules(NextToken=token)["Schedules"]

    assert [summary["Name"] for summary in rest] == ["c"]


def test_a_page_holds_a_hundred_at_most(on: Stage) -> None:
    for number in range(101):
        on.create(Name=f"s{number}")

    assert len(on.client.list_schedules()["Schedules"]) == 100


@pytest.mark.parametrize("how", ["mangled", "of another list"])
def test_it_refuses_a_token_that_is_not_its_own(on: Stage, how: str) -> None:
    on.create(Name="a")
    on.create(Name="b")
    token = "mangled" if how == "mangled" else on.client.list_schedules(MaxResults=1)["NextToken"]
    with pytest.raises(on.client.exceptions.ValidationException, match="Invalid NextToken provided"):
        on.client.list_schedules(NextToken=token, NamePrefix="a")


@pytest.mark.parametrize("limit", [0, 101])
def test_it_refuses_a_page_size_out_of_range(on: Stage, limit: int) -> None:
    unchecked = client(on.scheduler, checks_parameters=False)
    with pytest.raises(ClientError, match=f"Value '{limit}' at 'maxResults' failed to satisfy constraint"):
        unchecked.list_schedules(MaxResults=limit)


def test_it_refuses_a_page_size_that_is_no_number(on: Stage) -> None:
    status, _, _ = on.scheduler.handle(
        "GET", "/schedules", {"MaxResults": "ten"}, b"", region=HOME.region, account=HOME.account
    )

    assert status == 400


def test_the_default_group_is_there(on: Stage) -> None:
    group = on.client.get_schedule_group(Name="default")

    assert (group["Arn"], group["State"]) == (HOME.group_arn("default"), "ACTIVE")


def test_the_default_group_stays(on: Stage) -> None:
    with pytest.raises(on.client.exceptions.ValidationException, match="default schedule group"):
        on.client.delete_schedule_group(Name="default")


def test_a_group_is_created_and_shown(on: Stage) -> None:
    arn = on.client.create_schedule_group(Name="g")["ScheduleGroupArn"]
    group = dict(on.client.get_schedule_group(Name="g"))
    del group["ResponseMetadata"]

    assert group == {"Arn": arn, "Name": "g", "State": "ACTIVE", "CreationDate": NOW, "LastModificationDate": NOW}


def test_a_group_s_name_is_taken_once(on: Stage) -> None:
    on.client.create_schedule_group(Name="g")
    with pytest.raises(on.client.exceptions.ConflictException) as refused:
        on.client.create_schedule_group(Name="g")

    assert error(refused) == ("ConflictException", "Schedule group g already exists.", 409)


@pytest.mark.parametrize("operation", ["get_schedule_group", "delete_schedule_group"])
def test_it_does_not_know_a_group_that_is_not_there(on: Stage, operation: str) -> None:
    with pytest.raises(on.client.exceptions.ResourceNotFoundException) as refused:
        getattr(on.client, operation)(Name="g")

    assert error(refused) == ("ResourceNotFoundException", "Schedule group g does not exist.", 404)


def test_groups_are_listed_in_pages_and_by_prefix(on: Stage) -> None:
    for name in ("app-a", "app-b", "app-c", "web"):
        on.client.create_schedule_group(Name=name)
    pages = on.client.get_paginator("list_schedule_groups").paginate(NamePrefix="app", PaginationConfig={"PageSize": 2})

    assert [[group["Name"] for group in page["ScheduleGroups"]] for page in pages] == [["app-a", "app-b"], ["app-c"]]


def test_a_group_takes_its_schedules_along(on: Stage) -> None:
    on.client.create_schedule_group(Name="g")
    on.create(Name="kept")
    on.create(Name="taken", GroupName="g")
    on.client.delete_schedule_group(Name="g")
    ran = on.agenda.advance(NOW + timedelta(days=1))

    assert (on.names(), ran) == (["kept"], 1)


def test_tags_of_a_group_are_set_replaced_and_removed(on: Stage) -> None:
    tags: list[TagTypeDef] = [{"Key": "stage", "Value": "dev"}, {"Key": "team", "Value": "a&b"}]
    arn = on.client.create_schedule_group(Name="g", Tags=tags)["ScheduleGroupArn"]
    on.client.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "c"}, {"Key": "cost centre", "Value": "7"}])
    on.client.untag_resource(ResourceArn=arn, TagKeys=["stage", "never set"])

    assert on.client.list_tags_for_resource(ResourceArn=arn)["Tags"] == [
        {"Key": "team", "Value": "c"},
        {"Key": "cost centre", "Value": "7"},
    ]


def test_two_tag_keys_are_removed_at_once(on: Stage) -> None:
    tags: list[TagTypeDef] = [{"Key": key, "Value": "v"} for key in ("a", "b", "c")]
    arn = on.client.create_schedule_group(Name="g", Tags=tags)["ScheduleGroupArn"]
    on.client.untag_resource(ResourceArn=arn, TagKeys=["a", "b"])

    assert on.client.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "c", "Value": "v"}]


@pytest.mark.parametrize(
    "arn", [HOME.group_arn("g"), "arn:aws:scheduler:us-east-1:123456789012:schedule-group/default"]
)
def test_tags_belong_to_a_group_that_is_there(on: Stage, arn: str) -> None:
    with pytest.raises(on.client.exceptions.ResourceNotFoundException):
        on.client.list_tags_for_resource(ResourceArn=arn)


def test_a_schedule_has_no_tags(on: Stage) -> None:
    arn = on.create()
    with pytest.raises(on.client.exceptions.ValidationException, match="at 'resourceArn' failed to satisfy constraint"):
        on.client.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
