"""The HTTP routes, as blueprints for our own app and for anybody else's.

for blueprint in blueprints(Services(scheduler=…, caller=…)):
    app.register_blueprint(blueprint, url_prefix="/tasks")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import occurrences, resources, runs, schedules, system
from .services import Services

if TYPE_CHECKING:
    from chalice.app import Blueprint

__all__ = ["Services", "blueprints"]


def blueprints(services: Services) -> list[Blueprint]:
    """All routes. A blueprint belongs to the one app that registers it."""
    return [
        schedules.schedules(services),
        runs.runs(services),
        occurrences.occurrences(services),
        resources.resources(services),
        system.system(),
    ]
