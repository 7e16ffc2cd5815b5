"""One message through Amazon SNS, to a phone or to a device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .failures import FAILURES, failure

if TYPE_CHECKING:
    from ..contract import RunContext

# Throttles by the names that SNS has for them (API reference, CommonErrors and Publish). What else it refuses stays
# refused: a device that is gone (EndpointDisabled), a number that opted out, a value that it does not take.
PASSING = frozenset({"KMSThrottling", "Throttled", "ThrottledException", "Throttling"})


def publish(run: RunContext, **request: Any) -> None:
    """Raises ActionFailed."""
    try:
        run.aws("sns").publish(**request)
    except FAILURES as exc:
        raise failure("SNS", exc, passing=PASSING) from exc
