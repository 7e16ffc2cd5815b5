"""One stack for all end-to-end tests: real processes, started from an environment as hostile as can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from local.app.stack import SCOPES
from tests.e2e.client import Client
from tests.e2e.cloud import Clock, LocalCloud
from tests.e2e.own_project import StackWithOwnActions, make_project
from tests.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.app.stack import Stack

HOSTILE = {
    "AWS_PROFILE": "nope",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_ENDPOINT_URL_SCHEDULER": "http://127.0.0.1:1",
    "TF_CLI_CONFIG_FILE": "/nowhere/terraformrc",
}


def refused_to_sessions(cloud: LocalCloud) -> list[dict[str, Any]]:
    """What a role was refused. No test wants that of this stack's roles, and not all of it is seen elsewhere."""
    decisions: list[dict[str, Any]] = cloud.get("/_local/iam")["decisions"]
    return [decision for decision in decisions if not decision["allowed"] and not decision["service"]]


@pytest.fixture(scope="session")
def page_port() -> int:
    """A port of this machine. Pages from there may call the API."""
    return free_port()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, page_port: int) -> Iterator[StackWithOwnActions]:
    """With a Notification Lambda that has actions of its own. Other tests get their environment back at once."""
    project = make_project(tmp_path_factory.mktemp("project"))
    stack = StackWithOwnActions(
        tmp_path_factory.mktemp("stack"),
        cloud_port=free_port(),
        api_port=free_port(),
        project=project,
        cors_origins=f"http://127.0.0.1:{page_port}",
    )
    try:
        with pytest.MonkeyPatch.context() as environment:
            for name, value in HOSTILE.items():
                environment.setenv(name, value)
            stack.start()
        yield stack
        assert refused_to_sessions(LocalCloud(stack.cloud_url)) == []
    finally:
        stack.stop()


@pytest.fixture(scope="session")
def cloud(stack: Stack) -> LocalCloud:
    return LocalCloud(stack.cloud_url)


@pytest.fixture
def clock(cloud: LocalCloud) -> Iterator[Clock]:
    """The stack's time, for one test to travel in; real time again behind it, so that no other test notices."""
    clock = Clock(cloud)
    yield clock
    clock.return_to_real_time()


@pytest.fixture(scope="session")
def alice(stack: Stack) -> Client:
    return Client(stack.api_url, stack.token("alice"))


@pytest.fixture(scope="session")
def bob(stack: Stack) -> Client:
    return Client(stack.api_url, stack.token("bob"))


@pytest.fixture(scope="session")
def admin(stack: Stack) -> Client:
    return Client(stack.api_url, stack.token("admin", [*SCOPES, "schedules:admin"]))
