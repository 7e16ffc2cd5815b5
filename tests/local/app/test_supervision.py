"""What `make run` does when one of its children has ended: with real processes."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from deploy.errors import DeployError
from local.app.processes import Child, ChildFailed
from local.app.stack import Stack
from local.app.supervision import supervise
from tests.processes import PATIENCE, within

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SLEEPS = "import time\nprint('ready', flush=True)\ntime.sleep(300)"


class Enough(Exception):
    """The test has seen what it wanted."""


@contextmanager
def child(name: str, code: str, directory: Path) -> Iterator[Child]:
    (directory / "module.py").write_text(code)
    made = Child(
        name, ("module",), environment={**os.environ, "PYTHONPATH": str(directory)}, log=directory / f"{name}.log"
    )
    try:
        yield made
    finally:
        made.stop()


def kill(victim: Child) -> None:
    os.kill(victim.pid, signal.SIGKILL)
    within(PATIENCE, lambda: not victim.is_running(), "its end")


def stop_at_the_first_line(lines: list[str], line: str) -> None:
    lines.append(line)
    raise Enough


@pytest.mark.parametrize("name", ["api", "sweeper"])
def test_a_killed_api_or_sweeper_is_started_again_and_the_line_says_so(tmp_path: Path, name: str) -> None:
    lines: list[str] = []
    with child(name, SLEEPS, tmp_path) as victim:
        before = victim.pid
        kill(victim)

        with pytest.raises(Enough):
            supervise([victim], lambda line: stop_at_the_first_line(lines, line), shortest_life_seconds=0)

        assert victim.is_running()
        assert victim.pid != before
    assert lines == [f"The {name} was killed by SIGKILL and was restarted. Its log: {tmp_path}/{name}.log"]


def test_what_the_first_one_logged_is_kept(tmp_path: Path) -> None:
    with child("api", SLEEPS, tmp_path) as victim:
        within(PATIENCE, victim.log.read_text, "its line")
        kill(victim)
        victim.start_again()

        within(PATIENCE, lambda: victim.log.read_text() == "ready\nready\n", "the line of the second one")


def test_a_killed_cloud_ends_everything_for_it_held_everything(tmp_path: Path) -> None:
    with child("cloud", SLEEPS, tmp_path) as victim:
        within(PATIENCE, victim.log.read_text, "its line")
        kill(victim)

        with pytest.raises(ChildFailed) as failed:
            supervise([victim])

    assert str(failed.value) == (
        "The cloud was killed by SIGKILL. All schedules and messages were in its memory, so everything was stopped. "
        f"Its log, {tmp_path}/cloud.log, ends with:\nready"
    )


class StackWhoseCloudIsKilled(Stack):
    """In the middle of terraform, which then has its own idea of why it fails."""

    def __init__(self, directory: Path, cloud: Child) -> None:
        super().__init__(directory, cloud_port=1, api_port=2)
        self._cloud = cloud

    def _start_cloud(self) -> None:
        self.children.append(self._cloud)

    def _make_infrastructure(self) -> dict[str, str]:
        kill(self._cloud)
        raise DeployError("validating provider credentials")


def test_a_cloud_killed_while_terraform_works_is_what_the_message_names(tmp_path: Path) -> None:
    with child("cloud", SLEEPS, tmp_path) as cloud:
        stack = StackWhoseCloudIsKilled(tmp_path / "stack", cloud)
        with pytest.raises(ChildFailed, match=r"^The cloud was killed by SIGKILL\. All schedules"):
            stack.start()
        stack.stop()


def test_a_child_that_ends_at_once_is_not_started_for_ever(tmp_path: Path) -> None:
    with child("api", "import nothing_of_this_name", tmp_path) as victim:
        within(PATIENCE, lambda: not victim.is_running(), "its end")

        with pytest.raises(
            ChildFailed, match=r"(?s)The api exited with code 1, \d+ s after its start, .*nothing_of_this"
        ):
            supervise([victim], shortest_life_seconds=3600)


def test_a_child_that_fails_at_its_start_is_named_with_its_exit_code_and_log(tmp_path: Path) -> None:
    with (
        child("sweeper", "import nothing_of_this_name", tmp_path) as victim,
        pytest.raises(ChildFailed, match=r"(?s)The sweeper exited with code 1 during its start\. .*nothing_of_this"),
    ):
        victim.wait_until_it_answers("http://127.0.0.1:1/", seconds=10)


def test_a_child_that_says_nothing_has_an_empty_log(tmp_path: Path) -> None:
    with child("api", f"import os\nos.kill(os.getpid(), {int(signal.SIGTERM)})", tmp_path) as victim:
        within(PATIENCE, lambda: not victim.is_running(), "its end")

        assert victim.how_it_ended() == "was killed by SIGTERM"
        assert victim.where_it_logs() == f"Its log, {tmp_path}/api.log, is empty."
