"""Chalice's record of a deployment: the file .chalice/deployed/{stage}.json, which `chalice deploy` writes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deploy.errors import DeployError
from deploy.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

Content = dict[str, Any]


@dataclass(frozen=True)
class Stored:
    """The record in S3."""

    content: Content
    etag: str


class LocalRecord:
    """One stage's record in the Chalice app of `project`, and a copy of the record last fetched or stored."""

    def __init__(self, project: Path, stage: str) -> None:
        self._stage = stage
        self.path = project / ".chalice" / "deployed" / f"{stage}.json"
        self._fetched = self.path.with_name(f"{stage}.fetched")

    def read(self) -> Content | None:
        """Returns the record; None if there is none. Raises DeployError if the file is not a record."""
        return parsed(self.path.read_bytes(), str(self.path)) if self.path.exists() else None

    def deployed(self) -> tuple[Content, str]:
        """Returns the record and the id of its REST API. Raises DeployError if there is no such record."""
        content = self.read()
        api_id = api_id_of(content)
        if content is None or api_id is None:
            raise DeployError(f"{self.path} names no REST API: run chalice deploy --stage {self._stage} first.")
        return content, api_id

    def write(self, content: Content) -> None:
        write_atomically(self.path, serialized(content))

    @property
    def fetched(self) -> Stored | None:
        """Returns the record that was last fetched from or stored in S3; None if there was none."""
        if not self._fetched.exists():
            return None
        found = parsed(self._fetched.read_bytes(), str(self._fetched))
        return Stored(found["content"], found["etag"])

    def note(self, stored: Stored) -> None:
        """Store a copy of S3's current record."""
        write_atomically(self._fetched, serialized({"etag": stored.etag, "content": stored.content}))


def api_id_of(record: Content | None) -> str | None:
    """Returns the id of the REST API in Chalice's record, or None."""
    resources = (record or {}).get("resources", [])
    return next((one["rest_api_id"] for one in resources if "rest_api_id" in one), None)


def serialized(content: Content) -> bytes:
    return (json.dumps(content, indent=2, sort_keys=True) + "\n").encode()


def parsed(content: bytes, where: str) -> Content:
    """Returns a record. Raises DeployError, which names `where`, if the content is not a JSON object."""
    try:
        found = json.loads(content)
    except ValueError as error:
        raise DeployError(f"{where} is not JSON: {error}.") from error
    if not isinstance(found, dict):
        raise DeployError(f"{where} is not a JSON object.")
    return found
