"""The promises of README.md, and the function with which a test records a figure for one of them."""

from __future__ import annotations

from collections.abc import Callable

PROMISES = {
    1: "a 201 means that it will fire",
    2: "one effect per occurrence",
    3: "the whole truth per task",
    4: "nobody touches another user's schedules",
    5: "it runs on a laptop by the same rules as on AWS",
}

Promise = Callable[[int, str], None]
"""The fixture `promise`: called with a promise's number and a figure, which is printed at the end of the run."""
