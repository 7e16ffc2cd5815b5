"""One runtime for both functions, stated in terraform/variables.tf."""

from __future__ import annotations

import re
from datetime import date

import pytest

from deploy.build.lambda_platform import LambdaPlatform, deprecation, lambda_platform, terraform_default
from deploy.errors import DeployError
from deploy.paths import TERRAFORM

NOW = LambdaPlatform("python3.11", "arm64")


def test_the_platform_is_terraform_s_default() -> None:
    assert lambda_platform(lambda _: None) == NOW


def test_the_platform_is_what_a_stage_sets() -> None:
    settings = {"lambda_runtime": "python3.13", "lambda_architecture": "x86_64"}

    platform = lambda_platform(settings.get)

    assert (platform.python, platform.machine) == ("3.13", "x86_64")


def test_the_runtime_is_stated_once() -> None:
    stated = [
        f"{path.relative_to(TERRAFORM)}: {line}"
        for path in sorted([*TERRAFORM.glob("*.tf"), *TERRAFORM.glob("modules/*/*.tf"), *TERRAFORM.glob("envs/*")])
        for line in re.findall(r'= +"(python3\.\d+)"', path.read_text())
    ]

    assert stated == ["variables.tf: python3.11"]


@pytest.mark.parametrize(
    ("runtime", "today", "said"),
    [
        ("python3.11", date(2026, 12, 31), None),
        ("python3.11", date(2027, 1, 1), "deprecates python3.11 on 2027-06-30; from 2027-07-31 no function"),
        ("python3.11", date(2028, 1, 1), "deprecates python3.11 on 2027-06-30"),
        ("python3.14", date(2028, 1, 1), None),
    ],
)
def test_a_runtime_s_end_is_told_half_a_year_before(runtime: str, today: date, said: str | None) -> None:
    note = deprecation(runtime, today)

    assert (note is None) if said is None else said in (note or "")


def test_a_stage_s_setting_is_the_remedy_and_terraform_s_default_is_named() -> None:
    note = deprecation("python3.11", date(2027, 6, 30)) or ""

    assert "Set lambda_runtime in envs/{stage}.tfvars (default: terraform/variables.tf), and deploy with that" in note


@pytest.mark.parametrize(
    ("name", "value"),
    [("project", "scheduled-tasks"), ("lambda_runtime", "python3.11"), ("lambda_architecture", "arm64")],
)
def test_a_default_is_read_from_terraform(name: str, value: str) -> None:
    assert terraform_default(name) == value


def test_a_variable_without_a_default_is_refused() -> None:
    with pytest.raises(DeployError, match=r"variables\.tf has no default for region"):
        terraform_default("region")
