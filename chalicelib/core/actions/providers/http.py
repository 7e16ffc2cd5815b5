"""HTTP to addresses that users chose: what is called is what was checked, and it ends in time.

The host is resolved once, and if one of its addresses may not be called, nothing is sent. The connection goes to an
address that was checked, so it does not matter what DNS says a moment later; TLS still asks the certificate for the
host's name. No proxy, no redirect; of the answer the head is read and nothing else.
"""

from __future__ import annotations

import io
import re
import socket
import ssl
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..public_addresses import is_public

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..public_addresses import Address

    Resolve = Callable[[str, int], Sequence[str]]

RESOLVE_SECONDS = 5
CONNECT_SECONDS = 3
READ_SECONDS = 10
TOTAL_SECONDS = 15
"""From the first question to DNS to the end of the answer's head. It leaves half of the function's time to the rest."""

VISIBLE = re.compile(r"[\x21-\x7e]+")
DEFAULT_PORTS = {"https": 443, "http": 80}


class AddressRefused(Exception):
    """This URL is not called, however often it is tried."""


class NoAnswer(Exception):
    """Nothing that could be understood came back in time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of an answer, as far as it matters."""

    status: int
    retry_after: str | None
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart. `authority` is the Host header, `path` what stands in the request's first line."""

    scheme: str
    host: str
    port: int
    authority: str
    path: str

    @classmethod
    def of(cls, url: str) -> Target:
        """Raises AddressRefused."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as exc:
            raise AddressRefused("its URL cannot be read") from exc
        host, is_plain = parts.hostname, VISIBLE.fullmatch(url) and "@" not in parts.netloc
        if not host or not is_plain or parts.scheme not in DEFAULT_PORTS or port == 0:
            raise AddressRefused("its URL is none that is called")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme], parts.netloc, path)


class Deadline:
    """The end of all patience. `monotonic` gives seconds."""

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._at = monotonic() + seconds

    def within(self, seconds: float) -> float:
        """How long to wait for one thing, at most `seconds`. Raises TimeoutError when the end has come."""
        left = self._at - self._monotonic()
        if left <= 0:
            raise TimeoutError
        return min(seconds, left)


def resolved(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, as the system has them. Raises OSError, UnicodeError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@cache
def trusted() -> ssl.SSLContext:
    """TLS with the authorities that this machine trusts."""
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """Posts to what users named. `allow_loopback` is for the local stage: this very machine, and http to it."""

    allow_loopback: bool = False
    resolve: Resolve = resolved
    tls: Callable[[], ssl.SSLContext] = trusted
    monotonic: Callable[[], float] = time.monotonic

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Raises AddressRefused, NoAnswer."""
        target = Target.of(url)
        deadline = Deadline(TOTAL_SECONDS, self.monotonic)
        try:
            return self._exchange(target, headers, body, deadline)
        except (OSError, HTTPException) as exc:
            raise NoAnswer(type(exc).__name__) from exc
        except ValueError as exc:  # of http.client and the resolver: what no header and no host may hold
            raise AddressRefused("its host or headers cannot be sent") from exc

    def _exchange(self, target: Target, headers: Mapping[str, str], body: bytes, deadline: Deadline) -> Answer:
        addresses = self._checked(target, deadline)
        context = self.tls() if target.scheme == "https" else None
        connection = _PinnedConnection(target, addresses, context, deadline)
        all_headers = {**headers, "Host": target.authority, "Connection": "close"}
        try:
            connection.connect()
            with suppress(BrokenPipeError):  # who refuses may do so before he has taken all of the body
                connection.request("POST", target.path, body, all_headers)
            response = connection.getresponse()
            return Answer(response.status, response.getheader("Retry-After"), response.getheader("Date"))
        finally:
            connection.close()

    def _checked(self, target: Target, deadline: Deadline) -> list[Address]:
        """A host that stands for both public and other addresses is an attack or a mistake: refused as a whole."""
        found = _in_time(lambda: self.resolve(target.host, target.port), deadline.within(RESOLVE_SECONDS))
        addresses = [ip_address(address) for address in found]
        if not addresses or not all(self._may_call(target.scheme, address) for address in addresses):
            raise AddressRefused("its address is not public")
        return addresses

    def _may_call(self, scheme: str, address: Address) -> bool:
        if address.is_loopback:
            return self.allow_loopback
        return scheme == "https" and is_public(address)


class _PinnedConnection(HTTPConnection):
    """To one of the addresses that were checked, whatever the host's name stands for by now."""

    def __init__(
        self, target: Target, addresses: Sequence[Address], context: ssl.SSLContext | None, deadline: Deadline
    ) -> None:
        super().__init__(target.host, target.port)
        self._target = target
        self._addresses = addresses
        self._context = context
        self._deadline = deadline

    def connect(self) -> None:
        connected = self._open()
        try:
            connected = self._secured(connected)
        except BaseException:
            connected.close()
            raise
        self.sock = _BoundedSocket(connected, self._deadline)  # all that http.client uses

    def _open(self) -> socket.socket:
        failure: OSError = TimeoutError()
        for address in self._addresses:
            patience = self._deadline.within(CONNECT_SECONDS)
            try:
                return socket.create_connection((str(address), self._target.port), patience)
            except OSError as exc:
                failure = exc
        raise failure

    def _secured(self, connected: socket.socket) -> socket.socket:
        if self._context is None:
            return connected
        connected.settimeout(self._deadline.within(READ_SECONDS))  # for the handshake as a whole
        return self._context.wrap_socket(connected, server_hostname=self._target.host.rstrip("."))


class _BoundedSocket:
    """A socket whose every wait ends with the deadline, however slowly the other side takes and gives."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._deadline = deadline

    def sendall(self, content: bytes) -> None:
        left = memoryview(content)
        while left:
            self._socket.settimeout(self._deadline.within(READ_SECONDS))
            left = left[self._socket.send(left) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_BoundedReader(self._socket, self._deadline))

    def close(self) -> None:
        self._socket.close()


class _BoundedReader(io.RawIOBase):
    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        super().__init__()
        self._socket = connected
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._socket.settimeout(self._deadline.within(READ_SECONDS))
        return self._socket.recv_into(buffer)


def _in_time(ask: Callable[[], Sequence[str]], seconds: float) -> Sequence[str]:
    """The system's resolver knows no time-out, and whoever owns a name decides how slowly it is answered."""
    answer: Future[Sequence[str]] = Future()
    Thread(target=_settle, args=(answer, ask), daemon=True).start()
    return answer.result(seconds)


def _settle(answer: Future[Sequence[str]], ask: Callable[[], Sequence[str]]) -> None:
    try:
        answer.set_result(ask())
    except (OSError, ValueError) as exc:
        answer.set_exception(exc)
