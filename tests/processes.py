"""What tests with processes of their own need: a free port, and patience that has an end."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Found = TypeVar("Found")
LOOKS_EVERY_SECONDS = 0.05

PATIENCE = 60
"""Seconds for what takes less than one on an idle machine. A test that passes does not wait for them."""


def within(seconds: float, look: Callable[[], Found | None], what: str) -> Found:
    """What `look` finds as soon as it finds something. Fails, naming `what`, when the time is over."""
    give_up_at = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < give_up_at, f"{what}: not within {seconds} s"
        time.sleep(LOOKS_EVERY_SECONDS)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
