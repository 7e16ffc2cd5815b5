"""When failed work is tried again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.model.backoff import next_attempt_at
from chalicelib.core.model.schedule import RetryPolicy
from tests.builders import DAY, HOUR, MINUTE, NOW, SECOND, a_run, a_schedule

if TYPE_CHECKING:
    from chalicelib.core.model.run import Run

DEFAULT = RetryPolicy()


def failed(tries: int, schedule_id: str = "s1") -> Run:
    return a_run(a_schedule(schedule_id=schedule_id), tries=tries)


@pytest.mark.parametrize(
    ("policy", "tries", "shortest"),
    [
        (DEFAULT, 1, MINUTE),
        (DEFAULT, 2, 2 * MINUTE),
        (DEFAULT, 3, 4 * MINUTE),
        (RetryPolicy(20, 3600), 1, HOUR),
        (RetryPolicy(20, 3600), 3, 4 * HOUR),
        (RetryPolicy(20, 3600), 4, 6 * HOUR),
        (RetryPolicy(20, 3600), 20, 6 * HOUR),
    ],
    ids=str,
)
def test_the_wait_doubles_up_to_six_hours_and_is_up_to_a_quarter_longer(
    policy: RetryPolicy, tries: int, shortest: timedelta
) -> None:
    at = next_attempt_at(failed(tries), policy, NOW)

    assert at is not None
    assert shortest <= at - NOW <= shortest * 1.25 + SECOND


@pytest.mark.parametrize(("policy", "tries"), [(DEFAULT, 4), (RetryPolicy(0, 60), 1), (RetryPolicy(1, 60), 2)], ids=str)
def test_after_the_last_retry_there_is_none(policy: RetryPolicy, tries: int) -> None:
    assert next_attempt_at(failed(tries), policy, NOW) is None


@pytest.mark.parametrize(
    ("retry_after", "waits"),
    [(10 * MINUTE, 10 * MINUTE), (DAY, DAY), (400 * DAY, DAY)],
    ids=str,
)
def test_a_providers_own_wish_is_kept_up_to_a_day(retry_after: timedelta, waits: timedelta) -> None:
    assert next_attempt_at(failed(1), DEFAULT, NOW, retry_after=retry_after) == NOW + waits


@pytest.mark.parametrize("retry_after", [timedelta(0), -MINUTE, 5 * SECOND], ids=str)
def test_a_wish_for_less_does_not_shorten_the_wait(retry_after: timedelta) -> None:
    assert next_attempt_at(failed(1), DEFAULT, NOW, retry_after=retry_after) == next_attempt_at(failed(1), DEFAULT, NOW)


def test_what_failed_together_does_not_come_back_together() -> None:
    waits = {next_attempt_at(failed(3, f"s{number}"), DEFAULT, NOW) for number in range(200)}

    assert len(waits) > 40  # of the 61 seconds that a quarter of four minutes has


def test_it_is_a_whole_second_never_too_early() -> None:
    at = next_attempt_at(failed(1), DEFAULT, NOW + timedelta(milliseconds=1))

    assert at is not None
    assert at.microsecond == 0
    assert at >= NOW + MINUTE
