"""The only maker of the Lambda's clients: once per execution environment, at its first invocation."""

from __future__ import annotations

import logging
import time
import uuid
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from chalicelib.core.actions.master_secret import MasterSecret
from chalicelib.core.dynamodb.repository import DynamoRepository

from .dead_letters import DeadLetters
from .pace import Pace
from .providers.webhook_signer import Signer
from .runner import Runner
from .settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_secretsmanager import SecretsManagerClient

# Well inside the function's 30 s, so that what hangs can still be recorded as failed.
TWICE = Config(connect_timeout=2, read_timeout=8, retries={"total_max_attempts": 2, "mode": "standard"})
# SES and SNS take no idempotency key: whom they did not answer they may have served. The run decides, not the SDK.
ONCE = TWICE.merge(Config(retries={"total_max_attempts": 1, "mode": "standard"}))
# Encrypted buckets accept links of signature version 4 only. Without `virtual`, botocore signs for the host
# `BUCKET.s3.amazonaws.com`. That host redirects to one that was not signed for, for a new bucket, and refuses every
# bucket of a newer Region (boto3 pull request 4768).
SIGNED = TWICE.merge(
    Config(signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"})
)
CONFIGS = {"sesv2": ONCE, "sns": ONCE, "s3": SIGNED}
BEFORE_THE_WORK = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2, "mode": "standard"})
"""For what an action has to read before its own time begins."""


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
    """A boto3 client, kept for the life of the execution environment."""
    make: Callable[..., Any] = boto3.client
    return make(service, config=CONFIGS.get(service, TWICE))


def _secrets_manager() -> SecretsManagerClient:
    return boto3.client("secretsmanager", config=BEFORE_THE_WORK)


def _now() -> datetime:
    return datetime.now(UTC)
