"""Files that are there whole or not at all."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from deploy.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def a_full_disk() -> Iterator[None]:
    """No file may grow beyond 10 bytes. As on a full disk, the system names no file in its error."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("a_full_disk")
def test_a_write_that_fails_names_the_file_and_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "notification.zip"
    write_atomically(target, b"old")

    with pytest.raises(OSError, match=f"'{target}'"):
        write_atomically(target, b"much longer than ten bytes" * 1000)

    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["notification.zip"]
