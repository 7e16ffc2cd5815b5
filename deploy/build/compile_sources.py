"""Compiles sources to unchecked-hash bytecode, as it is found beside them on AWS.

This is a program of its own. It runs under `python -I -S`, so it imports the standard library only. Its standard input
has pairs of a name below /var/task and a path here. A file that is not valid Python is left out: a package may have
templates.
"""

from __future__ import annotations

import json
import py_compile
import sys
from importlib.util import cache_from_source
from pathlib import Path

TASK = "/var/task"
UNCHECKED = py_compile.PycInvalidationMode.UNCHECKED_HASH


def main(folder: Path, sources: list[tuple[str, str]]) -> None:
    for name, path in sources:
        target = folder / cache_from_source(name)
        try:
            py_compile.compile(path, str(target), f"{TASK}/{name}", doraise=True, invalidation_mode=UNCHECKED)
        except py_compile.PyCompileError:
            continue


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.load(sys.stdin))
