"""What a webhook's request may reach, where it goes, and when it ends; over real sockets on loopback."""

from __future__ import annotations

import ssl
from itertools import cycle
from socket import SHUT_WR
from threading import Event, Semaphore
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.actions.providers.http import TOTAL_SECONDS, AddressRefused, Answer, NoAnswer, Outbound
from tests.core.actions.providers.servers import OK, Authority, Server, answers, running

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from tests.core.actions.providers.servers import Behave

HOST = "hook.example.test"


def names(*found: str) -> Callable[[str, int], Sequence[str]]:
    """A resolver that knows these addresses."""
    return lambda _host, _port: found


def here(*found: str, **settings: object) -> Outbound:
    """As in the local stage, where HOST is this machine."""
    return Outbound(allow_loopback=True, resolve=names(*(found or ("127.0.0.1",))), **settings)  # type: ignore[arg-type]


def post(outbound: Outbound, url: str, body: bytes = b"{}") -> Answer:
    return outbound.post(url, {"x-trial": "7"}, body)


# Where it may go


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        ["::1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["fd00:ec2::254"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
        ["fe80::1%eth0"],
        ["0.0.0.0"],  # noqa: S104 - nothing is bound
        ["8.8.8.8", "10.0.0.1"],
        ["10.0.0.1", "8.8.8.8"],
        ["2606:4700::1", "127.0.0.1"],
        ["no address"],
        [],
    ],
    ids=" and ".join,
)
def test_a_host_that_is_not_wholly_public_is_refused(found: list[str]) -> None:
    with pytest.raises(AddressRefused):
        post(Outbound(resolve=names(*found)), f"https://{HOST}/")


def test_this_machine_is_refused_whatever_it_is_called() -> None:
    with running(answers()) as server:
        for host in ("localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]"):
            with pytest.raises(AddressRefused):
                post(Outbound(), f"https://{host}:{server.port}/")

    assert server.requests == []


@pytest.mark.parametrize("outbound", [Outbound(resolve=names("8.8.8.8")), here("8.8.8.8")])
def test_plain_http_never_leaves_this_machine(outbound: Outbound) -> None:
    with pytest.raises(AddressRefused):
        post(outbound, f"http://{HOST}/")


@pytest.mark.parametrize("found", ["10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1"])
def test_the_local_stage_allows_this_machine_and_nothing_more(found: str) -> None:
    with pytest.raises(AddressRefused):
        post(here(found), f"https://{HOST}/")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://hook.example.test/",
        "https:///hook",
        "https://user:password@hook.example.test/",
        "https://user@hook.example.test/",
        "https://hook.example.test:0/",
        "https://hook.example.test:port/",
        "https://[::1/",
        "https://hook.example.test/a b",
        "https://hook.example.test/ü",
        "https://hook.example.test/\r\nX: y",
        "hook",
        "",
    ],
)
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        post(here(), url)


def test_a_header_that_would_be_two_is_refused() -> None:
    with running(answers()) as server, pytest.raises(AddressRefused):
        here().post(f"http://{HOST}:{server.port}/", {"x-trial": "7\r\nx-admin: yes"}, b"{}")

    assert server.requests == []


# Where it goes


def test_it_connects_to_the_address_that_was_checked_whatever_dns_says_next() -> None:
    asked = cycle([["127.0.0.1"], ["127.0.0.2"]])
    outbound = Outbound(allow_loopback=True, resolve=lambda *_: next(asked))
    with running(answers()) as checked, running(answers(), host="127.0.0.2", port=checked.port) as rebound:
        post(outbound, f"http://{HOST}:{checked.port}/")

    assert (len(checked.requests), len(rebound.requests)) == (1, 0)


def test_the_host_is_resolved_once() -> None:
    asked = []

    def resolve(*host: object) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with running(answers()) as server:
        post(Outbound(allow_loopback=True, resolve=resolve), f"http://{HOST}:{server.port}/")

    assert asked == [(HOST, server.port)]


def test_an_address_that_does_not_answer_makes_room_for_the_next() -> None:
    with running(answers()) as server:
        answer = post(here("127.0.0.9", "127.0.0.1"), f"http://{HOST}:{server.port}/")

    assert answer == Answer(200, None)


def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with running(answers()) as server:
        answer = post(here(), f"http://{HOST}:{server.port}/")

    assert answer.status == 200


def test_the_request_is_what_was_asked_for() -> None:
    with running(answers()) as server:
        post(here(), f"http://{HOST}:{server.port}/hook?a=1#part", b"")

    (request,) = server.requests
    first, *headers = request.split("\r\n")
    assert first == "POST /hook?a=1 HTTP/1.1"
    assert {f"Host: {HOST}:{server.port}", "x-trial: 7", "Content-Length: 0"} <= set(headers)


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    with running(answers()) as other:
        redirect = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:{other.port}/\r\n\r\n"
        with running(answers(redirect.encode())) as server:
            answer = post(here(), f"http://{HOST}:{server.port}/")

    assert answer.status == 307
    assert (len(server.requests), len(other.requests)) == (1, 0)


# TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def test_tls_asks_the_checked_address_for_the_host_s_name_and_certificate(authority: Authority) -> None:
    with running(answers(), tls=authority.server(HOST)) as server:
        answer = post(here(tls=authority.trusted), f"https://{HOST}:{server.port}/")

    assert answer.status == 200
    assert server.names == [HOST]


def test_a_certificate_of_another_host_is_not_accepted(authority: Authority) -> None:
    with (
        running(answers(), tls=authority.server("other.example.test")) as server,
        pytest.raises(NoAnswer, match="SSLCertVerificationError"),
    ):
        post(here(tls=authority.trusted), f"https://{HOST}:{server.port}/")

    assert server.requests == []


def test_a_certificate_that_anybody_made_is_not_accepted(authority: Authority) -> None:
    with (
        running(answers(), tls=authority.server(HOST)) as server,
        pytest.raises(NoAnswer, match="SSLCertVerificationError"),
    ):
        post(here(), f"https://{HOST}:{server.port}/")

    assert server.requests == []


def test_the_certificate_of_the_address_alone_is_not_accepted(authority: Authority) -> None:
    context = authority.trusted()
    with running(answers(), tls=authority.server(HOST)) as server, pytest.raises(NoAnswer):
        post(here(tls=lambda: context), f"https://127.0.0.1:{server.port}/")

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert server.requests == []


# When it ends


class NearTheEnd:
    """Seconds that jump: whatever waits next has a twentieth of a second left."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def __call__(self) -> float:
        seconds, self._seconds = self._seconds, TOTAL_SECONDS - 0.05
        return seconds


def silent(_connection: socket.socket, until: Event) -> None:
    until.wait(10)


def test_a_server_that_never_answers_ends_in_time() -> None:
    over = Event()
    with running(lambda _: lambda connection: silent(connection, over)) as server:
        with pytest.raises(NoAnswer, match="TimeoutError"):
            post(here(monotonic=NearTheEnd()), f"http://{HOST}:{server.port}/")
        over.set()


def test_a_server_that_never_takes_the_body_ends_in_time() -> None:
    over = Event()
    with running(lambda _: lambda connection: silent(connection, over)) as server:
        with pytest.raises(NoAnswer, match="TimeoutError"):
            post(here(monotonic=NearTheEnd()), f"http://{HOST}:{server.port}/", b"x" * 20_000_000)
        over.set()


def test_a_server_that_never_shakes_hands_ends_in_time(authority: Authority) -> None:
    over = Event()
    with running(lambda _: lambda connection: silent(connection, over)) as server:
        with pytest.raises(NoAnswer, match="TimeoutError"):
            post(here(monotonic=NearTheEnd(), tls=authority.trusted), f"https://{HOST}:{server.port}/")
        over.set()


def test_a_name_that_is_never_answered_for_ends_in_time() -> None:
    over = Event()
    outbound = Outbound(resolve=lambda *_: [str(over.wait(10))], monotonic=NearTheEnd())

    with pytest.raises(NoAnswer, match="TimeoutError"):
        post(outbound, f"https://{HOST}/")
    over.set()


class Dripping:
    """Seconds that pass one by one, and a server that sends one byte in each: no single wait is ever long."""

    def __init__(self, content: bytes) -> None:
        self._seconds = 0.0
        self._passed = Semaphore(0)
        self._is_over = False
        self._content = cycle(content[n : n + 1] for n in range(len(content)))
        self.sent = 0

    def __call__(self) -> float:
        self._seconds += 1
        self._passed.release()
        return self._seconds

    def behaviour(self, _server: Server) -> Behave:
        def behave(connection: socket.socket) -> None:
            while self._passed.acquire() and not self._is_over:
                connection.sendall(next(self._content))
                self.sent += 1

        return behave

    def stop(self) -> None:
        self._is_over = True
        self._passed.release()


def test_a_server_that_drips_is_left_at_the_deadline() -> None:
    dripping = Dripping(b"HTTP/1.1 100 Continue\r\n\r\n")
    with running(dripping.behaviour) as server:
        with pytest.raises(NoAnswer, match="TimeoutError"):
            post(here(monotonic=dripping), f"http://{HOST}:{server.port}/")
        dripping.stop()

    assert 5 < dripping.sent <= TOTAL_SECONDS + 1


def test_endless_interim_answers_end_with_the_deadline() -> None:
    class Ticking:
        seconds = 0.0

        def __call__(self) -> float:
            self.seconds += 0.1
            return self.seconds

    with (
        running(answers(b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000_000)) as server,
        pytest.raises(NoAnswer, match="TimeoutError"),
    ):
        post(here(monotonic=Ticking()), f"http://{HOST}:{server.port}/")


def test_nothing_is_read_behind_the_head_of_an_answer() -> None:
    sent = []

    def endless(server: Server) -> Behave:
        def behave(connection: socket.socket) -> None:
            server.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")(connection)
            while True:
                connection.sendall(b"x" * 100_000)
                sent.append(100_000)

        return behave

    with running(endless) as server:
        answer = post(here(), f"http://{HOST}:{server.port}/")

    assert answer.status == 200
    assert sum(sent) < 20_000_000  # what the system's own buffers take


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\na: " + b"b" * 100_000 + b"\r\n\r\n",
    ],
    ids=["nothing", "blank", "not HTTP", "no status", "too many headers", "too long a header"],
)
def test_an_answer_that_is_none_is_no_answer(answer: bytes) -> None:
    with running(answers(answer)) as server, pytest.raises(NoAnswer):
        post(here(), f"http://{HOST}:{server.port}/")


def test_a_refusal_that_comes_before_all_of_the_body_is_taken_is_an_answer() -> None:
    def refuse(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 413 Content Too Large\r\n\r\n")
        connection.shutdown(SHUT_WR)

    with running(lambda _: refuse) as server:
        assert post(here(), f"http://{HOST}:{server.port}/", b"x" * 20_000_000).status == 413


def test_a_name_that_does_not_resolve_may_resolve_later() -> None:
    def unknown(*_: object) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(NoAnswer):
        post(Outbound(resolve=unknown), f"https://{HOST}/")


def test_every_single_wait_fits_into_half_of_the_function_s_time() -> None:
    assert TOTAL_SECONDS <= 15


def test_retry_after_is_handed_on() -> None:
    slow_down = OK.replace(b"200 OK", b"429 Too Many Requests\r\nRetry-After: 120")
    with running(answers(slow_down)) as server:
        assert post(here(), f"http://{HOST}:{server.port}/") == Answer(429, "120")
