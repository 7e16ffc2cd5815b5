"""One delivery: guard and claim, act, record (design, section 6).

Returning is a promise to Lambda that nothing is left to do; whatever cannot be promised is raised, so that Lambda's own
retries and then its on-failure queue take over.
"""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.core import payload
from chalicelib.core.accounting import account_for
from chalicelib.core.errors import InvalidPayload, RunLeased, StoreUnavailable
from chalicelib.core.instants import iso, whole_ms
from chalicelib.core.run import RunStatus
from chalicelib.core.schedule import Status

from . import guard
from .actions import registry
from .actions.registry import ActionFailed, RunContext

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from chalicelib.core.payload import Delivery
    from chalicelib.core.ports import ScheduleRepository
    from chalicelib.core.run import Run
    from chalicelib.core.schedule import Action, Schedule

    from .dead_letters import DeadLetters
    from .guard import Invocation
    from .settings import Settings

log = logging.getLogger(__name__)

TRIES = 5
"""How often a write is decided anew because the record changed under it. More than twice needs a race of races."""

LEASE_MARGIN = timedelta(seconds=5)
KEEP_RECORD_MARGIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A run that is ours to do, and the schedule's record as it was when we won it."""

    run: Run
    schedule: Schedule


class Runner:
    """Does deliveries. `clock` gives aware UTC, `new_id` a fresh claim id, `aws` a boto3 client by service name."""

    def __init__(
        self,
        repository: ScheduleRepository,
        dead_letters: DeadLetters,
        settings: Settings,
        *,
        aws: Callable[[str], Any],
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._repository = repository
        self._dead_letters = dead_letters
        self._settings = settings
        self._aws = aws
        self._clock = clock
        self._new_id = new_id

    def handle(self, event: Any, remaining: timedelta) -> None:
        """Does one event. `remaining` is the time left to this invocation. Raises RunLeased, StoreUnavailable."""
        invocation = self._invocation(remaining)
        try:
            delivery = payload.read(event)
        except InvalidPayload as exc:
            # What it says quotes the event: it goes into the dead letter, and not into the log.
            self._give_up(str(exc), event, told="the event is no payload of this version's")
            return
        claimed = self._claim(delivery, invocation)
        if claimed is not None:
            self._record(self._act(delivery, claimed), claimed, delivery)

    def _invocation(self, remaining: timedelta) -> Invocation:
        now = self._clock()
        return guard.Invocation(now, now + remaining + LEASE_MARGIN, self._new_id(), self._settings.keep_runs)

    # Guard and claim

    def _claim(self, delivery: Delivery, invocation: Invocation) -> Claimed | None:
        """The run, if it is ours to do. Each refused write tells what stands there, and is decided anew from that."""
        schedule = self._expected(delivery)
        standing = guard.believed_run(delivery, schedule, invocation)
        for _ in range(TRIES):
            schedule = self._doubted(delivery, schedule)
            verdict = guard.judge(delivery, schedule, standing, invocation)
            if isinstance(verdict, guard.Leased):
                raise RunLeased
            if isinstance(verdict, guard.Done):
                log.info("duplicate delivery", extra=_facts(verdict.run))
                return None
            refusal = self._repository.claim(verdict.run, expecting=schedule, replacing=standing)
            if refusal is None:
                return self._won(verdict, schedule)
            if refusal.schedule_changed and refusal.schedule is None:
                self._give_up("the schedule has no record in this table", delivery.event)
                return None
            schedule, standing = refusal.schedule or schedule, refusal.run or standing
        raise StoreUnavailable("the record changed with every try to claim the run")

    def _expected(self, delivery: Delivery) -> Schedule:
        """The record as it should stand. How often it ran is in the record only, and decides where runs are counted."""
        sent = delivery.schedule
        counted = self._repository.get(sent.user_id, sent.schedule_id) if sent.max_runs is not None else None
        return counted or guard.believed(delivery)

    def _doubted(self, delivery: Delivery, schedule: Schedule) -> Schedule:
        """EventBridge fired what is no longer so: perhaps an old version landed there after a newer one."""
        is_stale = delivery.schedule.revision < schedule.revision or schedule.status is not Status.ACTIVE
        if delivery.started is not None or not is_stale or not schedule.confirmed:
            return schedule
        now = whole_ms(self._clock())
        self._repository.doubt(schedule, now=now)
        return replace(schedule, confirmed=False, intent_until=now)

    def _won(self, verdict: guard.Do | guard.Skip, schedule: Schedule) -> Claimed | None:
        if isinstance(verdict, guard.Do):
            return Claimed(verdict.run, schedule)
        log.info("run skipped", extra=_facts(verdict.run))
        return None

    # Act

    def _act(self, delivery: Delivery, claimed: Claimed) -> Run:
        try:
            action = self._current_action(delivery, claimed.schedule)
            registry.find(action.type).work(self._context(claimed), action.data)
        except ActionFailed as exc:
            return claimed.run.ended(RunStatus.FAILED, self._clock(), error=str(exc))
        except Exception as exc:  # noqa: BLE001 - the border to the application's code: its bug is this run's failure
            # Where it happened may be told; what the exception says may quote the payload, and stands in the run.
            where = "".join(traceback.format_tb(exc.__traceback__))
            log.error("the action raised %s\n%s", type(exc).__name__, where, extra={"run_id": claimed.run.run_id})  # noqa: TRY400
            return claimed.run.ended(RunStatus.FAILED, self._clock(), error=f"{type(exc).__name__}: {exc}")
        return claimed.run.ended(RunStatus.SUCCEEDED, self._clock())

    def _current_action(self, delivery: Delivery, schedule: Schedule) -> Action:
        """The payload's, unless the schedule was changed since it was written."""
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
            settings=self._settings,
            aws=self._aws,
        )

    # Record

    def _record(self, run: Run, claimed: Claimed, delivery: Delivery) -> None:
        if not self._finish(run, claimed.schedule):
            log.warning("another invocation took the run over", extra=_facts(run))
            return
        log.info("run ended", extra=_facts(run))
        if run.status is RunStatus.FAILED:
            self._dead_letters.send(run.reason or "failed", delivery.event, run_id=run.run_id)

    def _finish(self, run: Run, schedule: Schedule) -> bool:
        """Writes the ending, and what it changes on the schedule as that stands now. False if the run is not ours."""
        for _ in range(TRIES):
            if run.scheduled_time < schedule.created_at:
                # The schedule it was of is gone; under its id is another.
                break
            leaving = account_for(schedule, run, keep_record=self._settings.keep_runs + KEEP_RECORD_MARGIN)
            refusal = self._repository.finish(run, replacing=run, expecting=schedule, leaving=leaving)
            if refusal is None:
                return True
            if refusal.run is not None:
                return False
            if refusal.schedule is None:
                break
            schedule = refusal.schedule
        else:
            raise StoreUnavailable("the record changed with every try to record the run")
        return self._repository.finish(run, replacing=run, expecting=schedule, leaving=None) is None

    def _give_up(self, reason: str, event: Any, *, told: str | None = None) -> None:
        """No work, and nothing deleted: a restored table or a wrong TABLE_NAME must not cost a single payload."""
        log.error("no run: %s", told or reason)
        self._dead_letters.send(reason, event)


def _facts(run: Run) -> dict[str, Any]:
    """What a log line may say of a run: no address, no text, no user."""
    return {
        "schedule_id": run.schedule_id,
        "run_id": run.run_id,
        "scheduled_time": iso(run.scheduled_time),
        "action": run.action_type,
        "status": run.status.value,
        # Of a failure it is what a provider or an action said, which may quote the payload; of a skip it is ours.
        "reason": run.reason if run.status is RunStatus.SKIPPED else None,
        "attempts": len(run.attempts),
        "lateness_ms": None if run.lateness is None else run.lateness // timedelta(milliseconds=1),
    }
