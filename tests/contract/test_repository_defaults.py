"""ScheduleRepository, fake and real: records in which defaults are written, as older releases did, and without."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.dynamodb import items
from chalicelib.core.errors import ChangeLost
from chalicelib.core.model.fields import SCHEDULE, stored_defaults
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import LastRun, Overlap, Status
from tests.builders import DAY, HOUR, NOW, SECOND, a_run, a_schedule, an_action, changed, confirmed, every_hour

if TYPE_CHECKING:
    from chalicelib.core.model.schedule import Schedule

    from .conftest import Store

DEFAULTS = stored_defaults(SCHEDULE)
INTENT = a_schedule(timing=every_hour(), resource_id="contract-42", max_runs=5)
QUIET = confirmed(INTENT)
COMPARED = ("run_count", "unfinished", "waiting_runs", "reserved", "running", "failures_in_a_row")


@pytest.fixture(params=["written", "absent"])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_defaults_that_are_compared_are_those_written_here() -> None:
    compared = {field.stored for field in SCHEDULE if field.is_compared and field.stored in DEFAULTS}

    assert {*COMPARED} == compared | {"run_count"}


def test_both_forms_read_the_same(store: Store, form: str) -> None:
    record(store, QUIET, form)

    assert store.repository.get("alice", "s1") == QUIET
    shown = store.repository.list_by_user("alice", Status.ACTIVE, limit=2, cursor=None)
    assert list(shown.items) == [QUIET]


def test_a_change_meets_both_forms(store: Store, form: str) -> None:
    record(store, QUIET, form)
    store.repository.change(changed(QUIET, name="Weekly"), replacing=QUIET)

    assert store.repository.get("alice", "s1") == changed(QUIET, name="Weekly")


def test_a_confirmation_meets_both_forms(store: Store, form: str) -> None:
    record(store, INTENT, form)

    assert store.repository.confirm(INTENT)
    assert store.repository.get("alice", "s1") == QUIET


def test_a_doubt_meets_both_forms(store: Store, form: str) -> None:
    record(store, QUIET, form)
    store.repository.mark_unconfirmed(QUIET, now=NOW + HOUR)

    assert store.repository.get("alice", "s1") == replace(QUIET, confirmed=False, intent_until=NOW + HOUR)


def test_a_claim_that_reserves_and_its_end_meet_both_forms(store: Store, form: str) -> None:
    record(store, QUIET, form)
    run, reserved = a_run(QUIET), replace(QUIET, reserved=1)
    assert store.repository.claim(run, expecting=QUIET, replacing=None, reserving=reserved) is None

    updated = replace(QUIET, last_run=LastRun(run.scheduled_time, "succeeded"), next_run_at=NOW + 2 * HOUR)
    done = replace(run, status=RunStatus.SUCCEEDED)
    assert store.repository.finish(done, replacing=run, expecting=reserved, updated=updated) is None
    assert store.repository.get("alice", "s1") == replace(updated, run_count=1)


def test_an_end_meets_both_forms(store: Store, form: str) -> None:
    record(store, QUIET, form)
    run = a_run(QUIET, status=RunStatus.SKIPPED)
    updated = replace(QUIET, next_run_at=NOW + 2 * HOUR)

    assert store.repository.finish(run, replacing=None, expecting=QUIET, updated=updated) is None
    assert store.repository.get("alice", "s1") == updated


def test_an_advance_and_a_new_watch_meet_both_forms(store: Store, form: str) -> None:
    record(store, QUIET, form)
    assert store.repository.reschedule_watch(QUIET, until=NOW + HOUR)

    assert store.repository.advance(replace(QUIET, next_run_at=NOW + 2 * HOUR), expecting=QUIET)
    assert store.repository.get("alice", "s1") == replace(QUIET, next_run_at=NOW + 2 * HOUR)


def test_a_schedule_that_ended_is_replaced_in_both_forms(store: Store, form: str) -> None:
    ended = replace(QUIET, status=Status.CANCELLED, next_run_at=None, expires_at=NOW + DAY)
    record(store, ended, form)
    new = replace(INTENT, revision=INTENT.revision + 1, action_revision=INTENT.revision + 1)
    store.repository.create(new, an_action(), replacing=ended)

    assert store.repository.get("alice", "s1") == new


OTHER: dict[str, dict[str, Any]] = {
    "run_count": {"run_count": 1},
    "unfinished": {"in_progress": (NOW - HOUR,)},
    "waiting_runs": {"waiting_runs": 1},
    "reserved": {"reserved": 1},
    "running": {"running": (NOW - SECOND,)},
    "failures_in_a_row": {"failures_in_a_row": 1},
}


@pytest.mark.parametrize("name", COMPARED)
def test_what_is_no_default_any_more_is_noticed(store: Store, name: str) -> None:
    store.repository.create(replace(QUIET, **OTHER[name]), an_action())

    with pytest.raises(ChangeLost):
        store.repository.change(changed(QUIET, overlap=Overlap.SKIP), replacing=QUIET)
    assert not store.repository.advance(replace(QUIET, next_run_at=NOW + 2 * HOUR), expecting=QUIET)


@pytest.mark.parametrize("name", COMPARED)
def test_a_default_is_noticed_where_something_else_is_expected(store: Store, form: str, name: str) -> None:
    record(store, QUIET, form)
    expected = replace(QUIET, **OTHER[name])

    with pytest.raises(ChangeLost):
        store.repository.change(changed(QUIET, overlap=Overlap.SKIP), replacing=expected)


def record(store: Store, schedule: Schedule, form: str) -> None:
    """Stored with each default written, or with none of them."""
    store.repository.create(schedule, an_action())
    item = dict(store.item(items.schedule_key(schedule)) or {})
    assert not item.keys() & DEFAULTS.keys()
    store.put(DEFAULTS | item if form == "written" else item)
