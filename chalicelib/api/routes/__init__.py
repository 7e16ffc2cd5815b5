"""The HTTP routes as blueprints, and the sweeper, for this service's app and for other Chalice apps.

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
    console,
    occurrences,
    resources,
    runs,
    schedules,
    system,
    timeline,
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
    """Returns new blueprints with all routes. Each app needs its own, because registering a blueprint changes it.

    The routes of webhook keys are included unless `services.webhook_keys` is None, and the console unless
    `services.console` is None. The API reference has the console's files in any case.
    """
    return [routes.blueprint for routes in all_routes(services)]


def all_routes(services: Services) -> list[Routes]:
    keys = services.webhook_keys
    of_users = [
        schedules.schedules(services),
        batch.batch(services),
        runs.runs(services),
        occurrences.occurrences(services),
        timeline.timeline(services),
        resources.resources(services),
        users.users(services),
        *([webhook_keys.webhook_keys(services, keys)] if keys else []),
    ]
    of_console = [console.console(services, services.console)] if services.console else []
    others = [*of_users, *of_console, console.files(services)]
    return [*others, system.system(services, operations_of(others))]


def operations_of(tables: Iterable[Routes]) -> list[Operation]:
    """Returns the route table, with one row per route."""
    return [operation for routes in tables for operation in routes.operations]
