"""`python -m local.app.api` serves a Chalice app as `chalice local` does: sealed in time and with a clean end."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from local.environment import sealed_environment
from local.testing import REGION
from local.time.travelled import write_offset
from tests.processes import free_port, within

APP = """
import os
from datetime import UTC, datetime
from chalice import Chalice

app = Chalice(app_name="tiny")
imported_at = datetime.now(UTC)

@app.route("/")
def index():
    now = datetime.now(UTC)
    return {"colour": os.environ["COLOUR"], "now": now.isoformat(), "imported_at": imported_at.isoformat()}

@app.route("/echo", methods=["POST"])
def echo():
    return app.current_request.json_body
"""
CONFIG = {"version": "2.0", "app_name": "tiny", "stages": {"local": {"environment_variables": {"COLOUR": "red"}}}}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("project")
    (directory / "app.py").write_text(APP)
    (directory / ".chalice").mkdir()
    (directory / ".chalice" / "config.json").write_text(json.dumps(CONFIG))
    return directory


@pytest.fixture(scope="module")
def connection(project: Path) -> Iterator[http.client.HTTPConnection]:
    with running_api(project) as (_, connection):
        yield connection


@contextmanager
def running_api(project: Path) -> Iterator[tuple[subprocess.Popen[bytes], http.client.HTTPConnection]]:
    port = free_port()
    process = start(project, port)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        within(15, lambda: is_answered(connection), "the API")
        yield process, connection
    finally:
        connection.close()
        process.kill()
        process.communicate()


def start(project: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "local.app.api", "--port", str(port), "--project-dir", str(project)]
    return subprocess.Popen(
        [*command, "--offset-file", str(project / "clock-offset")],
        env=sealed_environment("http://127.0.0.1:1", REGION),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def is_answered(connection: http.client.HTTPConnection) -> bool:
    with suppress(ConnectionRefusedError):
        connection.connect()
        return True
    return False


def ask(connection: http.client.HTTPConnection, method: str = "GET", path: str = "/", body: Any = None) -> Any:
    connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
    return json.load(connection.getresponse())


def test_the_app_has_the_environment_of_its_stage(connection: http.client.HTTPConnection) -> None:
    assert ask(connection)["colour"] == "red"


def test_requests_do_not_wait_for_nagle(connection: http.client.HTTPConnection) -> None:
    body = {"text": "x" * 3000}
    ask(connection, "POST", "/echo", body)

    started = time.monotonic()
    for _ in range(20):
        assert ask(connection, "POST", "/echo", body) == body

    assert (time.monotonic() - started) / 20 < 0.02


def test_a_chunked_body_is_read_as_api_gateway_reads_it(project: Path) -> None:
    with running_api(project) as (_, connection):
        connection.request(
            "POST", "/echo", iter([b'{"text":', b' "x"}']), {"Content-Type": "application/json"}, encode_chunked=True
        )

        assert json.load(connection.getresponse()) == {"text": "x"}


@pytest.mark.parametrize("length", ["abc", "-5", ""])
def test_a_length_that_is_no_number_is_answered(project: Path, length: str) -> None:
    with running_api(project) as (_, connection):
        connection.putrequest("POST", "/echo")
        connection.putheader("Content-Length", length)
        connection.endheaders(b"{}")

        assert connection.getresponse().status == 400


def test_the_app_follows_the_cloud_s_clock_from_request_to_request(
    connection: http.client.HTTPConnection, project: Path
) -> None:
    in_a_month = datetime.now(UTC) + timedelta(days=30)

    write_offset(project / "clock-offset", timedelta(days=30).total_seconds())
    travelled = ask(connection)["now"]
    write_offset(project / "clock-offset", 0.0)
    back = ask(connection)["now"]

    assert abs(datetime.fromisoformat(travelled) - in_a_month) < timedelta(seconds=5)
    assert abs(datetime.fromisoformat(back) - datetime.now(UTC)) < timedelta(seconds=5)


def test_the_header_date_is_the_cloud_s_time_for_a_page_to_count_from(
    connection: http.client.HTTPConnection, project: Path
) -> None:
    in_a_month = datetime.now(UTC) + timedelta(days=30)

    write_offset(project / "clock-offset", timedelta(days=30).total_seconds())
    dates = [date_of(connection, path) for path in ("/", "/nothing")]
    write_offset(project / "clock-offset", 0.0)

    assert all(abs(date - in_a_month) < timedelta(seconds=5) for date in dates)


def date_of(connection: http.client.HTTPConnection, path: str) -> datetime:
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    return parsedate_to_datetime(response.headers["Date"])


def test_an_app_that_starts_late_is_in_the_cloud_s_time_before_it_is_imported(project: Path) -> None:
    write_offset(project / "clock-offset", timedelta(days=30).total_seconds())
    with running_api(project) as (_, connection):
        imported_at = datetime.fromisoformat(ask(connection)["imported_at"])
    write_offset(project / "clock-offset", 0.0)

    assert imported_at > datetime.now(UTC) + timedelta(days=29)


@pytest.mark.parametrize(("method", "path"), [("GET", "/nothing"), ("DELETE", "/"), ("GET", "/echo")])
def test_an_unknown_route_is_a_problem_that_never_shows_the_token(
    connection: http.client.HTTPConnection, method: str, path: str
) -> None:
    connection.request(method, path, headers={"Authorization": "Bearer abc.def"})
    response = connection.getresponse()
    body = response.read()

    assert response.status == 404
    assert response.getheader("Content-Type") == "application/problem+json"
    assert json.loads(body)["type"] == "urn:scheduled-tasks:problem:route-not-found"
    assert b"abc" not in body


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_even_with_a_client_connected(project: Path, number: signal.Signals) -> None:
    with running_api(project) as (process, connection):
        ask(connection)

        process.send_signal(number)

        assert process.wait(5) == 0
        assert b"Traceback" not in process.communicate()[1]


def test_a_port_in_use_is_told_in_one_line(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start(project, port)

        errors = process.communicate(timeout=15)[1].decode().splitlines()

    assert process.returncode == 1
    assert errors == [f"port {port} on 127.0.0.1 cannot be used: Address already in use"]
