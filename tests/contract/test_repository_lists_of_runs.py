"""ScheduleRepository, fake and real: runs over all schedules of a user, and those that the operator holds."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.errors import InvalidCursor
from chalicelib.core.model import ids
from chalicelib.core.model.run import RunStatus
from chalicelib.core.timing.instants import END_OF_TIME, EPOCH
from tests.builders import DAY, HOUR, NOW, SECOND, a_run, a_schedule, an_action

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.core.model.ports import Page, ScheduleRepository
    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule


def test_a_users_failed_runs_stand_in_one_list_newest_first(repository: ScheduleRepository) -> None:
    _record(repository, "s1", NOW + HOUR)
    _record(repository, "s2", NOW + DAY)
    _record(repository, "s3", NOW)

    assert _ids(_failed(repository)) == ["s2", "s1", "s3"]


@pytest.mark.parametrize("status", [status for status in RunStatus if status is not RunStatus.FAILED])
def test_no_other_run_stands_there(repository: ScheduleRepository, status: RunStatus) -> None:
    _record(repository, "s1", NOW, status=status)

    assert _ids(_failed(repository)) == []


def test_missed_runs_have_their_own_list(repository: ScheduleRepository) -> None:
    _record(repository, "s1", NOW, status=RunStatus.MISSED)

    assert _ids(_failed(repository, status=RunStatus.MISSED)) == ["s1"]


def test_nobody_sees_another_users_failures(repository: ScheduleRepository) -> None:
    _record(repository, "s1", NOW, user_id="alice")
    _record(repository, "s2", NOW, user_id="bob")

    assert _ids(_failed(repository, "bob")) == ["s2"]


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        (EPOCH, END_OF_TIME, ["s3", "s2", "s1"]),
        (NOW, NOW + 2 * HOUR, ["s3", "s2", "s1"]),
        (NOW + SECOND, NOW + 2 * HOUR - SECOND, ["s2"]),
        (NOW + HOUR, NOW + HOUR, ["s2"]),
        (NOW + DAY, END_OF_TIME, []),
    ],
    ids=str,
)
def test_a_span_of_scheduled_times_has_its_ends_inside(
    repository: ScheduleRepository, since: datetime, until: datetime, found: list[str]
) -> None:
    for hour, schedule_id in enumerate(("s1", "s2", "s3")):
        _record(repository, schedule_id, NOW + hour * HOUR)

    assert _ids(_failed(repository, since=since, until=until)) == found


def test_pages_follow_each_other_inside_a_span(repository: ScheduleRepository) -> None:
    for hour in range(5):
        _record(repository, f"s{hour}", NOW + hour * HOUR)

    first = _failed(repository, since=NOW + HOUR, limit=2)
    second = _failed(repository, since=NOW + HOUR, limit=2, cursor=first.next_cursor)

    assert (_ids(first), _ids(second)) == (["s4", "s3"], ["s2", "s1"])


def test_a_cursor_of_another_users_list_is_refused(repository: ScheduleRepository) -> None:
    for schedule_id in ("s1", "s2"):
        _record(repository, schedule_id, NOW)
    cursor = _failed(repository, limit=1).next_cursor

    with pytest.raises(InvalidCursor):
        _failed(repository, "bob", cursor=cursor)


def test_a_run_that_is_done_again_leaves_the_list(repository: ScheduleRepository) -> None:
    run = _record(repository, "s1", NOW)
    schedule = repository.get("alice", "s1")
    assert schedule
    redriven = run.redrive(NOW, "claim-2", expires_at=NOW + DAY)

    assert repository.claim(redriven, expecting=schedule, replacing=run) is None
    assert _ids(_failed(repository)) == []


def test_held_runs_of_everybody_stand_in_the_lists_of_their_shards(repository: ScheduleRepository) -> None:
    _record(repository, "s1", NOW, status=RunStatus.HELD, user_id="alice")
    _record(repository, "s2", NOW, status=RunStatus.HELD, user_id="bob")
    _record(repository, "s3", NOW, user_id="bob")

    pages = [repository.list_held_runs(shard, limit=10, cursor=None) for shard in range(ids.WATCH_SHARDS)]

    assert sorted(run.schedule_id for page in pages for run in page.items) == ["s1", "s2"]


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        (NOW, NOW + 3 * HOUR, ["2h", "1h", "0h", "0h+ms"]),
        (NOW, NOW + 2 * HOUR, ["1h", "0h", "0h+ms"]),
        (NOW, NOW + 2 * HOUR + SECOND, ["2h", "1h", "0h", "0h+ms"]),
        (NOW + SECOND, NOW + 2 * HOUR, ["1h"]),
        (NOW + HOUR, NOW + HOUR + SECOND, ["1h"]),
        (NOW - DAY, NOW, []),
        (NOW + DAY, NOW + 2 * DAY, []),
    ],
    ids=str,
)
def test_the_runs_of_a_window_contain_its_begin_and_not_its_end(
    repository: ScheduleRepository, since: datetime, until: datetime, found: list[str]
) -> None:
    schedule = _with_runs(repository)
    names = {NOW + hour * HOUR: f"{hour}h" for hour in range(3)}

    page = repository.list_runs_between("alice", schedule.schedule_id, since=since, until=until, limit=9)

    assert [names.get(run.scheduled_time, "0h+ms") for run in page.items] == found
    assert page.next_cursor is None


def test_the_latest_runs_of_a_window_are_listed_up_to_the_limit(repository: ScheduleRepository) -> None:
    schedule = _with_runs(repository)

    pages = {
        limit: repository.list_runs_between("alice", schedule.schedule_id, since=NOW, until=NOW + DAY, limit=limit)
        for limit in (2, 5)
    }

    assert [run.scheduled_time for run in pages[2].items] == [NOW + 2 * HOUR, NOW + HOUR]
    assert (pages[2].next_cursor is not None, pages[5].next_cursor) == (True, None)
    assert len(pages[5].items) == 4


def _with_runs(repository: ScheduleRepository) -> Schedule:
    """Three occurrences of s1, a run outside the timing, and a run of another schedule."""
    schedule = a_schedule()
    _create_with_run(repository, a_schedule(schedule_id="s12"), [NOW + HOUR])
    _create_with_run(repository, schedule, [NOW + hour * HOUR for hour in range(3)])
    now_run = a_run(schedule, scheduled_time=NOW + timedelta(milliseconds=250), token="t")
    assert repository.claim(now_run, expecting=schedule, replacing=None) is None
    return schedule


def _create_with_run(repository: ScheduleRepository, schedule: Schedule, times: list[datetime]) -> None:
    repository.create(schedule, an_action())
    for at in times:
        assert repository.claim(a_run(schedule, scheduled_time=at), expecting=schedule, replacing=None) is None


def _record(
    repository: ScheduleRepository,
    schedule_id: str,
    at: datetime,
    *,
    status: RunStatus = RunStatus.FAILED,
    user_id: str = "alice",
) -> Run:
    schedule = a_schedule(user_id=user_id, schedule_id=schedule_id)
    repository.create(schedule, an_action())
    run = a_run(schedule, scheduled_time=at, status=status)
    assert repository.claim(run, expecting=schedule, replacing=None) is None
    return run


def _failed(
    repository: ScheduleRepository,
    user_id: str = "alice",
    *,
    status: RunStatus = RunStatus.FAILED,
    since: datetime = EPOCH,
    until: datetime = END_OF_TIME,
    limit: int = 10,
    cursor: str | None = None,
) -> Page[Run]:
    return repository.list_runs_of_user(user_id, status, since=since, until=until, limit=limit, cursor=cursor)


def _ids(page: Page[Run]) -> list[str]:
    return [run.schedule_id for run in page.items]
