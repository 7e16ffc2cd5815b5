"""Makes the console's vendored libraries from npm packages: `python -m tests.console.vendor`.

The packages and their versions stand in package.json, their checksums in package-lock.json. A new version is a new
line in package.json, `npm install --package-lock-only --ignore-scripts`, and this command.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

from tests.console.tools import ENTRIES, FOLDER, HERE, STATIC, install, run

LICENCES = "licences.txt"
CHECKSUMS = HERE / "vendored.sha256"
PACKAGES = ("preact", "@preact/signals", "@preact/signals-core", "htm", "oauth4webapi", "uplot")
BANNER = f"/*! Made by tests/console/vendor.py. Licences: {LICENCES} */"


def vendored() -> dict[str, bytes]:
    """Returns the vendored files by name, made anew from the npm packages."""
    install()
    with TemporaryDirectory(dir=FOLDER) as directory:
        entries, out = Path(directory) / "entries", Path(directory) / "out"
        copytree(ENTRIES, entries)
        run(
            *(FOLDER / "node_modules" / "esbuild" / "bin" / "esbuild", *sorted(entries.iterdir()), f"--outdir={out}"),
            *("--bundle", "--minify", "--format=esm", "--target=es2022", "--charset=utf8", "--log-level=warning"),
            *("--legal-comments=none", f"--banner:js={BANNER}", f"--banner:css={BANNER}"),
        )
        files = {path.name: path.read_bytes() for path in out.iterdir()}
    return {**files, LICENCES: licences(FOLDER / "node_modules").encode()}


def licences(modules: Path) -> str:
    return "\n".join(_licence(modules / name) for name in PACKAGES)


def _licence(package: Path) -> str:
    about = json.loads((package / "package.json").read_text())
    text = next(package.glob("LICENSE*")).read_text().strip()
    return f"{about['name']} {about['version']} ({about['license']})\n\n{text}\n"


def checksums(files: dict[str, bytes]) -> str:
    """In the form of `sha256sum`."""
    return "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))


def main() -> None:
    files = vendored()
    for name, content in files.items():
        (STATIC / name).write_bytes(content)
    CHECKSUMS.write_text(checksums(files))


if __name__ == "__main__":
    main()
