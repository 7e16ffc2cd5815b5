r"""Texts with placeholders, such as `Hello {{metadata.first_name}}, {{name}} is due at {{local_time}}`.

A text is filled once: what a value holds is never read as a placeholder. Each value is escaped for where it stands.
`\{{` stands for the braces themselves, as in Handlebars. Only an action whose data says `"placeholders": true` is
filled: texts that were scheduled before there were placeholders stay as they were written.
"""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any

from .text_rules import in_one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..model.schedule import Action

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


def as_written(value: str) -> str:
    """For plain text."""
    return value


TEXTS: Mapping[str, Mapping[str, Callable[[str], str]]] = {
    "email": {"subject": in_one_line, "text": as_written, "html": html.escape},
    "sms": {"text": as_written},
    "push": {"title": in_one_line, "text": as_written},
    "report": {"subject": in_one_line},
}
"""Action -> its texts that may hold placeholders, and how a value is escaped there."""


def has_braces(text: object) -> bool:
    return isinstance(text, str) and "{{" in text


def paths(text: str) -> list[str]:
    """The placeholders of a text, each as often as it stands there. Raises InvalidTemplate."""
    found = list(_paths(text))
    if len(found) > MOST:
        raise InvalidTemplate(f"holds {len(found)} placeholders; the limit is {MOST}")
    return found


def fill(action: Action, values: Mapping[str, Any]) -> dict[str, Any]:
    """The action's data with each text filled, if they are to be. Raises InvalidTemplate, naming the field.

    `values` maps NAMES to text or None, and `metadata` to the schedule's.
    """
    data = dict(action.data)
    if data.get(MARKER) is True:
        for field, escape in TEXTS[action.type].items():
            if isinstance(data.get(field), str):
                data[field] = _filled(field, data[field], values, escape)
    return data


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


def _filled(field: str, text: str, values: Mapping[str, Any], escape: Callable[[str], str]) -> str:
    try:
        paths(text)
        return TOKEN.sub(lambda token: "{{" if token["braces"] else escape(value_of(token["path"], values)), text)
    except InvalidTemplate as exc:
        raise InvalidTemplate(f"{field}: {exc}") from exc


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
