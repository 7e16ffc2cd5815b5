"""Sends one message through Amazon SNS, to a phone or a device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .failures import FAILURES, failure

if TYPE_CHECKING:
    from ..contract import RunContext

# SNS's error codes of throttling (API reference, CommonErrors and Publish). Its other refusals are permanent, such as
# a disabled endpoint (EndpointDisabled), a number that opted out or an invalid value.
PASSING = frozenset({"KMSThrottling", "Throttled", "ThrottledException", "Throttling"})


def publish(run: RunContext, **request: Any) -> None:
    """Publishes the request. Raises ActionFailed if SNS fails."""
    try:
        run.aws("sns").publish(**request)
    except FAILURES as exc:
        raise failure("SNS", exc, passing=PASSING) from exc
