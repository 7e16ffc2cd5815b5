"""The variables with which AWS clients reach a local cloud and nothing else."""

import os
from collections.abc import Mapping

DUMMY_KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}

_LOOPBACK = "127.0.0.1,localhost"
_NO_CONFIGURATION = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
"""The caller's files could name another endpoint, or ignore AWS_ENDPOINT_URL (ignore_configured_endpoint_urls)."""


def only_local_cloud(endpoint: str, region: str, caller: Mapping[str, str]) -> dict[str, str]:
    """Returns the variables of a process whose AWS clients reach the local cloud only, without `caller`'s proxy.

    `endpoint`: URL of the local cloud, e.g. "http://127.0.0.1:4566". They must replace all AWS_… variables of `caller`.
    """
    return _without_proxy_for_loopback(caller) | aws_environment(endpoint, region) | _NO_CONFIGURATION


def aws_environment(endpoint: str, region: str) -> dict[str, str]:
    """Returns the variables that direct an AWS client to the local cloud and disable the metadata service."""
    return DUMMY_KEYS | {
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _without_proxy_for_loopback(caller: Mapping[str, str]) -> dict[str, str]:
    """Returns the variables that exclude 127.0.0.1 from the caller's proxy, in both spellings that tools read."""
    exceptions = caller.get("NO_PROXY") or caller.get("no_proxy")
    value = f"{exceptions},{_LOOPBACK}" if exceptions else _LOOPBACK
    return {"NO_PROXY": value, "no_proxy": value}
