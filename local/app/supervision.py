"""Watches the child processes of `make run`: restarts the API and the sweeper, and gives up if the cloud exits.

The API and the sweeper keep no state in memory, so a new process can replace them. The cloud keeps its state in memory.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .processes import ChildFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn

    from .processes import Child

CLOUD = "cloud"
LOOKS_EVERY_SECONDS = 1
SHORTEST_LIFE_SECONDS = 10
"""A child that exits sooner would probably exit again after each restart."""


def _print(line: str) -> None:
    print(line, flush=True)


def supervise(
    children: Sequence[Child],
    write: Callable[[str], None] = _print,
    *,
    shortest_life_seconds: float = SHORTEST_LIFE_SECONDS,
) -> NoReturn:
    """Restart children that have exited. Raises ChildFailed for the cloud, or a child that exits soon after a start.

    shortest_life_seconds: a child that exits sooner after its start is not restarted.
    """
    while True:
        for child in children:
            if not child.is_running():
                _check_that_it_may_start_again(child, shortest_life_seconds)
                ended = child.how_it_ended()
                child.start_again()
                write(f"The {child.name} {ended} and was restarted. Its log: {child.log}")
        time.sleep(LOOKS_EVERY_SECONDS)


def check_the_cloud(children: Sequence[Child]) -> None:
    """Raises ChildFailed if the cloud has exited: that is the cause of the other failures."""
    for child in children:
        if child.name == CLOUD and not child.is_running():
            raise ChildFailed(
                f"The cloud {child.how_it_ended()}. All schedules and messages were in its memory, so everything was "
                f"stopped. {child.where_it_logs()}"
            )


def _check_that_it_may_start_again(child: Child, shortest_life_seconds: float) -> None:
    check_the_cloud([child])
    if child.age_seconds < shortest_life_seconds:
        raise ChildFailed(
            f"The {child.name} {child.how_it_ended()}, {child.age_seconds:.0f} s after its start, so everything was "
            f"stopped. {child.where_it_logs()}"
        )
