"""Requests of any shape, made by schemathesis from the description of the API: such as fit it, and such as do not.

Chance alone never finds the id of a schedule that exists, or a mail address; so some requests get parts that are right.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode

from tests.api.route_table import document
from tests.api.world import MAIL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import SearchStrategy

OPERATIONS = sorted(f"{method.upper()} {path}" for path, of in document()["paths"].items() for method in of)
GOOD_PARTS: Mapping[str, list[Any]] = {
    "timing": [{"at": "2100-03-01T09:00:00", "timezone": "Europe/Berlin"}, {"rate": "365 days"}],
    "action": [MAIL, {"type": "event", "detail_type": "x"}, {"type": "webhook", "url": "https://example.com"}],
}


@dataclass(frozen=True)
class Request:
    """As it goes over the wire."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"{self.method} {self.path[:1000]} {dict(self.headers)} {self.body[:2000]!r}"


def requests(operation: str, known: Mapping[str, str]) -> SearchStrategy[Request]:
    """Of an operation such as `GET /v1/schedules`. `known` are values of its path's parameters that exist."""
    method, _, path = operation.partition(" ")
    made = [_described()[path][method].as_strategy(generation_mode=mode) for mode in GenerationMode]
    parts = st.fixed_dictionaries({}, optional={name: st.sampled_from(good) for name, good in GOOD_PARTS.items()})
    ids = st.fixed_dictionaries({}, optional={name: st.just(value) for name, value in known.items()})
    return st.builds(_request, st.one_of(made), parts, ids)


@cache
def _described() -> Any:
    return schemathesis.openapi.from_dict(dict(document()))


def _request(case: Any, parts: Mapping[str, Any], ids: Mapping[str, str]) -> Request:
    sent = case.as_transport_kwargs(base_url="http://api")
    query = urlencode(sent.get("params") or {}, doseq=True)
    headers = {name: str(value) for name, value in sent["headers"].items() if name != "Authorization"}
    return Request(sent["method"], _path(case, ids) + (f"?{query}" if query else ""), headers, _body(sent, parts))


def _path(case: Any, ids: Mapping[str, str]) -> str:
    """A client would take `.` for a step in the path."""
    values = {**(case.path_parameters or {}), **ids}
    quoted = {name: quote(str(value), safe="").replace(".", "%2E") or "-" for name, value in values.items()}
    path: str = case.operation.path.format_map(quoted)
    return path


def _body(sent: Mapping[str, Any], parts: Mapping[str, Any]) -> bytes:
    if "json" in sent:
        body = sent["json"]
        return json.dumps({**body, **parts} if isinstance(body, dict) else body).encode()
    data = sent.get("data") or b""
    return data if isinstance(data, bytes) else str(data).encode()
