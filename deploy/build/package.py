"""The zip of the Notification Lambda: the same input and the same Python give the same bytes on every machine.

Terraform compares checksums, so a zip that differs without reason would be a deployment without reason.
"""

import hashlib
import importlib.metadata
import io
import re
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.build.action_imports import check_actions
from deploy.build.bytecode import bytecode_files
from deploy.build.lambda_platform import LambdaPlatform
from deploy.build.own_actions import own_action_types
from deploy.build.requirements import REQUIREMENTS, required_files
from deploy.errors import DeployError
from deploy.files import write_atomically
from deploy.paths import NOTIFICATION_PACKAGE, PROJECT

OUR_PARTS = ("notification", "chalicelib/__init__.py", "chalicelib/actions", "chalicelib/core")
OLDEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
PLAIN_FILE = 0o100644 << 16  # as st_mode, in the upper half of external_attr
UNIX = 3


@dataclass(frozen=True)
class Limits:
    """Bytes that Lambda takes of a zip that is uploaded directly (Lambda Developer Guide, gettingstarted-limits), and
    how long the imports of all actions may take.
    """

    zipped: int = 50_000_000
    unpacked: int = 250 * 1024**2
    import_seconds: float = 60


@dataclass(frozen=True)
class Package:
    path: Path
    size: int
    """Bytes."""
    unpacked: int
    """Bytes."""
    sha256: str
    """Hexadecimal."""


def build(
    target: Path = NOTIFICATION_PACKAGE,
    project: Path = PROJECT,
    platform: LambdaPlatform | None = None,
    limits: Limits = Limits(),
) -> Package:
    """Write the zip of the Notification Lambda of `project` to `target`.

    platform: what its own packages are installed for; None is this machine. Raises DeployError if a part is missing,
    the tzdata installed is not the one that requirements.txt pins, an own action cannot be read or imported, pip cannot
    install what it requires, or Lambda would not take the zip.
    """
    own_action_types(project / "notification" / "actions")
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as compiled:
        tzdata = pinned_version("tzdata", project / "requirements.txt")
        required = list(required_files(project, platform, Path(folder), tzdata=tzdata))
        ours = [*our_files(project), *tzdata_files(project)]
        files = [*ours, *required]
        _check_names(files)
        check_actions(
            project,
            parts=_parts(project),
            ours=ours,
            required=required,
            installed=Path(folder),
            platform=platform,
            seconds=limits.import_seconds,
        )
        files += bytecode_files(files, platform, Path(compiled))
        unpacked = sum(path.stat().st_size for _, path in files)
        content = _fitting(files, limits)
    _check_sizes(len(content), unpacked, limits)
    write_atomically(target, content)
    return Package(target, len(content), unpacked, hashlib.sha256(content).hexdigest())


def _check_names(files: Iterable[tuple[str, Path]]) -> None:
    twice = sorted(name for name, times in Counter(name for name, _ in files).items() if times > 1)
    if twice:
        raise DeployError(f"{REQUIREMENTS} brings {twice[0]}, which the zip has already.")


def _check_sizes(size: int, unpacked: int, limits: Limits) -> None:
    if size > limits.zipped or unpacked > limits.unpacked:
        raise DeployError(
            f"The zip would have {size:,} bytes ({unpacked:,} unpacked); Lambda takes {limits.zipped:,} "
            f"({limits.unpacked:,}). Require less in {REQUIREMENTS}."
        )


def _fitting(files: list[tuple[str, Path]], limits: Limits) -> bytes:
    """Deflated only if Lambda would not take it otherwise."""
    content = zip_bytes(files)
    return content if len(content) <= limits.zipped else zip_bytes(files, zipfile.ZIP_DEFLATED)


def zip_bytes(files: Iterable[tuple[str, Path]], compression: int = zipfile.ZIP_STORED) -> bytes:
    """(name in the zip, file) -> the zip. Only the content and the name of a file affect the zip.

    Stored, not deflated: zlib's output differs between its versions, and Lambda unpacks once per cold start anyway.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, path in sorted(files):
            entry = zipfile.ZipInfo(name, OLDEST_ZIP_TIME)
            entry.create_system = UNIX
            entry.external_attr = PLAIN_FILE
            entry.compress_type = compression
            archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()


def our_files(project: Path) -> Iterator[tuple[str, Path]]:
    for part in OUR_PARTS:
        if not (project / part).exists():
            raise DeployError(f"{project / part} is missing: it belongs into the Notification Lambda's zip.")
        names = ((path.relative_to(project).as_posix(), path) for path in _files_of(project / part))
        yield from ((name, path) for name, path in names if name != REQUIREMENTS)


def _parts(project: Path) -> dict[str, Path]:
    """The files and folders that are packed, by their names in the zip, without those of own packages."""
    tzdata = Path(str(importlib.metadata.distribution("tzdata").locate_file("tzdata")))
    return {**{part: project / part for part in OUR_PARTS}, "tzdata": tzdata}


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
