from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.model.run import Attempt, RunStatus
from tests.builders import DAY, HOUR, NOW, SECOND, a_run, a_schedule

if TYPE_CHECKING:
    from datetime import datetime

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
