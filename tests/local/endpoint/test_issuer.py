"""The local issuer signs tokens that any JWT library trusts by its published documents."""

import resource
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
import urllib3

from local.app.stack import NotRunning, token_from
from local.endpoint import issuer
from local.endpoint.issuer import AUDIENCE, Issuer
from local.testing import running_cloud

URL = "http://127.0.0.1:4566/_local/issuer"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("issuer") / "not yet there"


def claims(token: str, trusted: Issuer) -> dict[str, object]:
    """What a resource server reads, with nothing but the published keys."""
    key_id = jwt.get_unverified_header(token)["kid"]
    key = jwt.PyJWKSet.from_dict(trusted.keys())[key_id]
    decoded: dict[str, object] = jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE, issuer=URL)
    return decoded


def test_a_token_names_its_user_and_scopes(directory: Path) -> None:
    ours = Issuer(directory, URL)

    read = claims(ours.make_token("alice", ["schedules:read", "schedules:admin"]), ours)

    assert (read["sub"], read["scope"]) == ("alice", "schedules:read schedules:admin")


def test_a_key_that_could_not_be_written_is_made_by_the_next_one(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))  # as on a full disk: the first bytes still fit
    try:
        with pytest.raises(OSError, match="large"):
            Issuer(tmp_path, URL)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    ours = Issuer(tmp_path, URL)

    assert claims(ours.make_token("alice"), ours)["sub"] == "alice"


def test_the_same_directory_has_the_same_key(directory: Path) -> None:
    token = Issuer(directory, URL).make_token("alice")

    assert claims(token, Issuer(directory, URL))["sub"] == "alice"


def test_another_directory_s_token_is_not_trusted(directory: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="no key"):
        claims(Issuer(tmp_path, URL).make_token("alice"), Issuer(directory, URL))


def test_a_token_ends_after_its_time_to_live(directory: Path) -> None:
    ours = Issuer(directory, URL)
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)

    with pytest.raises(jwt.ExpiredSignatureError):
        claims(ours.make_token("alice", ttl=timedelta(minutes=59), now=an_hour_ago), ours)


def test_a_token_lives_long_enough_for_time_travel(directory: Path) -> None:
    ours = Issuer(directory, URL)

    read = claims(ours.make_token("alice"), ours)

    assert datetime.fromtimestamp(float(str(read["exp"])), UTC) > datetime.now(UTC) + timedelta(days=3000)


def test_a_token_can_be_meant_for_somebody_else(directory: Path) -> None:
    ours = Issuer(directory, URL)

    with pytest.raises(jwt.InvalidAudienceError):
        claims(ours.make_token("alice", audience="another"), ours)


def test_the_private_key_is_readable_by_its_owner_only(directory: Path) -> None:
    Issuer(directory, URL)

    (key,) = directory.iterdir()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_only_the_public_half_is_published(directory: Path) -> None:
    (key,) = Issuer(directory, URL).keys()["keys"]

    assert key.keys() == {"kty", "n", "e", "kid", "use", "alg", "key_ops"}


def test_the_configuration_leads_to_the_keys(directory: Path) -> None:
    configuration = Issuer(directory, URL).configuration()

    assert configuration["issuer"] == URL
    assert configuration["jwks_uri"] == f"{URL}/.well-known/jwks.json"
    assert URL.endswith(issuer.PATH)


def test_the_cloud_hands_out_tokens_that_its_issuer_signed(tmp_path: Path) -> None:
    with running_cloud(tmp_path) as cloud:
        token = token_from(cloud.endpoint, "o'brien", ["schedules:read"])

    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["sub"], claims["scope"], claims["iss"]) == (
        "o'brien",
        "schedules:read",
        f"{cloud.endpoint}/_local/issuer",
    )


def test_a_token_is_asked_for_with_post_and_a_user(tmp_path: Path) -> None:
    with running_cloud(tmp_path) as cloud:
        url = f"{cloud.endpoint}/_local/issuer/token"

        assert urllib3.request("GET", url).status == 405
        assert urllib3.request("POST", url, fields={"scope": "schedules:read"}).status == 400


def test_a_shell_that_names_no_local_cloud_is_told() -> None:
    with pytest.raises(
        NotRunning, match=r"No local cloud answers at http://127\.0\.0\.1:1, the value of AWS_ENDPOINT_URL"
    ):
        token_from("http://127.0.0.1:1", "alice")
