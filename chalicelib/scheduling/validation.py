"""Checks of a whole schedule before it is recorded: the size of its payload and the values of its placeholders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..actions import built_in
from ..core.actions.templates import MARKER, OF_EVERY_RUN, InvalidTemplate, TextTooLong, fill, paths, value_of
from ..core.errors import FieldError, InvalidInput, PayloadTooLarge
from ..core.model import ids, payload
from ..core.timing.instants import EPOCH, iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..core.model.schedule import Action, Schedule

PAYLOAD_LIMIT = 64 * 1024
"""Default limit of a payload, in bytes."""

LONGEST_TOKEN = "0" * 16
"""A run outside the timing has a token in its id, so its id is the longest."""


def check_payload_size(schedule: Schedule, action: Action, limit: int) -> None:
    """Raises PayloadTooLarge if the Input for EventBridge has more than `limit` bytes."""
    size = len(payload.write(schedule, action).encode())
    if size > limit:
        raise PayloadTooLarge(size, limit)


def check_placeholders(schedule: Schedule, action: Action) -> None:
    """Raises InvalidInput if a placeholder is unknown or has no value in this schedule.

    Also raises it if a filled text is too long. The error names the field of the text.
    """
    if action.data.get(MARKER) is not True or action.type not in built_in():
        return
    texts = built_in()[action.type].texts
    values: dict[str, Any] = {"name": schedule.name, "resource_id": schedule.resource_id, "metadata": schedule.metadata}
    if errors := list(_errors(action, texts, values)):
        raise InvalidInput(errors)
    try:
        fill(action.data, texts, values | _longest(schedule))
    except TextTooLong as exc:
        raise InvalidInput.of(f"action.{exc.field}", exc.fact) from exc


def _longest(schedule: Schedule) -> dict[str, Any]:
    """Returns values of a run that are at least as long as those of any run of this schedule."""
    return {
        "user_id": schedule.user_id,
        "schedule_id": schedule.schedule_id,
        "run_id": ids.run_id(schedule.user_id, schedule.schedule_id, EPOCH, LONGEST_TOKEN),
        "scheduled_time": iso(EPOCH),
        "local_date": "1970-01-01",
        "local_time": "00:00",
        "timezone": schedule.timing.timezone,
    }


def _errors(action: Action, texts: Iterable[str], values: Mapping[str, Any]) -> Iterator[FieldError]:
    for field in texts:
        text = action.data.get(field)
        if not isinstance(text, str):
            continue
        try:
            for path in paths(text):
                if path not in OF_EVERY_RUN:
                    _check_value(path, values)
        except InvalidTemplate as exc:
            yield FieldError(f"action.{field}", str(exc))


def _check_value(path: str, values: Mapping[str, Any]) -> None:
    try:
        value_of(path, values)
    except InvalidTemplate as exc:
        advice = "give the schedule a text, number or boolean for it, or remove the placeholder"
        raise InvalidTemplate(f"{exc}; {advice}") from exc
