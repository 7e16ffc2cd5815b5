"""docs/api.md holds: each request on the page is sent, in its order, and its answer is the one below it."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from chalice.app import Chalice
from chalice.test import Client

from app import app
from chalicelib.api.auth import Caller, Scope
from chalicelib.api.console.sign_in import SignIn
from chalicelib.api.models.parameters import ListQuery, RunsQuery, TimelineQuery
from chalicelib.api.models.requests import CreateSchedule, RedriveRuns
from chalicelib.api.models.timeline import LaneView, RunMarkView, SliceView, TimelineView
from chalicelib.api.models.views import JobView, RunView, ScheduleView, WebhookKeyView
from chalicelib.api.routes import Services, blueprints
from chalicelib.core.actions.fields import ActionRules
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Status
from chalicelib.scheduling.webhook_keys import WebhookKeys
from tests.api.world import CLIENT, CONFIGURATION
from tests.docs.route_table import COMMAND, written
from tests.notification.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalice.app import Request
    from chalice.test import HTTPResponse

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
STEP = re.compile(
    r"<!-- (?P<event>fire|throttle|refuse|start|sweep) ?(?P<of>[\w-]*) -->"
    r"|```http\n(?P<request>.*?)```\s+```http\n(?P<answer>.*?)```",
    re.DOTALL,
)
REST = "…"
MADE_ANEW = frozenset({"schedule_id", "run_id", "job_id", "next_cursor", "secret"})
LATENESS = timedelta(milliseconds=250)
VIEWS = (
    *(ScheduleView, RunView, JobView, WebhookKeyView),
    *(TimelineView, LaneView, RunMarkView, SliceView),
)
SHOWN = sorted({name for model in VIEWS for name in model.model_fields})
SENT = (CreateSchedule, RedriveRuns, ListQuery, RunsQuery, TimelineQuery)
FIELDS = sorted({name for model in SENT for name in model.model_fields})

CALLERS = {
    "Bearer $TOKEN": Caller("alice", frozenset({Scope.READ, Scope.WRITE})),
    "Bearer $ADMIN_TOKEN": Caller("root", frozenset({Scope.ADMIN})),
}


@dataclass(frozen=True)
class Message:
    """A request or an answer as it stands on the page: first line, headers, and JSON or nothing."""

    first: str
    headers: dict[str, str]
    body: Any

    @classmethod
    def read(cls, text: str) -> Message:
        head, _, body = text.strip().partition("\n\n")
        first, *headers = head.splitlines()
        return cls(first, dict(header.split(": ", 1) for header in headers), json.loads(body) if body else None)


@dataclass
class Reader:
    """Does what the page says. `ours` maps the ids of the page to those of this run of the test."""

    world: World = field(default_factory=World)
    ours: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        documented = Chalice(app_name="docs", configure_logs=False)
        services = Services(
            scheduler=lambda: self.world.service,
            caller=caller,
            action_rules=lambda: ActionRules(own_types=frozenset({"invoice.remind"})),
            webhook_keys=lambda: WebhookKeys(self.world.repository, self.world.master, clock=self.world.clock),
            console=lambda: SignIn(CLIENT, CONFIGURATION.copy),
        )
        for blueprint in blueprints(services):
            documented.register_blueprint(blueprint)
        self.http = Client(documented).http

    def send(self, request: Message) -> HTTPResponse:
        method, path = request.first.split(" ")
        body = b"" if request.body is None else json.dumps(request.body).encode()
        return self.http.request(method, self.in_ours(path), headers=request.headers, body=body)

    def happen(self, event: str, of: str) -> None:
        """What the page says between two requests, in a comment."""
        match event:
            case "fire":
                self.fire(of)
            case "throttle":
                with self.ses_answers("TooManyRequestsException", "Maximum sending rate exceeded."):
                    self.fire(of)
            case "refuse":
                with self.ses_answers("MessageRejected", "Email address is not verified."):
                    self.retry()
            case "start":
                self.start()
            case "sweep":
                self.sweep()

    def fire(self, schedule_id: str) -> None:
        schedule = self.world.service.get("alice", self.ours[schedule_id])
        self.world.fire(self.world.event(schedule), lateness=LATENESS)

    @contextmanager
    def ses_answers(self, code: str, message: str) -> Iterator[None]:
        self.world.aws.error = ClientError({"Error": {"Code": code, "Message": message}}, "SendEmail")
        yield
        self.world.aws.error = None

    def retry(self) -> None:
        """The sweeper starts what is to be tried again, the second minute after it failed; and a minute passes."""
        self.world.clock.now += timedelta(minutes=2)
        self.world.sweeper.sweep(stop_at=self.world.clock.now + timedelta(seconds=40))
        self.start()
        self.world.clock.now += timedelta(minutes=1)

    def start(self) -> None:
        """Lambda does what it was invoked for by us."""
        events = self.world.starter.events
        while events:
            self.world.runner.handle(dict(events.pop(0)), timedelta(seconds=30))

    def sweep(self) -> None:
        """As often as a job needs: it looks once more, a minute after its beginning."""
        for _ in range(3):
            self.world.sweeper.sweep(stop_at=self.world.clock.now + timedelta(seconds=40))
            self.world.clock.now += timedelta(minutes=1)

    def check(self, answer: Message, response: HTTPResponse) -> None:
        status = HTTPStatus(response.status_code)
        assert answer.first == f"{status.value} {status.phrase}", response.body
        self.check_value("body", answer.body, response.json_body)
        assert {name: response.headers[name] for name in answer.headers} == {
            name: self.in_ours(value) for name, value in answer.headers.items()
        }

    def check_value(self, name: str, shown: Any, got: Any) -> None:
        """Equal, but for ids, and for the rest of an object that is only hinted at."""
        match shown:
            case dict():
                named = shown.keys() - {REST}
                assert named == (got.keys() & named if REST in shown else got.keys()), name
                for key in named:
                    self.check_value(key, shown[key], got[key])
            case list():
                assert len(shown) == len(got), name
                for shown_item, got_item in zip(shown, got, strict=True):
                    self.check_value(name, shown_item, got_item)
            case str() if name in MADE_ANEW:
                assert self.ours.setdefault(shown, got) == got, name
            case _:
                assert shown == got, name

    def in_ours(self, text: str) -> str:
        for theirs, ours in self.ours.items():
            text = text.replace(theirs, ours)
        return text


def caller(request: Request) -> Caller:
    return CALLERS[request.headers["authorization"]]


def steps() -> Iterator[re.Match[str]]:
    return STEP.finditer(PAGE)


def requests() -> list[str]:
    return [step["request"].splitlines()[0] for step in steps() if step["request"]]


def test_every_request_on_the_page_gets_the_answer_below_it() -> None:
    reader = Reader()
    for step in steps():
        if step["event"]:
            reader.happen(step["event"], step["of"])
        else:
            reader.check(Message.read(step["answer"]), reader.send(Message.read(step["request"])))

    assert len(reader.world.mails()) == 3


def test_every_example_on_the_page_is_executed() -> None:
    assert PAGE.count("```http") == 2 * len(requests())


def test_everything_that_happens_between_the_examples_does_happen() -> None:
    assert PAGE.count("<!--") == sum(step["event"] is not None for step in steps())


def routes() -> list[str]:
    return [f"{method} {path}" for path, methods in app.routes.items() for method in methods if method != "OPTIONS"]


@pytest.mark.parametrize("route", routes())
def test_every_route_has_an_example(route: str) -> None:
    method, path = route.split(" ")
    example = re.compile(f"{method} " + re.sub(r"\{\w+\}", "[^/?]+", path) + r"(\?.*)?")

    assert any(example.fullmatch(request) for request in requests())


def test_the_table_of_routes_is_the_route_table() -> None:
    assert written(PAGE) == PAGE, f"write it with `{COMMAND}`"


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_of_a_body_and_of_a_list_has_a_row(field: str) -> None:
    assert re.search(rf"^\| `{field}[`.]", PAGE, re.MULTILINE)


@pytest.mark.parametrize("field", SHOWN)
def test_every_field_of_an_answer_stands_in_an_example(field: str) -> None:
    assert f'"{field}": ' in PAGE


@pytest.mark.parametrize("status", [*Status, *RunStatus])
def test_every_status_is_explained(status: str) -> None:
    assert f"| `{status}` | " in PAGE
