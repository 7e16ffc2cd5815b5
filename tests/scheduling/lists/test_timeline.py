"""The timeline: which schedules have a lane, what it contains, and how much a page reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import InvalidCursor, InvalidInput
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import LastRun, Status, Timing
from chalicelib.scheduling.lists.timeline import MOST_MARKS, MOST_RUNS, Window
from chalicelib.scheduling.service import SchedulerService
from chalicelib.testing import FakeGateway, FakeStarter, InMemoryRepository, StoppedClock
from tests.builders import DAY, HOUR, MINUTE, NOW, SECOND, a_run, a_schedule, an_action, every_hour, once

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule
    from chalicelib.scheduling.lists.timeline import Lane, Timeline

TODAY: dict[str, Any] = {"since": NOW - 8 * HOUR, "until": NOW + 16 * HOUR}


# Lanes


def test_a_lane_has_the_runs_and_the_occurrences_of_its_window(
    service: SchedulerService, repository: InMemoryRepository
) -> None:
    schedule = a_schedule(timing=every_hour(), last_run=LastRun(NOW, "succeeded"))
    runs = _ran(repository, schedule, [NOW - 9 * HOUR, NOW - 8 * HOUR, NOW - HOUR, NOW + 16 * HOUR])

    lane = _only(service.timeline("alice", since=NOW - 8 * HOUR, until=NOW + 3 * HOUR))

    assert lane.schedule == schedule
    assert list(lane.runs) == runs[1:3]
    assert list(lane.occurrences) == [NOW + HOUR, NOW + 2 * HOUR]
    assert (lane.slices, lane.is_cut, lane.runs_from) == (None, False, None)


def test_a_run_outside_the_timing_has_its_place_by_its_milliseconds(
    service: SchedulerService, repository: InMemoryRepository
) -> None:
    schedule = a_schedule(last_run=LastRun(NOW, "succeeded"))
    times = [NOW - SECOND / 2, NOW - HOUR, NOW - HOUR + SECOND / 4]
    _ran(repository, schedule, [times[1]])
    for at in (times[0], times[2]):
        _record(repository, schedule, a_run(schedule, scheduled_time=at, token="t"))

    begins_with_it = _only(service.timeline("alice", since=NOW - HOUR, until=NOW))
    ends_before_it = _only(service.timeline("alice", since=NOW - 2 * HOUR, until=NOW + 2 * HOUR))

    assert [run.scheduled_time for run in begins_with_it.runs] == [times[1], times[2], times[0]]
    assert len(ends_before_it.runs) == 3
    assert service.timeline("alice", since=NOW - 2 * HOUR, until=NOW - HOUR).items == []


def test_a_window_contains_its_begin_and_not_its_end(service: SchedulerService, repository: InMemoryRepository) -> None:
    schedule = a_schedule(timing=every_hour(), last_run=LastRun(NOW, "failed"))
    _ran(repository, schedule, [NOW - 2 * HOUR, NOW - HOUR])

    lanes = [_only(service.timeline("alice", since=NOW - n * HOUR, until=NOW - (n - 1) * HOUR)) for n in (2, 1)]
    ahead = _only(service.timeline("alice", since=NOW + HOUR, until=NOW + 2 * HOUR))

    assert [[run.scheduled_time for run in lane.runs] for lane in lanes] == [[NOW - 2 * HOUR], [NOW - HOUR]]
    assert list(ahead.occurrences) == [NOW + HOUR]


def test_expired_runs_and_schedules_are_gone(service: SchedulerService, repository: InMemoryRepository) -> None:
    schedule = a_schedule(timing=every_hour(), last_run=LastRun(NOW, "failed"))
    _ran(repository, schedule, [NOW - 2 * HOUR], expires_at=NOW)
    _create(repository, [a_schedule(schedule_id="s2", timing=every_hour(), expires_at=NOW)])

    assert list(_only(service.timeline("alice", **TODAY)).runs) == []


# Which schedules have one: (case, schedule, times of its runs, whether it has a lane)

BEFORE = NOW - 3 * DAY
LANES: list[tuple[str, Schedule, list[datetime], bool]] = [
    ("active, planned", a_schedule(), [], True),
    ("active, later", a_schedule(timing=once(NOW + DAY)), [], False),
    ("active, ran today, next later", a_schedule(timing=once(NOW + DAY), last_run=LastRun(NOW, "failed")), [NOW], True),
    (
        "active, ran before, next later",
        a_schedule(timing=once(NOW + DAY), last_run=LastRun(BEFORE, "failed")),
        [BEFORE],
        False,
    ),
    ("active, its first run is running", a_schedule(timing=once(NOW), next_run_at=NOW), [NOW], True),
    ("active, overdue", a_schedule(timing=once(NOW), next_run_at=NOW), [], True),
    ("paused", a_schedule(timing=every_hour(), status=Status.PAUSED, next_run_at=None), [], False),
    (
        "paused, ran today",
        a_schedule(timing=every_hour(), status=Status.PAUSED, next_run_at=None, last_run=LastRun(NOW, "failed")),
        [NOW],
        True,
    ),
    (
        "paused until today",
        a_schedule(timing=every_hour(), status=Status.PAUSED, next_run_at=None, paused_until=NOW + 2 * HOUR),
        [],
        True,
    ),
    *(
        (
            f"{status}, ran today",
            a_schedule(status=status, next_run_at=None, last_run=LastRun(NOW - HOUR, "failed"), updated_at=BEFORE),
            [NOW - HOUR],
            True,
        )
        for status in (Status.COMPLETED, Status.FAILED, Status.CANCELLED)
    ),
    (
        "cancelled today, ran before",
        a_schedule(status=Status.CANCELLED, next_run_at=None, last_run=LastRun(BEFORE, "failed")),
        [BEFORE],
        False,
    ),
    ("cancelled today, ran never", a_schedule(status=Status.CANCELLED, next_run_at=None), [], False),
    (
        "completed today, its last run was redriven and is an earlier one",
        a_schedule(
            status=Status.COMPLETED,
            next_run_at=None,
            last_run=LastRun(BEFORE, "failed"),
            updated_at=BEFORE,
            expires_at=NOW + 91 * DAY,
        ),
        [BEFORE, NOW],
        True,
    ),
]


@pytest.mark.parametrize(("schedule", "times", "has_lane"), [row[1:] for row in LANES], ids=[row[0] for row in LANES])
def test_a_schedule_has_a_lane_if_it_has_something_in_the_window(
    service: SchedulerService,
    repository: InMemoryRepository,
    schedule: Schedule,
    times: list[datetime],
    has_lane: bool,  # noqa: FBT001
) -> None:
    _ran(repository, schedule, times)

    assert [lane.schedule.schedule_id for lane in service.timeline("alice", **TODAY).items] == ["s1"] * has_lane


def test_lanes_are_in_the_order_of_the_list_of_any_status(
    service: SchedulerService, repository: InMemoryRepository
) -> None:
    ended = {"next_run_at": None, "last_run": LastRun(NOW, "failed")}
    _ran(repository, a_schedule(schedule_id="cancelled", status=Status.CANCELLED, **ended), [NOW - HOUR])
    _ran(repository, a_schedule(schedule_id="completed", status=Status.COMPLETED, **ended), [NOW - HOUR])
    _create(repository, [a_schedule(schedule_id="later", timing=once(NOW + 2 * HOUR))])
    _create(repository, [a_schedule(schedule_id="soon"), a_schedule(user_id="bob", schedule_id="bobs")])

    pages = _pages(service, limit=1, **TODAY)

    assert _ids(pages) == ["soon", "later", "completed", "cancelled"]
    assert all(len(page.items) <= 1 for page in pages)


def test_lanes_are_found_by_text_and_by_resource(service: SchedulerService, repository: InMemoryRepository) -> None:
    _create(
        repository,
        [
            a_schedule(schedule_id="a", name="Digest", resource_id="contract-42"),
            a_schedule(schedule_id="b", name="digest", resource_id="contract-421"),
            a_schedule(schedule_id="c", name="other", resource_id="contract-42"),
            a_schedule(schedule_id="d", name="digest", resource_id="contract-42", user_id="bob"),
        ],
    )

    assert _ids(_pages(service, search="DIGEST", **TODAY)) == ["a", "b"]
    assert _ids(_pages(service, resource_id="contract-42", **TODAY)) == ["a", "c"]
    assert _ids(_pages(service, resource_id="contract-42", search="digest", **TODAY)) == ["a"]


def test_a_cursor_belongs_to_the_list_of_its_user_or_resource(
    service: SchedulerService, repository: InMemoryRepository
) -> None:
    _create(repository, [a_schedule(schedule_id=f"s{n}", resource_id="r") for n in range(2)])
    cursor = service.timeline("alice", limit=1).next_cursor

    asked: list[dict[str, Any]] = [{"user_id": "bob"}, {"user_id": "alice", "resource_id": "r"}]
    for others in asked:
        with pytest.raises(InvalidCursor):
            service.timeline(cursor=cursor, **others)


# Any schedules, windows and pages

HOURS = st.integers(-30, 30)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(list(Status)),
        st.sampled_from([1, 3, 24]),
        st.lists(st.integers(-30, 0), max_size=4, unique=True),
        st.one_of(st.none(), st.integers(1, 8)),
    ),
    max_size=12,
)


@given(rows=ROWS, begin=HOURS, length=st.integers(1, 40), limit=st.integers(1, 5))
def test_the_pages_together_have_exactly_the_runs_and_occurrences_of_the_window(
    rows: Sequence[Any], begin: int, length: int, limit: int
) -> None:
    repository, clock = InMemoryRepository(), StoppedClock(NOW)
    service = SchedulerService(repository, FakeGateway(), FakeStarter(), clock=clock, sleep=clock.sleep)
    expected: dict[str, set[datetime]] = {}
    since, until = NOW + begin * HOUR, NOW + (begin + length) * HOUR
    for number, (status, period, ran, left) in enumerate(rows):
        schedule_id, is_active = f"s{number}", status is Status.ACTIVE
        times = [NOW + hour * HOUR for hour in ran]
        planned = [NOW + hour * HOUR for hour in range(period, 100, period)][:left] if is_active else []
        schedule = a_schedule(
            schedule_id=schedule_id,
            status=status,
            timing=Timing(f"rate({period} hours)", start_at=NOW - 30 * 24 * HOUR),
            next_run_at=NOW + period * HOUR if is_active else None,
            last_run=LastRun(max(times), "failed") if times else None,
            run_count=len(times),
            max_runs=None if left is None else left + len(times),
        )
        _ran(repository, schedule, times)
        marks = {at for at in [*times, *planned] if since <= at < until}
        expected |= {schedule_id: marks} if marks else {}

    pages = _pages(service, since=since, until=until, limit=limit)

    shown = [lane for page in pages for lane in page.items]
    assert {lane.schedule.schedule_id: _marks(lane) for lane in shown} == expected
    assert len(shown) == len(expected)
    assert sum(page.searched for page in pages) == len(rows)


def _marks(lane: Lane) -> set[datetime]:
    return {run.scheduled_time for run in lane.runs} | set(lane.occurrences)


# Slices


def test_above_two_hundred_a_lane_has_numbers_instead(
    service: SchedulerService, repository: InMemoryRepository
) -> None:
    timing = Timing("rate(15 minutes)", start_at=NOW)
    schedule = a_schedule(timing=timing, next_run_at=NOW + 15 * MINUTE, last_run=LastRun(NOW, "failed"))
    times = [NOW - number * 15 * MINUTE for number in range(100)]
    _ran(repository, schedule, times, status=RunStatus.SUCCEEDED)

    listed = _only(service.timeline("alice", since=NOW - 25 * HOUR, until=NOW + 25 * HOUR + 15 * MINUTE))
    counted = _only(service.timeline("alice", since=NOW - 25 * HOUR, until=NOW + 25 * HOUR + 30 * MINUTE))

    assert len(listed.runs) + len(listed.occurrences) == MOST_MARKS
    assert listed.slices is None
    assert (list(counted.runs), list(counted.occurrences)) == ([], [])
    assert counted.slices is not None
    assert _sums(counted) == {"succeeded": 100, "planned": 101}


def test_slices_are_equal_and_have_each_mark_once(service: SchedulerService, repository: InMemoryRepository) -> None:
    schedule = a_schedule(timing=Timing("rate(1 minute)", start_at=NOW), next_run_at=NOW + MINUTE)
    _create(repository, [schedule])

    lane = _only(service.timeline("alice", since=NOW - HOUR, until=NOW + 5 * HOUR))

    assert lane.slices is not None
    assert {part.until - part.since for part in lane.slices} == {6 * MINUTE}
    # The slice of this minute has five: the occurrence of now has an outcome.
    assert [part.counts for part in lane.slices] == [{"planned": 5}] + [{"planned": 6}] * 49
    assert lane.slices[0].since == NOW


@pytest.mark.parametrize("expression", ["cron(* * * * ? *)", "rate(1 minute)"])
def test_35_days_of_an_every_minute_schedule_have_sixty_slices(
    service: SchedulerService, repository: InMemoryRepository, expression: str
) -> None:
    timing = Timing(expression, "Europe/Berlin", start_at=NOW)
    _create(repository, [a_schedule(timing=timing, next_run_at=NOW)])

    lane = _only(service.timeline("alice", since=NOW, until=NOW + 35 * DAY))

    assert lane.slices is not None
    assert [part.counts for part in lane.slices] == [{"planned": 14 * 60}] * 60


def test_a_day_of_twenty_five_hours_has_fifteen_hundred_minutes_by_rate_and_not_by_cron(
    service: SchedulerService, repository: InMemoryRepository
) -> None:
    begin = datetime(2027, 10, 30, 22, tzinfo=UTC)
    for name, expression in (("cron", "cron(* * * * ? *)"), ("rate", "rate(1 minute)")):
        _create(repository, [a_schedule(schedule_id=name, timing=Timing(expression, "Europe/Berlin", start_at=NOW))])

    (page,) = _pages(service, since=begin, until=begin + 25 * HOUR)

    assert {lane.schedule.schedule_id: _sums(lane) for lane in page.items} == {
        "cron": {"planned": 24 * 60},
        "rate": {"planned": 25 * 60},
    }


# (length of the window, length of a slice, number of slices)


@pytest.mark.parametrize(
    ("length", "width", "number"),
    [
        (35 * DAY, 14 * HOUR, 60),
        (31 * DAY, 12 * HOUR + 24 * MINUTE, 60),
        (7 * DAY, 168 * MINUTE, 60),
        (DAY, 24 * MINUTE, 60),
        (DAY + MINUTE, 25 * MINUTE, 58),
        (2 * HOUR, 2 * MINUTE, 60),
        (HOUR, MINUTE, 60),
        (59 * MINUTE, 59 * SECOND, 60),
        (MINUTE, SECOND, 60),
        (7 * SECOND, SECOND, 7),
    ],
    ids=str,
)
def test_a_window_has_up_to_sixty_slices(length: timedelta, width: timedelta, number: int) -> None:
    edges = Window(NOW, NOW + length).edges()

    assert edges[1] - edges[0] == width
    assert len(edges) - 1 == number
    assert (edges[0], edges[-1]) == (NOW, NOW + length)


# What a page reads


def test_a_lane_reads_a_thousand_runs_in_one_query_and_says_what_is_missing(
    service: SchedulerService, repository: InMemoryRepository
) -> None:
    schedule = a_schedule(timing=once(NOW + 9 * DAY), last_run=LastRun(NOW, "failed"))
    times = [NOW - number * MINUTE for number in range(1, MOST_RUNS + 2)]
    _ran(repository, schedule, times)
    repository.faults.calls.clear()

    cut = _only(service.timeline("alice", since=NOW - DAY, until=NOW))
    calls = list(repository.faults.calls)
    whole = _only(service.timeline("alice", since=times[-2], until=NOW))

    assert calls.count("repository.list_runs_between") == 1
    assert (_sums(cut), cut.is_cut, cut.runs_from) == ({"running": MOST_RUNS}, True, times[-2])
    assert (_sums(whole), whole.is_cut, whole.runs_from) == ({"running": MOST_RUNS}, False, None)


def test_a_page_is_a_query_for_each_lane_beside_its_list(
    service: SchedulerService, repository: InMemoryRepository
) -> None:
    for number in range(25):
        schedule = a_schedule(schedule_id=f"s{number:02}", last_run=LastRun(NOW, "failed"))
        _ran(repository, schedule, [NOW - HOUR])
    repository.faults.calls.clear()

    page = service.timeline("alice", **TODAY)

    assert len(page.items) == 20
    assert repository.faults.calls == ["repository.list_by_user"] + ["repository.list_runs_between"] * 20


def test_runs_are_not_read_for_a_window_ahead(service: SchedulerService, repository: InMemoryRepository) -> None:
    _create(
        repository, [a_schedule(schedule_id="never"), a_schedule(schedule_id="ran", last_run=LastRun(NOW, "failed"))]
    )
    repository.faults.calls.clear()

    assert _ids(_pages(service, since=NOW + 30 * MINUTE, until=NOW + DAY)) == ["never", "ran"]
    assert set(repository.faults.calls) == {"repository.list_by_user"}


def test_a_page_reads_five_hundred_schedules_at_most(service: SchedulerService, repository: InMemoryRepository) -> None:
    _create(repository, [a_schedule(schedule_id=f"s{n:03}", timing=once(NOW + 30 * DAY)) for n in range(501)])
    repository.faults.calls.clear()

    page = service.timeline("alice", **TODAY)

    assert (page.items, page.searched) == ([], 500)
    assert page.next_cursor is not None
    assert repository.faults.calls == ["repository.list_by_user"] * 5


# The window


def test_a_window_is_two_days_around_now_unless_told_otherwise(service: SchedulerService) -> None:
    assert service.timeline("alice").window == Window(NOW - DAY, NOW + DAY)
    assert service.timeline("alice", since=NOW).window == Window(NOW, NOW + 2 * DAY)
    assert service.timeline("alice", since="2027-03-01T09:00:00+01:00", until="2027-03-02T00:00:00Z").window == Window(
        NOW, NOW + 16 * HOUR
    )


@pytest.mark.parametrize(
    ("window", "field"),
    [
        ({"since": NOW, "until": NOW}, "until"),
        ({"since": NOW, "until": NOW - SECOND}, "until"),
        ({"since": NOW, "until": NOW + 35 * DAY + SECOND}, "until"),
        ({"until": NOW + 35 * DAY}, "until"),
        ({"since": NOW + 366 * DAY + SECOND}, "since"),
        ({"since": "2199-12-31T23:59:59Z"}, "since"),
        ({"since": "2027-03-01T00:00:00"}, "since"),
        ({"since": ""}, "since"),
        ({"until": "soon"}, "until"),
        ({"limit": 21}, "limit"),
        ({"limit": 0}, "limit"),
        ({"search": ""}, "search"),
        ({"resource_id": ""}, "resource_id"),
    ],
    ids=repr,
)
def test_a_window_that_is_empty_too_long_or_too_far_is_refused(
    service: SchedulerService, window: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        service.timeline("alice", **window)

    assert [error.field for error in refused.value.errors] == [field]


@pytest.mark.parametrize(
    "window",
    [
        {"since": NOW, "until": NOW + 35 * DAY},
        {"since": NOW + 366 * DAY},
        {"since": "1970-01-01T00:00:00Z", "until": "1970-01-01T00:00:01Z"},
    ],
    ids=repr,
)
def test_the_longest_and_the_furthest_window_are_accepted(service: SchedulerService, window: dict[str, Any]) -> None:
    assert service.timeline("alice", **window).items == []


def _create(repository: InMemoryRepository, schedules: Iterable[Schedule]) -> None:
    for schedule in schedules:
        repository.create(schedule, an_action())


def _ran(repository: InMemoryRepository, schedule: Schedule, times: Iterable[datetime], **fields: Any) -> list[Run]:
    _create(repository, [schedule])
    runs = [a_run(schedule, scheduled_time=at, **fields) for at in times]
    for run in runs:
        _record(repository, schedule, run)
    return runs


def _record(repository: InMemoryRepository, schedule: Schedule, run: Run) -> None:
    assert repository.claim(run, expecting=schedule, replacing=None) is None


def _pages(service: SchedulerService, **asked: Any) -> list[Timeline]:
    pages = [service.timeline("alice", **asked)]
    while (cursor := pages[-1].next_cursor) is not None and len(pages) < 100:
        pages.append(service.timeline("alice", **asked, cursor=cursor))
    assert pages[-1].next_cursor is None
    return pages


def _ids(pages: Iterable[Timeline]) -> list[str]:
    return [lane.schedule.schedule_id for page in pages for lane in page.items]


def _only(page: Timeline) -> Lane:
    (lane,) = page.items
    return lane


def _sums(lane: Lane) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in lane.slices or ():
        for status, number in part.counts.items():
            found[status] = found.get(status, 0) + number
    return found
