"""Requests of any shape, made by schemathesis from the description of the API: such as fit it, and such as do not.

Chance alone never finds the id of a schedule that exists, or a mail address; so some requests get parts that are right.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode

from chalicelib.openapi import document
from tests.http.world import MAIL

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


def requests(operation: str, known: Mapping[str, str]) -> SearchStrategy[Request]:
    """Of an operation such as `GET /v1/schedules`. `known` are values of its path's parameters that exist."""
    made = [_operations()[operation].as_strategy(generation_mode=mode) for mode in GenerationMode]
    parts = st.fixed_dictionaries({}, optional={name: st.sampled_from(good) for name, good in GOOD_PARTS.items()})
    ids = st.fixed_dictionaries({}, optional={name: st.just(value) for name, value in known.items()})
    return st.builds(_request, st.one_of(made), parts, ids)


@cache
def _operations() -> Mapping[str, Any]:
    described = schemathesis.openapi.from_dict(dict(document()))
    return {operation.label: operation for operation in (found.ok() for found in described.get_all_operations())}


def _request(case: Any, parts: Mapping[str, Any], ids: Mapping[str, str]) -> Request:
    sent = case.as_transport_kwargs(base_url="http://api")
    path = urlsplit(sent["url"]).path
    if ids and "{" in case.operation.path:
        path = case.operation.path.format_map(_Quoted(case.path_parameters) | ids)
    query = urlencode(sent.get("params") or {}, doseq=True)
    headers = {name: str(value) for name, value in sent["headers"].items() if name != "Authorization"}
    return Request(sent["method"], path + (f"?{query}" if query else ""), headers, _body(sent, parts))


class _Quoted(dict[str, Any]):
    """Values of a path as they stand in a URL."""

    def __or__(self, others: Any) -> _Quoted:
        return _Quoted({name: quote(str(value), safe="") or "-" for name, value in {**self, **others}.items()})


def _body(sent: Mapping[str, Any], parts: Mapping[str, Any]) -> bytes:
    if "json" in sent:
        body = sent["json"]
        return json.dumps(body | parts if isinstance(body, dict) else body).encode()
    data = sent.get("data") or b""
    return data if isinstance(data, bytes) else str(data).encode()
