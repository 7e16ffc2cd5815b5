"""Runs terraform, with a given environment and with terraform's own error messages.

python-terraform builds the commands. This module runs them, because python-terraform would use os.environ and drop the
message of a failed `output`.
"""
# python-terraform has no types.
# mypy: disable-error-code="no-untyped-call"

import contextlib
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import python_terraform

from deploy.errors import DeployError

Progress = Callable[[str], None]
"""Called with each line about a resource: `module.schedules_table.aws_dynamodb_table.schedules: Creating...`"""

RESOURCE_EVENT = re.compile(r"\S+: (Creat|Modif|Destr|Still )")

CHANGES_PLANNED = 2
"""Exit code of `plan -detailed-exitcode`: not an error."""
GRACE_SECONDS = 5


class TerraformFailed(DeployError):
    """terraform ended with an error. The text has terraform's message."""


class Terraform:
    """Terraform in one working directory.

    `environment`: the whole environment of terraform and its provider.
    Every method raises TerraformFailed if terraform fails.
    """

    def __init__(
        self,
        directory: Path,
        *,
        binary: Path,
        environment: Mapping[str, str],
        on_progress: Progress = lambda _line: None,
    ) -> None:
        self._commands = _Commands(directory, binary, environment, on_progress)

    def init(self) -> None:
        self._commands.init()

    def apply(self, var_files: Sequence[str] = ()) -> None:
        self._commands.apply(skip_plan=True, var_file=list(var_files))

    def plan(self, var_files: Sequence[str] = ()) -> str:
        """Returns terraform's text about what `apply` would change; empty if nothing."""
        code, out, _ = self._commands.plan(var_file=list(var_files))
        return out if code == CHANGES_PLANNED else ""

    def destroy(self, var_files: Sequence[str] = ()) -> None:
        # python-terraform sends -force by default, which terraform no longer has.
        self._commands.destroy(
            force=python_terraform.IsNotFlagged, auto_approve=python_terraform.IsFlagged, var_file=list(var_files)
        )

    def outputs(self) -> dict[str, str]:
        """Returns name -> value; empty before the first apply. All outputs of this project are strings."""
        return {
            name: output["value"] for name, output in self._commands.output(no_color=python_terraform.IsFlagged).items()
        }


class _Commands(python_terraform.Terraform):
    def __init__(self, directory: Path, binary: Path, environment: Mapping[str, str], on_progress: Progress) -> None:
        super().__init__(working_dir=str(directory), terraform_bin_path=str(binary))
        self._environment = dict(environment)
        self._on_progress = on_progress

    def cmd(self, cmd: str, *args: str, **kwargs: Any) -> tuple[int, str, str]:
        """Run a command. Returns (exit code, standard output, standard error)."""
        try:
            code, out, err = self._run(self.generate_cmd_string(cmd, *args, **kwargs))
        finally:
            self.temp_var_files.clean_up()
        if code not in (0, CHANGES_PLANNED):
            raise TerraformFailed(f"terraform {cmd} failed in {self.working_dir}:\n{err.strip() or out.strip()}")
        return code, out, err

    def read_state_file(self, file_path: str | None = None) -> None:
        """Do not read the state: python-terraform would read it after each command, and fail on an incomplete one."""

    def _run(self, command: list[str]) -> tuple[int, str, str]:
        # Errors go to a file: two pipes read one after the other can block each other.
        with tempfile.TemporaryFile("w+") as errors, self._start(command, errors.fileno()) as process:
            try:
                lines = [self._seen(line) for line in process.stdout or ()]
                code = process.wait()
            except BaseException:
                _stop(process)
                raise
            errors.seek(0)
            return code, "".join(lines), errors.read()

    def _start(self, command: list[str], errors: int) -> subprocess.Popen[str]:
        """Start terraform in a new session: otherwise Ctrl-C in a terminal and `_stop` would both interrupt it."""
        return subprocess.Popen(
            command,
            cwd=self.working_dir,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )

    def _seen(self, line: str) -> str:
        if RESOURCE_EVENT.match(line):
            self._on_progress(line.rstrip())
        return line


def _stop(process: subprocess.Popen[str]) -> None:
    """Interrupt terraform, so that it saves its state. Kill it and its providers if it has not ended in 5 seconds."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGINT)
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
