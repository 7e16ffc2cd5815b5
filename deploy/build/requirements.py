"""The packages that own actions import: notification/requirements.txt, installed for Lambda by pip, wheels only."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.build.lambda_platform import LambdaPlatform
from deploy.errors import DeployError

REQUIREMENTS = "notification/requirements.txt"
PACKAGES, CONSTRAINTS = "packages", "constraints.txt"

NOT_IN_THE_ZIP = frozenset({"INSTALLER", "RECORD", "REQUESTED", "direct_url.json"})
"""Files in which pip records how and from where it installed; they differ between equal installations."""


def required_files(
    project: Path, platform: LambdaPlatform | None, folder: Path, *, tzdata: str
) -> Iterator[tuple[str, Path]]:
    """(name in the zip, file) of all that is required, installed into `packages` of `folder`, which is empty.

    platform: None is this machine. tzdata: its version, which is in the zip already; what is required gets no other.
    Nothing is installed if nothing is required. Raises DeployError with pip's reason.
    """
    requirements = project / REQUIREMENTS
    if not _requires_anything(requirements):
        return
    (folder / CONSTRAINTS).write_text(f"tzdata=={tzdata}\n")
    _install(requirements, platform, folder)
    for path in (folder / PACKAGES).rglob("*"):
        name = path.relative_to(folder / PACKAGES)
        if path.is_file() and not _is_left_out(name):
            yield name.as_posix(), path


def install_here(project: Path, packages: Path, *, installed: Path) -> None:
    """The same packages for this machine, built where there is no wheel. Raises DeployError with pip's reason.

    installed: the folder of `required_files`, whose constraints hold here as well.
    """
    requirements = project / REQUIREMENTS
    reason = _pip_reason(requirements, packages, installed)
    if reason is not None:
        raise DeployError(
            f"pip cannot install {requirements} for this machine, on which the actions are imported before they are "
            f"packed:\n{reason}"
        )


def _requires_anything(requirements: Path) -> bool:
    if not requirements.exists():
        return False
    lines = (line.strip() for line in requirements.read_text().splitlines())
    return any(line and not line.startswith("#") for line in lines)


def _install(requirements: Path, platform: LambdaPlatform | None, folder: Path) -> None:
    reason = _pip_reason(requirements, folder / PACKAGES, folder, "--only-binary=:all:", *_for(platform))
    if reason is not None:
        where = f" for {platform.runtime} on {platform.architecture}" if platform else ""
        raise DeployError(f"pip cannot install {requirements}{where}, as wheels only:\n{reason}")


def _pip_reason(requirements: Path, packages: Path, constrained_by: Path, *options: str) -> str | None:
    """Installs into `packages`. Returns why pip could not."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    what = ["-r", str(requirements), "-c", str(constrained_by / CONSTRAINTS)]
    command = [*pip, *options, "--target", str(packages), *what]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stderr.strip() or done.stdout.strip()


def _for(platform: LambdaPlatform | None) -> list[str]:
    """Passes both names of one tag: pip adds older tags to manylinux2014, and none to manylinux_2_17."""
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
