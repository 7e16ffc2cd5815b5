"""The environment of the processes that the local cloud starts: built from a short list, never inherited.

These processes cannot reach real AWS. Their keys are dummies and their endpoint is the local cloud. The caller's
`AWS_*` and `TF_*` variables are dropped, because AWS_IGNORE_CONFIGURED_ENDPOINT_URLS, AWS_PROFILE or
AWS_ENDPOINT_URL_SCHEDULER would direct a client to another endpoint. An empty file replaces the caller's AWS
configuration files.
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
    """Returns the complete environment of a child process that may call the local cloud only.

    endpoint: URL of the local cloud, e.g. "http://127.0.0.1:4566". caller: the variables to choose from; None means
    those of this process.
    """
    theirs = os.environ if caller is None else caller
    kept = {name: value for name, value in theirs.items() if name in _KEPT}
    return kept | _without_proxy_for_loopback(theirs) | aws_environment(endpoint, region) | _NO_CONFIGURATION


def aws_environment(endpoint: str, region: str) -> dict[str, str]:
    """Returns the variables that direct an AWS client to the local cloud and disable the metadata service."""
    return DUMMY_KEYS | {
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _without_proxy_for_loopback(theirs: Mapping[str, str]) -> dict[str, str]:
    """Returns the variables that exclude 127.0.0.1 from the caller's proxy, in both spellings that tools read."""
    exceptions = theirs.get("NO_PROXY") or theirs.get("no_proxy")
    value = f"{exceptions},{_LOOPBACK}" if exceptions else _LOOPBACK
    return {"NO_PROXY": value, "no_proxy": value}


_NO_CONFIGURATION = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "CHECKPOINT_DISABLE": "1",  # else Terraform asks HashiCorp for newer versions
    "TZ": "UTC",  # as on Lambda
}
