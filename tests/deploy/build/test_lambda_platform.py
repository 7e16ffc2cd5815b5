"""One runtime for both functions, stated in terraform/variables.tf."""

from __future__ import annotations

import re
from datetime import date

import pytest

from deploy.build.lambda_platform import LambdaPlatform, deprecation, lambda_platform
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
