"""The bytecode of the Notification Lambda's sources, so that a cold start compiles nothing.

On AWS nothing can be written beside the sources, so that each new execution environment would compile them again. The
files are unchecked-hash (PEP 552): their content does not depend on the time of a source, and Python does not read the
source to compare it.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from deploy.build import compile_sources
from deploy.build.lambda_platform import LambdaPlatform
from deploy.errors import DeployError


def bytecode_files(
    sources: Iterable[tuple[str, Path]], platform: LambdaPlatform | None, folder: Path
) -> Iterator[tuple[str, Path]]:
    """(name in the zip, file) of the bytecode of the `.py` files among `sources`, written to `folder`, which is empty.

    platform: None is this machine. Nothing is compiled for another minor version of Python than this one, which would
    not read it, and no file that is not valid Python. Raises DeployError if the compiler fails otherwise.
    """
    if platform and platform.python != f"{sys.version_info.major}.{sys.version_info.minor}":
        return
    python = [(name, str(path.absolute())) for name, path in sorted(sources) if path.suffix == ".py"]
    # A process of its own: marshal's output depends on what else the process has imported.
    command = [sys.executable, "-I", "-S", "-B", compile_sources.__file__, str(folder)]
    done = subprocess.run(command, input=json.dumps(python), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DeployError(f"The Lambda's sources cannot be compiled:\n{done.stderr.strip()}")
    for path in folder.rglob("*.pyc"):
        yield path.relative_to(folder).as_posix(), path
