"""What happens when a child of `make run` ends by itself or is killed: it is started again, or all of it ends.

The API and the sweeper keep nothing in memory, so a new process continues where the old one was. The cloud keeps
everything there.
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
"""A child that ends sooner would do so again and again."""


def _print(line: str) -> None:
    print(line, flush=True)


def supervise(
    children: Sequence[Child],
    write: Callable[[str], None] = _print,
    *,
    shortest_life_seconds: float = SHORTEST_LIFE_SECONDS,
) -> NoReturn:
    """Raises ChildFailed, which says what ended and how, if that cannot be started again."""
    while True:
        for child in children:
            if not child.is_running():
                _check_that_it_may_start_again(child, shortest_life_seconds)
                ended = child.how_it_ended()
                child.start_again()
                write(f"The {child.name} {ended}, and has been started again. Its log: {child.log}")
        time.sleep(LOOKS_EVERY_SECONDS)


def check_the_cloud(children: Sequence[Child]) -> None:
    """Raises ChildFailed if the cloud has ended: the reason for whatever else failed then."""
    for child in children:
        if child.name == CLOUD and not child.is_running():
            raise ChildFailed(
                f"The cloud {child.how_it_ended()}. All schedules and messages were in its memory, so everything has "
                f"been ended. {child.where_it_logs()}"
            )


def _check_that_it_may_start_again(child: Child, shortest_life_seconds: float) -> None:
    check_the_cloud([child])
    if child.age_seconds < shortest_life_seconds:
        raise ChildFailed(
            f"The {child.name} {child.how_it_ended()}, {child.age_seconds:.0f} s after its start, so everything has "
            f"been ended. {child.where_it_logs()}"
        )
