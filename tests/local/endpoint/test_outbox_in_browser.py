"""The outbox's page in a browser: it refreshes without moving what one reads, and what senders write stays inert."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from local.testing import RunningCloud, Workbench, running_cloud

SENDER = "tasks@example.com"
LAPTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
A_REFRESH = 6000
"""Milliseconds in which the page must have refreshed itself; it does so every two seconds."""

HOSTILE = "<img src=x onerror=alert(1)> \u202etext " + "W" * 120
HTML = (
    "<html><head><title>x</title></head><script>parent.hit = 1; alert(1)</script>"
    "<p onclick=alert(1)>Hi <a href='/_local/health'>there</a><img src=http://127.0.0.1:1/ onerror=alert(1)></p></html>"
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        running.client("sesv2").create_email_identity(EmailIdentity=SENDER)
        yield running


@pytest.fixture
def cloud(running: RunningCloud, browser: Browser) -> RunningCloud:
    """With 30 emails."""
    context = browser.new_context()
    context.request.delete(f"{running.endpoint}/_local/outbox")
    context.close()
    for number in range(30):
        send(running, f"number {number}")
    return running


@cache
def client(endpoint: str) -> Any:
    return Workbench(endpoint).client("sesv2")


def send(cloud: RunningCloud, subject: str, **body: str) -> None:
    parts: dict[str, Any] = {kind.title(): {"Data": data} for kind, data in (body or {"text": "Hi"}).items()}
    client(cloud.endpoint).send_email(
        FromEmailAddress=SENDER,
        Destination={"ToAddresses": ["alice@example.com"]},
        Content={"Simple": {"Subject": {"Data": subject}, "Body": parts}},
    )


@pytest.fixture
def page(cloud: RunningCloud, browser: Browser) -> Iterator[Page]:
    """The outbox on a laptop. Fails if the page's script fails, or if anything opens a dialog."""
    context = browser.new_context(viewport=LAPTOP)  # type: ignore[arg-type]
    yield from opened(context.new_page(), cloud)
    context.close()


@pytest.fixture
def phone(cloud: RunningCloud, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    yield from opened(context.new_page(), cloud)
    context.close()


def opened(page: Page, cloud: RunningCloud) -> Iterator[Page]:
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("dialog", lambda dialog: failures.append(dialog.message))
    page.goto(f"{cloud.endpoint}/_local/outbox")
    yield page
    assert failures == []


def first(page: Page) -> Any:
    return page.locator("#list > li .b").first


def test_a_new_message_appears_at_the_top_and_the_shown_one_stays(page: Page, cloud: RunningCloud) -> None:
    page.get_by_text("number 27").click()
    expect(page.locator("#subject")).to_have_text("number 27")
    page.get_by_text("Source", exact=True).click()

    send(cloud, "a new one")

    expect(first(page)).to_have_text("a new one", timeout=A_REFRESH)
    expect(page.locator("#said")).to_have_text("1 new message")
    expect(page.locator("#subject")).to_have_text("number 27")
    expect(page.locator(".pane.source")).to_be_visible()
    expect(page.locator("#list [aria-current] .b")).to_have_text("number 27")


def test_a_list_that_was_scrolled_does_not_move_and_new_messages_are_announced(page: Page, cloud: RunningCloud) -> None:
    page.evaluate("document.querySelector('.inbox').scrollTop = 300")

    send(cloud, "one")
    send(cloud, "two")

    expect(page.locator("#fresh")).to_have_text("2 new messages", timeout=A_REFRESH)
    assert page.evaluate("document.querySelector('.inbox').scrollTop") == 300
    expect(first(page)).to_have_text("number 29")
    page.locator("#fresh").click()
    expect(first(page)).to_have_text("two")


def test_a_search_keeps_the_focus_and_the_url_has_it(page: Page) -> None:
    field = page.get_by_placeholder("Subject, text, address or run")

    field.press_sequentially("number 2")

    expect(page.locator("#list > li")).to_have_count(11)
    assert page.url.endswith("?search=number+2")
    expect(field).to_be_focused()


def test_back_returns_to_the_message_before(page: Page) -> None:
    for name in ("number 5", "number 6"):
        page.get_by_text(name, exact=True).click()
        expect(page.locator("#subject")).to_have_text(name)

    page.go_back()

    expect(page.locator("#subject")).to_have_text("number 5")


def test_a_tab_that_was_chosen_stays_for_the_next_message(page: Page) -> None:
    page.get_by_text("Source", exact=True).click()

    page.get_by_text("number 5", exact=True).click()

    expect(page.locator("#subject")).to_have_text("number 5")
    expect(page.locator(".pane.source")).to_be_visible()


def test_what_a_sender_wrote_does_nothing_and_its_link_opens_in_a_new_tab(page: Page, cloud: RunningCloud) -> None:
    send(cloud, HOSTILE, html=HTML.replace("/_local", f"{cloud.endpoint}/_local"), text=HTML)
    page.reload()

    frame = page.frame_locator("iframe.mail")
    frame.get_by_text("Hi").click()
    with page.context.expect_page() as tab:
        frame.get_by_text("there").click()

    expect(tab.value.locator("body")).to_contain_text('"status": "ok"')
    assert page.evaluate("window.hit") is None
    assert page.locator("main img, main script").count() == 0


def test_an_email_is_seen_in_the_theme_that_was_chosen(page: Page, cloud: RunningCloud) -> None:
    html = "<style>p{color:#111111}@media (prefers-color-scheme:dark){p{color:#eeeeee}}</style><p>Hi</p>"
    send(cloud, "themes", html=html)
    page.reload()
    text = page.frame_locator("iframe.mail").get_by_text("Hi")

    expect(text).to_have_css("color", "rgb(17, 17, 17)")
    page.locator(".of-html").get_by_text("Dark").click()
    expect(text).to_have_css("color", "rgb(238, 238, 238)")


def test_a_cloud_that_does_not_answer_is_reported_and_the_messages_stay(page: Page) -> None:
    page.route("**/_local/outbox", lambda route: route.abort())

    expect(page.locator("#gone")).to_be_visible(timeout=A_REFRESH)
    expect(page.locator("#list > li")).to_have_count(30)
    page.unroute("**/_local/outbox")
    expect(page.locator("#gone")).to_be_hidden(timeout=A_REFRESH)


def test_an_empty_outbox_fills_by_itself_and_can_be_emptied(page: Page, cloud: RunningCloud) -> None:
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("Nothing has been sent yet")).to_be_visible()

    send(cloud, "the first")

    expect(first(page)).to_have_text("the first", timeout=A_REFRESH)
    expect(page.locator("#count")).to_contain_text("1 message.")


def test_a_phone_shows_the_list_and_then_the_message_and_returns_to_the_same_place(phone: Page) -> None:
    phone.evaluate("scrollTo(0, 400)")

    phone.get_by_text("number 15", exact=True).click()
    expect(phone.locator("#list")).to_be_hidden()
    expect(phone.locator("#subject")).to_be_visible()
    phone.get_by_text("All messages").click()

    expect(phone.locator("#list")).to_be_visible()
    expect(phone.locator("#message")).to_be_hidden()
    assert phone.evaluate("scrollY") == 400


@pytest.mark.parametrize("width", [320, 390, 1024, 1920])
def test_no_width_scrolls_sideways(page: Page, cloud: RunningCloud, width: int) -> None:
    send(cloud, HOSTILE, html=HTML, text="W" * 500)
    page.set_viewport_size({"width": width, "height": 800})
    page.reload()
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    first(page).click()

    for tab in page.locator("input[name=tab]").all():
        tab.evaluate("element => element.click()")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
