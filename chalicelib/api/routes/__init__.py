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
    users,
    webhook_keys,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chalice.app import Blueprint

    from ..decorators import Routes
    from ..models.operation import Operation

__all__ = ["Services", "all_routes", "blueprints", "operations_of", "schedule_sweeper"]


def blueprints(services: Services) -> list[Blueprint]:
    """All routes, those of webhook keys if the services have any. A blueprint belongs to the app that registers it."""
    return [routes.blueprint for routes in all_routes(services)]


def all_routes(services: Services) -> list[Routes]:
    keys = services.webhook_keys
    of_users = [
        schedules.schedules(services),
        batch.batch(services),
        runs.runs(services),
        occurrences.occurrences(services),
        resources.resources(services),
        users.users(services),
        *([webhook_keys.webhook_keys(services, keys)] if keys else []),
    ]
    return [*of_users, system.system(services, operations_of(of_users))]


def operations_of(tables: Iterable[Routes]) -> list[Operation]:
    """The route table: one row per route."""
    return [operation for routes in tables for operation in routes.operations]
