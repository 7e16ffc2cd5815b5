"""The field table: each field of a Schedule and of a Run, stated once.

From it come the mapping to table and payload, the attribute lists of the conditional writes, the options that clients
set with their defaults and limits, what PUT replaces and what the payload resets. Stored names never change, whatever
a field is called in Python.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from . import ids
from .run import RunStatus
from .schedule import DeliveryPolicy, OnMissed, OnUnknown, Overlap, RetryPolicy, Schedule, Status, Timing
from .values import (
    AS_IT_IS,
    ATTEMPT,
    DAY,
    DELIVERY,
    DURATION,
    EXPIRY,
    JSON,
    LAST_RUN,
    MILLISECONDS,
    NUMBER,
    RETRY,
    SECONDS,
    TIMING,
    Codec,
    dumps,
    many,
    one_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

CLIENTS, RUNS, CONFIRM = "clients", "runs", "confirm"
"""Who changes the record of a schedule that exists: clients, runs that end, the confirmation."""
BY_CLIENTS = (CLIENTS,)
BY_BOTH = (CLIENTS, RUNS)
BY_ALL = (CLIENTS, RUNS, CONFIRM)

NO_DEFAULT: Any = object()
UNCHANGED: Any = object()

PAUSE_AFTER_FAILURES = 10


class Limits(NamedTuple):
    """Of a number; of how many characters a text has, or values a list; of how many bytes an object has as JSON, or a
    user id in a key. They hold for HTTP and for Python callers.
    """

    least: int
    most: int


class Option(NamedTuple):
    """What a client may set beside timing and action, and PUT replaces.

    `default` is what a client gets who says nothing, where that depends on the timing.
    """

    default: Callable[[Timing], Any] | None = None


class Field(NamedTuple):
    """One field, by its name in Python. `stored` is its attribute in table and payload.

    A record without a `required` one is refused; for others that are not there the default is read. An `is_sparse`
    field is not written while it has its default, so that a usual record costs one write unit. Older releases wrote
    some of those defaults, and both forms mean the same. None is never written. `option` says what clients set,
    `limits` are those of the value, or of its parts by their names, and `is_shown` says what clients are shown.
    `changed_by` names who changes it after the creation, `is_compared` says that the optimistic lock compares it.
    `sent_as` is its value in the payload that EventBridge keeps: a confirmed schedule with no runs yet. What
    `is_derived` follows from the others: it is written for people and never read.
    """

    name: str
    stored: str
    codec: Codec = AS_IT_IS
    default: Any = NO_DEFAULT
    required: bool = False
    is_sparse: bool = True
    limits: Limits | Mapping[str, Limits] | None = None
    option: Option | None = None
    is_shown: bool = False
    changed_by: tuple[str, ...] = ()
    is_compared: bool = False
    sent_as: Any = UNCHANGED
    is_derived: bool = False


def to_plain(fields: Iterable[Field], record: object) -> dict[str, Any]:
    plain = {}
    for field in fields:
        value = getattr(record, field.name)
        if value is not None and not (field.is_sparse and value == field.default):
            plain[field.stored] = field.codec.write(value)
    return plain


def from_plain(fields: Iterable[Field], plain: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are there, by their names in Python. Raises KeyError, TypeError or ValueError."""
    values = {}
    for field in fields:
        value = None if field.is_derived else plain.get(field.stored)
        if value is not None:
            values[field.name] = field.codec.read(value)
        elif field.required:
            raise KeyError(field.stored)
    return values


def stored_defaults(fields: Iterable[Field]) -> dict[str, Any]:
    """The defaults that a record may have or lack, as they are stored, by the names of their attributes."""
    return {
        field.stored: field.codec.write(field.default)
        for field in fields
        if field.is_sparse and field.default is not NO_DEFAULT and field.default is not None
    }


def changed_by(who: str) -> tuple[str, ...]:
    """The attributes of a schedule's record that `who` changes."""
    return tuple(field.stored for field in SCHEDULE if who in field.changed_by)


def _option(
    name: str,
    codec: Codec = AS_IT_IS,
    *,
    default: Any = None,
    default_for: Callable[[Timing], Any] | None = None,
    limits: Limits | Mapping[str, Limits] | None = None,
) -> Field:
    """What clients set, change and are shown."""
    option = Option(default_for)
    return Field(name, name, codec, default, limits=limits, option=option, is_shown=True, changed_by=BY_CLIENTS)


def _applied_to_text(schedule: Schedule) -> str:
    return dumps(to_plain((field for field in SCHEDULE if field.name != "applied"), schedule))


def _applied(text: str) -> Schedule:
    return Schedule(**from_plain(SCHEDULE, json.loads(text)))


TIMES = many(SECONDS)
EARLIEST = Codec(lambda at: [SECONDS.write(at)], lambda times: SECONDS.read(min(times)) if times else None)
"""Kept as a list, which has been the attribute's type from the first."""

# In the order in which they stand in the payload. The action has no row: it is an item of its own.
SCHEDULE = (
    Field("user_id", "user_id", required=True, limits=Limits(1, ids.USER_ID_BYTES), is_shown=True),
    Field("schedule_id", "schedule_id", required=True, is_shown=True),
    _option("resource_id", limits=Limits(1, 256)),
    _option("name", limits=Limits(1, 200)),
    _option("metadata", JSON, default={}, limits=Limits(0, 2048)),
    Field("timing", "timing", TIMING, required=True, is_shown=True, changed_by=BY_CLIENTS),
    Field("timing_changed_at", "timing_changed_at", MILLISECONDS, required=True, changed_by=BY_CLIENTS),
    _option("flexible_window_minutes", NUMBER, default=0, limits=Limits(0, 1440)),
    _option(
        "delivery",
        DELIVERY,
        default=DeliveryPolicy(),
        limits={"max_retries": Limits(0, 185), "max_age_seconds": Limits(60, 86_400)},
    ),
    Field("action_type", "action_type", required=True, changed_by=BY_CLIENTS),
    Field("action_revision", "action_revision", NUMBER, required=True, changed_by=BY_CLIENTS),
    Field("status", "status", one_of(Status), required=True, is_shown=True, changed_by=BY_BOTH, is_compared=True),
    Field("reason", "reason", default=None, limits=Limits(1, 200), is_shown=True, changed_by=BY_BOTH),
    Field("revision", "revision", NUMBER, required=True, is_shown=True, changed_by=BY_CLIENTS, is_compared=True),
    Field(
        "confirmed",
        "confirmed",
        default=False,
        required=True,
        is_sparse=False,
        is_shown=True,
        changed_by=BY_ALL,
        is_compared=True,
        sent_as=True,
    ),
    Field("never_applied", "never_applied", default=False, changed_by=(CONFIRM,), sent_as=False),
    Field("intent_until", "intent_until", MILLISECONDS, None, changed_by=BY_ALL, is_compared=True, sent_as=None),
    Field(
        "next_run_at",
        "next_run_at",
        SECONDS,
        default=None,
        is_shown=True,
        changed_by=BY_BOTH,
        is_compared=True,
        sent_as=None,
    ),
    Field("last_run", "last_run", LAST_RUN, None, is_shown=True, changed_by=(RUNS,), sent_as=None),
    # Runs add to it, and it is compared only where there is a `max_runs`.
    Field("run_count", "run_count", NUMBER, 0, is_shown=True, sent_as=0),
    _option("max_runs", NUMBER, limits=Limits(1, 1_000_000)),
    _option("exclusions", many(DAY), default=(), limits=Limits(0, 366)),
    _option(
        "on_missed",
        one_of(OnMissed),
        default=OnMissed.SKIP,
        default_for=lambda timing: OnMissed.RUN_NOW if timing.is_one_time else OnMissed.SKIP,
    ),
    Field("paused_until", "paused_until", MILLISECONDS, None, is_shown=True, changed_by=BY_CLIENTS),
    Field("pending_since", "owed", EARLIEST, None, changed_by=BY_BOTH, is_compared=True, sent_as=None),
    Field("in_progress", "unfinished", TIMES, (), changed_by=BY_BOTH, is_compared=True, sent_as=()),
    # Claims and runs change these two; in a schedule without `max_runs` or `overlap: skip` they have their defaults.
    Field("waiting_runs", "waiting_runs", NUMBER, 0, changed_by=BY_BOTH, is_compared=True, sent_as=0),
    Field("reserved", "reserved", NUMBER, 0, changed_by=(RUNS,), is_compared=True, sent_as=0),
    Field("running", "running", TIMES, (), changed_by=(RUNS,), is_compared=True, sent_as=()),
    _option(
        "retry",
        RETRY,
        default=RetryPolicy(),
        limits={"max_retries": Limits(0, 20), "backoff_seconds": Limits(60, 3600)},
    ),
    _option("on_unknown", one_of(OnUnknown), default=OnUnknown.RETRY),
    _option("overlap", one_of(Overlap), default=Overlap.ALLOW),
    _option(
        "pause_after_failures",
        NUMBER,
        default=0,
        default_for=lambda timing: 0 if timing.is_one_time else PAUSE_AFTER_FAILURES,
        limits=Limits(0, 1000),
    ),
    Field(
        "failures_in_a_row",
        "failures_in_a_row",
        NUMBER,
        default=0,
        is_shown=True,
        changed_by=BY_BOTH,
        is_compared=True,
        sent_as=0,
    ),
    Field("applied", "applied", Codec(_applied_to_text, _applied), None, changed_by=(CLIENTS, CONFIRM), sent_as=None),
    Field("request_digest", "request_digest", default=None),
    Field("created_at", "created_at", MILLISECONDS, required=True, is_shown=True),
    Field("updated_at", "updated_at", MILLISECONDS, required=True, is_shown=True, changed_by=BY_CLIENTS),
    # A redrive changes it as well: a run that ends goes by the latest one.
    Field("expires_at", "expires_at", EXPIRY, None, changed_by=BY_BOTH, is_compared=True),
)

OPTIONS = {field.name: field for field in SCHEDULE if field.option}
LIMITS = {field.name: field.limits for field in SCHEDULE if field.limits}
SENT_AS = {field.name: field.sent_as for field in SCHEDULE if field.sent_as is not UNCHANGED}
"""What the payload resets."""

# A run is written whole, by whoever has its claim: nothing of it is changed by itself.
RUN = (
    Field("user_id", "user_id", required=True),
    Field("schedule_id", "schedule_id", required=True, is_shown=True),
    Field("resource_id", "resource_id", default=None, is_shown=True),
    Field("run_id", "run_id", is_derived=True, is_shown=True),
    Field("scheduled_time", "scheduled_time", SECONDS, required=True, is_shown=True),
    Field("token", "token", default=None),
    Field("delivered_for", "delivered_for", SECONDS, required=True),
    Field("status", "status", one_of(RunStatus), required=True, is_shown=True),
    Field("reason", "reason", default=None, is_shown=True),
    Field("revision", "revision", NUMBER, required=True),
    Field("action_type", "action_type", required=True, is_shown=True),
    Field("claim_id", "claim_id", required=True),
    Field("lease_until", "lease_until", MILLISECONDS, required=True),
    Field("watched", "watched", default=False),
    Field("lateness", "lateness_ms", DURATION, None, is_shown=True),
    Field("attempts", "attempts", many(ATTEMPT), (), is_shown=True),
    Field("tries", "tries", NUMBER, 0),
    Field("next_attempt_at", "next_attempt_at", SECONDS, None, is_shown=True),
    Field("acting_since", "acting_since", MILLISECONDS, None),
    Field("possibly_repeated", "possibly_repeated", default=False, is_shown=True),
    Field("redriven", "redriven", default=False),
    Field("counted", "counted", default=False),
    Field("schedule_created_at", "schedule_created_at", MILLISECONDS, None),
    Field("reserved", "reserved", default=False),
    Field("waits", "waits", default=False),
    Field("unforeseen", "unforeseen", default=False, is_shown=True),
    Field("dead_letter_pending", "dead_letter_pending", default=False),
    Field("expires_at", "expires_at", EXPIRY, None),
)

# A span is written whole when it is opened; then only `since` and `watch_at` move.
SPAN = (
    Field("user_id", "user_id", required=True),
    Field("schedule_id", "schedule_id", required=True),
    Field("revision", "revision", NUMBER, required=True),
    Field("schedule_created_at", "schedule_created_at", MILLISECONDS, required=True),
    Field("resource_id", "resource_id", default=None),
    Field("action_type", "action_type", required=True),
    Field("timing", "timing", TIMING, required=True),
    Field("exclusions", "exclusions", many(DAY), ()),
    Field("flexible_window_minutes", "flexible_window_minutes", NUMBER, required=True),
    Field("delivery", "delivery", DELIVERY, required=True),
    Field("since", "since", SECONDS, required=True),
    Field("until", "until", MILLISECONDS, required=True),
    Field("timing_changed_at", "timing_changed_at", MILLISECONDS, None),
    Field("never_applied", "never_applied", default=False),
    Field("watch_at", "watch_at", SECONDS, required=True),
)
