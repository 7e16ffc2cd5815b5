"""Every action is imported before its zip is written: a file that cannot be imported would fail each run of its type.

The imports run in a process of their own, which sees what Lambda will see and no more: the zip's own files, what
notification/requirements.txt installs, boto3, and the standard library. So a package that is installed on this machine
only hides nothing.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from deploy.build import import_actions
from deploy.build.lambda_platform import LambdaPlatform
from deploy.build.provided import provide
from deploy.build.requirements import PACKAGES, REQUIREMENTS, install_here
from deploy.errors import DeployError
from deploy.files import write_atomically

ACTIONS = "notification/actions"
CHECKED = "build/imported-actions"
"""Digests of inputs whose imports succeeded; equal inputs are not imported again. May be deleted."""

KEPT = 20
ENVIRONMENT = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
"""A client may be made at import, which needs a Region; it finds no credentials."""

Files = list[tuple[str, Path]]


def check_actions(
    project: Path,
    *,
    parts: Mapping[str, Path],
    ours: Files,
    required: Files,
    installed: Path,
    platform: LambdaPlatform | None,
    seconds: float,
) -> None:
    """Import the actions among `ours`, files by their names in the zip, of which `parts` are the files and folders.

    required: what `required_files` installed into the folder `installed` for `platform`; None is this machine. seconds:
    of all imports together. Raises DeployError with each file that cannot be imported, why, and what to do.
    """
    modules = [name.removesuffix(".py").replace("/", ".") for name, _ in sorted(ours) if _is_action(name)]
    digest = _digest([*ours, *required])
    if not modules or digest in _checked(project):
        return
    with tempfile.TemporaryDirectory() as folder:
        packages = installed / PACKAGES
        if required and platform:
            packages = Path(folder) / PACKAGES
            install_here(project, packages, installed=installed)
        loaded = _import(modules, _linked(parts, Path(folder) / "task"), packages, Path(folder), seconds)
    if platform:
        _check_presence(loaded, required, platform)
    _note(project, digest)


def _is_action(name: str) -> bool:
    path = Path(name)
    return path.parent.as_posix() == ACTIONS and path.suffix == ".py" and path.stem != "__init__"


def _linked(parts: Mapping[str, Path], task: Path) -> Path:
    """A folder that has these parts and no others of the project."""
    for name, path in parts.items():
        link = task / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path.absolute())
    return task


def _import(modules: list[str], task: Path, packages: Path, folder: Path, seconds: float) -> list[Path]:
    """Files of `packages` that the imports loaded, as names in the zip. Raises DeployError."""
    provided, report, empty = folder / "provided", folder / "report", folder / "empty"
    provide(["boto3"], provided)
    empty.mkdir()
    arguments = [str(report), json.dumps([str(task), str(packages), str(provided)]), json.dumps(modules)]
    command = [sys.executable, "-I", "-S", "-B", import_actions.__file__, *arguments]
    ended = _run(command, empty, seconds)
    lines = [json.loads(line) for line in report.read_text().splitlines()] if report.exists() else []
    if problems := [*_refusals(lines), *_unended(lines, ended)]:
        raise DeployError("\n".join(problems))
    return [Path(path).relative_to(packages) for path in lines[-1]["loaded"] if Path(path).is_relative_to(packages)]


def _run(command: list[str], folder: Path, seconds: float) -> str:
    """Returns how the process ended."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # pipes would stay open in what an import started
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the {seconds:g} seconds for all imports together ended"
    return f"the process ended with code {done.returncode}"


def _refusals(lines: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for line in lines:
        if "error" in line:
            at = f", line {line['line']}," if line["line"] else ""
            yield f"{_file(line['ended'])}{at} cannot be imported: {line['error']}. {_advice(line['kind'])}"


def _advice(kind: str) -> str:
    match kind:
        case "ModuleNotFoundError" | "ImportError":
            ours = "notification/, chalicelib/actions/, chalicelib/core/"
            return f"The zip has {ours} and the packages of {REQUIREMENTS}: add what is missing."
        case "KeyError":
            return "If it reads a variable of the function, let it do so when it runs, not when it is imported."
    return "Correct the file."


def _unended(lines: list[dict[str, Any]], ended: str) -> Iterator[str]:
    """The module whose import the process did not survive."""
    if not lines:
        yield f"The actions cannot be imported: {ended}."
    elif "began" in lines[-1]:
        yield f"{_file(lines[-1]['began'])} cannot be imported: during its import, {ended}. Correct the file."


def _file(module: str) -> str:
    return f"{module.replace('.', '/')}.py"


def _check_presence(loaded: Iterable[Path], required: Files, platform: LambdaPlatform) -> None:
    """What was imported here must be there for Lambda as well: other wheels may have other modules."""
    present = {_without_suffixes(Path(name)) for name, _ in required}
    missing = sorted(str(path) for path in loaded if _without_suffixes(path) not in present)
    if missing:
        raise DeployError(
            f"The actions import {missing[0]}, which the packages for {platform.runtime} on {platform.architecture} "
            f"lack. Require in {REQUIREMENTS} what has it as a wheel for that platform."
        )


def _without_suffixes(path: Path) -> str:
    """Returns the path without suffixes, in which compiled modules have their platform."""
    return f"{path.parent.as_posix()}/{path.name.partition('.')[0]}"


def _digest(files: Files) -> str:
    found = hashlib.sha256(sys.version.encode())
    for name, path in sorted(files):
        found.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def _checked(project: Path) -> list[str]:
    path = project / CHECKED
    return path.read_text().splitlines() if path.exists() else []


def _note(project: Path, digest: str) -> None:
    kept = [*_checked(project), digest][-KEPT:]
    write_atomically(project / CHECKED, "".join(f"{line}\n" for line in kept).encode())
