"""One row of the route table: the keywords of a route's decorator, and the name and texts of its view."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .parameters import NoQuery

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from ...scheduling.arguments.reading import Body
    from ..auth import Scope
    from .parameters import Parameters, Problems


@dataclass(frozen=True, slots=True)
class Answer:
    """One response of a route, for OpenAPI.

    `model` None means no content, or content without a model if there is a `media_type`. `media_type` None means JSON.
    `conditional_headers` maps a header that not every such response has to its condition. `differs` has the fields that
    differ from the model's example.
    """

    description: str
    model: type[BaseModel] | None = None
    headers: tuple[str, ...] = ()
    conditional_headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str | None = None
    differs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operation:
    """One route. `name`, `text` and `arguments` are the view's name, its docstring and the names of its parameters.

    `problems` are the errors of the view's work; the models of its parameters list their own. `scope` None means that
    the route is public.
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
        """Returns the operation id, which is the view's name in camel case: `getSchedule`."""
        first, *rest = self.name.split("_")
        return first + "".join(word.capitalize() for word in rest)

    @property
    def summary(self) -> str:
        return self.text.partition("\n")[0].rstrip(".")

    @property
    def parameters(self) -> Mapping[str, type[Parameters]]:
        """Returns the models of the parameters by their location: `path`, `query` or `header`."""
        models = {"path": self.path, "query": self.query, "header": self.headers}
        return {place: model for place, model in models.items() if model}
