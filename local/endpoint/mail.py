"""Checks that SES makes and moto lacks: characters of message tags, existence of configuration sets, verified senders,
and in the SES sandbox verified recipients.
"""

import json
import re
from collections.abc import Mapping
from email.utils import parseaddr
from http import HTTPStatus
from typing import Any

from werkzeug.wrappers import Response

from local.aws_protocols.operations import Operation
from local.moto_backends.ses import (
    backend_of,
    configuration_set_of,
    find_identity,
    identity_of,
    is_configuration_set,
    recipients_of,
)

_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_OUR_TAG = "ses:"
"""Prefix of SES's own tags, such as `ses:feedback-id-a` (SES Developer Guide, monitor-using-event-publishing)."""
_SIMULATOR = "@simulator.amazonses.com"
"""Domain of SES's mailbox simulator, which the sandbox may use (SES Developer Guide, send-an-email-from-console)."""


class RefusedBySes(Exception):
    """SES refuses the request. The code and the message are AWS's."""

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def check_mail(operation: Operation) -> None:
    """Check a SendEmail request; other operations pass. Raises RefusedBySes if SES would not send the email."""
    if str(operation) != "sesv2:SendEmail":
        return
    mail = operation.parameters
    for tag in mail.get("EmailTags", []):
        _check_tag("name", tag["Name"].removeprefix(_OUR_TAG))
        _check_tag("value", tag["Value"])
    name = configuration_set_of(mail.get("FromEmailAddress", ""), mail.get("ConfigurationSetName"), operation.region)
    if name is not None and not is_configuration_set(name, operation.region):
        raise _not_found(f"Configuration set <{name}> does not exist.")
    if unverified := _unverified(mail, operation.region):
        message = (
            "Email address is not verified. The following identities failed the check in region "
            f"{operation.region.upper()}: {', '.join(unverified)}"
        )
        raise RefusedBySes(HTTPStatus.BAD_REQUEST, "MessageRejected", message)


def _unverified(mail: Mapping[str, Any], region: str) -> list[str]:
    """Returns the unverified addresses among the sender and, in the SES sandbox, the recipients."""
    recipients = recipients_of(mail) if backend_of(region).in_sandbox else []
    checked = [mail.get("FromEmailAddress", ""), *(to for to in recipients if not to.endswith(_SIMULATOR))]
    return [parseaddr(address)[1] for address in checked if identity_of(address, region) is None]


def set_account_details(operation: Operation) -> Response:
    """Answer PutAccountDetails, which moto lacks: move the account into or out of the SES sandbox."""
    backend_of(operation.region).in_sandbox = not operation.parameters.get("ProductionAccessEnabled", False)
    return Response(json.dumps({}), content_type="application/json")


def set_default_configuration_set(operation: Operation) -> Response:
    """Answer PutEmailIdentityConfigurationSetAttributes, which moto lacks.

    Raises RefusedBySes if the identity or the configuration set does not exist.
    """
    asked: dict[str, Any] = operation.parameters
    name = asked.get("ConfigurationSetName")
    identity = find_identity(asked["EmailIdentity"], operation.region)
    if identity is None:
        raise _not_found(f"Email identity {asked['EmailIdentity']} does not exist.")
    if name and not is_configuration_set(name, operation.region):
        raise _not_found(f"Configuration set <{name}> does not exist.")
    identity.configuration_set_name = name or None
    return Response(json.dumps({}), content_type="application/json")


def _check_tag(part: str, text: str) -> None:
    if not _TAG.fullmatch(text):
        message = f"Invalid tag {part} <{text}>: only alphanumeric ASCII characters, '_', and '-' are allowed."
        raise RefusedBySes(HTTPStatus.BAD_REQUEST, "BadRequestException", message)


def _not_found(message: str) -> RefusedBySes:
    return RefusedBySes(HTTPStatus.NOT_FOUND, "NotFoundException", message)
