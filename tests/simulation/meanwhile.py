"""A provider whose calls take time, so that events can arrive while a run is in progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.notification.world import FakeAws

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.simulator import Life


class BusyProvider(FakeAws):
    """SES, and `meanwhile` happens after it has taken a mail and before it answers; once, unless it is set again."""

    meanwhile: Callable[[], object] | None = None

    def send_email(self, **request: Any) -> dict[str, Any]:
        answer = super().send_email(**request)
        if (now := self.meanwhile) is not None:
            self.meanwhile = None
            now()
        return answer


def busy(life: Life) -> BusyProvider:
    """Gives this life such a provider."""
    provider = BusyProvider(life.faults)
    life.aws = provider
    life.runner = life.a_runner()
    return provider


def all_at_once(life: Life) -> None:
    """Whatever waits in Lambda's queue is invoked while the others are at work: each in an environment of its own."""
    provider = busy(life)

    def next_one() -> None:
        provider.meanwhile = next_one
        while (at := life.queue.next_at) is not None and at <= life.clock.now:
            life.queue.work()

    provider.meanwhile = next_one
