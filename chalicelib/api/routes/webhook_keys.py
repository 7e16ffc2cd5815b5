"""Routes of the keys that sign a user's webhooks: list and rotate.

A holder of a key can forge webhooks that consumers trust, so both routes need the scope `schedules:write`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ...core.errors import MasterSecretUnavailable, RotationUnderWay
from .. import responses
from ..auth import Scope
from ..decorators import Routes
from ..models.operation import Answer
from ..models.parameters import Query
from ..models.requests import RotateWebhookKeys
from ..models.views import WebhookKeysView

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalice.app import Response

    from ...scheduling.webhook_keys import WebhookKeys
    from ..dependencies import Services

KEYS = {200: Answer("The valid keys", WebhookKeysView, ("Cache-Control",))}


def webhook_keys(services: Services, keys: Callable[[], WebhookKeys]) -> Routes:
    routes = Routes(__name__, services, tag="Webhook keys")

    @routes.get("/v1/webhook-keys", Scope.WRITE, query=Query, answers=KEYS, problems=(MasterSecretUnavailable,))
    def list_webhook_keys(user_id: str) -> Response:
        """List the keys that sign the caller's webhooks."""
        return responses.secret(WebhookKeysView.of(keys().live(user_id)))

    @routes.post(
        "/v1/webhook-keys/rotate",
        Scope.WRITE,
        query=Query,
        body=RotateWebhookKeys,
        body_is_optional=True,
        answers=KEYS,
        problems=(MasterSecretUnavailable, RotationUnderWay),
    )
    def rotate_webhook_keys(body: RotateWebhookKeys, user_id: str) -> Response:
        """Create a new key for the caller's webhooks.

        Webhooks are signed with the old and the new key for `overlap_hours`.
        """
        overlap = timedelta(hours=body.overlap_hours)
        return responses.secret(WebhookKeysView.of(keys().rotate(user_id, overlap=overlap)))

    return routes
