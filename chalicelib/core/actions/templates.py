r"""Texts with placeholders, such as `Hello {{metadata.first_name}}, {{name}} is due at {{local_time}}`.

Placeholders inside of values are not replaced. Each value is escaped for its field, such as HTML. `\{{` means literal
braces, as in Handlebars. Texts are filled only if the action's data has `"placeholders": true`: older schedules, from
before placeholders existed, must keep their texts.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ..frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MARKER = "placeholders"
"""The field of an action's data that decides whether its texts are filled."""

MOST = 100
"""The most placeholders in one text. A value may have 2 KB, and a function has 256 MB."""

OF_THE_SCHEDULE = frozenset({"name", "resource_id"})
"""Optional fields of a schedule. A text with such a placeholder is refused for a schedule without a value."""

OF_EVERY_RUN = frozenset(
    {"user_id", "schedule_id", "run_id", "scheduled_time", "local_date", "local_time", "timezone"},
)
NAMES = OF_THE_SCHEDULE | OF_EVERY_RUN
METADATA = "metadata."
TOKEN = re.compile(r"(?P<braces>\\\{\{)|\{\{(?:[ ]*(?P<path>[^\s{}]+)[ ]*\}\})?")


class InvalidTemplate(ValueError):
    """A text has braces that are not a placeholder, or a placeholder without a value."""


class TextTooLong(InvalidTemplate):
    """A text is too long with the values of its placeholders."""

    def __init__(self, field: str, size: int, most: int) -> None:
        self.field = field
        self.fact = f"has {size:,} characters with its values; the limit is {most:,}"
        super().__init__(f"{field}: {self.fact}")


def as_written(value: str) -> str:
    """Returns the value unchanged, for plain text."""
    return value


class Text(Frozen):
    """A field that may have placeholders: how values are escaped, and the most characters with values (None: any)."""

    escape: Callable[[str], str]
    most: int | None = None


def has_braces(text: object) -> bool:
    return isinstance(text, str) and "{{" in text


def paths(text: str) -> list[str]:
    """Returns the placeholders of a text in order, with repetitions. Raises InvalidTemplate if one is not valid."""
    found = list(_paths(text))
    if len(found) > MOST:
        raise InvalidTemplate(f"has {len(found)} placeholders; the limit is {MOST}")
    return found


def fill(data: Mapping[str, Any], texts: Mapping[str, Text], values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns an action's data with `texts` filled, if MARKER is true. Raises InvalidTemplate with the field's name.

    `values` maps each of NAMES to a text or None, and `metadata` to the schedule's metadata.
    """
    filled = dict(data)
    for field, text in texts.items():
        if isinstance(data.get(field), str):
            filled[field] = _filled(field, data, text, values)
    return filled


def value_of(path: str, values: Mapping[str, Any]) -> str:
    """Returns the value as text. Raises InvalidTemplate if the path has no text, number or boolean."""
    value: Any = values
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return json.dumps(value)
    raise InvalidTemplate(f"{{{{{path}}}}} has no value")


def _filled(field: str, data: Mapping[str, Any], text: Text, values: Mapping[str, Any]) -> str:
    written: str = data[field]
    try:
        filled = _with_values(written, text, values) if data.get(MARKER) is True else written
    except InvalidTemplate as exc:
        raise InvalidTemplate(f"{field}: {exc}") from exc
    if text.most is not None and len(filled) > text.most:
        raise TextTooLong(field, len(filled), text.most)
    return filled


def _with_values(written: str, text: Text, values: Mapping[str, Any]) -> str:
    paths(written)
    return TOKEN.sub(lambda token: "{{" if token["braces"] else text.escape(value_of(token["path"], values)), written)


def _paths(text: str) -> Iterator[str]:
    for token in TOKEN.finditer(text):
        if not token["braces"]:
            yield _known(token["path"])


def _known(path: str | None) -> str:
    if path is None:
        raise InvalidTemplate(r"has {{ without a placeholder; write \{{ for literal braces")
    if path not in NAMES and not path.startswith(METADATA):
        known = ", ".join(sorted(NAMES))
        raise InvalidTemplate(f"{{{{{path}}}}} is not a placeholder; allowed: {known}, metadata.…")
    return path
