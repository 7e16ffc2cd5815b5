"""The sweeper runs at whole minutes at which a watch is due, in real time and in travelled time, and at no others."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from chalicelib.core.timing.instants import iso
from local.environment import sealed_environment
from local.testing import REGION, RunningCloud, running_cloud
from local.time.signal import FILE_NAME as OFFSET_FILE
from tests.processes import within
from tests.tables import create_table

MINUTE = timedelta(minutes=1)
TABLE = "watched"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningCloud]:
    """With a table."""
    with running_cloud(tmp_path) as cloud:
        create_table(cloud.client("dynamodb"), TABLE)
        yield cloud


class Sweeper:
    """Stands in for the sweeper's process: notes when it is asked, and does then what a test wants."""

    def __init__(self, cloud: RunningCloud) -> None:
        self.asked_at: list[str] = []
        self.work: Callable[[], Any] = lambda: None
        self.done = Event()
        self._cloud = cloud

    def sweep(self) -> None:
        self.asked_at.append(iso(self._cloud.clock.now()))
        self.work()
        self.done.set()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, sweeper: Sweeper, *arguments: Any) -> None:
        self._sweeper = sweeper
        super().__init__(*arguments)

    def do_POST(self) -> None:
        self._sweeper.sweep()
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served(sweeper: Sweeper) -> Iterator[str]:
    """Its URL."""
    server = HTTPServer(("127.0.0.1", 0), partial(_Handler, sweeper))
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def sweeper(running: RunningCloud) -> Iterator[Sweeper]:
    """Registered."""
    sweeper = Sweeper(running)
    with served(sweeper) as url:
        ask(running, "POST", {"url": url})
        yield sweeper


@pytest.fixture
def start(running: RunningCloud) -> datetime:
    """A whole minute; the clock is a second before it."""
    start = running.clock.now().replace(second=0, microsecond=0) + timedelta(hours=1)
    running.agenda.advance(start - timedelta(seconds=1))
    return start


def ask(cloud: RunningCloud, method: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{cloud.endpoint}/_local/sweeper", data, method=method)  # noqa: S310 - our own loopback
    with urlopen(request, timeout=10) as response:  # noqa: S310
        text = response.read()
    return json.loads(text) if text else None


def calls(cloud: RunningCloud) -> Any:
    with urlopen(f"{cloud.endpoint}/_local/calls", timeout=10) as response:  # noqa: S310
        return json.load(response)["calls"]


def item(key: str, watch_at: datetime | None = None) -> dict[str, Any]:
    """An item of the table; watched, if it says when."""
    watch = {"watch_pk": {"S": "WATCH#0"}, "watch_at": {"S": iso(watch_at)}} if watch_at else {}
    return key_of(key) | watch


def key_of(key: str) -> dict[str, Any]:
    return {"PK": {"S": key}, "SK": {"S": "SCHEDULE#1"}}


def put(cloud: RunningCloud, key: str, watch_at: datetime | None = None) -> None:
    cloud.client("dynamodb").put_item(TableName=TABLE, Item=item(key, watch_at))


def move(cloud: RunningCloud, key: str, watch_at: datetime) -> None:
    cloud.client("dynamodb").update_item(
        TableName=TABLE,
        Key=key_of(key),
        UpdateExpression="SET watch_at = :at",
        ExpressionAttributeValues={":at": {"S": iso(watch_at)}},
    )


def test_it_runs_at_the_first_whole_minute_at_which_a_watch_is_due(
    running: RunningCloud, sweeper: Sweeper, start: datetime
) -> None:
    sweeper.work = lambda: put(running, "a")
    put(running, "a", start + timedelta(seconds=30))

    running.agenda.advance(start + timedelta(minutes=10))

    assert sweeper.asked_at == [iso(start + MINUTE)]


def test_a_watch_that_is_due_already_waits_for_the_next_whole_minute(
    running: RunningCloud, sweeper: Sweeper, start: datetime
) -> None:
    sweeper.work = lambda: put(running, "a")
    put(running, "a", start - timedelta(hours=1))

    running.agenda.advance(start + timedelta(minutes=10))

    assert sweeper.asked_at == [iso(start)]


def test_many_watches_of_a_minute_make_one_sweep(running: RunningCloud, sweeper: Sweeper, start: datetime) -> None:
    def see_to_both() -> None:
        put(running, "a")
        put(running, "b")

    sweeper.work = see_to_both
    put(running, "a", start + timedelta(seconds=1))
    put(running, "b", start + timedelta(seconds=59))

    running.agenda.advance(start + timedelta(minutes=10))

    assert sweeper.asked_at == [iso(start + MINUTE)]


def test_a_watch_that_was_moved_is_looked_at_then(running: RunningCloud, sweeper: Sweeper, start: datetime) -> None:
    sweeper.work = lambda: put(running, "a")
    put(running, "a", start + MINUTE)
    move(running, "a", start + 5 * MINUTE)

    running.agenda.advance(start + timedelta(minutes=10))

    assert sweeper.asked_at == [iso(start + 5 * MINUTE)]


@pytest.mark.parametrize("way", ["DeleteItem", "BatchWriteItem", "PutItem without watch", "TransactWriteItems"])
def test_what_is_gone_or_done_is_watched_no_more(
    running: RunningCloud, sweeper: Sweeper, start: datetime, way: str
) -> None:
    client = running.client("dynamodb")
    put(running, "a", start + MINUTE)
    match way:
        case "DeleteItem":
            client.delete_item(TableName=TABLE, Key=key_of("a"))
        case "BatchWriteItem":
            client.batch_write_item(RequestItems={TABLE: [{"DeleteRequest": {"Key": key_of("a")}}]})
        case "PutItem without watch":
            put(running, "a")
        case "TransactWriteItems":
            client.transact_write_items(TransactItems=[{"Delete": {"TableName": TABLE, "Key": key_of("a")}}])

    jobs = running.agenda.advance(start + timedelta(minutes=10))

    assert (sweeper.asked_at, jobs) == ([], 0)


def test_a_watch_written_in_a_transaction_counts(running: RunningCloud, sweeper: Sweeper, start: datetime) -> None:
    sweeper.work = lambda: put(running, "a" if len(sweeper.asked_at) == 1 else "b")
    put(running, "b")
    update = {
        "TableName": TABLE,
        "Key": key_of("b"),
        "UpdateExpression": "SET watch_pk = :pk, watch_at = :at",
        "ExpressionAttributeValues": {":pk": {"S": "WATCH#0"}, ":at": {"S": iso(start + 3 * MINUTE)}},
    }
    running.client("dynamodb").transact_write_items(
        TransactItems=[{"Put": {"TableName": TABLE, "Item": item("a", start + MINUTE)}}, {"Update": update}]
    )

    running.agenda.advance(start + timedelta(minutes=10))

    assert sweeper.asked_at == [iso(start + MINUTE), iso(start + 3 * MINUTE)]


def test_what_a_sweep_puts_off_is_looked_at_again_then(
    running: RunningCloud, sweeper: Sweeper, start: datetime
) -> None:
    later = iter([start + 2 * MINUTE, start + 4 * MINUTE, None])
    sweeper.work = lambda: put(running, "a", next(later))
    put(running, "a", start)

    running.agenda.advance(start + timedelta(minutes=10))

    assert sweeper.asked_at == [iso(start), iso(start + 2 * MINUTE), iso(start + 4 * MINUTE)]


def test_what_a_sweep_leaves_due_is_there_for_the_next_minutes(
    running: RunningCloud, sweeper: Sweeper, start: datetime
) -> None:
    def the_third_time() -> None:
        if len(sweeper.asked_at) == 3:
            put(running, "a")

    sweeper.work = the_third_time
    put(running, "a", start)

    running.agenda.advance(start + timedelta(minutes=10))

    assert sweeper.asked_at == [iso(start), iso(start + MINUTE), iso(start + 2 * MINUTE)]


def test_what_a_sweep_wants_to_be_seen_at_once_is_seen_a_minute_later(
    running: RunningCloud, sweeper: Sweeper, start: datetime
) -> None:
    sweeper.work = lambda: put(running, "a", start if len(sweeper.asked_at) < 3 else None)
    put(running, "a", start)

    running.agenda.advance(start + timedelta(minutes=10))

    assert sweeper.asked_at == [iso(start), iso(start + MINUTE), iso(start + 2 * MINUTE)]


def test_a_month_without_a_due_watch_costs_nothing(running: RunningCloud, sweeper: Sweeper, start: datetime) -> None:
    put(running, "far", start + timedelta(days=31))
    began = monotonic()

    jobs = running.agenda.advance(start + timedelta(days=30))

    assert (sweeper.asked_at, jobs) == ([], 0)
    assert monotonic() - began < 1


def test_it_runs_in_real_time_too(running: RunningCloud, sweeper: Sweeper, start: datetime) -> None:
    put(running, "a", start)
    sweeper.work = lambda: put(running, "a")

    assert sweeper.done.wait(10)
    assert sweeper.asked_at == [iso(start)]


def test_a_clock_that_is_set_back_begins_anew(running: RunningCloud, sweeper: Sweeper, start: datetime) -> None:
    sweeper.work = lambda: put(running, "a")
    put(running, "a", start)
    running.agenda.advance(start)
    running.agenda.reset()

    put(running, "a", start)
    running.agenda.advance(start)

    assert sweeper.asked_at == [iso(start)] * 2


def test_a_sweeper_that_is_gone_is_told_in_the_log(
    running: RunningCloud, start: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    with served(Sweeper(running)) as url:
        ask(running, "POST", {"url": url})
    put(running, "a", start)

    running.agenda.advance(start)

    assert "cannot run: ConnectionRefusedError" in caplog.text


def test_without_a_sweeper_nothing_happens(running: RunningCloud, start: datetime) -> None:
    put(running, "a", start)

    assert running.agenda.advance(start + timedelta(days=1)) == 0


@pytest.mark.parametrize(
    "body", [{}, {"url": 1}, {"url": "http://example.com/"}, {"url": "http://127.0.0.1:1/", "x": 1}]
)
def test_what_is_no_sweeper_is_refused(running: RunningCloud, body: dict[str, Any]) -> None:
    with pytest.raises(HTTPError) as error:
        ask(running, "POST", body)

    with error.value as answer:
        assert answer.code == 400


APP = """
import boto3
from datetime import UTC, datetime
from chalice import Chalice, Rate

app = Chalice(app_name="tiny")

@app.schedule(Rate(1, unit=Rate.MINUTES))
def sweep(event):
    queue = f"{datetime.now(UTC):%Y-%m-%d}-{int(event.context.get_remaining_time_in_millis() // 1000)}"
    boto3.client("sqs").create_queue(QueueName=queue)
    boto3.client("dynamodb").delete_item(TableName="watched", Key={"PK": {"S": "a"}, "SK": {"S": "SCHEDULE#1"}})
"""
CONFIG = {
    "version": "2.0",
    "app_name": "tiny",
    "lambda_functions": {"sweep": {"lambda_timeout": 50}},
    "stages": {"local": {}},
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    (project / ".chalice").mkdir(parents=True)
    (project / "app.py").write_text(APP)
    (project / ".chalice" / "config.json").write_text(json.dumps(CONFIG))
    return project


def started(project: Path, cloud: RunningCloud) -> subprocess.Popen[bytes]:
    arguments = ["--project-dir", str(project), "--offset-file", str(cloud.directory / OFFSET_FILE)]
    return subprocess.Popen(
        [sys.executable, "-m", "local.app.sweeper", *arguments],
        env=sealed_environment(cloud.endpoint, REGION),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def is_registered(cloud: RunningCloud) -> bool:
    with suppress(HTTPError):
        ask(cloud, "GET")
        return True
    return False


def errors_of_a_month(project: Path, cloud: RunningCloud, start: datetime) -> bytes:
    """Runs the app's sweeper while the clock advances to its item, a month later. Returns what it wrote as errors."""
    process = started(project, cloud)
    try:
        within(15, lambda: is_registered(cloud), "the sweeper")
        put(cloud, "a", start + timedelta(days=30))
        cloud.agenda.advance(start + timedelta(days=30))
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    return errors


def test_the_scheduled_function_of_the_app_runs_in_the_cloud_s_time_and_under_its_own_name(
    running: RunningCloud, project: Path, start: datetime
) -> None:
    errors = errors_of_a_month(project, running, start)

    (url,) = running.client("sqs").list_queues()["QueueUrls"]
    assert url.endswith(f"/{start + timedelta(days=30):%Y-%m-%d}-49")
    assert "sweeper" in {call["caller"] for call in calls(running)}
    assert errors == b""


def test_an_app_may_have_a_chalicelib_of_its_own(running: RunningCloud, project: Path, start: datetime) -> None:
    (project / "chalicelib").mkdir()
    (project / "chalicelib/__init__.py").touch()
    (project / "chalicelib/logins.py").write_text("SESSIONS = {}\n")
    (project / "app.py").write_text(f"from chalicelib.logins import SESSIONS\n{APP}")

    errors = errors_of_a_month(project, running, start)

    assert (errors, len(running.client("sqs").list_queues()["QueueUrls"])) == (b"", 1)


def test_an_app_without_the_function_is_told(running: RunningCloud, project: Path) -> None:
    (project / "app.py").write_text(APP.replace("def sweep", "def clean"))

    process = started(project, running)

    assert process.communicate(timeout=15)[1].decode() == "The app has no scheduled function `sweep`.\n"
    assert process.returncode == 1
