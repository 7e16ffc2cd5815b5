"""docs/emulation.md lists what is below /_local/: each request on the page works, and none is missing."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

if TYPE_CHECKING:
    from tests.e2e.cloud import Clock, LocalCloud

pytestmark = pytest.mark.e2e

PAGE = (Path(__file__).parents[2] / "docs" / "emulation.md").read_text()
REQUESTS = re.findall(r"^\| `([A-Z]+) (/_local/\S+)` \|(?: `(.+?)`)? \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_each_request_on_the_page_works(cloud: LocalCloud, clock: Clock, method: str, path: str, body: str) -> None:
    if body and not body.startswith("{"):
        assert status_of_form(cloud, method, path, body) in (200, 303)
        return

    answer = cloud.send(method, path, ahead_of(clock, json.loads(body)) if body else None)

    assert answer.status in (200, 201, 204), answer


def status_of_form(cloud: LocalCloud, method: str, path: str, form: str) -> int:
    """As the issuer's own page sends it; with GET as a query."""
    url, body = (f"{cloud.url}{path}?{form}", None) if method == "GET" else (cloud.url + path, form)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": cloud.url}
    return urllib3.request(method, url, body=body, headers=headers, redirect=False, retries=False).status


def ahead_of(clock: Clock, body: dict[str, Any]) -> dict[str, Any]:
    """With an instant that still lies ahead: the page's does not for ever."""
    return {**body, "to": (clock.now() + timedelta(hours=1)).isoformat()} if "to" in body else body


def test_no_path_and_no_method_is_missing_on_the_page(cloud: LocalCloud) -> None:
    known = cloud.send("GET", "/_local/nothing").json["message"].partition("; allowed: ")[2].split(", ")
    methods = {path: cloud.send("PUT", path).json["message"].partition("; allowed: ")[2] for path in known}

    known = [path for path in known if not path.startswith("/_local/outbox/")]  # files of the outbox's page
    listed = {(method, path) for method, path, _ in REQUESTS}
    assert {path for _, path in listed} == set(known)
    assert all((method, path) in listed for path in known for method in re.findall("[A-Z]+", methods[path]))


@pytest.fixture(autouse=True)
def _no_fault_and_no_lag_remain_and_the_sweeper_does(cloud: LocalCloud) -> Any:
    sweeper = cloud.get("/_local/sweeper")
    yield
    cloud.send("DELETE", "/_local/faults")
    cloud.send("POST", "/_local/table-lag", {"seconds": 0})
    cloud.send("POST", "/_local/sweeper", sweeper)
