"""The recorded versions of a user's webhook keys, and the master secret from which keys are derived."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import RotationUnderWay
from ..frozen import Frozen

if TYPE_CHECKING:
    from datetime import datetime, timedelta


class KeyVersion(Frozen):
    """One version of a user's keys. The first version has no `created_at`. `expires_at` None: it does not expire."""

    number: int
    created_at: datetime | None = None
    expires_at: datetime | None = None


class KeyVersions(Frozen):
    """The versions of a user's keys: the current one, and the previous one while it is valid."""

    user_id: str
    current: KeyVersion = KeyVersion(1)
    former: KeyVersion | None = None

    def live(self, now: datetime) -> list[KeyVersion]:
        """Returns the versions that are valid at `now`, the current one first."""
        former = [self.former] if self.former and self.former.expires_at and self.former.expires_at > now else []
        return [self.current, *former]

    def rotated(self, now: datetime, overlap: timedelta) -> KeyVersions:
        """Returns the versions after a rotation. The current one stays valid for `overlap`; zero ends older ones now.

        Raises RotationUnderWay if the previous version is still valid and `overlap` is not zero: otherwise a repeated
        request would end a key that consumers still use.
        """
        if overlap and len(self.live(now)) > 1:
            raise RotationUnderWay
        former = KeyVersion(self.current.number, self.current.created_at, now + overlap) if overlap else None
        return KeyVersions(self.user_id, KeyVersion(self.current.number + 1, now), former)


class Master(Frozen):
    """One value of the master secret, and its creation time."""

    secret: str
    created_at: datetime

    def __repr__(self) -> str:
        """Returns a text without the secret, so that logs cannot contain it."""
        return f"Master(created_at={self.created_at!r})"
