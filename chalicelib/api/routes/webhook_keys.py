"""What a user's webhooks are signed with: read it, rotate it.

Whoever knows a key can forge what consumers trust, so a token that may only read does not get it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from chalice.app import Blueprint

from .. import responses
from ..auth import Scope
from ..decorators import Protection
from ..parsing import BODY_TYPES, read_optional_body, read_query
from ..requests import Query, RotateBody
from ..views import WebhookKeysView

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalice.app import Request, Response

    from ...scheduling.webhook_keys import WebhookKeys
    from ..auth import Caller
    from ..dependencies import Services


def webhook_keys(services: Services, keys: Callable[[], WebhookKeys]) -> Blueprint:
    blueprint = Blueprint(__name__)
    needs = Protection(blueprint, services)

    @blueprint.route("/v1/webhook-keys", methods=["GET"])
    @needs(Scope.WRITE)
    def list_keys(request: Request, caller: Caller) -> Response:
        user_id = caller.acting_for(read_query(Query, request).user_id)
        return responses.secret(WebhookKeysView.of(keys().live(user_id)))

    @blueprint.route("/v1/webhook-keys/rotate", methods=["POST"], content_types=BODY_TYPES)
    @needs(Scope.WRITE)
    def rotate_keys(request: Request, caller: Caller) -> Response:
        user_id = caller.acting_for(read_query(Query, request).user_id)
        overlap = timedelta(hours=read_optional_body(RotateBody, request).overlap_hours)
        return responses.secret(WebhookKeysView.of(keys().rotate(user_id, overlap=overlap)))

    return blueprint
