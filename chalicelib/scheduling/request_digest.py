"""A digest of what a client asked for, so that an idempotency key with another request is found out.

The digest is that of the meaning: a default that is spelled out, another order of keys or another spelling of an
instant is the same request. It is kept in the table, so it depends neither on how Python prints a value nor on options
that a later release adds.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from ..core.model.fields import OPTIONS
from ..core.model.schedule import Timing
from ..core.model.values import JSON
from .actions import without_defaults
from .options import options_to_record

if TYPE_CHECKING:
    from ..core.model.schedule import Action
    from .options import ScheduleOptions
    from .timing_spec import TimingSpec

ONE_TIME, RECURRING = Timing("at(1970-01-01T00:00:00)"), Timing("rate(1 minute)")
"""Defaults depend on which of the two a timing is. A time that has passed since can no longer be resolved."""


def request_digest(timing: TimingSpec, action: Action, details: ScheduleOptions) -> str:
    """32 hexadecimal digits. Raises InvalidInput for details that no schedule may have."""
    asked = [timing.asked(), action.type, without_defaults(action), _options(timing, details)]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]


def _options(timing: TimingSpec, details: ScheduleOptions) -> dict[str, Any]:
    """Those that are not the default, as they are stored; metadata as an object, whose keys have no order."""
    kind = ONE_TIME if timing.is_one_time else RECURRING
    defaults = options_to_record(dict.fromkeys(OPTIONS), kind)
    values = options_to_record(details, kind)
    return {
        name: value if OPTIONS[name].codec is JSON else OPTIONS[name].codec.write(value)
        for name, value in values.items()
        if value != defaults[name]
    }
