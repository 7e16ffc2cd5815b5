"""Classifies errors of AWS for all adapters."""

from __future__ import annotations

from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004 - botocore's own name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

OUT_OF_REACH = (ConnectionError, HTTPClientError)
"""botocore's two base classes for connections that failed, timed out or were closed."""

NOT_NOW = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TooManyRequestsException",
        # A single write during a transaction on its item, and a transaction during its own earlier attempt.
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


AWS_ERRORS = (ClientError, *OUT_OF_REACH)
"""The exceptions of a call to AWS: an error response, or no response."""


@contextmanager
def translated(translate: Callable[[Exception], Exception | None]) -> Iterator[None]:
    """Raises the exception that `translate` returns for one of AWS_ERRORS, or the original one if it returns None."""
    try:
        yield
    except AWS_ERRORS as exc:
        error = translate(exc)
        if error is None:
            raise
        raise error from exc


def error_code(exc: ClientError) -> str:
    return exc.response.get("Error", {}).get("Code", "")


def http_status(exc: ClientError) -> int:
    return exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def is_transient(exc: Exception) -> bool:
    """Returns whether a retry may succeed: no response, a server error, throttling, or a conflict of two writes."""
    if not isinstance(exc, ClientError):
        return isinstance(exc, OUT_OF_REACH)
    return http_status(exc) >= HTTPStatus.INTERNAL_SERVER_ERROR or error_code(exc) in NOT_NOW


def response_of(exc: ClientError) -> Mapping[str, Any]:
    """Returns the whole response. botocore's type declares only its error part."""
    return exc.response
