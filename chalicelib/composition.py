"""Makes all AWS clients and the objects that use them. Each object is made once, at its first use."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import cache, partial
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from .api.auth import Authenticator, SigningKeys, fetch_configuration, fetch_keys
from .api.console.sign_in import ClientSettings, SignIn, default_scope
from .api.models.console import ConsoleNotConfigured
from .aws.eventbridge import EventBridgeGateway, SchedulerNames
from .aws.lambda_invoker import LambdaStarter
from .core.actions.fields import ActionRules
from .core.actions.master_secret import MasterSecret
from .core.dynamodb.repository import DynamoRepository
from .scheduling.service import SchedulerService
from .scheduling.sweeper import SHARDS_AT_ONCE, Sweeper
from .scheduling.webhook_keys import WebhookKeys
from .settings import ApiSettings, ConsoleSettings, CorsSettings, InvalidSettings, SchedulerSettings

if TYPE_CHECKING:
    from chalice.app import Request
    from mypy_boto3_lambda import LambdaClient

    from .api.auth import Caller
    from .api.models.requests import RequestLimits

PATIENCE = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"total_max_attempts": 2, "mode": "standard"},
    max_pool_connections=SHARDS_AT_ONCE,
)
"""A call ends within about 6 seconds, its second attempt included. So the four calls of a create or change end before
API Gateway's limit of 29 seconds, and well before the change's lease of 60 seconds. Each thread of the sweeper has its
own connection.
"""


@cache
def scheduler() -> SchedulerService:
    """Returns the service with the settings of the environment. Raises InvalidSettings."""
    settings = SchedulerSettings.from_environment()
    return SchedulerService(
        *_adapters(settings),
        payload_limit=settings.payload_limit_bytes,
        most_live=settings.most_live_schedules,
        min_period=timedelta(seconds=settings.min_period_seconds),
        durations=settings.durations,
        action_rules=action_rules(),
    )


@cache
def sweeper() -> Sweeper:
    """Returns the sweeper with the settings of the environment. Raises InvalidSettings."""
    # Lambda's default level is WARNING, and the sweeper logs its report at level INFO.
    logging.getLogger(__package__).setLevel(logging.INFO)
    settings = SchedulerSettings.from_environment()
    return Sweeper(*_adapters(settings), durations=settings.durations)


@cache
def webhook_keys() -> WebhookKeys:
    """Returns the reader and rotator of webhook keys. Raises InvalidSettings."""
    settings = SchedulerSettings.from_environment()
    session = boto3.Session()
    repository = DynamoRepository(session.client("dynamodb", config=PATIENCE), settings.table_name)
    client = session.client("secretsmanager", config=PATIENCE)
    return WebhookKeys(repository, MasterSecret(lambda: client, settings.webhook_master_secret_arn))


@cache
def action_rules() -> ActionRules:
    """Returns which actions clients may use: the application's own types, and webhooks to this machine if local.

    Raises InvalidSettings.
    """
    settings = SchedulerSettings.from_environment()
    return ActionRules(own_types=settings.own_action_types, loopback_webhooks=settings.is_local)


@cache
def limits() -> RequestLimits:
    """Returns the limits of a request's body and batch. Raises InvalidSettings."""
    return SchedulerSettings.from_environment().request_limits


@cache
def cors_origins() -> tuple[str, ...]:
    """Returns the origins whose pages may call the API; none by default. Raises InvalidSettings."""
    return CorsSettings.from_environment().cors_origins


@cache
def console() -> SignIn:
    """Returns the console's sign-in with the settings of the environment.

    Raises ConsoleNotConfigured if one is missing, InvalidSettings if one is invalid.
    """
    try:
        settings = ConsoleSettings.from_environment()
    except InvalidSettings as exc:
        if exc.wrong:
            raise
        raise ConsoleNotConfigured(exc.missing) from exc
    scope = settings.console_scopes or default_scope(settings.scope_prefix)
    client = ClientSettings(settings.jwt_issuer, settings.console_client_id, scope, settings.jwt_audience)
    return SignIn(client, partial(fetch_configuration, settings.jwt_issuer))


def caller(request: Request) -> Caller:
    """Returns the caller by the request's bearer token. Raises InvalidSettings and the errors of Authenticator."""
    return _authenticator()(request)


@cache
def _authenticator() -> Authenticator:
    settings = ApiSettings.from_environment()
    signing_keys = SigningKeys(partial(fetch_keys, settings.jwt_issuer, settings.jwks_url))
    return Authenticator(
        signing_keys,
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        user_claim=settings.user_claim,
        scope_prefix=settings.scope_prefix,
    )


def _adapters(settings: SchedulerSettings) -> tuple[DynamoRepository, EventBridgeGateway, LambdaStarter]:
    session = boto3.Session()
    return (
        DynamoRepository(session.client("dynamodb", config=PATIENCE), settings.table_name),
        EventBridgeGateway(session.client("scheduler", config=PATIENCE), _names(settings)),
        LambdaStarter(_lambda, settings.notification_lambda_arn),
    )


@cache
def _lambda() -> LambdaClient:
    """Few requests start a run. The session is its own, since two of the sweeper's threads may be the first at once."""
    return boto3.Session().client("lambda", config=PATIENCE)


def _names(settings: SchedulerSettings) -> SchedulerNames:
    return SchedulerNames(
        group=settings.scheduler_group_name,
        role_arn=settings.scheduler_role_arn,
        target_arn=settings.notification_lambda_arn,
        dead_letter_arn=settings.delivery_dead_letter_queue_arn,
    )
