"""Writes docs/images: `python -m tests.console.screenshots` shows each view at three sizes and in both themes.

It starts a stack of its own. With `--site` it uses the stack of a `make run`: it advances the clock, and shows changed
files of the console without a restart.
"""

from __future__ import annotations

import argparse
from collections import Counter
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from math import dist
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from PIL import Image

from tests.console.browser import THEMES, chromium
from tests.console.site import known_site, running_site
from tests.console.tools import PROJECT
from tests.console.views import SIZES, VIEWS, View, seed, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Browser, Page

    from tests.console.site import Site

IMAGES = PROJECT / "docs" / "images"
COLOURS = 256
CLEAR = 8
"""The distance between two colours that a reader tells apart."""


def take(site: Site, view: View, folder: Path, themes: Sequence[str] = THEMES) -> None:
    """Writes the view's images, such as `overview-phone-dark.png`."""
    for theme in themes:
        for size in view.sizes:
            with shown(site, view, theme=theme, size=SIZES[size]) as page:
                (folder / f"{view.name}-{size}-{theme}.png").write_bytes(picture(page))


def picture(page: Page) -> bytes:
    """Returns the page's image, reduced to COLOURS, which makes it a third as large."""
    image = Image.open(BytesIO(page.screenshot(animations="disabled", caret="hide"))).convert("RGB")
    written = BytesIO()
    reduced(image).save(written, "PNG", optimize=True)
    return written.getvalue()


def reduced(image: Image.Image) -> Image.Image:
    """Returns the image in frequent colours that differ clearly. Any other, as of letter edges, becomes the nearest.

    The most frequent colours alone would be shades of grey, and a small violet glyph would become blue. Pillow's own
    reduction changes the frequent ones.
    """
    data = image.tobytes()
    pixels = list(zip(data[::3], data[1::3], data[2::3], strict=True))
    chosen: list[tuple[int, ...]] = []
    index: dict[tuple[int, ...], int] = {}
    for colour, _ in Counter(pixels).most_common():
        nearest = min(chosen, key=partial(dist, colour), default=None)
        if nearest is None or (dist(nearest, colour) > CLEAR and len(chosen) < COLOURS):
            index[colour] = len(chosen)
            chosen.append(colour)
        else:
            index[colour] = index[nearest]
    found = Image.frombytes("P", image.size, bytes(map(index.__getitem__, pixels)))
    found.putpalette([part for colour in chosen for part in colour])
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    views = [view for view in VIEWS if not options.views or view.name in options.views]
    options.to.mkdir(parents=True, exist_ok=True)
    with chromium() as browser, _site(options, browser) as site:
        seed(site)
        for view in views:
            take(site, view, options.to, options.theme or THEMES)
            print(view.name, flush=True)  # noqa: T201 - a terminal program


@contextmanager
def _site(options: argparse.Namespace, browser: Browser) -> Iterator[Site]:
    if options.site:
        yield known_site(options.site, browser)
        return
    with TemporaryDirectory() as directory, running_site(Path(directory) / "stack", browser) as site:
        yield site


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.console.screenshots", description=__doc__)
    parser.add_argument("views", nargs="*", help="names of views in tests/console/views.py (default: all)")
    parser.add_argument("--to", type=Path, default=IMAGES, help="folder for the images (default: docs/images)")
    parser.add_argument("--theme", action="append", choices=THEMES, help="default: both")
    parser.add_argument("--site", help="ports of the API and the cloud of a running `make run`, as in 8000:4566")
    return parser


if __name__ == "__main__":
    main()
