"""Keeps Chalice's record of a deployment beside Terraform's state.

Chalice finds functions and roles by their names, but its REST API only by the id in .chalice/deployed/{stage}.json. On
a machine without that file it would make a second API under a new URL. So the bucket of Terraform's state keeps the
file: `render` fetches it, and `finish` stores it unless another machine has stored one in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.core.aws_errors import error_code
from deploy.errors import DeployError
from deploy.operate.chalice_record import Stored, api_id_of, parsed, serialized

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_s3 import S3Client

    from deploy.operate.chalice_record import Content
    from deploy.terraform.backend import StateLocation

SUFFIX = ".chalice-deployed.json"

CHANGED_MEANWHILE = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")
"""S3's error codes for a conditional write whose condition is not met (S3 User Guide, conditional-writes)."""


def record_in_s3(session: boto3.Session, location: StateLocation) -> KeptRecord:
    """Returns the record beside the state, whose bucket may be in another Region than the stage."""
    return KeptRecord(session.client("s3", region_name=location.region), location)


class KeptRecord:
    """One stage's record in S3."""

    def __init__(self, client: S3Client, location: StateLocation) -> None:
        self._client = client
        self._bucket = location.bucket
        self._key = location.key + SUFFIX

    def __str__(self) -> str:
        return f"s3://{self._bucket}/{self._key}"

    def fetch(self) -> Stored | None:
        """Returns the record; None if there is none.

        Raises ClientError if S3 refuses, and DeployError if the object is not a record.
        """
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=self._key)
        except self._client.exceptions.NoSuchKey:
            return None
        return Stored(parsed(found["Body"].read(), str(self)), found["ETag"])

    def store(self, content: Content, replacing: Stored | None) -> Stored:
        """Replace the record `replacing`; None means that S3 has no record.

        Raises DeployError if S3 has another record by now.
        """
        condition: Any = {"IfMatch": replacing.etag} if replacing else {"IfNoneMatch": "*"}
        body = serialized(content)
        try:
            answer = self._client.put_object(
                Bucket=self._bucket, Key=self._key, Body=body, ContentType="application/json", **condition
            )
        except ClientError as exc:
            if error_code(exc) not in CHANGED_MEANWHILE:
                raise
            # The SDK repeats a write whose answer was lost; the repeat then meets the result of the first one.
            existing = self.fetch()
            if existing is not None and existing.content == content:
                return existing
            raise DeployError(
                f"{self} was changed since `render` fetched it: another machine deployed this stage. "
                "Run render, chalice deploy and finish again."
            ) from exc
        return Stored(content, answer["ETag"])


def chosen(local: Content | None, fetched: Stored | None, kept: Stored | None) -> Content | None:
    """Returns the record to use: S3's (`kept`), unless this machine has deployed since S3's was `fetched`.

    Raises DeployError if both have changed since and name different APIs.
    """
    if kept is None or local == kept.content:
        return local
    if local is None or (fetched is not None and local == fetched.content):
        return kept.content
    if fetched is not None and kept.content == fetched.content:
        return local
    if api_id_of(local) in (None, api_id_of(kept.content)):
        return kept.content
    raise DeployError(
        f"This machine deployed the REST API {api_id_of(local)}, and another machine {api_id_of(kept.content)}. "
        "Nothing was changed. Run render with --api-id and the id of the API that clients use."
    )


def record_of_api(api_id: str) -> Content:
    """Returns the smallest record with which Chalice updates this API. Chalice finds everything else by name."""
    api = {"name": "rest_api", "resource_type": "rest_api", "rest_api_id": api_id}
    return {"resources": [api], "schema_version": "2.0", "backend": "api"}
