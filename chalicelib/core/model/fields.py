"""The field table: the only mapping and lists of the fields of Schedule, Run, Span and Job.

The mapping to table and payload, the attribute lists of conditional writes, the options of clients with their defaults
and limits, the fields that PUT replaces and those that the payload resets derive from it. Stored names must never
change, even if a field's name in Python does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..frozen import Frozen
from .job import JobKind, JobStatus, Selection
from .run import RunStatus
from .schedule import DeliveryPolicy, OnMissed, OnUnknown, Overlap, RetryPolicy, Schedule, Status
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
"""What changes the record of an existing schedule: requests of clients, ended runs, the confirmation."""
BY_CLIENTS = (CLIENTS,)
BY_BOTH = (CLIENTS, RUNS)
BY_ALL = (CLIENTS, RUNS, CONFIRM)

NO_DEFAULT: Any = object()
UNCHANGED: Any = object()

PAUSE_AFTER_FAILURES = 10


class Limits(Frozen):
    """The limits of a number, of the characters of a text, of the items of a list, or of the bytes of an object as
    JSON. They apply to HTTP and Python callers.
    """

    least: int
    most: int


class Field(Frozen):
    """One field. `name` is its name in Python, `stored` its attribute in table and payload.

    A record without a `required` field is refused; another missing field has its default. An `is_sparse` field is not
    written while it has its default, so that a usual record costs one write unit. Older releases wrote some of these
    defaults; both forms are equal. None is never written. `is_option`: clients may set the field, and PUT replaces it.
    `default_for` returns the default of a one-time (True) or recurring (False) schedule; None: it is `default` for
    both. `limits` are those of the value, or of its parts by their names. `is_shown`: responses contain it.
    `changed_by` lists what changes it after the creation. `is_compared`: the optimistic lock compares it. `sent_as` is
    its value in EventBridge's payload: a confirmed schedule without runs. `is_derived`: it is calculated from other
    fields, written for operators and never read.
    """

    name: str
    stored: str
    codec: Codec = AS_IT_IS
    default: Any = NO_DEFAULT
    required: bool = False
    is_sparse: bool = True
    limits: Limits | Mapping[str, Limits] | None = None
    is_option: bool = False
    default_for: Callable[[bool], Any] | None = None
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
    """Returns the existing values by their names in Python. Raises KeyError, TypeError or ValueError if invalid."""
    values = {}
    for field in fields:
        value = None if field.is_derived else plain.get(field.stored)
        if value is not None:
            values[field.name] = field.codec.read(value)
        elif field.required:
            raise KeyError(field.stored)
    return values


def stored_defaults(fields: Iterable[Field]) -> dict[str, Any]:
    """Returns the stored defaults of sparse fields by attribute. Records may have or lack these attributes."""
    return {
        field.stored: field.codec.write(field.default)
        for field in fields
        if field.is_sparse and field.default is not NO_DEFAULT and field.default is not None
    }


def changed_by(who: str) -> tuple[str, ...]:
    """Returns the attributes of a schedule's record that `who` changes."""
    return tuple(field.stored for field in SCHEDULE if who in field.changed_by)


def _option(
    name: str,
    codec: Codec = AS_IT_IS,
    *,
    default: Any = None,
    default_for: Callable[[bool], Any] | None = None,
    limits: Limits | Mapping[str, Limits] | None = None,
) -> Field:
    """Returns a field that clients set and change, and that responses contain."""
    return Field(
        name,
        name,
        codec,
        default,
        limits=limits,
        is_option=True,
        default_for=default_for,
        is_shown=True,
        changed_by=BY_CLIENTS,
    )


def _applied_to_text(schedule: Schedule) -> str:
    return dumps(to_plain((field for field in SCHEDULE if field.name != "applied"), schedule))


def _applied(text: str) -> Schedule:
    return Schedule(**from_plain(SCHEDULE, json.loads(text)))


def _selection_to_plain(selection: Selection) -> dict[str, Any]:
    return to_plain(SELECTION, selection)


def _selection(plain: Mapping[str, Any]) -> Selection:
    return Selection(**from_plain(SELECTION, plain))


TIMES = many(SECONDS)
EARLIEST = Codec(lambda at: [SECONDS.write(at)], lambda times: SECONDS.read(min(times)) if times else None)
"""One instant, stored as a list: older releases stored several, and the attribute's type must not change."""

# The fields are in the order of the payload. The action is a separate item, so it has no row.
SCHEDULE = (
    Field("user_id", "user_id", required=True, is_shown=True),
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
    # Runs increase it. It is compared only if there is a `max_runs`.
    Field("run_count", "run_count", NUMBER, 0, is_shown=True, sent_as=0),
    _option("max_runs", NUMBER, limits=Limits(1, 1_000_000)),
    _option("exclusions", many(DAY), default=(), limits=Limits(0, 366)),
    _option(
        "on_missed",
        one_of(OnMissed),
        default=OnMissed.SKIP,
        default_for=lambda is_one_time: OnMissed.RUN_NOW if is_one_time else OnMissed.SKIP,
    ),
    Field("paused_until", "paused_until", MILLISECONDS, None, is_shown=True, changed_by=BY_CLIENTS),
    Field("pending_since", "owed", EARLIEST, None, changed_by=BY_BOTH, is_compared=True, sent_as=None),
    Field("in_progress", "unfinished", TIMES, (), changed_by=BY_BOTH, is_compared=True, sent_as=()),
    # Claims and runs change `reserved` and `running`. Without `max_runs` or `overlap: skip` these have their defaults.
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
        default_for=lambda is_one_time: 0 if is_one_time else PAUSE_AFTER_FAILURES,
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
    # A redrive changes it as well, and the end of a run must compare it with the latest value.
    Field("expires_at", "expires_at", EXPIRY, None, changed_by=BY_BOTH, is_compared=True),
)

OPTIONS = {field.name: field for field in SCHEDULE if field.is_option}
LIMITS = {field.name: field.limits for field in SCHEDULE if field.limits}
SENT_AS = {field.name: field.sent_as for field in SCHEDULE if field.sent_as is not UNCHANGED}
"""The values to which the payload resets fields."""

# The holder of a run's claim writes the whole run, so its fields have no `changed_by`.
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

# A span is written whole when it is opened. Later only `since` and `watch_at` change.
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

# A job is written whole, so its fields have no `changed_by`.
SELECTION = (
    Field("user_id", "user_id", required=True),
    Field("status", "status", one_of(RunStatus), required=True),
    Field("since", "since", SECONDS, required=True),
    Field("until", "until", SECONDS, required=True),
    Field("schedule_id", "schedule_id", default=None),
    Field("resource_id", "resource_id", default=None),
)

JOB = (
    Field("job_id", "job_id", required=True),
    Field("kind", "kind", one_of(JobKind), required=True),
    Field("user_id", "user_id", default=None),
    Field("status", "status", one_of(JobStatus), required=True),
    Field("done", "done", NUMBER, required=True),
    Field("created_at", "created_at", MILLISECONDS, required=True),
    Field("updated_at", "updated_at", MILLISECONDS, required=True),
    Field("watch_at", "watch_at", SECONDS, None),
    Field("expires_at", "expires_at", EXPIRY, None),
    Field("selection", "selection", Codec(_selection_to_plain, _selection), None),
    Field("per_minute", "per_minute", NUMBER, 60, is_sparse=False),
    Field("next_at", "next_at", MILLISECONDS, None),
    Field("passed_over", "passed_over", NUMBER, 0),
    Field("walk_began_at", "walk_began_at", MILLISECONDS, None),
    Field("cursor", "cursor", default=None),
    Field("shard", "shard", NUMBER, 0),
)
