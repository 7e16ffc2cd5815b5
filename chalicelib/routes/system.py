"""What anybody may ask."""

from __future__ import annotations

from chalice.app import Blueprint, Response


def system() -> Blueprint:
    blueprint = Blueprint(__name__)

    @blueprint.route("/healthz", methods=["GET"])
    def healthz() -> Response:
        return Response({"status": "ok"})

    return blueprint
