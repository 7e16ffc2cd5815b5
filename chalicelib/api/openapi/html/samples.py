"""The example request of an operation in curl, Python and JavaScript."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ...responses import JSON
from .literals import as_json, as_python

if TYPE_CHECKING:
    from collections.abc import Mapping

ALWAYS_SHOWN = frozenset({"Idempotency-Key"})
"""Optional parameters that an example has, because clients should send them."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A request: `headers` without the token; `body` None means none."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    needs_token: bool
    is_answered: bool
    """Whether the answer has a JSON body."""


def sample(method: str, path: str, operation: Mapping[str, Any], examples: Mapping[str, Any]) -> Sample:
    """Returns the request with the required parameters of an operation, `ALWAYS_SHOWN`, and the example of its body."""
    parameters = operation["parameters"]
    for at in parameters:
        if at["in"] == "path":
            path = path.replace(f"{{{at['name']}}}", quote(at["example"], safe=""))
    headers = {at["name"]: at["example"] for at in parameters if at["in"] == "header" and at["name"] in ALWAYS_SHOWN}
    body = _body(operation, examples)
    content_type = {"Content-Type": JSON} if body else {}
    return Sample(
        method=method.upper(),
        path=path,
        headers={**content_type, **headers},
        body=body,
        needs_token=bool(operation["security"]),
        is_answered=JSON in operation["responses"][min(operation["responses"])].get("content", {}),
    )


def _body(operation: Mapping[str, Any], examples: Mapping[str, Any]) -> Any:
    content = operation.get("requestBody", {}).get("content", {})
    for name in content.get(JSON, {}).get("examples", {}):
        return examples[name]["value"] or None
    return None


def curl(request: Sample) -> str:
    is_default = request.method == ("POST" if request.body else "GET")
    method = "" if is_default else f"-X {request.method} "
    token = ['-H "Authorization: Bearer $TOKEN"'] if request.needs_token else []
    headers = [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in request.headers.items()]
    body = [f"-d {shlex.quote(as_json(request.body))}"] if request.body else []
    return " \\\n  ".join([f'curl {method}"$API{request.path}"', *token, *headers, *body])


def python(request: Sample) -> str:
    """Returns the request with httpx, which the generated Python client uses as well."""
    token = ['        "Authorization": "Bearer " + os.environ["TOKEN"],'] if request.needs_token else []
    others = [(name, value) for name, value in request.headers.items() if name != "Content-Type"]
    headers = [*token, *(f"        {json.dumps(name)}: {json.dumps(value)}," for name, value in others)]
    shown = ["    headers={", *headers, "    },"] if headers else []
    body = [f"    json={as_python(request.body, 4)},"] if request.body else []
    result = "answer.json()" if request.is_answered else "answer.status_code"
    lines = [
        *("import os", "", "import httpx", "", "answer = httpx.request("),
        *(f'    "{request.method}",', f'    os.environ["API"] + "{request.path}",', *shown, *body, ")"),
        *("answer.raise_for_status()", f"print({result})"),
    ]
    return "\n".join(lines)


def javascript(request: Sample) -> str:
    token = ["    Authorization: `Bearer ${TOKEN}`,"] if request.needs_token else []
    headers = [*token, *(f"    {json.dumps(name)}: {json.dumps(value)}," for name, value in request.headers.items())]
    shown = ["  headers: {", *headers, "  },"] if headers else []
    body = [f"  body: JSON.stringify({as_json(request.body, 2)}),"] if request.body else []
    result = "await answer.json()" if request.is_answered else "answer.status"
    lines = [
        *(f"const answer = await fetch(`${{API}}{request.path}`, {{", f'  method: "{request.method}",', *shown, *body),
        *("});", "if (!answer.ok) throw new Error((await answer.json()).detail);", f"console.log({result});"),
    ]
    return "\n".join(lines)
