"""The promises of README.md, and the function with which a test records a figure for one of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"


def promises_of(page: str) -> dict[int, str]:
    """The first cells of the rows whose second cell, the proof, is a command of pytest; numbered from 1."""
    rows = re.findall(r"^\| (.+?) \| `pytest ", page, re.MULTILINE)
    return dict(enumerate(rows, 1))


PROMISES = promises_of(README.read_text())

Promise = Callable[[int, str], None]
"""The fixture `promise`: called with a promise's number and a figure, which is printed at the end of the run."""
