"""What AWS's refusals mean, told once for every adapter."""

from __future__ import annotations

from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004 - botocore's own name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

OUT_OF_REACH = (ConnectionError, HTTPClientError)
"""botocore's two families for connections that failed, timed out, or broke half-way."""

NOT_NOW = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TooManyRequestsException",
        # A single write that meets a transaction, and a transaction that meets its own earlier try.
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


AWS_ERRORS = (ClientError, *OUT_OF_REACH)
"""What a call to AWS raises: its refusal, or that there was no answer."""


@contextmanager
def translated(translate: Callable[[Exception], Exception | None]) -> Iterator[None]:
    """Raises what `translate` makes of an error of AWS, or the error itself where that is None."""
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
    """Is it worth asking again: no answer, an error of AWS's own, a throttle, or a clash with another write?"""
    if not isinstance(exc, ClientError):
        return isinstance(exc, OUT_OF_REACH)
    return http_status(exc) >= HTTPStatus.INTERNAL_SERVER_ERROR or error_code(exc) in NOT_NOW


def response_of(exc: ClientError) -> Mapping[str, Any]:
    """The whole answer; botocore's type knows only its error part."""
    return exc.response
