"""The one sentence of `explain`: a table of what can be the matter, and what is said of it.

It is NOW, Monday 2027-03-01 08:00 UTC; a schedule is alice's s1, which fires each hour from 09:00 the day before.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from app import app
from chalicelib.core.model import ids
from chalicelib.core.model.run import Attempt, Run, RunStatus
from chalicelib.core.model.schedule import LastRun, OnMissed, Schedule, Status, Timing
from deploy.__main__ import parser
from deploy.operate.explain.diagnosis import diagnosis
from deploy.operate.explain.facts import DeadLetterMessage, ExistingItem, Facts
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
OF_NEXT = "the next is due at 09:00 UTC"

CASES: dict[str, tuple[Facts, str]] = {
    "well, and never run": (facts(hourly()), "It is active and well: its first run is due at 09:00 UTC."),
    "well": (
        facts(hourly(), succeeded()),
        f"It is active and well: the run of 07:00 UTC succeeded, and {OF_NEXT}.",
    ),
    "well again after a failure": (
        facts(hourly(), succeeded(), failed(at=LAST - HOUR)),
        f"It is active and well: the run of 07:00 UTC succeeded, and {OF_NEXT}.",
    ),
    "in its own zone": (
        facts(hourly(timing=replace(HOURLY, timezone="Asia/Tokyo"), next_run_at=NOW + 8 * HOUR)),
        "It is active and well: its first run is due at 16:00 UTC (2027-03-02 01:00 Asia/Tokyo).",
    ),
    # What stops it
    "cancelled": (
        facts(hourly(status=Status.CANCELLED, updated_at=NOW - 2 * DAY), existing=None),
        "It was cancelled at 2027-02-27 08:00 UTC, and nothing is done any more.",
    ),
    "cancelled, and not yet gone from EventBridge": (
        facts(changed(hourly(), status=Status.CANCELLED, updated_at=NOW - SECOND)),
        (
            "It was cancelled at 07:59:59 UTC, and nothing is done any more; EventBridge still has it, until the "
            "sweeper removes it."
        ),
    ),
    "cancelled, and back in EventBridge": (
        facts(hourly(status=Status.CANCELLED, updated_at=LAST)),
        (
            "It was cancelled at 07:00 UTC, and nothing is done any more; EventBridge still has it, until "
            f"{RECONCILE} removes it."
        ),
    ),
    "paused by a person": (
        facts(hourly(status=Status.PAUSED, updated_at=LAST, reason="the customer asked")),
        (
            "It was paused at 07:00 UTC (the customer asked): no occurrence is done until somebody resumes it: "
            "POST /v1/schedules/s1/resume?user_id=alice."
        ),
    ),
    "paused until": (
        facts(hourly(status=Status.PAUSED, updated_at=LAST, paused_until=NOW + 2 * DAY)),
        "It was paused at 07:00 UTC: no occurrence is done until 2027-03-03 08:00 UTC, when it goes on by itself.",
    ),
    "paused, and nobody ends the pause": (
        facts(hourly(status=Status.PAUSED, updated_at=LAST, paused_until=NOW - 6 * MINUTE)),
        "It was paused at 07:00 UTC until 07:54 UTC, and has not gone on: look whether the sweeper runs.",
    ),
    "paused after failures": (
        facts(
            hourly(status=Status.PAUSED, updated_at=LAST, reason="10 runs in a row failed, the last one so: no."),
            failed(),
        ),
        (
            "It was paused at 07:00 UTC (10 runs in a row failed, the last one so: no): no occurrence is done until "
            "somebody resumes it: POST /v1/schedules/s1/resume?user_id=alice."
        ),
    ),
    "held": (
        facts(hourly(), the_run(RunStatus.HELD), hold="SES is down"),
        f"The operator holds all runs (SES is down): the run of 07:00 UTC waits for {RELEASE}.",
    ),
    "held, and more than one": (
        facts(hourly(), the_run(RunStatus.HELD), the_run(RunStatus.HELD, at=LAST - HOUR), hold="SES is down"),
        f"The operator holds all runs (SES is down): 2 runs, the first of 06:00 UTC, wait for {RELEASE}.",
    ),
    "to be held": (
        facts(hourly(), succeeded(), hold="SES is down"),
        f"The operator holds all runs (SES is down): the run of 09:00 UTC will wait for {RELEASE}.",
    ),
    "a hold is no reason for what never arrived": (
        facts(hourly(next_run_at=NOW - 5 * MINUTE), hold="SES is down"),
        (
            "The run of 07:55 UTC is 5 minutes late: nothing has delivered it; unless it comes, it is recorded as "
            "missed by 09:55 UTC."
        ),
    ),
    "a hold is nothing to what is over": (
        facts(hourly(status=Status.CANCELLED, updated_at=LAST), existing=None, hold="SES is down"),
        "It was cancelled at 07:00 UTC, and nothing is done any more.",
    ),
    "held, and let go meanwhile": (
        facts(hourly(), the_run(RunStatus.HELD, reason="SES is down")),
        (
            "The run of 07:00 UTC was held (SES is down) and nothing is held any more: a release that is under way "
            f"starts it, or else {RELEASE}."
        ),
    ),
    # What is missing
    "due": (
        facts(hourly(next_run_at=NOW - MINUTE)),
        "The run of 07:59 UTC is due: EventBridge may be a minute late, and it is late from 08:04 UTC on.",
    ),
    "due within a window": (
        facts(hourly(next_run_at=NOW - 10 * MINUTE, flexible_window_minutes=15)),
        "The run of 07:50 UTC is due: EventBridge delivers it within 15 minutes, and it is late from 08:10 UTC on.",
    ),
    "late": (
        facts(hourly(next_run_at=NOW - 5 * MINUTE), succeeded()),
        (
            "The run of 07:55 UTC is 5 minutes late: nothing has delivered it; unless it comes, it is recorded as "
            "missed by 09:55 UTC."
        ),
    ),
    "late, where Lambda does not keep it for long": (
        facts(hourly(next_run_at=NOW - 5 * MINUTE), succeeded(), event_age=10 * MINUTE),
        (
            "The run of 07:55 UTC is 5 minutes late: nothing has delivered it; unless it comes, it is recorded as "
            "missed by 09:05 UTC."
        ),
    ),
    "late, and to be made up for": (
        facts(hourly(next_run_at=LAST, on_missed=OnMissed.RUN_NOW)),
        (
            "The run of 07:00 UTC is 60 minutes late: nothing has delivered it; unless it comes, it is made up for or "
            "recorded as missed by 09:00 UTC."
        ),
    ),
    "late, because EventBridge gave up": (
        facts(hourly(next_run_at=LAST), dead_letters=[a_dead_letter()]),
        (
            "The run of 07:00 UTC is 60 minutes late: its payload lies in the delivery dead-letter queue (Throttled: "
            "slower); unless it comes, it is recorded as missed by 09:00 UTC."
        ),
    ),
    "late, and EventBridge has no such schedule": (
        facts(hourly(next_run_at=LAST), existing=None),
        (
            "The run of 07:00 UTC is 60 minutes late: EventBridge has no such schedule; unless it comes, it is "
            "recorded as missed by 09:00 UTC."
        ),
    ),
    "a one-time run that is late": (
        facts(in_an_hour(), now=NOW + HOUR + 6 * MINUTE, existing=None),
        (
            "The run of 09:00 UTC is 6 minutes late: it has left EventBridge, fired or removed, and nothing has "
            "arrived; unless it comes, it is recorded as missed by 11:00 UTC."
        ),
    ),
    "late, and the sweeper stands still": (
        facts(hourly(next_run_at=NOW - 5 * HOUR)),
        (
            "The run of 03:00 UTC is 5 hours late: nothing has delivered it; the sweeper should have seen to it by "
            "05:00 UTC: look whether it runs."
        ),
    ),
    "not confirmed, under its lease": (
        facts(a_schedule(), existing=None),
        (
            "Its creation of 08:00 UTC has not reached EventBridge yet: if it is not there by 08:01 UTC, the sweeper "
            "brings it."
        ),
    ),
    "not confirmed for long": (
        facts(changed(hourly(updated_at=LAST), intent_until=LAST + MINUTE), existing=DISABLED),
        (
            "Its change of 07:00 UTC has not reached EventBridge: the sweeper tries again, and its log says why "
            "the change was postponed."
        ),
    ),
    "not confirmed, but there": (
        facts(changed(hourly(updated_at=LAST), intent_until=LAST + MINUTE)),
        f"EventBridge has it as its change of 07:00 UTC says; the sweeper still has to confirm that; {OF_NEXT}.",
    ),
    "in the record, not in EventBridge": (
        facts(hourly(), succeeded(), existing=None),
        f"EventBridge has no such schedule, and nothing will fire it: {RECONCILE} makes it again.",
    ),
    "otherwise in EventBridge": (
        facts(hourly(), existing=DISABLED),
        (
            "EventBridge has it otherwise than the record says (State is DISABLED, the record says ENABLED): "
            f"{RECONCILE} puts that right."
        ),
    ),
    "otherwise in a part that reconcile does not see": (
        facts(hourly(), existing=OUTDATED),
        (
            "EventBridge has it otherwise than the record says (the payload is of revision 1, the record of 2): any "
            "change puts that right, PATCH /v1/schedules/s1?user_id=alice."
        ),
    ),
    # How a run is getting on
    "running": (
        facts(hourly(), a_run(hourly(), scheduled_time=NOW - SECOND)),
        "The run of 07:59:59 UTC is under way since 07:59:59 UTC.",
    ),
    "running, and its process died": (
        facts(hourly(), a_run(hourly(), scheduled_time=LAST)),
        (
            "The run of 07:00 UTC began at 07:00 UTC and never ended: its process died, and Lambda, or else the "
            "sweeper, does it again."
        ),
    ),
    "queued": (
        facts(hourly(), the_run(RunStatus.QUEUED, lease_until=NOW + MINUTE, token="t")),
        "The run asked for at 07:00 UTC is queued: if it has not begun by 08:01 UTC, the sweeper starts it.",
    ),
    "queued again, and nobody starts it": (
        facts(hourly(), failed().redrive(LAST, "claim-2", expires_at=NOW + DAY)),
        (
            "The run of 07:00 UTC is queued to be done again and should have begun at 07:00 UTC: look whether the "
            "sweeper runs."
        ),
    ),
    "retrying": (
        facts(hourly(), retrying(NOW + 14 * MINUTE)),
        "The run of 07:00 UTC failed 3 times: SES throttled; next attempt at 08:14 UTC.",
    ),
    "retrying, though a later one succeeded": (
        facts(hourly(), succeeded(at=NOW), retrying(NOW + 14 * MINUTE)),
        "The run of 07:00 UTC failed 3 times: SES throttled; next attempt at 08:14 UTC.",
    ),
    "retrying, and nobody does": (
        facts(hourly(), retrying(NOW - 14 * MINUTE)),
        (
            "The run of 07:00 UTC failed 3 times: SES throttled; its next attempt was due at 07:46 UTC and has not "
            "begun: look whether the sweeper runs."
        ),
    ),
    "retries used up": (
        facts(hourly(), failed()),
        f"The run of 07:00 UTC failed 3 times: SES throttled; to have it done again: POST {RUN}/redrive?user_id=alice.",
    ),
    "failed for good at once": (
        facts(hourly(), the_run(RunStatus.FAILED, "no such address", reason="no such address")),
        f"The run of 07:00 UTC failed once: no such address; to have it done again: POST {RUN}/redrive?user_id=alice.",
    ),
    "failed, once-only": (
        facts(hourly(status=Status.FAILED, next_run_at=None, reason="SES throttled"), failed(), existing=None),
        f"The run of 07:00 UTC failed 3 times: SES throttled; to have it done again: POST {RUN}/redrive?user_id=alice.",
    ),
    "stopped, because it may have been done": (
        facts(hourly(), failed(reason="nobody knows: on_unknown is stop", acting_since=LAST)),
        (
            "The run of 07:00 UTC failed 3 times: nobody knows: on_unknown is stop; it may have been done all the "
            f"same, so ask its provider before POST {RUN}/redrive?user_id=alice."
        ),
    ),
    "possibly done twice": (
        facts(hourly(), succeeded(possibly_repeated=True)),
        (
            "The run of 07:00 UTC succeeded and may have been done twice, because an attempt before ended without a "
            f"word; {OF_NEXT}."
        ),
    ),
    "missed": (
        facts(hourly(), the_run(RunStatus.MISSED, reason="nothing delivered it in time")),
        (
            "The run of 07:00 UTC was missed: nothing delivered it in time; to have it done: "
            f"POST {RUN}/redrive?user_id=alice."
        ),
    ),
    "missed, because EventBridge gave up": (
        facts(
            hourly(), the_run(RunStatus.MISSED, reason="nothing delivered it in time"), dead_letters=[a_dead_letter()]
        ),
        (
            "The run of 07:00 UTC was missed: nothing delivered it in time; its payload lies in the delivery "
            f"dead-letter queue (Throttled: slower); to have it done: POST {RUN}/redrive?user_id=alice."
        ),
    ),
    "skipped": (
        facts(hourly(), the_run(RunStatus.SKIPPED, reason="the date is excluded")),
        f"The run of 07:00 UTC was skipped: the date is excluded; {OF_NEXT}.",
    ),
    # How it ended
    "failed, for EventBridge refused it": (
        facts(hourly(status=Status.FAILED, next_run_at=None, reason="EventBridge refuses this."), existing=None),
        "It failed, and nothing is done any more: EventBridge refuses this.",
    ),
    "completed": (
        facts(
            hourly(status=Status.COMPLETED, next_run_at=None, last_run=LastRun(LAST, "succeeded")),
            succeeded(),
            existing=None,
        ),
        "It is completed: its last run, of 07:00 UTC, succeeded.",
    ),
    "completed while it was paused": (
        facts(
            hourly(status=Status.COMPLETED, next_run_at=None, reason="its last occurrence passed while it was paused"),
            existing=None,
        ),
        "It is completed: its last occurrence passed while it was paused.",
    ),
    # Without a record
    "not in the table": (
        facts(None),
        (
            "Schedule s1 of alice stands in EventBridge and has no record, so what it fires goes to the work "
            f"dead-letter queue undone: {RECONCILE} records it again."
        ),
    ),
    "nowhere": (
        facts(None, existing=None),
        (
            "There is no schedule s1 of alice, neither in the table nor in EventBridge: see that both ids are right; a "
            "record goes about 90 days after its schedule has ended."
        ),
    ),
    "a dead letter without a record": (
        facts(None, existing=None, dead_letters=[a_dead_letter(), a_dead_letter(sent_at=LAST, scheduled_time=None)]),
        (
            "There is no schedule s1 of alice any more, but 2 dead letters are about it, the latest one of 07:00 UTC "
            "in the delivery queue (Throttled: slower)."
        ),
    ),
    "a dead letter from before the record came back": (
        facts(hourly(), dead_letters=[a_dead_letter(queue="work", reason="no record", undone=True)]),
        (
            "A delivery was not done and has no run, of 07:00 UTC in the work queue (no record); to make up for it: "
            f"POST /v1/schedules/s1/run?user_id=alice; {OF_NEXT}."
        ),
    ),
}


@pytest.mark.parametrize(("given", "sentence"), CASES.values(), ids=CASES.keys())
def test_the_diagnosis_is(given: Facts, sentence: str) -> None:
    assert diagnosis(given) == sentence


def test_every_command_that_a_diagnosis_names_can_be_typed() -> None:
    said = " ".join(sentence for _, sentence in CASES.values())
    named = set(re.findall(r"python -m deploy (\w+ --stage \w+(?: --\w+)?)", said))

    assert {parser().parse_args(command.split()).stage for command in named} == {"prod"}


def test_every_request_that_a_diagnosis_names_has_a_route() -> None:
    said = " ".join(sentence for _, sentence in CASES.values())
    named = set(re.findall(r"(POST|PATCH) (\S+)\?user_id=alice", said))
    routes = [(method, re.sub(r"\{\w+\}", "[^/]+", path)) for path, of in app.routes.items() for method in of]

    assert len(named) == 4
    for method, path in named:
        assert any(method == known and re.fullmatch(route, path) for known, route in routes)


def test_a_user_is_quoted_in_a_request() -> None:
    given = replace(facts(hourly(status=Status.PAUSED)), user_id="a&b/c")

    assert diagnosis(given).endswith("/resume?user_id=a%26b%2Fc.")
