"""The example requests of the API reference: curl, Python and JavaScript send the same request."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.api.openapi.html import samples
from chalicelib.api.openapi.html.literals import WIDTH, as_json, as_python
from chalicelib.api.openapi.html.operations import entries
from chalicelib.api.openapi.html.samples import Sample
from tests.api.reference_page import page
from tests.api.route_table import document
from tests.web_server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler

OPERATIONS = entries(document())
EXAMPLES = document()["components"]["examples"]
TOKEN = "a.b.c"
SECONDS = 60
HOSTILE = {"text": "it's `$HOME` ${1} \\ \" \n é", "yes": True, "none": None, "list": [False, {}]}


def sample_of(index: int) -> Sample:
    one = OPERATIONS[index]
    return samples.sample(one.method, one.path, one.operation, EXAMPLES)


SENT = [sample_of(index) for index in range(len(OPERATIONS))]
SENT += [
    Sample(
        "POST",
        "/v1/it%27s",
        {"Content-Type": "application/json", "X-Name": "it's"},
        HOSTILE,
        needs_token=True,
        is_answered=True,
    )
]


@contextmanager
def recording() -> Iterator[tuple[str, list[Any]]]:
    """A server that answers everything with `{}`: its URL, and what was sent to it."""
    sent: list[Any] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        sent.append((request.command, request.path, headers_of(request.headers), json.loads(body) if body else None))
        request.send_response(200)
        request.send_header("Content-Length", "2")
        request.end_headers()
        request.wfile.write(b"{}")

    with serving(answer) as url:
        yield url, sent


def headers_of(headers: Any) -> dict[str, str]:
    """The headers that the sample states, not those that each client adds."""
    stated = {"authorization", "content-type", "idempotency-key", "x-name"}
    return {name.lower(): value for name, value in headers.items() if name.lower() in stated}


def expected(one: Sample) -> tuple[str, str, dict[str, str], Any]:
    token = {"authorization": f"Bearer {TOKEN}"} if one.needs_token else {}
    return one.method, one.path, token | {name.lower(): value for name, value in one.headers.items()}, one.body


def run(command: list[str], url: str) -> None:
    environment = {"PATH": os.environ["PATH"], "API": url, "TOKEN": TOKEN, "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr


def test_curl_sends_them() -> None:
    with recording() as (url, sent):
        run(["sh", "-ec", "\n".join(f"{samples.curl(one)} -fsS" for one in SENT)], url)

    assert sent == [expected(one) for one in SENT]


@pytest.mark.long
def test_python_sends_them() -> None:
    with recording() as (url, sent):
        run([sys.executable, "-c", "\n".join(samples.python(one) for one in SENT)], url)

    assert sent == [expected(one) for one in SENT]


def test_javascript_sends_them() -> None:
    constants = "const { API, TOKEN } = process.env;"
    blocks = [f"{{ {samples.javascript(one)} }}" for one in SENT]
    with recording() as (url, sent):
        run([str(shutil.which("node")), "--input-type=module", "-e", "\n".join([constants, *blocks])], url)

    assert sent == [expected(one) for one in SENT]


@pytest.mark.parametrize("index", range(len(OPERATIONS)))
def test_the_page_shows_them(index: int) -> None:
    section = page().anchors[OPERATIONS[index].id]
    shown = {str(block.attributes["aria-label"]).partition(",")[0]: block.text for block in section.all("pre")}

    assert shown["curl"] == samples.curl(sample_of(index))
    assert shown["Python"] == samples.python(sample_of(index))
    assert shown["JavaScript"] == samples.javascript(sample_of(index))


@pytest.mark.parametrize("value", [*(example["value"] for example in EXAMPLES.values()), HOSTILE])
def test_literals_have_the_value(value: Any) -> None:
    assert json.loads(as_json(value)) == value
    assert eval(as_python(value)) == value  # noqa: S307 - text of the test's own


def test_a_part_that_fits_stands_on_one_line() -> None:
    assert as_json({"a": [1, {"b": None}]}) == '{\n  "a": [1, {"b": null}]\n}'
    assert as_json({"a": ["x" * WIDTH]}) == f'{{\n  "a": [\n    "{"x" * WIDTH}"\n  ]\n}}'
    assert as_python({"a": [True, None]}, 4) == '{\n      "a": [True, None],\n    }'
