"""One row of the route table: what the decorator of a route states, and what its view adds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .parameters import NoQuery

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from ...scheduling.arguments.reading import Body
    from ..auth import Scope
    from .parameters import Parameters, Problems


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a route, for OpenAPI. `model` None: no content, or content of no model if there is a media type."""

    description: str
    model: type[BaseModel] | None = None
    headers: tuple[str, ...] = ()
    media_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operation:
    """`name`, `text` and `arguments` are those of the view: its name, its docstring and its parameters' names.

    `problems` are the errors of its work; those of its parameters come with their models. Without a scope it is public.
    """

    method: str
    address: str
    name: str
    text: str
    arguments: tuple[str, ...]
    tag: str
    answers: Mapping[int, Answer]
    scope: Scope | None = None
    query: type[Parameters] = NoQuery
    headers: type[Parameters] | None = None
    path: type[Parameters] | None = None
    body: type[Body] | None = None
    body_is_optional: bool = False
    problems: Problems = ()

    @property
    def id(self) -> str:
        """The view's name as clients write it: `getSchedule`."""
        first, *rest = self.name.split("_")
        return first + "".join(word.capitalize() for word in rest)

    @property
    def summary(self) -> str:
        return self.text.partition("\n")[0].rstrip(".")

    @property
    def parameters(self) -> Mapping[str, type[Parameters]]:
        """Models of the parameters, by the place where clients put them."""
        models = {"path": self.path, "query": self.query, "header": self.headers}
        return {place: model for place, model in models.items() if model}
