"""Signs what runs send, with the keys of the user whose run it is (chalicelib/core/actions/webhook_signing.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.core.actions.webhook_signing import live_keys, signed_headers

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from chalicelib.core.model.ports import MasterSource, ScheduleRepository


@dataclass(frozen=True, slots=True)
class Signer:
    """`clock` gives aware UTC. Costs one read of the table for each message; the master is kept for a while."""

    repository: ScheduleRepository
    master: MasterSource
    clock: Callable[[], datetime]

    def headers(self, user_id: str, message_id: str, body: bytes) -> dict[str, str]:
        """The headers of Standard Webhooks. Raises StoreUnavailable, MasterSecretUnavailable."""
        now = self.clock()
        versions = self.repository.get_webhook_keys(user_id)
        return signed_headers(live_keys(versions, self.master.values(), now), message_id, now, body)
