"""The console's files refer to each other by names that change with their content."""

from __future__ import annotations

import re

import pytest

from chalicelib.api.console.assets import CONTENT_TYPES, PAGE, STATIC, Assets, assets
from chalicelib.api.models.console import ConsoleFileNotFound

FILES = {
    "index.html": '<link href="console/tokens.css"><script type="module" src="console/main.js"></script>',
    "main.js": 'import {h} from "./libs.js"; const show = () => import("./view-one.js");',
    "libs.js": 'export const h = "./unknown.js";',
    "view-one.js": 'import {h} from "./libs.js";',
    "tokens.css": '@import "./more.css"; a { background: url("./mark.txt") }',
    "mark.txt": "mark",
}
ONLY_FOR_TYPES = 'import("./types.js")'
"""In comments: tests/console/types has the shapes, and nothing of it is served."""

REFERENCE = re.compile(r'(?:src|href)="console/([^"]+)"|"\./([a-z0-9-]+\.[a-z]+)"')


def changed(**contents: str) -> Assets:
    return Assets(FILES | {name.replace("_", "."): content for name, content in contents.items()})


@pytest.fixture
def served() -> Assets:
    return Assets(FILES)


def test_the_page_names_its_files_with_the_digest(served: Assets) -> None:
    assert served.page() == (
        f'<link href="console/tokens.{served.digest}.css">'
        f'<script type="module" src="console/main.{served.digest}.js"></script>'
    )


def test_a_module_names_the_modules_that_it_imports_now_or_later_with_the_digest(served: Assets) -> None:
    main = served.find(f"main.{served.digest}.js")

    assert main.content == (
        f'import {{h}} from "./libs.{served.digest}.js"; const show = () => import("./view-one.{served.digest}.js");'
    )


def test_a_style_sheet_names_its_images_with_the_digest(served: Assets) -> None:
    content = served.find(f"tokens.{served.digest}.css").content

    assert f'url("./mark.{served.digest}.txt")' in content
    assert '"./more.css"' in content, "a name of no file stays"


def test_a_text_that_names_no_file_stays(served: Assets) -> None:
    assert served.find("libs.js").content == FILES["libs.js"]


@pytest.mark.parametrize("other", [changed(libs_js="2"), changed(new_js=""), changed(index_html="")])
def test_the_digest_changes_with_each_file(served: Assets, other: Assets) -> None:
    assert other.digest != served.digest
    assert re.fullmatch("[0-9a-f]{12}", other.digest)


def test_the_digest_stays_while_no_file_changes(served: Assets) -> None:
    assert Assets(dict(reversed(FILES.items()))).digest == served.digest


def test_only_the_current_digest_promises_that_the_content_stays(served: Assets) -> None:
    names = (f"main.{served.digest}.js", "main.0123456789ab.js", "main.js")

    assert [served.find(name).is_current for name in names] == [True, False, False]


def test_a_page_of_an_earlier_deployment_gets_modules_that_share_the_copies_it_has(served: Assets) -> None:
    """A browser has one copy of a module per URL, and two copies of Preact break each other's hooks."""
    earlier = "0123456789ab"

    assert served.find(f"view-one.{earlier}.js").content == f'import {{h}} from "./libs.{earlier}.js";'
    assert served.find("view-one.js").content == FILES["view-one.js"]


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "main", "main.ts", "unknown.js", "MAIN.JS", "main.js.map", "main.js\n"),
        *("main.0123.js", "main.0123456789AB.js", "main.0123456789ab.0123456789ab.js", "main..js"),
        *("../assets.py", "..%2fassets.py", "%2e%2e", "/etc/passwd", "main.js%00", "index.html", "__init__.py"),
    ],
)
def test_any_other_name_is_not_found(served: Assets, name: str) -> None:
    with pytest.raises(ConsoleFileNotFound):
        served.find(name)


def test_each_file_has_the_type_of_its_content(served: Assets) -> None:
    types = {name: served.find(name).content_type for name in ("main.js", "tokens.css", "mark.txt")}

    assert types == {
        "main.js": "text/javascript; charset=utf-8",
        "tokens.css": "text/css; charset=utf-8",
        "mark.txt": "text/plain; charset=utf-8",
    }


def test_every_file_of_the_folder_is_served_or_is_the_page() -> None:
    names = {path.name for path in STATIC.iterdir()}

    not_served = {name for name in names if not any(name.endswith(suffix) for suffix in CONTENT_TYPES)}
    assert not_served == {PAGE}
    assert all(assets().find(name).content for name in names - {PAGE})


def test_every_file_that_a_file_refers_to_exists() -> None:
    for path in STATIC.iterdir():
        for found in REFERENCE.finditer(path.read_text().replace(ONLY_FOR_TYPES, "")):
            assert (STATIC / (found[1] or found[2])).is_file(), f"{path.name} refers to {found[0]}"


def test_the_page_has_no_inline_script_no_inline_style_and_no_other_host() -> None:
    page = (STATIC / PAGE).read_text()

    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:", page, re.IGNORECASE) == []
    assert re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", page) == []


def test_the_files_are_text_of_less_than_api_gateways_limit() -> None:
    assert all(len(path.read_text(encoding="utf-8")) < 1_000_000 for path in STATIC.iterdir())
