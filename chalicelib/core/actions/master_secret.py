"""Reads the master secret of all webhook keys from AWS Secrets Manager: its current and its previous value."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ..aws_errors import AWS_ERRORS, error_code
from ..errors import MasterSecretUnavailable
from ..model.webhook_keys import Master

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mypy_boto3_secretsmanager import SecretsManagerClient

MAX_AGE_SECONDS = 300
"""How long the values are cached. It must be much shorter than the time for which the previous value stays valid."""

SHORTEST = 32
STAGES = ("AWSCURRENT", "AWSPREVIOUS")


class MasterSecret:
    """Reads the secret at the first use and again after MAX_AGE_SECONDS. `monotonic` returns seconds.

    While Secrets Manager is unavailable, the cached values stay in use.
    """

    def __init__(
        self,
        client: Callable[[], SecretsManagerClient],
        secret_arn: str,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._arn = secret_arn
        self._monotonic = monotonic
        self._masters: list[Master] = []
        self._asked_at = float("-inf")

    def values(self) -> Sequence[Master]:
        """Returns the values, the current one first. Raises MasterSecretUnavailable if none could be read."""
        if self._monotonic() - self._asked_at > MAX_AGE_SECONDS or not self._masters:
            self._renew()
        return self._masters

    def _renew(self) -> None:
        self._asked_at = self._monotonic()
        try:
            self._masters = [master for stage in STAGES if (master := self._read(stage))]
        except AWS_ERRORS as exc:
            if not self._masters:
                raise MasterSecretUnavailable from exc

    def _read(self, stage: str) -> Master | None:
        """Returns None if AWSPREVIOUS does not exist: the secret was never rotated."""
        try:
            found = self._client().get_secret_value(SecretId=self._arn, VersionStage=stage)
        except ClientError as exc:
            if stage != "AWSCURRENT" and error_code(exc) == "ResourceNotFoundException":
                return None
            raise
        if len(found["SecretString"]) < SHORTEST:
            raise MasterSecretUnavailable(f"The master secret of webhooks must have at least {SHORTEST} characters.")
        return Master(found["SecretString"], found["CreatedDate"])
