"""Checks that `make run` can listen on its two ports, and suggests others."""

from __future__ import annotations

import errno
import socket
from itertools import chain
from typing import TYPE_CHECKING

from ..endpoint.server import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_FOR_ALL, LAST = 1024, 65_535


def problems_of(ports: Mapping[str, int]) -> list[str]:
    """Returns a message for each port that cannot be used. ports: variable in the Makefile -> port."""
    if len(set(ports.values())) < len(ports):
        (port,) = set(ports.values())
        return [f"{' and '.join(ports)} are both {port}: choose two ports"]
    return [
        f"port {port} {reason} choose another: make run {name}={_free_port(after=port, but=ports)}"
        for name, port in ports.items()
        if (reason := _why_not(port))
    ]


def _why_not(port: int) -> str | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return "is in use, perhaps by another `make run`; stop that, or"
            return f"cannot be used ({error.strerror});"
    return None


def _free_port(*, after: int, but: Mapping[str, int]) -> int:
    candidates = chain(range(max(after + 1, FIRST_FOR_ALL), LAST), range(FIRST_FOR_ALL, LAST))
    return next(port for port in candidates if port not in but.values() and _why_not(port) is None)
