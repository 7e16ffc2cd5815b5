"""Pages of other origins: which may call, what they may send, and what they may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app import app
from chalicelib.api.edge.cors import read_origins
from tests.api.world import FakeIssuer, World, problem

if TYPE_CHECKING:
    from chalice.test import HTTPResponse

SHOP = "https://shop.example.com"
OTHER = "https://other.example.com"
ONE = "/v1/schedules/9b2f"


@pytest.fixture
def shop(issuer: FakeIssuer) -> World:
    """A world that one origin may call."""
    return World(issuer, cors_origins=(SHOP,))


def preflight(world: World, path: str, origin: str = SHOP) -> HTTPResponse:
    asked = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization,if-match"}
    return world.send("OPTIONS", path, token="", headers={"Origin": origin, **asked})


def words(response: HTTPResponse, header: str) -> set[str]:
    return set(response.headers[header].split(", "))


def test_a_preflight_request_says_what_the_page_may_send(shop: World) -> None:
    response = preflight(shop, ONE)

    assert (response.status_code, response.body) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == SHOP
    assert words(response, "Access-Control-Allow-Methods") == {"GET", "PATCH", "PUT", "DELETE", "OPTIONS"}
    assert words(response, "Access-Control-Allow-Headers") == {
        *("Authorization", "Content-Type", "Idempotency-Key", "If-Match")
    }


def test_a_preflight_request_may_have_any_content_type(shop: World) -> None:
    response = shop.send("OPTIONS", ONE, token="", headers={"Origin": SHOP, "Content-Type": "text/plain"})

    assert response.status_code == 204


def test_every_route_has_a_preflight() -> None:
    assert [path for path, views in app.routes.items() if "OPTIONS" not in views] == []


def test_a_page_reads_what_it_needs_for_its_next_request(shop: World) -> None:
    created = shop.post("/v1/schedules", {}, headers={"Origin": SHOP})

    assert created.headers["Access-Control-Allow-Origin"] == SHOP
    assert words(created, "Access-Control-Expose-Headers") == {"ETag", "Location", "Retry-After"}
    assert created.headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", [OTHER, f"{SHOP}.evil.example", "null", "http://shop.example.com"])
def test_another_origin_is_allowed_nothing(shop: World, origin: str) -> None:
    answers = (preflight(shop, ONE, origin), shop.get("/v1/schedules", headers={"Origin": origin}))

    assert all(answer.headers["Vary"] == "Origin" for answer in answers)
    assert not any("Access-Control" in header for answer in answers for header in answer.headers)


def test_without_the_setting_no_page_may_call(world: World) -> None:
    answers = (preflight(world, ONE), world.get("/v1/schedules", headers={"Origin": SHOP}))

    assert not any("Access-Control" in header for answer in answers for header in answer.headers)
    assert answers[0].headers["Allow"] == "DELETE, GET, OPTIONS, PATCH, PUT"


def test_of_several_origins_each_is_named_to_itself(issuer: FakeIssuer) -> None:
    world = World(issuer, cors_origins=(SHOP, OTHER))

    named = [world.get("/healthz", headers={"Origin": origin}).headers for origin in (SHOP, OTHER)]

    assert [headers["Access-Control-Allow-Origin"] for headers in named] == [SHOP, OTHER]


def test_a_star_allows_every_page_and_never_credentials(issuer: FakeIssuer) -> None:
    response = preflight(World(issuer, cors_origins=("*",)), ONE, "null")

    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_a_page_can_read_a_refusal(shop: World) -> None:
    refused = shop.get("/v1/schedules", token="", headers={"Origin": SHOP})

    assert problem(refused) == (401, "not-authenticated")
    assert refused.headers["Access-Control-Allow-Origin"] == SHOP


def test_a_page_can_read_what_chalice_refuses(shop: World) -> None:
    refused = shop.post("/v1/schedules", {}, headers={"Origin": SHOP, "Content-Type": "text/plain"})

    assert refused.status_code == 415
    assert refused.headers["Access-Control-Allow-Origin"] == SHOP


def test_a_setting_names_origins_as_browsers_do() -> None:
    assert read_origins(" https://a.example.com, http://localhost:3000,") == (
        "https://a.example.com",
        "http://localhost:3000",
    )


@pytest.mark.parametrize(
    "wrong", ["a.example.com", "https://a.example.com/", "https://A.example.com", "https://*.example.com", "null"]
)
def test_a_setting_that_no_browser_would_send_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="not an origin such as"):
        read_origins(wrong)
