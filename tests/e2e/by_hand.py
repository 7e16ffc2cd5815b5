"""A shell in a clone of the project, in which the commands of docs/deploy.md are typed, and a local cloud for it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from deploy.paths import PROJECT
from deploy.terraform.binary import find_terraform
from local.app.processes import Child
from local.app.stack import REGION
from local.endpoint.issuer import AUDIENCE
from local.environment import sealed_environment
from tests.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (PROJECT / "docs/deploy.md").read_text()
FOLDERS = ("chalicelib", "deploy", "local", "notification", "terraform", ".chalice")
FILES = ("app.py", "requirements.txt", "requirements-run.txt", "requirements-dev.txt", "Makefile")
NOT_COMMITTED = ("__pycache__", ".terraform*", "*.tfstate*", "deployed", "deployments")
MOST_SECONDS = 400


def commands_below(heading: str) -> list[str]:
    """The blocks of commands in a section of the page."""
    section = PAGE.split(f"{heading}\n", 1)[1].split("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)


(FIVE_COMMANDS,) = commands_below("# Deploying")
EXPORTS, ONCE, CURL = commands_below("## Against the local cloud")


class Terminal:
    """A shell in `project`, in which the exports of the page have been typed; its cloud listens on `port`."""

    def __init__(self, project: Path, port: int) -> None:
        self._project = project
        self._exports = EXPORTS.replace("4566", str(port))
        self._environment = callers_environment() | {"PATH": path_with_tools(), "AWS_PROFILE": "nope"}

    def type(self, commands: str) -> str:
        """What they print. Each must succeed; to a question the answer is yes."""
        code, printed = self.attempt(commands)
        assert code == 0, printed
        return printed

    def attempt(self, commands: str) -> tuple[int, str]:
        """The exit code, and all that they print."""
        done = subprocess.run(
            ["/bin/bash", "-eu", "-c", self._exports + commands],
            cwd=self._project,
            env=self._environment,
            input="yes\n",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=MOST_SECONDS,
        )
        return done.returncode, done.stdout


def callers_environment() -> dict[str, str]:
    """Without what could lead a command to AWS, or terraform elsewhere; a mirror of this machine stays in sight."""
    kept = {"TF_PLUGIN_DIR"}
    return {name: value for name, value in os.environ.items() if name in kept or not name.startswith(("AWS_", "TF_"))}


def path_with_tools() -> str:
    """As `. .venv/bin/activate` leaves it, and with a terraform."""
    tools = (Path(sys.executable).parent, find_terraform(os.environ).parent)
    return os.pathsep.join([*map(str, tools), os.environ["PATH"]])


def a_clone(project: Path, *, issuer: str) -> Path:
    """The project as it is committed, but for the one setting that only a person can know."""
    for name in FOLDERS:
        shutil.copytree(PROJECT / name, project / name, ignore=shutil.ignore_patterns(*NOT_COMMITTED))
    for name in FILES:
        shutil.copy(PROJECT / name, project)
    config = json.loads((project / ".chalice/config.json").read_text())
    config["stages"]["dev"] = {"environment_variables": {"JWT_ISSUER": issuer, "JWT_AUDIENCE": AUDIENCE}}
    (project / ".chalice/config.json").write_text(json.dumps(config))
    return project


@contextmanager
def running_by_itself(directory: Path) -> Iterator[tuple[str, int]]:
    """A local cloud alone, in a process of its own: its URL and port."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ("local", "cloud", "--port", str(port), "--directory", str(directory))
    with TemporaryDirectory() as logs:
        cloud = Child("cloud", arguments, environment=sealed_environment(url, REGION), log=Path(logs) / "cloud.log")
        try:
            cloud.wait_until_it_answers(f"{url}/_local/health", seconds=60)
            yield url, port
        finally:
            cloud.stop()
