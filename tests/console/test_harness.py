"""The browser tests' own tools find what they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.console.accessibility import axe
from tests.console.browser import Watch, window
from tests.console.budgets import cost
from tests.console.tools import STATIC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page, Route

    Show = Callable[[str, str], Page]

pytestmark = pytest.mark.long

ORIGIN = "http://console.test"
HEADERS = {"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'"}
GOOD = '<!doctype html><html lang="en"><title>Good</title><main><h1>Good</h1></main></html>'


@pytest.fixture
def watch() -> Watch:
    return Watch(frozenset({ORIGIN}))


@pytest.fixture
def show(browser: Browser, watch: Watch) -> Iterator[Show]:
    """Shows a page with a script, beside the console's files, under the console's policy."""
    with window(browser) as context:
        watch.attach(context)

        def shown(html: str, script: str) -> Page:
            pages = {"/": (html, "text/html"), "/test.js": (script, "text/javascript")}

            def answer(route: Route) -> None:
                path = route.request.url.removeprefix(ORIGIN)
                body, kind = pages.get(path) or ((STATIC / path[1:]).read_text(), "text/javascript")
                route.fulfill(body=body, content_type=f"{kind}; charset=utf-8", headers=HEADERS)

            context.route(f"{ORIGIN}/**", answer)
            context.route("https://elsewhere.test/**", lambda route: route.abort())
            page = context.new_page()
            page.goto(f"{ORIGIN}/")
            page.wait_for_function("() => !document.querySelector('script') || window.done")
            return page

        yield shown


def with_script(body: str = "") -> str:
    head = '<!doctype html><html lang="en"><title>Test</title>'
    return f'{head}<main><h1>Test</h1>{body}</main><script type="module" src="/test.js"></script></html>'


def test_a_good_page_has_no_findings(show: Show, watch: Watch) -> None:
    page = show(GOOD, "")

    assert axe(page) == ""
    assert watch.findings() == []


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("console.error('broken')", "error: broken"),
        ("console.warn('odd')", "warning: odd"),
        ("setTimeout(() => { throw new Error('thrown') })", "exception: Error: thrown"),
        ("Promise.reject(new Error('rejected'))", "rejected"),
        ("alert(1)", "dialog: 1"),
        ("fetch('https://elsewhere.test/x').catch(() => {})", "policy: connect-src forbids https://elsewhere.test"),
        ("document.body.setAttribute('style', 'color: red')", "policy: style-src-attr forbids inline"),
    ],
)
def test_the_watch_finds_what_a_page_must_not_do(show: Show, watch: Watch, script: str, found: str) -> None:
    page = show(with_script(), f"{script}; setTimeout(() => {{ window.done = true; }}, 50);")
    page.close()

    assert any(found in finding for finding in watch.findings()), watch.findings()


def test_the_watch_finds_a_request_to_another_host(show: Show, watch: Watch) -> None:
    page = show(GOOD, "")
    with pytest.raises(Exception, match="ERR_FAILED"):
        page.goto("https://elsewhere.test/page")

    assert "request: https://elsewhere.test/page" in watch.findings()


def test_an_expected_finding_is_left_out() -> None:
    watch = Watch(frozenset(), expected=("status of 4(04|22)",))
    watch._found += ["error: status of 404", "error: status of 500"]

    assert watch.findings() == ["error: status of 500"]


def test_axe_names_a_violation_and_its_place(show: Show) -> None:
    page = show('<!doctype html><html lang="en"><title>Bad</title><main><h1>Bad</h1><img src="data:,"></main>', "")

    assert axe(page).startswith("image-alt (critical)")
    assert '<img src="data:,">' in axe(page)


def test_the_cost_of_a_page_counts_requests_and_elements(show: Show) -> None:
    found = cost(show(with_script("<p>One</p>"), "window.done = true;"))

    assert [url.removeprefix(ORIGIN) for url in found.requests] == ["/", "/test.js"]
    assert found.elements == 8
    assert found.uncompressed > 0


SIGNALS = """
import { computed, html, render, signal, useSignal, useState } from "/libs.js";
const runs = signal(1);
const Count = () => { const [clicks, click] = useState(0); const own = useSignal("<b>");
  return html`<button onClick=${() => click(clicks + 1)}>${runs} ${runs.value} ${clicks} ${own}</button>`; };
render(html`<${Count} />`, document.querySelector("main"));
runs.value = 2;
document.querySelector("button").click();
setTimeout(() => { window.done = true; }, 50);
"""


def test_hooks_signals_and_templates_share_one_preact(show: Show, watch: Watch) -> None:
    page = show(with_script(), SIGNALS)

    assert page.locator("button").inner_text() == "2 2 1 <b>"
    assert watch.findings() == []
