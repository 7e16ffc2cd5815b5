"""What the routes work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..scheduling.actions import ActionRules
from .models.requests import RequestLimits

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalice.app import Request

    from ..scheduling.service import SchedulerService
    from ..scheduling.webhook_keys import WebhookKeys
    from .auth import Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Each is a function that is called per request, so nothing is made or read when an app is imported.

    `caller` says who asks. It raises an error of `auth` (or one of Chalice's own) if it cannot. Without `webhook_keys`
    there are no routes for them.
    """

    scheduler: Callable[[], SchedulerService]
    caller: Callable[[Request], Caller]
    action_rules: Callable[[], ActionRules] = ActionRules
    limits: Callable[[], RequestLimits] = RequestLimits
    webhook_keys: Callable[[], WebhookKeys] | None = None
