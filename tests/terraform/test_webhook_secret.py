"""The module that makes the master secret, applied: what Secrets Manager has then, and what Terraform knows of it."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from deploy.paths import TERRAFORM
from deploy.terraform.mirror import find_mirror
from deploy.terraform.provision import CLI_CONFIGURATION, cli_configuration, terraform_in
from local.environment import sealed_environment
from local.testing import REGION, RunningCloud, running_cloud

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.terraform.adapter import Terraform

ROOT = """
provider "aws" {
  region = "eu-central-1"
}

variable "value_version" {
  type = number
}

module "webhook_secret" {
  source = "./webhook_secret"

  project       = "mail"
  stage         = "test"
  value_version = var.value_version
}

output "secret_arn" {
  value = module.webhook_secret.secret_arn
}
"""


def a_terraform(directory: Path, cloud: RunningCloud) -> Terraform:
    shutil.copytree(TERRAFORM / "modules" / "webhook_secret", directory / "webhook_secret")
    (directory / "main.tf").write_text(ROOT)
    (directory / CLI_CONFIGURATION).write_text(cli_configuration(find_mirror(os.environ)))
    return terraform_in(directory, environment=sealed_environment(cloud.endpoint, REGION))


def apply(terraform: Terraform, directory: Path, version: int) -> None:
    (directory / "terraform.tfvars.json").write_text(json.dumps({"value_version": version}))
    terraform.apply()


def value(manager: Any, arn: str, stage: str = "AWSCURRENT") -> str:
    found: str = manager.get_secret_value(SecretId=arn, VersionStage=stage)["SecretString"]
    return found


@pytest.mark.long
def test_a_value_is_made_once_kept_beside_the_next_and_known_to_no_state(tmp_path: Path) -> None:
    workdir = tmp_path / "terraform"
    workdir.mkdir()
    with running_cloud(tmp_path / "cloud") as cloud:
        manager, terraform = cloud.client("secretsmanager"), a_terraform(workdir, cloud)
        terraform.init()
        apply(terraform, workdir, 1)
        arn = terraform.outputs()["secret_arn"]
        first = value(manager, arn)
        assert terraform.plan() == ""

        apply(terraform, workdir, 2)
        assert terraform.plan() == ""
        assert value(manager, arn, "AWSPREVIOUS") == first != value(manager, arn)

        states = "".join(path.read_text() for path in workdir.glob("terraform.tfstate*"))
        assert arn in states
        assert first not in states
        assert value(manager, arn) not in states
