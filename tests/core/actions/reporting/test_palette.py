"""The colours of reports and emails are the console's, and can be read in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chalicelib.core.actions.reporting.palette import COLOURS, DARK, LIGHT, NOW, STATUS_ROLES

TOKENS = Path("chalicelib/api/console/static/tokens.css")
AA_FOR_TEXT = 4.5


def tokens() -> dict[str, tuple[str, str]]:
    """The colours of the console's tokens.css by role, light and dark."""
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", TOKENS.read_text(encoding="utf-8"))
    return {role: (light, dark) for role, light, dark in found}


def test_each_colour_is_the_consoles() -> None:
    console = tokens()

    assert {role: console[role] for role in COLOURS} == COLOURS
    assert f"--now: {NOW};" in TOKENS.read_text(encoding="utf-8")


def luminance(colour: str) -> float:
    """The relative luminance (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("role", ["ink", "ink-2", "ink-3", "link", *sorted({*STATUS_ROLES.values()})])
@pytest.mark.parametrize("ground", ["canvas", "surface"])
def test_each_text_can_be_read_on_each_ground(theme: dict[str, str], role: str, ground: str) -> None:
    assert contrast(theme[role], theme[ground]) >= AA_FOR_TEXT


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_text_of_the_button_can_be_read(theme: dict[str, str]) -> None:
    assert contrast(theme["on-solid"], theme["solid"]) >= AA_FOR_TEXT
