"""A process of ours ends with the one that started it, killed or not: with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from deploy.paths import PROJECT
from local.environment import sealed_environment
from local.testing import REGION, Workbench, answer_of
from tests.processes import PATIENCE, free_port, within

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STARTS_A_CLOUD = """
import sys, time
from pathlib import Path
from local.app.processes import Child
from local.environment import sealed_environment
port, directory = sys.argv[1], Path(sys.argv[2])
url = f"http://127.0.0.1:{port}"
cloud = Child(
    "cloud", ("local", "cloud", "--port", port, "--directory", str(directory / "cloud"), "--iam", "off"),
    environment=sealed_environment(url, "eu-central-1"), log=directory / "cloud.log",
)
cloud.wait_until_it_answers(f"{url}/_local/health", seconds=60)
print(cloud.pid, flush=True)
time.sleep(300)
"""
ENDS_WITH_ITS_PARENT = """
import os, sys, time
from local.app.lifeline import end_with_parent
end_with_parent(os.getppid())
print(os.getpid(), flush=True)
time.sleep(300)
"""
STARTS_ONE_MORE = f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", {ENDS_WITH_ITS_PARENT!r}])
time.sleep(300)
"""
WORKS_ON_AND_ON = """
import os, subprocess, time
def handle(event, context):
    if event == "pid":
        return os.getpid()
    helper = subprocess.Popen(["/bin/sleep", "300"])
    with open(event, "w") as file:
        file.write(str(helper.pid))
    while True:
        pass
"""


@pytest.fixture
def starter(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int, Workbench]]:
    """A process, a local cloud that it started (its process id), and a client of that."""
    port = free_port()
    process = started("-c", STARTS_A_CLOUD, str(port), str(tmp_path))
    try:
        yield process, number_said_by(process), Workbench(f"http://127.0.0.1:{port}")
    finally:
        end(process)


def started(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env=sealed_environment("http://127.0.0.1:1", REGION),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )


def number_said_by(process: subprocess.Popen[str]) -> int:
    assert process.stdout
    return int(process.stdout.readline())


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate(timeout=10)


def is_gone(process_id: int) -> bool:
    """A zombie, which its new parent has not asked for yet, is gone as well."""
    state = subprocess.run(
        ["/bin/ps", "-o", "stat=", "-p", str(process_id)], capture_output=True, text=True, check=False
    ).stdout
    return not state.strip() or state.startswith("Z")


def test_a_cloud_whose_starter_is_killed_ends_with_its_functions(
    starter: tuple[subprocess.Popen[str], int, Workbench],
) -> None:
    process, cloud, workbench = starter
    workbench.deploy("f", WORKS_ON_AND_ON)
    function = answer_of(workbench.client("lambda").invoke(FunctionName="f", Payload=b'"pid"'))

    process.kill()

    within(PATIENCE, lambda: is_gone(cloud) and is_gone(function), "the end of the cloud and its function")


def test_a_function_whose_cloud_is_killed_ends_in_the_middle_of_its_work(
    starter: tuple[subprocess.Popen[str], int, Workbench], tmp_path: Path
) -> None:
    _, cloud, workbench = starter
    workbench.deploy("f", WORKS_ON_AND_ON, Timeout=300)
    client = workbench.client("lambda")
    function = answer_of(client.invoke(FunctionName="f", Payload=b'"pid"'))
    note = tmp_path / "helper"
    client.invoke(FunctionName="f", Payload=f'"{note}"'.encode(), InvocationType="Event")
    within(PATIENCE, lambda: note.exists() and note.read_text(), "the function at work")
    helper = int(note.read_text())

    os.kill(cloud, signal.SIGKILL)

    within(PATIENCE, lambda: is_gone(function) and is_gone(helper), "the end of the function and of what it started")


def test_a_function_finds_nothing_to_read_as_on_lambda(starter: tuple[subprocess.Popen[str], int, Workbench]) -> None:
    _, _, workbench = starter
    workbench.deploy("f", "import sys\ndef handle(event, context): return sys.stdin.read()")

    assert answer_of(workbench.client("lambda").invoke(FunctionName="f")) == ""


def test_a_process_ends_with_its_parent_though_nothing_was_piped() -> None:
    parent = started("-c", STARTS_ONE_MORE)
    child = number_said_by(parent)
    time.sleep(1)
    assert not is_gone(child)

    end(parent)

    within(PATIENCE, lambda: is_gone(child), "the end of the child")
