"""What a provider's refusal or silence says about the work: was it done, and may it be tried again?"""

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
"""Everything that a call of boto3 may raise about the call itself."""

NOT_CONNECTED = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)
"""The request was never sent. Every other broken connection may have carried it."""


DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
    }
)
"""The function's role lacks a permission, or is gone."""


def failure(
    provider: str,
    exc: Exception,
    *,
    passing: AbstractSet[str] = frozenset(),
    faults: AbstractSet[str] = frozenset(),
) -> ActionFailed:
    """What to raise for one of FAILURES.

    `passing` are the provider's own codes that are worth another try, `faults` those of a wrong deployment.
    """
    if isinstance(exc, ParamValidationError):
        # Its own text quotes what was to be sent.
        return ActionFailed(f"{provider} takes no such request: a field has the wrong type", permanent=True)
    if not isinstance(exc, ClientError):
        return ActionFailed(f"{provider} did not answer", unknown=not isinstance(exc, NOT_CONNECTED))
    code = error_code(exc)
    return ActionFailed(
        f"{provider} {code}: {exc.response['Error'].get('Message', '')}",
        permanent=not (is_transient(exc) or code in passing),
        unknown=http_status(exc) >= HTTPStatus.INTERNAL_SERVER_ERROR,
        fault=code in DENIED or code in faults,
    )
