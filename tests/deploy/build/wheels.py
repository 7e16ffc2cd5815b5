"""Wheels made by hand, so that pip installs without a network."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def make_wheel(
    folder: Path, name: str, version: str, files: dict[str, str], tag: str = "py3-none-any", *, requires: str = ""
) -> None:
    """A wheel in `folder`. files: name in it -> content. tag: Python, ABI and platform. requires: another package."""
    notes = f"{name}-{version}.dist-info"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    contents = {
        **files,
        f"{notes}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{notes}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: false\nTag: {tag}\n",
    }
    record = "".join(f"{path},,\n" for path in [*contents, f"{notes}/RECORD"])
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-{version}-{tag}.whl", "w") as wheel:
        for path, content in {**contents, f"{notes}/RECORD": record}.items():
            wheel.writestr(path, content)


def require(project: Path, *lines: str) -> None:
    """notification/requirements.txt, with the wheels that lie in `wheels` and no index."""
    options = ["--no-index", f"--find-links {project / 'wheels'}"]
    (project / "notification/requirements.txt").write_text("\n".join([*options, *lines]) + "\n")
