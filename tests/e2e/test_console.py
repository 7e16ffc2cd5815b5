"""The console's way in, over real processes: its page, its settings, the issuer's page, a code, a token, the API."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from datetime import timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import urllib3
from playwright.sync_api import expect

from tests.console.browser import LONGEST_WAIT_MS
from tests.console.site import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from local.app.stack import Stack
    from tests.e2e.cloud import Clock

pytestmark = pytest.mark.e2e

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def get(url: str, **headers: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", url, headers=headers, redirect=False, retries=False, timeout=30)


def post(url: str, form: dict[str, str], origin: str) -> urllib3.BaseHTTPResponse:
    headers = FORM | {"Origin": origin}
    return urllib3.request(
        "POST", url, body=urlencode(form), headers=headers, redirect=False, retries=False, timeout=30
    )


def signed_in(api_url: str, user: str) -> dict[str, Any]:
    """The tokens that a browser at the console gets, once `user` has signed in."""
    settings = get(f"{api_url}/console/settings.json").json()
    verifier, console = token_urlsafe(32), f"{api_url}/console"
    asked = {
        "response_type": "code",
        "client_id": settings["client_id"],
        "redirect_uri": console,
        "scope": settings["scope"],
        "state": "af0ifjsldkj",
        "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    page = f"{settings['authorization_endpoint']}?{urlencode(asked)}"
    assert "Sign in as alice" in get(page).data.decode()
    back = post(page, {"user": user}, _origin(page)).headers["Location"]
    exchange = {
        "grant_type": "authorization_code",
        "code": parse_qs(urlsplit(back).query)["code"][0],
        "redirect_uri": console,
        "client_id": settings["client_id"],
        "code_verifier": verifier,
    }
    tokens: dict[str, Any] = post(settings["token_endpoint"], exchange, _origin(console)).json()
    return tokens


def _origin(url: str) -> str:
    place = urlsplit(url)
    return f"{place.scheme}://{place.netloc}"


def test_the_page_loads_its_files_and_may_reach_the_issuer(stack: Stack) -> None:
    page = get(f"{stack.api_url}/console")
    names = re.findall(r'(?:src|href)="(console/[^"]+)"', page.data.decode())

    files = [get(f"{stack.api_url}/{name}") for name in names]

    assert names
    assert {(file.status, file.headers["Cache-Control"]) for file in files} == {
        (200, "public, max-age=31536000, immutable")
    }
    assert f"connect-src 'self' {stack.cloud_url};" in page.headers["Content-Security-Policy"]


def test_who_signs_in_at_the_issuer_reaches_the_api_as_that_user(stack: Stack) -> None:
    token = signed_in(stack.api_url, "console-user")["access_token"]

    created = urllib3.request(
        "PUT",
        f"{stack.api_url}/v1/schedules/by-console",
        json={"timing": {"at": "2100-03-01T09:00:00Z"}, "action": {"type": "event", "detail_type": "console"}},
        headers={"Authorization": f"Bearer {token}"},
    )

    assert (created.status, created.json()["user_id"]) == (201, "console-user")


def test_a_user_signs_in_with_one_click_and_sees_a_schedule(stack: Stack, browser: Browser) -> None:
    """The browser tests of each view are long; this one notices a page that stays empty."""
    site = Site(stack.api_url, stack.cloud_url, browser)
    schedule = site.client("alice").create(
        timing={"at": "2100-03-01T09:00:00Z"}, action={"type": "event", "detail_type": "console"}, name="Seen"
    )

    with site.page(None, f"#/schedules/{schedule['schedule_id']}") as page:
        page.get_by_role("button", name="Sign in as alice").click()
        expect(page.get_by_role("heading", name="Seen")).to_be_visible(timeout=LONGEST_WAIT_MS)


def test_a_clock_advance_ends_no_session_and_the_page_learns_the_cloud_s_time(stack: Stack, clock: Clock) -> None:
    token = signed_in(stack.api_url, "console-user")["access_token"]
    clock.travel(days=30)

    answer = get(f"{stack.api_url}/v1/schedules", Authorization=f"Bearer {token}")

    assert answer.status == 200
    assert abs(parsedate_to_datetime(answer.headers["Date"]) - clock.now()) < timedelta(seconds=5)
