"""The built-in actions, one module each. A module defines its action as `ACTION`; no other list names it.

    from chalicelib.actions.email import Email

The API validates clients' input with these modules and the Notification Lambda does the work. The Lambda has the
standard library and boto3 only.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..core.actions.contract import BuiltIn


@cache
def built_in() -> Mapping[str, BuiltIn]:
    """Returns every built-in action by type, in the order of module names. Raises ValueError if two share a type."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    actions: list[BuiltIn] = [importlib.import_module(f"{__name__}.{name}").ACTION for name in names]
    found = {action.type: action for action in actions}
    if len(found) < len(actions):
        types = ", ".join(sorted(action.type for action in actions))
        raise ValueError(f"two built-in actions have the same type: {types}")
    return found
