"""`make run`: checks the prerequisites, starts everything, prints each step, and stops everything on Ctrl-C."""

from __future__ import annotations

import shlex
import signal
import time
from typing import TYPE_CHECKING

from deploy.errors import DeployError
from deploy.terraform.binary import find_terraform

from ..environment import sealed_environment
from .directory import directory_of
from .ports import problems_of
from .processes import ChildFailed
from .stack import REGION, Stack
from .supervision import supervise

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STEPS = 5

READY = """
  console  {api}/console           sign in as alice with one click
  API      {api}/v1/schedules      (log: {directory}/api.log)
  cloud    {cloud}                   (log: {directory}/cloud.log)
  outbox   {cloud}/_local/outbox     shows every message that was sent

  A token for user alice (for another user: {token_command}):

{token}

  To send an email in ten seconds, paste this request and open the outbox:

curl -sS {api}/v1/schedules \\
  -H 'Authorization: Bearer {token}' \\
  -H 'Content-Type: application/json' \\
  -d '{{"timing": {{"after": "PT10S"}}, "action": {{"type": "email", "to": ["alice@example.com"],
       "subject": "Hello", "text": "Ten seconds have passed."}}}}'

  Press Ctrl-C to stop everything.
"""


class NotReady(ChildFailed):
    """A prerequisite of `make run` is missing on this machine."""


def run(directory: Path, cloud_port: int, api_port: int, *, lateness: str, iam: str, cors_origins: str) -> None:
    """Run everything until Ctrl-C.

    Raises NotReady, DirectoryRefused, ChildFailed or DeployError, after everything that it started has been stopped.
    """
    check_prerequisites(cloud_port, api_port)
    stack = Stack(
        directory.resolve(),
        cloud_port=cloud_port,
        api_port=api_port,
        lateness=lateness,
        iam=iam,
        cors_origins=cors_origins,
        on_step=Steps().show,
    )
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_interrupt)
    try:
        stack.start()
        print(_ready(stack, cloud_port), flush=True)
        supervise(stack.children)
    except KeyboardInterrupt:
        print("\nstopping", flush=True)
    finally:
        # A second Ctrl-C must not leave the rest running.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        stack.stop()


def check_prerequisites(cloud_port: int, api_port: int) -> None:
    """Raises NotReady, whose message lists everything that is missing."""
    environment = sealed_environment(f"http://127.0.0.1:{cloud_port}", REGION)
    missing = [*_missing_terraform(environment), *problems_of({"CLOUD_PORT": cloud_port, "API_PORT": api_port})]
    if missing:
        raise NotReady("make run cannot start:\n" + "\n".join(f"  - {what}" for what in missing))


def _missing_terraform(environment: Mapping[str, str]) -> list[str]:
    """`environment`: Terraform's. The caller's TF_CLI_ARGS must not change the command that reads its version."""
    try:
        find_terraform(environment)
    except DeployError as error:
        return [str(error)]
    return []


class Steps:
    """Prints each step with its number and the seconds since the start."""

    def __init__(self) -> None:
        self._started_at = time.monotonic()
        self._count = 0

    def show(self, step: str) -> None:
        self._count += 1
        seconds = time.monotonic() - self._started_at
        print(f"[{self._count}/{STEPS}] {step}  ({seconds:.0f} s so far)", flush=True)


def _ready(stack: Stack, cloud_port: int) -> str:
    return READY.format(
        api=stack.api_url,
        cloud=stack.cloud_url,
        directory=stack.directory,
        token=stack.token("alice"),
        token_command=token_command(stack.directory, cloud_port),
    )


def token_command(directory: Path, cloud_port: int) -> str:
    """Returns the command that prints a token for another user of the stack in `directory`."""
    if directory == directory_of(cloud_port).resolve():
        return f"make token USER=bob CLOUD_PORT={cloud_port}"
    return f".venv/bin/python -m local token --user bob --directory {shlex.quote(str(directory))}"


def _raise_interrupt(*_: object) -> None:
    raise KeyboardInterrupt
