"""Starts stage `local` on this machine, in this order: zip, cloud, infrastructure, stage configuration, API.

Each stack has its own directory and shares nothing with another stack, so tests can run beside `make run`.
"""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from deploy.build.package import build
from deploy.build.render import render
from deploy.errors import DeployError
from deploy.terraform.provision import apply, prepare

from ..endpoint.issuer import AUDIENCE, CLIENT_ID, TOKEN_PATH, Issuer
from ..endpoint.issuer import PATH as ISSUER_PATH
from ..environment import sealed_environment
from ..time.signal import FILE_NAME as OFFSET_FILE
from .directory import Claim
from .processes import PROJECT, Child
from .queues import make_queues, queue_imports
from .supervision import CLOUD, check_the_cloud

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

STAGE = "local"
REGION = "eu-central-1"
APP = ("app.py", "chalicelib")
SCOPES = ("schedules:read", "schedules:write")
STARTS_WITHIN_SECONDS = 60


class NotRunning(Exception):
    """`make run` does not use this folder: start `make run` first."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class Stack:
    """The processes and files of one local stage.

    directory: for all its files; a new or empty one, or one of an earlier stack, which `start` empties. on_step: called
    with a description of each step. on_progress: called with Terraform's progress. project: the project whose
    Notification Lambda and app are used; by default this project. cors_origins: as in the API's setting CORS_ORIGINS.
    """

    def __init__(
        self,
        directory: Path,
        *,
        cloud_port: int,
        api_port: int,
        project: Path = PROJECT,
        lateness: str = "none",
        iam: str = "enforce",
        cors_origins: str = "",
        on_step: Callable[[str], None] = lambda _: None,
        on_progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.directory = directory
        self.cloud_url = f"http://127.0.0.1:{cloud_port}"
        self.api_url = f"http://127.0.0.1:{api_port}"
        self.outputs: dict[str, str] = {}
        self.children: list[Child] = []
        self._claim: Claim | None = None
        self._ports = (cloud_port, api_port)
        self._project = project
        self._package = directory / "notification.zip"
        self._terraform = directory / "terraform"
        self._lateness = lateness
        self._iam = iam
        self._cors_origins = cors_origins
        self._on_step = on_step
        self._on_progress = on_progress

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a child process that can reach this stack's cloud and no other endpoint."""
        return sealed_environment(self.cloud_url, REGION)

    def start(self) -> None:
        """Raises DirectoryRefused, DeployError or ChildFailed. Call `stop` afterwards, also if it raised."""
        self._claim = Claim(self.directory, "run")
        self._claim.empty()
        self._on_step("build the Notification Lambda's zip")
        build(self._package, self._project)
        self._on_step(f"start the local cloud on {self.cloud_url}")
        self._start_cloud()
        self._on_step("make the infrastructure with Terraform (about 20 seconds)")
        self.outputs = self._make_infrastructure_in_a_living_cloud()
        self._on_step("write the stage configuration")
        self._render()
        self._on_step(f"start the API on {self.api_url}, and the sweeper")
        self._start_api()

    def stop(self) -> None:
        """Stop every process that it started, the last one first."""
        while self.children:
            self.children.pop().stop()
        if self._claim:
            self._claim.release()

    def token(self, user: str, scopes: Iterable[str] = SCOPES) -> str:
        """Returns a bearer token that this stack's API accepts."""
        return token(self.directory, user, scopes)

    def _start_cloud(self) -> None:
        """Start the cloud, and prepare Terraform until it answers."""
        arguments = ("--port", str(self._ports[0]), "--directory", str(self.directory))
        modes = ("--lateness", self._lateness, "--iam", self._iam, "--api-url", self.api_url)
        cloud = self._child(CLOUD, "local", "cloud", *arguments, *modes)
        self._prepare()
        cloud.wait_until_it_answers(f"{self.cloud_url}/_local/health", seconds=STARTS_WITHIN_SECONDS)

    def _make_infrastructure_in_a_living_cloud(self) -> dict[str, str]:
        """Returns the outputs. Raises ChildFailed if the cloud has exited; Terraform then reports wrong credentials."""
        try:
            return self._make_infrastructure()
        except DeployError:
            check_the_cloud(self.children)
            raise

    def _make_infrastructure(self) -> dict[str, str]:
        make_queues(self.cloud_url, REGION, STAGE)
        return self._apply()

    def provision(self) -> dict[str, str]:
        """Apply Terraform again. Returns its outputs. Raises DeployError."""
        self._prepare()
        return self._apply()

    def _prepare(self) -> None:
        prepare(
            environment=self.environment,
            workdir=self._terraform,
            variables=self.variables(),
            imports=queue_imports(self.cloud_url, STAGE),
        )

    def _apply(self) -> dict[str, str]:
        return apply(STAGE, environment=self.environment, workdir=self._terraform, on_progress=self._on_progress)

    def variables(self) -> dict[str, object]:
        """Returns the Terraform variables that `envs/local.tfvars` does not set."""
        return {
            "notification_package": str(self._package.resolve()),
            "console_client_id": CLIENT_ID,
            "cors_origins": [origin.strip() for origin in self._cors_origins.split(",") if origin.strip()],
        }

    def _render(self) -> None:
        """Write the stage configuration into a copy of the app's folder; the committed file is not changed."""
        project = self.directory / "project"
        (project / ".chalice").mkdir(parents=True)
        for name in APP:
            (project / name).symlink_to(self._project / name)
        config_path = project / ".chalice" / "config.json"
        config = json.loads((self._project / ".chalice" / "config.json").read_text())
        config["stages"] = {STAGE: {"environment_variables": self._settings()}}
        config_path.write_text(json.dumps(config))
        render(STAGE, self.outputs, project, actions=self._project / "notification" / "actions")

    def _settings(self) -> dict[str, str]:
        """Returns the settings that an operator makes on AWS: the token issuer and audience."""
        return {"STAGE": STAGE, "JWT_ISSUER": self.cloud_url + ISSUER_PATH, "JWT_AUDIENCE": AUDIENCE}

    def _start_api(self) -> None:
        """Start the API and the sweeper, which registers itself with the cloud."""
        app = (
            *("--stage", STAGE, "--project-dir", str(self.directory / "project")),
            *("--offset-file", str(self.directory / OFFSET_FILE)),
        )
        sweeper = self._child("sweeper", "local.app.sweeper", *app)
        api = self._child("api", "local.app.api", "--port", str(self._ports[1]), *app)
        sweeper.wait_until_it_answers(f"{self.cloud_url}/_local/sweeper", seconds=STARTS_WITHIN_SECONDS)
        api.wait_until_it_answers(f"{self.api_url}/healthz", seconds=STARTS_WITHIN_SECONDS)

    def _child(self, name: str, *arguments: str) -> Child:
        child = Child(name, arguments, environment=self.environment, log=self.directory / f"{name}.log")
        self.children.append(child)
        return child


def token(directory: Path, user: str, scopes: Iterable[str] = SCOPES) -> str:
    """Returns a token that the API of the stack in `directory` accepts. Raises NotRunning if there is no stack."""
    config = directory / "project" / ".chalice" / "config.json"
    if not config.exists():
        raise NotRunning
    settings = json.loads(config.read_text())["stages"][STAGE]["environment_variables"]
    return Issuer(directory, settings["JWT_ISSUER"]).make_token(user, scopes)


def token_from(endpoint: str, user: str, scopes: Iterable[str] = SCOPES) -> str:
    """Returns a token for a stage that was deployed to the local cloud at `endpoint`.

    Raises NotRunning if no local cloud answers there.
    """
    form = urlencode({"user": user, "scope": " ".join(scopes)})
    place = urlsplit(endpoint)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=10)
    try:
        connection.request("POST", TOKEN_PATH, form, {"Content-Type": "application/x-www-form-urlencoded"})
        return str(json.loads(connection.getresponse().read())["access_token"])
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        raise NotRunning(f"No local cloud answers at {endpoint}, the value of AWS_ENDPOINT_URL.") from error
    finally:
        connection.close()
