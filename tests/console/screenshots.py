"""Writes docs/images: `python -m tests.console.screenshots` shows each view at three sizes and in both themes.

It starts a stack of its own. With the ports of a `make run` it uses that one, whose clock it advances, and can show
changed files of the console without a restart.
"""

from __future__ import annotations

import argparse
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from PIL import Image

from tests.console.browser import THEMES, chromium
from tests.console.site import Site, running_site
from tests.console.tools import PROJECT, STATIC
from tests.console.views import SIZES, VIEWS, View, seed, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Browser, Page

IMAGES = PROJECT / "docs" / "images"
COLOURS = 128


def take(site: Site, view: View, folder: Path, themes: Sequence[str] = THEMES) -> None:
    """Writes the view's images, such as `overview-phone-dark.png`."""
    for theme in themes:
        for size in view.sizes:
            with shown(site, view, theme=theme, size=SIZES[size]) as page:
                (folder / f"{view.name}-{size}-{theme}.png").write_bytes(picture(page))


def picture(page: Page) -> bytes:
    """Returns the page's image with few colours, which makes it a third as large."""
    taken = page.screenshot(animations="disabled", caret="hide")
    image = Image.open(BytesIO(taken)).convert("RGB")
    reduced = image.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    written = BytesIO()
    reduced.save(written, "PNG", optimize=True)
    return written.getvalue()


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
    if options.api_port:
        api_url, cloud_url = (f"http://127.0.0.1:{port}" for port in (options.api_port, options.cloud_port))
        site = Site(api_url, cloud_url, browser, files=STATIC)
        site.travel_to_moment()
        yield site
        return
    with TemporaryDirectory() as directory, running_site(Path(directory) / "stack", browser) as site:
        yield site


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.console.screenshots", description=__doc__)
    parser.add_argument("views", nargs="*", help="names of views in tests/console/views.py (default: all)")
    parser.add_argument("--to", type=Path, default=IMAGES, help="folder for the images (default: docs/images)")
    parser.add_argument("--theme", action="append", choices=THEMES, help="default: both")
    parser.add_argument("--api-port", type=int, help="port of the API of a running `make run` (default: starts one)")
    parser.add_argument("--cloud-port", type=int, default=4566, help="port of its cloud (default: %(default)s)")
    return parser


if __name__ == "__main__":
    main()
