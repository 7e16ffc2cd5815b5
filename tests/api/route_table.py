"""The route table and the description of the deployed app, made once for all tests."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from app import services
from chalicelib.api.openapi import document as openapi
from chalicelib.api.openapi.schemas import schema_name
from chalicelib.api.routes import all_routes, operations_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

OPERATIONS = tuple(operations_of(all_routes(services)))


def example_of(model: type[BaseModel]) -> Any:
    """The example of a model, as the description shows it."""
    return document()["components"]["examples"][schema_name(model.__name__)]["value"]


@cache
def document() -> Mapping[str, Any]:
    """The description of the app."""
    return openapi.document(OPERATIONS)
