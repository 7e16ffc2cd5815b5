"""ScheduleRepository, fake and real: which fields of a schedule each write changes, one at a time."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.errors import ChangeLost
from chalicelib.core.model.fields import CLIENTS, CONFIRM, RUNS, SCHEDULE
from chalicelib.core.model.schedule import (
    DeliveryPolicy,
    LastRun,
    OnMissed,
    OnUnknown,
    Overlap,
    RetryPolicy,
    Schedule,
    Status,
)
from tests.builders import DAY, HOUR, MINUTE, NOW, a_filled_schedule, a_schedule, an_action, once

if TYPE_CHECKING:
    from chalicelib.core.model.ports import ScheduleRepository

STANDS = replace(a_filled_schedule(), confirmed=True, intent_until=None, applied=None, never_applied=False)

OTHER: dict[str, Any] = {
    "resource_id": "contract-43",
    "name": "Monthly",
    "metadata": {"plan": "free"},
    "timing": once(NOW + 2 * HOUR),
    "timing_changed_at": NOW + MINUTE,
    "flexible_window_minutes": 30,
    "delivery": DeliveryPolicy(4, 700),
    "action_type": "sms",
    "action_revision": STANDS.action_revision + 1,
    "status": Status.PAUSED,
    "reason": "another",
    "revision": STANDS.revision + 1,
    "confirmed": False,
    "intent_until": NOW + MINUTE,
    "next_run_at": NOW + 3 * HOUR,
    "last_run": LastRun(NOW, "succeeded"),
    "run_count": 8,
    "max_runs": 10,
    "exclusions": (),
    "on_missed": OnMissed.SKIP,
    "paused_until": NOW + 2 * DAY,
    "pending_since": None,
    "in_progress": (),
    "waiting_runs": 7,
    "reserved": 3,
    "never_applied": True,
    "running": (),
    "retry": RetryPolicy(2, 180),
    "on_unknown": OnUnknown.RETRY,
    "overlap": Overlap.ALLOW,
    "pause_after_failures": 6,
    "failures_in_a_row": 3,
    "applied": a_schedule(),
    "request_digest": "d2",
    "created_at": NOW + MINUTE,
    "updated_at": NOW + MINUTE,
    "expires_at": NOW + 91 * DAY,
}
"""Another value for each field but those that name the schedule."""

BY_CLIENTS = OTHER.keys() - {
    "last_run",
    "never_applied",
    "run_count",
    "reserved",
    "running",
    "request_digest",
    "created_at",
}
BY_RUNS = {
    *("status", "reason", "confirmed", "intent_until", "next_run_at", "last_run"),
    *("pending_since", "in_progress", "waiting_runs", "reserved", "running", "failures_in_a_row", "expires_at"),
}
COMPARED = {
    *("status", "revision", "confirmed", "intent_until", "next_run_at"),
    *("pending_since", "in_progress", "waiting_runs", "reserved", "running", "failures_in_a_row", "expires_at"),
}


def test_there_is_another_value_for_each_field() -> None:
    named = {field.name for field in fields(Schedule)}

    assert OTHER.keys() == named - {"user_id", "schedule_id", "action"}


def test_the_field_table_says_who_changes_what_as_it_is_written_here() -> None:
    assert _changed_by(CLIENTS) == BY_CLIENTS
    assert _changed_by(RUNS) == BY_RUNS
    assert _changed_by(CONFIRM) == {"confirmed", "intent_until", "applied", "never_applied"}
    assert {field.name for field in SCHEDULE if field.is_compared} == COMPARED


@pytest.mark.parametrize("name", OTHER)
def test_a_change_writes_what_clients_change_and_nothing_else(repository: ScheduleRepository, name: str) -> None:
    repository.create(STANDS, an_action())
    changed = _with_other(name)
    repository.change(changed, replacing=STANDS)

    assert repository.get("alice", "s1") == (changed if name in BY_CLIENTS else STANDS)


@pytest.mark.parametrize("name", OTHER)
def test_an_advance_writes_what_runs_change_and_nothing_else(repository: ScheduleRepository, name: str) -> None:
    repository.create(STANDS, an_action())
    advanced = _with_other(name)

    assert repository.advance(advanced, expecting=STANDS)
    assert repository.get("alice", "s1") == (advanced if name in BY_RUNS else STANDS)


@pytest.mark.parametrize("name", sorted(OTHER.keys() - {"status", "revision", "confirmed", "intent_until"}))
def test_a_confirm_writes_nothing_but_its_own(repository: ScheduleRepository, name: str) -> None:
    open_intent = replace(STANDS, confirmed=False, intent_until=NOW + MINUTE, applied=a_schedule(), never_applied=True)
    repository.create(open_intent, an_action())

    assert repository.confirm(replace(open_intent, **{name: OTHER[name]}))
    assert repository.get("alice", "s1") == STANDS


@pytest.mark.parametrize("name", OTHER)
def test_a_change_is_lost_if_what_decides_is_another(repository: ScheduleRepository, name: str) -> None:
    """With a most of runs, their number decides too."""
    repository.create(STANDS, an_action())
    expected = _with_other(name)

    if name in COMPARED | {"run_count"}:
        with pytest.raises(ChangeLost):
            repository.change(STANDS, replacing=expected)
    else:
        repository.change(STANDS, replacing=expected)
    assert repository.get("alice", "s1") == STANDS


def _with_other(name: str) -> Schedule:
    return replace(STANDS, **{name: OTHER[name]})


def _changed_by(who: str) -> set[str]:
    return {field.name for field in SCHEDULE if who in field.changed_by}
