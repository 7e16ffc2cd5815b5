from __future__ import annotations

import base64
import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.core.dynamodb.cursors import read_cursor, write_cursor
from chalicelib.core.errors import InvalidCursor
from tests.strategies import ids, json_values

SCOPE = ("by_time", "USER#alice#active", "")

scopes = st.tuples(ids, ids, ids)
positions = st.lists(ids, min_size=1, max_size=3).map(tuple)


@given(scopes, positions)
def test_a_position_is_read_back(scope: tuple[str, ...], position: tuple[str, ...]) -> None:
    assert read_cursor(scope, write_cursor(scope, position), length=len(position)) == position


@given(scopes, positions)
def test_a_cursor_goes_into_a_url_as_it_is(scope: tuple[str, ...], position: tuple[str, ...]) -> None:
    allowed = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

    assert set(write_cursor(scope, position)) <= allowed


@given(scopes, scopes)
def test_a_cursor_of_another_list_is_refused(scope: tuple[str, ...], other: tuple[str, ...]) -> None:
    assume(scope != other)

    with pytest.raises(InvalidCursor):
        read_cursor(other, write_cursor(scope, ("a",)), length=1)


def test_scopes_that_read_the_same_together_are_different_lists() -> None:
    with pytest.raises(InvalidCursor):
        read_cursor(("a", "bc"), write_cursor(("ab", "c"), ("a",)), length=1)


@pytest.mark.parametrize("length", [0, 1, 3])
def test_a_position_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InvalidCursor):
        read_cursor(SCOPE, write_cursor(SCOPE, ("a", "b")), length=length)


@given(st.text() | st.text("ABCabc019-_=+/"))
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        read_cursor(SCOPE, text, length=1)


def test_json_that_is_too_deep_to_read_is_refused() -> None:
    with pytest.raises(InvalidCursor):
        read_cursor(SCOPE, base64.urlsafe_b64encode(b"[" * 6000).decode(), length=1)


@given(json_values)
def test_other_json_in_a_cursors_clothes_is_refused(value: object) -> None:
    clothed = base64.urlsafe_b64encode(json.dumps(value).encode()).decode()

    with pytest.raises(InvalidCursor):
        read_cursor(SCOPE, clothed, length=1)


@given(json_values)
def test_a_position_that_is_no_text_is_refused(value: object) -> None:
    assume(not isinstance(value, str) or not value)
    digest = json.loads(base64.b64decode(write_cursor(SCOPE, ("a",)) + "=="))[0]
    forged = base64.urlsafe_b64encode(json.dumps([digest, value]).encode()).decode()

    with pytest.raises(InvalidCursor):
        read_cursor(SCOPE, forged, length=1)


@given(st.data())
def test_a_cursor_that_lost_its_end_is_refused(data: st.DataObject) -> None:
    cursor = write_cursor(SCOPE, ("2027-03-01T08:00:00Z#s1",))
    shorter = cursor[: data.draw(st.integers(0, len(cursor) - 1))]

    with pytest.raises(InvalidCursor):
        read_cursor(SCOPE, shorter, length=1)
