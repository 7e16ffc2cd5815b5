"""Writes files atomically."""

import os
from pathlib import Path


def write_atomically(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Replace `path` in one step: readers see the old content or the new, and a failure keeps the old.

    A symbolic link is replaced by a file; its target is not changed. Raises OSError, always with a file name: the
    system leaves it out if the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        draft.write_bytes(content)
        draft.chmod(mode)
        draft.replace(path)
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
    finally:
        draft.unlink(missing_ok=True)
