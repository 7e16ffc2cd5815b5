"""What an answer says of a wrong field is in the API's words, not in those of a library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.api.models.parameters import ListQuery
from chalicelib.api.models.requests import CreateSchedule
from chalicelib.core.errors import InvalidInput
from chalicelib.scheduling.arguments.reading import read
from tests.api.world import MAIL

if TYPE_CHECKING:
    from pydantic import BaseModel

USUAL = {"timing": {"after": "PT1H"}, "action": MAIL}


def complaints(model: type[BaseModel], **values: Any) -> dict[str, str]:
    """Field -> message."""
    with pytest.raises(InvalidInput) as caught:
        read(model, values)
    return {error.field: error.message for error in caught.value.errors}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("flexible_window_minutes", -1, "must be at least 0"),
        ("flexible_window_minutes", 1441, "must be at most 1440"),
        ("flexible_window_minutes", "5", "must be an integer"),
        ("flexible_window_minutes", 1.5, "must be an integer"),
        ("flexible_window_minutes", True, "must be an integer"),
        ("name", 5, "must be a string"),
        ("name", "", "must not be empty"),
        ("name", "x" * 201, "must have at most 200 characters"),
        ("overlap", "maybe", "must be 'allow' or 'skip'"),
        ("exclusions", "2027-12-24", "must be a JSON array"),
        ("exclusions", ["2027-01-01"] * 367, "must have at most 366 items"),
        ("metadata", [], "must be a JSON object"),
    ],
)
def test_a_wrong_field_is_told_what_is_allowed(field: str, value: Any, message: str) -> None:
    assert complaints(CreateSchedule, **USUAL, **{field: value}) == {field: message}


def test_a_date_that_no_calendar_has_is_told_as_one_of_another_form_is() -> None:
    wrong = ["2027-13-01", "2027-02-30", "24.12.2027", 5]

    assert complaints(CreateSchedule, **USUAL, exclusions=wrong) == {
        f"exclusions.{position}": "must be a date such as 2027-12-24" for position in range(len(wrong))
    }


def test_a_list_of_nobody_is_told_so() -> None:
    assert complaints(CreateSchedule, timing={"after": "PT1H"}, action={**MAIL, "to": []}) == {
        "action.to": "must not be empty"
    }


def test_a_wrong_number_in_a_query_is_told_what_is_allowed() -> None:
    assert complaints(ListQuery, limit="abc") == {"limit": "must be an integer"}
    assert complaints(ListQuery, limit="101") == {"limit": "must be at most 100"}


def test_a_placeholder_switch_is_true_or_false() -> None:
    assert complaints(CreateSchedule, timing={"after": "PT1H"}, action={**MAIL, "placeholders": "no"}) == {
        "action.placeholders": "must be true or false"
    }
