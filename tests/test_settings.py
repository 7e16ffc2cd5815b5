"""The API's environment variables are read and checked as documented."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib import composition
from chalicelib.api.models.console import ConsoleNotConfigured
from chalicelib.api.models.requests import RequestLimits
from chalicelib.scheduling.retention import Durations
from chalicelib.settings import ApiSettings, CorsSettings, InvalidSettings, SchedulerSettings
from tests.api.documents import documents

if TYPE_CHECKING:
    from collections.abc import Iterator

ENVIRONMENT = {
    "SCHEDULER_GROUP_NAME": "shop-scheduler-group-dev",
    "SCHEDULER_ROLE_ARN": "arn:aws:iam::123456789012:role/scheduler",
    "NOTIFICATION_LAMBDA_ARN": "arn:aws:lambda:eu-central-1:123456789012:function:notification",
    "TABLE_NAME": "schedules",
    "DELIVERY_DEAD_LETTER_QUEUE_ARN": "arn:aws:sqs:eu-central-1:123456789012:undelivered",
    "WEBHOOK_MASTER_SECRET_ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhook-master-AbCdEf",
    "JWT_ISSUER": "https://issuer.example.com",
    "JWT_AUDIENCE": "scheduled-tasks",
}
OPTIONAL = (
    *("JWKS_URL", "USER_CLAIM", "SCOPE_PREFIX", "OWN_ACTION_TYPES", "STAGE", "CORS_ORIGINS"),
    *("MOST_LIVE_SCHEDULES", "MIN_PERIOD_SECONDS", "MOST_BODY_BYTES", "MOST_IN_A_BATCH"),
    *("CONSOLE_CLIENT_ID", "CONSOLE_SCOPES"),
    *("PAYLOAD_LIMIT_BYTES", "EVENT_AGE_SECONDS", "RUN_RETENTION_DAYS"),
)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Exactly what must be set."""
    for name in OPTIONAL:
        monkeypatch.delenv(name, raising=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def nothing_made_yet() -> Iterator[None]:
    """Before the first request, and as if it had never been."""
    makers = (
        *(composition.scheduler, composition.sweeper, composition.action_rules, composition.webhook_keys),
        composition.console,
    )
    for maker in makers:
        maker.cache_clear()
    yield
    for maker in makers:
        maker.cache_clear()


def test_what_terraform_made_is_enough_with_an_issuer_and_an_audience() -> None:
    settings = ApiSettings.from_environment()

    assert {name.upper(): value for name, value in settings if name.upper() in ENVIRONMENT} == ENVIRONMENT


def test_the_rest_has_defaults() -> None:
    settings = ApiSettings.from_environment()

    assert settings.user_claim == "sub"
    assert settings.jwks_url is None
    assert settings.own_action_types == frozenset()
    assert settings.payload_limit_bytes == 65_536
    assert (settings.most_live_schedules, settings.min_period_seconds) == (1000, 60)
    assert settings.request_limits == RequestLimits(body_bytes=1024 * 1024, batch=100)
    assert settings.durations == Durations(event_age=timedelta(hours=1), keep_runs=timedelta(days=90))
    assert settings.is_local is False


def test_all_that_is_missing_is_named_at_once(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("TABLE_NAME")
    environment.setenv("JWT_ISSUER", "")
    environment.setenv("PAYLOAD_LIMIT_BYTES", "300000")

    with pytest.raises(InvalidSettings) as caught:
        ApiSettings.from_environment()

    assert caught.value.missing == ["TABLE_NAME", "JWT_ISSUER"]
    assert "PAYLOAD_LIMIT_BYTES: Input should be less than or equal to 262144" in str(caught.value)


def test_an_application_with_its_own_logins_needs_no_issuer(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("JWT_ISSUER")
    environment.delenv("JWT_AUDIENCE")

    assert SchedulerSettings.from_environment().table_name == "schedules"


def test_durations_are_those_that_terraform_was_given(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("EVENT_AGE_SECONDS", "600")
    environment.setenv("RUN_RETENTION_DAYS", "30")

    durations = SchedulerSettings.from_environment().durations

    assert durations == Durations(event_age=timedelta(minutes=10), keep_runs=timedelta(days=30))


def test_own_actions_are_separated_by_commas(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OWN_ACTION_TYPES", "invoice.remind, trial.end,")

    assert SchedulerSettings.from_environment().own_action_types == {"invoice.remind", "trial.end"}


def test_no_page_may_call_unless_its_origin_is_named(environment: pytest.MonkeyPatch) -> None:
    assert CorsSettings.from_environment().cors_origins == ()

    environment.setenv("CORS_ORIGINS", "https://a.example.com, https://b.example.com")
    assert CorsSettings.from_environment().cors_origins == ("https://a.example.com", "https://b.example.com")


def test_an_origin_that_no_browser_sends_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CORS_ORIGINS", "https://a.example.com/")

    with pytest.raises(InvalidSettings, match=r"CORS_ORIGINS: .* is not an origin"):
        CorsSettings.from_environment()


@pytest.mark.usefixtures("nothing_made_yet")
def test_webhooks_to_this_machine_are_for_the_local_stage(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("STAGE", "local")

    assert composition.action_rules().loopback_webhooks is True


@pytest.mark.usefixtures("nothing_made_yet")
def test_the_console_needs_a_client_id_and_names_all_that_is_missing(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("JWT_AUDIENCE")

    with pytest.raises(ConsoleNotConfigured) as caught:
        composition.console()

    assert caught.value.missing == ("JWT_AUDIENCE", "CONSOLE_CLIENT_ID")


@pytest.mark.usefixtures("nothing_made_yet")
def test_the_console_is_made_once(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CONSOLE_CLIENT_ID", "7m4pq2example")

    assert composition.console() is composition.console()


@pytest.mark.usefixtures("nothing_made_yet")
@pytest.mark.parametrize(
    ("settings", "scope"),
    [
        ({}, "openid schedules:read schedules:write"),
        ({"SCOPE_PREFIX": "tasks/"}, "openid tasks/schedules:read tasks/schedules:write"),
        ({"SCOPE_PREFIX": "tasks/", "CONSOLE_SCOPES": "openid schedules:admin"}, "openid schedules:admin"),
    ],
)
def test_the_console_asks_for_the_scopes_of_a_user_unless_it_is_told_others(
    environment: pytest.MonkeyPatch, settings: dict[str, str], scope: str
) -> None:
    for name, value in {"CONSOLE_CLIENT_ID": "7m4pq2example", **settings}.items():
        environment.setenv(name, value)
    with documents() as (url, content):
        environment.setenv("JWT_ISSUER", url)
        content["/.well-known/openid-configuration"] = {
            "issuer": url,
            "authorization_endpoint": f"{url}/authorize",
            "token_endpoint": f"{url}/token",
        }

        told = composition.console().as_json()

    assert (told["client_id"], told["scope"]) == ("7m4pq2example", scope)
    assert told["token_endpoint"] == f"{url}/token"


@pytest.mark.usefixtures("nothing_made_yet")
def test_the_service_is_made_once(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_DEFAULT_REGION", "eu-central-1")

    assert composition.scheduler() is composition.scheduler()


@pytest.mark.usefixtures("nothing_made_yet")
def test_the_webhook_keys_are_made_once(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_DEFAULT_REGION", "eu-central-1")

    assert composition.webhook_keys() is composition.webhook_keys()


@pytest.mark.usefixtures("nothing_made_yet")
def test_what_the_sweeper_tells_shows_where_only_warnings_do(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    logging.getLogger("chalicelib").setLevel(logging.NOTSET)
    composition.sweeper()

    assert logging.getLogger("chalicelib.scheduling.sweeper").isEnabledFor(logging.INFO)
    assert not logging.getLogger("botocore").isEnabledFor(logging.INFO)


def test_calls_to_aws_end_well_inside_the_lease_of_a_change() -> None:
    patience: Any = composition.PATIENCE

    longest = patience.retries["total_max_attempts"] * (patience.connect_timeout + patience.read_timeout)
    assert longest <= 8
