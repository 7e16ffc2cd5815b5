"""The HTTP routes, as blueprints for our own app and for anybody else's, and the sweeper.

for blueprint in blueprints(Services(scheduler=…, caller=…)):
    app.register_blueprint(blueprint, url_prefix="/tasks")
sweep = schedule_sweeper(app, sweeper)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..dependencies import Services
from ..sweep_function import schedule_sweeper
from . import (
    batch,
    occurrences,
    resources,
    runs,
    schedules,
    system,
    updates,
    users,
    webhook_keys,
)

if TYPE_CHECKING:
    from chalice.app import Blueprint

__all__ = ["Services", "blueprints", "schedule_sweeper"]


def blueprints(services: Services) -> list[Blueprint]:
    """All routes, those of webhook keys if the services have any. A blueprint belongs to the app that registers it."""
    keys = services.webhook_keys
    return [
        schedules.schedules(services),
        batch.batch(services),
        updates.updates(services),
        runs.runs(services),
        occurrences.occurrences(services),
        resources.resources(services),
        users.users(services),
        *([webhook_keys.webhook_keys(services, keys)] if keys else []),
        system.system(),
    ]
