"""`package --stage` refuses what `terraform apply` would fail at half way, or do to another account or Region."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from deploy.errors import DeployError
from deploy.paths import TERRAFORM
from deploy.rollout.before_apply import check
from deploy.rollout.concurrency import check_concurrency

if TYPE_CHECKING:
    from pathlib import Path

    import boto3

    from tests.deploy.rollout.conftest import World


class FakeLambda:
    """The account's limits, and what one function has reserved of them."""

    class exceptions:  # noqa: N801 - as clients have it
        ResourceNotFoundException = ClientError

    meta = SimpleNamespace(region_name="eu-central-1")

    def __init__(self, limit: int, *, others: int = 0, own: int | None = None) -> None:
        self._limit, self._others, self._own = limit, others, own

    def get_account_settings(self) -> dict[str, Any]:
        unreserved = self._limit - self._others - (self._own or 0)
        return {"AccountLimit": {"ConcurrentExecutions": self._limit, "UnreservedConcurrentExecutions": unreserved}}

    def get_function_concurrency(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        assert FunctionName == "mail"
        if self._own is None:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetFunctionConcurrency")
        return {"ReservedConcurrentExecutions": self._own} if self._own else {}


def told(wanted: int | None, client: Any) -> str | None:
    return check_concurrency(wanted, "mail", client)


def settings(folder: Path, **lines: str) -> Path:
    """A Terraform folder with the settings of stage dev."""
    (folder / "envs").mkdir()
    text = "".join(f"{name} = {value}\n" for name, value in lines.items())
    (folder / "envs/dev.tfvars").write_text('stage = "dev"\n' + text)
    return folder


@pytest.mark.parametrize(
    "client",
    [FakeLambda(10), FakeLambda(10, own=0), FakeLambda(1000, others=980), FakeLambda(20, own=4)],
)
def test_a_reservation_that_lambda_refuses_is_refused_with_the_quota_to_raise(client: Any) -> None:
    with pytest.raises(
        DeployError, match=r"max_concurrency = 14 .* Raise the quota \"Concurrent executions\" .*L-B99A9384"
    ):
        told(14, client)


def test_the_quota_to_ask_for_has_room_for_all() -> None:
    with pytest.raises(DeployError, match="--desired-value 2100 --region eu-central-1"):
        told(2000, FakeLambda(1000))


@pytest.mark.parametrize(
    "client", [FakeLambda(1000), FakeLambda(1000, own=14), FakeLambda(114), FakeLambda(114, own=14)]
)
def test_a_reservation_that_fits_is_no_news(client: Any) -> None:
    assert told(14, client) is None


def test_a_reservation_that_most_accounts_refuse_is_warned_of() -> None:
    assert "leaves 86 of the account's 100" in (told(14, FakeLambda(100)) or "")


def test_no_reservation_at_all_is_warned_of() -> None:
    assert "a burst of runs may use all of the account's 10 concurrent executions" in (told(None, FakeLambda(10)) or "")


@pytest.mark.usefixtures("world")
def test_the_local_clouds_account_has_room_for_the_committed_settings(session: boto3.Session) -> None:
    (warning,) = check("prod", TERRAFORM, {}, session)

    assert "account_id is not set" in warning


def test_the_local_cloud_refuses_what_aws_refuses(world: World) -> None:
    world.cloud.deploy("mail", "def handle(event, context): pass")
    client = world.cloud.client("lambda")

    with pytest.raises(ClientError, match=r"UnreservedConcurrentExecution below its minimum value of \[100\]"):
        client.put_function_concurrency(FunctionName="mail", ReservedConcurrentExecutions=901)
    client.put_function_concurrency(FunctionName="mail", ReservedConcurrentExecutions=900)


@pytest.mark.usefixtures("world")
def test_the_account_of_the_stage_is_compared(session: boto3.Session, tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="in account 444455556666"):
        check("dev", settings(tmp_path, region='"eu-central-1"', account_id='"444455556666"'), {}, session)


@pytest.mark.usefixtures("world")
def test_a_setting_that_is_a_comment_is_none(session: boto3.Session, tmp_path: Path) -> None:
    folder = settings(tmp_path, region='"eu-central-1"')
    (folder / "envs/dev.tfvars").write_text('# account_id = "444455556666"\nregion = "eu-central-1"\n')

    account, concurrency = check("dev", folder, {}, session)

    assert "account_id is not set" in account
    assert "max_concurrency is not set" in concurrency


@pytest.mark.usefixtures("world")
def test_an_account_that_nothing_compares_is_warned_of_with_the_line_to_write(
    session: boto3.Session, tmp_path: Path
) -> None:
    (warning,) = check("dev", settings(tmp_path, region='"eu-central-1"', max_concurrency="14"), {}, session)

    assert warning == (
        "account_id is not set for stage dev, so the account is not checked. This shell's account is 123456789012. "
        'If this is the right one, write account_id = "123456789012" into envs/dev.tfvars.'
    )


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("line", ["", '  region = "us-east-1"\n'])
def test_a_region_that_cannot_be_read_is_refused_and_not_taken_for_the_shells(
    session: boto3.Session, tmp_path: Path, line: str
) -> None:
    folder = settings(tmp_path)
    (folder / "envs/dev.tfvars").write_text(line)

    with pytest.raises(DeployError, match=r'dev\.tfvars has no line region = "…"'):
        check("dev", folder, {}, session)


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("number", ["991.0", "991 # half", '"991"'])
def test_a_number_is_read_as_terraform_reads_it(session: boto3.Session, tmp_path: Path, number: str) -> None:
    with pytest.raises(DeployError, match=r"max_concurrency = 991 "):
        check("dev", settings(tmp_path, region='"eu-central-1"', max_concurrency=number), {}, session)


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(("name", "value"), [("max_concurrency", "2 * 7"), ("region", '"us-${"east"}-1"')])
def test_a_value_that_has_to_be_calculated_is_refused(
    session: boto3.Session, tmp_path: Path, name: str, value: str
) -> None:
    lines = {"region": '"eu-central-1"', "max_concurrency": "14"} | {name: value}

    with pytest.raises(DeployError, match=rf"{name} in .*dev\.tfvars is .*, which cannot be checked"):
        check("dev", settings(tmp_path, **lines), {}, session)


@pytest.mark.usefixtures("world")
def test_the_region_of_the_stage_is_compared(session: boto3.Session, tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="dev is in eu-south-1, and this shell is set to eu-central-1"):
        check("dev", settings(tmp_path, region='"eu-south-1"'), {}, session)


@pytest.mark.usefixtures("world")
def test_a_variable_of_the_shell_counts_where_the_file_says_nothing(session: boto3.Session, tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="max_concurrency = 991"):
        check("dev", settings(tmp_path, region='"eu-central-1"'), {"TF_VAR_max_concurrency": "991"}, session)


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("number", ["1.2.3", "1.5", '"fourteen"', "."])
def test_a_number_that_is_not_whole_is_refused(session: boto3.Session, tmp_path: Path, number: str) -> None:
    text = re.escape(number.strip('"'))

    with pytest.raises(DeployError, match=f"^max_concurrency is {text}, and must be a whole number"):
        check("dev", settings(tmp_path, region='"eu-central-1"', max_concurrency=number), {}, session)


@pytest.mark.usefixtures("world")
def test_a_null_of_the_file_is_no_value(session: boto3.Session, tmp_path: Path) -> None:
    folder = settings(tmp_path, region='"eu-central-1"', max_concurrency="null", account_id="null")

    account, concurrency = check("dev", folder, {}, session)

    assert "account_id is not set" in account
    assert "max_concurrency is not set" in concurrency


@pytest.mark.usefixtures("world")
def test_a_null_of_the_shell_is_a_text_as_for_terraform(session: boto3.Session, tmp_path: Path) -> None:
    """Terraform reads TF_VAR_… of a number as text, and then requires a number."""
    with pytest.raises(DeployError, match="max_concurrency is null, and must be a whole number"):
        check("dev", settings(tmp_path, region='"eu-central-1"'), {"TF_VAR_max_concurrency": "null"}, session)


def test_without_a_project_the_function_has_the_name_of_terraforms_default(
    world: World, session: boto3.Session, tmp_path: Path
) -> None:
    """The stage's own reservation is no one else's: with it, 900 of 1,000 fit."""
    world.cloud.deploy("scheduled-tasks-notification-dev", "def handle(event, context): pass")
    world.cloud.client("lambda").put_function_concurrency(
        FunctionName="scheduled-tasks-notification-dev", ReservedConcurrentExecutions=900
    )
    lines = {"region": '"eu-central-1"', "account_id": '"123456789012"', "max_concurrency": "900"}

    assert check("dev", settings(tmp_path, **lines), {}, session) == []


def test_a_stage_without_settings_is_told_which_there_are(session: boto3.Session, tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"prdo\.tfvars is missing; stages with settings: dev\."):
        check("prdo", settings(tmp_path), {}, session)
