"""What the description of the API says about an answer: whether it may be, and what is wrong with it."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from jsonschema import Draft202012Validator

from tests.api.route_table import document

if TYPE_CHECKING:
    from collections.abc import Mapping


OF_ANY_ANSWER = re.compile(
    "Content-.*|X-Content-Type-Options|Referrer-Policy|Cross-Origin-.*|Access-Control-.*|Vary|Date|Server|Connection",
    re.IGNORECASE,
)
"""Headers that HTTP and browsers define for any answer; the description leaves them out."""


class Answer(Protocol):
    """What is judged of an answer; Chalice's test client has it."""

    @property
    def status_code(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, Any]: ...

    @property
    def body(self) -> bytes: ...

    @property
    def json_body(self) -> Any: ...


def check(method: str, path: str, response: Answer) -> None:
    """Raises AssertionError if one of our routes answers what its description does not. Others are not judged."""
    template = _template(path.partition("?")[0])
    operation = document()["paths"].get(template, {}).get(method.lower())
    if operation is None:
        return
    answer = operation["responses"].get(str(response.status_code))
    assert answer is not None, f"{method} {template} answers {response.status_code}, and the description does not"
    _check_headers(answer, response)
    _check_content(answer, response)
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        name = response.json_body["type"].rpartition(":")[2]
        assert f"`{name}`" in answer["description"], f"{method} {template} answers {name}, and the description does not"


def _check_headers(answer: dict[str, Any], response: Answer) -> None:
    described = answer.get("headers", {})
    missing = {name for name, header in described.items() if header["required"]} - response.headers.keys()
    assert not missing, f"{response.status_code} lacks {missing}"
    hidden = {name for name in response.headers if not OF_ANY_ANSWER.fullmatch(name)} - described.keys()
    assert not hidden, f"{response.status_code} has {hidden}, and the description does not"


def _check_content(answer: dict[str, Any], response: Answer) -> None:
    if "content" not in answer:
        assert response.body == b""
        return
    ((media_type, content),) = answer["content"].items()
    # What has no type is JSON to API Gateway.
    assert fnmatchcase(response.headers.get("Content-Type", "application/json").partition(";")[0], media_type)
    if content["schema"]:
        error = next(_validator(content["schema"]["$ref"]).iter_errors(response.json_body), None)
        assert error is None, error


@cache
def _template(path: str) -> str | None:
    """The route that takes this path; one without a parameter before one with."""
    fitting = [
        template for template in document()["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
    ]
    return min(fitting, key=lambda template: template.count("{"), default=None)


@cache
def _validator(ref: str) -> Any:
    return Draft202012Validator({"$ref": ref, "components": document()["components"]})
