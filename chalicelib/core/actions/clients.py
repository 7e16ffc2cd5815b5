"""Timeouts and retries of AWS clients. They are well below the function's 30 s, so that a timeout can be recorded."""

from __future__ import annotations

from botocore.config import Config

CONNECT_SECONDS, READ_SECONDS = 2, 8

TWICE = Config(
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    retries={"total_max_attempts": 2, "mode": "standard"},
)
"""For calls that may be repeated."""

TWICE_SECONDS = 2 * (CONNECT_SECONDS + READ_SECONDS)

ONCE = TWICE.merge(Config(retries={"total_max_attempts": 1, "mode": "standard"}))
"""For SES and SNS, without retries: they accept no idempotency key, and an unanswered call may have succeeded."""

ONCE_SECONDS = CONNECT_SECONDS + READ_SECONDS
