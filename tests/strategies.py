"""Hypothesis strategies for every schedule and every run that the project could have written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from chalicelib.core.model.run import Attempt, Run, RunStatus
from chalicelib.core.model.schedule import Action, DeliveryPolicy, LastRun, OnMissed, Schedule, Status, Timing
from chalicelib.core.timing.instants import EPOCH

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

FIRST, LAST = datetime(1970, 1, 2), datetime(2199, 12, 30)  # noqa: DTZ001 - hypothesis adds the zone

texts = st.text(max_size=30)

# Ids may be anything; `#` and `%`, of which keys are made, come more often than chance has it.
ids = st.text(
    st.sampled_from("ab#%25\u00fc\u2028 ") | st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12
)

json_values: SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
json_objects = st.dictionaries(texts, json_values, max_size=4)


def whole(unit: timedelta) -> SearchStrategy[datetime]:
    """Instants that are a whole second, millisecond …: as precise as the product keeps them."""
    return st.datetimes(FIRST, LAST, timezones=st.just(UTC)).map(lambda at: at - (at - EPOCH) % unit)


seconds = whole(timedelta(seconds=1))
milliseconds = whole(timedelta(milliseconds=1))
minutes = whole(timedelta(minutes=1))

timings = st.one_of(
    st.builds(lambda at: Timing(f"at({at:%Y-%m-%dT%H:%M:%S})", "Europe/Berlin"), seconds),
    st.builds(Timing, st.just("rate(15 minutes)"), st.just("UTC"), minutes, st.none() | minutes),
    st.builds(Timing, st.just("cron(0 9 ? * MON *)"), st.just("Asia/Tokyo"), st.none() | minutes, st.none() | minutes),
)

actions = st.builds(Action, ids, json_objects)
counts = st.integers(0, 2**53)

schedules = st.builds(
    Schedule,
    user_id=ids,
    schedule_id=ids,
    timing=timings,
    action_type=ids,
    status=st.sampled_from(Status),
    revision=counts,
    action_revision=counts,
    created_at=milliseconds,
    updated_at=milliseconds,
    timing_changed_at=milliseconds,
    next_run_at=st.none() | seconds,
    resource_id=st.none() | ids,
    name=st.none() | texts,
    metadata=json_objects,
    flexible_window_minutes=st.integers(0, 1440),
    delivery=st.builds(DeliveryPolicy, st.integers(0, 185), st.integers(60, 86_400)),
    confirmed=st.booleans(),
    never_applied=st.booleans(),
    intent_until=st.none() | milliseconds,
    reason=st.none() | texts,
    last_run=st.none() | st.builds(LastRun, seconds, ids, st.none() | texts),
    run_count=counts,
    max_runs=st.none() | counts,
    exclusions=st.lists(st.dates(), max_size=3).map(tuple),
    on_missed=st.sampled_from(OnMissed),
    paused_until=st.none() | milliseconds,
    pending_since=st.none() | seconds,
    request_digest=st.none() | ids,
    expires_at=st.none() | seconds,
)

runs = st.builds(
    Run,
    user_id=ids,
    schedule_id=ids,
    scheduled_time=seconds,
    delivered_for=seconds,
    status=st.sampled_from(RunStatus),
    revision=counts,
    action_type=ids,
    claim_id=ids,
    lease_until=milliseconds,
    watched=st.booleans(),
    resource_id=st.none() | ids,
    attempts=st.lists(st.builds(Attempt, milliseconds, st.none() | milliseconds, st.none() | texts), max_size=3).map(
        tuple
    ),
    lateness=st.none() | st.integers(-(2**40), 2**40).map(lambda ms: timedelta(milliseconds=ms)),
    reason=st.none() | texts,
    expires_at=st.none() | seconds,
)
