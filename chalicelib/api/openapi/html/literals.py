"""JSON values as source text of several lines, for examples that people read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTH = 58
"""Characters of a line that the narrow column of the page shows. A part that fits has one line."""

PYTHON: Mapping[Any, str] = {True: "True", False: "False", None: "None"}


def as_json(value: Any, indent: int = 0) -> str:
    """Returns JSON, which is also the source text of JavaScript. `indent`: spaces before the following lines."""
    return _literal(value, indent, WIDTH, {})


def as_python(value: Any, indent: int = 0) -> str:
    return _literal(value, indent, WIDTH, PYTHON)


def _literal(value: Any, indent: int, start: int, names: Mapping[Any, str]) -> str:
    """`start`: column of the first character, WIDTH to begin a new line; `names`: constants that are not JSON's."""
    match value:
        case dict() if value:
            return _container("{}", [(f"{json.dumps(key)}: ", value[key]) for key in value], indent, start, names)
        case list() if value:
            return _container("[]", [("", item) for item in value], indent, start, names)
        case bool() | None if names:
            return names[value]
    return json.dumps(value, ensure_ascii=False)


def _container(brackets: str, parts: list[tuple[str, Any]], indent: int, start: int, names: Mapping[Any, str]) -> str:
    opening, closing = brackets[0], brackets[1]
    within = indent + 2
    items = [before + _literal(item, within, within + len(before), names) for before, item in parts]
    line = f"{opening}{', '.join(items)}{closing}"
    if "\n" not in line and start + len(line) < WIDTH:
        return line
    between = f",\n{' ' * within}"
    last = "," if names else ""
    return f"{opening}\n{' ' * within}{between.join(items)}{last}\n{' ' * indent}{closing}"
