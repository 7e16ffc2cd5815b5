"""What the end-to-end tests talk to a running stack with: HTTP, and patience that has an end."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import urllib3

if TYPE_CHECKING:
    from collections.abc import Callable

Found = TypeVar("Found")
LOOKS_EVERY_SECONDS = 0.05


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; `json` is None without a body."""

    status: int
    json: Any
    headers: urllib3.HTTPHeaderDict


class Client:
    """One user of an HTTP API. `token` None sends no credentials."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(30))

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        content = {} if body is None else {"body": body if isinstance(body, bytes) else json.dumps(body)}
        response = self._pool.request(
            method,
            self.url + path,
            headers={"Content-Type": "application/json", **self._headers, **headers},
            **content,  # type: ignore[arg-type]
        )
        return Answer(response.status, json.loads(response.data) if response.data else None, response.headers)

    def get(self, path: str) -> Any:
        """The JSON of a GET that must succeed."""
        return self._expect(200, self.send("GET", path))

    def create(self, **body: Any) -> dict[str, Any]:
        """A new schedule; the answer must be 201."""
        created: dict[str, Any] = self._expect(201, self.send("POST", "/v1/schedules", body))
        return created

    @staticmethod
    def _expect(status: int, answer: Answer) -> Any:
        assert answer.status == status, answer
        return answer.json


def within(seconds: float, look: Callable[[], Found | None], what: str) -> Found:
    """What `look` finds as soon as it finds something. Fails, naming `what`, when the time is over."""
    give_up_at = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < give_up_at, f"{what}: not within {seconds} s"
        time.sleep(LOOKS_EVERY_SECONDS)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
