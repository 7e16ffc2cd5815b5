"""Runs deployed functions: synchronously for a waiting caller, or by Lambda's asynchronous rules."""

import hashlib
import uuid
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from threading import Lock
from weakref import WeakValueDictionary

from deploy.build.provided import BY_AWS, FOR_TIME_TRAVEL, provide
from local.lambda_runtime.asynchronous import AsynchronousInvocations, Destinations
from local.lambda_runtime.execution_environment import ExecutionEnvironment, Place
from local.lambda_runtime.fleet import Fleet, Throttled
from local.lambda_runtime.function import Function
from local.lambda_runtime.invocation import Invocation, Outcome
from local.lambda_runtime.log import FunctionLog
from local.time.agenda import Agenda
from local.time.clock import Clock
from local.time.signal import TimeSignal

LineListener = Callable[[str, str], None]
BeginSession = Callable[[Function], Mapping[str, str]]

_random = Random()  # noqa: S311 - no secrets, and the system's would switch threads at each one of a burst


class LambdaRuntime:
    """Lambda's data plane for the functions that moto knows.

    `time_signal` publishes the time to the functions. `endpoint` is the URL of the local cloud. `directory` has
    unpacked zips and logs. `on_line(function name, line)` is called for each line of a log. `destinations` receive
    failed events. `begin_session` returns the credentials of a new execution environment as environment variables.
    """

    def __init__(
        self,
        clock: Clock,
        agenda: Agenda,
        *,
        time_signal: TimeSignal,
        endpoint: str,
        directory: Path,
        destinations: Destinations,
        on_line: LineListener,
        begin_session: BeginSession,
    ) -> None:
        self._time_signal = time_signal
        self._endpoint = endpoint
        self._directory = directory
        self._on_line = on_line
        self._begin_session = begin_session
        self._fleets: dict[tuple[str, str, str], Fleet] = {}
        self._by_key: WeakValueDictionary[str, ExecutionEnvironment] = WeakValueDictionary()
        self._stopped = False
        self._lock = Lock()
        self._asynchronous = AsynchronousInvocations(clock, agenda, self.run, destinations)
        (directory / "home").mkdir(parents=True, exist_ok=True)
        provide(BY_AWS, directory / "provided")
        provide(FOR_TIME_TRAVEL, directory / "time")

    def run(self, function: Function, invocation: Invocation) -> Outcome:
        """Run the function now and wait for the outcome. Raises Throttled, also after `stop`."""
        return self._fleet_of(function).invoke(function, invocation)

    def submit(self, invocation: Invocation) -> None:
        """Queue the event, as an invocation of type Event."""
        self._asynchronous.accept(invocation)

    def working_with(self, access_key_id: str) -> tuple[Function, Invocation] | None:
        """Returns the function that has this key, and its present invocation. None: no function has it, or it is idle.

        Each execution environment has a session, and so a key, of its own.
        """
        environment = self._by_key.get(access_key_id)
        if environment is None or environment.invocation is None:
            return None
        return environment.function, environment.invocation

    def stop(self) -> None:
        """End every execution environment and start no further one."""
        with self._lock:
            self._stopped = True
            fleets = list(self._fleets.values())
        for fleet in fleets:
            fleet.stop()

    def _fleet_of(self, function: Function) -> Fleet:
        key = (function.region, function.name, function.version)
        with self._lock:
            if self._stopped:
                raise Throttled
            if key not in self._fleets:
                path = self._directory / "logs" / f"{function.name}.log"
                log = FunctionLog(function.name, path, self._on_line)
                self._fleets[key] = Fleet(partial(self._make_environment, log=log))
            return self._fleets[key]

    def _make_environment(self, function: Function, log: FunctionLog) -> ExecutionEnvironment:
        place = Place(
            task_root=self._unpack(function),
            home=self._directory / "home",
            provided=self._directory / "provided",
            time_machine=self._directory / "time",
            endpoint=self._endpoint,
            credentials=self._begin_session(function),
        )
        environment = ExecutionEnvironment(function, place, self._time_signal, log)
        self._by_key[place.credentials.get("AWS_ACCESS_KEY_ID", "")] = environment
        return environment

    def _unpack(self, function: Function) -> Path:
        """Returns the folder of the function's unpacked zip. Its name is the zip's checksum."""
        task_root = self._directory / "code" / hashlib.sha256(function.code).hexdigest()[:32]
        with self._lock:
            if not task_root.exists():
                in_progress = Path(mkdtemp(dir=self._directory))
                zipfile.ZipFile(BytesIO(function.code)).extractall(in_progress)
                task_root.parent.mkdir(exist_ok=True)
                in_progress.rename(task_root)
        return task_root


def new_invocation(function: Function, payload: bytes) -> Invocation:
    """Returns an invocation with a new request id. `payload` is JSON; an empty payload means an empty object."""
    return Invocation(str(uuid.UUID(int=_random.getrandbits(128), version=4)), payload or b"{}", function.arn)
