"""Reads a request's body as a JSON object. It must be UTF-8, with unique names in each object and finite numbers."""

from __future__ import annotations

import json
import math
from collections import Counter
from email.message import Message
from typing import TYPE_CHECKING, Any, NoReturn

from ..models.requests import NotJson, UnsupportedMediaType

if TYPE_CHECKING:
    from chalice.app import Request

JSON_TYPES = frozenset({"application/json", "application/x-www-form-urlencoded"})
"""The second is the default of `curl -d`. Its body is read as JSON as well."""

CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})
"""JSON between systems is UTF-8 (RFC 8259, section 8.1), and API Gateway decodes each body as UTF-8."""

DEEPEST = 100
"""Largest number of nested arrays and objects. Python's own limit depends on the depth of the call stack."""

MOST_DIGITS = 4300
"""Largest number of digits of an integer: Python's limit (sys.int_info.default_max_str_digits)."""


class _Refused(ValueError):
    """The JSON is valid but not accepted. The message is the reason."""


def read_object(request: Request) -> dict[str, Any]:
    """Returns the body's JSON object. Raises UnsupportedMediaType, or NotJson if the body is anything else."""
    _check_media_type(request.headers.get("content-type", "application/json"))
    value = _value(_text(request.raw_body))
    if not isinstance(value, dict):
        raise NotJson
    if _is_deeper_than(DEEPEST, value):
        raise NotJson(_too_deep())
    return value


def _check_media_type(header: str) -> None:
    message = Message()
    message["Content-Type"] = header
    if message.get_content_type() not in JSON_TYPES:
        raise UnsupportedMediaType("The body must be application/json.")
    if (message.get_content_charset() or "utf-8") not in CHARSETS:
        raise UnsupportedMediaType("The charset of the body must be utf-8.")


def _text(raw: bytes | str) -> str:
    if not raw:
        raise NotJson("The body is empty; send a JSON object.")
    try:
        return raw if isinstance(raw, str) else raw.decode()
    except UnicodeDecodeError as exc:
        raise NotJson(f"The body is not UTF-8: byte {exc.start + 1:,} is invalid.") from exc


def _value(text: str) -> Any:
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_number, parse_int=_whole, parse_float=_finite
        )
        # json.loads accepts half of a surrogate pair ("\ud800"), which cannot be encoded later.
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as exc:
        raise NotJson(f"The body is not JSON: line {exc.lineno:,}, column {exc.colno:,} is invalid.") from exc
    except UnicodeEncodeError as exc:
        raise NotJson("The body has half of a surrogate pair, such as \\ud800, which is not valid text.") from exc
    except RecursionError as exc:
        raise NotJson(_too_deep()) from exc
    except _Refused as exc:
        raise NotJson(f"The body is not accepted: {exc}.") from exc
    return value


def _too_deep() -> str:
    return f"The body is nested deeper than {DEEPEST} levels."


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        ((repeated, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise _Refused(f"an object has {json.dumps(repeated)} more than once")
    return found


def _no_number(text: str) -> NoReturn:
    raise _Refused(f"{text} is not a JSON number")


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise _Refused(f"a number has more than {MOST_DIGITS:,} digits")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _Refused(f"the number {text[:20]} is too large")
    return number


def _is_deeper_than(levels: int, value: object) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper_than(levels - 1, item) for item in inner)
