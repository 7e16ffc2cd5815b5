"""What is recorded of a user's webhook keys, and the master secret that the keys are derived from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import RotationUnderWay

if TYPE_CHECKING:
    from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class KeyVersion:
    """One version of a user's keys. The first has no `created_at`: it was always there. `expires_at` None: no end."""

    number: int
    created_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeyVersions:
    """What is recorded of a user's keys: the version in use, and the one before it while it lives on."""

    user_id: str
    current: KeyVersion = KeyVersion(1)
    former: KeyVersion | None = None

    def live(self, now: datetime) -> list[KeyVersion]:
        """The current one first."""
        former = [self.former] if self.former and self.former.expires_at and self.former.expires_at > now else []
        return [self.current, *former]

    def rotated(self, now: datetime, overlap: timedelta) -> KeyVersions:
        """The next version; the current one lives on for `overlap`, and none at all ends every older one at once.

        Raises RotationUnderWay: a third live key would let a request that is sent twice end one that is in use.
        """
        if overlap and len(self.live(now)) > 1:
            raise RotationUnderWay
        former = KeyVersion(self.current.number, self.current.created_at, now + overlap) if overlap else None
        return KeyVersions(self.user_id, KeyVersion(self.current.number + 1, now), former)


@dataclass(frozen=True, slots=True)
class Master:
    """One value of the master secret, and since when it is there."""

    secret: str
    created_at: datetime

    def __repr__(self) -> str:
        """Nothing that could end in a log."""
        return f"Master(created_at={self.created_at!r})"
