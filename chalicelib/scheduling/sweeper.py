"""The sweeper: processes the overdue items of the watch index each minute.

It finishes intents whose lease has expired, resumes schedules whose pause has ended, finds occurrences that were not
delivered, starts queued runs, and continues jobs. A sweeper acquires an item by moving its watch in a conditional
write, so two sweepers never process an item at the same time.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING

from ..core.errors import ChangeLost, ScheduledTasksError, SchedulerDenied, StoreUnavailable
from ..core.model import ids, reasons
from ..core.model.ports import all_items
from ..core.model.run import Run, RunStatus
from ..core.model.schedule import CLOCKS_DIFFER, LATE_AFTER, RESUME_EARLY, OnMissed, Schedule, Status
from ..core.model.span import Span, waits_from
from ..core.model.transitions import auto_resumed, left_open, with_outcome, with_recorded_outcome
from ..core.timing.instants import epoch_seconds, from_iso, whole_ms
from .intents import Intents
from .jobs import JobRunner
from .redrive import RunRedriver
from .retention import USUAL
from .run_starts import LAMBDA_TRIES_WITHIN, RunStarts, is_interrupted, not_done
from .spans import SpanWalker
from .sweep_gateway import SweepGateway
from .update import ScheduleUpdater

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..core.model.job import Job
    from ..core.model.ports import RunStarter, ScheduleRepository, SchedulerGateway, Watch
    from .retention import Durations

log = logging.getLogger(__name__)

SHARDS_AT_ONCE = 16
PAGE = 100
OCCURRENCES_AT_ONCE = 50

MOST_DENIED = 3
"""Number of denied intents after which a sweep tries no other intent of that shard.

A deleted schedule group denies thousands of intents. Other shards are still tried, because the denials may concern only
these intents.
"""

BEFORE_THE_DENIED = timedelta(seconds=210)
"""Delay until the next watch of an intent that was not tried. Denied intents are watched after five minutes, so the
next sweeps of the shard, in the order of the watches, try this intent before the denied ones.
"""

SHARDS_FURTHER = 17
"""By how many shards the first shard of a sweep advances each minute. Coprime to the number of shards, so each shard is
the first one in turn.
"""


@dataclass(frozen=True, slots=True)
class SweepReport:
    """The number of processed items by kind. `behind`: how long the first unprocessed item was overdue; zero: none."""

    counts: Counter[str]
    behind: timedelta

    def __str__(self) -> str:
        done = ", ".join(f"{number} {kind}" for kind, number in sorted(self.counts.items())) or "nothing was due"
        return f"sweep finished: {done}; {self.behind.total_seconds():.0f} s behind"


class Sweeper:
    """Processes overdue items.

    `clock` returns aware UTC datetimes. `sleep` waits, in seconds, while another change is being applied. `new_id`
    returns a new claim id.
    """

    def __init__(
        self,
        repository: ScheduleRepository,
        gateway: SchedulerGateway,
        starter: RunStarter,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
        durations: Durations = USUAL,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
        shards_at_once: int = SHARDS_AT_ONCE,
    ) -> None:
        self._repository = repository
        self._gateway = SweepGateway(gateway)
        self._starts = RunStarts(repository, starter)
        self._intents = Intents(repository, self._gateway, clock, durations)
        self._jobs = JobRunner(
            repository,
            ScheduleUpdater(repository, self._intents, clock=clock, sleep=sleep),
            RunRedriver(repository, self._starts, clock, durations),
            clock,
        )
        self._spans = SpanWalker(
            repository, self._gateway, self._starts, clock=clock, durations=durations, new_id=new_id
        )
        self._clock = clock
        self._durations = durations
        self._new_id = new_id
        self._shards_at_once = shards_at_once
        self._denied: Counter[int] = Counter()

    def sweep(self, *, stop_at: datetime) -> SweepReport:
        """Processes the overdue items of all shards, until `stop_at` at the latest. Returns and logs a report.

        Each minute it begins with a different shard, so that no shard always comes last.
        """
        now = self._clock()
        self._denied.clear()
        self._gateway.begin()
        reports = self._sweep_shards(now, stop_at)
        counts: Counter[str] = sum((report.counts for report in reports), Counter())
        report = SweepReport(counts, max((report.behind for report in reports), default=timedelta(0)))
        log.info("%s", report)
        return report

    def _sweep_shards(self, now: datetime, stop_at: datetime) -> list[SweepReport]:
        with ThreadPoolExecutor(self._shards_at_once) as pool:
            return list(pool.map(partial(self._sweep_shard, now, stop_at), shards_from(now)))

    def _sweep_shard(self, now: datetime, stop_at: datetime, shard: int) -> SweepReport:
        counts: Counter[str] = Counter()
        try:
            for watch in self._due(shard, now):
                if self._clock() >= stop_at:
                    return SweepReport(counts, now - from_iso(watch.at))
                counts[self._handle(watch, stop_at)] += 1
        except StoreUnavailable as exc:
            log.warning("shard %s not read: %s", shard, exc)
            counts["unread"] += 1
        return SweepReport(counts, timedelta(0))

    def _due(self, shard: int, now: datetime) -> Iterator[Watch]:
        return all_items(partial(self._repository.due, shard, now, limit=PAGE))

    def _handle(self, watch: Watch, stop_at: datetime) -> str:
        """Processes one item and returns one word for the report. A failed item must not stop the others."""
        try:
            return self._handle_item(self._repository.acquire_lease(watch, now=self._clock()), stop_at)
        except ScheduledTasksError as exc:
            log.warning("postponed: %s", exc, extra={"watch": watch.sk})
            return "postponed"
        except Exception:
            log.exception("the sweeper failed on an item", extra={"watch": watch.sk})
            return "failed"

    def _handle_item(self, item: Schedule | Run | Job | Span | None, stop_at: datetime) -> str:
        if isinstance(item, Schedule):
            return self._handle_schedule(item)
        if isinstance(item, Run):
            return self._start_run(item)
        if isinstance(item, Span):
            return self._spans.walk(item)
        return "nothing" if item is None else self._jobs.continue_job(item, stop_at)

    # Schedules

    def _handle_schedule(self, schedule: Schedule) -> str:
        now = self._clock()
        if schedule.status is Status.PAUSED and schedule.paused_until and schedule.paused_until - RESUME_EARLY <= now:
            return self._resume(schedule)
        if not schedule.confirmed:
            return self._finish(schedule, now)
        if schedule.fails_too_often:
            return self._pause_failing(schedule)
        if schedule.first_due is not None and schedule.first_due <= now:
            return self._account(schedule, now)
        self._repository.reschedule_watch(schedule)
        return "rescheduled"

    def _finish(self, schedule: Schedule, now: datetime) -> str:
        """Finishes an intent. Due occurrences are recorded first, even if EventBridge is unavailable.

        An intent that is not tried is watched earlier than the denied ones, so the next sweep tries it first.
        """
        if schedule.first_due is not None and schedule.first_due <= now:
            schedule, _ = self._account_all(schedule, now)
        shard = ids.shard_of(ids.user_pk(schedule.user_id), ids.schedule_sk(schedule.schedule_id))
        if self._gateway.is_given_up or self._denied[shard] >= MOST_DENIED:
            self._repository.reschedule_watch(schedule, until=schedule.next_try_at(now, BEFORE_THE_DENIED))
            return "not_tried"
        try:
            self._intents.finish(schedule)
        except SchedulerDenied:
            self._denied[shard] += 1
            raise
        return "finished"

    def _resume(self, schedule: Schedule) -> str:
        following = auto_resumed(self._intents.next_revision(schedule), waits_from(schedule))
        if following is None:
            self._intents.end(schedule, Status.COMPLETED, reasons.PASSED_IN_THE_PAUSE)
            return "ended"
        self._intents.change(following, replacing=schedule)
        return "resumed"

    def _pause_failing(self, schedule: Schedule) -> str:
        last = schedule.last_run.reason if schedule.last_run else None
        reason = reasons.failed_in_a_row(schedule.failures_in_a_row, last)
        following = self._intents.next_revision(schedule)
        paused = replace(following, status=Status.PAUSED, reason=reason, paused_until=None, next_run_at=None)
        self._intents.change(paused, replacing=schedule)
        return "paused"

    # Occurrences

    def _account(self, schedule: Schedule, now: datetime) -> str:
        schedule, waits = self._account_all(schedule, now)
        if waits:
            return "waiting"
        self._reschedule(schedule, None if schedule.first_due is None or schedule.first_due > now else now)
        return "recorded"

    def _account_all(self, schedule: Schedule, now: datetime) -> tuple[Schedule, bool]:
        """Records outcomes from the first pending occurrence on, and stops at the first that may still be delivered.

        Returns the updated schedule, and whether it waits for such an occurrence.
        """
        for _ in range(OCCURRENCES_AT_ONCE):
            due = schedule.first_due
            if due is None or due > now:
                break
            following = self._account_one(schedule, due, now)
            if following is None:
                return schedule, True
            schedule = following
        return schedule, False

    def _account_one(self, schedule: Schedule, due: datetime, now: datetime) -> Schedule | None:
        """Records the outcome of an occurrence. Returns the updated schedule, or None if it may still be delivered."""
        run_id = ids.run_id(schedule.user_id, schedule.schedule_id, due)
        run = self._repository.get_run(schedule.user_id, schedule.schedule_id, run_id)
        if run is not None and (run.has_ended or run.is_in_progress):
            updated = with_recorded_outcome(schedule, run, now=now, keep_record=self._durations.keep_records)
            return self._or_lost(updated, moved=self._repository.advance(updated, expecting=schedule))
        wait_until = self._wait_until(schedule, run, due, now)
        if wait_until is not None:
            if run is not None and is_interrupted(run, now):
                self._starts.start(run, schedule)
            self._reschedule(schedule, wait_until)
            return None
        return self._record_missed(schedule, run, due, now)

    def _wait_until(self, schedule: Schedule, run: Run | None, due: datetime, now: datetime) -> datetime | None:
        """Returns when to check the occurrence again, or None if neither a delivery nor a result can come any more."""
        final = due + schedule.window + timedelta(seconds=schedule.delivery.max_age_seconds) + self._durations.event_age
        if run is not None and run.status is RunStatus.QUEUED:
            return now + self._durations.event_age
        if run is not None and not is_interrupted(run, now):
            return run.lease_until + LAMBDA_TRIES_WITHIN
        if run is not None and now < final:
            return now + LAMBDA_TRIES_WITHIN
        return self._wait_for_delivery(schedule, due, now, final)

    def _wait_for_delivery(self, schedule: Schedule, due: datetime, now: datetime, final: datetime) -> datetime | None:
        """Returns the same as `_wait_until`, for an occurrence without a run.

        A one-time schedule fires even if it is applied shortly after its time, so its delivery is awaited.
        """
        if schedule.never_applied and not schedule.timing.is_one_time:
            return None
        if now < (late_at := due + schedule.window + LATE_AFTER):
            return late_at
        if now >= final or schedule.status is not Status.ACTIVE or schedule.never_applied:
            return None
        return final if self._gateway.has(schedule) else self._wait_for_the_queue(schedule, due, now, final)

    def _wait_for_the_queue(self, schedule: Schedule, due: datetime, now: datetime, final: datetime) -> datetime | None:
        """Returns the same as `_wait_until`, for a schedule that EventBridge does not have.

        EventBridge deletes a schedule after its last occurrence, while the delivery may still wait in Lambda's queue.
        So the occurrence is not missed yet. A catch-up run does not wait for that delivery.
        """
        timing = (schedule.applied or schedule).timing
        if self._is_caught_up(schedule, due, now) or timing.next_occurrence(now + CLOCKS_DIFFER) is not None:
            return None
        if schedule.on_missed is OnMissed.SKIP:
            return final
        self._catch_up_latest(schedule, due, now)
        return min(final, now + LATE_AFTER)

    def _catch_up_latest(self, schedule: Schedule, due: datetime, now: datetime) -> None:
        """Queues one run for all late occurrences: that of the latest one, as soon as it is late."""
        late = takewhile(lambda at: at + schedule.window + LATE_AFTER <= now, schedule.occurrences(due))
        latest = max(late, default=None)
        if latest is None or not self._is_caught_up(schedule, latest, now):
            return
        run_id = ids.run_id(schedule.user_id, schedule.schedule_id, latest)
        if self._repository.get_run(schedule.user_id, schedule.schedule_id, run_id) is None:
            self._starts.queue(self._ended(schedule, None, latest, now), schedule, replacing=None)

    def _record_missed(self, schedule: Schedule, run: Run | None, due: datetime, now: datetime) -> Schedule | None:
        if self._is_caught_up(schedule, due, now):
            self._catch_up(schedule, run, due, now)
            return None
        missed = self._ended(schedule, run, due, now)
        updated = _mark_unconfirmed(
            with_outcome(schedule, missed, now=now, keep_record=self._durations.keep_records, replacing=run), now
        )
        left = left_open(schedule, missed, now=now)
        refusal = self._repository.finish(missed, replacing=run, expecting=schedule, updated=updated, span=left)
        return self._or_lost(updated, moved=refusal is None)

    def _is_caught_up(self, schedule: Schedule, due: datetime, now: datetime) -> bool:
        """Returns whether the occurrence gets a catch-up run: only the latest missed one does."""
        if schedule.on_missed is not OnMissed.RUN_NOW or schedule.status is not Status.ACTIVE:
            return False
        if schedule.timing.is_one_time:
            return now <= due + schedule.window + timedelta(seconds=schedule.delivery.max_age_seconds)
        following = schedule.next_occurrence(due)
        return following is None or following > now

    def _catch_up(self, schedule: Schedule, run: Run | None, due: datetime, now: datetime) -> None:
        self._starts.queue(self._ended(schedule, run, due, now), schedule, replacing=run)
        unconfirmed = _mark_unconfirmed(schedule, now)
        if unconfirmed is schedule:
            self._reschedule(schedule, now + self._durations.event_age)
        else:
            self._repository.advance(unconfirmed, expecting=schedule)

    def _reschedule(self, schedule: Schedule, until: datetime | None) -> None:
        """Sets the watch of a confirmed schedule. An intent keeps its watch, so that EventBridge is updated soon."""
        if schedule.confirmed:
            self._repository.reschedule_watch(schedule, until=until)

    def _ended(self, schedule: Schedule, run: Run | None, due: datetime, now: datetime) -> Run:
        """Returns the occurrence as a missed or skipped run, with the attempts of `run` if there is one."""
        ending = (RunStatus.MISSED, reasons.MISSED if run is None else reasons.INTERRUPTED)
        if schedule.status is not Status.ACTIVE:
            ending = (RunStatus.SKIPPED, reasons.schedule_was(schedule.status))
        keep_runs = self._durations.keep_runs
        return not_done(schedule, due, ending, earlier=run, claim_id=self._new_id(), now=now, keep_runs=keep_runs)

    def _or_lost(self, updated: Schedule, *, moved: bool) -> Schedule:
        if not moved:
            raise ChangeLost
        return updated

    # Runs

    def _start_run(self, run: Run) -> str:
        schedule = self._repository.get(run.user_id, run.schedule_id)
        if schedule is None:
            # The run cannot be executed without its schedule. It gets no watch, and its record expires.
            ended = replace(run, status=RunStatus.SKIPPED, reason=reasons.NO_RECORD, next_attempt_at=None)
            self._repository.finish(ended, replacing=run, expecting=None, updated=None)
            return "orphaned"
        self._starts.start(run, schedule)
        return "started"


def shards_from(now: datetime) -> list[int]:
    """Returns all shards, in the order in which a sweep at `now` processes them."""
    first = epoch_seconds(now) // 60 * SHARDS_FURTHER
    return [(first + number) % ids.WATCH_SHARDS for number in range(ids.WATCH_SHARDS)]


def _mark_unconfirmed(schedule: Schedule, now: datetime) -> Schedule:
    """Returns the schedule as unconfirmed if occurrences follow, so that it is applied to EventBridge again.

    After a missed delivery, EventBridge may not have the schedule, or may have another revision.
    """
    if not schedule.confirmed or schedule.next_occurrence(now) is None or schedule.status is not Status.ACTIVE:
        return schedule
    return replace(schedule, confirmed=False, intent_until=whole_ms(now))
