"""`make run`: checks what is needed, brings everything up and prints its steps, and takes it down on Ctrl-C."""

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
  API      {api}/v1/schedules      (its log: {directory}/api.log)
  cloud    {cloud}                   (its log: {directory}/cloud.log)
  outbox   {cloud}/_local/outbox     every mail that was sent

  A token for user alice (for another: {token_command}):

{token}

  Ten seconds from now, a mail. Paste this, then look into the outbox:

curl -sS {api}/v1/schedules \\
  -H 'Authorization: Bearer {token}' \\
  -H 'Content-Type: application/json' \\
  -d '{{"timing": {{"after": "PT10S"}}, "action": {{"type": "email", "to": ["alice@example.com"],
       "subject": "Hello", "text": "Ten seconds have passed."}}}}'

  Ctrl-C ends everything.
"""


class NotReady(ChildFailed):
    """Something that `make run` needs is missing on this machine."""


def run(directory: Path, cloud_port: int, api_port: int, *, lateness: str, iam: str, cors_origins: str) -> None:
    """Everything, until Ctrl-C.

    Raises NotReady, DirectoryRefused, ChildFailed or DeployError, with nothing left running.
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
        print("\nending", flush=True)
    finally:
        # A second Ctrl-C must not leave the rest running.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        stack.stop()


def check_prerequisites(cloud_port: int, api_port: int) -> None:
    """All that is missing, in one message. Raises NotReady."""
    environment = sealed_environment(f"http://127.0.0.1:{cloud_port}", REGION)
    missing = [*_missing_terraform(environment), *problems_of({"CLOUD_PORT": cloud_port, "API_PORT": api_port})]
    if missing:
        raise NotReady("make run cannot start yet:\n" + "\n".join(f"  - {what}" for what in missing))


def _missing_terraform(environment: Mapping[str, str]) -> list[str]:
    """`environment`: what terraform will see. The caller's TF_CLI_ARGS must not spoil the question for its version."""
    try:
        find_terraform(environment)
    except DeployError as error:
        return [str(error)]
    return []


class Steps:
    """Tells each step and how long the one before it took."""

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
    """What prints a token for another user of the stack in `directory`."""
    if directory == directory_of(cloud_port).resolve():
        return f"make token USER=bob CLOUD_PORT={cloud_port}"
    return f".venv/bin/python -m local token --user bob --directory {shlex.quote(str(directory))}"


def _raise_interrupt(*_: object) -> None:
    raise KeyboardInterrupt
