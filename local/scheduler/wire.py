"""Parses rest-json requests by botocore's model of the service into an operation and its input.

The model has paths, query names, JSON types, lengths, ranges, patterns and enumerations, so this module repeats none.
"""

import re
from collections.abc import Iterator, Mapping, Sized
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from json import loads
from typing import Any, cast
from urllib.parse import unquote

from botocore.loaders import Loader
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape

from local.scheduler.errors import UnknownOperation, UnreadableRequest, ValidationFailed

Query = Mapping[str, str | list[str]]


@dataclass(frozen=True)
class Request:
    """An operation of the service, and its input as boto3 accepts it (timestamps are aware UTC)."""

    operation: str
    members: dict[str, Any]


def read(method: str, path: str, query: Query, body: bytes) -> Request:
    """Raises UnknownOperation, UnreadableRequest, and ValidationFailed in AWS's words for all violations together."""
    operation, labels = _route(method, path)
    shape = cast("StructureShape", operation.input_shape)  # every operation has one
    reader = _Reader()
    members = reader.structure(shape, _gather(shape, labels, query, body), "")
    reader.raise_violations()
    return Request(operation.name, members)


@cache
def _routes() -> list[tuple[str, re.Pattern[str], OperationModel]]:
    model = ServiceModel(Loader().load_service_model("scheduler", "service-2"))
    return [_route_of(model.operation_model(name)) for name in model.operation_names]


def _route_of(operation: OperationModel) -> tuple[str, re.Pattern[str], OperationModel]:
    pattern = re.sub(r"{(\w+)}", r"(?P<\1>.+)", operation.http["requestUri"])
    return operation.http["method"], re.compile(pattern), operation


def _route(method: str, path: str) -> tuple[OperationModel, dict[str, str]]:
    for route_method, pattern, operation in _routes():
        if route_method == method and (match := pattern.fullmatch(path)):
            return operation, {name: unquote(value) for name, value in match.groupdict().items()}
    raise UnknownOperation(f"{method} {path}")


def _gather(shape: StructureShape, labels: Mapping[str, str], query: Query, body: bytes) -> dict[str, Any]:
    """Returns each member from its place in the model: path, query or body."""
    content = _json_object(body)
    gathered: dict[str, Any] = {}
    for name, member in shape.members.items():
        wire_name = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case "uri":
                gathered[name] = labels[wire_name]
            case "querystring":
                gathered[name] = _query_value(member, query.get(wire_name))
            case _:
                gathered[name] = content.get(wire_name)
    return gathered


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        content = loads(body or b"{}")
    except ValueError as exc:
        raise UnreadableRequest("The body is not JSON.") from exc
    if not isinstance(content, dict):
        raise UnreadableRequest("The body is not a JSON object.")
    return content


def _query_value(shape: Shape, value: str | list[str] | None) -> Any:
    if value is None:
        return None
    texts = [value] if isinstance(value, str) else value
    if shape.type_name == "list":
        return texts
    if shape.type_name == "integer":
        return _integer(texts[0])
    return texts[0]


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError as exc:
        raise UnreadableRequest(f"{text!r} can not be converted to an Integer") from exc


@dataclass
class _Reader:
    """Checks values against their shapes and collects violations: AWS reports all of them in one message."""

    violations: list[str] = field(default_factory=list)

    def raise_violations(self) -> None:
        if self.violations:
            count = len(self.violations)
            errors = "error" if count == 1 else "errors"
            raise ValidationFailed(f"{count} validation {errors} detected: {'; '.join(self.violations)}")

    def structure(self, shape: StructureShape, value: dict[str, Any], path: str) -> dict[str, Any]:
        """Returns the members of the model that are present. Others are ignored, as AWS does."""
        present: dict[str, Any] = {}
        for name, member in shape.members.items():
            member_path = f"{path}.{_camel(name)}" if path else _camel(name)
            if value.get(name) is not None:
                present[name] = self._value(member, value[name], member_path)
            elif name in shape.required_members:
                self._violated(None, member_path, "not be null")
        return present

    def _value(self, shape: Shape, value: Any, path: str) -> Any:
        expected = _JSON_TYPES[shape.type_name]
        if not isinstance(value, expected) or (isinstance(value, bool) and shape.type_name != "boolean"):
            raise UnreadableRequest(f"{path} can not be converted to {shape.name}")
        for constraint in _broken_constraints(shape, value):
            self._violated(value, path, constraint)
        return self._inside(shape, value, path)

    def _inside(self, shape: Shape, value: Any, path: str) -> Any:
        if isinstance(shape, StructureShape):
            return self.structure(shape, value, path)
        if isinstance(shape, ListShape):
            return [self._value(shape.member, item, f"{path}.{n}.member") for n, item in enumerate(value, start=1)]
        if shape.type_name == "timestamp":
            return _instant(value, path)
        return value

    def _violated(self, value: Any, path: str, constraint: str) -> None:
        shown = "null" if value is None else f"'{value}'"
        self.violations.append(f"Value {shown} at '{path}' failed to satisfy constraint: Member must {constraint}")


_JSON_TYPES: dict[str, type | tuple[type, ...]] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "timestamp": (int, float),
}


def _broken_constraints(shape: Shape, value: Any) -> Iterator[str]:
    limits = shape.metadata
    size, measure = (len(value), "length") if isinstance(value, Sized) else (value, "value")
    if "max" in limits and size > limits["max"]:
        yield f"have {measure} less than or equal to {limits['max']}"
    if "min" in limits and size < limits["min"]:
        yield f"have {measure} greater than or equal to {limits['min']}"
    if "pattern" in limits and not re.fullmatch(limits["pattern"], value, re.ASCII):
        yield f"satisfy regular expression pattern: ^{limits['pattern']}$"
    if "enum" in limits and value not in limits["enum"]:
        yield f"satisfy enum value set: [{', '.join(limits['enum'])}]"


def _instant(seconds: float, path: str) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as exc:
        raise UnreadableRequest(f"{path} can not be converted to a timestamp") from exc


def _camel(name: str) -> str:
    return name[0].lower() + name[1:]
