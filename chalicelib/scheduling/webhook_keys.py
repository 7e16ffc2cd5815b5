"""WebhookKeys: what the webhooks of a user are signed with, shown to those who verify them, and changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ..core.actions.webhook_signing import live_keys
from ..core.errors import StoreUnavailable
from ..core.timing.instants import whole_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..core.actions.webhook_signing import WebhookKey
    from ..core.model.ports import MasterSource, ScheduleRepository
    from ..core.model.webhook_keys import KeyVersions

OVERLAP = timedelta(hours=24)
TRIES = 3


class WebhookKeys:
    """Reads and rotates keys. `clock` gives aware UTC."""

    def __init__(
        self,
        repository: ScheduleRepository,
        master: MasterSource,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._repository = repository
        self._master = master
        self._clock = clock

    def live(self, user_id: str) -> list[WebhookKey]:
        """The keys that sign now, the current one first. Raises StoreUnavailable, MasterSecretUnavailable."""
        return self._keys(self._repository.get_webhook_keys(user_id))

    def rotate(self, user_id: str, *, overlap: timedelta = OVERLAP) -> list[WebhookKey]:
        """A new key; the one before it lives on for `overlap`. Without any, every older key ends at once.

        Raises RotationUnderWay, and what `live` raises.
        """
        self._master.values()  # before anything has changed, rather than behind it
        for _ in range(TRIES):
            before = self._repository.get_webhook_keys(user_id)
            after = before.rotated(whole_ms(self._clock()), overlap)
            if self._repository.save_webhook_keys(after, replacing=before):
                return self._keys(after)
        raise StoreUnavailable("the keys changed with every try to rotate them")

    def _keys(self, versions: KeyVersions) -> list[WebhookKey]:
        return live_keys(versions, self._master.values(), self._clock())
