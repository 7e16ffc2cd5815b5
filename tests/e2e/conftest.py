"""One stack for all end-to-end tests: real processes, started in a caller's environment that is as hostile as can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.stack import Stack
from tests.e2e.client import Client, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTILE = {
    "AWS_PROFILE": "nope",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_ENDPOINT_URL_SCHEDULER": "http://127.0.0.1:1",
    "TF_CLI_CONFIG_FILE": "/nowhere/terraformrc",
}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    directory = tmp_path_factory.mktemp("stack")
    with pytest.MonkeyPatch.context() as environment:
        for name, value in HOSTILE.items():
            environment.setenv(name, value)
        stack = Stack(directory, cloud_port=free_port(), api_port=free_port())
        try:
            stack.start()
            yield stack
        finally:
            stack.stop()


@pytest.fixture(scope="session")
def cloud(stack: Stack) -> Client:
    """What AWS does not have: outbox, clock."""
    return Client(stack.cloud_url)


@pytest.fixture(scope="session")
def alice(stack: Stack) -> Client:
    return Client(stack.api_url, stack.token("alice"))


@pytest.fixture(scope="session")
def bob(stack: Stack) -> Client:
    return Client(stack.api_url, stack.token("bob"))
