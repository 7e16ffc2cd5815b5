"""Schedules as the tests write them, and what became of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.e2e.client import Client


def an_email(subject: str) -> dict[str, Any]:
    return {"type": "email", "to": ["alice@example.com"], "subject": subject, "text": "It is time."}


def path_of(schedule: dict[str, Any]) -> str:
    return f"/v1/schedules/{schedule['schedule_id']}"


def due(schedule: dict[str, Any]) -> datetime:
    """Its next occurrence."""
    return datetime.fromisoformat(schedule["next_run_at"])


def ended_runs(client: Client, schedule: dict[str, Any]) -> list[dict[str, Any]]:
    """The schedule's runs that are not under way any more, newest first."""
    return [run for run in client.get(f"{path_of(schedule)}/runs")["items"] if run["status"] != "running"]
