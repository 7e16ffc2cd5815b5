"""The console's vendored libraries are what the pinned npm packages give, and small."""

from __future__ import annotations

import gzip

from tests.console.tools import STATIC
from tests.console.vendor import CHECKSUMS, checksums, vendored

MOST_KILOBYTES = {"console": 120, "reference": 16}
"""Compressed. The API reference has files of its own; it loads session.js and libs.js of the console as well."""


def test_the_vendored_files_are_made_from_the_pinned_packages() -> None:
    made = vendored()

    assert {name: (STATIC / name).read_bytes() for name in made} == made
    assert CHECKSUMS.read_text() == checksums(made)


def test_the_console_is_small() -> None:
    sizes = {path.name: len(gzip.compress(path.read_bytes())) for path in STATIC.iterdir() if path.suffix != ".txt"}
    reference = sum(size for name, size in sizes.items() if name.startswith("docs"))

    assert sum(sizes.values()) - reference <= MOST_KILOBYTES["console"] * 1024, sizes
    assert reference <= MOST_KILOBYTES["reference"] * 1024, sizes


def test_the_console_is_flat_and_text() -> None:
    for path in STATIC.iterdir():
        path.read_text(encoding="utf-8")
