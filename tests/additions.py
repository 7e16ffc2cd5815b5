"""A field, a route and a built-in action that this project does not have: the edits that add each to a copy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Edit:
    """Text for a file: before the only occurrence of `before`, or as a new file if `before` is empty."""

    path: str
    text: str
    before: str = ""

    def apply(self, project: Path) -> None:
        file = project / self.path
        if not self.before:
            assert not file.exists(), self.path
            file.write_text(self.text)
            return
        before, *after = file.read_text().split(self.before)
        assert len(after) == 1, f"{self.path} has {len(after)} times {self.before!r}"
        file.write_text(before + self.text + self.before + after[0])


def changelog(line: str) -> Edit:
    text = (PROJECT / "CHANGELOG.md").read_text()
    return Edit("CHANGELOG.md", f"- {line}\n", text[text.index("\n- ") + 1 :].partition("\n")[0])


# A field


def field(name: str) -> tuple[Edit, ...]:
    """A text of a schedule that clients set, of 1 to 9 characters, `grey` by default."""
    type_ = name.capitalize()
    about = f'about("The {name} in calendars. Default: `grey`.", "red")'
    value = f'{type_} = Annotated[str, length("{name}"), {about}]\n'
    return (
        Edit("chalicelib/core/model/schedule.py", f'    {name}: str = "grey"\n', "    max_runs: int | None = None\n"),
        Edit(
            "chalicelib/core/model/fields.py",
            f'    _option("{name}", default="grey", limits=Limits(1, 9)),\n',
            '    _option("max_runs"',
        ),
        Edit("chalicelib/scheduling/options.py", f"    {name}: str | None\n", "    max_runs: int | None\n"),
        Edit("chalicelib/scheduling/arguments/values.py", value, "MaxRuns = "),
        Edit(
            "chalicelib/scheduling/arguments/bodies.py",
            f"    {name}: values.{type_} | None = None\n",
            "    max_runs: values.MaxRuns | None = None\n",
        ),
        Edit("chalicelib/api/models/views.py", f"    {name}: str\n", "    max_runs: int | None\n"),
        Edit(
            "chalicelib/testing/records.py",
            f'        {name}=None if schedule.{name} == "grey" else schedule.{name},\n',
            "        max_runs=schedule.max_runs,\n",
        ),
        Edit(
            "chalicelib/testing/readings.py", f'        {name}=item.get("{name}", "grey"),\n', "        max_runs=int("
        ),
        Edit("chalicelib/testing/repository.py", f'"{name}", ', '"max_runs", "exclusions"'),
        Edit("docs/api.md", f'  "{name}": "grey",\n', '  "max_runs": null,\n'),
        Edit(
            "docs/api.md", f"| `{name}` | 1 to 9 characters: its {name} in calendars | `grey` |\n", "| `exclusions` |"
        ),
        Edit("tests/builders.py", f'        {name}="red",\n', "        max_runs=9,\n"),
        Edit("tests/contract/test_repository_fields.py", f'    "{name}": "blue",\n', '    "max_runs": 10,\n'),
        changelog(f"Schedules have a {name} for calendars."),
    )


# A route

SUMMARY_VIEW = '''class SummaryView(View):
    """The state of a schedule, without what it does."""

    schedule_id: OfSchedule
    status: Annotated[Status, about("Status of the schedule", Status.ACTIVE.value)]
    run_count: Annotated[int, about("Runs that succeeded or failed", 0)]

    @classmethod
    def of(cls, schedule: Schedule) -> Self:
        return cls.model_validate(schedule)


'''

GET_SUMMARY = '''    @routes.get(
        "/v1/schedules/{schedule_id}/summary",
        Scope.READ,
        query=Query,
        path=SchedulePath,
        answers={200: Answer("The summary", SummaryView)},
    )
    def get_summary(user_id: str, schedule_id: str) -> Response:
        """Get the summary of a schedule."""
        return responses.ok(SummaryView.of(services.scheduler().get(user_id, schedule_id)))

'''

ADMIN_READS = "```http\nGET /v1/schedules/9b2f4c1d7e8a4f0c8d3b6a5e4f1c2d30?user_id=alice\n"

SUMMARY_ON_THE_PAGE = """```http
GET /v1/schedules/9b2f4c1d7e8a4f0c8d3b6a5e4f1c2d30/summary
Authorization: Bearer $TOKEN
```

```http
200 OK

{
  "schedule_id": "9b2f4c1d7e8a4f0c8d3b6a5e4f1c2d30",
  "status": "active",
  "run_count": 0
}
```

"""

SUMMARY_TESTS = '''"""GET /v1/schedules/{id}/summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.api.world import World


def test_a_summary_has_the_state_only(world: World) -> None:
    schedule_id = world.created()["schedule_id"]

    response = world.get(f"/v1/schedules/{schedule_id}/summary")

    assert (response.status_code, response.json_body) == (
        200,
        {"schedule_id": schedule_id, "status": "active", "run_count": 0},
    )
'''

ROUTE = (
    Edit("chalicelib/api/models/views.py", SUMMARY_VIEW, "class AttemptView("),
    Edit("chalicelib/api/routes/schedules.py", "from ..models.operation import Answer\n", "from ..models.parameters "),
    Edit("chalicelib/api/routes/schedules.py", ", SummaryView", "\n\nif TYPE_CHECKING:"),
    Edit("chalicelib/api/routes/schedules.py", GET_SUMMARY, "    @routes.put("),
    Edit("docs/api.md", SUMMARY_ON_THE_PAGE, ADMIN_READS),
    Edit("tests/api/routes/test_summary.py", SUMMARY_TESTS),
    changelog("`GET /v1/schedules/{schedule_id}/summary`: the state of a schedule."),
)

# An action

ALERT = '''"""`alert`: a short message to the phone on call through Amazon SNS."""

from collections.abc import Mapping
from typing import Annotated, Any

from ..core.actions.clients import ONCE, ONCE_SECONDS
from ..core.actions.contract import BuiltIn, RunContext
from ..core.actions.fields import About, Check, FieldsWithTexts, Length
from ..core.actions.filled_texts import filled
from ..core.actions.providers.sns import publish
from ..core.actions.templates import Text, as_written

TEXTS = {"text": Text(as_written, most=20)}


def _phone(text: str) -> None:
    if not text.startswith("+"):
        raise ValueError("must begin with +")


class Alert(FieldsWithTexts, kw_only=True):
    """A short message to the phone on call."""

    phone: Annotated[str, Check(_phone), About("Number of the phone on call", "+4915112345678")]
    text: Annotated[str, Length(1, 20), About("Text, which may have placeholders", "It is time.")]


def send(run: RunContext, data: Mapping[str, Any]) -> None:
    publish(run, PhoneNumber=data["phone"], Message=filled(run, data, TEXTS)["text"])


ACTION = BuiltIn(
    type="alert",
    fields=Alert,
    work=send,
    timeout_seconds=ONCE_SECONDS,
    texts=TEXTS,
    clients={"sns": ONCE},
    permissions=frozenset({"sns:Publish"}),
)
'''

ALERT_TESTS = '''"""`alert`: what clients may write, and what its provider gets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.actions.alert import Alert
from chalicelib.core.errors import InvalidInput
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Action
from tests.api.route_table import document
from tests.notification.contexts import do
from tests.notification.world import FakeAws, World

MESSAGE = {"phone": "+4915112345678", "text": "{{name}} ends"}


def test_the_phone_gets_the_text_with_its_values() -> None:
    aws = FakeAws()

    do("alert", {**MESSAGE, "placeholders": True}, aws, name="Trial")

    assert aws.of("publish") == [{"PhoneNumber": MESSAGE["phone"], "Message": "Trial ends"}]


def test_a_schedule_with_it_fires(world: World) -> None:
    schedule = world.a_schedule(action=Action("alert", MESSAGE))

    world.fire(world.event(schedule))

    assert world.runs(schedule)[0].status is RunStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("message", "name", "error"),
    [
        ({"phone": "911", "text": "x"}, "Trial", "action.phone: must begin with"),
        (MESSAGE, "T" * 20, "action.text: has 25 characters with its values; the limit is 20"),
    ],
)
def test_a_message_that_cannot_be_sent_is_refused(world: World, message: Any, name: str, error: str) -> None:
    with pytest.raises(InvalidInput, match=error):
        world.service.create_one_time(user_id="alice", after="PT1H", action=Alert(**message), name=name)


def test_clients_find_it_beside_the_others() -> None:
    schemas = {name: json.dumps(schema) for name, schema in document()["components"]["schemas"].items()}

    assert "A short message to the phone on call." in schemas["AlertAction"]
    assert all("/AlertAction" in schema for schema in schemas.values() if "/EmailAction" in schema)
'''


def payload() -> str:
    """What EventBridge delivers of a schedule with it: that of a text message with another action."""
    sent = json.loads((PROJECT / "tests/payloads/v1/at-sms.json").read_text())
    action = {"type": "alert", "data": {"phone": "+4915112345678", "text": "{{name}}", "placeholders": True}}
    return json.dumps({**sent, "schedule_id": "at-alert", "action_type": "alert", "action": action}, indent=2) + "\n"


ACTION = (
    Edit("chalicelib/actions/alert.py", ALERT),
    Edit("tests/payloads/v1/at-alert.json", payload()),
    Edit("docs/actions.md", "| `alert` | no | `text` | 10 s | `sns:Publish` |\n", "| `email` | no |"),
    Edit(
        "docs/api.md",
        '| `{"type": "alert", "phone": "+49…", "text": "…"}` | sends a short message to the phone on call |\n',
        '| `{"type": "invoice.remind", "data": {}}` |',
    ),
    Edit("tests/actions/test_alert.py", ALERT_TESTS),
    changelog("Action `alert`: a short message to the phone on call."),
)
