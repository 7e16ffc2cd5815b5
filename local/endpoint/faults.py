"""Injected faults: chosen operations are throttled, fail, hang, or fail after their work was done."""

import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from http import HTTPStatus
from threading import Event, Lock
from typing import Any, TypeVar

MODES = ("throttle", "fail", "timeout", "fail-after-work")

_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "operation": ((str,), "a string"),
    "mode": ((str,), "a string"),
    "times": ((int,), "a whole number"),
    "skip": ((int,), "a whole number"),
    "probability": ((int, float), "a number"),
    "seconds": ((int, float), "a number"),
}
"""The members of a fault: their types in Python, and in words."""
_SECONDS_OF_TIMEOUT = 60.0
_THROTTLED = {
    "lambda": ("TooManyRequestsException", HTTPStatus.TOO_MANY_REQUESTS),
    "scheduler": ("ThrottlingException", HTTPStatus.TOO_MANY_REQUESTS),
    "ses": ("Throttling", HTTPStatus.BAD_REQUEST),
    "sesv2": ("TooManyRequestsException", HTTPStatus.TOO_MANY_REQUESTS),
    "sqs": ("RequestThrottled", HTTPStatus.BAD_REQUEST),
}
_FAILED = {
    "dynamodb": "InternalServerError",
    "events": "InternalException",
    "lambda": "ServiceException",
    "scheduler": "InternalServerException",
    "sesv2": "InternalServiceErrorException",
}


_Result = TypeVar("_Result")


class InvalidFault(ValueError):
    """The description of a fault is invalid. The message says why."""


class Refused(Exception):
    """An injected fault: the client gets this error, with AWS's code for the service, instead of its answer."""

    def __init__(self, status: HTTPStatus, code: str) -> None:
        super().__init__(f"{code}: an injected fault")
        self.status = status
        self.code = code


@dataclass
class Fault:
    """A fault in matching calls.

    operation: service:Name; `*` matches any text. mode: one of MODES. times: how many more calls fail; None means no
    limit. probability: that a matching call fails, 0 to 1. seconds: how long a timeout hangs. skip: how many more
    matching calls succeed before the first one fails.
    """

    operation: str
    mode: str
    times: int | None = None
    probability: float = 1.0
    seconds: float = _SECONDS_OF_TIMEOUT
    skip: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def strikes(self, operation: str) -> bool:
        """Returns whether this call fails. Counts a call that `skip` lets pass."""
        if self.times == 0 or not fnmatchcase(operation, self.operation):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        return _happens(self.probability)


class Faults:
    """The active faults. Thread-safe."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = Lock()
        self._stopped = Event()

    def add(self, members: Mapping[str, Any]) -> Fault:
        """Activate a fault. members: those of `Fault`. Raises InvalidFault if one is missing or not allowed."""
        fault = _read(members)
        with self._lock:
            self._faults.append(fault)
        return fault

    def all(self) -> list[Fault]:
        with self._lock:
            return [fault for fault in self._faults if fault.times != 0]

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def stop(self) -> None:
        """End every hanging timeout."""
        self._stopped.set()

    def around(self, operation: str, work: Callable[[], _Result]) -> _Result:
        """Do the work of a call and return its result. Raises Refused if a fault matches the call."""
        fault = self._apply(operation)
        if fault is None:
            return work()
        if fault.mode == "fail-after-work":
            work()
        if fault.mode == "timeout":
            self._stopped.wait(fault.seconds)
        raise _refused(fault.mode, operation.partition(":")[0])

    def _apply(self, operation: str) -> Fault | None:
        """Returns the first active fault that matches this call, after counting the call; None if none matches."""
        with self._lock:
            for fault in self._faults:
                if fault.strikes(operation):
                    fault.times = None if fault.times is None else fault.times - 1
                    return fault
        return None


def _refused(mode: str, service: str) -> Refused:
    if mode == "throttle":
        code, status = _THROTTLED.get(service, ("ThrottlingException", HTTPStatus.BAD_REQUEST))
        return Refused(status, code)
    return Refused(HTTPStatus.INTERNAL_SERVER_ERROR, _FAILED.get(service, "InternalFailure"))


def _happens(probability: float) -> bool:
    return random.random() < probability  # noqa: S311 - no secret


def _read(members: Mapping[str, Any]) -> Fault:
    for name, value in members.items():
        if name not in _KINDS:
            raise InvalidFault(f"unknown member {name}; allowed: {', '.join(_KINDS)}")
        types, words = _KINDS[name]
        if not isinstance(value, types):
            raise InvalidFault(f"{name} is {value!r}; allowed: {words}")
    missing = {"operation", "mode"} - members.keys()
    if missing:
        raise InvalidFault(f"required but missing: {', '.join(sorted(missing))}")
    fault = Fault(**members)
    if fault.mode not in MODES:
        raise InvalidFault(f"mode is {fault.mode!r}; allowed: {', '.join(MODES)}")
    if ":" not in fault.operation:
        raise InvalidFault(
            f"operation is {fault.operation!r}; allowed: service:Name, e.g. dynamodb:PutItem, scheduler:*"
        )
    if not 0 <= fault.probability <= 1:
        raise InvalidFault(f"probability is {fault.probability}; allowed: 0 to 1")
    return fault
