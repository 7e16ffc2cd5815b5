"""What one kind of error looks like over HTTP (`application/problem+json`, RFC 9457), whoever answers it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

TYPE_PREFIX = "urn:scheduled-tasks:problem:"
MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of error. Clients may rely on `name` (the end of `type`) and `status`, not on the texts."""

    name: str
    status: HTTPStatus
    title: str

    def body(self, detail: str, **more: Any) -> dict[str, Any]:
        return {
            "type": TYPE_PREFIX + self.name,
            "title": self.title,
            "status": int(self.status),
            "detail": detail,
            **more,
        }


# Of the API and of API Gateway alike
BODY_TOO_LARGE = Problem("body-too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large")
INTERNAL_ERROR = Problem("internal-error", HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here")
UNSUPPORTED_MEDIA_TYPE = Problem(
    "unsupported-media-type", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The content type is not supported"
)
