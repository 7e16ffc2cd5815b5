"""Makes the Lambda's objects and AWS clients, once per execution environment."""

from __future__ import annotations

import logging
import time
import uuid
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from chalicelib.actions import built_in
from chalicelib.core.actions.clients import TWICE
from chalicelib.core.actions.master_secret import MasterSecret
from chalicelib.core.dynamodb.repository import DynamoRepository

from .dead_letters import DeadLetters
from .pace import Pace
from .runner import Runner
from .settings import Settings
from .webhook_signer import Signer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_secretsmanager import SecretsManagerClient

BEFORE_THE_WORK = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2, "mode": "standard"})
"""For reads that precede the action: they must not use up its time."""


@cache
def runner() -> Runner:
    logging.getLogger("notification").setLevel(logging.INFO)
    settings = Settings.from_environment()
    repository = DynamoRepository(aws("dynamodb"), settings.table_name)
    master = MasterSecret(_secrets_manager, settings.webhook_master_secret_arn)
    return Runner(
        repository,
        DeadLetters(lambda: aws("sqs"), settings.work_dead_letter_queue_url),
        settings,
        aws=aws,
        signer=Signer(repository, master, _now, settings.signing_ahead_file),
        clock=_now,
        new_id=lambda: uuid.uuid4().hex,
        pace=Pace(settings.action_rates, settings.max_concurrency, clock=time.monotonic, sleep=time.sleep).keep,
    )


@cache
def aws(service: str) -> Any:
    """Returns a boto3 client. The execution environment keeps it."""
    make: Callable[..., Any] = boto3.client
    return make(service, config=client_configs().get(service, TWICE))


@cache
def client_configs() -> Mapping[str, Config]:
    """Returns timeouts and attempts by AWS service, as the built-in actions define them."""
    return {service: config for action in built_in().values() for service, config in action.clients.items()}


def _secrets_manager() -> SecretsManagerClient:
    return boto3.client("secretsmanager", config=BEFORE_THE_WORK)


def _now() -> datetime:
    return datetime.now(UTC)
