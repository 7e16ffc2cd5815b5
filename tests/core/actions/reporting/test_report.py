"""`report`: one user's schedules and runs of a period, harmless in every program that shows them."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib.core.actions.report_period import Period
from chalicelib.core.actions.reporting.csv_file import as_csv
from chalicelib.core.actions.reporting.gather import Gathering, Limits, Report
from chalicelib.core.actions.reporting.page import as_html
from chalicelib.core.actions.reporting.wording import notes
from chalicelib.core.errors import StoreUnavailable
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Action, RetryPolicy
from chalicelib.testing import Faults
from notification.action_api import ActionFailed
from tests.notification.contexts import a_run, do, failure_of, refused
from tests.notification.world import A_MINUTE, NOON, FakeAws, World, next_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.model.schedule import Schedule

REPORT = {"to": ["alice@example.com"], "period": "day"}
HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\uff1d1+1", '=cmd|" /C calc"!A0']


def report(world: World, at: datetime, *, user_id: str = "alice", **data: Any) -> dict[str, bytes]:
    """The objects that a report leaves in S3, by the ends of their keys."""
    do("report", {**REPORT, **data}, world.aws, repository=world.repository, scheduled_time=at, user_id=user_id)
    return {request["Key"].rpartition(".")[2]: request["Body"] for request in world.aws.of("put_object")}


def rows(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def fired(world: World, *, times: int = 1, **details: Any) -> Schedule:
    """An hourly schedule that has run so many times."""
    schedule = world.service.create_recurring(
        **{"user_id": "alice", "rate": "1 hour", "action": Action("email", MAIL), **details}
    )
    for _ in range(times):
        world.fire(world.event(schedule))
        schedule = world.service.get(schedule.user_id, schedule.schedule_id)
    return schedule


MAIL = {"to": ["alice@example.com"], "subject": "Hello", "text": "It is time."}


def test_it_tells_each_run_of_the_period(world: World) -> None:
    schedule = fired(world, times=3, name="Look after it", resource_id="contract-42")

    found = rows(report(world, NOON + timedelta(hours=3))["csv"])

    assert [row["scheduled_time"] for row in found] == ["2027-03-01T14:00:00Z", "2027-03-01T13:00:00Z"]
    assert found[0] == {
        "schedule_id": schedule.schedule_id,
        "name": "Look after it",
        "resource_id": "contract-42",
        "action": "email",
        "schedule_status": "active",
        "next_run_at": "2027-03-01T16:00:00Z",
        "run_id": world.runs(schedule)[1].run_id,
        "scheduled_time": "2027-03-01T14:00:00Z",
        "status": "succeeded",
        "lateness_ms": "0",
        "attempts": "1",
        "reason": "",
    }


def test_it_tells_why_a_run_failed(world: World) -> None:
    world.aws.error = refused("MessageRejected")
    fired(world)
    world.aws.error = None

    found = report(world, NOON + timedelta(hours=2))

    assert [(row["status"], row["reason"]) for row in rows(found["csv"])] == [("failed", "SES MessageRejected: no")]
    assert b"SES MessageRejected: no" in found["html"]


def test_it_names_a_schedule_that_had_no_run(world: World) -> None:
    schedule = fired(world, times=0)

    (row,) = rows(report(world, NOON + A_MINUTE)["csv"])

    assert (row["schedule_id"], row["run_id"], row["status"]) == (schedule.schedule_id, "", "")


def test_nobody_elses_schedules_are_in_it(world: World) -> None:
    fired(world, user_id="bob", name="Bob's own")
    mine = fired(world)

    found = report(world, NOON + timedelta(hours=3))

    assert {row["schedule_id"] for row in rows(found["csv"])} == {mine.schedule_id}
    assert b"Bob" not in found["html"]


def test_a_schedule_that_ended_before_the_period_is_not_in_it(world: World) -> None:
    done = world.a_schedule()
    world.fire(world.event(done))
    later = next_run(done) + timedelta(days=3)

    found = {length: rows(report(world, later, period=length)["csv"]) for length in ("day", "week")}

    assert [(length, len(lines)) for length, lines in found.items()] == [("day", 0), ("week", 1)]


def completed_with_a_failure(world: World, runs: int) -> Schedule:
    """An hourly schedule that ended by itself after so many runs, of which the first one failed."""
    world.aws.errors = [refused("MessageRejected")]
    return fired(world, times=runs, max_runs=runs)


def test_a_redrive_of_its_first_run_takes_no_other_run_of_an_ended_schedule_out_of_it(world: World) -> None:
    schedule = completed_with_a_failure(world, runs=40)
    period = "2027-03-02T16:00:00Z/2027-03-03T04:00:00Z"
    before = rows(report(world, world.clock.now, period=period)["csv"])
    world.service.redrive("alice", schedule.schedule_id, world.runs(schedule)[-1].run_id)
    world.runner.handle(world.starter.events[-1], timedelta(seconds=30))

    after = rows(report(world, world.clock.now, period=period)["csv"])

    assert world.runs(schedule)[-1].status is RunStatus.SUCCEEDED
    assert (len(after), after) == (12, before)


def test_a_redrive_of_an_earlier_run_now_takes_no_ended_one_time_schedule_out_of_it(world: World) -> None:
    schedule = world.a_schedule(after=timedelta(days=9), retry=RetryPolicy(max_retries=0))
    asked = world.service.run_now("alice", schedule.schedule_id)
    world.aws.errors = [refused("MessageRejected")]
    world.runner.handle(world.starter.events[-1], timedelta(seconds=30))
    world.fire(world.event(schedule))
    world.service.redrive("alice", schedule.schedule_id, asked.run_id)
    world.runner.handle(world.starter.events[-1], timedelta(seconds=30))

    (row,) = rows(report(world, world.clock.now + A_MINUTE)["csv"])

    assert (row["schedule_status"], row["scheduled_time"]) == ("completed", "2027-03-10T12:00:00Z")


def test_a_recurring_schedule_that_completed_before_the_period_is_not_in_it(world: World) -> None:
    completed_with_a_failure(world, runs=2)

    found = report(world, world.clock.now, period="2027-03-03T12:00:00Z/2027-03-04T00:00:00Z")

    assert rows(found["csv"]) == []


def test_a_schedule_of_after_the_period_is_not_in_it(world: World) -> None:
    fired(world, times=0)

    found = report(world, NOON, period="2027-01-01T00:00:00Z/2027-02-01T00:00:00Z")

    assert rows(found["csv"]) == []


def test_what_has_expired_is_not_in_it(world: World) -> None:
    fired(world)
    interval = f"{NOON.isoformat()}/{(NOON + timedelta(hours=2)).isoformat()}"

    before, after = (rows(report(world, NOON + timedelta(days=days), period=interval)["csv"]) for days in (89, 91))

    assert [row["status"] for row in (*before, *after)] == ["succeeded", ""]


def test_it_reads_one_query_for_each_status_and_each_schedule_and_two_for_failures(world: World) -> None:
    for _ in range(3):
        fired(world, times=0)
    world.faults.calls.clear()

    report(world, NOON + A_MINUTE)

    reads = sorted(call for call in world.faults.calls if call.startswith("repository."))
    assert reads == [
        *["repository.list_by_user"] * 5,
        *["repository.list_runs"] * 3,
        *["repository.list_runs_of_user"] * 2,
    ]


def gathered(world: World, limits: Limits, clock: Callable[[], datetime] = lambda: NOON) -> Report:
    """The day after noon."""
    day = Period(NOON, NOON + timedelta(days=1))
    return Gathering(world.repository, "alice", day, now=day.end, clock=clock, limits=limits).report("UTC")


def run_ids(found: Report) -> list[str]:
    return sorted(run.run_id for entry in found.entries for run in entry.runs)


def test_it_reads_page_after_page(world: World) -> None:
    schedules = [fired(world, times=3) for _ in range(3)]

    found = gathered(world, Limits(page=2))

    assert run_ids(found) == sorted(run.run_id for schedule in schedules for run in world.runs(schedule))
    assert not found.is_cut


@pytest.mark.parametrize(
    ("limits", "runs", "is_cut"),
    [
        (Limits(runs=6), 6, False),
        (Limits(runs=5), 5, True),
        (Limits(calls=9), 6, False),
        (Limits(calls=8), 3, True),
        (Limits(page=1, calls=3), 0, True),
    ],
)
def test_it_ends_at_its_limits_and_says_so(world: World, limits: Limits, runs: int, *, is_cut: bool) -> None:
    fired(world, times=3)
    fired(world, times=3)

    found = gathered(world, limits)

    assert (len(run_ids(found)), found.is_cut) == (runs, is_cut)


def a_table_that_answers_after(seconds: float, world: World) -> Callable[[], datetime]:
    """A clock that goes on by so much with each call of the table."""
    before = len(world.faults.calls)
    return lambda: NOON + (len(world.faults.calls) - before) * timedelta(seconds=seconds)


@pytest.mark.parametrize(("seconds", "runs", "left_out"), [(1, 6, 0), (1.25, 3, 1), (1.5, 0, 2)])
def test_it_ends_at_its_deadline_and_counts_what_it_left_out(
    world: World, seconds: float, runs: int, left_out: int
) -> None:
    fired(world, times=3)
    fired(world, times=3)

    found = gathered(world, Limits(), a_table_that_answers_after(seconds, world))

    assert (len(run_ids(found)), found.without_all_runs, found.lacks_schedules) == (runs, left_out, False)


def test_a_report_of_500_slow_pages_ends_within_its_time(world: World) -> None:
    fired(world, times=12)
    clock = a_table_that_answers_after(0.75, world)

    found = gathered(world, Limits(page=1), clock)

    assert clock() - NOON <= timedelta(seconds=10.75)
    assert found.lacks_schedules or found.without_all_runs


def test_whoever_reads_it_is_told_what_was_left_out(world: World) -> None:
    whole = gathered(world, Limits())
    cut = replace(whole, lacks_failures=True, lacks_schedules=True, without_all_runs=1200)

    told = [
        "This report is incomplete: the limits of its size or reading time were reached.",
        "It does not contain all failed and missed runs, only the latest.",
        "It does not contain all schedules.",
        "Schedules without all of their runs: 1,200.",
    ]
    assert (notes(whole), notes(cut)) == ([], told)
    assert [note in as_html(cut) for note in told] == [True] * 4
    assert told[0] not in as_html(whole)


def fired_under(name: str, world: World) -> None:
    """A run of a schedule of this name and resource, some of which only older releases accepted from Python."""
    schedule = fired(world, name="x", resource_id="x")
    (item,) = (item for key, item in world.repository.items.items() if key[1] == f"SCHEDULE#{schedule.schedule_id}")
    item |= {"name": name, "resource_id": name}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_cell_is_a_formula(world: World, name: str) -> None:
    fired_under(name, world)

    (row,) = rows(report(world, NOON + timedelta(hours=3))["csv"])

    assert (row["name"], row["resource_id"]) == (f"'{name}", f"'{name}")


@pytest.mark.parametrize("name", ['a "quoted" one', "a,b;c", "-", "two\r\nlines", "'=1"])
def test_every_row_has_its_columns_whatever_a_name_holds(world: World, name: str) -> None:
    fired_under(name, world)

    (row,) = rows(report(world, NOON + timedelta(hours=3))["csv"])

    assert row["name"].removeprefix("'") == name.removeprefix("'")
    assert row["status"] == "succeeded"


class Tags(HTMLParser):
    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.text = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the base's
        self.seen.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_name_is_a_text_in_the_page_and_in_the_mail(world: World) -> None:
    attack = "</td><script>alert(1)</script>{{run_id}}<img src=x onerror=a(1)>"
    fired(world, name=attack)

    page = report(world, NOON + timedelta(hours=3))["html"]
    mail = world.mails()[-1]["Content"]["Simple"]["Body"]["Html"]["Data"].encode()

    for shown in (Tags(page), Tags(mail)):
        assert attack in shown.text
        assert not shown.seen & {"script", "img"}


def test_the_mail_tells_the_most_and_links_the_rest(world: World) -> None:
    fired(world, times=2, name="Look after it")

    report(world, NOON + timedelta(hours=3))

    simple = world.mails()[-1]["Content"]["Simple"]
    text, html = (simple["Body"][kind]["Data"] for kind in ("Text", "Html"))
    assert simple["Subject"]["Data"] == "Your schedules, Sun 28 Feb 2027 16:00 to Mon 1 Mar 2027 16:00"
    assert text.startswith("No run failed and none was missed. 2 of 2 succeeded.\n")
    assert [line.rpartition("?")[2] for line in text.splitlines() if line.startswith("https://")] == [
        "get_object&expires=43200"
    ] * 2
    assert "Look after it \u00b7 2 succeeded \u00b7 next Mon 1 Mar 16:00" in text
    assert "<bdi>Look after it</bdi>" in html
    assert '.csv?get_object&amp;expires=43200" target="_blank"' in html


def test_a_long_mail_is_shortened_and_its_files_are_not(world: World) -> None:
    for number in range(21):
        fired(world, times=0, name=f"number {number}")

    page = report(world, NOON + A_MINUTE)["html"].decode()

    body = world.mails()[-1]["Content"]["Simple"]["Body"]
    for part in (body["Html"]["Data"], body["Text"]["Data"]):
        assert (part.count("number "), "and 1 more schedules, in the whole report" in part) == (20, True)
    assert (page.count("number "), "more schedules" in page) == (21, False)


def a_day_of_runs(world: World, failing: list[int]) -> None:
    """A run every 6 minutes, 240 in all; those of these numbers failed."""
    schedule = world.service.create_recurring(
        user_id="alice", rate="6 minutes", action=Action("email", MAIL), name="digest", pause_after_failures=0
    )
    for number in range(240):
        world.aws.errors = [refused("MessageRejected")] if number in failing else []
        world.fire(world.event(schedule))
        schedule = world.service.get("alice", schedule.schedule_id)


def the_runs(found: Report, status: str) -> int:
    return found.results[status]


def test_no_number_of_later_successes_cuts_a_failure(world: World) -> None:
    a_day_of_runs(world, failing=[0, 1])

    found = gathered(world, Limits(runs=5))

    assert (the_runs(found, "failed"), the_runs(found, "succeeded")) == (2, 3)
    assert (found.lacks_failures, found.without_all_runs) == (False, 1)


def test_a_run_that_is_in_both_lists_is_told_once(world: World) -> None:
    a_day_of_runs(world, failing=[0, 239])

    found = gathered(world, Limits())

    assert len(run_ids(found)) == len(set(run_ids(found))) == 239
    assert (the_runs(found, "failed"), found.is_cut) == (1, False)


def test_of_more_failures_than_a_report_holds_it_has_the_latest_and_says_so(world: World) -> None:
    a_day_of_runs(world, failing=list(range(20)))

    found = gathered(world, Limits(runs=10))

    assert [run.scheduled_time for run in found.entries[0].runs] == [
        NOON + number * timedelta(minutes=6) for number in range(20, 10, -1)
    ]
    assert (found.lacks_failures, found.without_all_runs) == (True, 1)


def test_a_missed_run_comes_before_successes_as_well(world: World) -> None:
    schedule = fired(world, times=3)
    missed = replace(world.runs(schedule)[-1], status=RunStatus.MISSED, attempts=())
    world.repository.claim(missed, expecting=schedule, replacing=world.runs(schedule)[-1])

    found = gathered(world, Limits(runs=1))

    assert found.results == {"missed": 1}


def test_failures_are_told_where_the_time_is_not_enough_for_their_schedules(world: World) -> None:
    a_day_of_runs(world, failing=[0, 1])

    found = gathered(world, Limits(calls=2))

    assert (found.schedules, the_runs(found, "failed"), found.lacks_schedules) == ((), 2, True)
    assert [row["status"] for row in rows(as_csv(found))] == ["failed", "failed"]
    assert "2 failed" in as_html(found)
    assert "SES MessageRejected: no" in as_html(found)


def the_mail(world: World) -> tuple[list[str], str]:
    """Its lines of text, and its page."""
    report(world, NOON + timedelta(days=1))
    body = world.mails()[-1]["Content"]["Simple"]["Body"]
    return body["Text"]["Data"].splitlines(), body["Html"]["Data"]


def test_failures_come_before_any_number_of_successes(world: World) -> None:
    a_day_of_runs(world, failing=[3, 4, 5, 6])

    lines, page = the_mail(world)

    assert lines[0] == "4 runs failed. 235 of 239 succeeded."
    assert lines[lines.index("NEEDS YOU") + 1].replace("\u00a0", " ") == (
        "4 failed \u00b7 digest \u00b7 SES MessageRejected: no \u00b7 "
        "Mon 1 Mar 13:24, Mon 1 Mar 13:30, Mon 1 Mar 13:36, Mon 1 Mar 13:42"
    )
    failed, others = page.split(">Needs you</h2>")[1].split("Everything else")[0], page.split(">Needs you</h2>")[0]
    assert (failed.count("<tr>"), failed.count("SES MessageRejected: no")) == (1, 1)
    assert "SES MessageRejected" not in others


def test_of_many_failures_the_mail_tells_the_latest_and_how_many_there_are(world: World) -> None:
    a_day_of_runs(world, failing=list(range(60)))

    lines, page = the_mail(world)

    told = lines[lines.index("NEEDS YOU") + 1].replace("\u00a0", " ")
    assert told.startswith("60 failed \u00b7 digest")
    assert told.endswith("Mon 1 Mar 18:42, Mon 1 Mar 18:48, Mon 1 Mar 18:54, Mon 1 Mar 19:00 and 56 earlier")
    assert "and 56 earlier" in page


def test_a_report_without_failures_asks_for_nothing(world: World) -> None:
    fired(world)

    lines, page = the_mail(world)

    assert "NEEDS YOU" not in lines
    assert "Needs you" not in page
    assert ">Schedules</h2>" in page


def test_a_reason_of_several_lines_is_one_line_of_the_mail(world: World) -> None:
    world.aws.errors = [ActionFailed("no\nSubject: yes", permanent=True)]
    fired(world)

    lines, _ = the_mail(world)

    assert any("no Subject: yes" in line for line in lines)


def test_it_may_have_a_subject_of_its_own(world: World) -> None:
    report(world, NOON, subject="Week of {{metadata.language}}", placeholders=True)

    assert world.mails()[-1]["Content"]["Simple"]["Subject"]["Data"] == "Week of de"


def test_a_repeat_writes_the_same_objects_again(world: World) -> None:
    fired(world)

    for _ in range(2):
        report(world, NOON + timedelta(hours=3))

    keys = [request["Key"] for request in world.aws.of("put_object")]
    bodies = [request["Body"] for request in world.aws.of("put_object")]
    assert keys[:2] == keys[2:]
    assert bodies[:2] == bodies[2:]


def test_a_key_names_its_run_and_nobody() -> None:
    aws = FakeAws()

    do("report", REPORT, aws)
    do("report", REPORT, aws, user_id="bob")

    keys = [request["Key"] for request in aws.of("put_object")]
    assert len(set(keys)) == 4
    assert all(key.startswith("reports/") and f"/{a_run().run_id}." in key and "alice" not in key for key in keys)


def test_the_objects_are_what_a_browser_and_a_spreadsheet_take() -> None:
    aws = FakeAws()

    do("report", REPORT, aws)

    assert [(request["Bucket"], request["ContentType"]) for request in aws.of("put_object")] == [
        ("reports", "text/html; charset=utf-8"),
        ("reports", "text/csv; charset=utf-8"),
    ]


@pytest.mark.parametrize(
    ("error", "message", "permanent"),
    [
        (ReadTimeoutError(endpoint_url="https://s3"), "S3 did not answer", False),
        (refused("SlowDown", 503), "S3 SlowDown: no", False),
        (refused("AccessDenied", 403), "S3 AccessDenied: no", True),
    ],
)
def test_what_s3_does_not_take_is_known_not_to_be_sent(error: Exception, message: str, *, permanent: bool) -> None:
    failed = failure_of("report", REPORT, error)

    assert (str(failed), failed.permanent, failed.unknown) == (message, permanent, False)


def test_a_table_out_of_reach_may_be_asked_again() -> None:
    faults = Faults()
    faults.always("repository.list_*", StoreUnavailable)

    failed = failure_of("report", REPORT, repository=World(faults).repository)

    assert (failed.permanent, failed.unknown) == (False, False)
    assert "the table was unavailable" in str(failed)


def test_a_period_that_is_none_fails_for_good() -> None:
    failed = failure_of("report", {**REPORT, "period": "year"})

    assert failed.permanent
    assert str(failed).startswith("period must be day, week, month")


def test_a_scheduled_report_is_sent_by_its_run(world: World) -> None:
    schedule = world.a_schedule(action=Action("report", REPORT))

    world.fire(world.event(schedule))

    (run,) = world.runs(schedule)
    assert run.status is RunStatus.SUCCEEDED
    assert world.mails()[0]["Destination"]["ToAddresses"] == ["alice@example.com"]
    assert datetime(2027, 3, 1, 12, 1, tzinfo=UTC) == run.scheduled_time
