"""An invocation of a function and its outcome."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Invocation:
    """An event for a function. `function_arn` has the caller's qualifier."""

    request_id: str
    payload: bytes
    function_arn: str


@dataclass(frozen=True)
class Outcome:
    """The answer to the caller: the function's JSON, or an error object and the value of X-Amz-Function-Error."""

    payload: bytes
    function_error: str | None = None

    @property
    def failed(self) -> bool:
        return self.function_error is not None


def failure(payload: bytes) -> Outcome:
    """An error that the runtime interface client reported; managed runtimes always call it Unhandled."""
    return Outcome(payload, "Unhandled")


def broken(error_type: str, request_id: str, message: str) -> Outcome:
    """An error that the function could not report, such as a crash or a timeout, with Lambda's message."""
    error: dict[str, Any] = {"errorType": error_type, "errorMessage": f"RequestId: {request_id} Error: {message}"}
    return failure(json.dumps(error).encode())
