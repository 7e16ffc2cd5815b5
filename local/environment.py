"""The environment of the processes that the local cloud starts: built from a short list, never inherited.

These processes cannot reach real AWS. Their keys are dummies and their endpoint is the local cloud. The caller's
`AWS_*` and `TF_*` variables are dropped, because AWS_IGNORE_CONFIGURED_ENDPOINT_URLS, AWS_PROFILE or
AWS_ENDPOINT_URL_SCHEDULER would direct a client to another endpoint. An empty file replaces the caller's AWS
configuration files.
"""

import os
from collections.abc import Mapping

from deploy.local_cloud import only_local_cloud

ACCOUNT = "123456789012"

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
    return kept | only_local_cloud(endpoint, region, theirs) | _SETTINGS


_SETTINGS = {
    "CHECKPOINT_DISABLE": "1",  # else Terraform asks HashiCorp for newer versions
    "TZ": "UTC",  # as on Lambda
}
