"""What the end-to-end tests talk to a running stack with: HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import urllib3


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
