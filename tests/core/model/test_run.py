from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.model.run import Attempt, RunStatus
from tests.builders import DAY, HOUR, NOW, SECOND, a_run, a_schedule

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.core.model.run import Run

DUE = NOW + HOUR


def test_a_run_is_named_after_its_occurrence() -> None:
    assert re.fullmatch(r"20270301T090000Z-[0-9a-f]{16}", a_run(a_schedule()).run_id)


def test_the_name_is_the_same_whoever_does_it_and_whenever_it_was_delivered() -> None:
    one, other = a_run(a_schedule()), a_run(a_schedule(), claim_id="claim-2", delivered_for=DUE + SECOND)

    assert one.run_id == other.run_id


@pytest.mark.parametrize(
    ("status", "now", "leased"),
    [
        (RunStatus.RUNNING, DUE, True),
        (RunStatus.RUNNING, DUE + 34 * SECOND, True),
        (RunStatus.RUNNING, DUE + 35 * SECOND, False),
        (RunStatus.SUCCEEDED, DUE, False),
        (RunStatus.FAILED, DUE, False),
        (RunStatus.SKIPPED, DUE, False),
    ],
)
def test_only_a_running_one_is_leased_and_only_until_its_lease_ends(
    status: RunStatus, now: datetime, *, leased: bool
) -> None:
    assert a_run(a_schedule(), status=status, lease_until=DUE + 35 * SECOND).is_leased(now) is leased


def test_an_end_closes_the_last_attempt() -> None:
    crashed, second = Attempt(DUE, error="cut short"), Attempt(DUE + HOUR)
    run = a_run(a_schedule(), attempts=(crashed, second)).ended(RunStatus.SUCCEEDED, DUE + HOUR + SECOND)

    assert (run.status, run.reason) == (RunStatus.SUCCEEDED, None)
    assert run.attempts == (crashed, Attempt(DUE + HOUR, DUE + HOUR + SECOND))


def test_a_failures_error_is_its_reason() -> None:
    run = a_run(a_schedule()).ended(RunStatus.FAILED, DUE + SECOND, error="no such address")

    assert run.reason == "no such address"
    assert run.attempts == (Attempt(DUE, DUE + SECOND, "no such address"),)


@pytest.mark.parametrize(("expires_at", "expired"), [(None, False), (NOW + DAY, False), (NOW, True), (NOW - DAY, True)])
def test_it_is_gone_to_readers_once_it_expired(expires_at: datetime | None, *, expired: bool) -> None:
    assert a_run(a_schedule(), expires_at=expires_at).is_expired(NOW) is expired


# What counts, and what is waited for


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"status": RunStatus.SUCCEEDED}, True),
        ({"status": RunStatus.FAILED}, True),
        ({"status": RunStatus.SKIPPED}, False),
        # One that began and never ended, and one that nothing delivered.
        ({"status": RunStatus.MISSED}, True),
        ({"status": RunStatus.MISSED, "attempts": ()}, False),
        ({"status": RunStatus.SUCCEEDED, "counted": True}, False),
        ({"status": RunStatus.SUCCEEDED, "token": "now"}, False),
    ],
)
def test_each_occurrence_that_was_begun_counts_once(fields: dict[str, Any], *, counts: bool) -> None:
    assert a_run(a_schedule(), **fields).counts is counts


@pytest.mark.parametrize(
    ("status", "has_ended"),
    [
        (RunStatus.QUEUED, False),
        (RunStatus.RUNNING, False),
        (RunStatus.RETRYING, False),
        (RunStatus.HELD, False),
        (RunStatus.SUCCEEDED, True),
        (RunStatus.FAILED, True),
        (RunStatus.SKIPPED, True),
        (RunStatus.MISSED, True),
    ],
)
def test_it_is_waited_for_and_keeps_its_reservation_until_it_has_ended(status: RunStatus, *, has_ended: bool) -> None:
    run = a_run(a_schedule(), status=status, waits=True, reserved=True)

    assert run.has_ended is has_ended
    assert run.is_waited_for is not has_ended
    assert run.holds_reservation is not has_ended


# Done again


@pytest.mark.parametrize(("status", "keeps"), [(RunStatus.FAILED, False), (RunStatus.RETRYING, True)])
def test_a_redrive_keeps_the_reservation_of_what_has_not_ended(status: RunStatus, *, keeps: bool) -> None:
    assert redriven(status=status, reserved=True).reserved is keeps


@pytest.mark.parametrize(
    ("fields", "counted"),
    [
        ({"status": RunStatus.FAILED}, True),
        ({"status": RunStatus.SKIPPED}, False),
        ({"status": RunStatus.SKIPPED, "counted": True}, True),
    ],
)
def test_a_redrive_says_whether_the_run_was_counted_already(fields: dict[str, Any], *, counted: bool) -> None:
    assert redriven(**fields).counted is counted


@pytest.mark.parametrize(
    ("fields", "possibly_repeated"),
    [({}, False), ({"acting_since": DUE}, True), ({"possibly_repeated": True}, True)],
)
def test_a_redrive_of_what_may_have_been_done_says_so(fields: dict[str, Any], *, possibly_repeated: bool) -> None:
    run = redriven(status=RunStatus.FAILED, **fields)

    assert (run.possibly_repeated, run.acting_since) == (possibly_repeated, None)


@pytest.mark.parametrize(("before", "after"), [(NOW + DAY, NOW + 9 * DAY), (NOW + 10 * DAY, NOW + 10 * DAY)])
def test_a_redrive_shortens_no_expiry(before: datetime, after: datetime) -> None:
    assert redriven(status=RunStatus.FAILED, expires_at=before).expires_at == after


def test_a_redrive_begins_with_new_tries() -> None:
    run = redriven(status=RunStatus.FAILED, tries=4, next_attempt_at=DUE, waits=True)

    assert (run.status, run.redriven, run.watched) == (RunStatus.QUEUED, True, True)
    assert (run.tries, run.next_attempt_at, run.waits) == (0, None, False)


def redriven(**fields: Any) -> Run:
    return a_run(a_schedule(), **fields).redrive(DUE + HOUR, "claim-2", expires_at=NOW + 9 * DAY)


# Taken over


@pytest.mark.parametrize(
    "kept",
    [
        {"tries": 3},
        {"acting_since": DUE},
        {"possibly_repeated": True},
        {"unforeseen": True},
        {"redriven": True},
        {"counted": True},
        {"reserved": True},
        {"waits": True},
        {"watched": True},
        {"expires_at": NOW + 90 * DAY},
    ],
    ids=lambda kept: next(iter(kept)),
)
def test_a_run_that_takes_the_place_of_another_keeps_what_is_recorded_of_it(kept: dict[str, Any]) -> None:
    (name,) = kept
    plain, marked = (a_run(a_schedule(), **fields) for fields in ({}, kept))
    new = replace(plain, claim_id="claim-2", attempts=())

    assert getattr(new.with_history_of(plain), name) != kept[name]
    assert getattr(new.with_history_of(marked), name) == kept[name]


def test_a_run_that_takes_the_place_of_another_expires_no_earlier_than_a_new_one() -> None:
    new, earlier = (a_run(a_schedule(), expires_at=NOW + days * DAY) for days in (90, 1))

    assert new.with_history_of(earlier).expires_at == NOW + 90 * DAY


@pytest.mark.parametrize(
    ("status", "is_watched"), [(RunStatus.RUNNING, False), (RunStatus.MISSED, True), (RunStatus.RETRYING, True)]
)
def test_a_run_that_its_schedule_no_longer_waits_for_is_watched(status: RunStatus, *, is_watched: bool) -> None:
    earlier = a_run(a_schedule(), status=status)

    assert a_run(a_schedule(), claim_id="claim-2").with_history_of(earlier).watched is is_watched


def test_what_has_ended_is_counted_and_gives_its_place_and_its_reservation_to_nobody() -> None:
    earlier = a_run(a_schedule(), status=RunStatus.MISSED, reserved=True, waits=True)

    new = a_run(a_schedule(), claim_id="claim-2").with_history_of(earlier)

    assert (new.counted, new.reserved, new.waits) == (True, False, False)
