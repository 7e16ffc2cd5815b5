"""Signs the requests of webhooks with the keys of the run's user (chalicelib/core/actions/webhook_signing.py)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.core.actions.webhook_signing import live_keys, signed_headers
from chalicelib.core.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from chalicelib.core.model.ports import MasterSource, ScheduleRepository


class Signer(Frozen):
    """Reads the table once per message; `master` keeps the master secret for a while. `clock` returns aware UTC.

    Consumers compare the time in a signature with their own clock. `ahead_file` is for stage local, whose clock can be
    ahead of the real time: the file has the seconds to subtract, and need not exist. None: nothing is subtracted.
    """

    repository: ScheduleRepository
    master: MasterSource
    clock: Callable[[], datetime]
    ahead_file: Path | None = None

    def headers(self, user_id: str, message_id: str, body: bytes) -> dict[str, str]:
        """Returns the headers of Standard Webhooks.

        Raises StoreUnavailable if the keys cannot be read, MasterSecretUnavailable if the master secret cannot.
        """
        now = self.clock()
        versions = self.repository.get_webhook_keys(user_id)
        sent_at = now - _ahead(self.ahead_file)
        return signed_headers(live_keys(versions, self.master.values(), now), message_id, sent_at, body)


def _ahead(file: Path | None) -> timedelta:
    try:
        return timedelta(seconds=float(file.read_text(encoding="ascii"))) if file else timedelta()
    except FileNotFoundError:
        return timedelta()
