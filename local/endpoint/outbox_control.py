"""Answers the requests for the outbox: its messages as JSON, its page with the files of it, and copies of webhooks."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Request, Response

from local.endpoint.outbox import Exchange, Outbox
from local.endpoint.outbox_message import HTML_POLICY, THEMES, Links, html_document
from local.endpoint.outbox_page import CONTENT_SECURITY_POLICY, PATH, STATIC, View, render
from local.time.clock import Clock
from local.time.outgoing import PATH as WEBHOOKS_PATH

_NO_STORE = {"Cache-Control": "no-store"}


class OutboxControl:
    """The requests below PATH, and the one by which functions show their webhooks."""

    def __init__(self, outbox: Outbox, clock: Clock, links: Links) -> None:
        self._outbox = outbox
        self._clock = clock
        self._links = links

    @property
    def routes(self) -> dict[str, dict[str, Callable[[Request], Response]]]:
        """Returns the answers by path and method."""
        files = {f"{PATH}/{name}": {"GET": self._show_file} for name in STATIC}
        return {
            PATH: {"GET": self._show, "DELETE": self._empty},
            f"{PATH}/html": {"GET": self._show_html},
            WEBHOOKS_PATH: {"POST": self._record_webhook},
            **files,
        }

    def _show(self, request: Request) -> Response:
        """Returns the page if the client prefers text/html, as browsers do, and JSON otherwise."""
        if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
            return self._page(request)
        lists = {"messages": self._outbox.messages(), "webhooks": self._outbox.webhooks()}
        body = {name: [message.as_json() for message in messages] for name, messages in lists.items()}
        return Response(json.dumps(body), headers=_NO_STORE, content_type="application/json")

    def _page(self, request: Request) -> Response:
        view, now = View.of(request.args), self._clock.now()
        page = render(self._outbox.everything(), view, now, self._links, sent=self._outbox.sent)
        return _html(page, CONTENT_SECURITY_POLICY)

    def _show_html(self, request: Request) -> Response:
        number = View.of(request.args).message
        message = self._outbox.find(number) if number is not None else None
        if message is None:
            raise NotFound("the outbox has no such message")
        theme = request.args.get("theme", "")
        return _html(html_document(message.html, theme if theme in THEMES else ""), HTML_POLICY)

    def _show_file(self, request: Request) -> Response:
        path, kind = STATIC[request.path.rpartition("/")[2]]
        return Response(path.read_bytes(), headers=_NO_STORE, content_type=f"{kind}; charset=utf-8")

    def _empty(self, _: Request) -> Response:
        self._outbox.clear()
        return Response(status=HTTPStatus.NO_CONTENT)

    def _record_webhook(self, request: Request) -> Response:
        try:
            copy = json.loads(request.get_data())
            key = str(copy.pop("access_key_id"))
            exchange = _exchange(copy)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise BadRequest(
                "the body must be a webhook's request and answer, as a function's process sends it"
            ) from error
        self._outbox.record_webhook(exchange, key, self._now())
        return Response(status=HTTPStatus.NO_CONTENT)

    def _now(self) -> datetime:
        return self._clock.now()


def _exchange(copy: Mapping[str, Any]) -> Exchange:
    """Raises LookupError or TypeError if a member is missing or has another type."""
    headers = {str(name): str(value) for name, value in copy["headers"].items()}
    texts = {name: str(copy[name]) for name in ("url", "request", "body")}
    status = copy.get("status")
    results = {"answer": str(copy.get("answer", "")), "error": str(copy.get("error", ""))}
    known = None if status is None else int(status)
    return Exchange(**texts, headers=headers, milliseconds=float(copy["milliseconds"]), status=known, **results)


def _html(content: str, policy: str) -> Response:
    headers = {**_NO_STORE, "Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"}
    return Response(
        content, headers=headers | {"Referrer-Policy": "no-referrer"}, content_type="text/html; charset=utf-8"
    )
