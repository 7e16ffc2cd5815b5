"""How fast actions begin: a provider's limit, shared among the invocations that may run at once.

No store is asked: each execution environment keeps to its own share, and reserved concurrency says how many there can
be. Before an environment's first run nothing is known, so a fleet that starts all at once may be over the limit for a
moment; what the provider refuses then is tried again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Pace:
    """`rates` are beginnings a second, by action type, over all of `concurrency` environments.

    `clock` counts seconds and never goes back; `sleep` waits for some.
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
