"""Each view and state of the console: accessible in both themes and on a phone, without errors, and cheap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.console.accessibility import axe
from tests.console.browser import PHONE, THEMES
from tests.console.budgets import cost
from tests.console.views import VIEWS, View, shown

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.console.site import Site

pytestmark = [pytest.mark.e2e, pytest.mark.long]

MOST_REQUESTS = 12
MOST_BYTES = 400 * 1024
"""Uncompressed, as the local server sends them: API Gateway compresses. The first view without its data."""

MOST_ELEMENTS = 1500
MOST_ELEMENTS_IN_A_LIST = 4000
TOO_WIDE = "() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
@pytest.mark.usefixtures("storyteller")
def test_a_view_is_accessible_in_both_themes_and_fits_a_phone(site: Site, view: View) -> None:
    with shown(site, view) as page:
        violations = {theme: in_theme(page, theme) for theme in THEMES}
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        violations["phone"] = axe(page)
        overflow = page.evaluate(TOO_WIDE)

    found = "\n".join(f"{where}:\n{text}" for where, text in violations.items() if text)
    assert not found, f"\n{found}"
    assert overflow <= 0, f"{overflow} px too wide"


def in_theme(page: Page, theme: str) -> str:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    return axe(page)


def test_the_first_view_is_cheap(site: Site, storyteller: str) -> None:
    with site.page(storyteller, "#/overview") as page:
        found = cost(page)
    own = [url for url in found.requests if "/v1/" not in url and "/_local/" not in url]

    assert len(own) <= MOST_REQUESTS, "\n".join(own)
    assert found.uncompressed <= MOST_BYTES
    assert found.elements <= MOST_ELEMENTS


def test_a_page_of_ten_thousand_schedules_is_short(site: Site, user_with_many: str) -> None:
    with site.page(user_with_many, "#/schedules") as page:
        page.get_by_text("Schedule 00000").first.wait_for()
        found = cost(page)

    assert found.elements <= MOST_ELEMENTS_IN_A_LIST
