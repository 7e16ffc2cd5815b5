"""Checks of a whole schedule before anything is recorded: its payload's size and the values of its placeholders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.actions.templates import MARKER, OF_EVERY_RUN, TEXTS, InvalidTemplate, paths, value_of
from ..core.errors import FieldError, InvalidInput, PayloadTooLarge
from ..core.model import payload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..core.model.schedule import Action, Schedule

PAYLOAD_LIMIT = 64 * 1024
"""In bytes, unless the settings say otherwise."""


def check_payload_size(schedule: Schedule, action: Action, limit: int) -> None:
    """`limit` in bytes, of the finished Input. Raises PayloadTooLarge."""
    size = len(payload.write(schedule, action).encode())
    if size > limit:
        raise PayloadTooLarge(size, limit)


def check_placeholders(schedule: Schedule, action: Action) -> None:
    """Raises InvalidInput, naming the text, if a placeholder of it is unknown or has no value on this schedule."""
    if action.data.get(MARKER) is True and (errors := list(_errors(schedule, action))):
        raise InvalidInput(errors)


def _errors(schedule: Schedule, action: Action) -> Iterator[FieldError]:
    values = {"name": schedule.name, "resource_id": schedule.resource_id, "metadata": schedule.metadata}
    for field in TEXTS.get(action.type, ()):
        text = action.data.get(field)
        if not isinstance(text, str):
            continue
        try:
            for path in paths(text):
                if path not in OF_EVERY_RUN:
                    value_of(path, values)
        except InvalidTemplate as exc:
            yield FieldError(f"action.{field}", str(exc))
