"""The wording of the recorded reasons. Clients may match them, so each is written out here, and only here."""

from __future__ import annotations

from datetime import UTC, datetime
from inspect import isfunction

import pytest

from chalicelib.core.model import reasons
from chalicelib.core.model.schedule import Status

TEN = datetime(2027, 3, 1, 10, tzinfo=UTC)

CONSTANTS = {
    "SUPERSEDED": "superseded",
    "MAX_RUNS": "max_runs",
    "OVERLAP": "overlap",
    "STOOD_FOR_BY": "stood for by",
    "NOT_ITS_TIME": "superseded: a later change of the schedule has no occurrence at this time",
    "OF_AN_EARLIER_SCHEDULE": "superseded: the run belongs to an earlier schedule with this id",
    "TIMING_CHANGED": "superseded: the timing was changed within two minutes of this time",
    "REPLACED": "the schedule ended, and a new schedule has its id",
    "DATE_EXCLUDED": "the date is excluded",
    "NO_RECORD": "the schedule has no record",
    "MISSED": "not delivered in time, or EventBridge did not have the schedule",
    "INTERRUPTED": "the run was interrupted and did not finish",
    "CRASHED": "the invocation crashed or timed out",
    "ON_UNKNOWN_IS_STOP": "on_unknown is stop",
    "MAY_BE_DONE": "the work may have been done: the invocation was interrupted, and on_unknown is stop",
    "FAILED_IN_A_ROW": "consecutive runs failed",
    "PASSED_IN_THE_PAUSE": "the last occurrence passed during the pause",
}

MADE = {
    "schedule_was": (reasons.schedule_was(Status.PAUSED), "the schedule was paused"),
    "max_runs_reached": (
        reasons.max_runs_reached(2),
        "max_runs: the limit of 2 is reached, including runs in progress",
    ),
    "overlaps": (reasons.overlaps(TEN), "overlap: the run of 2027-03-01T10:00:00Z has not ended"),
    "overlaps_unlisted": (reasons.overlaps_unlisted(3), "overlap: 3 earlier runs have not ended"),
    "stood_for_by": (reasons.stood_for_by("run_1"), "stood for by run_1"),
    "failed_and_may_be_done": (
        reasons.failed_and_may_be_done("no answer"),
        "no answer; the work may have been done, and on_unknown is stop",
    ),
    "crashed": (reasons.crashed(3), "the invocation crashed or timed out 3 times"),
    "without_schedule": (reasons.without_schedule("no answer"), "no answer; its schedule is gone"),
    "failed_in_a_row": (
        reasons.failed_in_a_row(10, "no answer"),
        "10 consecutive runs failed; the last failure: no answer",
    ),
    "change_refused": (reasons.change_refused("too wide"), "EventBridge refused a change: too wide"),
}


def test_every_reason_has_this_wording() -> None:
    assert {name: text for name, text in vars(reasons).items() if name.isupper() and name != "TYPE_CHECKING"} == (
        CONSTANTS
    )


@pytest.mark.parametrize(("text", "wording"), MADE.values(), ids=MADE)
def test_a_reason_with_details_has_this_wording(text: str, wording: str) -> None:
    assert text == wording


def test_each_function_for_a_reason_is_among_them() -> None:
    made = {name for name, value in vars(reasons).items() if isfunction(value) and value.__module__ == reasons.__name__}

    assert made == MADE.keys()
