"""How large a payload may be, checked before anything is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .core import payload
from .core.errors import PayloadTooLarge

if TYPE_CHECKING:
    from .core.schedule import Action, Schedule


def check_payload_size(schedule: Schedule, action: Action, limit: int) -> None:
    """`limit` in bytes, of the finished Input. Raises PayloadTooLarge."""
    size = len(payload.write(schedule, action).encode())
    if size > limit:
        raise PayloadTooLarge(size, limit)
