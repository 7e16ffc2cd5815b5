"""Bad input: its status, and the name of the field."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.actions import built_in
from tests.api.test_ownership import MATRIX, Row, ask, ids, name_of
from tests.api.world import MAIL, World, fields, problem

if TYPE_CHECKING:
    from chalice.test import HTTPResponse

    from tests.api.world import FakeIssuer

WEBHOOK = {"type": "webhook", "url": "https://example.com/hook"}
PUSH = {
    "type": "push",
    "endpoint": "arn:aws:sns:eu-central-1:123456789012:endpoint/GCM/shop/0f6b1c2d",
    "title": "t",
    "text": "t",
}
RESERVED = "'Content-Length' is reserved; not allowed: webhook-…, connection, content-length, content-type, "
EVENT = {"type": "event", "detail_type": "trial.ended"}
KNOWN = sorted([*built_in(), "invoice.remind"])


@pytest.mark.parametrize(
    ("timing", "field", "hint"),
    [
        ({"at": "2027-02-28T08:00:00Z"}, "timing.at", "must be in the future"),
        ({"at": "2027-03-01T08:00:00Z"}, "timing.at", "must be in the future"),
        ({"at": "2027-03-02T09:00:00", "timezone": "Europe/Atlantis"}, "timing.timezone", "Europe/Atlantis"),
        ({"at": "2027-03-02T09:00:00"}, "timing.timezone", "wall time"),
        ({"at": "2027-03-28T02:30:00", "timezone": "Europe/Berlin"}, "timing.at", "2027-03-28T03:00:00"),
        ({"at": "2027-02-30T09:00:00Z"}, "timing.at", "not a time"),
        ({"at": "tomorrow"}, "timing.at", "2027-03-01T09:00:00"),
        ({"at": 1803888000}, "timing.at", "string"),
        ({"at": "2027-03-02T09:00:00Z", "timezone": "UTC"}, "timing.timezone", "not allowed with a time"),
        ({"after": "2 hours"}, "timing.after", "PT2H"),
        ({"after": "PT0S"}, "timing.after", "greater than zero"),
        ({"rate": "90 seconds"}, "timing.rate", "minute"),
        ({"cron": "0 9 * * 1-5", "timezone": "UTC"}, "timing.cron", "0 9 ? * 2-6 *"),
        ({"cron": "0 9 ? * MON *"}, "timing.timezone", "cron"),
        ({"cron": "0 9 31 2 ? *", "timezone": "UTC"}, "timing.cron", "never"),
        ({}, "timing", "exactly one"),
        ({"after": "PT1H", "rate": "1 hour"}, "timing", "exactly one"),
        ({"after": "PT1H", "zone": "UTC"}, "timing.zone", "not an allowed field"),
        ("PT1H", "timing", "JSON object"),
        (None, "timing", "JSON object"),
    ],
)
def test_a_wrong_timing_is_422_and_named(world: World, timing: Any, field: str, hint: str) -> None:
    response = world.create(timing=timing)

    assert complaint(response, about=field, hint=hint)


@pytest.mark.parametrize(
    ("action", "field", "hint"),
    [
        ({}, "action.type", "missing"),
        ({"type": "pigeon"}, "action.type", f"allowed: {', '.join(KNOWN)}"),
        ({"type": ["email"]}, "action.type", "string"),
        ("email", "action", "JSON object"),
        ({**MAIL, "to": []}, "action.to", "empty"),
        ({**MAIL, "to": "a@example.com"}, "action.to", "array"),
        ({**MAIL, "to": ["a@example.com", "b"]}, "action.to.1", "mail address"),
        ({**MAIL, "to": ["a@example.com"] * 51}, "action.to", "at most 50"),
        ({**MAIL, "cc": ["a@example.com"] * 50}, "action", "50"),
        ({**MAIL, "reply_to": ["A <a@example.com>"]}, "action.reply_to.0", "mail address"),
        ({**MAIL, "subject": "hello\nBcc: b@example.com"}, "action.subject", "one line"),
        ({**MAIL, "subject": "x" * 201}, "action.subject", "200"),
        ({**MAIL, "body": "x"}, "action.body", "is not an allowed field"),
        ({"type": "email", "to": ["a@example.com"], "subject": "hello"}, "action.text", "html"),
        ({"type": "webhook"}, "action.url", "missing"),
        ({**WEBHOOK, "url": "http://example.com/hook"}, "action.url", "https://"),
        ({**WEBHOOK, "url": "ftp://example.com/hook"}, "action.url", "https://"),
        ({**WEBHOOK, "url": "https://"}, "action.url", "URL"),
        ({**WEBHOOK, "url": "https://example.com:x/"}, "action.url", "URL"),
        ({**WEBHOOK, "url": "https://example.com/a b"}, "action.url", "URL"),
        (
            {**WEBHOOK, "url": "https://user:password@example.com/"},
            "action.url",
            "without user or password; use `headers`",
        ),
        ({**WEBHOOK, "url": "https://127.0.0.1/hook"}, "action.url", "loopback"),
        ({**WEBHOOK, "url": "http://localhost:8080/hook"}, "action.url", "loopback"),
        (
            {**WEBHOOK, "headers": {"X Y": "1"}},
            "action.headers",
            "'X Y' is not a header name; use 1 to 100 letters, digits",
        ),
        ({**WEBHOOK, "headers": {"X": "é"}}, "action.headers", "the value of 'X' must be printable ASCII characters"),
        ({**WEBHOOK, "headers": {"X": "y" * 2001}}, "action.headers", "the value of 'X' must be printable ASCII"),
        ({**WEBHOOK, "headers": {"X": "1\r\nY: 2"}}, "action.headers", "the value of 'X' must be printable ASCII"),
        ({**WEBHOOK, "headers": {"Content-Length": "0"}}, "action.headers", RESERVED),
        (
            {**WEBHOOK, "headers": {"webhook-id": "0"}},
            "action.headers",
            "'webhook-id' is reserved; not allowed: webhook-",
        ),
        (
            {**PUSH, "data": {"aps": "0"}},
            "action.data",
            "reserved keys are aps, from, message_type, notification, run_id and",
        ),
        (
            {**PUSH, "data": {"1": "0"}},
            "action.data",
            "'1' is not an allowed key; use 1 to 100 letters, digits and `_`",
        ),
        ({**WEBHOOK, "headers": {"X-A": "1", "x-a": "2"}}, "action.headers", "'X-A' and 'x-a' are the same header"),
        ({**WEBHOOK, "headers": {"X": 1}}, "action.headers.X", "string"),
        ({"type": "event", "detail": {}}, "action.detail_type", "missing"),
        ({**EVENT, "detail": [1]}, "action.detail", "object"),
        ({**EVENT, "source": "aws.ec2"}, "action.source", "aws."),
        ({"type": "invoice.remind", "data": 42}, "action.data", "object"),
        ({"type": "invoice.remind", "invoice": 42}, "action.invoice", "not an allowed field"),
    ],
)
def test_a_wrong_action_is_422_and_named(world: World, action: Any, field: str, hint: str) -> None:
    response = world.create(action=action)

    assert complaint(response, about=field, hint=hint)


@pytest.mark.parametrize(
    ("field", "value", "hint"),
    [
        ("name", "x" * 201, "200"),
        ("name", "two\nlines", "one line"),
        ("resource_id", "", "empty"),
        ("resource_id", "x" * 257, "256"),
        ("flexible_window_minutes", -1, "at least 0"),
        ("flexible_window_minutes", 1441, "1440"),
        ("flexible_window_minutes", "5", "integer"),
        ("flexible_window_minutes", True, "integer"),
        ("metadata", {"x": "y" * 2048}, "2,048"),
        ("metadata", [1], "object"),
        ("max_runs", 0, "at least 1"),
        ("max_runs", 1_000_001, "1000000"),
        ("max_runs", 3.0, "integer"),
        ("exclusions", "2027-12-24", "array"),
        ("exclusions", ["2027-12-24"] * 367, "366"),
        ("on_missed", "perhaps", "'run_now' or 'skip'"),
        ("on_unknown", "perhaps", "'retry' or 'stop'"),
        ("overlap", "perhaps", "'allow' or 'skip'"),
        ("pause_after_failures", -1, "at least 0"),
        ("pause_after_failures", 1001, "1000"),
        ("user_id", "", "must be 1 to 768 printable bytes"),
        ("colour", "red", "is not an allowed field; allowed: name, resource_id, flexible_window_minutes, "),
    ],
)
def test_a_wrong_detail_is_422_and_named(world: World, field: str, value: Any, hint: str) -> None:
    response = world.create(**{field: value})

    assert complaint(response, about=field, hint=hint)


@pytest.mark.parametrize(
    ("day", "hint"),
    [
        ("24 December", "2027-12-24"),
        ("20271224", "2027-12-24"),
        ("2027-12-24T00:00:00", "2027-12-24"),
        (20271224, "2027-12-24"),
        ("2027-02-30", "date such as 2027-12-24"),
    ],
)
def test_what_is_no_date_is_422_and_named(world: World, day: Any, hint: str) -> None:
    response = world.create(exclusions=["2027-12-31", day])

    assert complaint(response, about="exclusions.1", hint=hint)


def test_exclusions_that_leave_nothing_are_422(world: World) -> None:
    response = world.create(timing={"at": "2027-03-02T09:00:00Z"}, exclusions=["2027-03-02"])

    assert complaint(response, about="exclusions", hint="exclude every occurrence")


@pytest.mark.parametrize("path", ["/v1/schedules", "/v1/schedules/batch", "/v1/occurrences"])
def test_a_user_in_the_query_where_it_has_no_meaning_is_not_overlooked(world: World, path: str) -> None:
    response = world.post(f"{path}?user_id=alice", {})

    assert complaint(response, about="user_id", hint="is not an allowed field; allowed: none")


@pytest.mark.parametrize(
    ("delivery", "field"),
    [
        ({"max_retries": -1}, "delivery.max_retries"),
        ({"max_retries": 186}, "delivery.max_retries"),
        ({"max_age_seconds": 59}, "delivery.max_age_seconds"),
        ({"max_age_seconds": 86401}, "delivery.max_age_seconds"),
    ],
)
def test_delivery_keeps_to_eventbridge_s_limits(world: World, delivery: dict[str, int], field: str) -> None:
    response = world.create(delivery=delivery)

    assert complaint(response, about=field, hint="must be at")


@pytest.mark.parametrize(
    ("retry", "field", "limit"),
    [
        ({"max_retries": -1}, "retry.max_retries", "at least 0"),
        ({"max_retries": 21}, "retry.max_retries", "at most 20"),
        ({"backoff_seconds": 59}, "retry.backoff_seconds", "at least 60"),
        ({"backoff_seconds": 3601}, "retry.backoff_seconds", "at most 3600"),
    ],
)
def test_retries_keep_to_their_limits(world: World, retry: dict[str, int], field: str, limit: str) -> None:
    response = world.create(retry=retry)

    assert complaint(response, about=field, hint=limit)


def test_all_that_is_wrong_is_said_at_once(world: World) -> None:
    response = world.create(timing={"at": 5}, action={**MAIL, "to": ["x"]}, colour="red")

    assert fields(response) == ["timing.at", "action.to.0", "colour"]


def test_an_unknown_action_s_fields_are_not_complained_about(world: World) -> None:
    response = world.create(action={"type": "pigeon", "to": 5, "data": 7})

    assert fields(response) == ["action.type"]


def test_very_many_mistakes_are_not_all_listed(world: World) -> None:
    unknown: dict[str, Any] = {f"field-{number}": 1 for number in range(1000)}

    response = world.create(**unknown)

    assert len(fields(response)) == 50


def test_a_payload_over_the_limit_is_413_and_names_the_action(world: World) -> None:
    response = world.create(action={**MAIL, "text": "x" * 70_000})

    assert problem(response) == (413, "payload-too-large")
    assert fields(response) == ["action"]


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (b"", "is empty"),
        (b"timing=at", "not JSON: line 1, column 1 is"),
        (b'{"timing": {\n  "at": }}', "not JSON: line 2, column 9 is"),
        (b"[]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b'{"timing": {"at": "x", "at": "y"}}', '"at" more than once'),
        (b'{"timing": NaN}', "NaN"),
        (b'{"timing": -Infinity}', "-Infinity"),
        (b'{"timing": 1e999}', "1e999"),
        (b'{"name": "\\ud800"}', "surrogate"),
        (b'{"name": "\xff"}', "not UTF-8: byte 11 "),
        (b"[" * 100_000, "100 levels"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "100 levels"),
        (b"9" * 5000, "4,300 digits"),
    ],
)
def test_what_is_no_json_object_is_400(world: World, body: bytes, hint: str) -> None:
    response = world.post("/v1/schedules", body)

    assert problem(response) == (400, "not-json")
    assert hint in response.json_body["detail"]


PYTHON = ("Expecting", "char ", "codec", "recursion", "delimiter", "int_max")


@pytest.mark.parametrize("body", [b"", b"{", b"[1,", b'{"a" 1}', b'{"a": "\n"}', b"\xff", b"[" * 100_000, b"9" * 5000])
def test_broken_json_is_not_explained_in_pythons_words(world: World, body: bytes) -> None:
    detail = world.post("/v1/schedules", body).json_body["detail"]

    assert [word for word in PYTHON if word in detail] == []


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=utf-16", "application/json;charset=ISO-8859-1", "text/plain", "text/json"],
)
def test_another_charset_or_type_is_415(world: World, content_type: str) -> None:
    response = world.post("/v1/schedules", {}, headers={"Content-Type": content_type})

    assert problem(response) == (415, "unsupported-media-type")


@pytest.mark.parametrize("row", [row for row in MATRIX if row.body is None], ids=name_of)
def test_a_request_without_a_body_may_have_any_content_type(issuer: FakeIssuer, row: Row) -> None:
    plain, foreign = World(issuer), World(issuer)

    expected = ask(plain, row, "writer", ids(plain))
    response = ask(foreign, row, "writer", ids(foreign), Content_Type="text/plain")

    assert response.status_code == expected.status_code


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        'application/json; charset="UTF-8"',
        "Application/JSON;charset=utf-8",
        "application/x-www-form-urlencoded",
    ],
)
def test_json_in_utf_8_is_accepted(world: World, content_type: str) -> None:
    body = {"timing": {"after": "PT1H"}, "action": MAIL, "name": "Grüße"}

    response = world.post(
        "/v1/schedules", json.dumps(body, ensure_ascii=False).encode(), headers={"Content-Type": content_type}
    )

    assert (response.status_code, response.json_body["name"]) == (201, "Grüße")


OVERRIDES = [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]


@pytest.mark.parametrize("sign", OVERRIDES, ids=ascii)
def test_what_overrides_the_direction_of_text_is_refused(world: World, sign: str) -> None:
    name = world.create(name=f"invoice{sign}fdp.exe")
    subject = world.create(action={**MAIL, "subject": f"from {sign}you"})

    assert complaint(name, about="name", hint="direction")
    assert complaint(subject, about="action.subject", hint="direction")


def test_marks_that_names_in_arabic_and_hebrew_need_are_accepted(world: World) -> None:
    assert world.create(name="\u200f\u05e9\u05dc\u05d5\u05dd\u200e \u061c\u0633\u0644").status_code == 201


@pytest.mark.parametrize("field", ["timezone", "at", "after", "rate", "cron", "start_at", "end_at"])
def test_a_part_of_the_timing_beside_it_is_told_where_it_belongs(world: World, field: str) -> None:
    assert complaint(world.create(**{field: "Europe/Berlin"}), about=field, hint=f"`timing.{field}`")


def test_a_part_of_the_timing_in_a_batch_is_told_where_it_belongs(world: World) -> None:
    item = {"timing": {"after": "PT1H"}, "action": MAIL, "timezone": "Europe/Berlin"}

    (result,) = world.post("/v1/schedules/batch", {"schedules": [item]}).json_body["results"]

    assert result["problem"]["errors"] == [
        {"field": "timezone", "message": "belongs in `timing`; write `timing.timezone`"}
    ]


def test_where_there_is_no_timing_there_is_no_hint_to_it(world: World) -> None:
    schedule_id = world.created()["schedule_id"]

    response = world.post(f"/v1/schedules/{schedule_id}/pause", {"timezone": "UTC"})

    assert complaint(response, about="timezone", hint="is not an allowed field; allowed: reason, until")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("limit=1&limit=2", "limit"),
        ("status=asleep", "status"),
        ("kind=daily", "kind"),
        ("cursor=abc", "cursor"),
        ("colour=red", "colour"),
    ],
)
def test_a_wrong_query_is_422_and_named(world: World, query: str, field: str) -> None:
    response = world.get(f"/v1/schedules?{query}")

    assert response.status_code == 422
    assert fields(response) == [field]


def test_a_problem_is_problem_json_with_type_title_status_and_detail(world: World) -> None:
    response = world.create(timing={"at": "2027-02-28T08:00:00Z"})

    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json_body == {
        "type": "urn:scheduled-tasks:problem:invalid-input",
        "title": "Some fields are missing or wrong",
        "status": 422,
        "detail": "timing.at: must be in the future",
        "errors": [{"field": "timing.at", "message": "must be in the future"}],
    }


def complaint(response: HTTPResponse, *, about: str, hint: str) -> bool:
    """Is it a 422 about this one field, with these words in its message?"""
    assert response.status_code == 422, response.body
    (error,) = response.json_body["errors"]
    return error["field"] == about and hint in error["message"]


LONG = "x" * 2100
"""More than any key of DynamoDB holds."""


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/schedules/{LONG}",
        f"/v1/schedules/{LONG}/runs",
        f"/v1/schedules/{LONG}/occurrences",
        f"/v1/schedules/{LONG}/runs/{LONG}",
        f"/v1/schedules/{LONG}/runs/20270301T080000.000Z-{LONG}",
        f"/v1/schedules/s1/runs/20270301T080000.000Z-{LONG}",
        f"/v1/jobs/{LONG}",
    ],
)
def test_what_no_key_can_hold_is_not_there(world: World, path: str) -> None:
    world.put("/v1/schedules/s1", {"timing": {"after": "PT1H"}, "action": MAIL})

    assert world.get(path).status_code == 404


@pytest.mark.parametrize("method", ["patch", "delete", "post"])
def test_nor_can_it_be_changed(world: World, method: str) -> None:
    answers = {
        "patch": lambda: world.patch(f"/v1/schedules/{LONG}", {"name": "n"}),
        "delete": lambda: world.delete(f"/v1/schedules/{LONG}"),
        "post": lambda: world.post(f"/v1/schedules/{LONG}/run"),
    }

    assert answers[method]().status_code == 404
