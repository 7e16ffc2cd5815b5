"""The queues of `make run` that Terraform imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.errors import DeployError
from local.app.queues import make_queues, queue_imports
from local.testing import REGION, running_cloud
from tests.processes import free_port

if TYPE_CHECKING:
    from pathlib import Path


def test_each_id_that_terraform_imports_is_the_url_of_a_queue_that_was_made(tmp_path: Path) -> None:
    with running_cloud(tmp_path) as cloud:
        make_queues(cloud.endpoint, REGION, "local")

        urls = cloud.client("sqs").list_queues()["QueueUrls"]
        assert sorted(urls) == sorted(queue_imports(cloud.endpoint, "local").values())


def test_a_refusal_and_a_missing_cloud_are_reported(tmp_path: Path) -> None:
    with (
        running_cloud(tmp_path) as cloud,
        pytest.raises(DeployError, match=r"^The queue scheduled-tasks-delivery-dead-letters-a b cannot be made: 400 "),
    ):
        make_queues(cloud.endpoint, REGION, "a b")
    with pytest.raises(DeployError, match=r"^The queues cannot be made at .*: .*Connection refused"):
        make_queues(f"http://127.0.0.1:{free_port()}", REGION, "local")
