"""What the local cloud has and AWS has not, as the tests use it: outbox, list of calls, clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from tests.e2e.client import Client
from tests.processes import within

ARRIVES_WITHIN_SECONDS = 120


class LocalCloud(Client):
    """A running local cloud."""

    def messages(self, subject: str) -> list[dict[str, Any]]:
        """What was sent under this subject (an event's is its detail type), the first one first."""
        newest_first = self.get("/_local/outbox")["messages"]
        return [message for message in reversed(newest_first) if message["subject"] == subject]

    def calls(self, caller: str) -> list[str]:
        """The operations that `caller` called (the API is `api`, a function has its name), the first one first."""
        return [call["operation"] for call in self.get("/_local/calls")["calls"] if call["caller"] == caller]

    def forget_calls(self) -> None:
        self.send("DELETE", "/_local/calls")


class Clock:
    """The time of a running local cloud, and of all that runs on it."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud

    def now(self) -> datetime:
        return datetime.fromisoformat(self._cloud.get("/_local/clock")["now"])

    def travel(self, **duration: float) -> None:
        """Forward by so many `seconds`, `minutes`, `hours` or `days`; all that is due on the way has happened then."""
        self.travel_to(self.now() + timedelta(**duration))

    def travel_to(self, instant: datetime) -> None:
        """Forward to `instant` (aware)."""
        answer = self._cloud.send("POST", "/_local/clock", {"to": instant.isoformat()})
        assert answer.status in (HTTPStatus.OK, HTTPStatus.ACCEPTED), answer
        within(ARRIVES_WITHIN_SECONDS, self._has_arrived, f"the arrival at {instant.isoformat()}")

    def return_to_real_time(self) -> None:
        self._cloud.send("POST", "/_local/clock", {"reset": True})

    def _has_arrived(self) -> bool:
        return not self._cloud.get("/_local/clock")["travelling"]
