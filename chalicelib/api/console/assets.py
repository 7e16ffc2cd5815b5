"""The console's static files, served under names with a digest of all files, so that browsers may keep them.

`index.html` refers to a file as `console/main.js`, and a file to another one as `"./libs.js"`. Both are rewritten to
`main.3f2a….js`. A page that was loaded before a deployment asks for an old digest. It gets the current file, whose own
references then have the old digest as well: with the new digest, the browser would load a second copy of `libs.js`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from ..models.console import ConsoleFileNotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

STATIC = Path(__file__).parent / "static"
PAGE = "index.html"
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
DIGEST_LENGTH = 12

_SERVED = re.compile(rf"([a-z0-9-]+)(?:\.([0-9a-f]{{{DIGEST_LENGTH}}}))?(\.[a-z]+)")
_FROM_PAGE = re.compile(r'"console/([a-z0-9-]+\.[a-z]+)"')
_FROM_FILE = re.compile(r'"\./([a-z0-9-]+\.[a-z]+)"')


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served. `is_current`: its name has the current digest, so its content never changes."""

    content: str
    content_type: str
    is_current: bool


class Assets:
    """The static files by name, such as `main.js`."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = {name: content for name, content in files.items() if name != PAGE}
        self._page = files[PAGE]
        self.digest = _digest(files)
        self._current = {name: self._rewritten(content, self.digest) for name, content in self._files.items()}

    def page(self) -> str:
        """Returns index.html, whose references have the current digest."""
        return self.linked(self._page)

    def linked(self, page: str) -> str:
        """Returns a page with the current digest in its references to files, such as `"console/main.js"`."""
        return _FROM_PAGE.sub(lambda found: f'"console/{self._served(found[1], self.digest)}"', page)

    def find(self, name: str) -> Asset:
        """Returns a file by its served name, with any digest or none. Raises ConsoleFileNotFound."""
        stem, digest, suffix = _split(name)
        found = stem + suffix
        if found not in self._files:
            raise ConsoleFileNotFound
        is_current = digest == self.digest
        content = self._current[found] if is_current else self._rewritten(self._files[found], digest)
        return Asset(content, CONTENT_TYPES[suffix], is_current)

    def _rewritten(self, content: str, digest: str | None) -> str:
        return _FROM_FILE.sub(lambda found: f'"./{self._served(found[1], digest)}"', content)

    def _served(self, name: str, digest: str | None) -> str:
        """Returns the name with the digest. A name that is none of the files is text, and stays as it is."""
        if name not in self._files or digest is None:
            return name
        stem, _, suffix = name.rpartition(".")
        return f"{stem}.{digest}.{suffix}"


@cache
def assets() -> Assets:
    """Returns the console's files, read at the first call."""
    return Assets({path.name: path.read_text(encoding="utf-8") for path in STATIC.iterdir() if _is_served(path)})


def _is_served(path: Path) -> bool:
    return path.name == PAGE or path.suffix in CONTENT_TYPES


def _digest(files: Mapping[str, str]) -> str:
    listed = "\0".join(f"{name}\0{files[name]}" for name in sorted(files))
    return sha256(listed.encode()).hexdigest()[:DIGEST_LENGTH]


def _split(name: str) -> tuple[str, str | None, str]:
    """Returns stem, digest and suffix of a served name. Raises ConsoleFileNotFound if it cannot be one."""
    found = _SERVED.fullmatch(name)
    if found is None:
        raise ConsoleFileNotFound
    return found[1], found[2], found[3]
