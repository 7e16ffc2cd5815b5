"""Converts single values to text, number, boolean, list or map and back, for table and payload."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from ..frozen import Frozen
from ..timing.instants import epoch_seconds, from_epoch_seconds, from_iso, iso, iso_ms
from .run import Attempt
from .schedule import DeliveryPolicy, LastRun, RetryPolicy, Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from enum import StrEnum


class Codec(Frozen):
    """`read` converts the result of `write` back, after storage in DynamoDB or JSON. Neither is called with None."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def dumps(value: object) -> str:
    """Returns compact JSON text, as it is stored and sent to the Lambda. Raises ValueError for NaN and infinity."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def json_size(value: object) -> int:
    """Returns the size of the value as JSON in bytes. Raises ValueError if it cannot be converted to JSON."""
    try:
        return len(dumps(value).encode())
    except (TypeError, ValueError, RecursionError):
        raise ValueError(
            "cannot be converted to JSON; NaN, infinity, very long numbers, unpaired surrogates and very deep nesting "
            "are not allowed"
        ) from None


def without_none(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def instant(text: str | None) -> datetime | None:
    return None if text is None else from_iso(text)


def one_of(options: type[StrEnum]) -> Codec:
    return Codec(_text_of, options)


def many(each: Codec) -> Codec:
    return Codec(lambda values: [each.write(value) for value in values], lambda plain: tuple(map(each.read, plain)))


def _same(value: Any) -> Any:
    return value


def _text_of(value: StrEnum) -> str:
    return value.value


def _timing_to_plain(timing: Timing) -> dict[str, Any]:
    return without_none(
        expression=timing.expression,
        timezone=timing.timezone,
        start_at=timing.start_at and iso(timing.start_at),
        end_at=timing.end_at and iso(timing.end_at),
    )


def _timing(plain: Mapping[str, Any]) -> Timing:
    return Timing(plain["expression"], plain["timezone"], instant(plain.get("start_at")), instant(plain.get("end_at")))


def _delivery_to_plain(delivery: DeliveryPolicy) -> dict[str, int]:
    return {"max_retries": delivery.max_retries, "max_age_seconds": delivery.max_age_seconds}


def _delivery(plain: Mapping[str, Any]) -> DeliveryPolicy:
    return DeliveryPolicy(int(plain["max_retries"]), int(plain["max_age_seconds"]))


def _retry_to_plain(retry: RetryPolicy) -> dict[str, int]:
    return {"max_retries": retry.max_retries, "backoff_seconds": retry.backoff_seconds}


def _retry(plain: Mapping[str, Any]) -> RetryPolicy:
    return RetryPolicy(int(plain["max_retries"]), int(plain["backoff_seconds"]))


def _last_run_to_plain(last_run: LastRun) -> dict[str, Any]:
    return without_none(scheduled_time=iso(last_run.scheduled_time), status=last_run.status, reason=last_run.reason)


def _last_run(plain: Mapping[str, Any]) -> LastRun:
    return LastRun(from_iso(plain["scheduled_time"]), plain["status"], plain.get("reason"))


def _attempt_to_plain(attempt: Attempt) -> dict[str, Any]:
    return without_none(
        started_at=iso_ms(attempt.started_at),
        ended_at=attempt.ended_at and iso_ms(attempt.ended_at),
        error=attempt.error,
    )


def _attempt(plain: Mapping[str, Any]) -> Attempt:
    return Attempt(from_iso(plain["started_at"]), instant(plain.get("ended_at")), plain.get("error"))


AS_IT_IS = Codec(_same, _same)
NUMBER = Codec(_same, int)
"""boto3 returns DynamoDB's numbers as Decimal."""
SECONDS = Codec(iso, from_iso)
MILLISECONDS = Codec(iso_ms, from_iso)
EXPIRY = Codec(epoch_seconds, lambda seconds: from_epoch_seconds(int(seconds)))
"""Epoch seconds, as DynamoDB's TTL requires."""
DURATION = Codec(lambda length: length // timedelta(milliseconds=1), lambda ms: timedelta(milliseconds=int(ms)))
DAY = Codec(date.isoformat, date.fromisoformat)
JSON = Codec(dumps, json.loads)
"""JSON is stored as text, because DynamoDB's types do not preserve it, such as the difference of 1 and 1.0."""
TIMING = Codec(_timing_to_plain, _timing)
DELIVERY = Codec(_delivery_to_plain, _delivery)
RETRY = Codec(_retry_to_plain, _retry)
LAST_RUN = Codec(_last_run_to_plain, _last_run)
ATTEMPT = Codec(_attempt_to_plain, _attempt)
