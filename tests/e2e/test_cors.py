"""A page of another origin in a real browser, which alone decides what the page may send and read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.browser import result_of, serving
from tests.e2e.client import Client

if TYPE_CHECKING:
    from pathlib import Path

    from local.app.stack import Stack

pytestmark = pytest.mark.e2e

PAGE = """<!doctype html><title>a shop</title><pre id="result"></pre><script>
const API = %(api)s, TOKEN = %(token)s;
const send = async (method, path, body, headers = {}) => {
  try {
    const answer = await fetch(API + path, {
      method,
      body: body && JSON.stringify(body),
      headers: body ? {"Content-Type": "application/json", ...headers} : headers,
    });
    const text = await answer.text();
    const [ETag, Location] = ["ETag", "Location"].map((name) => answer.headers.get(name));
    return {status: answer.status, body: text && JSON.parse(text), ETag, Location};
  } catch (error) {
    return {refused: String(error)};
  }
};
(async () => {
  const authorization = {Authorization: "Bearer " + TOKEN};
  const schedule = {
    timing: {after: "PT1H"},
    action: {type: "email", to: ["alice@example.com"], subject: "from a page", text: "It is time."},
  };
  const created = await send("POST", "/v1/schedules", schedule, {...authorization, "Idempotency-Key": "once"});
  const path = "/v1/schedules/" + (created.body ? created.body.schedule_id : "none");
  const renamed = await send("PATCH", path, {name: "renamed"}, {...authorization, "If-Match": created.ETag || '"1"'});
  const outdated = await send("PATCH", path, {name: "again"}, {...authorization, "If-Match": '"1"'});
  const cancelled = await send("DELETE", path, undefined, authorization);
  const without_token = await send("GET", "/v1/schedules");
  const mistyped = await send("GET", "/v1/shedules");
  document.getElementById("result").textContent =
    JSON.stringify({created, renamed, outdated, cancelled, without_token, mistyped});
})();
</script>"""


def page(stack: Stack, user: str) -> str:
    values = {"api": stack.api_url, "token": stack.token(user)}
    return PAGE % {name: json.dumps(value) for name, value in values.items()}


def problem(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["status"], answer["body"]["type"].rpartition(":")[2]


def test_a_page_of_an_allowed_origin_creates_changes_and_cancels(stack: Stack, page_port: int, tmp_path: Path) -> None:
    with serving(page(stack, "allowed page"), page_port) as origin:
        did = result_of(f"{origin}/", tmp_path)

    created = did["created"]
    assert (created["status"], did["renamed"]["status"], did["cancelled"]["status"]) == (201, 200, 204), did
    assert created["Location"].endswith(created["body"]["schedule_id"])
    assert created["ETag"] == f'"{created["body"]["revision"]}"'
    assert did["renamed"]["body"]["name"] == "renamed"


def test_a_page_of_an_allowed_origin_reads_why_it_was_refused(stack: Stack, page_port: int, tmp_path: Path) -> None:
    with serving(page(stack, "refused page"), page_port) as origin:
        did = result_of(f"{origin}/", tmp_path)

    assert problem(did["outdated"]) == (412, "revision-mismatch")
    assert problem(did["without_token"]) == (401, "not-authenticated")
    assert problem(did["mistyped"]) == (404, "route-not-found")


def test_a_page_of_another_origin_can_do_and_read_nothing(stack: Stack, tmp_path: Path) -> None:
    with serving(page(stack, "foreign page")) as origin:
        did = result_of(f"{origin}/", tmp_path)

    assert {answer.get("refused") for answer in did.values()} == {"TypeError: Failed to fetch"}
    assert Client(stack.api_url, stack.token("foreign page")).get("/v1/schedules")["items"] == []
