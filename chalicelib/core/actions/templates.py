r"""Texts with placeholders, such as `Hello {{metadata.first_name}}, {{name}} is due at {{local_time}}`.

A text is filled once: what a value holds is never read as a placeholder. Each value is escaped for where it stands.
`\{{` stands for the braces themselves, as in Handlebars. Only an action whose data says `"placeholders": true` is
filled: texts that were scheduled before there were placeholders stay as they were written.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MARKER = "placeholders"
"""The field of an action's data that says whether its texts are filled."""

MOST = 100
"""Placeholders in one text. A value may have 2 KB, and a function has 256 MB."""

OF_THE_SCHEDULE = frozenset({"name", "resource_id"})
"""What a schedule may lack; a text that asks for it then cannot be filled."""

OF_EVERY_RUN = frozenset(
    {"user_id", "schedule_id", "run_id", "scheduled_time", "local_date", "local_time", "timezone"},
)
NAMES = OF_THE_SCHEDULE | OF_EVERY_RUN
METADATA = "metadata."
TOKEN = re.compile(r"(?P<braces>\\\{\{)|\{\{(?:[ ]*(?P<path>[^\s{}]+)[ ]*\}\})?")


class InvalidTemplate(ValueError):
    """A text holds braces that are no placeholder, or one that stands for nothing."""


class TextTooLong(InvalidTemplate):
    """A text is too long once it is filled."""

    def __init__(self, field: str, size: int, most: int) -> None:
        self.field = field
        self.fact = f"has {size:,} characters with its values; the limit is {most:,}"
        super().__init__(f"{field}: {self.fact}")


def as_written(value: str) -> str:
    """For plain text."""
    return value


@dataclass(frozen=True, slots=True)
class Text:
    """A field that may hold placeholders: how a value is escaped there, and the most characters once it is filled."""

    escape: Callable[[str], str]
    most: int | None = None


def has_braces(text: object) -> bool:
    return isinstance(text, str) and "{{" in text


def paths(text: str) -> list[str]:
    """The placeholders of a text, each as often as it stands there. Raises InvalidTemplate."""
    found = list(_paths(text))
    if len(found) > MOST:
        raise InvalidTemplate(f"holds {len(found)} placeholders; the limit is {MOST}")
    return found


def fill(data: Mapping[str, Any], texts: Mapping[str, Text], values: Mapping[str, Any]) -> dict[str, Any]:
    """An action's data with each of its `texts` filled, if they are to be. Raises InvalidTemplate, naming the field.

    `values` maps NAMES to text or None, and `metadata` to the schedule's.
    """
    filled = dict(data)
    for field, text in texts.items():
        if isinstance(data.get(field), str):
            filled[field] = _filled(field, data, text, values)
    return filled


def value_of(path: str, values: Mapping[str, Any]) -> str:
    """Raises InvalidTemplate if there is no text, number or truth value under this path."""
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
        raise InvalidTemplate(r"holds a {{ that begins no placeholder; write \{{ for the braces themselves")
    if path not in NAMES and not path.startswith(METADATA):
        known = ", ".join(sorted(NAMES))
        raise InvalidTemplate(f"{{{{{path}}}}} is no placeholder; known are {known} and metadata.…")
    return path
