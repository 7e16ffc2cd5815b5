"""Requests to S3's host names, `BUCKET.s3.REGION.amazonaws.com`, and the signatures of presigned links.

Clients on this machine use the cloud's own address for S3. A request to one of AWS's hosts comes from a link that was
signed for AWS: `curl --connect-to ::127.0.0.1:4566 http://BUCKET.s3.eu-central-1.amazonaws.com/KEY?…`.
"""

import hmac
import re
from http import HTTPStatus
from urllib.parse import urlsplit

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.core.request import Request
from moto.s3.models import s3_backends
from moto.sts.models import sts_backends
from werkzeug.wrappers import Response

from deploy.local_cloud import DUMMY_KEYS
from local.environment import ACCOUNT

_HOST = re.compile(
    r"(?:(?P<bucket>[a-z0-9][a-z0-9.-]+)\.)?s3(?:\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d))?\.amazonaws\.com"
)
_HOME = "us-east-1"
"""The Region of `BUCKET.s3.amazonaws.com`."""

_REDIRECTING = frozenset(
    f"{place}-{number}"
    for place, most in {
        "us-east": 2,
        "us-west": 2,
        "ca-central": 1,
        "eu-central": 1,
        "eu-west": 3,
        "eu-north": 1,
        "ap-south": 1,
        "ap-northeast": 3,
        "ap-southeast": 2,
        "sa-east": 1,
    }.items()
    for number in range(1, most + 1)
)
"""The Regions opened before 20 March 2019. Other hosts answer 400 for a bucket in a newer Region (S3 User Guide,
Redirection).
"""


class RefusedByS3(Exception):
    """S3 refuses this request at this host, or with this signature. location: the URL that S3 redirects to, or None."""

    def __init__(self, status: HTTPStatus, code: str, message: str, location: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.location = location

    def response(self) -> Response:
        body = f"<Error><Code>{self.code}</Code><Message>{self}</Message></Error>"
        headers = {"Location": self.location} if self.location else {}
        return Response(body, self.status, headers, content_type="application/xml")


def by_path(request: Request) -> Request:
    """Returns the request with the bucket of its host in the path, where moto and the service model read it.

    Returns any other request unchanged. Raises RefusedByS3 if the signature or the host's Region is wrong.
    """
    _check_signature(request)
    host = _HOST.fullmatch(request.host.partition(":")[0])
    if host is None or host["bucket"] is None:
        return request
    _check_region(request, host["bucket"], host["region"])
    address = request.environ["SERVER_NAME"], request.environ["SERVER_PORT"]
    prefix = f"/{host['bucket']}"
    moved = {
        "HTTP_HOST": ":".join(address),
        "PATH_INFO": prefix + request.environ["PATH_INFO"],
        "RAW_URI": prefix + request.environ["RAW_URI"],
    }
    return Request({**request.environ, **moved})


def _check_region(request: Request, bucket: str, region: str | None) -> None:
    """Raises RefusedByS3 if the bucket is in another Region. moto refuses a bucket that does not exist."""
    found = s3_backends[ACCOUNT]["aws"].buckets.get(bucket)
    if found is None or found.region_name == (region or _HOME):
        return
    if found.region_name not in _REDIRECTING:
        message = f"The {found.region_name} location constraint is incompatible for the region specific endpoint."
        raise RefusedByS3(HTTPStatus.BAD_REQUEST, "IllegalLocationConstraintException", message)
    message = "Please re-send this request to the specified endpoint."
    location = f"https://{bucket}.s3.{found.region_name}.amazonaws.com{request.environ['RAW_URI']}"
    if region is None:
        raise RefusedByS3(HTTPStatus.TEMPORARY_REDIRECT, "TemporaryRedirect", message, location)
    raise RefusedByS3(HTTPStatus.MOVED_PERMANENTLY, "PermanentRedirect", message)


def _check_signature(request: Request) -> None:
    """Check a presigned link. Raises RefusedByS3 if the host, path or query differs from the signed one."""
    query = request.args
    if query.get("X-Amz-SignedHeaders") != "host" or "/s3/aws4_request" not in query.get("X-Amz-Credential", ""):
        return
    key, _, region, *_ = query["X-Amz-Credential"].split("/")
    secret = _secret_of(key)
    if secret is not None and not hmac.compare_digest(_signature(request, secret, region), query["X-Amz-Signature"]):
        message = "The request signature we calculated does not match the signature you provided."
        raise RefusedByS3(HTTPStatus.FORBIDDEN, "SignatureDoesNotMatch", message)


def _secret_of(access_key_id: str) -> str | None:
    """Returns None for a key that the local cloud did not issue, because an administrator may use any key."""
    if access_key_id == DUMMY_KEYS["AWS_ACCESS_KEY_ID"]:
        return DUMMY_KEYS["AWS_SECRET_ACCESS_KEY"]
    role = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(access_key_id)
    return role.secret_access_key if role else None


def _signature(request: Request, secret: str, region: str) -> str:
    url = urlsplit(f"//{request.host}{request.environ['RAW_URI']}")
    signed = "&".join(part for part in url.query.split("&") if not part.startswith("X-Amz-Signature="))
    again = AWSRequest(method=request.method, url=f"https://{request.host}{url.path}?{signed}")
    again.headers["host"] = request.host
    again.context["timestamp"] = request.args["X-Amz-Date"]
    signer = S3SigV4QueryAuth(Credentials(request.args["X-Amz-Credential"].split("/")[0], secret), "s3", region)
    return signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
