"""The table of routes in docs/api.md. `python -m tests.docs.route_table` writes it from the route table."""

from __future__ import annotations

import re
from pathlib import Path

from tests.api.route_table import OPERATIONS

COMMAND = "python -m tests.docs.route_table"
PAGE = Path(__file__).parents[2] / "docs" / "api.md"
HEAD = "| route | scope | operation | does |\n|---|---|---|---|\n"
TABLE = re.compile(re.escape(HEAD) + r"(?:\|.*\n)*")


def table(page: str) -> str:
    """One row per route in the order of the page, each with a link to the section that has the first request of it."""
    rows = []
    for operation in OPERATIONS:
        position, section = _example(page, operation.method, operation.address)
        scope = f"`{operation.scope}`" if operation.scope else "none"
        route = f"[`{operation.method} {operation.address}`](#{section})"
        rows.append((position, f"| {route} | {scope} | `{operation.id}` | {operation.summary} |\n"))
    return HEAD + "".join(row for _, row in sorted(rows))


def written(page: str) -> str:
    """The page with the table as it should be."""
    found, count = TABLE.subn(lambda _: table(page), page)
    if count != 1:
        raise ValueError(f"{PAGE.name} has {count} tables that begin with {HEAD.splitlines()[0]}")
    return found


def _example(page: str, method: str, address: str) -> tuple[int, str]:
    """Where the first request of a route is, and the anchor of its section. Raises ValueError if there is none."""
    path = re.sub(r"\{\w+\}", "[^/?\\\\s]+", address)
    request = re.search(rf"^{method} {path}(\?.*)?$", page, re.MULTILINE)
    if request is None:
        raise ValueError(f"{PAGE.name} has no request of {method} {address}")
    *_, heading = re.finditer(r"^##+ (.+)$", page[: request.start()], re.MULTILINE)
    return request.start(), re.sub(r"[^\w-]", "", heading[1].lower().replace(" ", "-"))


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
