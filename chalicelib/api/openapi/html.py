"""Renders the OpenAPI document as one HTML page without scripts and without external resources."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "summary{cursor:pointer;padding:.3rem 0}summary b{font-family:monospace}"
    "pre{overflow:auto;background:#8882;padding:1rem}"
    "code,pre{font-size:14px}"
)

SHOWN = ("parameters", "requestBody", "responses")


def render(document: Mapping[str, Any]) -> str:
    """Returns the HTML page of an OpenAPI document of this service. All texts are escaped."""
    info, schemas = document["info"], document["components"]["schemas"]
    title = escape(f"{info['title']} {info['version']}")
    operations = [
        _operation(method, path, operation)
        for path, of in document["paths"].items()
        for method, operation in of.items()
    ]
    models = [
        _folded(f'<b id="{escape(name)}">{escape(name)}</b>', schema, schema["description"])
        for name, schema in schemas.items()
    ]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
        f'<h1>{title}</h1><p><a href="openapi.json">openapi.json</a>, OpenAPI {escape(document["openapi"])}</p>'
        f"<h2>Routes</h2>{''.join(operations)}<h2>Schemas</h2>{''.join(models)}</html>"
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    scopes = ", ".join(scope for need in operation["security"] for scope in need["bearer"]) or "public"
    line = (
        f"<b>{escape(method.upper())} {escape(path)}</b> {escape(operation['summary'])} <code>{escape(scopes)}</code>"
    )
    shown = {name: operation[name] for name in SHOWN if operation.get(name)}
    return _folded(line, shown, operation["description"])


def _folded(line: str, content: Mapping[str, Any], text: str) -> str:
    shown = escape(json.dumps(content, indent=2))
    return f"<details><summary>{line}</summary><p>{escape(text)}</p><pre>{shown}</pre></details>"
