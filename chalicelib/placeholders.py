"""Whether a schedule has what its action's texts ask for: found out when it is made or changed, not when it fires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .core.errors import FieldError, InvalidInput
from .core.templates import MARKER, OF_EVERY_RUN, TEXTS, InvalidTemplate, paths, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .core.schedule import Action, Schedule


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
