"""The diagnosis of `explain`: a table of situations, each with its cause and its advice.

It is NOW, Monday 2027-03-01 08:00 UTC; a schedule is alice's s1, which fires each hour from 09:00 the day before.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from app import app
from chalicelib.core.model import ids, reasons
from chalicelib.core.model.run import Attempt, Run, RunStatus
from chalicelib.core.model.schedule import LastRun, OnMissed, Schedule, Status, Timing
from deploy.__main__ import parser
from deploy.operate.explain.diagnosis import CHECK_THE_SWEEPER, NOTHING, diagnosis
from deploy.operate.explain.facts import DeadLetterMessage, ExistingItem, Facts
from deploy.paths import TERRAFORM
from tests.builders import DAY, HOUR, MINUTE, NOW, SECOND, a_run, a_schedule, changed, confirmed

HOURLY = Timing("rate(1 hour)", start_at=NOW - DAY + HOUR)
AS_IT_SHOULD = ExistingItem("ENABLED")
DISABLED = ExistingItem("DISABLED", {"State": "is DISABLED, the record says ENABLED"})
OUTDATED = ExistingItem("ENABLED", {"the payload": "is of revision 1, the record of 2"})

LAST = NOW - HOUR
RUN = f"/v1/schedules/s1/runs/{ids.run_id('alice', 's1', LAST)}"


def hourly(**details: Any) -> Schedule:
    """Confirmed, and waiting for its next occurrence."""
    usual = {"timing": HOURLY, "created_at": NOW - DAY, "updated_at": NOW - DAY, "next_run_at": NOW + HOUR}
    return confirmed(a_schedule(**usual | details))


def in_an_hour(**details: Any) -> Schedule:
    return confirmed(a_schedule(**details))


def the_run(status: RunStatus, *errors: str | None, at: Any = LAST, **details: Any) -> Run:
    """An hour ago, with an attempt for each error."""
    attempts = tuple(Attempt(at, at + SECOND, error) for error in errors)
    return a_run(hourly(), **{"scheduled_time": at, "status": status, "attempts": attempts} | details)


def succeeded(**details: Any) -> Run:
    return the_run(RunStatus.SUCCEEDED, None, **details)


def failed(**details: Any) -> Run:
    throttled = ("SES throttled",) * 3
    return the_run(RunStatus.FAILED, *throttled, **{"reason": "SES throttled"} | details)


def retrying(next_attempt_at: Any) -> Run:
    return replace(failed(next_attempt_at=next_attempt_at), status=RunStatus.RETRYING)


def a_dead_letter(**details: Any) -> DeadLetterMessage:
    usual: dict[str, Any] = {"queue": "delivery", "sent_at": NOW, "scheduled_time": LAST, "reason": "Throttled: slower"}
    return DeadLetterMessage(**usual | details)


def facts(record: Schedule | None, *runs: Run, **details: Any) -> Facts:
    """Of a schedule that EventBridge has as it should."""
    usual: dict[str, Any] = {"stage": "prod", "user_id": "alice", "schedule_id": "s1", "now": NOW, "runs": runs}
    return Facts(record=record, **usual | {"existing": AS_IT_SHOULD} | details)


RECONCILE = "python -m deploy reconcile --stage prod --apply"
RELEASE = "python -m deploy release --stage prod"

CASES: dict[str, tuple[Facts, str, str]] = {
    "works, and has never run": (
        facts(hourly()),
        "The schedule works.",
        "Nothing to do. The next run is due at 09:00 UTC.",
    ),
    "works": (
        facts(hourly(), succeeded()),
        "The schedule works. The run of 07:00 UTC succeeded.",
        "Nothing to do. The next run is due at 09:00 UTC.",
    ),
    "works again after a failure": (
        facts(hourly(), succeeded(), failed(at=LAST - HOUR)),
        "The schedule works. The run of 07:00 UTC succeeded.",
        "Nothing to do. The next run is due at 09:00 UTC.",
    ),
    "in its own zone": (
        facts(hourly(timing=replace(HOURLY, timezone="Asia/Tokyo"), next_run_at=NOW + 8 * HOUR)),
        "The schedule works.",
        "Nothing to do. The next run is due at 16:00 UTC (2027-03-02 01:00 Asia/Tokyo).",
    ),
    # What stops it
    "cancelled": (
        facts(hourly(status=Status.CANCELLED, updated_at=NOW - 2 * DAY), existing=None),
        "The schedule was cancelled at 2027-02-27 08:00 UTC.",
        NOTHING,
    ),
    "cancelled, and still in EventBridge": (
        facts(changed(hourly(), status=Status.CANCELLED, updated_at=NOW - SECOND)),
        "The schedule was cancelled at 07:59:59 UTC. EventBridge still has it.",
        "Wait: the sweeper removes it there.",
    ),
    "cancelled, and back in EventBridge": (
        facts(hourly(status=Status.CANCELLED, updated_at=LAST)),
        "The schedule was cancelled at 07:00 UTC. EventBridge still has it.",
        f"Remove it there: {RECONCILE}",
    ),
    "paused by a person": (
        facts(hourly(status=Status.PAUSED, updated_at=LAST, reason="the customer asked")),
        "The schedule was paused at 07:00 UTC (the customer asked).",
        "Resume it: POST /v1/schedules/s1/resume?user_id=alice",
    ),
    "paused until": (
        facts(hourly(status=Status.PAUSED, updated_at=LAST, paused_until=NOW + 2 * DAY)),
        "The schedule was paused at 07:00 UTC.",
        "Wait: it resumes automatically at 2027-03-03 08:00 UTC.",
    ),
    "paused, and not resumed at its end": (
        facts(hourly(status=Status.PAUSED, updated_at=LAST, paused_until=NOW - 6 * MINUTE)),
        "The schedule was paused at 07:00 UTC until 07:54 UTC and was not resumed.",
        CHECK_THE_SWEEPER,
    ),
    "paused after failures": (
        facts(
            hourly(status=Status.PAUSED, updated_at=LAST, reason=reasons.failed_in_a_row(10, "no.")),
            failed(),
        ),
        "The schedule was paused at 07:00 UTC (10 consecutive runs failed; the last failure: no).",
        "Resume it: POST /v1/schedules/s1/resume?user_id=alice",
    ),
    "held": (
        facts(hourly(), the_run(RunStatus.HELD), hold="SES is down"),
        "The operator holds all runs (SES is down). Runs waiting: 1, the first of 07:00 UTC.",
        f"When the reason has passed, release all runs: {RELEASE}",
    ),
    "held, and more than one": (
        facts(hourly(), the_run(RunStatus.HELD), the_run(RunStatus.HELD, at=LAST - HOUR), hold="SES is down"),
        "The operator holds all runs (SES is down). Runs waiting: 2, the first of 06:00 UTC.",
        f"When the reason has passed, release all runs: {RELEASE}",
    ),
    "to be held": (
        facts(hourly(), succeeded(), hold="SES is down"),
        "The operator holds all runs (SES is down). The next run is due at 09:00 UTC.",
        f"When the reason has passed, release all runs: {RELEASE}",
    ),
    "a hold does not explain a delivery that never arrived": (
        facts(hourly(next_run_at=NOW - 5 * MINUTE), hold="SES is down"),
        "The run of 07:55 UTC is 5 minutes late: EventBridge has not delivered it.",
        "Wait: unless it arrives, the sweeper records it as missed by 09:55 UTC. Redrive it then.",
    ),
    "a hold does not concern an ended schedule": (
        facts(hourly(status=Status.CANCELLED, updated_at=LAST), existing=None, hold="SES is down"),
        "The schedule was cancelled at 07:00 UTC.",
        NOTHING,
    ),
    "held, and released since": (
        facts(hourly(), the_run(RunStatus.HELD, reason="SES is down")),
        "The run of 07:00 UTC was held (SES is down), and the hold has ended.",
        f"Wait for the release in progress, or repeat it: {RELEASE}",
    ),
    # What is missing
    "due": (
        facts(hourly(next_run_at=NOW - MINUTE)),
        "The run of 07:59 UTC is due.",
        "Wait: delivery takes up to a minute. Late from 08:04 UTC on.",
    ),
    "due within a window": (
        facts(hourly(next_run_at=NOW - 10 * MINUTE, flexible_window_minutes=15)),
        "The run of 07:50 UTC is due.",
        "Wait: delivery takes up to 15 minutes. Late from 08:10 UTC on.",
    ),
    "late": (
        facts(hourly(next_run_at=NOW - 5 * MINUTE), succeeded()),
        "The run of 07:55 UTC is 5 minutes late: EventBridge has not delivered it.",
        "Wait: unless it arrives, the sweeper records it as missed by 09:55 UTC. Redrive it then.",
    ),
    "late, where Lambda does not keep it for long": (
        facts(hourly(next_run_at=NOW - 5 * MINUTE), succeeded(), event_age=10 * MINUTE),
        "The run of 07:55 UTC is 5 minutes late: EventBridge has not delivered it.",
        "Wait: unless it arrives, the sweeper records it as missed by 09:05 UTC. Redrive it then.",
    ),
    "late, and caught up": (
        facts(hourly(next_run_at=LAST, on_missed=OnMissed.RUN_NOW)),
        "The run of 07:00 UTC is 60 minutes late: EventBridge has not delivered it.",
        "Wait: unless it arrives, the sweeper starts it or records it as missed by 09:00 UTC. Redrive it then.",
    ),
    "late, because EventBridge gave up": (
        facts(hourly(next_run_at=LAST), dead_letters=[a_dead_letter()]),
        (
            "The run of 07:00 UTC is 60 minutes late: "
            "its payload is in the delivery dead-letter queue (Throttled: slower)."
        ),
        "Wait: unless it arrives, the sweeper records it as missed by 09:00 UTC. Redrive it then.",
    ),
    "late, and EventBridge has no such schedule": (
        facts(hourly(next_run_at=LAST), existing=None),
        "The run of 07:00 UTC is 60 minutes late: EventBridge has no such schedule.",
        "Wait: unless it arrives, the sweeper records it as missed by 09:00 UTC. Redrive it then.",
    ),
    "a one-time run that is late": (
        facts(in_an_hour(), now=NOW + HOUR + 6 * MINUTE, existing=None),
        "The run of 09:00 UTC is 6 minutes late: it has left EventBridge, but no delivery arrived.",
        "Wait: unless it arrives, the sweeper records it as missed by 11:00 UTC. Redrive it then.",
    ),
    "late, and the sweeper does not run": (
        facts(hourly(next_run_at=NOW - 5 * HOUR)),
        (
            "The run of 03:00 UTC is 5 hours late: EventBridge has not delivered it. "
            "It should have been recorded as missed by 05:00 UTC."
        ),
        CHECK_THE_SWEEPER,
    ),
    "not confirmed, under its lease": (
        facts(a_schedule(), existing=None),
        "EventBridge does not yet match the creation of 08:00 UTC.",
        "Wait: the sweeper applies it after 08:01 UTC.",
    ),
    "not confirmed for long": (
        facts(changed(hourly(updated_at=LAST), intent_until=LAST + MINUTE), existing=DISABLED),
        "EventBridge does not yet match the change of 07:00 UTC.",
        "Wait 5 minutes: the sweeper retries. If this stays, its log says why (postponed).",
    ),
    "not confirmed, but there": (
        facts(changed(hourly(updated_at=LAST), intent_until=LAST + MINUTE)),
        "EventBridge has the change of 07:00 UTC, but the confirmation was not recorded.",
        "Wait: the sweeper confirms it.",
    ),
    "in the record, not in EventBridge": (
        facts(hourly(), succeeded(), existing=None),
        "EventBridge has no such schedule, so nothing will fire it.",
        f"Create it there: {RECONCILE}",
    ),
    "different in EventBridge": (
        facts(hourly(), existing=DISABLED),
        "EventBridge differs from the record: State is DISABLED, the record says ENABLED.",
        f"Correct EventBridge: {RECONCILE}",
    ),
    "different in a part that reconcile does not read": (
        facts(hourly(), existing=OUTDATED),
        "EventBridge differs from the record: the payload is of revision 1, the record of 2.",
        "Send any change; it corrects EventBridge: PATCH /v1/schedules/s1?user_id=alice",
    ),
    # The state of the latest run
    "running": (
        facts(hourly(), a_run(hourly(), scheduled_time=NOW - SECOND)),
        "The run of 07:59:59 UTC has been running since 07:59:59 UTC.",
        "Wait.",
    ),
    "running, and interrupted": (
        facts(hourly(), a_run(hourly(), scheduled_time=LAST)),
        "The run of 07:00 UTC began at 07:00 UTC and was interrupted: the function crashed or timed out.",
        "Wait: Lambda or the sweeper starts it again. If it repeats, read the Notification Lambda's log.",
    ),
    "queued": (
        facts(hourly(), the_run(RunStatus.QUEUED, lease_until=NOW + MINUTE, token="t")),
        "The run asked for at 07:00 UTC is queued.",
        "Wait: it starts by 08:01 UTC.",
    ),
    "queued again, and not started": (
        facts(hourly(), failed().redrive(LAST, "claim-2", expires_at=NOW + DAY)),
        "The run of 07:00 UTC is queued again, because it was redriven. It should have started by 07:00 UTC.",
        CHECK_THE_SWEEPER,
    ),
    "retrying": (
        facts(hourly(), retrying(NOW + 14 * MINUTE)),
        "The run of 07:00 UTC failed 3 times: SES throttled.",
        "Wait: the next attempt starts by 08:14 UTC.",
    ),
    "retrying, though a later one succeeded": (
        facts(hourly(), succeeded(at=NOW), retrying(NOW + 14 * MINUTE)),
        "The run of 07:00 UTC failed 3 times: SES throttled.",
        "Wait: the next attempt starts by 08:14 UTC.",
    ),
    "retrying, and not started": (
        facts(hourly(), retrying(NOW - 14 * MINUTE)),
        "The run of 07:00 UTC failed 3 times: SES throttled. The next attempt should have started by 07:46 UTC.",
        CHECK_THE_SWEEPER,
    ),
    "retries used up": (
        facts(hourly(), failed()),
        "The run of 07:00 UTC failed 3 times: SES throttled.",
        f"Remove the cause, then redrive the run: POST {RUN}/redrive?user_id=alice",
    ),
    "failed for good at once": (
        facts(hourly(), the_run(RunStatus.FAILED, "no such address", reason="no such address")),
        "The run of 07:00 UTC failed once: no such address.",
        f"Remove the cause, then redrive the run: POST {RUN}/redrive?user_id=alice",
    ),
    "failed, once-only": (
        facts(hourly(status=Status.FAILED, next_run_at=None, reason="SES throttled"), failed(), existing=None),
        "The run of 07:00 UTC failed 3 times: SES throttled.",
        f"Remove the cause, then redrive the run: POST {RUN}/redrive?user_id=alice",
    ),
    "failed, and perhaps done": (
        facts(hourly(), failed(reason=reasons.MAY_BE_DONE, acting_since=LAST)),
        (
            f"The run of 07:00 UTC failed 3 times: {reasons.MAY_BE_DONE}. "
            "Its provider may have done the work all the same."
        ),
        f"Ask the provider first; if it was not done, redrive the run: POST {RUN}/redrive?user_id=alice",
    ),
    "possibly done twice": (
        facts(hourly(), succeeded(possibly_repeated=True)),
        "The run of 07:00 UTC succeeded, but may have been done twice: an attempt before it was interrupted.",
        "Ask the provider whether it was done twice.",
    ),
    "missed": (
        facts(hourly(), the_run(RunStatus.MISSED, reason=reasons.MISSED)),
        f"The run of 07:00 UTC was missed: {reasons.MISSED}.",
        f"Redrive the run: POST {RUN}/redrive?user_id=alice",
    ),
    "missed, because EventBridge gave up": (
        facts(hourly(), the_run(RunStatus.MISSED, reason=reasons.MISSED), dead_letters=[a_dead_letter()]),
        (
            f"The run of 07:00 UTC was missed: {reasons.MISSED}. "
            "Its payload is in the delivery dead-letter queue (Throttled: slower)."
        ),
        f"Redrive the run: POST {RUN}/redrive?user_id=alice",
    ),
    "skipped": (
        facts(hourly(), the_run(RunStatus.SKIPPED, reason=reasons.DATE_EXCLUDED)),
        f"The run of 07:00 UTC was skipped: {reasons.DATE_EXCLUDED}.",
        "Nothing to do. The next run is due at 09:00 UTC.",
    ),
    # The end of the schedule
    "failed, because EventBridge refused it": (
        facts(hourly(status=Status.FAILED, next_run_at=None, reason="EventBridge refuses this."), existing=None),
        "The schedule failed and has ended: EventBridge refuses this.",
        "Remove the cause, then create the schedule again.",
    ),
    "completed": (
        facts(
            hourly(status=Status.COMPLETED, next_run_at=None, last_run=LastRun(LAST, "succeeded")),
            succeeded(),
            existing=None,
        ),
        "The schedule is completed: its last run, of 07:00 UTC, has the status succeeded.",
        NOTHING,
    ),
    "completed while it was paused": (
        facts(
            hourly(status=Status.COMPLETED, next_run_at=None, reason=reasons.PASSED_IN_THE_PAUSE),
            existing=None,
        ),
        f"The schedule is completed: {reasons.PASSED_IN_THE_PAUSE}.",
        NOTHING,
    ),
    # Without a record
    "not in the table": (
        facts(None),
        "Schedule s1 of user alice is in EventBridge but not in the table, so its work is not done.",
        f"Record it again: {RECONCILE}",
    ),
    "neither in the table nor in EventBridge": (
        facts(None, existing=None),
        "Schedule s1 of user alice is neither in the table nor in EventBridge.",
        "Check both ids. A record is deleted about 90 days after its schedule has ended.",
    ),
    "a dead letter without a record": (
        facts(None, existing=None, dead_letters=[a_dead_letter(), a_dead_letter(sent_at=LAST, scheduled_time=None)]),
        (
            "Schedule s1 of user alice no longer exists. "
            "Dead-letter messages: 2, the latest in the delivery dead-letter queue (Throttled: slower)."
        ),
        "Create the schedule again if its work is still needed.",
    ),
    "a dead letter from before the record came back": (
        facts(hourly(), dead_letters=[a_dead_letter(queue="work", reason="no record", undone=True)]),
        "One delivery was not done; its message is in the work dead-letter queue (no record).",
        "Do the work now: POST /v1/schedules/s1/run?user_id=alice",
    ),
}


@pytest.mark.parametrize(("given", "cause", "advice"), CASES.values(), ids=CASES.keys())
def test_the_diagnosis_is(given: Facts, cause: str, advice: str) -> None:
    assert diagnosis(given) == (cause, advice)


ADVICE = " ".join(advice for *_, advice in CASES.values())


def test_every_command_that_an_advice_names_can_be_typed() -> None:
    named = set(re.findall(r"python -m deploy (\w+ --stage \w+(?: --\w+)?)", ADVICE))

    assert {parser().parse_args(command.split()).stage for command in named} == {"prod"}


def test_every_request_that_an_advice_names_has_a_route() -> None:
    named = set(re.findall(r"(POST|PATCH) (\S+)\?user_id=alice", ADVICE))
    routes = [(method, re.sub(r"\{\w+\}", "[^/]+", path)) for path, of in app.routes.items() for method in of]

    assert len(named) == 4
    for method, path in named:
        assert any(method == known and re.fullmatch(route, path) for known, route in routes)


def test_every_alarm_that_an_advice_names_exists() -> None:
    alarms = (TERRAFORM / "modules/observability/main.tf").read_text()

    for name in ("sweeper-errors", "sweeper-silent"):
        assert name in CHECK_THE_SWEEPER
        assert name in alarms


def test_a_user_is_quoted_in_a_request() -> None:
    given = replace(facts(hourly(status=Status.PAUSED)), user_id="a&b/c")

    assert diagnosis(given).advice.endswith("/resume?user_id=a%26b%2Fc")
