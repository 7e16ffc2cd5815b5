"""Explain: what is asked and what is printed, with EventBridge Scheduler as the local cloud has it."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.aws.eventbridge import EventBridgeGateway
from chalicelib.core.errors import StoreUnavailable
from chalicelib.core.model import ids
from chalicelib.core.model.fields import SCHEDULE, stored_defaults
from chalicelib.core.model.run import Attempt, RunStatus
from chalicelib.core.model.transitions import with_outcome
from chalicelib.scheduling.service import SchedulerService
from chalicelib.scheduling.timing_spec import TimingSpec
from chalicelib.testing import FakeStarter, InMemoryRepository, StoppedClock
from chalicelib.testing.gateway import NAMES
from deploy.__main__ import main
from deploy.errors import DeployError
from deploy.operate.explain.collect import Explainer, explain
from local.scheduler.testing import stage
from tests.builders import DAY, HOUR, MINUTE, NOW, SECOND, a_run, an_action

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule

DUE = NOW + HOUR
"""The first occurrence of the schedule."""

EVENT = {"user_id": "alice", "schedule_id": "s1", "scheduled_time": "2027-03-01T07:00:00Z"}
ARN = f"arn:aws:scheduler:eu-central-1:123456789012:schedule/{NAMES.group}/{ids.scheduler_name('alice', 's1')}"

NEVER = {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}
USUALLY = {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 3600}

DELIVERY, WORK = "https://sqs/fake-dead-letters", "https://sqs/work"


def a_message(reason: str, scheduled_time: str = EVENT["scheduled_time"], schedule_id: str = "s1") -> dict[str, Any]:
    """As the Notification Lambda sends it, of a run that failed."""
    event = EVENT | {"scheduled_time": scheduled_time, "schedule_id": schedule_id}
    return {"reason": reason, "run_id": "20270301T070000Z-0123456789abcdef", "event": event}


def refusal(code: str) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "no"}}
    return ClientError(response, "Operation")


class FakeFunction:
    """Lambda, asked for one function's environment. `error` is raised instead, if there is one."""

    def __init__(self) -> None:
        self.variables = {"WORK_DEAD_LETTER_QUEUE_URL": WORK}
        self.error: ClientError | None = None

    def get_function_configuration(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803 - AWS's own word
        if self.error:
            raise self.error
        return {"FunctionName": FunctionName, "Environment": {"Variables": self.variables}}


class FakeQueues:
    """SQS: by URL, the messages, and the receipt handles of those that are hidden. It cannot delete.

    A queue that is not here does not exist; `receives` is how many times one may be asked before it throttles.
    """

    def __init__(self) -> None:
        self.messages: dict[str, list[dict[str, Any]]] = {DELIVERY: [], WORK: []}
        self.hidden: set[str] = set()
        self.receives = 1000

    def put(self, url: str, body: Any, **attributes: str) -> None:
        handle = f"{url}/{len(self.messages[url])}"
        message = {
            "MessageId": handle,
            "ReceiptHandle": handle,
            "Body": body if isinstance(body, str) else json.dumps(body),
            "Attributes": {"SentTimestamp": str(int((NOW - MINUTE).timestamp() * 1000))},
            "MessageAttributes": {name: {"StringValue": text} for name, text in attributes.items()},
        }
        self.messages[url].append(message)

    def get_queue_url(self, QueueName: str) -> dict[str, str]:  # noqa: N803
        return {"QueueUrl": f"https://sqs/{QueueName}"}

    def get_queue_attributes(self, QueueUrl: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        if QueueUrl not in self.messages:
            raise refusal("AWS.SimpleQueueService.NonExistentQueue")
        return {"Attributes": {"ApproximateNumberOfMessages": str(len(self.messages[QueueUrl]))}}

    def receive_message(self, QueueUrl: str, MaxNumberOfMessages: int, **_: Any) -> dict[str, Any]:  # noqa: N803
        self.receives -= 1
        if self.receives < 0:
            raise refusal("RequestThrottled")
        visible = [m for m in self.messages[QueueUrl] if m["ReceiptHandle"] not in self.hidden]
        received = visible[:MaxNumberOfMessages]
        self.hidden |= {message["ReceiptHandle"] for message in received}
        return {"Messages": received} if received else {}

    def change_message_visibility_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> None:  # noqa: N803
        assert QueueUrl in self.messages
        assert 0 < len({entry["Id"] for entry in Entries}) == len(Entries) <= 10
        self.hidden -= {entry["ReceiptHandle"] for entry in Entries if entry["VisibilityTimeout"] == 0}


class World:
    """A service on a table and a schedule group, and what explain says of them."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.clock = StoppedClock(NOW)
        self.repository = InMemoryRepository()
        self.function, self.queues = FakeFunction(), FakeQueues()
        gateway = EventBridgeGateway(client, NAMES)
        self.service = SchedulerService(self.repository, gateway, FakeStarter(), clock=self.clock)
        fakes: Any = {"scheduler": client, "function": self.function, "queues": self.queues}
        self.explainer = Explainer(stage="prod", repository=self.repository, names=NAMES, clock=self.clock, **fakes)

    def explained(self, schedule_id: str = "s1") -> list[str]:
        lines: list[str] = []
        explain(self.explainer, "alice", schedule_id, write=lines.append)
        return lines

    def found(self, schedule_id: str) -> bool:
        return explain(self.explainer, "alice", schedule_id, write=lambda _: None)

    def part(self, title: str) -> list[str]:
        """The lines below a title."""
        lines = self.explained()
        start = lines.index(title)
        end = lines.index("", start) if "" in lines[start:] else len(lines)
        return [line.removeprefix("  ") for line in lines[start + 1 : end]]

    def at_ten(self, **details: Any) -> Schedule:
        """On workdays in Berlin, where it is an hour later: next in an hour."""
        timing = TimingSpec(cron="0 10 ? * MON-FRI *", timezone="Europe/Berlin")
        return self.service.put("alice", "s1", timing=timing, action=an_action(), **details)[0]

    def ran(self, schedule: Schedule, at: datetime, **details: Any) -> None:
        """A run of that time is recorded, and the schedule has gone on as it does."""
        run: Run = a_run(schedule, **{"scheduled_time": at, "status": RunStatus.SUCCEEDED} | details)
        updated = with_outcome(schedule, run, now=NOW, keep_record=DAY) if run.has_ended or run.is_in_progress else None
        assert self.repository.finish(run, replacing=None, expecting=schedule, updated=updated) is None

    def in_eventbridge(self, schedule: Schedule) -> dict[str, Any]:
        """UpdateSchedule's parameters."""
        name = ids.scheduler_name(schedule.user_id, schedule.schedule_id)
        found = self.client.get_schedule(GroupName=NAMES.group, Name=name)
        unwanted = ("Arn", "CreationDate", "LastModificationDate", "ResponseMetadata")
        return {name: value for name, value in found.items() if name not in unwanted}


@pytest.fixture
def world() -> Iterator[World]:
    with stage(NOW) as scheduler:
        scheduler.client.create_schedule_group(Name=NAMES.group)
        yield World(scheduler.client)


PAGE = """\
Cause:   The run of 09:00 UTC (10:00 Europe/Berlin) failed once: SES throttled.
Advice:  Wait: the next attempt starts by 09:14 UTC.
Time:    2027-03-01 09:10 UTC (10:10 Europe/Berlin)

Record
  timing                  expression cron(0 10 ? * MON-FRI *), timezone Europe/Berlin
  action_type             email
  status                  active
  revision                1803888000000
  action_revision         1803888000000
  created_at              08:00 UTC (09:00 Europe/Berlin), 70 minutes ago
  updated_at              08:00 UTC (09:00 Europe/Berlin), 70 minutes ago
  timing_changed_at       08:00 UTC (09:00 Europe/Berlin), 70 minutes ago
  next_run_at             2027-03-02 09:00 UTC (10:00 Europe/Berlin), in 23 hours
  resource_id             contract-42
  flexible_window_minutes 5
  confirmed               yes
  max_runs                4
  exclusions              2027-03-03
  in_progress             09:00 UTC (10:00 Europe/Berlin)
  waiting_runs            1
  pause_after_failures    10

EventBridge
  ENABLED, as in the record

Operator
  no hold

Next occurrences
  2027-03-02 09:00 UTC (10:00 Europe/Berlin), in 23 hours
  2027-03-03 09:00 UTC (10:00 Europe/Berlin), in 47 hours: excluded
  2027-03-04 09:00 UTC (10:00 Europe/Berlin), in 2 days
  2027-03-05 09:00 UTC (10:00 Europe/Berlin), in 3 days
  2027-03-08 09:00 UTC (10:00 Europe/Berlin), in 6 days

Latest runs
  09:00 UTC (10:00 Europe/Berlin), 10 minutes ago: retrying
    reason: SES throttled
    next attempt at 09:14 UTC, started 2.0 s late, run id 20270301T090000Z-0c08ba07ccd35cb8
    attempt 1: 09:00:02 UTC (1.0 s): SES throttled

Dead-letter messages
  delivery queue: 0 about this schedule, of 0 read; it has about 0
  work queue: 1 about this schedule, of 1 read; it has about 1
  work queue, sent 07:59 UTC, run of 2027-02-26 09:00 UTC (10:00 Europe/Berlin): SES throttled"""


def test_the_page_prints_the_diagnosis_and_all_facts(world: World) -> None:
    schedule = world.at_ten(
        resource_id="contract-42", exclusions=(date(2027, 3, 3),), max_runs=4, flexible_window_minutes=5
    )
    world.clock.now = NOW + HOUR + 10 * MINUTE
    world.ran(
        schedule,
        DUE,
        status=RunStatus.RETRYING,
        reason="SES throttled",
        attempts=(Attempt(DUE + 2 * SECOND, DUE + 3 * SECOND, "SES throttled"),),
        lateness=2 * SECOND,
        next_attempt_at=DUE + 14 * MINUTE,
    )
    world.queues.put(WORK, a_message("SES throttled", scheduled_time="2027-02-26T09:00:00Z"))

    assert "\n".join(world.explained()) == PAGE


def test_an_unknown_schedule_is_printed_with_everything_that_was_read(world: World) -> None:
    lines = world.explained("s2")

    assert lines[0] == "Cause:   Schedule s2 of user alice is neither in the table nor in EventBridge."
    assert lines.count("  none") == 3
    assert "  no such schedule" in lines


def test_an_expired_record_is_not_printed(world: World) -> None:
    world.at_ten()
    world.service.cancel("alice", "s1")
    world.clock.now += 400 * DAY

    assert world.part("Record") == ["none"]


def test_a_paused_schedule_is_printed_with_the_occurrences_that_it_skips(world: World) -> None:
    world.at_ten()
    world.service.pause("alice", "s1", reason="holidays", until="2027-03-03T00:00:00Z")

    assert {"status                  paused", "reason                  holidays"} <= set(world.part("Record"))
    assert [line.endswith(": paused") for line in world.part("Next occurrences")] == [True, True, False, False, False]
    assert world.part("EventBridge") == ["DISABLED, as in the record"]
    assert world.explained()[1].endswith("resumes automatically at 2027-03-03 00:00 UTC (01:00 Europe/Berlin).")


def test_a_request_is_printed_with_the_scope_that_it_needs(world: World) -> None:
    world.at_ten()
    world.service.pause("alice", "s1")

    assert world.explained()[1:3] == [
        "Advice:  Resume it: POST /v1/schedules/s1/resume?user_id=alice",
        "         (to the API, with a token that has the scope schedules:admin)",
    ]


def test_the_last_occurrence_is_printed_alone(world: World) -> None:
    schedule = world.service.create_one_time(user_id="alice", after=HOUR, action=an_action())

    lines = world.explained(schedule.schedule_id)

    start = lines.index("Next occurrences")
    assert lines[start + 1 : start + 3] == ["  09:00 UTC, in 60 minutes", ""]


# EventBridge's view


def test_a_payload_of_an_older_release_does_not_differ_from_the_record(world: World) -> None:
    existing = world.in_eventbridge(world.at_ten())
    sent = json.loads(existing["Target"]["Input"])
    # It wrote defaults as well.
    older = stored_defaults(SCHEDULE) | sent
    world.client.update_schedule(**existing | {"Target": existing["Target"] | {"Input": json.dumps(older)}})

    assert older != sent
    assert world.part("EventBridge") == ["ENABLED, as in the record"]


@pytest.mark.parametrize(
    ("change", "printed"),
    [
        ({"State": "DISABLED"}, "State is DISABLED, the record says ENABLED"),
        ({"Target": {"RetryPolicy": NEVER}}, f"RetryPolicy is {NEVER}, the record says {USUALLY}"),
        ({"Target": {"Input": "{}"}}, "the payload cannot be read"),
    ],
)
def test_a_change_by_hand_in_eventbridge_is_printed(world: World, change: dict[str, Any], printed: str) -> None:
    existing = world.in_eventbridge(world.at_ten())
    world.client.update_schedule(**existing | change | {"Target": existing["Target"] | change.get("Target", {})})

    assert world.part("EventBridge")[1:] == [f"differs: {printed}"]
    assert world.explained()[0] == f"Cause:   EventBridge differs from the record: {printed}."


def test_a_different_payload_is_printed_without_quoting_it(world: World) -> None:
    existing = world.in_eventbridge(world.at_ten())
    other = existing["Target"]["Input"].replace("It is time.", "It is late.").replace('"email"', '"sms"')
    world.client.update_schedule(**existing | {"Target": existing["Target"] | {"Input": other}})

    assert world.part("EventBridge")[1:] == ["differs: the payload differs in action_type, action"]


def test_a_payload_from_before_the_last_change_is_named_by_its_revision(world: World) -> None:
    first = world.at_ten()
    before = world.in_eventbridge(first)
    world.clock.sleep(1)
    changed = world.service.change("alice", "s1", name="renamed")
    world.client.update_schedule(**before)

    printed = f"differs: the payload is of revision {first.revision}, the record of {changed.revision}"
    assert world.part("EventBridge")[1:] == [printed]


# Runs


def test_the_awaited_run_is_found_behind_many_later_ones(world: World) -> None:
    schedule = world.at_ten()
    for day in range(1, 20):
        world.ran(schedule, DUE + day * DAY)
    world.ran(schedule, DUE, status=RunStatus.RUNNING)
    world.clock.now = DUE + 20 * DAY

    runs = [line for line in world.part("Latest runs") if line.startswith("2027")]

    assert len(runs) == 11
    assert runs[-1].endswith(": running")


def test_a_run_is_printed_with_its_notes_and_attempts(world: World) -> None:
    schedule = world.at_ten()
    attempts = (Attempt(NOW, None, "cut short"), Attempt(NOW + MINUTE))
    world.ran(schedule, NOW, token="t1", redriven=True, possibly_repeated=True, attempts=attempts)

    headline, notes, first, second = world.part("Latest runs")

    assert headline.endswith(": succeeded")
    assert notes.startswith("  run now, redriven, possibly repeated, run id 20270301T080000")
    assert (first, second) == ("  attempt 1: 08:00 UTC: cut short", "  attempt 2: 08:01 UTC: not ended")


def test_texts_of_others_cannot_control_the_terminal(world: World) -> None:
    world.ran(world.at_ten(), NOW, status=RunStatus.FAILED, reason="\x1b[2J\nIt is active and well.")

    lines = world.explained()

    assert "failed: \N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}It is active" in lines[0]
    assert all(line.isprintable() for line in lines)


# The function and the queues


def test_a_hold_is_printed(world: World) -> None:
    world.at_ten()
    world.function.variables["HOLD"] = "SES is down"

    assert world.explained()[0].startswith("Cause:   The operator holds all runs (SES is down). ")
    assert world.part("Operator") == ["holds all runs: SES is down"]


def test_without_the_function_everything_else_is_printed(world: World) -> None:
    world.at_ten()
    world.function.error = refusal("ResourceNotFoundException")

    assert world.explained()[0] == "Cause:   The schedule works."
    assert world.part("Operator")[0].startswith("hold unknown: An error occurred (ResourceNotFound")
    assert (
        world.part("Dead-letter messages")[1]
        == "work queue: not read: the Notification Lambda has no WORK_DEAD_LETTER_QUEUE_URL"
    )


def test_a_missing_queue_is_named(world: World) -> None:
    world.at_ten()
    del world.queues.messages[DELIVERY]

    assert world.part("Dead-letter messages")[0].startswith("delivery queue: not read: An error occurred (AWS.Simple")


MESSAGES = {
    "of the Notification Lambda": (a_message("no such address"), {}, "no such address"),
    "of Lambda, for a crash": (
        {
            "requestPayload": EVENT,
            "requestContext": {"condition": "RetriesExhausted"},
            "responsePayload": {"errorType": "Runtime.ExitError"},
        },
        {},
        "RetriesExhausted: Runtime.ExitError",
    ),
    "of Lambda, for age": (
        {"requestPayload": EVENT, "requestContext": {"condition": "EventAgeExceeded"}},
        {},
        "EventAgeExceeded",
    ),
    "of EventBridge": (
        EVENT,
        {"ERROR_CODE": "Throttled", "ERROR_MESSAGE": "slower", "SCHEDULED_TIME": EVENT["scheduled_time"]},
        "Throttled: slower",
    ),
    "of EventBridge, with a message that repeats the code": (
        EVENT,
        {"ERROR_CODE": "Gone", "ERROR_MESSAGE": "Gone: no such function", "SCHEDULED_TIME": EVENT["scheduled_time"]},
        "Gone: no such function",
    ),
    "of EventBridge, cut": (
        '{"version": 1, "us',
        {"SCHEDULE_ARN": ARN, "ERROR_CODE": "Gone", "SCHEDULED_TIME": EVENT["scheduled_time"]},
        "Gone: no message",
    ),
}


@pytest.mark.parametrize(("body", "attributes", "reason"), MESSAGES.values(), ids=MESSAGES.keys())
def test_a_dead_letter_message_is_read(world: World, body: Any, attributes: dict[str, str], reason: str) -> None:
    world.at_ten()
    world.queues.put(DELIVERY, body, **attributes)

    count, _, message = world.part("Dead-letter messages")

    assert count == "delivery queue: 1 about this schedule, of 1 read; it has about 1"
    assert message == f"delivery queue, sent 07:59 UTC, run of 07:00 UTC (08:00 Europe/Berlin): {reason}"


@pytest.mark.parametrize(
    "body",
    [
        "no JSON",
        "[]",
        {"event": "text"},
        {"event": {"user_id": "bob", "schedule_id": "s1"}},
        a_message("no such address", schedule_id="s2"),
    ],
)
def test_a_message_about_something_else_is_counted_and_not_printed(world: World, body: Any) -> None:
    world.at_ten()
    world.queues.put(WORK, body)

    assert world.part("Dead-letter messages")[1:] == ["work queue: 0 about this schedule, of 1 read; it has about 1"]


def test_a_delivery_without_a_record_is_not_taken_for_one_with_a_run(world: World) -> None:
    world.at_ten()
    world.queues.put(WORK, a_message("the schedule has no record in this table") | {"run_id": None})

    assert world.explained()[0].startswith("Cause:   One delivery was not done; its message is in the work")


def test_200_messages_are_read_at_most_and_all_stay_in_the_queue(world: World) -> None:
    world.at_ten()
    for number in range(201):
        world.queues.put(WORK, a_message(f"failure {number}"))

    printed = world.part("Dead-letter messages")

    assert printed[1] == "work queue: 200 about this schedule, of 200 read; it has about 201"
    assert (len(printed), printed[-1]) == (13, "and 190 earlier messages")
    assert (len(world.queues.messages[WORK]), world.queues.hidden) == (201, set())


def test_an_interrupted_read_leaves_no_message_hidden(world: World) -> None:
    world.at_ten()
    for number in range(11):
        world.queues.put(DELIVERY, a_message(f"failure {number}"))
    world.queues.receives = 1

    printed = world.part("Dead-letter messages")[0]
    assert printed.startswith("delivery queue: not read: An error occurred (RequestThrottled)")
    assert world.queues.hidden == set()


# The command


def test_an_unavailable_table_is_an_error(world: World) -> None:
    world.repository.faults.always("repository.get", StoreUnavailable)

    with pytest.raises(DeployError, match="The table is unavailable"):
        world.explained()


def test_the_command_needs_a_rendered_stage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "config.json").write_text('{"stages": {"dev": {}}}')

    assert main(["explain", "--stage", "dev", "--project", str(tmp_path), "--user", "alice", "--id", "s1"]) == 1
    assert capsys.readouterr().err.endswith("run python -m deploy render --stage dev first.\n")


def test_only_an_existing_schedule_ends_with_0(world: World) -> None:
    schedule = world.service.create_one_time(user_id="alice", after=HOUR, action=an_action())

    assert world.found(schedule.schedule_id)
    assert not world.found("another")


def test_occurrences_pending_before_a_change_are_printed(world: World) -> None:
    world.at_ten()
    world.clock.now = NOW + 70 * MINUTE
    world.service.change("alice", "s1", name="other")

    (pending,) = [line for line in world.part("Record") if line.startswith("pending ")]
    assert pending.startswith("pending before a change 09:00 UTC (10:00 Europe/Berlin) to 09:10 UTC")
    assert world.explained()[0].startswith("Cause:   The run of 09:00 UTC (10:00 Europe/Berlin) is 10 minutes late")
