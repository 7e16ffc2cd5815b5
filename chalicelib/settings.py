"""Reads the API's environment variables. No other module does, and nothing is read at import.

`python -m deploy render` writes Terraform's names and ARNs into the Chalice stage. The operator sets the other
variables.
"""

import os
from datetime import timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from .api.edge.cors import read_origins
from .api.models.requests import MOST_BODY_BYTES, MOST_IN_A_BATCH, RequestLimits
from .scheduling.retention import Durations
from .scheduling.service import MOST_LIVE
from .scheduling.validation import PAYLOAD_LIMIT

LARGEST_PAYLOAD = 256 * 1024
"""In bytes: EventBridge's limit of an Input (user guide, quotas)."""

LONGEST_EVENT_AGE = 6 * 60 * 60
"""In seconds: AWS Lambda's limit (API reference, MaximumEventAgeInSeconds)."""


class InvalidSettings(Exception):
    """Environment variables are missing or invalid. The message names each of them."""

    def __init__(self, missing: list[str], wrong: list[str]) -> None:
        self.missing, self.wrong = missing, wrong
        lacks = [f"set {', '.join(missing)}"] if missing else []
        super().__init__(f"invalid environment: {'; '.join(lacks + wrong)}")


class Settings(BaseModel):
    """Settings from the environment. A field's variable has the same name in upper case."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def from_environment(cls) -> Self:
        """Returns the settings. An empty variable counts as missing. Raises InvalidSettings."""
        names = {field: field.upper() for field in cls.model_fields}
        given = {field: os.environ[name] for field, name in names.items() if os.environ.get(name)}
        try:
            return cls.model_validate(given)
        except ValidationError as exc:
            raise _named(exc) from None


class CorsSettings(Settings):
    """The origins of pages that may call the API. Separate, because some routes need no other setting."""

    cors_origins: tuple[str, ...] = ()

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _read(cls, text: str) -> tuple[str, ...]:
        return read_origins(text)


class SchedulerSettings(Settings):
    """The settings of SchedulerService."""

    scheduler_group_name: str
    scheduler_role_arn: str
    notification_lambda_arn: str
    table_name: str
    delivery_dead_letter_queue_arn: str
    webhook_master_secret_arn: str
    payload_limit_bytes: int = Field(PAYLOAD_LIMIT, ge=1024, le=LARGEST_PAYLOAD)
    most_live_schedules: int = Field(MOST_LIVE, ge=1)
    min_period_seconds: int = Field(60, ge=60)
    most_body_bytes: int = Field(MOST_BODY_BYTES, ge=4096, le=MOST_BODY_BYTES)
    most_in_a_batch: int = Field(MOST_IN_A_BATCH, ge=1, le=MOST_IN_A_BATCH)
    event_age_seconds: int = Field(3600, ge=60, le=LONGEST_EVENT_AGE)
    run_retention_days: int = Field(90, ge=1)
    own_action_types: frozenset[str] = frozenset()
    stage: str | None = None

    @field_validator("own_action_types", mode="before")
    @classmethod
    def _split(cls, text: str) -> frozenset[str]:
        return frozenset(name.strip() for name in text.split(",") if name.strip())

    @property
    def durations(self) -> Durations:
        return Durations(timedelta(seconds=self.event_age_seconds), timedelta(days=self.run_retention_days))

    @property
    def request_limits(self) -> RequestLimits:
        return RequestLimits(self.most_body_bytes, self.most_in_a_batch)

    @property
    def is_local(self) -> bool:
        return self.stage == "local"


class ConsoleSettings(Settings):
    """The settings of the console. Separate, because the console needs nothing else.

    `console_scopes`: the scopes that it asks for, separated by spaces. None: `openid` and the two scopes of a user.
    """

    jwt_issuer: str
    jwt_audience: str
    console_client_id: str
    console_scopes: str | None = None
    scope_prefix: str = ""


class ApiSettings(SchedulerSettings):
    """The settings of the HTTP API: those of SchedulerService, and the issuer and audience of accepted tokens.

    `jwks_url` is the URL of the issuer's keys. None: found by OpenID Connect Discovery at the issuer.
    """

    jwt_issuer: str
    jwt_audience: str
    jwks_url: str | None = None
    user_claim: str = "sub"
    scope_prefix: str = ""


def _named(exc: ValidationError) -> InvalidSettings:
    errors = [(str(error["loc"][0]).upper(), error) for error in exc.errors()]
    missing = [name for name, error in errors if error["type"] == "missing"]
    wrong = [f"{name}: {error['msg']}" for name, error in errors if error["type"] != "missing"]
    return InvalidSettings(missing, wrong)
