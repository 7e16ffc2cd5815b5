"""Compares the results of a month with the expected ones. Each difference is a sentence.

The expected results come from the clients' requests and the oracle's calendars. The actual ones come from the
provider's list and from Lambda's. The project's own accounting is used only to check that it agrees.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from chalicelib.core.model import reasons
from chalicelib.core.model.run import Run, RunStatus
from chalicelib.core.model.schedule import OnUnknown, Overlap, Schedule, Status
from tests.simulation.agreement import disagreements
from tests.simulation.lambda_queue import EVENT_AGE
from tests.simulation.month import Fulfilled
from tests.simulation.population import Calendar, Plan, Wish

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulation.month import Month

STOPS = ("pause", "cancel")
CARRIED_OUT = (RunStatus.SUCCEEDED, RunStatus.FAILED)
WHY_FAILED = ("SES ", "EventBridge ", "the provider ", reasons.MAY_BE_DONE, reasons.CRASHED)


@dataclass(frozen=True)
class Expected:
    """`certain` must be accounted for, and only these and `open` ones (due while a change was on its way) be done.

    `known` is all that the schedule ever meant: what is skipped must be one of these.
    """

    certain: frozenset[datetime]
    open: frozenset[datetime]
    known: frozenset[datetime]
    excluded: frozenset[datetime]


def expected(month: Month, plan: Plan) -> Expected:
    """Folds what the user got, and when the schedule paused itself, into what was to be done."""
    calendar: Calendar | None = None
    is_on = False
    excluded: set[datetime] = set()
    certain: set[datetime] = set()
    open_: set[datetime] = set()
    known: set[datetime] = set()
    steps, apart = _steps(month, plan), month.clocks_differ_by
    ends = [step.asked for step in steps[1:]] + [month.life.clock.now]
    for step, until in zip(steps, ends, strict=True):
        if calendar is not None and is_on:
            open_.update(calendar.between(step.asked - apart, step.answered + apart))
        calendar, is_on = _after(step.wish, calendar, is_on=is_on)
        if calendar is not None:
            known.update(calendar.instants)
            excluded.update(at for at in calendar.instants if _is_excluded(plan, calendar, at))
        if calendar is not None and is_on:
            open_.update(calendar.between(step.asked - apart, step.answered + apart))
            open_.update(calendar.between(until - apart, until + apart))
            certain.update(calendar.between(step.answered + apart, until - apart))
    return Expected(frozenset(certain - excluded), frozenset(open_), frozenset(known), frozenset(excluded))


def _steps(month: Month, plan: Plan) -> list[Fulfilled]:
    paused = month.life.table.paused_themselves.get(plan.schedule_id, [])
    by_itself = [Fulfilled(at, at, Wish(at, "pause", None)) for at in paused]
    return sorted([*month.fulfilled[plan.schedule_id], *by_itself], key=lambda step: step.answered)


def _after(wish: Wish, calendar: Calendar | None, *, is_on: bool) -> tuple[Calendar | None, bool]:
    match wish.verb:
        case "put":
            return wish.calendar, True
        case "change":
            return wish.calendar, is_on
        case "pause" | "cancel":
            return calendar, False
        case "resume" | "wakes":
            return calendar, True
        case _:
            return calendar, is_on


def _is_excluded(plan: Plan, calendar: Calendar, at: datetime) -> bool:
    days = plan.details.get("exclusions") or ()
    zone_name = calendar.spec.timezone or "UTC"
    return bool(days) and at.astimezone(ZoneInfo(zone_name)).date() in days


class Ledger:
    """All runs of a month, and what is wrong with them."""

    def __init__(self, month: Month) -> None:
        self.month = month
        self.records = {record.schedule_id: record for record in month.life.records()}
        self.runs: dict[str, dict[datetime, Run]] = {}
        for run in month.life.all_runs():
            self.runs.setdefault(run.schedule_id, {})[run.scheduled_time] = run
        self.expected = {plan.schedule_id: expected(month, plan) for plan in month.plans}

    @property
    def statuses(self) -> Counter[str]:
        return Counter(run.status.value for runs in self.runs.values() for run in runs.values())

    @property
    def occurrences(self) -> int:
        return sum(len(each.certain) for each in self.expected.values())

    def faults(self) -> list[str]:
        """Sentences; none if the ledger is as it should be."""
        found = [f"{plan.schedule_id}: {fault}" for plan in self.month.plans for fault in self._faults(plan)]
        known = {run.run_id for runs in self.runs.values() for run in runs.values()}
        return found + [
            f"{run_id} was done and has no run" for run_id in self.month.life.provider.done if run_id not in known
        ]

    def _faults(self, plan: Plan) -> Iterator[str]:
        record, runs, expected = (
            self.records[plan.schedule_id],
            self.runs.get(plan.schedule_id, {}),
            self.expected[plan.schedule_id],
        )
        yield from _of_the_record(plan, record, runs)
        for at in sorted(expected.certain - runs.keys()):
            if not _has_run_often_enough(plan, record):
                yield f"{at} is not accounted for"
        for at, run in runs.items():
            if not _is_expected(at, run, expected):
                yield f"{at} was {run.status} ({run.reason}) and is none of its times"
            for fault in self._run_faults(plan, run):
                yield f"{at} {run.status} ({run.reason}): {fault}"

    def _run_faults(self, plan: Plan, run: Run) -> Iterator[str]:
        done = self.month.life.provider.done.get(run.run_id, [])
        yield from _about_effects(plan, run, len(done))
        if run.status is RunStatus.FAILED and not (run.reason or "").startswith(WHY_FAILED):
            yield "has a strange reason"
        if run.status is RunStatus.SKIPPED and not self._may_skip(plan, run):
            yield "had no reason to be skipped"
        if run.status is RunStatus.MISSED and not self._may_miss(plan, run):
            yield "was delivered"

    def _may_miss(self, plan: Plan, run: Run) -> bool:
        """Nothing that was delivered while EventBridge and Lambda may still bring it is missed.

        Unless somebody stopped the schedule meanwhile, or its run began and its process died.
        """
        ended_well = self.month.life.first_ended.get((plan.schedule_id, run.scheduled_time))
        record = self.records[plan.schedule_id]
        last = run.scheduled_time + record.window + timedelta(seconds=record.delivery.max_age_seconds) + EVENT_AGE
        stops = (step for step in _steps(self.month, plan) if step.wish.verb in STOPS)
        is_stopped = any(step.answered >= run.scheduled_time for step in stops)
        is_over = is_stopped or bool(run.attempts) or _has_run_often_enough(plan, record)
        return is_over or ended_well is None or ended_well > last

    def _may_come_too_late(self, plan: Plan, run: Run, record: Schedule) -> bool:
        """What was missed, and is delivered when its schedule has done all else, is no loss that was not told."""
        is_certain = run.scheduled_time in self.expected[plan.schedule_id].certain
        return not is_certain or _has_run_often_enough(plan, record) or self._may_miss(plan, run)

    def _may_skip(self, plan: Plan, run: Run) -> bool:
        reason = run.reason or ""
        later = [step.wish.verb for step in _steps(self.month, plan) if step.answered >= run.scheduled_time]
        is_certain = run.scheduled_time in self.expected[plan.schedule_id].certain
        record = self.records[plan.schedule_id]
        return (
            (reason == reasons.schedule_was(Status.PAUSED) and (not is_certain or "pause" in later))
            or (reason == reasons.schedule_was(Status.CANCELLED) and (not is_certain or "cancel" in later))
            or (reason == reasons.schedule_was(Status.COMPLETED) and self._may_come_too_late(plan, run, record))
            or (reason == reasons.DATE_EXCLUDED and run.scheduled_time in self.expected[plan.schedule_id].excluded)
            or (reason.startswith(reasons.SUPERSEDED) and not is_certain)
            or (reason == reasons.REPLACED and not is_certain)
            or (reason.startswith(reasons.MAX_RUNS) and plan.details.get("max_runs") is not None)
            or (reason.startswith(reasons.OVERLAP) and plan.details.get("overlap") is Overlap.SKIP)
        )


def assert_all_is_as_expected(ledger: Ledger, seed: int) -> None:
    """The seed is told with what is wrong: the same seed does it again."""
    assert (seed, ledger.faults()) == (seed, [])
    assert (seed, disagreements(ledger.month.life)) == (seed, [])


def _was_begun(run: Run) -> bool:
    """What began and never ended may have been done, so it counts."""
    return run.status in CARRIED_OUT or (run.status is RunStatus.MISSED and bool(run.attempts))


def _of_the_record(plan: Plan, record: Schedule, runs: dict[datetime, Run]) -> Iterator[str]:
    carried_out = sum(run.counted or _was_begun(run) for run in runs.values())
    if record.run_count != carried_out:
        yield f"counts {record.run_count} runs, and {carried_out} were carried out"
    most = plan.details.get("max_runs")
    by_itself = sum(run.status in CARRIED_OUT and not run.redriven for run in runs.values())
    if most is not None and by_itself > most:
        yield f"was to run {most} times and did {by_itself} times"
    if plan.is_one_time and len(runs) == 1 and record.status is not _status_after(next(iter(runs.values())), record):
        yield f"is {record.status}, its run {[run.status for run in runs.values()]}"


def _status_after(run: Run, record: Schedule) -> Status:
    """Of a one-time schedule: as its run ended, unless somebody ended it before."""
    if record.status in (Status.CANCELLED, Status.PAUSED):
        return record.status
    return Status.FAILED if run.status in (RunStatus.FAILED, RunStatus.MISSED) else Status.COMPLETED


def _has_run_often_enough(plan: Plan, record: Schedule) -> bool:
    most = plan.details.get("max_runs")
    return most is not None and record.run_count >= most


def _is_expected(at: datetime, run: Run, expected: Expected) -> bool:
    return at in expected.certain or at in expected.open or (run.status is RunStatus.SKIPPED and at in expected.known)


def _about_effects(plan: Plan, run: Run, done: int) -> Iterator[str]:
    """Whether what the provider did is what the run says of it."""
    takes_a_key = plan.action.type == "event"
    if run.status is RunStatus.SUCCEEDED and not done:
        yield "was never done"
    if done and not run.attempts:
        yield f"was done {done} times without an attempt"
    if takes_a_key:
        return
    is_marked = run.possibly_repeated or run.acting_since is not None
    if done > 1 and not run.possibly_repeated:
        yield f"was done {done} times and does not say so"
    if done > 1 and plan.details["on_unknown"] is OnUnknown.STOP and not run.redriven:
        yield f"was done {done} times although on_unknown is stop"
    if done and run.status is not RunStatus.SUCCEEDED and not is_marked:
        yield "was done and does not say so"
