"""A text that cannot be filled is refused while its author is there to read why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.world import fields, problem

if TYPE_CHECKING:
    from tests.api.world import World


def a_mail(**texts: Any) -> dict[str, Any]:
    return {"type": "email", "to": ["a@example.com"], "subject": "hello", "text": "It is time.", **texts}


GREETING = a_mail(subject="{{name}}", html="<p>{{metadata.plan}}")


def test_a_text_that_can_be_filled_is_taken(world: World) -> None:
    created = world.created(action=GREETING, name="Trial", metadata={"plan": "pro"})

    assert created["action"] == {**GREETING, "placeholders": True}


@pytest.mark.parametrize(
    ("action", "field"),
    [
        (a_mail(subject="{{nam}}"), "action.subject"),
        (a_mail(text="{{"), "action.text"),
        (a_mail(html="<p>{{constructor}}"), "action.html"),
        ({"type": "sms", "to": "+491701234567", "text": "{{x}}"}, "action.text"),
        ({"type": "report", "to": ["a@example.com"], "subject": "{{x}}"}, "action.subject"),
    ],
)
def test_an_unknown_placeholder_is_refused_with_its_text(world: World, action: dict[str, Any], field: str) -> None:
    response = world.create(action=action)

    assert (problem(response), fields(response)) == ((422, "invalid-input"), [field])


def test_each_text_that_asks_for_what_the_schedule_lacks_is_named(world: World) -> None:
    response = world.create(action=GREETING, metadata={"other": 1})

    assert fields(response) == ["action.subject", "action.html"]
    assert (
        "{{metadata.plan}} has no value; give the schedule a text, number or boolean for it, or remove the placeholder"
        in response.json_body["detail"]
    )


@pytest.mark.parametrize("change", [{"name": None}, {"metadata": {}}, {"action": a_mail(text="{{resource_id}}")}])
def test_a_change_that_leaves_a_text_without_its_value_is_refused(world: World, change: dict[str, Any]) -> None:
    created = world.created(action=GREETING, name="Trial", metadata={"plan": "pro"})

    response = world.patch(f"/v1/schedules/{created['schedule_id']}", change)

    assert problem(response) == (422, "invalid-input")


def test_what_is_only_known_when_it_runs_is_not_asked_for_before(world: World) -> None:
    text = "{{run_id}} {{schedule_id}} {{user_id}} {{scheduled_time}} {{local_date}} {{local_time}} {{timezone}}"

    assert world.create(action=a_mail(text=text)).status_code == 201


def test_braces_that_are_not_to_be_read_are_left_alone(world: World) -> None:
    literal = a_mail(text="{{ user }}", placeholders=False)

    assert world.created(action=literal)["action"] == literal
