"""The facts that each built-in action states, and what must agree with them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.actions import built_in
from chalicelib.core.actions.fields import FieldsWithTexts
from chalicelib.scheduling.actions import BUILT_IN
from deploy.paths import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from botocore.config import Config

    from chalicelib.core.actions.contract import BuiltIn

FUNCTION_SECONDS = 30
"""Of the Notification Lambda (terraform/modules/notification_function)."""

PAGE = (PROJECT / "docs" / "actions.md").read_text()


def row(action: BuiltIn) -> str:
    """Of the table in docs/actions.md."""
    cells = [
        f"`{action.type}`",
        "yes" if action.idempotent else "no",
        codes(action.texts),
        f"{action.timeout_seconds} s",
        codes(sorted(action.permissions)),
    ]
    return f"| {' | '.join(cells)} |"


def codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def options(config: Config) -> dict[str, Any]:
    return vars(config)


def test_the_page_has_the_table_of_what_the_files_state() -> None:
    table = PAGE.partition("## Built-in actions")[2].partition("A new built-in action")[0]

    assert re.findall(r"^\| `.*$", table, re.MULTILINE) == [row(action) for action in built_in().values()]


@pytest.mark.parametrize("action", built_in().values(), ids=built_in())
def test_the_longest_wait_is_that_of_its_slowest_client(action: BuiltIn) -> None:
    waits = [
        (config["connect_timeout"] + config["read_timeout"]) * config["retries"]["total_max_attempts"]
        for config in map(options, action.clients.values())
    ]

    assert max(waits, default=action.timeout_seconds) == action.timeout_seconds < FUNCTION_SECONDS


def test_no_two_actions_call_a_service_in_different_ways() -> None:
    calls = [(service, id(config)) for action in built_in().values() for service, config in action.clients.items()]

    assert len(set(calls)) == len({service for service, _ in calls})


@pytest.mark.parametrize("action", built_in().values(), ids=built_in())
def test_each_text_is_a_field_that_can_be_left_unfilled(action: BuiltIn) -> None:
    assert set(action.texts) <= set(BUILT_IN[action.type].model_fields)
    assert bool(action.texts) == issubclass(action.fields, FieldsWithTexts)
