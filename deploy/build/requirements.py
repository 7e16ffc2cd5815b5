"""The packages that own actions import: notification/requirements.txt, installed for Lambda by pip, wheels only."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.build.lambda_platform import LambdaPlatform
from deploy.errors import DeployError

REQUIREMENTS = "notification/requirements.txt"

NOT_IN_THE_ZIP = frozenset({"INSTALLER", "RECORD", "REQUESTED", "direct_url.json"})
"""What pip notes of how and from where it installed: it would make the same packages other bytes."""


def required_files(
    project: Path, platform: LambdaPlatform | None, folder: Path, *, tzdata: str
) -> Iterator[tuple[str, Path]]:
    """(name in the zip, file) of all that is required, installed into `folder`, which is empty.

    platform: None is this machine. tzdata: its version, which is in the zip already; what is required gets no other.
    Nothing is installed if nothing is required. Raises DeployError with pip's reason.
    """
    requirements = project / REQUIREMENTS
    if not _requires_anything(requirements):
        return
    constraints, packages = folder / "constraints.txt", folder / "packages"
    constraints.write_text(f"tzdata=={tzdata}\n")
    _install(["-r", str(requirements), "-c", str(constraints)], platform, packages, requirements)
    for path in packages.rglob("*"):
        name = path.relative_to(packages)
        if path.is_file() and not _is_left_out(name):
            yield name.as_posix(), path


def _requires_anything(requirements: Path) -> bool:
    if not requirements.exists():
        return False
    lines = (line.strip() for line in requirements.read_text().splitlines())
    return any(line and not line.startswith("#") for line in lines)


def _install(what: list[str], platform: LambdaPlatform | None, folder: Path, requirements: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command = [*pip, "--only-binary=:all:", *_for(platform), "--target", str(folder), *what]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = done.stderr.strip() or done.stdout.strip()
        where = f" for {platform.runtime} on {platform.architecture}" if platform else ""
        raise DeployError(f"pip cannot install {requirements}{where}, as wheels only:\n{reason}")


def _for(platform: LambdaPlatform | None) -> list[str]:
    """Pip knows no kin of manylinux_2_17, but of its older name."""
    if platform is None:
        return []
    tags = (f"manylinux_2_17_{platform.machine}", f"manylinux2014_{platform.machine}")
    python = ["--implementation", "cp", "--python-version", platform.python]
    return [*python, *(argument for tag in tags for argument in ("--platform", tag))]


def _is_left_out(name: Path) -> bool:
    """Scripts begin with the path of this machine's Python. tzdata is in the zip already."""
    is_note = name.parent.suffix == ".dist-info" and name.name in NOT_IN_THE_ZIP
    is_tzdata = name.parts[0].partition("-")[0] == "tzdata"
    return is_note or is_tzdata or name.parts[0] == "bin" or "__pycache__" in name.parts
