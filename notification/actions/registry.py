"""Finds the actions: every module of this folder is imported, and registers its own with `@action`."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from ..action_api import REGISTERED, ActionFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..action_api import RegisteredAction


class ActionUnknown(ActionFailed):
    """No file in `notification/actions` registers this type."""

    def __init__(self, type_: str) -> None:
        deployed = ", ".join(sorted(registered()))
        super().__init__(f"unknown action {type_!r}; deployed: {deployed}", permanent=True, fault=True)


def registered() -> Mapping[str, RegisteredAction]:
    """Every action of this folder by its type."""
    for module in _modules():
        importlib.import_module(module)
    return REGISTERED


def find(type_: str) -> RegisteredAction:
    """Raises ActionUnknown."""
    try:
        return registered()[type_]
    except KeyError:
        raise ActionUnknown(type_) from None


def _modules() -> Iterator[str]:
    package = importlib.import_module(__package__)
    return (f"{__package__}.{module.name}" for module in pkgutil.iter_modules(package.__path__))
