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

from tests.console.tools import HERE, STATIC, install, run

ENTRIES = ("libs.js", "oauth.js", "uplot.js", "uplot.css")
"""Files in `vendored/`: what each vendored file exports."""

LICENCES = "licences.txt"
CHECKSUMS = HERE / "vendored.sha256"
PACKAGES = ("preact", "@preact/signals", "@preact/signals-core", "htm", "oauth4webapi", "uplot")
BANNER = f"/*! Made by tests/console/vendor.py. Licences: {LICENCES} */"


def vendored() -> dict[str, bytes]:
    """Returns the vendored files by name, made anew from the npm packages."""
    folder = install()
    with TemporaryDirectory(dir=folder) as directory:
        entries, out = Path(directory) / "entries", Path(directory) / "out"
        copytree(HERE / "vendored", entries)
        run(
            folder,
            *("node_modules/esbuild/bin/esbuild", *(entries / name for name in ENTRIES), f"--outdir={out}"),
            *("--bundle", "--minify", "--format=esm", "--target=es2022", "--charset=utf8", "--log-level=warning"),
            *("--legal-comments=none", f"--banner:js={BANNER}", f"--banner:css={BANNER}"),
        )
        files = {name: (out / name).read_bytes() for name in ENTRIES}
    return {**files, LICENCES: licences(folder / "node_modules").encode()}


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
