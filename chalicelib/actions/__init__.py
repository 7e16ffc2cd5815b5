"""The built-in actions, one file each. A file with an `ACTION` is an action; nothing else lists it.

    from chalicelib.actions.email import Email

The API reads what clients write by it, and the Notification Lambda does its work: standard library and boto3 only.
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
    """Every built-in action by its type, sorted by file name. Raises ValueError for a type used twice."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    actions: list[BuiltIn] = [importlib.import_module(f"{__name__}.{name}").ACTION for name in names]
    found = {action.type: action for action in actions}
    if len(found) < len(actions):
        raise ValueError(f"two built-in actions have one type: {', '.join(sorted(action.type for action in actions))}")
    return found
