"""Faults on request: chosen operations are throttled, fail, hang, or fail after their work was done."""

import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from http import HTTPStatus
from threading import Event, Lock
from typing import Any, TypeVar

MODES = ("throttle", "fail", "timeout", "fail-after-work")

_KINDS: dict[str, type | tuple[type, ...]] = {
    "operation": str,
    "mode": str,
    "times": int,
    "skip": int,
    "probability": (int, float),
    "seconds": (int, float),
}
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
    """The description of a fault cannot be read; the message tells why."""


class Refused(Exception):
    """A fault on request: what the client gets instead of its answer, with AWS's code for the service."""

    def __init__(self, status: HTTPStatus, code: str) -> None:
        super().__init__(f"{code}: a fault on request")
        self.status = status
        self.code = code


@dataclass
class Fault:
    """operation: service:Name, `*` matches any text. times: how often it still strikes, None without end.

    skip: how many matching calls are still spared before it strikes.

    probability: of striking a matching call, 0 to 1. seconds: how long a timeout hangs.
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
        """Does this call fail? A call that is spared counts."""
        if self.times == 0 or not fnmatchcase(operation, self.operation):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        return _happens(self.probability)


class Faults:
    """The faults in force. For many threads."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = Lock()
        self._stopped = Event()

    def add(self, members: Mapping[str, Any]) -> Fault:
        """Put a fault in force. members: as in `Fault`. Raises InvalidFault."""
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
        """End every timeout that hangs."""
        self._stopped.set()

    def around(self, operation: str, work: Callable[[], _Result]) -> _Result:
        """Do the work of a call, unless a fault strikes it. Raises Refused."""
        fault = self._apply(operation)
        if fault is None:
            return work()
        if fault.mode == "fail-after-work":
            work()
        if fault.mode == "timeout":
            self._stopped.wait(fault.seconds)
        raise _refused(fault.mode, operation.partition(":")[0])

    def _apply(self, operation: str) -> Fault | None:
        """The first fault in force for this call, used up by once."""
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
        if not isinstance(value, _KINDS.get(name, ())):
            raise InvalidFault(f"{name} is {value!r}; a fault has {', '.join(_KINDS)}")
    missing = {"operation", "mode"} - members.keys()
    if missing:
        raise InvalidFault(f"{' and '.join(sorted(missing))} missing")
    fault = Fault(**members)
    if fault.mode not in MODES:
        raise InvalidFault(f"mode is {fault.mode!r}; allowed are {', '.join(MODES)}")
    if ":" not in fault.operation:
        raise InvalidFault(f"operation is {fault.operation!r}; it looks like dynamodb:PutItem or scheduler:*")
    if not 0 <= fault.probability <= 1:
        raise InvalidFault(f"probability is {fault.probability}; allowed is 0 to 1")
    return fault
