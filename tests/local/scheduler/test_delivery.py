"""From a firing to the target: payload, retries, dead letters."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from local.scheduler import Invocation, Scheduler
from local.scheduler.testing import HOME, FakeTargets, Stage, a_refusal, a_request, a_target, client, stage
from local.time.agenda import Agenda
from local.time.clock import Clock

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
AT_ONE = NOW + timedelta(hours=1)  # the time of `a_request()`
DAY = timedelta(days=1)
QUEUE = "arn:aws:sqs:eu-central-1:123456789012:dead"


@pytest.fixture
def on() -> Iterator[Stage]:
    with stage(NOW) as made:
        yield made


def payloads(on: Stage) -> list[str]:
    return [invocation.payload for _, invocation in on.targets.invocations]


def deliver(on: Stage, **target: Any) -> None:
    """One one-time schedule whose target has these members, until nothing is left to do."""
    on.create(Target=a_target(DeadLetterConfig={"Arn": QUEUE}, **target))
    on.agenda.advance(NOW + 3 * DAY)


def refusing(on: Stage, *, times: int = 1000, retryable: bool = True) -> None:
    on.targets.failures = [a_refusal(retryable=retryable) for _ in range(times)]


def test_the_input_is_delivered_as_it_is(on: Stage) -> None:
    text = '{ "a":  "ü <b>", "when": "\\u003caws.scheduler.scheduled-time\\u003e", "x": "<aws.scheduler.unknown>" }'
    deliver(on, Input=text)

    assert payloads(on) == [text]


def test_the_context_attributes_are_filled_in_wherever_they_stand(on: Stage) -> None:
    deliver(
        on,
        Input='{"arn": "<aws.scheduler.schedule-arn>", "n": "<aws.scheduler.attempt-number>",'
        ' "both": "<aws.scheduler.scheduled-time>/<aws.scheduler.scheduled-time>"}',
    )

    assert json.loads(payloads(on)[0]) == {
        "arn": HOME.schedule_arn("default", "s1"),
        "n": "1",
        "both": "2027-03-01T13:00:00Z/2027-03-01T13:00:00Z",
    }


def test_each_try_has_its_number_and_its_own_execution_id(on: Stage) -> None:
    refusing(on, times=2)
    deliver(on, Input='["<aws.scheduler.attempt-number>", "<aws.scheduler.execution-id>"]')
    numbers, ids = zip(*map(json.loads, payloads(on)), strict=True)

    assert numbers == ("1", "2", "3")
    assert len(set(ids)) == 3
    assert all(re.fullmatch("[0-9a-f]{16}", execution_id) for execution_id in ids)


def test_the_scheduled_time_of_a_late_delivery_is_the_planned_one() -> None:
    with stage(NOW, lateness="aws") as on:
        deliver(on, Input='"<aws.scheduler.scheduled-time>"')

        assert payloads(on) == ['"2027-03-01T13:00:00Z"']


def test_without_input_the_target_gets_the_default_event(on: Stage) -> None:
    target = a_target()
    del target["Input"]
    on.create(Target=target)
    on.agenda.advance(AT_ONE)
    event = json.loads(payloads(on)[0])

    assert re.fullmatch("[0-9a-f-]{36}", event.pop("id"))
    assert event == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "123456789012",
        "time": "2027-03-01T13:00:00Z",
        "region": "eu-central-1",
        "resources": [HOME.schedule_arn("default", "s1")],
        "detail": "{}",
    }


def test_tries_follow_in_doubling_pauses_up_to_five_minutes_less_up_to_half_as_jitter(on: Stage) -> None:
    refusing(on)
    deliver(on, RetryPolicy={"MaximumRetryAttempts": 12})
    instants = [when for when, _, _ in on.attempts()]
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(instants)]
    longest = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]

    assert all(limit / 2 <= pause <= limit for pause, limit in zip(pauses, longest, strict=True))
    assert len({pause / limit for pause, limit in zip(pauses, longest, strict=True)}) > 6


def test_a_try_that_succeeds_is_the_last(on: Stage) -> None:
    refusing(on, times=2)
    deliver(on)

    assert [attempt for _, _, attempt in on.attempts()] == [1, 2, 3]
    assert on.dead_letters.messages == []


@pytest.mark.parametrize("retries", [0, 1, 5])
def test_it_is_tried_again_as_often_as_the_policy_says(on: Stage, retries: int) -> None:
    refusing(on)
    deliver(on, RetryPolicy={"MaximumRetryAttempts": retries})

    assert len(on.attempts()) == retries + 1


def test_by_default_it_is_tried_again_185_times(on: Stage) -> None:
    refusing(on)
    deliver(on)

    assert len(on.attempts()) == 186


def test_it_is_not_tried_again_beyond_the_age_of_the_policy(on: Stage) -> None:
    refusing(on)
    deliver(on, RetryPolicy={"MaximumEventAgeInSeconds": 60})
    last_try = on.attempts()[-1][0]

    assert AT_ONE + timedelta(seconds=30) < last_try <= AT_ONE + timedelta(seconds=60)


def test_what_cannot_help_is_not_tried_again(on: Stage) -> None:
    refusing(on, retryable=False)
    deliver(on)

    assert len(on.attempts()) == 1


def dead_letter(on: Stage) -> tuple[str, dict[str, str]]:
    [(queue, body, attributes)] = on.dead_letters.messages

    assert queue == QUEUE
    return body, dict(attributes)


def test_a_dead_letter_carries_the_payload_and_the_nine_attributes(on: Stage) -> None:
    refusing(on)
    deliver(on, RetryPolicy={"MaximumRetryAttempts": 3}, Input='{"n": "<aws.scheduler.attempt-number>"}')
    body, attributes = dead_letter(on)

    assert body == '{"n": "4"}'
    assert attributes == {
        "ERROR_CODE": "TooManyRequestsException",
        "ERROR_MESSAGE": "Rate exceeded",
        "EXECUTION_ID": on.targets.invocations[-1][1].execution_id,
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": "3",
        "SCHEDULED_TIME": "2027-03-01T13:00:00Z",
        "SCHEDULE_ARN": HOME.schedule_arn("default", "s1"),
        "TARGET_ARN": a_target()["Arn"],
    }


def test_a_dead_letter_names_the_age_when_that_ended_the_tries(on: Stage) -> None:
    refusing(on)
    deliver(on, RetryPolicy={"MaximumEventAgeInSeconds": 60})

    assert dead_letter(on)[1]["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"


def test_the_dead_letter_of_a_permanent_error_exhausted_no_condition(on: Stage) -> None:
    refusing(on, retryable=False)
    deliver(on)
    _, attributes = dead_letter(on)

    assert "EXHAUSTED_RETRY_CONDITION" not in attributes
    assert attributes["RETRY_ATTEMPTS"] == "0"


def test_a_dead_letter_is_cut_to_what_the_queue_takes(on: Stage) -> None:
    refusing(on, retryable=False)
    deliver(on, Input=json.dumps("ü" * 131_000, ensure_ascii=False))
    body, attributes = dead_letter(on)
    size = len(body.encode()) + sum(len(f"{name}String{value}".encode()) for name, value in attributes.items())

    assert attributes["IS_PAYLOAD_TRUNCATED"] == "true"
    assert 262_140 <= size <= 262_144


def test_without_a_queue_a_lost_delivery_completes_the_schedule(on: Stage) -> None:
    refusing(on, retryable=False)
    on.create(ActionAfterCompletion="DELETE")
    on.agenda.advance(NOW + DAY)

    assert (on.dead_letters.messages, on.names()) == ([], [])


def test_a_fault_of_the_local_cloud_itself_is_logged_and_tried_again(
    on: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    on.targets.failures = [KeyError("a bug")]
    deliver(on)

    assert len(on.attempts()) == 2
    assert "KeyError: 'a bug'" in caplog.text


def test_a_fault_of_the_local_cloud_itself_has_aws_s_words(on: Stage) -> None:
    on.targets.failures = [KeyError("a bug")]
    deliver(on, RetryPolicy={"MaximumRetryAttempts": 0})
    _, attributes = dead_letter(on)

    assert attributes["ERROR_CODE"] == "AWS.Scheduler.InternalServerError"
    assert attributes["ERROR_MESSAGE"] == "Unexpected error occurred while processing the request"


class NoQueue:
    def send(self, invocation: Invocation, queue_arn: str, body: str, attributes: Mapping[str, str]) -> None:
        raise LookupError(invocation, queue_arn, body, attributes)


def test_a_dead_letter_that_cannot_be_sent_is_logged_and_completes_the_schedule(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    clock.stand_at(NOW)
    agenda = Agenda(clock)
    targets = FakeTargets(clock, failures=[a_refusal(retryable=False)])
    in_process = client(Scheduler(clock, agenda, targets, NoQueue()))
    target = a_target(DeadLetterConfig={"Arn": QUEUE})
    in_process.create_schedule(**a_request(Target=target, ActionAfterCompletion="DELETE"))
    agenda.advance(NOW + DAY)
    agenda.stop()

    assert f"could not be sent to {QUEUE}" in caplog.text
    assert in_process.list_schedules()["Schedules"] == []
