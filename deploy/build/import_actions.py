"""Imports modules by name and writes the result of each to a file.

This is a program of its own. It runs under `python -I -S`, so it imports only the standard library and the folders that
it is given. The file has the results so far, even if an import ends the process or never ends.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from pathlib import Path


def main(report: Path, folders: list[str], modules: list[str]) -> None:
    sys.path[:0] = folders
    with report.open("a") as lines:
        for module in modules:
            print(json.dumps({"began": module}), file=lines, flush=True)
            print(json.dumps({"ended": module, **_imported(module)}), file=lines, flush=True)
        loaded = sorted({str(path) for path in map(_file_of, list(sys.modules.values())) if path})
        print(json.dumps({"loaded": loaded}), file=lines, flush=True)


def _imported(module: str) -> dict[str, str | int | None]:
    """Empty, or why it cannot be imported."""
    try:
        importlib.import_module(module)
    except BaseException as exc:  # noqa: BLE001 - SystemExit and KeyboardInterrupt would end the function as well
        return {"error": _one_line(exc), "kind": type(exc).__name__, "line": _line(exc, module)}
    return {}


def _one_line(exc: BaseException) -> str:
    said = exc.msg if isinstance(exc, SyntaxError) else str(exc)
    return " ".join(f"{type(exc).__name__}: {said}".split())


def _line(exc: BaseException, module: str) -> int | None:
    """The last line of the module's own file that led to it."""
    end = f"{module.replace('.', '/')}.py"
    if isinstance(exc, SyntaxError) and (exc.filename or "").endswith(end):
        return exc.lineno
    frames = traceback.extract_tb(exc.__traceback__)
    return next((frame.lineno for frame in reversed(frames) if frame.filename.endswith(end)), None)


def _file_of(module: object) -> str | None:
    return getattr(module, "__file__", None)


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]), json.loads(sys.argv[3]))
    os._exit(0)  # threads that an import began may never end
