"""Limits how fast actions begin: a provider's limit is divided among the invocations that may run at once.

No shared store is needed: each execution environment keeps to its share, and reserved concurrency limits their number.
An environment does not delay its first run, so many that start at once may exceed the limit for a moment; the work that
the provider refuses then is retried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Pace:
    """`rates` are starts per second by action type, summed over all `concurrency` environments.

    `clock` returns monotonic seconds; `sleep` waits for the given seconds.
    """

    def __init__(
        self,
        rates: Mapping[str, float],
        concurrency: int,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._intervals = {type_: concurrency / rate for type_, rate in rates.items()}
        self._clock = clock
        self._sleep = sleep
        self._free_at: dict[str, float] = {}

    def keep(self, action_type: str) -> None:
        """Waits until this environment may begin an action of this type."""
        interval = self._intervals.get(action_type)
        if interval is None:
            return
        now = self._clock()
        begins_at = max(now, self._free_at.get(action_type, now))
        if begins_at > now:
            self._sleep(begins_at - now)
        self._free_at[action_type] = begins_at + interval
