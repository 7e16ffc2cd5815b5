"""HTTP requests to URLs of users, protected against server-side request forgery and with a total timeout.

The host is resolved once. If one of its addresses is not allowed, nothing is sent. The connection goes to a checked
address, so a later DNS change has no effect; TLS still verifies the certificate for the host name. Proxies and
redirects are not used. Only the head of the response is read.
"""

from __future__ import annotations

import io
import re
import socket
import ssl
import time
from concurrent.futures import Future
from contextlib import suppress
from functools import cache
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...frozen import Frozen
from ..public_addresses import is_loopback_address, is_public

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..public_addresses import Address

    Resolve = Callable[[str, int], Sequence[str]]

RESOLVE_SECONDS = 5
CONNECT_SECONDS = 3
READ_SECONDS = 10
TOTAL_SECONDS = 15
"""From the DNS query to the end of the response's head. The function's timeout is twice as long."""

VISIBLE = re.compile(r"[\x21-\x7e]+")
DEFAULT_PORTS = {"https": 443, "http": 80}


class AddressRefused(Exception):
    """The URL must not be called. A retry is refused as well."""


class NoAnswer(Exception):
    """No valid response arrived in time."""


class Answer(Frozen):
    """The parts of a response's head that are used."""

    status: int
    retry_after: str | None
    date: str | None = None


class Target(Frozen):
    """The parts of a URL. `authority` is the value of the Host header; `path` includes the query."""

    scheme: str
    host: str
    port: int
    authority: str
    path: str

    @classmethod
    def of(cls, url: str) -> Target:
        """Raises AddressRefused if the URL is not valid."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as exc:
            raise AddressRefused("its URL is not valid") from exc
        host, is_plain = parts.hostname, VISIBLE.fullmatch(url) and "@" not in parts.netloc
        if not host or not is_plain or parts.scheme not in DEFAULT_PORTS or port == 0:
            raise AddressRefused("its URL is not allowed")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme], parts.netloc, path)


class Deadline:
    """The time at which an exchange must have ended. `monotonic` returns seconds."""

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._at = monotonic() + seconds

    def within(self, seconds: float) -> float:
        """Returns the timeout of one step: at most `seconds`. Raises TimeoutError after the deadline."""
        left = self._at - self._monotonic()
        if left <= 0:
            raise TimeoutError
        return min(seconds, left)


def resolved(host: str, port: int) -> Sequence[str]:
    """Returns the addresses of a host from the system's resolver. Raises OSError or UnicodeError if it has none."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@cache
def trusted() -> ssl.SSLContext:
    """Returns a TLS context with the certificate authorities of this machine."""
    return ssl.create_default_context()


class Outbound(Frozen, kw_only=True):
    """Sends POST requests to URLs of users. `allow_loopback`, for stage local, allows loopback addresses over http."""

    allow_loopback: bool = False
    resolve: Resolve = resolved
    tls: Callable[[], ssl.SSLContext] = trusted
    monotonic: Callable[[], float] = time.monotonic

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Returns the response. Raises AddressRefused if the URL must not be called, NoAnswer if it does not answer."""
        target = Target.of(url)
        deadline = Deadline(TOTAL_SECONDS, self.monotonic)
        try:
            return self._exchange(target, headers, body, deadline)
        except (OSError, HTTPException) as exc:
            raise NoAnswer(type(exc).__name__) from exc
        except ValueError as exc:  # http.client and the resolver raise it for characters that are not allowed
            raise AddressRefused("its host or headers cannot be sent") from exc

    def _exchange(self, target: Target, headers: Mapping[str, str], body: bytes, deadline: Deadline) -> Answer:
        addresses = self._checked(target, deadline)
        context = self.tls() if target.scheme == "https" else None
        connection = _PinnedConnection(target, addresses, context, deadline)
        all_headers = {**headers, "Host": target.authority, "Connection": "close"}
        try:
            connection.connect()
            with suppress(BrokenPipeError):  # a server may send its refusal before it has read the whole body
                connection.request("POST", target.path, body, all_headers)
            response = connection.getresponse()
            return Answer(response.status, response.getheader("Retry-After"), response.getheader("Date"))
        finally:
            connection.close()

    def _checked(self, target: Target, deadline: Deadline) -> list[Address]:
        """Raises AddressRefused if one address is not allowed: a host with public and private ones may be an attack."""
        found = _in_time(lambda: self.resolve(target.host, target.port), deadline.within(RESOLVE_SECONDS))
        addresses = [ip_address(address) for address in found]
        if not addresses or not all(self._may_call(target.scheme, address) for address in addresses):
            raise AddressRefused("its address is not public")
        return addresses

    def _may_call(self, scheme: str, address: Address) -> bool:
        if is_loopback_address(address):
            return self.allow_loopback
        return scheme == "https" and is_public(address)


class _PinnedConnection(HTTPConnection):
    """A connection to one of the checked addresses, without another DNS query."""

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
        self.sock = _BoundedSocket(connected, self._deadline)  # has the methods that http.client uses

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
        connected.settimeout(self._deadline.within(READ_SECONDS))  # for the whole handshake
        return self._context.wrap_socket(connected, server_hostname=self._target.host.rstrip("."))


class _BoundedSocket:
    """A socket whose waits end at the deadline, even if the server sends and receives slowly."""

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
    """Runs the DNS query in a thread: the system's resolver has no timeout, and a name server may answer slowly."""
    answer: Future[Sequence[str]] = Future()
    Thread(target=_settle, args=(answer, ask), daemon=True).start()
    return answer.result(seconds)


def _settle(answer: Future[Sequence[str]], ask: Callable[[], Sequence[str]]) -> None:
    try:
        answer.set_result(ask())
    except (OSError, ValueError) as exc:
        answer.set_exception(exc)
