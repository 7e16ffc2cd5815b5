"""S3 by its own host names: what a link that was signed for AWS would be answered there."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPResponse
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from chalicelib.actions.report import SIGNED
from deploy.local_cloud import DUMMY_KEYS
from local.testing import RunningCloud, running_cloud

if TYPE_CHECKING:
    from collections.abc import Iterator

REGIONS = ["eu-central-1", "eu-south-1", "il-central-1", "us-east-1"]
BY_DEFAULT = Config(signature_version="s3v4")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        for region in REGIONS:
            s3 = client(region, BY_DEFAULT, endpoint_url=running.endpoint)
            place = {} if region == "us-east-1" else {"LocationConstraint": region}
            s3.create_bucket(Bucket=f"kept-{region}", **({"CreateBucketConfiguration": place} if place else {}))
            s3.put_object(Bucket=f"kept-{region}", Key="reports/a b.csv", Body=b"a,b")
        yield running


def client(region: str, config: Config, **more: Any) -> Any:
    session = boto3.Session(DUMMY_KEYS["AWS_ACCESS_KEY_ID"], DUMMY_KEYS["AWS_SECRET_ACCESS_KEY"], region_name=region)
    return session.client("s3", config=config, **more)


def link(region: str, config: Config, bucket: str | None = None) -> str:
    """As a function on AWS signs it: no endpoint is set there."""
    place = {"Bucket": bucket or f"kept-{region}", "Key": "reports/a b.csv"}
    signed: str = client(region, config).generate_presigned_url("get_object", Params=place)
    return signed


def opened(cloud: RunningCloud, url: str, *, host: str | None = None) -> tuple[HTTPResponse, str]:
    """What the host in the URL, or another one, answers; asked of the local cloud."""
    parts = urlsplit(url)
    connection = HTTPConnection(cloud.endpoint.removeprefix("http://"), timeout=10)
    connection.request("GET", f"{parts.path}?{parts.query}", headers={"Host": host or parts.netloc})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer, body


@pytest.mark.parametrize("region", REGIONS)
def test_a_link_of_the_notification_lambda_is_signed_for_its_bucket_s_region(cloud: RunningCloud, region: str) -> None:
    url = link(region, SIGNED)

    answer, body = opened(cloud, url)

    assert urlsplit(url).netloc == f"kept-{region}.s3.{region}.amazonaws.com"
    assert (answer.status, body) == (200, "a,b")


def test_a_link_to_the_host_of_all_regions_is_sent_on_to_where_its_signature_is_none(cloud: RunningCloud) -> None:
    answer, body = opened(cloud, link("eu-central-1", BY_DEFAULT))
    there = answer.headers["Location"]

    assert (answer.status, "TemporaryRedirect" in body) == (307, True)
    assert urlsplit(there).netloc == "kept-eu-central-1.s3.eu-central-1.amazonaws.com"
    again, said = opened(cloud, there)
    assert (again.status, "SignatureDoesNotMatch" in said) == (403, True)


def test_a_link_to_the_host_of_all_regions_is_refused_in_a_newer_region(cloud: RunningCloud) -> None:
    answer, body = opened(cloud, link("eu-south-1", BY_DEFAULT))

    assert (answer.status, "IllegalLocationConstraintException" in body) == (400, True)


def test_a_link_to_the_host_of_all_regions_works_where_that_is(cloud: RunningCloud) -> None:
    answer, body = opened(cloud, link("us-east-1", BY_DEFAULT))

    assert (answer.status, body) == (200, "a,b")


def test_a_link_to_another_region_s_host_is_moved_for_good(cloud: RunningCloud) -> None:
    answer, body = opened(cloud, link("us-east-1", SIGNED, bucket="kept-eu-central-1"))

    assert (answer.status, "PermanentRedirect" in body) == (301, True)


def test_a_link_to_no_bucket_is_answered_so(cloud: RunningCloud) -> None:
    answer, body = opened(cloud, link("eu-central-1", SIGNED, bucket="nobody-s"))

    assert (answer.status, "NoSuchBucket" in body) == (404, True)


def test_a_link_that_was_changed_is_refused(cloud: RunningCloud) -> None:
    url = link("eu-central-1", SIGNED).replace("a%20b", "secret")

    answer, body = opened(cloud, url)

    assert (answer.status, "SignatureDoesNotMatch" in body) == (403, True)
