"""A report's page: failures first, runs in folded lines, inert whatever a user wrote, and nothing from outside."""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from chalicelib.core.actions.report_period import Period
from chalicelib.core.actions.reporting import digest
from chalicelib.core.actions.reporting.glyphs import CHARACTERS, SHAPES
from chalicelib.core.actions.reporting.page import as_html
from chalicelib.core.actions.reporting.palette import STATUS_ROLES
from chalicelib.core.actions.reporting.wording import headline, lateness, share, title, when
from chalicelib.core.model.run import Run, RunStatus
from chalicelib.core.model.schedule import Status, Timing
from tests.core.actions.reporting.samples import START, a_full_report, a_report, a_run, an_entry

F, M, S = RunStatus.FAILED, RunStatus.MISSED, RunStatus.SKIPPED
MEGABYTE = 1024 * 1024


class Parsed(HTMLParser):
    """The tags, attributes and texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def headings(page: str) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", page)


def lines(page: str) -> list[str]:
    """The lines of the history, as texts."""
    history = page.split('<ol class="history">')[1].split("</ol>", maxsplit=1)[0]
    return [re.sub(r"\s+", " ", Parsed(line).text).strip() for line in history.split("<li>")[1:]]


def test_what_needs_the_reader_is_before_everything_else() -> None:
    page = as_html(a_report(an_entry([a_run(1), a_run(2, F, reason="no"), a_run(3, M)])))

    assert headings(page) == ["Needs you", "Punctuality by day", "Schedules", "What happened"]
    assert "<h1>1 run failed and 1 was missed. 1 of 3 succeeded.</h1>" in page


def test_without_failures_nothing_needs_the_reader() -> None:
    page = as_html(a_report(an_entry([a_run(1)])))

    assert headings(page) == ["Punctuality by day", "Schedules", "What happened"]
    assert "col fail" not in page


def test_a_report_of_nothing_draws_no_chart() -> None:
    page = as_html(a_report())

    assert headings(page) == ["Schedules"]
    assert "No run in this period." in page
    assert '<svg class="chart' not in page


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ([], "No run in this period."),
        ([a_run(1), a_run(2)], "No run failed and none was missed. 2 of 2 succeeded."),
        ([a_run(1, F)], "1 run failed. 0 of 1 succeeded."),
        ([a_run(1, M), a_run(2, M)], "2 runs missed. 0 of 2 succeeded."),
        ([a_run(1, F), a_run(2, F), a_run(3, M), a_run(4, M)], "2 runs failed and 2 were missed. 0 of 4 succeeded."),
    ],
)
def test_the_headline_is_the_result(runs: list[Run], said: str) -> None:
    assert headline(a_report(an_entry(runs))) == said


def test_failures_of_one_schedule_with_one_reason_are_one_group() -> None:
    runs = [a_run(hour, F, reason="answered 503") for hour in (2, 26, 50, 74, 98)]
    other = an_entry([a_run(5, F, reason="answered 503")], schedule_id="s2", name="Other")

    groups = digest.needs_you(a_report(an_entry([*runs, a_run(6, M)]), other))

    assert [(group.name, group.status, len(group.runs)) for group in groups] == [
        ("Nightly export", "failed", 5),
        ("Other", "failed", 1),
        ("Nightly export", "missed", 1),
    ]
    said = when(digest.instants(groups[0]), a_report()).replace("\u00a0", " ")
    assert said == "Tue 16 Mar, Wed 17 Mar, Thu 18 Mar, Fri 19 Mar, 02:00 and 1 earlier"


def test_successes_in_a_row_are_one_line_whichever_schedules_they_are_of() -> None:
    one = an_entry([a_run(1, late=2), a_run(3), a_run(5, F, reason="no"), a_run(7)])
    two = an_entry([a_run(2), a_run(4)], schedule_id="s2", name="Other")

    assert lines(as_html(a_report(one, two))) == [
        "Mon 15 Mar07:00Nightly export succeeded0.4 s late",
        "Mon 15 Mar05:00Nightly export failedno1 attempt",
        "Mon 15 Mar01:00 to 04:004 succeededat most 2.0 s late",
    ]


def test_equal_results_of_one_schedule_in_a_row_are_one_line_and_others_are_not() -> None:
    entry = an_entry([a_run(1, S, reason="paused"), a_run(2, S, reason="paused"), a_run(3, S, reason="overlap")])

    assert [line.partition("Nightly export ")[2] for line in lines(as_html(a_report(entry)))] == [
        "skippedoverlap",
        "2 runs skippedpaused",
    ]


def test_schedules_that_need_the_reader_come_first() -> None:
    entries = [
        an_entry([a_run(1), a_run(2)], schedule_id="s1", name="fine"),
        an_entry([a_run(1), a_run(2, M)], schedule_id="s2", name="missed"),
        an_entry([a_run(2, F)], schedule_id="s3", name="failed"),
        an_entry([], schedule_id="s4", name="idle"),
    ]

    found = digest.by_need(a_report(*entries))

    assert [entry.schedule and entry.schedule.name for entry in found] == ["failed", "missed", "fine", "idle"]


@pytest.mark.parametrize(
    ("expression", "timezone", "said"),
    [
        ("rate(1 hour)", "UTC", "Every hour"),
        ("rate(15 minutes)", "UTC", "Every 15 minutes"),
        ("at(2027-03-18T09:00:00)", "UTC", "Once"),
        ("cron(0 9 ? * MON *)", "UTC", "cron(0 9 ? * MON *)"),
        ("cron(0 9 ? * MON *)", "Asia/Riyadh", "cron(0 9 ? * MON *), Asia/Riyadh"),
    ],
)
def test_a_schedule_says_when_it_fires(expression: str, timezone: str, said: str) -> None:
    page = as_html(a_report(an_entry([], timing=Timing(expression, timezone, start_at=START))))

    assert f">{said}</small>" in page


def test_a_paused_schedule_says_until_when() -> None:
    page = as_html(a_report(an_entry([], status=Status.PAUSED, paused_until=START + timedelta(days=9))))

    assert "paused until Wed 24 Mar 00:00" in page


@pytest.mark.parametrize(
    ("start", "end", "zone", "said"),
    [
        ("2027-03-15T00:00", "2027-03-22T00:00", "UTC", "Mon 15 to Sun 21 Mar 2027"),
        ("2027-03-15T00:00", "2027-03-16T00:00", "UTC", "Mon 15 Mar 2027"),
        ("2026-12-28T00:00", "2027-01-04T00:00", "UTC", "Mon 28 Dec 2026 to Sun 3 Jan 2027"),
        ("2027-03-27T23:00", "2027-03-28T22:00", "Europe/Berlin", "Sun 28 Mar 2027"),
        ("2027-03-15T08:00", "2027-03-22T08:00", "UTC", "Mon 15 Mar 2027 08:00 to Mon 22 Mar 2027 08:00"),
    ],
)
def test_the_title_names_whole_days_and_other_periods_by_their_times(
    start: str, end: str, zone: str, said: str
) -> None:
    period = Period(*(datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, end)))

    assert title(a_report(period=period, timezone=zone)) == f"Your schedules, {said}"


def test_a_share_is_100_percent_only_if_it_is_the_whole() -> None:
    assert [share(*pair) for pair in ((1999, 2000), (2000, 2000), (1, 2), (0, 5))] == ["99.9%", "100%", "50%", "0%"]


def test_a_lateness_has_the_unit_that_people_say() -> None:
    seconds = (0, 0.44, 59.9, 61, 22 * 60, 3 * 3600)

    assert [lateness(timedelta(seconds=late)) for late in seconds] == [
        "0.0 s",
        "0.4 s",
        "59.9 s",
        "1 min",
        "22 min",
        "3.0 h",
    ]


def test_a_run_that_began_late_is_marked_apart_from_the_punctual_ones() -> None:
    page = as_html(a_report(an_entry([a_run(1), a_run(2, late=1320)])))

    assert "<title>1 run, at most 22 min late</title>" in page
    assert "1 of 2 within 1 min" in page
    assert 'aria-label="Lateness by day: 2 runs began, the median 0.4 s and the latest 22 min after their time"' in page


@pytest.mark.parametrize("hours", [0.01, 1, 24, 24 * 31, 24 * 366 * 200])
def test_a_period_of_any_length_is_drawn_in_bounds(hours: float) -> None:
    period = Period(START, min(START + timedelta(hours=hours), datetime(2199, 12, 31, tzinfo=UTC)))
    found = as_html(a_report(an_entry([a_run(0)]), period=period))

    chart = found.split('<svg class="chart wide"')[1].split("</svg>")[0]
    assert all(0 <= float(x) <= 1000 for x in re.findall(r'(?:\bx="|M)(-?[\d.]+)', chart))
    assert len(chart) < 8000


def test_days_are_those_of_the_reports_zone() -> None:
    report = a_report(an_entry([a_run(23.5), a_run(23.6)]), timezone="Europe/Berlin")

    assert [(str(day), found.results["succeeded"]) for day, found in digest.days(report)] == [("2027-03-16", 2)]


def test_each_status_has_a_colour_a_shape_and_a_character_of_its_own() -> None:
    for status in {*RunStatus, *Status}:
        assert status.value in STATUS_ROLES
        assert status.value in SHAPES
        assert status.value in CHARACTERS
    for statuses in (RunStatus, Status):
        assert len({SHAPES[status.value] for status in statuses}) == len(statuses)
        assert len({CHARACTERS[status.value] for status in statuses}) == len(statuses)


HOSTILE = [
    "</td></tr></table><script>alert(1)</script>",
    '" onmouseover="alert(1)" x="',
    "' onerror='alert(1)",
    "<img src=x onerror=alert(1)>",
    "</style></title><iframe srcdoc='<script>alert(1)</script>'>",
    "<!-- ]]> {{name}} {headline} %s",
    "&lt;b&gt; &amp;",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_user_wrote_is_text(text: str) -> None:
    usual, hostile = (
        as_html(
            a_report(
                an_entry([a_run(1, F, reason=written), a_run(2, S, reason=written)], name=written, resource_id=written),
            )
        )
        for written in ("plain", text)
    )

    before, after = Parsed(usual), Parsed(hostile)
    assert after.text.count(text) == 8
    assert (after.tags, after.attributes) == (before.tags, before.attributes)


def test_a_name_cannot_turn_the_text_around_it() -> None:
    page = as_html(a_report(an_entry([a_run(1, F)], name="\u202eevil \u2067name")))

    assert "\u202e" not in page
    assert "\u2067" not in page
    assert "<bdi> evil  name</bdi>".replace("  ", " ") in page.replace("  ", " ")


def test_nothing_comes_from_outside_and_nothing_runs() -> None:
    page = as_html(a_report(an_entry([a_run(1, F), a_run(2)])))
    style = page.split("<style>")[1].split("</style>")[0]

    found = Parsed(page)
    digest_of_style = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest_of_style}'"
    assert ("content", policy) in found.attributes
    assert not {"script", "link", "img", "iframe", "a", "form"} & set(found.tags)
    assert {name for name, _ in found.attributes} & {"style", "src", "onload", "onclick"} == set()
    assert {value for name, value in found.attributes if name == "href"} <= {f"#{name}" for name in SHAPES}
    assert "url(" not in style
    assert "@import" not in style


def test_the_page_follows_the_readers_theme_and_is_printed_light() -> None:
    style = as_html(a_report()).split("<style>")[1].split("</style>")[0]

    assert style.startswith(":root{--canvas:#f6f6f2;")
    assert "@media screen and (prefers-color-scheme:dark){:root{--canvas:#131411;" in style


def test_the_page_of_a_quiet_week_is_small_and_the_largest_one_is_bounded() -> None:
    quiet = as_html(a_report(an_entry([a_run(hour) for hour in range(168)])))
    largest = as_html(a_full_report())

    assert len(quiet.encode()) < 20 * 1024
    assert len(largest.encode()) < 16 * MEGABYTE
    assert "Sun 21 Mar" in quiet
