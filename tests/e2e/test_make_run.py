"""`make run` as a person has it: what it prints works, Ctrl-C leaves nothing, and it starts again."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Timer
from typing import IO, TYPE_CHECKING

import pytest
import urllib3

from deploy.paths import PROJECT
from local.app.supervision import SHORTEST_LIFE_SECONDS
from tests.e2e.cloud import LocalCloud
from tests.e2e.webhooks import consumer
from tests.processes import free_port, within

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.long]

LONGEST_SECONDS = 300
ENDS_WITHIN_SECONDS = 15


@dataclass(frozen=True)
class MakeRun:
    """A running `python -m local run`, in a process group of its own as a terminal gives it."""

    process: subprocess.Popen[str]
    cloud: LocalCloud

    @property
    def output(self) -> IO[str]:
        assert self.process.stdout
        return self.process.stdout

    def until(self, words: str) -> str:
        """What it prints, up to the line with these words."""
        lines = []
        for line in self.output:
            lines.append(line)
            if words in line:
                return "".join(lines)
        raise AssertionError("".join(lines))

    def press_ctrl_c(self) -> tuple[int, str]:
        """Its exit code, and what it still said, less the empty lines around it."""
        os.killpg(self.process.pid, signal.SIGINT)
        said, _ = self.process.communicate(timeout=ENDS_WITHIN_SECONDS)
        return self.process.returncode, said.strip()


@contextmanager
def make_run(directory: Path, **environment: str) -> Iterator[MakeRun]:
    cloud_port, api_port = free_port(), free_port()
    with started(PROJECT, directory, cloud_port, api_port, environment) as process:
        watchdog = Timer(LONGEST_SECONDS, process.terminate)
        watchdog.start()
        try:
            yield MakeRun(process, LocalCloud(f"http://127.0.0.1:{cloud_port}"))
        finally:
            watchdog.cancel()
            if process.poll() is None:
                process.terminate()


def started(
    project: Path, directory: Path, cloud_port: int, api_port: int, environment: dict[str, str]
) -> subprocess.Popen[str]:
    """As make starts it: it ends with this process, should that be killed."""
    ports = ("--parent", str(os.getpid()), "--cloud-port", str(cloud_port), "--api-port", str(api_port))
    return subprocess.Popen(
        [sys.executable, "-m", "local", "run", *ports, "--directory", str(directory)],
        cwd=project,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def descendants(process_id: int) -> set[int]:
    """The processes that this one started, and theirs."""
    parents = all_processes()
    found = {process_id}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process_id}


def living(process_ids: set[int]) -> set[int]:
    return process_ids & all_processes().keys()


def all_processes() -> dict[int, int]:
    """Of this machine: process id -> its parent's."""
    listed = subprocess.run(["/bin/ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return {int(process): int(parent) for process, parent in (line.split() for line in listed.splitlines())}


def paste(printed: str) -> int:
    """Sends what the printed curl would, read as a shell reads it. Returns the status."""
    command = re.search(r"^curl .*?\n\n", printed, re.DOTALL | re.MULTILINE)
    assert command, printed
    words = iter(shlex.split(command[0].replace("\\\n", " ")))
    options: dict[str, list[str]] = {"-H": [], "-d": []}
    url = ""
    for word in words:
        if word in options:
            options[word].append(next(words))
        elif word.startswith("http"):
            url = word
    headers = dict(header.split(": ", 1) for header in options["-H"])
    return urllib3.request("POST", url, headers=headers, body=options["-d"][0], retries=False).status


def test_the_printed_curl_sends_a_mail_ctrl_c_leaves_nothing_and_it_starts_again(tmp_path: Path) -> None:
    with make_run(tmp_path / "run") as run:
        assert paste(run.until("Press Ctrl-C to stop everything")) == 201
        within(20, lambda: run.cloud.messages("Hello"), "the mail")
        children = descendants(run.process.pid)
        assert len(children) >= 3  # cloud, API, at least one function

        assert run.press_ctrl_c() == (0, "stopping")
        assert not living(children)

    with make_run(tmp_path / "run") as again:
        again.until("Press Ctrl-C to stop everything")
        assert again.cloud.messages("Hello") == []
        assert again.press_ctrl_c()[0] == 0


def test_a_second_one_in_the_same_folder_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    with make_run(tmp_path / "run") as first:
        first.until("the infrastructure")
        with make_run(tmp_path / "run") as second:
            said, _ = second.process.communicate(timeout=60)

        assert second.process.returncode == 1
        assert f"in use by `python -m local run` (process {first.process.pid})" in said
        assert first.cloud.get("/_local/health")["status"] == "ok"
        first.press_ctrl_c()


def test_a_killed_api_and_sweeper_are_started_again_and_a_killed_cloud_ends_all(tmp_path: Path) -> None:
    with make_run(tmp_path / "run") as run:
        printed = run.until("Press Ctrl-C to stop everything")
        cloud, sweeper, api = (child_of(run, name) for name in ("local cloud", "local.app.sweeper", "local.app.api"))
        time.sleep(SHORTEST_LIFE_SECONDS)

        os.kill(sweeper, signal.SIGKILL)
        run.until("The sweeper was killed by SIGKILL and was restarted")
        os.kill(api, signal.SIGKILL)
        run.until("The api was killed by SIGKILL and was restarted")
        assert within(30, lambda: answer_to(printed), "the new API") == 201
        within(20, lambda: run.cloud.messages("Hello"), "the mail")
        children = descendants(run.process.pid)
        os.kill(cloud, signal.SIGKILL)
        said, _ = run.process.communicate(timeout=ENDS_WITHIN_SECONDS)

    assert said.startswith("The cloud was killed by SIGKILL. All schedules and messages were in its memory")
    assert run.process.returncode == 1
    within(5, lambda: not living(children), "the end of all of them")


def test_a_killed_run_leaves_nothing_on_its_ports(tmp_path: Path) -> None:
    with make_run(tmp_path / "run") as run:
        assert paste(run.until("Press Ctrl-C to stop everything")) == 201
        within(20, lambda: run.cloud.messages("Hello"), "the mail")
        children = descendants(run.process.pid)
        assert len(children) >= 4  # cloud, API, sweeper, at least one function

        run.process.kill()

        within(ENDS_WITHIN_SECONDS, lambda: not living(children), "the end of all of them")


def child_of(run: MakeRun, words: str) -> int:
    """The process id of the one with these words in its command line."""
    listed = subprocess.run(["/bin/ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
    lines = (line.split(maxsplit=2) for line in listed.stdout.splitlines())
    return next(int(pid) for pid, parent, command in lines if int(parent) == run.process.pid and words in command)


def answer_to(printed: str) -> int | None:
    """The status of the printed curl, or None as long as nobody listens."""
    try:
        return paste(printed)
    except urllib3.exceptions.HTTPError:
        return None


def test_ctrl_c_in_the_middle_of_terraform_leaves_nothing(tmp_path: Path) -> None:
    with make_run(tmp_path / "run") as run:
        run.until("the infrastructure")
        children = within(30, lambda: at_terraform(run.process.pid), "terraform's provider at work")

        code, _ = run.press_ctrl_c()

    assert code == 0
    assert not living(children)


def at_terraform(process_id: int) -> set[int]:
    """The descendants, once the cloud, terraform and its provider are there."""
    found = descendants(process_id)
    return found if len(found) >= 3 else set()


def test_nothing_of_the_callers_aws_and_terraform_settings_reaches_it(tmp_path: Path) -> None:
    with consumer() as trap:
        config = tmp_path / "config"
        config.write_text(
            f"[profile trap]\nendpoint_url = {trap.url}\ncredential_process = touch {tmp_path / 'touched'}\n"
        )
        hostile = {
            "AWS_CONFIG_FILE": str(config),
            "AWS_PROFILE": "trap",
            "AWS_ENDPOINT_URL": trap.url,
            "AWS_ENDPOINT_URL_DYNAMODB": trap.url,
            "AWS_ENDPOINT_URL_SCHEDULER": trap.url,
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
            "TF_CLI_ARGS": "-no-such-option",
            "TF_CLI_CONFIG_FILE": "/nowhere/terraformrc",
            "TF_VAR_project": "trap",
        }
        with make_run(tmp_path / "run", **hostile) as run:
            assert paste(run.until("Press Ctrl-C to stop everything")) == 201
            within(20, lambda: run.cloud.messages("Hello"), "the mail")
            assert run.press_ctrl_c()[0] == 0

    assert trap.received == []
    assert not (tmp_path / "touched").exists()


def test_all_that_is_missing_is_said_in_one_message(tmp_path: Path) -> None:
    checkout = shutil.copytree(PROJECT, tmp_path / "checkout", ignore=shutil.ignore_patterns(".*", "tests", "docs"))
    with ExitStack() as taken:
        ports = [taken.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(2)]
        no_terraform = {"PATH": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
        with started(checkout, tmp_path / "run", ports[0], ports[1], no_terraform) as process:
            said, _ = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "There is no terraform on the PATH" in said
    assert all(f"port {port} is in use" in said for port in ports)
    assert not (tmp_path / "run").exists()
