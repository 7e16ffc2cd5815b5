"""The services that the routes depend on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.actions.fields import ActionRules
from .models.requests import RequestLimits

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalice.app import Request

    from ..scheduling.service import SchedulerService
    from ..scheduling.webhook_keys import WebhookKeys
    from .auth import Caller
    from .console.sign_in import SignIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Functions that the routes call in each request, so that importing an app creates no client and reads no setting.

    `caller` returns the authenticated user, or raises an error of `auth` or of Chalice. If `webhook_keys` or `console`
    is None, the app has no routes for webhook keys or for the console. `console` may raise ConsoleNotConfigured.
    """

    scheduler: Callable[[], SchedulerService]
    caller: Callable[[Request], Caller]
    action_rules: Callable[[], ActionRules] = ActionRules
    limits: Callable[[], RequestLimits] = RequestLimits
    webhook_keys: Callable[[], WebhookKeys] | None = None
    console: Callable[[], SignIn] | None = None
