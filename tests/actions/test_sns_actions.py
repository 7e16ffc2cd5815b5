"""`sms` and `push`: what SNS gets, and what its refusals mean."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from tests.notification.contexts import a_run, do, failure_of, refused
from tests.notification.world import FakeAws

DEVICE = "arn:aws:sns:eu-central-1:123456789012:endpoint/GCM/shop/5e3e9847-3183-3f18-a7e8-671c3a57d4b3"
SMS = {"to": "+491701234567", "text": "It is time."}
PUSH = {"endpoint": DEVICE, "title": "Trial", "text": "It ends today."}


def published(type_: str, data: dict[str, Any]) -> dict[str, Any]:
    """The one request that SNS got."""
    aws = FakeAws()
    do(type_, data, aws)
    (request,) = aws.of("publish")
    return request


def test_an_sms_goes_to_one_phone() -> None:
    request = published("sms", SMS)

    assert (request["PhoneNumber"], request["Message"]) == ("+491701234567", "It is time.")
    assert request.keys() == {"PhoneNumber", "Message", "MessageAttributes"}


def test_an_sms_is_transactional_whatever_the_account_has_by_default() -> None:
    attributes = published("sms", SMS)["MessageAttributes"]

    assert attributes == {"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}}


def test_an_sms_may_show_a_sender() -> None:
    attributes = published("sms", {**SMS, "sender_id": "SHOP"})["MessageAttributes"]

    assert attributes["AWS.SNS.SMS.SenderID"] == {"DataType": "String", "StringValue": "SHOP"}
    assert attributes["AWS.SNS.SMS.SMSType"]["StringValue"] == "Transactional"


def test_the_text_of_an_sms_is_filled_as_it_is() -> None:
    request = published("sms", {**SMS, "text": "<{{name}}> at {{local_time}}", "placeholders": True})

    assert request["Message"] == "<reminder> at 13:00"


def test_an_sms_that_its_values_make_too_long_is_never_handed_to_sns() -> None:
    sms, text, aws = {**SMS, "placeholders": True}, "{{name}}" * 100, FakeAws()

    do("sms", {**sms, "text": text}, aws, name="x" * 16)
    failed = failure_of("sms", {**sms, "text": text + "!"}, name="x" * 16)

    assert len(aws.of("publish")[0]["Message"]) == 1600
    assert (str(failed), failed.permanent, failed.unknown) == (
        "text: has 1,601 characters with its values; the limit is 1,600",
        True,
        False,
    )


@pytest.mark.parametrize(
    "number",
    ["", "491701234567", "+49 170 1234567", "+0170123456", "+49170123456\n", "+4917012345678901", "+٤٩١٧٠١٢٣٤"],
)
def test_what_is_no_phone_number_is_never_handed_to_sns(number: str) -> None:
    failed = failure_of("sms", {**SMS, "to": number})

    assert (str(failed), failed.permanent) == ("to is not a phone number", True)


def test_a_push_is_rendered_for_each_service() -> None:
    request = published("push", {**PUSH, "data": {"trial": "7"}})

    message = json.loads(request["Message"])
    alert, data = {"title": "Trial", "body": "It ends today."}, {"trial": "7", "run_id": a_run().run_id}
    assert (request["TargetArn"], request["MessageStructure"]) == (DEVICE, "json")
    assert message.keys() == {"default", "APNS", "APNS_SANDBOX", "GCM"}
    assert message["default"] == "It ends today."
    assert json.loads(message["APNS"]) == json.loads(message["APNS_SANDBOX"]) == {"aps": {"alert": alert}, **data}
    assert json.loads(message["GCM"]) == {"fcmV1Message": {"message": {"notification": alert, "data": data}}}


def test_a_hostile_value_stays_inside_its_string_of_a_push() -> None:
    aws = FakeAws()
    data = {**PUSH, "title": "{{name}}", "text": "{{name}}", "placeholders": True}

    do("push", data, aws, name='"}, "aps": {"badge": 1}, "x": "\\')

    apple = json.loads(json.loads(aws.of("publish")[0]["Message"])["APNS"])
    assert apple.keys() == {"aps", "run_id"}
    assert apple["aps"]["alert"]["title"] == '"}, "aps": {"badge": 1}, "x": "\\'


@pytest.mark.parametrize("arn", ["", "arn:aws:sns:eu-central-1:123456789012:topic", DEVICE + "\n", "*"])
def test_what_is_no_device_is_never_handed_to_sns(arn: str) -> None:
    failed = failure_of("push", {**PUSH, "endpoint": arn})

    assert (str(failed), failed.permanent) == ("endpoint is not the ARN of an SNS platform endpoint", True)


@pytest.mark.parametrize(("type_", "data"), [("sms", SMS), ("push", PUSH)])
@pytest.mark.parametrize(
    ("error", "permanent", "unknown"),
    [
        (refused("Throttled", 429), False, False),
        (refused("ThrottlingException"), False, False),
        (refused("EndpointDisabled"), True, False),
        (refused("InvalidParameter"), True, False),
        (refused("OptedOut"), True, False),
        (refused("AuthorizationError", 403), True, False),
        (refused("InternalError", 500), False, True),
        (EndpointConnectionError(endpoint_url="https://sns"), False, False),
        (ReadTimeoutError(endpoint_url="https://sns"), False, True),
    ],
)
def test_a_failure_says_whether_it_may_have_been_sent(
    type_: str, data: dict[str, Any], error: Exception, *, permanent: bool, unknown: bool
) -> None:
    failed = failure_of(type_, data, error)

    assert (failed.permanent, failed.unknown) == (permanent, unknown)
