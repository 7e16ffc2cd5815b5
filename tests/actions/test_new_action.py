"""A built-in action is one file: shown in a copy of the tree that gets one, and no other edit of code."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from deploy.build.package import build
from deploy.paths import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

CHAT = '''
"""`chat`: a message in a chat room."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from ..core.actions.clients import ONCE, ONCE_SECONDS
from ..core.actions.contract import BuiltIn, RunContext
from ..core.actions.fields import Check, FieldsWithTexts, Length
from ..core.actions.filled_texts import filled
from ..core.actions.templates import Text, as_written

TEXTS = {"text": Text(as_written, most=20)}


def _room(text: str) -> None:
    if not text.startswith("#"):
        raise ValueError("must begin with #")


@dataclass(frozen=True, kw_only=True)
class Chat(FieldsWithTexts):
    """A message in a chat room."""

    room: Annotated[str, Check(_room)]
    text: Annotated[str, Length(1, 20)]


def send(run: RunContext, data: Mapping[str, Any]) -> None:
    run.aws("chat").send(Room=data["room"], Text=filled(run, data, TEXTS)["text"], Token=run.run_id)


ACTION = BuiltIn(
    type="chat",
    fields=Chat,
    work=send,
    timeout_seconds=ONCE_SECONDS,
    idempotent=True,
    texts=TEXTS,
    clients={"chat": ONCE},
)
'''

THE_API = """
import json
from pydantic import TypeAdapter, ValidationError
from app import services
from chalicelib.actions.chat import Chat
from chalicelib.api.openapi.document import document
from chalicelib.api.routes import all_routes, operations_of
from chalicelib.core.errors import InvalidInput
from chalicelib.scheduling.actions import ActionRules, AnyAction
from chalicelib.scheduling.service import SchedulerService
from chalicelib.testing import FakeGateway, FakeStarter, InMemoryRepository

def read(**action):
    action = {"type": "chat", "room": "#ops", "text": "{{name}}"} | action
    try:
        return TypeAdapter(AnyAction).validate_python(action, context=ActionRules()).to_action().data
    except ValidationError as refused:
        return refused.errors()[0]["msg"]

def create(**details):
    try:
        service = SchedulerService(InMemoryRepository(), FakeGateway(), FakeStarter())
        service.create_one_time(user_id="alice", after="PT1H", **details)
    except InvalidInput as refused:
        return str(refused)

described = document(tuple(operations_of(all_routes(services))))
schemas = {name: json.dumps(schema) for name, schema in described["components"]["schemas"].items()}
print(json.dumps({
    "accepted": read(),
    "refused": read(room="ops"),
    "known": read(type="smoke", data={}, room=..., text=...),
    "refused in Python": create(action=Chat(room="ops", text="x")),
    "too long once filled": create(action=Chat(room="#ops", text="{{name}}!"), name="n" * 20),
    "described": "A message in a chat room." in schemas["ChatAction"],
    "beside the others": ["/ChatAction" in schema for schema in schemas.values() if "/EmailAction" in schema][:1],
}))
"""

THE_LAMBDA = """
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from notification.actions import registry
from notification.action_api import RunContext
from notification.composition import client_configs

sent = []
chat = SimpleNamespace(send=lambda **request: sent.append(request))
run = RunContext(
    run_id="r1", user_id="alice", schedule_id="s1", resource_id=None, name="Trial", metadata={}, timezone="UTC",
    scheduled_time=datetime(2027, 3, 1, tzinfo=UTC), settings=None, repository=None, aws=lambda _: chat, clock=None,
    sign=None,
)
action = registry.find("chat")
action.work(run, {"room": "#ops", "text": "{{name}} ends", "placeholders": True})
print(json.dumps({"sent": sent, "idempotent": action.idempotent, "client": client_configs()["chat"].read_timeout}))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project with the file of one more action."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("chalicelib", "notification"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("app.py", "requirements.txt"):
        shutil.copy(PROJECT / name, folder)
    (folder / "chalicelib/actions/chat.py").write_text(CHAT)
    return folder


def printed(program: str, place: Path) -> dict[str, Any]:
    """What a new Python prints that has the code in `place`, a folder or a zip, and no other of ours."""
    command = [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(place)!r})\n{program}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=place.parent, timeout=60)
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def test_the_api_reads_checks_and_describes_it(project: Path) -> None:
    assert printed(THE_API, project) == {
        "accepted": {"room": "#ops", "text": "{{name}}", "placeholders": True},
        "refused": "Value error, must begin with #",
        "known": "Value error, unknown action 'smoke'; allowed: chat, email, event, push, report, sms, webhook",
        "refused in Python": "action.room: must begin with #",
        "too long once filled": "action.text: has 21 characters with its values; the limit is 20",
        "described": True,
        "beside the others": [True],
    }


def test_the_zip_of_the_lambda_has_it_and_does_its_work(project: Path, tmp_path: Path) -> None:
    package = build(tmp_path / "notification.zip", project)

    assert printed(THE_LAMBDA, package.path) == {
        "sent": [{"Room": "#ops", "Text": "Trial ends", "Token": "r1"}],
        "idempotent": True,
        "client": 8,
    }
