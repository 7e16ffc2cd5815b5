"""The decisions about roles: each distinct decision once, with its count."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from chalicelib.core.timing.instants import iso_ms
from local.iam.policies import Need, Verdict

_MOST = 10_000


@dataclass(frozen=True)
class Decision:
    """principal: ARN of the session, or the name of the service that asks to assume the role."""

    principal: str
    role_arn: str
    need: Need
    verdict: Verdict


@dataclass
class _Made:
    count: int
    last: datetime


class Decisions:
    """Keeps the latest 10,000 distinct decisions. Safe for threads."""

    def __init__(self) -> None:
        self._made: OrderedDict[Decision, _Made] = OrderedDict()
        self._lock = Lock()

    def add(self, decision: Decision, now: datetime) -> None:
        with self._lock:
            known = self._made.pop(decision, None)
            self._made[decision] = _Made(known.count + 1 if known else 1, now)
            if len(self._made) > _MOST:
                self._made.popitem(last=False)

    def all(self) -> list[dict[str, Any]]:
        """Returns them as JSON, the latest decision last."""
        with self._lock:
            made = list(self._made.items())
        return [_shown(decision, how) for decision, how in made]


def _shown(decision: Decision, made: _Made) -> dict[str, Any]:
    return {
        "principal": decision.principal,
        "role_arn": decision.role_arn,
        "action": decision.need.action,
        "resource": decision.need.resource,
        "context": dict(decision.need.context),
        "service": decision.need.service,
        "allowed": decision.verdict.allowed,
        "by": decision.verdict.by,
        "count": made.count,
        "last": iso_ms(made.last),
    }
