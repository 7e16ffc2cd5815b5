"""Schedules and runs for the console to show, written to the table of a local cloud.

EventBridge does not have them and the sweeper does not see them, so they stay unchanged while a test looks. What a
user does to one of them is real. A schedule that must fire is created through the API.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeSerializer

from chalicelib.core.dynamodb import items
from chalicelib.core.dynamodb.repository import DynamoRepository
from chalicelib.core.model.reasons import MISSED
from chalicelib.core.model.run import Attempt, Run, RunStatus
from chalicelib.core.model.schedule import Action, LastRun, Schedule, Status, Timing
from chalicelib.core.timing.instants import epoch_ms
from local.testing import Workbench

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chalicelib.core.dynamodb.items import Item

MOMENT = datetime(2032, 3, 26, 7, 41, tzinfo=UTC)
"""A Friday, 08:41 in Berlin, two days before the clocks go forward there. The tests' cloud has this time."""

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LATE = timedelta(milliseconds=400)
KEPT = timedelta(days=90)
TABLE = "-schedules-local"
IN_A_BATCH = 25
"""DynamoDB's limit of a BatchWriteItem."""

EMAIL = Action("email", {"to": ["alice@example.com"], "subject": "Your week", "text": "Seven days have passed."})
UNWATCHED = ("watch_pk", "watch_at")
ENDED = (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.SKIPPED, RunStatus.MISSED)


def a_schedule(user: str, schedule_id: str, timing: Timing, action: Action = EMAIL, **fields: Any) -> Schedule:
    """Returns a confirmed schedule that was created 60 days before MOMENT. Its next run is after MOMENT."""
    created_at = MOMENT - 60 * DAY
    usual: dict[str, Any] = {
        "name": schedule_id.replace("-", " ").capitalize(),
        "status": Status.ACTIVE,
        "revision": epoch_ms(created_at),
        "action_revision": epoch_ms(created_at),
        "created_at": created_at,
        "updated_at": created_at,
        "timing_changed_at": created_at,
        "confirmed": True,
        "pause_after_failures": 10,
    }
    schedule = Schedule(
        user_id=user,
        schedule_id=schedule_id,
        timing=timing,
        action_type=action.type,
        action=action,
        **{**usual, **fields},
    )
    due = timing.next_occurrence(MOMENT) if schedule.status is Status.ACTIVE else None
    return replace(schedule, next_run_at=fields.get("next_run_at", due))


def a_run(
    schedule: Schedule,
    at: datetime,
    status: RunStatus = RunStatus.SUCCEEDED,
    error: str | None = None,
    *,
    attempts: int = 1,
    lateness: timedelta = LATE,
    **fields: Any,
) -> Run:
    """Returns the run due at `at`. Each attempt but the last one failed with `error`, in a failed run that as well."""
    is_unbegun = status in (RunStatus.SKIPPED, RunStatus.MISSED, RunStatus.QUEUED, RunStatus.HELD)
    usual: dict[str, Any] = {
        "delivered_for": at,
        "attempts": () if is_unbegun else _attempts(at + lateness, status, error, attempts),
        "lateness": None if is_unbegun else lateness,
        "reason": error if status is not RunStatus.SUCCEEDED else None,
        "tries": 0 if is_unbegun else attempts,
        "expires_at": at + KEPT,
        "lease_until": MOMENT + DAY,
        "waits": status in (RunStatus.RETRYING, RunStatus.HELD),
        "claim_id": "claim",
        "revision": schedule.revision,
        "resource_id": schedule.resource_id,
        "action_type": schedule.action_type,
        "schedule_created_at": schedule.created_at,
    }
    return Run(
        user_id=schedule.user_id,
        schedule_id=schedule.schedule_id,
        scheduled_time=at,
        status=status,
        **{**usual, **fields},
    )


def past(schedule: Schedule, count: int, *, before: datetime = MOMENT) -> list[datetime]:
    """Returns the last `count` occurrences before an instant, the latest one first."""
    since = before - DAY
    while len(found := [*_until(schedule, since, before)]) < count and since > before - 1000 * DAY:
        since -= before - since
    return found[::-1][:count]


def missed(schedule: Schedule, at: datetime) -> Run:
    return a_run(schedule, at, RunStatus.MISSED, MISSED)


class Seeds:
    """Writes schedules and runs to the table of a local cloud. cloud_url: its endpoint."""

    def __init__(self, cloud_url: str) -> None:
        self._client = Workbench(cloud_url).client("dynamodb")
        self._table = next(name for name in self._client.list_tables()["TableNames"] if name.endswith(TABLE))
        self._repository = DynamoRepository(self._client, self._table)

    def write(self, *schedules: tuple[Schedule, Sequence[Run]]) -> None:
        """Writes each schedule with its runs, which also state its counters."""
        known = [with_history(schedule, runs) for schedule, runs in schedules]
        written = [item for schedule in known for item in (items.schedule_item(schedule), _action_item(schedule))]
        self._put([*written, *(items.run_item(run) for _, runs in schedules for run in runs)])
        self._count(known)

    def many(self, user: str, count: int) -> None:
        """Writes `count` schedules, one each minute from 09:00 on. Lists show them; their actions have no content."""
        first = a_schedule(user, "many", Timing("cron(0 9 * * ? *)", "Europe/Berlin"))
        due = first.timing.next_occurrence(MOMENT) or MOMENT
        made = [
            replace(first, schedule_id=f"many-{n:05}", name=f"Schedule {n:05}", next_run_at=due + n * MINUTE)
            for n in range(count)
        ]
        self._put(items.schedule_item(schedule) for schedule in made)
        self._count(made)

    def _put(self, written: Iterable[Item]) -> None:
        serialize = TypeSerializer().serialize
        left = ({name: serialize(item[name]) for name in item if name not in UNWATCHED} for item in written)
        while batch := list(islice(left, IN_A_BATCH)):
            requests = [{"PutRequest": {"Item": item}} for item in batch]
            answer = self._client.batch_write_item(RequestItems={self._table: requests})
            assert not answer["UnprocessedItems"]

    def _count(self, schedules: Sequence[Schedule]) -> None:
        """The users' numbers of live schedules, which cancelling lowers."""
        live = [schedule.user_id for schedule in schedules if schedule.status.is_live]
        for user in dict.fromkeys(live):
            assert self._repository.raise_count(user, live.count(user), most_live=1_000_000, now=MOMENT)


def with_history(schedule: Schedule, runs: Sequence[Run]) -> Schedule:
    """Returns the schedule with the last run and the counters that follow from its runs."""
    ended = sorted((run for run in runs if run.status in ENDED), key=lambda run: run.scheduled_time)
    waiting = sorted(run.scheduled_time for run in runs if run.waits)
    last = ended[-1] if ended else None
    return replace(
        schedule,
        last_run=LastRun(last.scheduled_time, last.status, last.reason) if last else None,
        run_count=sum(run.status in (RunStatus.SUCCEEDED, RunStatus.FAILED) for run in ended),
        failures_in_a_row=_failures_in_a_row(ended),
        in_progress=tuple(waiting[-10:]),
        waiting_runs=len(waiting),
    )


def _failures_in_a_row(ended: Sequence[Run]) -> int:
    counted = [run.status for run in ended if run.status in (RunStatus.SUCCEEDED, RunStatus.FAILED)][::-1]
    return counted.index(RunStatus.SUCCEEDED) if RunStatus.SUCCEEDED in counted else len(counted)


def _attempts(started_at: datetime, status: RunStatus, error: str | None, count: int) -> tuple[Attempt, ...]:
    """Each retry begins a minute after the one before, then two, four and so on."""
    starts = [started_at + (2**n - 1) * MINUTE for n in range(count)]
    last = {
        RunStatus.SUCCEEDED: Attempt(starts[-1], starts[-1] + LATE),
        RunStatus.RUNNING: Attempt(starts[-1]),
    }.get(status, Attempt(starts[-1], starts[-1] + LATE, error))
    return (*(Attempt(start, start + LATE, error) for start in starts[:-1]), last)


def _until(schedule: Schedule, since: datetime, before: datetime) -> Iterable[datetime]:
    for at in schedule.timing.occurrences(since):
        if at >= before:
            return
        yield at


def _action_item(schedule: Schedule) -> Item:
    assert schedule.action
    return items.action_item(schedule, schedule.action)
