"""The Lambda's promises, on the fakes: one effect per occurrence, and the whole truth of each run."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.actions import built_in
from chalicelib.core.errors import DeadLetterUnsent, RunLeased, StoreUnavailable
from chalicelib.core.model import reasons
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Action, OnUnknown, RetryPolicy, Status
from chalicelib.scheduling.timing_spec import TimingSpec
from chalicelib.testing import Crash, Faults
from tests.between_calls import AfterTheFirst
from tests.notification.world import A_MINUTE, EMAIL, NOON, SETTINGS, World, next_run, no_answer, throttled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


AN_EVENT = Action("event", {"detail_type": "reminder", "detail": {}})


class Restless(Faults):
    """Something happens before each try to record a run."""

    def __init__(self) -> None:
        super().__init__()
        self.before_finish: Callable[[], object] = lambda: None

    @contextmanager
    def around(self, call: str) -> Iterator[None]:
        if call == "repository.finish":
            self.before_finish()
        with super().around(call):
            yield


def rename(world: World, schedule_id: str, names: Iterator[str]) -> None:
    """While there are names left."""
    for name in islice(names, 1):
        world.service.change("alice", schedule_id, name=name)


def test_it_sends_the_mail_and_completes_the_schedule(world: World) -> None:
    schedule = world.a_schedule()

    world.fire(world.event(schedule), lateness=timedelta(milliseconds=300))

    (mail,) = world.mails()
    (run,) = world.runs(schedule)
    assert mail["Destination"]["ToAddresses"] == ["alice@example.com"]
    assert (run.status, run.lateness) == (RunStatus.SUCCEEDED, timedelta(milliseconds=300))
    assert world.service.get("alice", schedule.schedule_id).status is Status.COMPLETED


def test_a_successful_run_is_two_calls_to_the_table(world: World) -> None:
    event = world.event(world.a_schedule())
    world.faults.calls.clear()

    world.fire(event)

    assert world.faults.calls == ["repository.claim", "provider.send_email", "repository.finish"]


def test_a_run_is_kept_from_its_end_and_its_schedule_a_day_longer(world: World) -> None:
    a_day = timedelta(days=1)
    world.runner = world.a_runner(replace(SETTINGS, keep_runs=a_day))
    schedule = world.a_schedule()

    world.fire(world.event(schedule), lateness=timedelta(hours=30))

    assert [(run.status, run.expires_at) for run in world.runs(schedule)] == [
        (RunStatus.SUCCEEDED, world.clock.now + a_day)
    ]
    assert world.service.get("alice", schedule.schedule_id).expires_at == world.clock.now + 2 * a_day


def test_a_duplicate_delivery_sends_nothing(world: World) -> None:
    event = world.event(world.a_schedule())

    world.fire(event)
    world.fire(event, lateness=A_MINUTE)

    assert len(world.mails()) == 1


def test_a_cancelled_schedule_that_fires_all_the_same_does_no_work_and_says_so(world: World) -> None:
    schedule = world.a_schedule()
    event = world.event(schedule)
    world.service.cancel("alice", schedule.schedule_id)

    world.fire(event)

    (run,) = world.runs(schedule)
    assert (run.status, run.reason) == (RunStatus.SKIPPED, reasons.schedule_was(Status.CANCELLED))
    assert world.mails() == []


def test_a_skipped_run_stays_as_it_is_when_it_is_delivered_again(world: World) -> None:
    schedule = world.a_schedule()
    event = world.event(schedule)
    world.service.cancel("alice", schedule.schedule_id)

    world.fire(event)
    first = world.runs(schedule)
    world.fire(event, lateness=A_MINUTE)

    assert world.runs(schedule) == first


def test_a_failed_action_is_told_in_the_run_the_schedule_and_the_dead_letter(world: World) -> None:
    schedule = world.a_schedule(retry=RetryPolicy(max_retries=0))
    event = world.event(schedule)
    world.aws.error = throttled()

    world.fire(event)

    (run,) = world.runs(schedule)
    (letter,) = world.dead_letters()
    assert (run.status, run.reason) == (RunStatus.FAILED, "SES TooManyRequestsException: slow down")
    assert world.service.get("alice", schedule.schedule_id).reason == run.reason
    assert (letter["run_id"], letter["event"]) == (run.run_id, event)


@pytest.mark.parametrize(
    ("error", "raised"),
    [(throttled(), DeadLetterUnsent), (no_answer(), DeadLetterUnsent), (Crash(), Crash)],
    ids=["SQS refuses it", "SQS does not answer", "the process dies"],
)
def test_a_dead_letter_that_was_not_sent_is_sent_by_the_next_delivery(
    world: World, error: BaseException, raised: type[BaseException]
) -> None:
    schedule = world.a_schedule(retry=RetryPolicy(max_retries=0))
    event = world.event(schedule)
    world.aws.errors = [throttled()]
    world.faults.once("provider.send_message", error)
    with pytest.raises(raised):
        world.fire(event)

    for _ in range(2):
        world.fire(event, lateness=A_MINUTE)

    (run,) = world.runs(schedule)
    (letter,) = world.dead_letters()
    assert (run.status, len(run.attempts), run.dead_letter_pending) == (RunStatus.FAILED, 1, False)
    assert (letter["reason"], letter["run_id"], letter["event"]) == (run.reason, run.run_id, event)


def test_a_dead_letter_that_was_sent_is_not_sent_again(world: World) -> None:
    schedule = world.a_schedule(retry=RetryPolicy(max_retries=0))
    event = world.event(schedule)
    world.aws.errors = [throttled()]

    for _ in range(3):
        world.fire(event)

    assert len(world.dead_letters()) == 1


def test_a_dead_letter_is_sent_though_the_table_is_lost_behind_it(world: World) -> None:
    schedule = world.a_schedule(retry=RetryPolicy(max_retries=0))
    event = world.event(schedule)
    world.aws.errors = [throttled()]
    world.faults.once("repository.finish", StoreUnavailable, nth=2)

    world.fire(event)

    assert len(world.dead_letters()) == 1


def test_a_provider_that_does_not_answer_fails_the_run(world: World) -> None:
    schedule = world.a_schedule()
    event = world.event(schedule)
    world.aws.error = no_answer()

    world.fire(event)

    assert world.runs(schedule)[0].reason == "SES did not answer"


def test_a_bug_in_an_action_fails_the_run_and_not_the_function(world: World) -> None:
    schedule = world.a_schedule()
    event = world.event(schedule)
    del event["action"]["data"]["subject"]

    world.fire(event)

    assert world.runs(schedule)[0].reason == "KeyError: 'subject'"


def test_a_bug_in_an_action_may_have_come_after_its_work(world: World) -> None:
    schedule = world.a_schedule(on_unknown=OnUnknown.STOP)
    world.aws.error = ValueError("odd")

    world.fire(world.event(schedule))

    (run,) = world.runs(schedule)
    assert (run.status, run.reason) == (RunStatus.FAILED, reasons.failed_and_may_be_done("ValueError: odd"))


def test_an_action_that_is_not_deployed_is_named(world: World) -> None:
    schedule = world.a_schedule()
    event = world.event(schedule)
    event["action"]["type"] = "invoice.remind"

    world.fire(event)

    reason = world.runs(schedule)[0].reason
    assert reason.startswith(f"unknown action 'invoice.remind'; deployed: {', '.join(sorted(built_in()))}")


def crash(world: World, event: dict[str, Any]) -> None:
    """An invocation of this event dies in its work; the next one will not."""
    world.aws.error = Crash()
    with pytest.raises(Crash):
        world.fire(event)
    world.aws.error = None


def test_a_crash_in_the_work_leaves_a_lease_that_the_next_try_respects(world: World) -> None:
    event = world.event(world.a_schedule())
    crash(world, event)

    with pytest.raises(RunLeased):
        world.fire(event, lateness=timedelta(seconds=20))

    assert world.mails() == []


def test_a_lease_lasts_a_little_longer_than_its_invocation(world: World) -> None:
    schedule = world.a_schedule()
    world.aws.error = Crash()

    with pytest.raises(Crash):
        world.fire(world.event(schedule))

    assert world.runs(schedule)[0].lease_until == next_run(schedule) + timedelta(seconds=30 + 5)


@pytest.mark.parametrize(
    ("errors", "status", "reason"),
    [
        ([], RunStatus.SUCCEEDED, None),
        ([throttled()], RunStatus.FAILED, reasons.without_schedule("SES TooManyRequestsException: slow down")),
    ],
    ids=["done", "failed"],
)
def test_a_run_whose_schedule_is_replaced_while_it_runs_ends_and_counts_on_neither(
    errors: list[BaseException], status: RunStatus, reason: str | None
) -> None:
    timing = TimingSpec(rate="1 hour")

    def put_anew() -> None:
        world.service.cancel("alice", "s1")
        world.service.put("alice", "s1", timing=timing, action=EMAIL)

    world = World(AfterTheFirst("repository.claim", put_anew))
    schedule, _ = world.service.put("alice", "s1", timing=timing, action=EMAIL)
    world.aws.errors = list(errors)

    world.fire(world.event(schedule))

    (run,) = world.runs(schedule)
    successor = world.service.get("alice", "s1")
    assert (run.status, run.schedule_created_at) == (status, schedule.created_at)
    assert run.reason == reason
    assert (successor.created_at, successor.run_count, successor.last_run) == (next_run(schedule), 0, None)


def test_a_delivery_from_before_a_change_of_the_action_does_the_new_one(world: World) -> None:
    schedule = world.a_schedule()
    event = world.event(schedule)
    other = replace(EMAIL, data={**EMAIL.data, "subject": "Another"})
    world.service.change("alice", schedule.schedule_id, action=other)

    world.fire(event)

    (mail,) = world.mails()
    assert mail["Content"]["Simple"]["Subject"]["Data"] == "Another"


@pytest.mark.parametrize(("action", "possibly_repeated"), [(EMAIL, True), (AN_EVENT, False)], ids=["email", "event"])
def test_what_takes_a_key_is_not_possibly_repeated_after_a_crash(
    world: World, action: Action, *, possibly_repeated: bool
) -> None:
    schedule = world.a_schedule(action=action)
    event = world.event(schedule)
    world.aws.answer = {"Entries": [{"EventId": "1"}]}
    crash(world, event)

    world.fire(event, lateness=A_MINUTE)

    (run,) = world.runs(schedule)
    assert (run.status, run.possibly_repeated) == (RunStatus.SUCCEEDED, possibly_repeated)


def test_lambdas_next_try_takes_a_crashed_run_over_once_its_lease_is_out(world: World) -> None:
    schedule = world.a_schedule()
    event = world.event(schedule)
    crash(world, event)

    world.fire(event, lateness=A_MINUTE)

    (run,) = world.runs(schedule)
    assert [attempt.error for attempt in run.attempts] == ["interrupted: the invocation crashed or timed out", None]
    assert (run.status, run.lateness) == (RunStatus.SUCCEEDED, timedelta(0))


def test_work_that_must_not_be_repeated_is_not_given_up_by_a_clock_that_is_ahead(world: World) -> None:
    event = world.event(world.a_schedule(on_unknown=OnUnknown.STOP))
    crash(world, event)

    with pytest.raises(RunLeased):
        world.fire(event, lateness=2 * A_MINUTE)


def test_a_claim_whose_answer_was_lost_is_recognised_as_ours(world: World) -> None:
    event = world.event(world.a_schedule())
    world.faults.once("repository.claim", StoreUnavailable, done=True)
    with pytest.raises(StoreUnavailable):
        world.fire(event)

    with pytest.raises(RunLeased):
        world.fire(event, lateness=timedelta(seconds=1))
    world.fire(event, lateness=A_MINUTE)

    assert len(world.mails()) == 1


def test_a_run_whose_record_changes_nine_times_while_it_is_recorded_is_recorded_once() -> None:
    faults = Restless()
    world = World(faults)
    schedule = world.service.create_recurring(user_id="alice", rate="1 hour", action=EMAIL)
    names = iter(f"name {number}" for number in range(1, 10))
    faults.before_finish = lambda: rename(world, schedule.schedule_id, names)

    world.fire(world.event(schedule))

    (run,) = world.runs(schedule)
    after = world.service.get("alice", schedule.schedule_id)
    assert faults.calls.count("repository.finish") == 10
    assert len(world.mails()) == 1
    assert (run.status, len(run.attempts)) == (RunStatus.SUCCEEDED, 1)
    assert (after.name, after.run_count, after.next_run_at) == ("name 9", 1, next_run(schedule) + timedelta(hours=1))


@pytest.mark.parametrize("hold", [None, "SES is down"])
def test_without_a_record_it_works_and_records_nothing_and_keeps_the_payload(world: World, hold: str | None) -> None:
    event = world.event(world.a_schedule())
    world.repository.items.clear()
    world.hold(hold)

    world.fire(event)

    (letter,) = world.dead_letters()
    assert (letter["reason"], letter["event"]) == ("the schedule has no record in this table", event)
    assert (world.mails(), world.repository.items) == ([], {})
    assert len(world.gateway.schedules) == 1


@pytest.mark.parametrize("event", [None, 7, [], {}, {"version": 2}, {"version": 1}, {"version": 1, "timing": "x"}])
def test_an_event_of_any_other_shape_ends_in_the_dead_letters(world: World, event: object) -> None:
    world.runner.handle(event, timedelta(seconds=30))

    (letter,) = world.dead_letters()
    assert letter["event"] == event


def test_a_recurring_run_moves_the_schedule_to_its_next_occurrence(world: World) -> None:
    schedule = world.service.create_recurring(
        user_id="alice", cron="0 9 * * ? *", timezone="Europe/Berlin", action=EMAIL
    )

    world.fire(world.event(schedule), lateness=timedelta(seconds=40))

    after = world.service.get("alice", schedule.schedule_id)
    assert (after.status, after.run_count) == (Status.ACTIVE, 1)
    assert after.next_run_at == next_run(schedule) + timedelta(days=1)


def test_the_last_occurrence_completes_a_recurring_schedule(world: World) -> None:
    end_at = NOON + timedelta(minutes=20)
    schedule = world.service.create_recurring(user_id="alice", rate="15 minutes", end_at=end_at, action=EMAIL)

    world.fire(world.event(schedule))

    assert world.service.get("alice", schedule.schedule_id).status is Status.COMPLETED


def test_a_later_run_does_not_hide_an_earlier_one_that_is_missing(world: World) -> None:
    schedule = world.service.create_recurring(user_id="alice", rate="15 minutes", action=EMAIL)

    world.fire(world.event(schedule, next_run(schedule) + timedelta(minutes=15)))

    after = world.service.get("alice", schedule.schedule_id)
    assert after.next_run_at == schedule.next_run_at
    assert after.run_count == 1


def test_seconds_of_eventbridges_own_are_the_same_occurrence(world: World) -> None:
    schedule = world.service.create_recurring(user_id="alice", rate="15 minutes", action=EMAIL)

    world.fire(world.event(schedule, next_run(schedule) + timedelta(seconds=10)))

    (run,) = world.runs(schedule)
    assert run.scheduled_time == schedule.next_run_at
    assert run.delivered_for == next_run(schedule) + timedelta(seconds=10)


def test_a_run_that_ends_before_the_create_is_confirmed_completes_it_and_leaves_the_intent_open(world: World) -> None:
    world.faults.once("repository.confirm", StoreUnavailable)
    schedule = world.a_schedule()

    world.fire(world.event(schedule))

    after = world.service.get("alice", schedule.schedule_id)
    assert (after.status, after.confirmed) == (Status.COMPLETED, False)
    assert after.watch_at == after.intent_until
