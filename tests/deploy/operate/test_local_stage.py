"""`--stage local` finds the stage of `make run`, and leads to its cloud and nowhere else."""

from __future__ import annotations

import json
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config

from deploy.errors import DeployError
from deploy.operate.local_stage import environment_for, project_of_make_run
from tests.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
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


class _Clock(BaseHTTPRequestHandler):
    """What tells a local cloud from another server."""

    def do_GET(self) -> None:
        body = b'{"now": "2027-03-01T09:00:00Z"}' if self.path == "/_local/clock" else b""
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Not into the tests' output."""


@pytest.fixture
def port() -> Iterator[int]:
    """Of a cloud that runs."""
    with HTTPServer(("127.0.0.1", 0), _Clock) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("place", [".local/project", ".local/4566/project"])
def test_the_copy_of_make_run_is_found(tmp_path: Path, place: str, port: int) -> None:
    project = a_stage(tmp_path / place, port)

    assert project_of_make_run(tmp_path) == project


def test_of_several_the_one_started_last_is_meant(tmp_path: Path, port: int) -> None:
    older = a_stage(tmp_path / ".local/4566/project", port)
    newer = a_stage(tmp_path / ".local/4567/project", port)
    os.utime(older / ".chalice/config.json", (1, 1))

    assert project_of_make_run(tmp_path) == newer


def test_one_that_has_ended_does_not_stand_before_one_that_runs(tmp_path: Path, port: int) -> None:
    running = a_stage(tmp_path / ".local/4566/project", port)
    os.utime(running / ".chalice/config.json", (1, 1))
    a_stage(tmp_path / ".local/4567/project", free_port())

    assert project_of_make_run(tmp_path) == running


def test_one_that_has_ended_is_none(tmp_path: Path) -> None:
    a_stage(tmp_path / ".local/4566/project", free_port())

    with pytest.raises(DeployError, match="start it with make run"):
        project_of_make_run(tmp_path)


def test_without_make_run_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="start it with make run"):
        project_of_make_run(tmp_path)


def test_none_of_the_callers_aws_variables_is_left(tmp_path: Path) -> None:
    caller = {"AWS_PROFILE": "prod", "AWS_ENDPOINT_URL_SCHEDULER": "https://aws", "AWS_REGION": "x", "HOME": "/home"}

    found = environment_for(a_stage(tmp_path / "project", 4567), caller)

    assert found.keys().isdisjoint({"AWS_PROFILE", "AWS_ENDPOINT_URL_SCHEDULER"})
    assert (found["HOME"], found["AWS_REGION"]) == ("/home", "eu-central-1")
    assert found["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4567"


@pytest.mark.parametrize(
    "line", ["ignore_configured_endpoint_urls = true", "endpoint_url = https://aws.example.com", "region = us-east-1"]
)
def test_no_line_of_a_configuration_file_leads_to_aws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text(f"[default]\n{line}\n")
    with monkeypatch.context() as shell:
        use(shell, environment_for(a_stage(tmp_path / "project", 4567), {"HOME": str(tmp_path)}))
        client = boto3.Session().client("scheduler")

    assert (client.meta.endpoint_url, client.meta.region_name) == ("http://127.0.0.1:4567", "eu-central-1")


def test_no_proxy_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    with monkeypatch.context() as shell:
        use(shell, environment_for(a_stage(tmp_path / "project", port), {"HTTP_PROXY": nobody, "http_proxy": nobody}))
        client = boto3.Session().client("dynamodb", config=Config(retries={"total_max_attempts": 1}))

        answer = client.list_tables()

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def use(shell: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    """This process has these variables and no others."""
    for name in os.environ.keys() - environment.keys():
        shell.delenv(name)
    for name, value in environment.items():
        shell.setenv(name, value)
