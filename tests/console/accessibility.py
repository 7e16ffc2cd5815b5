"""axe-core, run in a page of the browser tests."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from tests.console.tools import FOLDER, install

if TYPE_CHECKING:
    from playwright.sync_api import Page

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
RUN = """(tags) => axe.run(document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]})"""


def axe(page: Page, *, without: tuple[str, ...] = ()) -> str:
    """Returns the page's violations as text, empty if there is none. `without`: ids of rules that are not checked.

    The script is evaluated through the debugging protocol, which the page's Content-Security-Policy does not concern.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_source())
    violations: list[dict[str, Any]] = page.evaluate(RUN, list(TAGS))["violations"]
    return "\n".join(_readable(found) for found in violations if found["id"] not in without)


def _readable(violation: dict[str, Any]) -> str:
    places = [
        f"  {' '.join(map(str, node['target']))}: {_why(node)}\n    {node['html']}" for node in violation["nodes"]
    ]
    return "\n".join([f"{violation['id']} ({violation['impact']}): {violation['help']}", *places])


def _why(node: dict[str, Any]) -> str:
    return str(node["failureSummary"]).partition("\n")[2].strip().replace("\n", ";")


@cache
def _source() -> str:
    install()
    return (FOLDER / "node_modules" / "axe-core" / "axe.min.js").read_text()
