"""What a page cost: requests, bytes on the wire, and elements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

COST = """() => {
  const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  return {
    requests: [...new Set(all.map((entry) => entry.name))],
    transferred: all.reduce((sum, entry) => sum + entry.transferSize, 0),
    uncompressed: all.reduce((sum, entry) => sum + entry.decodedBodySize, 0),
    elements: document.getElementsByTagName("*").length,
  };
}"""


@dataclass(frozen=True)
class Cost:
    """`requests`: different URLs since the navigation. `transferred`: bytes with headers, `uncompressed`: without."""

    requests: tuple[str, ...]
    transferred: int
    uncompressed: int
    elements: int


def cost(page: Page) -> Cost:
    """Returns what the page has cost since its last navigation: requests of the sign-in are not included."""
    found = page.evaluate(COST)
    return Cost(tuple(found["requests"]), found["transferred"], found["uncompressed"], found["elements"])
