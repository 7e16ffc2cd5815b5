"""`--stage local` finds the stage of `make run`, and leads to its cloud and nowhere else."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from deploy.errors import DeployError
from deploy.operate.local_stage import environment_for, project_of_make_run

if TYPE_CHECKING:
    from pathlib import Path


def a_stage(project: Path, port: int) -> Path:
    """As `make run` renders it."""
    variables = {
        "JWT_ISSUER": f"http://127.0.0.1:{port}/_local/issuer",
        "NOTIFICATION_LAMBDA_ARN": "arn:aws:lambda:eu-central-1:123456789012:function:mail",
    }
    (project / ".chalice").mkdir(parents=True)
    config = {"stages": {"local": {"environment_variables": variables}}}
    (project / ".chalice/config.json").write_text(json.dumps(config))
    return project


@pytest.mark.parametrize("place", [".local/project", ".local/4566/project"])
def test_the_copy_of_make_run_is_found(tmp_path: Path, place: str) -> None:
    project = a_stage(tmp_path / place, 4566)

    assert project_of_make_run(tmp_path) == project


def test_of_several_the_one_started_last_is_meant(tmp_path: Path) -> None:
    older = a_stage(tmp_path / ".local/4566/project", 4566)
    newer = a_stage(tmp_path / ".local/4567/project", 4567)
    os.utime(older / ".chalice/config.json", (1, 1))

    assert project_of_make_run(tmp_path) == newer


def test_without_make_run_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="start it with make run"):
        project_of_make_run(tmp_path)


def test_nothing_leads_to_aws(tmp_path: Path) -> None:
    caller = {"AWS_PROFILE": "prod", "AWS_ENDPOINT_URL_SCHEDULER": "https://aws", "AWS_REGION": "x", "HOME": "/home"}

    assert environment_for(a_stage(tmp_path / "project", 4567), caller) == {
        "HOME": "/home",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4567",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }
