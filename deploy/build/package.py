"""The zip of the Notification Lambda: same input, same bytes, whoever builds it and where.

Terraform compares checksums, so a zip that differs without reason would be a deployment without reason.
"""

import hashlib
import importlib.metadata
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.errors import DeployError
from deploy.files import write_atomically
from deploy.paths import NOTIFICATION_PACKAGE, PROJECT

OUR_PARTS = ("notification", "chalicelib/__init__.py", "chalicelib/core")
OLDEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
PLAIN_FILE = 0o100644 << 16  # as st_mode, in the upper half of external_attr
UNIX = 3


@dataclass(frozen=True)
class Package:
    path: Path
    size: int
    """Bytes."""
    sha256: str
    """Hexadecimal."""


def build(target: Path = NOTIFICATION_PACKAGE, project: Path = PROJECT) -> Package:
    """Write the zip of the Notification Lambda of `project` to `target`.

    Raises DeployError if a part is missing, or the tzdata installed is not the one that requirements.txt pins.
    """
    content = zip_bytes([*our_files(project), *tzdata_files(project)])
    write_atomically(target, content)
    return Package(target, len(content), hashlib.sha256(content).hexdigest())


def zip_bytes(files: Iterable[tuple[str, Path]]) -> bytes:
    """(name in the zip, file) -> the zip. Nothing of the file but its content matters.

    Stored, not deflated: zlib's output differs between its versions, and Lambda unpacks once per cold start anyway.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, path in sorted(files):
            entry = zipfile.ZipInfo(name, OLDEST_ZIP_TIME)
            entry.create_system = UNIX
            entry.external_attr = PLAIN_FILE
            archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()


def our_files(project: Path) -> Iterator[tuple[str, Path]]:
    for part in OUR_PARTS:
        if not (project / part).exists():
            raise DeployError(f"{project / part} is missing: it belongs into the Notification Lambda's zip.")
        for path in _files_of(project / part):
            yield path.relative_to(project).as_posix(), path


def _files_of(part: Path) -> Iterator[Path]:
    paths = [part] if part.is_file() else part.rglob("*")
    return (path for path in paths if path.is_file() and _is_source(path.relative_to(part.parent)))


def _is_source(path: Path) -> bool:
    hidden_or_compiled = any(name.startswith(".") or name == "__pycache__" for name in path.parts)
    return not hidden_or_compiled and path.suffix != ".pyc"


def tzdata_files(project: Path) -> Iterator[tuple[str, Path]]:
    """The files of the installed tzdata. Its version must be the pinned one: it decides when schedules fire."""
    distribution = _installed("tzdata", pinned_version("tzdata", project / "requirements.txt"))
    for file in distribution.files or []:
        if file.parts[0] == "tzdata" and _is_source(Path(file)):
            yield file.as_posix(), Path(str(distribution.locate_file(file)))


def _installed(name: str, version: str) -> importlib.metadata.Distribution:
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        raise DeployError(f"{name} is not installed; requirements.txt pins {version}.") from None
    if distribution.version != version:
        raise DeployError(f"{name} {distribution.version} is installed, but requirements.txt pins {version}.")
    return distribution


def pinned_version(name: str, requirements: Path) -> str:
    """The version that the line `name==version` of `requirements` says."""
    pin = re.search(rf"^{re.escape(name)}==(\S+)", requirements.read_text(), re.MULTILINE)
    if not pin:
        raise DeployError(f"{requirements} pins no version of {name}.")
    return pin[1]
