"""examples/existing_app, deployed to a local cloud by the commands of its README, works and keeps its logs."""

from __future__ import annotations

import gzip
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import urllib3

from deploy.paths import PROJECT
from local.app.stack import REGION
from local.endpoint.issuer import PATH as ISSUER_PATH
from tests.e2e.by_hand import ONCE, Terminal, a_clone, running_by_itself
from tests.e2e.client import Client
from tests.e2e.cloud import Clock, LocalCloud

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.long]

EXAMPLE = PROJECT / "examples/existing_app"
COPY, COMMANDS = re.findall(r"^```sh\n(.*?)^```", (EXAMPLE / "README.md").read_text(), re.MULTILINE | re.DOTALL)
NAMED_SHOP = "export TF_VAR_app_name=shop\n"
ALICE = {"X-Session": "session-of-alice"}


@dataclass(frozen=True)
class Shop:
    """The deployed app."""

    cloud: LocalCloud
    api: Client
    logs: Any


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("side-by-side")
    with running_by_itself(tmp_path_factory.mktemp("cloud")) as (url, port):
        clone = a_clone(folder / "scheduled-tasks", issuer=url + ISSUER_PATH)
        a_shop(folder / "shop")
        Terminal(folder / "shop", port).type(COPY.replace("path/to", ".."))
        terminal = Terminal(clone, port)
        terminal.type(NAMED_SHOP + ONCE + COMMANDS)
        aws = boto3.Session(aws_access_key_id="local", aws_secret_access_key="local", region_name=REGION)
        (api,) = aws.client("apigateway", endpoint_url=url).get_rest_apis()["items"]
        client = Client(f"{url}/restapis/{api['id']}/api/_user_request_")
        yield Shop(LocalCloud(url), client, aws.client("logs", endpoint_url=url))


def a_shop(folder: Path) -> None:
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    shutil.copy(PROJECT / "requirements.txt", folder)


def test_the_shop_s_reminder_is_sent_when_its_time_comes(shop: Shop) -> None:
    clock = Clock(shop.cloud)

    created = shop.api.send("POST", "/orders/7/reminder", **ALICE)
    clock.travel(days=3, minutes=1)

    assert created.status == 200, created
    assert [mail["to"] for mail in shop.cloud.messages("Order 7")] == [["alice@example.com"]]
    listed = shop.api.send("GET", "/tasks/v1/schedules?status=completed", **ALICE).json["items"]
    assert [schedule["schedule_id"] for schedule in listed] == [created.json["reminder"]]


def test_its_api_reference_is_compressed_and_works_below_the_stage(shop: Shop) -> None:
    page = urllib3.request(
        "GET", f"{shop.api.url}/tasks/docs", headers={"Accept-Encoding": "gzip"}, decode_content=False, timeout=30
    )

    content = gzip.decompress(page.data).decode()
    assert (page.status, page.headers["Content-Encoding"]) == (200, "gzip")
    assert len(page.data) < len(content) / 5
    assert "<code>/api/tasks</code>" in content


def test_its_functions_do_what_their_role_allows_and_keep_their_logs(shop: Shop) -> None:
    decisions = shop.cloud.get("/_local/iam")["decisions"]

    groups = [group["logGroupName"] for group in shop.logs.describe_log_groups()["logGroups"]]
    logging = {decision["role_arn"] for decision in decisions if decision["action"] == "logs:PutLogEvents"}
    assert {"/aws/lambda/shop-dev", "/aws/lambda/shop-dev-sweep"} <= set(groups)
    assert {arn.rpartition("/")[2] for arn in logging} >= {"shop-dev-api_handler"}
    assert [decision for decision in decisions if not decision["allowed"]] == []
