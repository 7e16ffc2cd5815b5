"""The packages of AWS's Python runtime: boto3 and the runtime interface client.

A child started with `python -S` and this folder on its path finds these and the standard library, and no other package
of the virtual environment: an import that would fail on AWS fails here.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
"""

import re
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution
from pathlib import Path

BY_AWS = ("boto3", "awslambdaric")
FOR_TIME_TRAVEL = ("time-machine",)


def provide(packages: Iterable[str], directory: Path) -> None:
    """Fill `directory` with links to the installed files of the packages and their requirements."""
    directory.mkdir(parents=True, exist_ok=True)
    for package in _with_requirements(packages):
        for name in _top_level_names(package):
            _link(directory / name, Path(str(package.locate_file(name))))


def _with_requirements(names: Iterable[str]) -> list[Distribution]:
    found: dict[str, Distribution] = {}
    wanted = list(names)
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = distribution(name)
            wanted.extend(_requirements(found[name]))
    return list(found.values())


def _requirements(package: Distribution) -> Iterable[str]:
    """Returns the names of its requirements, without those of its extras."""
    for requirement in package.requires or []:
        if "extra ==" not in requirement and (name := re.match(r"[\w.-]+", requirement)):
            yield name[0]


def _top_level_names(package: Distribution) -> set[str]:
    """Returns its files in site-packages: no scripts (`../../bin/…`), no bytecode of single-file modules."""
    return {file.parts[0] for file in package.files or []} - {"..", "__pycache__"}


def _link(link: Path, target: Path) -> None:
    if not link.is_symlink():
        link.symlink_to(target)
