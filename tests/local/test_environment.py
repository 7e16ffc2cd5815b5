"""The environment of our children leads to the local cloud, whatever the caller's says."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.environment import sealed_environment
from local.testing import REGION, running_cloud

ENDPOINT = "http://127.0.0.1:4566"
HOSTILE = {
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_CONFIG_FILE": "/home/somebody/.aws/config",
    "AWS_ENDPOINT_URL": "https://example.com",
    "AWS_ENDPOINT_URL_SCHEDULER": "http://127.0.0.1:1",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_PROFILE": "nope",
    "AWS_REGION": "us-gov-west-1",
    "AWS_SESSION_TOKEN": "real",
    "PYTHONPATH": "/somewhere",
    "TF_CLI_CONFIG_FILE": "/nowhere/terraformrc",
    "TF_VAR_stage": "prod",
}
ASKING = """
import boto3, json
scheduler = boto3.client("scheduler")
print(json.dumps([scheduler.meta.endpoint_url, scheduler.meta.region_name, scheduler.list_schedules()["Schedules"]]))
"""


def test_nothing_of_the_caller_s_aws_terraform_and_python_settings_is_left() -> None:
    sealed = sealed_environment(ENDPOINT, REGION, HOSTILE)

    assert sealed["AWS_ENDPOINT_URL"] == ENDPOINT
    assert sealed["AWS_ACCESS_KEY_ID"] == "local"
    assert not [name for name in sealed if name.startswith(("TF_", "PYTHON"))]
    assert {name for name in sealed if name.startswith("AWS_")} == {
        "AWS_ACCESS_KEY_ID",
        "AWS_CONFIG_FILE",
        "AWS_DEFAULT_REGION",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_ENDPOINT_URL",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SHARED_CREDENTIALS_FILE",
    }


def test_what_a_machine_needs_to_work_is_kept() -> None:
    machine = {"PATH": "/usr/bin", "HOME": "/home/somebody", "HTTPS_PROXY": "http://proxy", "SSL_CERT_FILE": "/ca.pem"}

    assert machine.items() <= sealed_environment(ENDPOINT, REGION, machine).items()


@pytest.mark.parametrize(
    ("caller", "expected"),
    [({}, "127.0.0.1,localhost"), ({"no_proxy": "intranet"}, "intranet,127.0.0.1,localhost")],
)
def test_no_proxy_stands_between_us_and_the_local_cloud(caller: dict[str, str], expected: str) -> None:
    sealed = sealed_environment(ENDPOINT, REGION, caller)

    assert sealed["NO_PROXY"] == sealed["no_proxy"] == expected


def test_a_real_client_in_a_hostile_caller_s_child_reaches_the_local_cloud(tmp_path: Path) -> None:
    with running_cloud(tmp_path) as cloud:
        sealed = sealed_environment(cloud.endpoint, REGION, {**os.environ, **HOSTILE})
        answer = subprocess.run([sys.executable, "-c", ASKING], env=sealed, capture_output=True, check=True, timeout=30)

        assert json.loads(answer.stdout) == [cloud.endpoint, REGION, []]
