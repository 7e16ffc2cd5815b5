"""The colours of reports and their emails: the values of the console's tokens.css, which is not in the function's zip.

A test compares both, so that the console, the reports and the emails cannot differ.
"""

from __future__ import annotations

NOW = "#ffd60a"
"""The same in both themes. Only the brand mark has it here: nothing in a report is now."""

COLOURS = {
    "canvas": ("#f6f6f2", "#131411"),
    "surface": ("#ffffff", "#1b1c18"),
    "sunk": ("#efefe9", "#0d0e0b"),
    "line": ("#e2e2da", "#2d2f28"),
    "ink": ("#1b1c18", "#eeeee7"),
    "ink-2": ("#52544b", "#b9bab0"),
    "ink-3": ("#66685e", "#999b90"),
    "solid": ("#1b1c18", "#eeeee7"),
    "on-solid": ("#ffffff", "#131411"),
    "link": ("#1a55b4", "#8db8ff"),
    "ok": ("#1c7449", "#5fc68e"),
    "busy": ("#1f5fc2", "#85b4ff"),
    "retry": ("#9c4a00", "#f2a860"),
    "fail": ("#b82120", "#ff8a82"),
    "miss": ("#9b1666", "#f28fc7"),
    "stop": ("#6040b0", "#bba2f7"),
    "off": ("#62645b", "#a2a499"),
}
"""Role -> the colour in the light and in the dark theme."""

LIGHT, DARK = ({role: pair[theme] for role, pair in COLOURS.items()} for theme in (0, 1))

STATUS_ROLES = {
    "succeeded": "ok",
    "queued": "busy",
    "running": "busy",
    "retrying": "retry",
    "failed": "fail",
    "missed": "miss",
    "skipped": "off",
    "held": "stop",
    "active": "ink-2",
    "paused": "stop",
    "completed": "off",
    "cancelled": "off",
}
"""Status of a run or a schedule -> its role. Its glyph differs as well: no status is shown by colour alone."""
