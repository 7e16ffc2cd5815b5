"""Cursors: the position at which a list continues. They are opaque to clients and valid only for the same list."""

from __future__ import annotations

import base64
import hashlib
import json

from ..errors import InvalidCursor
from ..model.ids import length_prefixed
from ..model.values import dumps


def write_cursor(scope: tuple[str, ...], position: tuple[str, ...]) -> str:
    """Returns a cursor. `scope` identifies the list (index, owner, filter); `position` are the last item's keys."""
    return base64.urlsafe_b64encode(dumps([_digest(scope), *position]).encode()).decode().rstrip("=")


def read_cursor(scope: tuple[str, ...], cursor: str, *, length: int) -> tuple[str, ...]:
    """Returns the position in a cursor. Raises InvalidCursor if it is damaged or belongs to another list."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, RecursionError) as exc:
        raise InvalidCursor from exc
    if not _is_text_list(values, length + 1) or values[0] != _digest(scope):
        raise InvalidCursor
    return tuple(values[1:])


def _is_text_list(values: object, length: int) -> bool:
    return isinstance(values, list) and len(values) == length and all(isinstance(v, str) and v for v in values)


def _digest(scope: tuple[str, ...]) -> str:
    return hashlib.sha256(length_prefixed(*scope)).hexdigest()[:12]
