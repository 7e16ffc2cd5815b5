"""How AWS services are called: well inside the function's 30 s, so that a call that hangs can be recorded as failed."""

from __future__ import annotations

from botocore.config import Config

CONNECT_SECONDS, READ_SECONDS = 2, 8

TWICE = Config(
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    retries={"total_max_attempts": 2, "mode": "standard"},
)
"""For a call that may be repeated."""

TWICE_SECONDS = 2 * (CONNECT_SECONDS + READ_SECONDS)

ONCE = TWICE.merge(Config(retries={"total_max_attempts": 1, "mode": "standard"}))
"""SES and SNS take no idempotency key and may have served a call that they did not answer, so the SDK tries once."""

ONCE_SECONDS = CONNECT_SECONDS + READ_SECONDS
