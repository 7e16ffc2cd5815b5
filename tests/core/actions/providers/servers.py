"""Servers on loopback that behave as a test says, and certificates for them."""

from __future__ import annotations

import socket
import ssl
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from threading import Thread
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Behave = Callable[[socket.socket], None]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Server:
    """`requests`, `bodies`: those that were understood, the heads as text. `names`: what clients asked for by SNI."""

    port: int
    requests: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)

    def answer(self, answer: bytes) -> Behave:
        """Takes a request, then sends this."""

        def behave(connection: socket.socket) -> None:
            with connection.makefile("rb") as stream:
                head = b"".join(takewhile(lambda line: line != b"\r\n", stream)).decode()
                if not head:
                    return  # the client thought better of it
                body = stream.read(int(head.rpartition("Content-Length: ")[2].split("\r\n")[0]))
            self.requests.append(head)
            self.bodies.append(body)
            connection.sendall(answer)

        return behave


@contextmanager
def running(
    behaviour: Callable[[Server], Behave], *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[Server]:
    """A server, one connection at a time, until the end of the block. A client that goes away is no failure."""
    with socket.create_server((host, port)) as listener:
        server = Server(listener.getsockname()[1])
        if tls is not None:
            tls.sni_callback = lambda _socket, name, _context: server.names.append(name)
        thread = Thread(target=_serve, args=(listener, behaviour(server), tls))
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket, behave: Behave, tls: ssl.SSLContext | None) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with suppress(OSError), connection:
            secured = tls.wrap_socket(connection, server_side=True) if tls else connection
            with secured:
                behave(secured)


def answers(answer: bytes = OK) -> Callable[[Server], Behave]:
    """The usual behaviour."""
    return lambda server: server.answer(answer)


class Authority:
    """A certificate authority of our own, and certificates by it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of a test")])
        self._certificate = self._sign(
            self._name, self._key, x509.BasicConstraints(ca=True, path_length=None), critical=True
        )

    def trusted(self) -> ssl.SSLContext:
        """A client's context that trusts this authority and no other."""
        return ssl.create_default_context(cadata=self._certificate.public_bytes(serialization.Encoding.PEM).decode())

    def server(self, host: str) -> ssl.SSLContext:
        """A server's context with a certificate for this host."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = self._sign(subject, key, x509.SubjectAlternativeName([x509.DNSName(host)]))
        path = self._directory / f"{host}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path)
        return context

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        extension: x509.ExtensionType,
        *,
        critical: bool = False,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        is_authority = key is self._key
        # Python 3.13 verifies strictly (VERIFY_X509_STRICT): an authority states that it may sign certificates.
        usage = x509.KeyUsage(
            digital_signature=not is_authority,
            key_cert_sign=is_authority,
            crl_sign=is_authority,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(extension, critical=critical)
            .add_extension(usage, critical=True)
            .add_extension(identifier, critical=False)
            .add_extension(authority, critical=False)
            .sign(self._key, hashes.SHA256())
        )
