"""Mail: one sender, no injection, and the truth about what SES may have done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
)

from tests.notification.contexts import a_run, do, failure_of, refused
from tests.notification.world import FakeAws

PAYLOADS = Path(__file__).parents[3] / "payloads" / "v1"
URL = "https://email"


def a_mail(**fields: Any) -> dict[str, Any]:
    return {"to": ["a@example.com"], "subject": "Hi", "text": "It is time.", **fields}


def sent(data: dict[str, Any], **details: Any) -> dict[str, Any]:
    """The one request that SES got."""
    aws = FakeAws()
    do("email", data, aws, **details)
    (request,) = aws.of("send_email")
    return request


def subject_of(request: dict[str, Any]) -> str:
    subject: str = request["Content"]["Simple"]["Subject"]["Data"]
    return subject


def test_a_mail_has_its_sender_its_parts_and_the_run_id() -> None:
    request = sent({"to": ["a@example.com"], "bcc": ["b@example.com"], "subject": "Hi", "html": "<p>Hi"})

    assert request["FromEmailAddress"] == "tasks@example.com"
    assert request["Destination"]["BccAddresses"] == ["b@example.com"]
    assert request["Content"]["Simple"]["Body"] == {"Html": {"Data": "<p>Hi", "Charset": "UTF-8"}}
    assert request["EmailTags"] == [{"Name": "run_id", "Value": a_run().run_id}]


def test_the_id_of_a_run_that_was_asked_for_by_hand_is_a_tag_that_ses_accepts() -> None:
    request = sent(a_mail(), run_id="20270301T120000.123Z-0123456789abcdef")

    assert request["EmailTags"] == [{"Name": "run_id", "Value": "20270301T120000_123Z-0123456789abcdef"}]


def test_no_data_changes_the_sender() -> None:
    request = sent(a_mail(**{"from": "boss@example.com", "sender_address": "boss@example.com", "sender": "x@y.zz"}))

    assert request["FromEmailAddress"] == "tasks@example.com"


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x00", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_a_subject_is_one_line_whatever_it_held(end: str) -> None:
    request = sent(a_mail(subject=f"Hi{end}Bcc: eve@example.com"))

    assert subject_of(request) == "Hi Bcc: eve@example.com"


@pytest.mark.parametrize("hostile", ["Hi\r\nBcc: eve@example.com", "Hi\u2028Bcc: eve@example.com"])
def test_a_name_that_stands_in_the_subject_adds_no_line(hostile: str) -> None:
    request = sent(a_mail(subject="About {{name}}", placeholders=True), name=hostile)

    assert subject_of(request) == "About Hi Bcc: eve@example.com"


@pytest.mark.parametrize("field", ["to", "cc", "bcc", "reply_to"])
@pytest.mark.parametrize(
    "address",
    [
        "a@example.com\r\nBcc: eve@example.com",
        "a@example.com\n",
        "a@example.com, eve@example.com",
        "a@example.com;eve@example.com",
        "Alice <a@example.com>",
        '"a b"@example.com',
        "a\uff20example.com",
        "a@example.com\u2028",
        "a@\u2100example.com",
        "a@ex\u0430mple.com",
        "a\x00@example.com",
        "",
        7,
    ],
)
def test_what_is_no_plain_address_is_never_handed_to_ses(field: str, address: Any) -> None:
    failed = failure_of("email", a_mail(**{field: ["b@example.com", address]}))

    assert (str(failed), failed.permanent, failed.unknown) == (f"{field}.1 is not an email address", True, False)


def test_hostile_values_are_escaped_for_each_part_of_a_mail() -> None:
    data = a_mail(subject="{{name}}", text="{{name}}", html="<p>{{name}}</p>", placeholders=True)

    simple = sent(data, name="<b>\n&")["Content"]["Simple"]

    assert simple["Subject"]["Data"] == "<b> &"
    assert simple["Body"]["Text"]["Data"] == "<b>\n&"
    assert simple["Body"]["Html"]["Data"] == "<p>&lt;b&gt;\n&amp;</p>"


def test_a_text_may_say_what_its_run_is() -> None:
    text = "{{user_id}} {{schedule_id}} {{resource_id}} {{metadata.language}} {{scheduled_time}}"

    body = sent(a_mail(text=text, placeholders=True))["Content"]["Simple"]["Body"]

    assert body["Text"]["Data"] == "alice s1 contract-42 de 2027-03-01T12:00:00Z"


def test_a_text_may_say_the_time_on_the_users_clocks() -> None:
    text = "{{local_date}} {{local_time}} ({{timezone}})"

    body = sent(a_mail(text=text, placeholders=True))["Content"]["Simple"]["Body"]

    assert body["Text"]["Data"] == "2027-03-01 13:00 (Europe/Berlin)"


def test_a_placeholder_without_a_value_fails_for_good_and_is_named() -> None:
    failed = failure_of("email", a_mail(text="Your {{metadata.plan}}", placeholders=True))

    assert (str(failed), failed.permanent) == ("text: {{metadata.plan}} has no value", True)


def test_a_text_that_was_scheduled_before_there_were_placeholders_keeps_its_braces() -> None:
    payload = json.loads((PAYLOADS / "at-email-braces.json").read_text())

    request = sent(payload["action"]["data"])

    assert subject_of(request) == "{{name}} and {{ what }}"
    assert request["Content"]["Simple"]["Body"]["Text"]["Data"] == "{{"
    assert request["Content"]["Simple"]["Body"]["Html"]["Data"] == r"<p>\{{name}}</p>"


@pytest.mark.parametrize(
    ("error", "permanent", "unknown"),
    [
        (refused("TooManyRequestsException", 429), False, False),
        (refused("SendingPausedException"), False, False),
        (refused("LimitExceededException"), False, False),
        (refused("MessageRejected"), True, False),
        (refused("BadRequestException"), True, False),
        (refused("InternalFailure", 500), False, True),
        (refused("ServiceUnavailable", 503), False, True),
        (EndpointConnectionError(endpoint_url=URL), False, False),
        (ConnectTimeoutError(endpoint_url=URL), False, False),
        (ReadTimeoutError(endpoint_url=URL), False, True),
        (ConnectionClosedError(endpoint_url=URL), False, True),
        (ParamValidationError(report="Invalid type for parameter Subject, value: secret"), True, False),
    ],
)
def test_a_failure_says_whether_the_mail_may_have_gone_out(error: Exception, *, permanent: bool, unknown: bool) -> None:
    failed = failure_of("email", a_mail(), error)

    assert (failed.permanent, failed.unknown) == (permanent, unknown)
    assert "secret" not in str(failed)
