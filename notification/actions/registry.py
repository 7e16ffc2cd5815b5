"""Finds the built-in actions, and those that the modules of this folder register with `@action`.

A module that cannot be imported does not stop other actions.
"""

from __future__ import annotations

import importlib
import logging
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

from ..action_api import REGISTERED, ActionFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..action_api import RegisteredAction

log = logging.getLogger(__name__)


class ActionUnknown(ActionFailed):
    """No built-in action and no importable file of this folder has this type."""

    def __init__(self, type_: str) -> None:
        deployed = ", ".join(sorted(registered()))
        reason = "".join(f"; {module} cannot be imported: {error}" for module, error in _broken().items())
        super().__init__(f"unknown action {type_!r}; deployed: {deployed}{reason}", permanent=True, fault=True)


def registered() -> Mapping[str, RegisteredAction]:
    """Returns the actions by type, without those of modules that cannot be imported."""
    _broken()
    return REGISTERED


def find(type_: str) -> RegisteredAction:
    """Returns the action of this type. Raises ActionUnknown if none is deployed."""
    try:
        return registered()[type_]
    except KeyError:
        raise ActionUnknown(type_) from None


@cache
def _broken() -> Mapping[str, str]:
    """Imports each module once. Returns the error of each module that cannot be imported, by its name."""
    broken = {}
    for name in _names():
        try:
            importlib.import_module(f"{__package__}.{name}")
        except Exception as exc:
            log.exception("an action cannot be imported", extra={"action_module": name})
            broken[name] = f"{type(exc).__name__}: {exc}"
    return broken


def _names() -> Iterator[str]:
    package = importlib.import_module(__package__)
    return (module.name for module in pkgutil.iter_modules(package.__path__))
