"""A report's email: the main results themselves, in both themes, as HTML and as text, and never cut by Gmail."""

from __future__ import annotations

import re

import pytest

from chalicelib.core.actions.reporting.glyphs import CHARACTERS
from chalicelib.core.actions.reporting.mail import as_mail, as_text
from chalicelib.core.actions.reporting.palette import DARK, LIGHT
from chalicelib.core.model.run import RunStatus
from tests.core.actions.reporting.samples import LINKS, a_full_report, a_report, a_run, an_entry
from tests.core.actions.reporting.test_page import HOSTILE, Parsed

F, M, S = RunStatus.FAILED, RunStatus.MISSED, RunStatus.SKIPPED
CUT_BY_GMAIL = 102 * 1024


def a_mixed_report() -> list[str]:
    """The HTML and the text of a report with a failure, a missed run and a schedule that is fine."""
    report = a_report(
        an_entry([a_run(1, F, reason="answered 503"), a_run(2, M, reason="not delivered")]),
        an_entry([a_run(1), a_run(2, S)], schedule_id="s2", name="Fine"),
    )
    return [as_mail(report, LINKS), as_text(report, LINKS)]


def test_both_parts_have_the_same_results_in_the_same_order() -> None:
    told = ("1 run failed", "a.html", "a.csv", "answered 503", "not delivered", "Fine", "12 hours")

    for part in a_mixed_report():
        body = part.rpartition("</style>")[2]
        places = [body.rindex(text) for text in told]
        assert places == sorted(places)


def test_links_are_behind_words_in_html_and_written_out_in_text() -> None:
    page, text = a_mixed_report()

    links = re.findall(r'<a [^>]*href="([^"]*)" target="_blank"[^>]*>([^<]*)</a>', page)
    assert links == [
        ("https://s3/a.html?x=1&amp;y=2", "Open the whole report"),
        ("https://s3/a.csv?x=1&amp;y=2", "Download as CSV"),
    ]
    assert "https://" not in Parsed(page).text
    assert "Open the whole report:\nhttps://s3/a.html?x=1&y=2\n" in text


def test_a_schedule_that_needs_the_reader_is_not_repeated_below() -> None:
    page, text = a_mixed_report()

    assert page.split("Everything else")[1].count("Nightly export") == 0
    assert text.split("EVERYTHING ELSE")[1].count("Nightly export") == 0


def test_a_status_is_shown_by_a_character_and_a_word_as_well() -> None:
    page, _ = a_mixed_report()

    assert f"{CHARACTERS['failed']}&nbsp;1&nbsp;failed" in page
    assert f"{CHARACTERS['missed']}&nbsp;1&nbsp;missed" in page


def test_each_colour_of_the_light_theme_has_one_of_the_dark_theme() -> None:
    page, _ = a_mixed_report()
    head, _, body = page.partition("</style>")
    dark = head.split("(prefers-color-scheme:dark)")[1]

    inline = set(re.findall(r"(?<![-\w])color:(#\w{6})", body))
    roles = {role for role, colour in LIGHT.items() if colour in inline}
    assert inline <= set(LIGHT.values())
    assert {DARK[role] for role in roles} <= set(re.findall(r"#\w{6}", dark))


def test_each_coloured_text_has_a_class_by_which_the_dark_theme_finds_it() -> None:
    page, _ = a_mixed_report()
    dark = page.split("(prefers-color-scheme:dark)")[1].partition("</style>")[0]

    for tag in re.findall(r'<(?:h1|h2|p|b|span|a)\b[^>]*style="[^"]*(?<![-\w])color:[^>]*>', page):
        classes = re.search(r'class="([^"]*)"', tag)
        found = classes[1].split() if classes else []
        assert any(f".{name}{{" in dark for name in found) or LIGHT["on-solid"] in tag, tag


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_user_wrote_is_text(text: str) -> None:
    usual, hostile = (
        as_mail(
            a_report(
                an_entry([a_run(1, F, reason=written)], name=written),
                an_entry([], schedule_id="s2", name=written),
            ),
            LINKS,
        )
        for written in ("plain", text)
    )

    before, after = Parsed(usual), Parsed(hostile)
    assert after.text.count(text) == 3
    assert (after.tags, after.attributes) == (before.tags, before.attributes)
    assert not {"script", "img", "iframe", "link", "form"} & set(after.tags)


def test_a_long_name_or_reason_is_cut_and_can_break_anywhere() -> None:
    page = as_mail(a_report(an_entry([a_run(1, F, reason="r" * 500)], name="n" * 200)), LINKS)

    assert (f"{'n' * 79}\u2026" in page, "n" * 80 in page) == (True, False)
    assert (f"{'r' * 199}\u2026" in page, "r" * 200 in page) == (True, False)
    assert "word-break:break-word" in page


def test_a_break_in_a_name_makes_no_line_of_the_text() -> None:
    text = as_text(a_report(an_entry([a_run(1, F, reason="no\nEVERYTHING ELSE")], name="a\r\nb")), LINKS)

    assert "1 failed \u00b7 a b \u00b7 no EVERYTHING ELSE" in text


def test_the_largest_mail_is_not_cut_by_gmail() -> None:
    report = a_full_report()

    page, text = as_mail(report, LINKS), as_text(report, LINKS)

    assert (len(page.encode()) < CUT_BY_GMAIL, len(text.encode()) < CUT_BY_GMAIL) == (True, True)
    assert "more failures, in the whole report" in page
    assert "more failures, in the whole report" in text


def test_what_was_left_out_is_told_in_both_parts() -> None:
    report = a_report(an_entry([a_run(1)]), lacks_schedules=True)

    for part in (as_mail(report, LINKS), as_text(report, LINKS)):
        assert "This report is incomplete" in part
        assert "It does not contain all schedules." in part
