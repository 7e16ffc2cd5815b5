"""The environment of our children: built from a short list, never inherited.

Nothing here can reach real AWS: the keys are dummies, the endpoint is the local cloud, the caller's `AWS_*` and `TF_*`
variables stay behind (AWS_IGNORE_CONFIGURED_ENDPOINT_URLS, AWS_PROFILE and AWS_ENDPOINT_URL_SCHEDULER would each lead a
client elsewhere), and his configuration files are replaced by an empty one.
"""

import os
from collections.abc import Mapping

ACCOUNT = "123456789012"
DUMMY_KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}

_LOOPBACK = "127.0.0.1,localhost"
_KEPT = frozenset(
    {"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TERM", "TMPDIR", "TEMP", "TMP"}
    | {"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
    | {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"}
)


def sealed_environment(endpoint: str, region: str, caller: Mapping[str, str] | None = None) -> dict[str, str]:
    """The whole environment for a child that may speak to the local cloud only.

    endpoint: URL of the local cloud, e.g. "http://127.0.0.1:4566". caller: whose variables are looked at; by default
    this process's.
    """
    theirs = os.environ if caller is None else caller
    kept = {name: value for name, value in theirs.items() if name in _KEPT}
    return kept | _without_proxy_for_loopback(theirs) | aws_environment(endpoint, region) | _NO_CONFIGURATION


def aws_environment(endpoint: str, region: str) -> dict[str, str]:
    """What points an AWS client to the local cloud: keys, region, endpoint, and no metadata service."""
    return DUMMY_KEYS | {
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _without_proxy_for_loopback(theirs: Mapping[str, str]) -> dict[str, str]:
    """Keeps a caller's proxy out of the way to 127.0.0.1; tools disagree on the spelling of the variable."""
    exceptions = theirs.get("NO_PROXY") or theirs.get("no_proxy")
    value = f"{exceptions},{_LOOPBACK}" if exceptions else _LOOPBACK
    return {"NO_PROXY": value, "no_proxy": value}


_NO_CONFIGURATION = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "CHECKPOINT_DISABLE": "1",  # Terraform asks its maker for news otherwise
    "TZ": "UTC",  # as on Lambda
}
