"""One execution environment: a child process that runs one invocation at a time and is reused."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from queue import Empty
from threading import Thread
from time import monotonic
from typing import IO, cast

from chalicelib.core.timing.instants import epoch_ms
from deploy.local_cloud import aws_environment
from local.lambda_runtime.function import Function
from local.lambda_runtime.invocation import Invocation, Outcome, broken
from local.lambda_runtime.log import FunctionLog, Output
from local.lambda_runtime.memory import peak_memory_mb
from local.lambda_runtime.runtime_api import RuntimeApi
from local.time import travelled
from local.time.signal import TimeSignal

_SECONDS_TO_START = 10  # https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
_SECONDS_TO_END = 2
_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True)
class Place:
    """The folders and credentials of a function. `task_root` is the unpacked zip, `home` an empty folder. provided.py
    describes `provided` and `time_machine`. `credentials` are environment variables of a session of its role.
    """

    task_root: Path
    home: Path
    provided: Path
    time_machine: Path
    endpoint: str
    credentials: Mapping[str, str]


class ExecutionEnvironment:
    """A child under AWS's runtime interface client. It starts at once; one caller at a time may `invoke` it."""

    def __init__(self, function: Function, place: Place, time_signal: TimeSignal, log: FunctionLog) -> None:
        self.function = function
        self.invocation: Invocation | None = None
        self._time_signal = time_signal
        self._log = log
        self._log.write(f"INIT_START Runtime Version: {_PYTHON} (local)")
        self._api = RuntimeApi(on_tick=self._watch_memory)
        self._process = _start_child(function, place, time_signal, self._api.address)
        self._output = Output(cast("IO[bytes]", self._process.stdout), log)
        self._peak_mb = 0
        self._init_seconds = 0.0
        self._follower = Thread(target=self._follow, daemon=True)
        self._follower.start()
        self._api.start()

    @property
    def usable(self) -> bool:
        """Returns whether the child has started and still runs."""
        return self._api.asked_for_work and self._process.poll() is None

    def wait_until_ready(self) -> None:
        """Wait until the import of the handler ends. If it failed, `invoke` returns the error."""
        started = monotonic()
        self._api.ready.wait(_SECONDS_TO_START)
        self._init_seconds = monotonic() - started

    def invoke(self, invocation: Invocation) -> Outcome:
        """Run the invocation within the function's timeout and memory. Never raises; a broken child is not `usable`."""
        self._log.write(f"START RequestId: {invocation.request_id} Version: {self.function.version}")
        started = monotonic()
        self.invocation = invocation
        outcome = self._answer_to(invocation)
        self.invocation = None
        self._output.finish()
        self._write_end(invocation.request_id, monotonic() - started)
        return outcome

    def stop(self) -> None:
        """End the child and its own children."""
        self._kill()
        cast("IO[bytes]", self._process.stdin).close()
        self._follower.join(_SECONDS_TO_END)
        self._output.close()
        self._api.stop()

    def _answer_to(self, invocation: Invocation) -> Outcome:
        timeout = timedelta(seconds=self.function.timeout_seconds)
        self._api.offer(invocation, deadline_ms=epoch_ms(self._time_signal.send() + timeout))
        try:
            outcome = self._api.outcomes.get(timeout=timeout.total_seconds())
        except Empty:
            return self._timed_out(invocation.request_id)
        self._watch_memory()
        return self._ended(invocation.request_id) if outcome is None or self._is_over_memory() else outcome

    def _timed_out(self, request_id: str) -> Outcome:
        self._kill()
        message = f"Task timed out after {self.function.timeout_seconds:.2f} seconds"
        self._log.write(f"{request_id} {message}")
        return broken("Sandbox.Timedout", request_id, message)

    def _ended(self, request_id: str) -> Outcome:
        """Returns whether the child has exited, or is being killed for its memory."""
        message = _reason(self._process.wait())
        self._log.write(f"RequestId: {request_id} Error: {message}")
        return broken("Runtime.ExitError", request_id, message)

    def _follow(self) -> None:
        """Log the child's output; at its end, release the waiting caller."""
        self._output.follow()
        self._process.wait()
        self._api.ready.set()
        self._api.outcomes.put(None)

    def _watch_memory(self) -> None:
        if self._process.poll() is None:
            self._peak_mb = max(self._peak_mb, peak_memory_mb(self._process.pid))
        if self._is_over_memory():
            self._kill()

    def _is_over_memory(self) -> bool:
        return self._peak_mb > self.function.memory_mb

    def _kill(self) -> None:
        """Kill the child's session: the child and its own children."""
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _write_end(self, request_id: str, seconds: float) -> None:
        milliseconds = seconds * 1000
        init = f"\tInit Duration: {self._init_seconds * 1000:.2f} ms" if self._init_seconds else ""
        self._log.write(f"END RequestId: {request_id}")
        self._log.write(
            f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\t"
            f"Billed Duration: {milliseconds:.0f} ms\tMemory Size: {self.function.memory_mb} MB\t"
            f"Max Memory Used: {self._peak_mb} MB{init}"
        )
        self._init_seconds = 0.0


def _start_child(
    function: Function, place: Place, time_signal: TimeSignal, runtime_api: str
) -> subprocess.Popen[bytes]:
    """`-S` excludes this virtual environment and `-P` this project: the child finds AWS's packages and the zip only.

    Nothing is written to its standard input; the child exits when it closes, because the cloud has then exited.
    """
    return subprocess.Popen(
        [sys.executable, "-S", "-P", travelled.__file__, time_signal.offset_file, place.time_machine, function.handler],
        env=_environment(function, place, runtime_api) | _for_webhooks(function, time_signal),
        cwd=place.task_root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
        start_new_session=True,
    )


def _for_webhooks(function: Function, time_signal: TimeSignal) -> dict[str, str]:
    """Only for a function that may call consumers on this machine, whose clocks have the real time."""
    calls_this_machine = function.environment.get("LOOPBACK_WEBHOOKS") == "true"
    return {"SIGNING_AHEAD_FILE": str(time_signal.signing_file)} if calls_this_machine else {}


def _environment(function: Function, place: Place, runtime_api: str) -> dict[str, str]:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime."""
    return {
        **function.environment,
        **aws_environment(place.endpoint, function.region),
        **place.credentials,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{_PYTHON}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": function.logging["LogFormat"],
        "AWS_LAMBDA_LOG_GROUP_NAME": function.logging["LogGroup"],
        "AWS_LAMBDA_LOG_LEVEL": function.logging.get("ApplicationLogLevel", ""),
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_SDK_UA_APP_ID": function.name[:50],  # names the caller in the list of calls
        "HOME": str(place.home),
        "LAMBDA_RUNTIME_DIR": str(place.provided),
        "LAMBDA_TASK_ROOT": str(place.task_root),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": f"{place.task_root}{os.pathsep}{place.provided}",
        "TZ": ":UTC",
        "_HANDLER": function.handler,
    }


def _reason(exit_code: int) -> str:
    """Returns Lambda's message. Popen returns a signal as a negative number."""
    if exit_code == 0:
        return "Runtime exited without providing a reason"
    if exit_code > 0:
        return f"Runtime exited with error: exit status {exit_code}"
    return f"Runtime exited with error: signal: {(signal.strsignal(-exit_code) or str(-exit_code)).lower()}"
