"""The API reference in a browser: it reads well without scripts, finds, copies, and sends with the reader's token."""

from __future__ import annotations

import base64
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from local.app.stack import SCOPES, token_from
from tests.console.accessibility import axe
from tests.console.browser import LAPTOP, LONGEST_WAIT_MS, PHONE, THEMES, Watch, window
from tests.console.budgets import cost
from tests.console.site import show_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.console.site import Site

pytestmark = [pytest.mark.e2e, pytest.mark.long]

MOST_REQUESTS = 8
MOST_ELEMENTS = 9_500
"""With what the scripts add."""


@contextmanager
def reference(
    site: Site, *, theme: str = "light", size: tuple[int, int] = LAPTOP, expected: tuple[str, ...] = ()
) -> Iterator[Page]:
    """The reference in a new browser. Fails at the end if the page logged an error that is not `expected`."""
    watch = Watch(frozenset({site.api_url, site.cloud_url}), expected)
    with window(site.browser, theme=theme, size=size) as context, watch.reporting():
        watch.attach(context)
        if site.files:
            show_files(context, site.files)
        page = context.new_page()
        page.goto(f"{site.api_url}/docs")
        expect(page.get_by_role("button", name="Try it").first).to_be_visible(timeout=LONGEST_WAIT_MS)
        yield page


@pytest.fixture
def docs(site: Site) -> Iterator[Page]:
    with reference(site) as page:
        yield page


def open_form(page: Page, operation: str) -> None:
    page.locator(f"#{operation}").get_by_role("button", name="Try it").click()
    expect(page.locator(f"#{operation} form")).to_be_visible(timeout=LONGEST_WAIT_MS)


def sign_in(site: Site, page: Page, user: str) -> None:
    page.locator("form").get_by_role("button", name="Sign in").click()
    page.get_by_label("Another user").fill(user)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile(f"^{re.escape(site.api_url)}/docs"))


def test_a_reader_signs_in_and_creates_a_schedule(site: Site, docs: Page, user: str) -> None:
    open_form(docs, "createSchedule")
    docs.locator("#createSchedule textarea").fill(
        '{"timing": {"after": "PT2H"}, "action": {"type": "email", "to": ["a@example.com"],'
        ' "subject": "hello", "text": "It is time."}, "name": "From the reference"}'
    )
    sign_in(site, docs, user)
    form = docs.locator("#createSchedule form")
    expect(form.get_by_text(f"as {user}")).to_be_visible(timeout=LONGEST_WAIT_MS)

    form.get_by_role("button", name="Send").click()
    assert site.client(user).get("/v1/schedules")["items"] == []
    form.get_by_role("button", name="Create a schedule: POST /v1/schedules").click()

    expect(form.get_by_role("status")).to_contain_text(re.compile(r"^201.* in \d+ ms$"), timeout=LONGEST_WAIT_MS)
    expect(form.get_by_role("region", name="Headers of the answer")).to_contain_text("location: /v1/schedules/")
    expect(form.get_by_role("region", name="Body of the answer")).to_contain_text('"name": "From the reference"')
    assert "code=" not in docs.url


def test_an_error_is_shown_as_the_api_sends_it(site: Site) -> None:
    with reference(site, expected=("status of 401",)) as page:
        open_form(page, "listSchedules")
        form = page.locator("#listSchedules form")
        form.get_by_label("Token kept in memory only").fill("Bearer no-token")

        form.get_by_role("button", name="Send").click()

        expect(form.get_by_role("status")).to_contain_text("401", timeout=LONGEST_WAIT_MS)
        expect(form.get_by_role("region", name="Body of the answer")).to_contain_text(":problem:invalid-token")


def test_a_token_that_the_api_refuses_can_be_replaced_in_each_form(site: Site, user: str) -> None:
    with reference(site, expected=("status of 401",)) as page:
        open_form(page, "listRuns")
        open_form(page, "listSchedules")
        form = page.locator("#listSchedules form")
        pasted = form.get_by_label("Token kept in memory only")
        pasted.fill("no-token")
        expect(page.locator("#listRuns form").get_by_label("Token")).to_have_count(0)

        form.get_by_role("button", name="Send").click()
        expect(form.get_by_role("status")).to_contain_text("401", timeout=LONGEST_WAIT_MS)

        expect(page.locator("#listRuns form").get_by_label("Token kept in memory only")).to_have_value("")
        expect(pasted).to_have_value("")
        pasted.fill(token_from(site.cloud_url, user, SCOPES))
        form.get_by_role("button", name="Send").click()
        expect(form.get_by_role("status")).to_contain_text("200", timeout=LONGEST_WAIT_MS)


def test_a_token_names_its_user_in_every_script(docs: Page) -> None:
    claims = base64.urlsafe_b64encode('{"sub": "zo\u00eb \u5c71\u7530"}'.encode()).decode().rstrip("=")
    open_form(docs, "listSchedules")
    form = docs.locator("#listSchedules form")

    form.get_by_label("Token kept in memory only").fill(f"e30.{claims}.c2lnbmVk")

    expect(form.get_by_text("as zo\u00eb \u5c71\u7530")).to_be_visible()


def test_a_change_of_the_form_takes_the_second_click_back(docs: Page) -> None:
    open_form(docs, "cancelSchedule")
    form = docs.locator("#cancelSchedule form")
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("button", name="Cancel a schedule: DELETE /v1/schedules/weekly-digest")).to_be_visible()

    form.get_by_label("schedule_id path, required").fill("a/b")
    expect(form.get_by_role("button", name="Send")).to_be_visible()
    form.get_by_role("button", name="Send").click()

    expect(form.get_by_role("button", name="Cancel a schedule: DELETE /v1/schedules/a%2Fb")).to_be_visible()
    form.get_by_role("button", name="Back").click()
    expect(form.get_by_role("button", name="Send")).to_be_visible()


def test_search_finds_operations_and_fields_with_the_keyboard(docs: Page) -> None:
    docs.keyboard.press("/")
    docs.keyboard.type("backoff")

    expect(docs.get_by_role("status").first).to_have_text("3 operations, 3 fields")
    docs.keyboard.press("ArrowDown")
    docs.keyboard.press("ArrowDown")
    docs.keyboard.press("Enter")

    assert docs.url.endswith("#createSchedule.body.retry.backoff_seconds")
    expect(docs.locator("nav [aria-current]")).to_have_text(re.compile("Create a schedule"))
    docs.keyboard.press("/")
    docs.keyboard.press("Escape")
    expect(docs.locator("nav a:visible")).to_have_count(docs.locator("nav a").count())


def test_a_search_without_a_result_says_so(docs: Page) -> None:
    docs.get_by_label("Search the reference").fill("no such thing")

    expect(docs.get_by_role("status").first).to_have_text("0 operations, 0 fields")
    expect(docs.locator("nav a:visible")).to_have_count(0)


def test_a_language_is_chosen_once_for_all_examples_and_remembered(docs: Page) -> None:
    docs.locator("#getSchedule").get_by_text("Python", exact=True).click()

    expect(docs.locator("#getRun").get_by_label("Python, getRun")).to_be_visible()
    docs.reload()
    expect(docs.locator("#getRun").get_by_label("Python, getRun")).to_be_visible()
    expect(docs.locator("#getRun").get_by_label("curl, getRun")).to_be_hidden()


def test_copy_takes_the_example_that_is_shown(docs: Page) -> None:
    docs.context.grant_permissions(["clipboard-read", "clipboard-write"])
    docs.locator("#getSchedule").get_by_text("JavaScript", exact=True).click()

    docs.locator("#getSchedule").get_by_role("button", name="Copy").click()

    expect(docs.locator("#getSchedule").get_by_role("button", name="Copied")).to_be_visible()
    copied = docs.evaluate("navigator.clipboard.readText()")
    assert copied == docs.get_by_label("JavaScript, getSchedule").text_content()


def test_the_theme_is_the_console_s(docs: Page) -> None:
    docs.get_by_text("Dark", exact=True).click()

    assert docs.evaluate("localStorage['scheduled-tasks.theme']") == "dark"
    docs.reload()
    assert docs.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


def test_a_phone_has_a_folded_menu_and_does_not_scroll_sideways(site: Site) -> None:
    with reference(site, size=PHONE) as page:
        link = page.locator('nav a[href="#getRun"]')
        expect(link).to_be_hidden()

        page.get_by_text("Operations", exact=True).click()
        link.click()

        expect(link).to_be_hidden()
        assert page.url.endswith("#getRun")
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]


def test_without_scripts_a_link_leads_to_its_place(browser: Browser, site: Site) -> None:
    with browser.new_context(java_script_enabled=False, viewport={"width": LAPTOP[0], "height": LAPTOP[1]}) as context:
        page = context.new_page()
        for anchor in ("Run", "RateTiming", "createSchedule.body.retry", "problem-throttled"):
            page.goto(f"{site.api_url}/docs#{anchor}")

            expect(page.locator(f'[id="{anchor}"]')).to_be_in_viewport()
        expect(page.get_by_role("button", name="Try it")).to_have_count(0)
        expect(page.get_by_label("Search the reference")).to_be_hidden()


def test_without_scripts_tabs_change(browser: Browser, site: Site) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{site.api_url}/docs")
        page.locator("#getRun").get_by_text("Python", exact=True).click()

        expect(page.get_by_label("Python, getRun")).to_be_visible()
        expect(page.get_by_label("curl, getRun")).to_be_hidden()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", [LAPTOP, PHONE])
def test_axe_finds_nothing(site: Site, theme: str, size: tuple[int, int]) -> None:
    with reference(site, theme=theme, size=size, expected=("status of 401",)) as page:
        for operation in ("listSchedules", "createSchedule", "cancelSchedule"):
            open_form(page, operation)
        page.locator("#listSchedules form").get_by_role("button", name="Send").click()
        page.locator("#cancelSchedule form").get_by_role("button", name="Send").click()
        expect(page.locator("#listSchedules form").get_by_role("status")).to_contain_text(
            "401", timeout=LONGEST_WAIT_MS
        )
        page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")

        assert axe(page) == ""


def test_it_keeps_its_budgets_of_requests_and_elements(docs: Page) -> None:
    spent = cost(docs)

    assert len(spent.requests) <= MOST_REQUESTS
    assert spent.elements <= MOST_ELEMENTS
