"""The folder of a local cloud: a marker file identifies it, and a lock file lets only one process use it.

A folder that has files and no marker is refused and left unchanged: its files may be the user's only copy.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT = Path(".local")
MARKER = ".local-cloud"
MARK = "Made by `python -m local`, which may delete everything in this folder.\n"

User = Literal["run", "cloud"]
"""`run` starts a cloud in its own folder, so `run` and `cloud` have one lock file each."""


class DirectoryRefused(Exception):
    """The folder cannot be used. The message says why and what to do."""


def directory_of(cloud_port: int) -> Path:
    """Returns the default folder of the cloud on this port."""
    return DEFAULT / str(cloud_port)


class Claim:
    """Exclusive use of a folder by this process, until `release` or until the process exits.

    Makes `directory` if it is missing. Raises DirectoryRefused if the folder cannot be used, and leaves it unchanged.
    """

    def __init__(self, directory: Path, user: User) -> None:
        self._directory = directory
        _mark(directory)
        self._lock: int | None = self._locked(user)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def empty(self) -> None:
        """Delete everything in the folder. Raises DirectoryRefused if a cloud uses it, as after a killed `run`."""
        os.close(self._locked("cloud"))
        for entry in self._others():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def release(self) -> None:
        """Let other processes use the folder. A second call does nothing."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _others(self) -> Iterator[Path]:
        ours = {MARKER, _lock_name("run"), _lock_name("cloud")}
        return (entry for entry in list(self._directory.iterdir()) if entry.name not in ours)

    def _locked(self, user: User) -> int:
        path = self._directory / _lock_name(user)
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(lock, 20).decode(errors="replace").strip()
            os.close(lock)
            raise DirectoryRefused(_in_use(self._directory, user, holder)) from None
        os.truncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
        return lock


def _mark(directory: Path) -> None:
    """Make and mark the folder, or check its marker. Raises DirectoryRefused."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if not any(directory.iterdir()):
            (directory / MARKER).write_text(MARK)
        elif not _is_ours(directory):
            raise DirectoryRefused(
                f"{directory} has files that no local cloud wrote, and was not changed. "
                "Choose a new or an empty folder: --directory DIR"
            )
    except OSError as error:
        raise DirectoryRefused(
            f"{directory} cannot be used: {error.strerror}. Choose another folder: --directory DIR"
        ) from error


def _is_ours(directory: Path) -> bool:
    marker = directory / MARKER
    with suppress(OSError, ValueError):
        # A symbolic link may point to the marker of another folder.
        return not marker.is_symlink() and marker.read_text() == MARK
    return False


def _lock_name(user: User) -> str:
    return f".{user}.lock"


def _in_use(directory: Path, user: User, holder: str) -> str:
    by = f"`python -m local {user}`" + (f" (process {holder})" if holder else "")
    return f"{directory} is in use by {by}. Stop that process, or choose another folder: --directory DIR"
