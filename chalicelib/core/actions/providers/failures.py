"""Classifies a provider's error or timeout: whether the work may have been done, and whether a retry can succeed."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
    ProxyConnectionError,
)

from ...aws_errors import AWS_ERRORS, error_code, http_status, is_transient
from ..contract import ActionFailed

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

FAILURES = (*AWS_ERRORS, ParamValidationError)
"""The exceptions that a boto3 call can raise."""

NOT_CONNECTED = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)
"""The request was not sent. With any other connection error the provider may have received it."""


DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
    }
)
"""The function's role lacks a permission or does not exist."""


def failure(
    provider: str,
    exc: Exception,
    *,
    passing: AbstractSet[str] = frozenset(),
    faults: AbstractSet[str] = frozenset(),
) -> ActionFailed:
    """Returns the ActionFailed for one of FAILURES.

    `passing` are the provider's error codes that a retry may solve, `faults` the codes that the operator must solve.
    """
    if isinstance(exc, ParamValidationError):
        # The exception's text is not used: it quotes the user's data.
        return ActionFailed(f"{provider} does not accept the request: a field has the wrong type", permanent=True)
    if not isinstance(exc, ClientError):
        return ActionFailed(f"{provider} did not answer", unknown=not isinstance(exc, NOT_CONNECTED))
    code = error_code(exc)
    return ActionFailed(
        f"{provider} {code}: {exc.response['Error'].get('Message', '')}",
        permanent=not (is_transient(exc) or code in passing),
        unknown=http_status(exc) >= HTTPStatus.INTERNAL_SERVER_ERROR,
        fault=code in DENIED or code in faults,
    )
