"""Handles one delivery: guard and claim, act, record (design, section 6).

If `handle` returns, Lambda considers the event done. It raises if the event must be retried, first by Lambda's own
retries; then Lambda sends it to the on-failure queue.
"""

from __future__ import annotations

import logging
import traceback
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from chalicelib.core.errors import InvalidPayload, RunLeased, StoreRefused, StoreUnavailable
from chalicelib.core.frozen import Frozen, replace
from chalicelib.core.model import backoff, ids, payload, reasons
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import RECORD_OUTLIVES_RUNS, OnUnknown, Status
from chalicelib.core.model.transitions import left_open, with_outcome, with_reservation
from chalicelib.core.timing.instants import iso, whole_ms

from . import guard, occurrences
from .action_api import ActionFailed, RunContext
from .actions import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from chalicelib.core.model.payload import Delivery
    from chalicelib.core.model.ports import ScheduleRepository
    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Action, Schedule
    from chalicelib.core.model.span import Span

    from .dead_letters import DeadLetters
    from .guard import Invocation
    from .settings import Settings
    from .webhook_signer import Signer

log = logging.getLogger(__name__)

TRIES = 10
"""Attempts at a conditional write whose item changes in between.

More than two need several concurrent writers. The limit is still high, because giving up after the work is done would
repeat the work.
"""

LEASE_MARGIN = timedelta(seconds=5)


class Claimed(Frozen):
    """A run that this invocation has claimed, and the schedule's record at the claim."""

    run: Run
    schedule: Schedule


class Runner:
    """Handles deliveries. `clock` returns aware UTC, `new_id` a new claim id, `aws` a boto3 client by service name.

    `signer` signs webhooks. `pace` waits until an action of the given type may begin.
    """

    def __init__(
        self,
        repository: ScheduleRepository,
        dead_letters: DeadLetters,
        settings: Settings,
        *,
        aws: Callable[[str], Any],
        signer: Signer,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        pace: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._repository = repository
        self._dead_letters = dead_letters
        self._settings = settings
        self._aws = aws
        self._signer = signer
        self._clock = clock
        self._new_id = new_id
        self._pace = pace

    def handle(self, event: Any, remaining: timedelta) -> None:
        """Handles one event. `remaining` is the time left to this invocation.

        Raises RunLeased if another invocation holds the run, StoreUnavailable if DynamoDB cannot be used, and
        DeadLetterUnsent if SQS does not accept the dead-letter message.
        """
        ends_at = self._clock() + remaining
        try:
            delivery = payload.read(event)
        except InvalidPayload as exc:
            # The error quotes the event, which may hold user data: dead-letter message only, not the log.
            self._give_up(str(exc), event, log_text="the event is not a payload that this version can read")
            return
        try:
            claimed = self._claim(delivery, self._invocation(ends_at))
        except StoreRefused as exc:
            # An id is too long for a key, so that Lambda's retries would fail as well.
            self._give_up(str(exc), event)
            return
        if claimed is not None:
            # After the claim, so that duplicates use up none of the rate.
            self._pace(claimed.run.action_type)
            self._record(self._act(delivery, claimed), claimed, delivery)

    def _invocation(self, ends_at: datetime) -> Invocation:
        return guard.Invocation(
            started_at=self._clock(),
            lease_until=ends_at + LEASE_MARGIN,
            claim_id=self._new_id(),
            keep_runs=self._settings.keep_runs,
            hold=self._settings.hold,
        )

    # Guard and claim

    def _claim(self, delivery: Delivery, invocation: Invocation) -> Claimed | None:
        """Returns the claimed run; None if there is no work to do.

        A refused write returns the existing items, and the next attempt decides from these.
        """
        read = self._read(delivery) if guard.decides_by_the_record(delivery) else None
        schedule = read or guard.believed(delivery)
        existing = guard.believed_run(delivery, schedule, invocation)
        for _ in range(TRIES):
            schedule = self._mark_unconfirmed_if_stale(delivery, schedule)
            running = self._running(delivery, schedule, invocation)
            counted = guard.with_running(schedule, existing, running)
            verdict = guard.judge(delivery, counted, existing, invocation, self._spans(delivery, schedule))
            if isinstance(verdict, guard.Leased):
                raise RunLeased
            if isinstance(verdict, guard.Done):
                log.info("duplicate delivery", extra=_facts(verdict.run))
                self._send_dead_letter(verdict.run, delivery)
                return None
            if isinstance(verdict, guard.Record):
                if self._put(verdict.run, schedule, existing, delivery):
                    return None
                existing = self._repository.get_run(schedule.user_id, schedule.schedule_id, verdict.run.run_id)
                continue
            run = _begun(verdict.run, invocation)
            stood_for = self._stood_for(run, delivery, schedule) if existing is None else None
            refusal = self._repository.claim(
                run,
                expecting=schedule,
                replacing=existing,
                beside=stood_for,
                reserving=_reserving(run, schedule, existing),
            )
            if refusal is None:
                if existing is None:
                    _log_if_unforeseen(run)
                return Claimed(run, schedule)
            if refusal.schedule_changed and refusal.schedule is None:
                self._give_up("the schedule has no record in this table", delivery.event)
                return None
            schedule, existing = refusal.schedule or schedule, refusal.run or existing
        raise StoreUnavailable("the record changed at every attempt to claim the run")

    def _stood_for(self, run: Run, delivery: Delivery, schedule: Schedule) -> Run | None:
        """Returns a skipped run for the occurrence that an unforeseen run stands for: the nearest one without a run."""
        if not run.unforeseen:
            return None
        is_open = schedule.pending_since is not None
        spans = self._repository.list_spans(schedule.user_id, schedule.schedule_id) if is_open else ()
        for at in occurrences.stands_for(run, delivery, schedule, spans):
            run_id = ids.run_id(run.user_id, run.schedule_id, at)
            if self._repository.get_run(run.user_id, run.schedule_id, run_id) is None:
                return occurrences.stood_for(run, at)
        return None

    def _spans(self, delivery: Delivery, schedule: Schedule) -> Sequence[Span]:
        """Returns the schedule's open spans; none if the guard does not need them."""
        if not guard.depends_on_spans(delivery, schedule):
            return ()
        return self._repository.list_spans(schedule.user_id, schedule.schedule_id)

    def _running(self, delivery: Delivery, schedule: Schedule, invocation: Invocation) -> Sequence[Run]:
        """Returns the runs in progress; none if the record counts them."""
        if not guard.depends_on_running(delivery, schedule, invocation):
            return ()
        since = schedule.runs_since(invocation.started_at)
        return self._repository.list_running(schedule.user_id, schedule.schedule_id, since=since)

    def _read(self, delivery: Delivery) -> Schedule | None:
        return self._repository.get(delivery.schedule.user_id, delivery.schedule.schedule_id)

    def _put(self, run: Run, schedule: Schedule, existing: Run | None, delivery: Delivery) -> bool:
        """Records a run without work. Returns False if another invocation has changed the run."""
        if self._read(delivery) is None:
            self._give_up("the schedule has no record in this table", delivery.event)
            return True
        stood_for = self._stood_for(run, delivery, schedule) if existing is None else None
        recorded = self._finish(run, schedule, replacing=existing, beside=stood_for)
        if recorded is not None:
            if existing is None:
                _log_if_unforeseen(recorded)
            self._log_and_report(recorded, delivery)
        return recorded is not None

    def _mark_unconfirmed_if_stale(self, delivery: Delivery, schedule: Schedule) -> Schedule:
        """Marks the schedule unconfirmed if its payload is outdated: an old write may have reached EventBridge last."""
        is_stale = delivery.schedule.revision < schedule.revision or schedule.status is not Status.ACTIVE
        if delivery.started is not None or not is_stale or not schedule.confirmed:
            return schedule
        now = whole_ms(self._clock())
        self._repository.mark_unconfirmed(schedule, now=now)
        return replace(schedule, confirmed=False, intent_until=now)

    # Act

    def _act(self, delivery: Delivery, claimed: Claimed) -> Run:
        try:
            action = self._current_action(delivery, claimed.schedule)
            registry.find(action.type).work(self._context(claimed), action.data)
        except ActionFailed as exc:
            return self._failed(claimed, exc)
        except Exception as exc:  # noqa: BLE001 - the border to the application's code: its bug is this run's failure
            # The work may have been done. The exception's text may quote the payload: it is stored in the run only.
            where = "".join(traceback.format_tb(exc.__traceback__))
            log.error("the action raised %s\n%s", type(exc).__name__, where, extra={"run_id": claimed.run.run_id})  # noqa: TRY400
            return self._failed(claimed, ActionFailed(f"{type(exc).__name__}: {exc}", unknown=True))
        return replace(claimed.run.ended(RunStatus.SUCCEEDED, self._clock()), acting_since=None)

    def _failed(self, claimed: Claimed, failure: ActionFailed) -> Run:
        """Returns the run as retrying if another attempt may succeed and is allowed, else as failed."""
        if failure.fault:
            log.error("the run failed because of a fault in the deployment", extra=_facts(claimed.run))
        schedule, now = claimed.schedule, self._clock()
        run = claimed.run if failure.unknown else replace(claimed.run, acting_since=None)
        at = backoff.next_attempt_at(run, schedule.retry, now, retry_after=failure.retry_after)
        if run.acting_since is not None and schedule.on_unknown is OnUnknown.STOP:
            error = reasons.failed_and_may_be_done(str(failure))
        elif at is not None and not failure.permanent:
            return run.to_be_retried(now, error=str(failure), next_attempt_at=at)
        else:
            error = str(failure)
        return run.ended(RunStatus.FAILED, now, error=error)

    def _current_action(self, delivery: Delivery, schedule: Schedule) -> Action:
        """Returns the payload's action, or the current one if the schedule's action has changed since."""
        if delivery.schedule.action_revision == schedule.action_revision:
            return delivery.action
        return self._repository.get_action(schedule) or delivery.action

    def _context(self, claimed: Claimed) -> RunContext:
        run, schedule = claimed.run, claimed.schedule
        return RunContext(
            run_id=run.run_id,
            user_id=run.user_id,
            schedule_id=run.schedule_id,
            resource_id=schedule.resource_id,
            name=schedule.name,
            metadata=schedule.metadata,
            scheduled_time=run.scheduled_time,
            timezone=schedule.timing.timezone,
            settings=self._settings,
            repository=self._repository,
            aws=self._aws,
            clock=self._clock,
            sign=partial(self._signer.headers, run.user_id, run.run_id),
        )

    # Record

    def _record(self, run: Run, claimed: Claimed, delivery: Delivery) -> None:
        recorded = self._finish(run, claimed.schedule, replacing=claimed.run)
        if recorded is None:
            log.warning("another invocation took the run over", extra=_facts(run))
            return
        self._log_and_report(recorded, delivery)

    def _log_and_report(self, run: Run, delivery: Delivery) -> None:
        log.info("run recorded", extra=_facts(run))
        self._send_dead_letter(run, delivery)

    def _send_dead_letter(self, run: Run, delivery: Delivery) -> None:
        """Sends the message of a failed run, unless it was sent before.

        If SQS refuses it, the invocation fails: Lambda's retry finds the run done and its message pending.
        """
        if not run.dead_letter_pending:
            return
        self._dead_letters.send(run.reason or "failed", delivery.event, run_id=run.run_id)
        sent = replace(run, dead_letter_pending=False)
        # Two messages are better than a failed invocation, which would send a second one at once.
        with suppress(StoreUnavailable):
            self._repository.finish(sent, replacing=run, expecting=None, updated=None)

    def _finish(self, run: Run, schedule: Schedule, *, replacing: Run | None, beside: Run | None = None) -> Run | None:
        """Writes the run, and its effect on the schedule's current record.

        Returns the run as written; None if another invocation has changed it.
        """
        run = _with_dead_letter(run)
        for _ in range(TRIES):
            if not run.belongs_to(schedule):
                # The run's schedule is gone, and another one has its id.
                break
            now, keep_record = whole_ms(self._clock()), self._settings.keep_runs + RECORD_OUTLIVES_RUNS
            updated = with_outcome(schedule, run, now=now, keep_record=keep_record, replacing=replacing)
            refusal = self._repository.finish(
                run,
                replacing=replacing,
                expecting=schedule,
                updated=updated,
                span=left_open(schedule, run, now=now),
                beside=beside,
            )
            if refusal is None:
                return run
            if refusal.run is not None:
                return None
            if beside is not None and not refusal.schedule_changed:
                # The occurrence that the run stands for has its own run by now.
                beside = None
                continue
            if refusal.schedule is None:
                break
            schedule = refusal.schedule
        else:
            raise StoreUnavailable("the record changed at every attempt to record the run")
        alone = _with_dead_letter(_without_schedule(run))
        is_ours = self._repository.finish(alone, replacing=replacing, expecting=schedule, updated=None) is None
        return alone if is_ours else None

    def _give_up(self, reason: str, event: Any, *, log_text: str | None = None) -> None:
        """Sends the event to the dead-letter queue. Deletes nothing: the table may have been restored or misnamed.

        `log_text` replaces the reason in the log; None logs the reason.
        """
        log.error("no run: %s", log_text or reason)
        self._dead_letters.send(reason, event)


def _reserving(run: Run, schedule: Schedule, existing: Run | None) -> Schedule | None:
    """Returns the schedule after the claim; None if the claim does not change it."""
    reserving = with_reservation(schedule, run, existing)
    return None if reserving == schedule else reserving


def _begun(run: Run, invocation: Invocation) -> Run:
    """Notes in the claim since when the work may have been done, if the provider accepts no idempotency key."""
    action = registry.registered().get(run.action_type)
    takes_a_key = action is None or action.idempotent
    return run if takes_a_key else replace(run, acting_since=invocation.started_at)


def _without_schedule(run: Run) -> Run:
    """Fails a retrying or held run whose schedule is gone."""
    if not run.is_in_progress:
        return run
    return replace(run, status=RunStatus.FAILED, reason=reasons.without_schedule(run.reason), next_attempt_at=None)


def _with_dead_letter(run: Run) -> Run:
    """Marks the message as pending in the same write as the failure, so that a crash before sending cannot lose it."""
    return replace(run, dead_letter_pending=run.status is RunStatus.FAILED)


def _log_if_unforeseen(run: Run) -> None:
    """Logs the line that the metric of unforeseen runs counts: once for each run, after its first write."""
    if run.unforeseen:
        log.warning("unforeseen: the schedule's timing has no occurrence at this time", extra=_facts(run))


def _facts(run: Run) -> dict[str, Any]:
    """Returns a run's fields that may be logged: no addresses, no texts, no user ids."""
    return {
        "schedule_id": run.schedule_id,
        "run_id": run.run_id,
        "scheduled_time": iso(run.scheduled_time),
        "action": run.action_type,
        "status": run.status.value,
        # This service writes the reason of a skip; a failure's may quote the payload.
        "reason": run.reason if run.status is RunStatus.SKIPPED else None,
        "attempts": len(run.attempts),
        "unforeseen": run.unforeseen,
        "lateness_ms": None if run.lateness is None else run.lateness // timedelta(milliseconds=1),
    }
