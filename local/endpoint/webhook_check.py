"""Checks a webhook's signature, as its consumer would: with the keys of the user that were valid when it was sent."""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac
from typing import Any

import boto3

from chalicelib.core.actions.master_secret import MasterSecret
from chalicelib.core.actions.webhook_signing import ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, live_keys
from chalicelib.core.dynamodb.repository import DynamoRepository
from chalicelib.core.errors import ScheduledTasksError
from local.endpoint.outbox import Message


@dataclass(frozen=True)
class Check:
    """Whether a signature fits one of the keys, None if it could not be checked, and the sentence that says so."""

    fits: bool | None
    text: str


def check_signature(message: Message, *, endpoint: str) -> Check:
    """Returns the result. endpoint: the URL of the local cloud, which has the table and the master secret."""
    origin, exchange = message.origin, message.exchange
    headers = {key.lower(): value for key, value in exchange.headers.items()} if exchange else {}
    if not origin or not exchange or SIGNATURE_HEADER not in headers:
        return Check(fits=False, text="no signature")
    try:
        repository = DynamoRepository(_client("dynamodb", origin.region, endpoint), origin.environment["TABLE_NAME"])
        secrets = _client("secretsmanager", origin.region, endpoint)
        master = MasterSecret(lambda: secrets, origin.environment["WEBHOOK_MASTER_SECRET_ARN"])
        keys = live_keys(repository.get_webhook_keys(origin.user_id), master.values(), message.sent_at)
    except (ScheduledTasksError, KeyError):
        return Check(fits=None, text="the keys cannot be read")
    content = f"{headers.get(ID_HEADER, '')}.{headers.get(TIMESTAMP_HEADER, '')}.{exchange.body}".encode()
    signatures = headers[SIGNATURE_HEADER].split(" ")
    for key in keys:
        signature = "v1," + b64encode(hmac(key.secret, content, sha256).digest()).decode()
        if any(compare_digest(signature, given) for given in signatures):
            return Check(fits=True, text=f"signature fits key version {key.version}")
    return Check(fits=False, text="signature fits no key of the user")


def _client(service: str, region: str, endpoint: str) -> Any:
    """Returns a client of the account's root user. It calls the local cloud only."""
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id="outbox",
        aws_secret_access_key="outbox",  # noqa: S106 - the local cloud asks for none
    )
