"""WebhookKeys: reads and rotates the keys that sign a user's webhooks."""

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
    """Reads and rotates webhook keys. `clock` returns aware UTC datetimes."""

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
        """Returns the valid keys, the current key first. Raises StoreUnavailable or MasterSecretUnavailable."""
        return self._keys(self._repository.get_webhook_keys(user_id))

    def rotate(self, user_id: str, *, overlap: timedelta = OVERLAP) -> list[WebhookKey]:
        """Creates a new key and returns the valid keys, the new key first.

        The previous key stays valid for `overlap`, by default 24 hours. With an overlap of zero, all older keys expire
        immediately. Raises RotationUnderWay if the overlap of the last rotation has not ended, and the errors of
        `live`.
        """
        self._master.values()  # fail before the rotation is stored
        for _ in range(TRIES):
            before = self._repository.get_webhook_keys(user_id)
            after = before.rotated(whole_ms(self._clock()), overlap)
            if self._repository.save_webhook_keys(after, replacing=before):
                return self._keys(after)
        raise StoreUnavailable("the keys changed at every attempt to rotate them")

    def _keys(self, versions: KeyVersions) -> list[WebhookKey]:
        return live_keys(versions, self._master.values(), self._clock())
