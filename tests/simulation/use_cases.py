"""The use cases that are tested with a failure at every call: the initial state, the change, the expected state."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from chalicelib.api.routes.batch import BEGINS_WITHIN
from chalicelib.core.errors import (
    NotReached,
    RunNotRedrivable,
    ScheduleBusy,
    ScheduledTasksError,
    SchedulerUnavailable,
    StarterUnavailable,
)
from chalicelib.core.model.job import JobStatus
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Action, OnMissed, OnUnknown, RetryPolicy, Schedule, Status
from chalicelib.scheduling.timing_spec import TimingSpec
from chalicelib.testing import Crash
from tests.notification.world import EMAIL, NOON, refused, throttled
from tests.simulation.due import due_times
from tests.simulation.simulator import A_DAY, A_MINUTE

if TYPE_CHECKING:
    from datetime import datetime

    from tests.simulation.simulator import Life

AN_EVENT = Action("event", {"detail_type": "reminder", "detail": {}})
OTHER_MAIL = replace(EMAIL, data={**EMAIL.data, "subject": "Another"})
EVERY_10_MINUTES = TimingSpec(rate="10 minutes")
AT_ONE = TimingSpec(at="2027-03-01T13:00:00Z")


class UseCase(ABC):
    """It is NOON when `prepare` begins, and a minute later when `act` does; `act` may be asked for again.

    `since` is when the promises begin that `act` must not break.
    """

    since = NOON
    is_a_request = True

    def prepare(self, life: Life) -> None:  # noqa: B027 - most need nothing
        """Nothing stands, unless a use case says so."""

    @abstractmethod
    def act(self, life: Life) -> None:
        """What is broken at every call."""

    def check(self, life: Life) -> None:  # noqa: B027 - the promises of all are checked anyway
        """What is true if `act` was answered with yes."""

    def expected(self, record: Schedule, until: datetime) -> list[datetime]:
        """When this record, as it stands in the end, must have been carried out."""
        if record.status not in (Status.ACTIVE, Status.COMPLETED):
            return []
        return due_times(record.timing, self.since, until)


class CreateOneTime(UseCase):
    def act(self, life: Life) -> None:
        life.one_time(idempotency_key="k1")

    def check(self, life: Life) -> None:
        assert [record.status for record in life.records()] == [Status.COMPLETED]


class CreateRecurring(UseCase):
    def act(self, life: Life) -> None:
        life.recurring(idempotency_key="k1")

    def check(self, life: Life) -> None:
        assert [record.status for record in life.records()] == [Status.ACTIVE]


class CreateTooNear(UseCase):
    """Too near for the sweeper: what cannot be sent now is not accepted."""

    def act(self, life: Life) -> None:
        soon = TimingSpec(after=2 * A_MINUTE)
        life.service.create(user_id="alice", timing=soon, action=EMAIL, idempotency_key="k1")

    def check(self, life: Life) -> None:
        assert Status.FAILED not in {record.status for record in life.records()}


class OfOne(UseCase):
    """What is done to a schedule that stands and fires every 15 minutes."""

    def prepare(self, life: Life) -> None:
        life.service.put("alice", "s1", timing=TimingSpec(rate="15 minutes"), action=EMAIL)

    def record(self, life: Life) -> Schedule:
        (record,) = life.records()
        return record


class Change(OfOne):
    def act(self, life: Life) -> None:
        life.service.change("alice", "s1", timing=EVERY_10_MINUTES, action=OTHER_MAIL)

    def check(self, life: Life) -> None:
        subjects = {mail["Content"]["Simple"]["Subject"]["Data"] for mail in life.mails()}
        assert self.record(life).timing.expression == "rate(10 minutes)"
        assert subjects == {"Another"}


class Rename(OfOne):
    def act(self, life: Life) -> None:
        life.service.change("alice", "s1", name="other")

    def check(self, life: Life) -> None:
        assert self.record(life).name == "other"


class Pause(OfOne):
    def act(self, life: Life) -> None:
        life.service.pause("alice", "s1")

    def check(self, life: Life) -> None:
        assert self.record(life).status is Status.PAUSED


class Resume(OfOne):
    def prepare(self, life: Life) -> None:
        super().prepare(life)
        life.service.pause("alice", "s1")

    def act(self, life: Life) -> None:
        life.service.resume("alice", "s1")

    def check(self, life: Life) -> None:
        assert self.record(life).status is Status.ACTIVE


class Cancel(OfOne):
    def act(self, life: Life) -> None:
        life.service.cancel("alice", "s1")

    def check(self, life: Life) -> None:
        assert self.record(life).status is Status.CANCELLED


class UpsertNew(UseCase):
    def act(self, life: Life) -> None:
        life.service.put("alice", "s1", timing=AT_ONE, action=EMAIL)

    def check(self, life: Life) -> None:
        assert [record.status for record in life.records()] == [Status.COMPLETED]


class UpsertLive(OfOne):
    def act(self, life: Life) -> None:
        life.service.put("alice", "s1", timing=AT_ONE, action=OTHER_MAIL)

    def check(self, life: Life) -> None:
        assert self.record(life).status is Status.COMPLETED


class UpsertEnded(OfOne):
    def prepare(self, life: Life) -> None:
        super().prepare(life)
        life.service.cancel("alice", "s1")

    def act(self, life: Life) -> None:
        life.service.put("alice", "s1", timing=AT_ONE, action=OTHER_MAIL)

    def check(self, life: Life) -> None:
        assert self.record(life).status is Status.COMPLETED


class Batch(UseCase):
    def act(self, life: Life) -> None:
        requests = [
            {"timing": timing, "action": EMAIL, "idempotency_key": f"k{number}"}
            for number, timing in enumerate((EVERY_10_MINUTES, AT_ONE))
        ]
        results = life.service.create_many("alice", requests, begin_within=BEGINS_WITHIN)
        if any(isinstance(result, NotReached) for result in results):
            # A call that hung took their time. They are asked for again, as their answer says.
            results = life.service.create_many("alice", requests, begin_within=BEGINS_WITHIN)
        for result in results:
            if isinstance(result, Exception):
                raise result

    def check(self, life: Life) -> None:
        assert {record.status for record in life.records()} == {Status.ACTIVE, Status.COMPLETED}


class RunNow(UseCase):
    def prepare(self, life: Life) -> None:
        life.service.put("alice", "s1", timing=TimingSpec(after="P30D"), action=EMAIL)

    def act(self, life: Life) -> None:
        life.service.run_now("alice", "s1")

    def check(self, life: Life) -> None:
        assert life.done()


class CancelAll(UseCase):
    def prepare(self, life: Life) -> None:
        life.recurring()
        life.one_time()

    def act(self, life: Life) -> None:
        life.service.cancel_all("alice")

    def check(self, life: Life) -> None:
        assert {record.status for record in life.records()} == {Status.CANCELLED}


class CancelForResource(UseCase):
    """Two users have a schedule for the resource."""

    def prepare(self, life: Life) -> None:
        for user_id in ("alice", "bob"):
            life.recurring(user_id=user_id, resource_id="contract-42")

    def act(self, life: Life) -> None:
        if not life.service.cancel_for_resource("contract-42").complete:
            raise ScheduleBusy

    def check(self, life: Life) -> None:
        assert [record.status for record in life.records()] == [Status.CANCELLED] * 2


class Erase(CancelAll):
    def act(self, life: Life) -> None:
        life.service.erase("alice")

    def check(self, life: Life) -> None:
        assert {pk.partition("#")[0] for pk, _ in life.repository.items} == {"JOB"}


class GoesOn(UseCase):
    """What happens with time and without a client: runs and sweeps. `act` travels through it."""

    is_a_request = False

    def act(self, life: Life) -> None:
        life.travel(40 * A_MINUTE)


class OneTimeRun(GoesOn):
    def prepare(self, life: Life) -> None:
        life.one_time(after=10 * A_MINUTE)

    def check(self, life: Life) -> None:
        assert [record.status for record in life.records()] == [Status.COMPLETED]


class RecurringRun(GoesOn):
    def prepare(self, life: Life) -> None:
        life.recurring()

    def check(self, life: Life) -> None:
        assert life.records()[0].run_count == len(life.all_runs())


class LastRun(GoesOn):
    def prepare(self, life: Life) -> None:
        life.recurring(max_runs=2)

    def check(self, life: Life) -> None:
        assert (life.records()[0].status, life.records()[0].run_count) == (Status.COMPLETED, 2)

    def expected(self, record: Schedule, until: datetime) -> list[datetime]:
        return super().expected(record, until)[:2]


class SweepCreate(GoesOn):
    """A create that its process left half done."""

    def prepare(self, life: Life) -> None:
        life.faults.once("gateway.put", Crash)
        with suppress(Crash):
            life.recurring()


class SweepChange(OfOne, GoesOn):
    """A change that EventBridge had no time for."""

    def prepare(self, life: Life) -> None:
        super().prepare(life)
        life.faults.once("gateway.put", SchedulerUnavailable)
        life.service.change("alice", "s1", timing=EVERY_10_MINUTES)

    def check(self, life: Life) -> None:
        assert self.record(life).timing.expression == "rate(10 minutes)"


class SweepCancel(OfOne, GoesOn):
    """A cancel that EventBridge had no time for."""

    def prepare(self, life: Life) -> None:
        super().prepare(life)
        life.faults.once("gateway.delete", SchedulerUnavailable)
        life.service.cancel("alice", "s1")


class SweepWake(OfOne, GoesOn):
    """A pause that ends by itself at half past, when the schedule is due."""

    def prepare(self, life: Life) -> None:
        super().prepare(life)
        life.service.pause("alice", "s1", until=NOON + 20 * A_MINUTE)

    def check(self, life: Life) -> None:
        assert self.record(life).status is Status.ACTIVE

    def expected(self, record: Schedule, until: datetime) -> list[datetime]:
        return [at for at in super().expected(record, until) if at >= NOON + 20 * A_MINUTE]


class SweepLostOneTime(GoesOn):
    """EventBridge has lost it, and it is made up for."""

    def prepare(self, life: Life) -> None:
        life.lose(life.one_time(after=10 * A_MINUTE))

    def check(self, life: Life) -> None:
        assert [record.status for record in life.records()] == [Status.COMPLETED]


class SweepLostRecurring(GoesOn):
    """EventBridge has lost it; the first occurrence is missed, the others come again."""

    def prepare(self, life: Life) -> None:
        life.lose(life.recurring())

    def expected(self, record: Schedule, until: datetime) -> list[datetime]:
        return super().expected(record, until)[1:]


class SweepMadeUpFor(GoesOn):
    """EventBridge has lost it; each occurrence until it is given back is made up for."""

    def prepare(self, life: Life) -> None:
        life.lose(life.recurring(on_missed=OnMissed.RUN_NOW))


class SweepQueued(GoesOn):
    """A run of ours that could not be started."""

    def prepare(self, life: Life) -> None:
        schedule = life.one_time(after=A_DAY)
        life.faults.once("starter.start", StarterUnavailable)
        life.service.run_now("alice", schedule.schedule_id)

    def check(self, life: Life) -> None:
        # Done once by its key: a process that dies before its record may do it again under the same one.
        assert len(set(life.done())) == 1


class SweepCancelAll(GoesOn):
    def prepare(self, life: Life) -> None:
        life.recurring()
        life.one_time()
        self.job = life.service.cancel_all("alice")

    def check(self, life: Life) -> None:
        assert life.service.get_job(self.job.job_id).status is JobStatus.COMPLETED
        assert {record.status for record in life.records()} == {Status.CANCELLED}


class SweepErase(GoesOn):
    def prepare(self, life: Life) -> None:
        life.recurring()
        life.one_time()
        self.job = life.service.erase("alice")

    def check(self, life: Life) -> None:
        assert life.service.get_job(self.job.job_id).status is JobStatus.COMPLETED
        assert len(life.repository.items) == 1


# Runs


class Retry(GoesOn):
    """The provider refuses twice, and then takes it."""

    def prepare(self, life: Life) -> None:
        life.aws.errors = [throttled(), throttled()]
        life.one_time(after=10 * A_MINUTE)

    def check(self, life: Life) -> None:
        assert [record.status for record in life.records()] == [Status.COMPLETED]


class RetryRecurring(GoesOn):
    """One occurrence is tried again while the next ones come."""

    def prepare(self, life: Life) -> None:
        life.aws.errors = [throttled()] * 2
        life.recurring(retry=RetryPolicy(max_retries=3, backoff_seconds=1000))

    def check(self, life: Life) -> None:
        assert life.records()[0].in_progress == ()


class Exhausted(GoesOn):
    """It fails as often as it may."""

    def prepare(self, life: Life) -> None:
        life.aws.error = throttled()
        life.one_time(after=10 * A_MINUTE, retry=RetryPolicy(max_retries=2))

    def check(self, life: Life) -> None:
        (run,) = life.all_runs()
        assert (life.records()[0].status, run.status) == (Status.FAILED, RunStatus.FAILED)
        assert {letter["run_id"] for letter in life.dead_letters()} == {run.run_id}


class StopWhenUnknown(GoesOn):
    """Nobody wants it twice, whatever happens. Once more than once is the fault of a use case that checks it."""

    def prepare(self, life: Life) -> None:
        life.one_time(after=10 * A_MINUTE, on_unknown=OnUnknown.STOP)


class KeyedRun(GoesOn):
    """A consumer that honours the run id gets it twice at most under one and the same."""

    def prepare(self, life: Life) -> None:
        life.aws.answer = {"Entries": [{}]}
        life.one_time(after=10 * A_MINUTE, action=AN_EVENT, on_unknown=OnUnknown.STOP)

    def check(self, life: Life) -> None:
        keys = {json.loads(put["Entries"][0]["Detail"])["scheduled_tasks"]["run_id"] for put in life.events()}
        assert keys == {run.run_id for run in life.all_runs()}


class Redrive(UseCase):
    """A person has a run done again that failed for good."""

    since = NOON - A_DAY

    def prepare(self, life: Life) -> None:
        life.aws.errors = [refused()]
        life.one_time(after=10 * A_MINUTE)
        life.travel(15 * A_MINUTE)

    def act(self, life: Life) -> None:
        (run,) = life.all_runs()
        with suppress(RunNotRedrivable):  # asked for before, and done
            life.service.redrive(run.user_id, run.schedule_id, run.run_id)

    def check(self, life: Life) -> None:
        (record,), (run,) = life.records(), life.all_runs()
        assert (record.status, run.status, record.run_count) == (Status.COMPLETED, RunStatus.SUCCEEDED, 1)


class RedriveAll(Redrive):
    """A person has all that failed done again."""

    def act(self, life: Life) -> None:
        life.service.redrive_all("alice")


class SweepRedriveAll(GoesOn):
    """Three runs that failed are done again, one a minute."""

    def prepare(self, life: Life) -> None:
        life.aws.errors = [refused()] * 3
        life.recurring(rate="5 minutes", max_runs=3)
        life.travel(16 * A_MINUTE)
        life.service.redrive_all("alice", per_minute=1)

    def check(self, life: Life) -> None:
        assert (life.records()[0].status, life.records()[0].run_count) == (Status.COMPLETED, 3)

    def expected(self, record: Schedule, until: datetime) -> list[datetime]:
        return super().expected(record, until)[:3]


class HoldAndRelease(GoesOn):
    """Two occurrences and a run of ours are held; then the operator lets go, however often he has to say so."""

    def prepare(self, life: Life) -> None:
        life.hold("SES is down")
        life.recurring()

    def act(self, life: Life) -> None:
        life.travel(33 * A_MINUTE)
        life.hold(None)
        released = False
        while not released:
            with suppress(Crash, ScheduledTasksError):
                life.service.release(per_minute=10)
                released = True
        life.travel(40 * A_MINUTE)


class PauseAfterFailures(GoesOn):
    """It fails again and again."""

    def prepare(self, life: Life) -> None:
        life.aws.error = refused()
        life.recurring(pause_after_failures=2)

    def check(self, life: Life) -> None:
        (record,) = life.records()
        assert (record.status, record.failures_in_a_row >= 2) == (Status.PAUSED, True)


USE_CASES: tuple[type[UseCase], ...] = (
    *(CreateOneTime, CreateRecurring, CreateTooNear, Change, Rename, Pause, Resume, Cancel),
    *(UpsertNew, UpsertLive, UpsertEnded, Batch, RunNow, CancelAll, Erase),
    *(OneTimeRun, RecurringRun, LastRun),
    *(SweepCreate, SweepChange, SweepCancel, SweepWake, SweepLostOneTime, SweepLostRecurring, SweepMadeUpFor),
    *(SweepQueued, SweepCancelAll, SweepErase),
    *(Retry, RetryRecurring, Exhausted, StopWhenUnknown, KeyedRun, Redrive, SweepRedriveAll),
    *(HoldAndRelease, PauseAfterFailures, CancelForResource, RedriveAll),
)
