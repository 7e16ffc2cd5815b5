"""ScheduleRepository, fake and real: lists and their cursors."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.errors import InvalidCursor
from chalicelib.core.model.schedule import LastRun, Status
from tests.builders import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    a_run,
    a_schedule,
    an_action,
    cancelled,
    changed,
    every_hour,
    once,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from chalicelib.core.model.ports import Page, ScheduleRepository
    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule


def test_a_users_list_is_soonest_first(repository: ScheduleRepository) -> None:
    _create(repository, [_due("late", NOW + 3 * DAY), _due("soon", NOW + MINUTE), _due("then", NOW + HOUR)])

    assert _ids(_of_user(repository)) == ["soon", "then", "late"]


def test_a_list_holds_the_whole_record_without_the_actions_body(repository: ScheduleRepository) -> None:
    schedule = a_schedule(resource_id="contract-42", metadata={"k": [1]})
    _create(repository, [schedule])

    assert list(_of_user(repository).items) == [schedule]
    assert list(_of_resource(repository).items) == [schedule]


def test_nobody_sees_another_users_schedules(repository: ScheduleRepository) -> None:
    _create(
        repository, [a_schedule(user_id=user, schedule_id=user) for user in ("alice", "alic", "alice#active", "bob")]
    )

    assert _ids(_of_user(repository, "alice")) == ["alice"]


def test_each_status_has_its_own_list(repository: ScheduleRepository) -> None:
    gone = a_schedule(schedule_id="gone", resource_id="contract-42")
    _create(repository, [gone, a_schedule(schedule_id="kept", resource_id="contract-42")])
    repository.change(cancelled(gone), replacing=gone)

    for list_of in (_of_user, _of_resource):
        assert _ids(list_of(repository)) == ["kept"]
        assert _ids(list_of(repository, status=Status.CANCELLED)) == ["gone"]


def test_an_expired_schedule_is_left_for_the_reader_to_hide(repository: ScheduleRepository) -> None:
    _create(repository, [a_schedule(expires_at=NOW - DAY)])

    assert _ids(_of_user(repository)) == ["s1"]
    assert repository.get("alice", "s1") == a_schedule(expires_at=NOW - DAY)


def test_a_resource_shows_everybodys_by_user_and_then_soonest_first(repository: ScheduleRepository) -> None:
    _create(
        repository,
        [
            _due("b-soon", NOW + MINUTE, user_id="bob", resource_id="contract-42"),
            _due("a-late", NOW + DAY, user_id="alice", resource_id="contract-42"),
            _due("a-soon", NOW + HOUR, user_id="alice", resource_id="contract-42"),
        ],
    )

    assert _ids(_of_resource(repository)) == ["a-soon", "a-late", "b-soon"]


def test_a_resource_shows_one_users_alone(repository: ScheduleRepository) -> None:
    users = ("alice", "alice2", "alice#2", "bob")
    _create(repository, [a_schedule(user_id=user, schedule_id=user[-1], resource_id="contract-42") for user in users])

    assert _ids(_of_resource(repository, user_id="alice")) == ["e"]


def test_a_resource_does_not_show_what_is_about_another_or_none(repository: ScheduleRepository) -> None:
    others = ["contract-421", "contract-42#active", "contract", None]
    _create(repository, [a_schedule(schedule_id=f"s{n}", resource_id=other) for n, other in enumerate(others)])

    assert _ids(_of_resource(repository)) == []


def test_a_change_moves_a_schedule_from_list_to_list(repository: ScheduleRepository) -> None:
    schedule = a_schedule(resource_id="contract-42")
    _create(repository, [schedule])
    repository.change(changed(schedule, resource_id="contract-43"), replacing=schedule)

    assert _ids(_of_resource(repository)) == []
    assert _ids(_of_resource(repository, resource_id="contract-43")) == ["s1"]


def test_runs_are_newest_first(repository: ScheduleRepository) -> None:
    runs = _ran(repository, 3)

    assert list(_runs(repository).items) == runs[::-1]


def test_runs_are_those_of_one_schedule(repository: ScheduleRepository) -> None:
    _ran(repository, 1, schedule_id="s1")
    others = _ran(repository, 2, schedule_id="s12")

    assert list(_runs(repository, schedule_id="s12").items) == others[::-1]


# Pages


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 7, 8])
def test_pages_show_each_item_once_and_in_order_even_at_equal_times(repository: ScheduleRepository, limit: int) -> None:
    # Three at one time, then four at the next: pages end within and between them.
    at = [NOW + HOUR] * 3 + [NOW + DAY] * 4
    _create(repository, [_due(f"s{n}", when, resource_id="contract-42") for n, when in enumerate(at)])

    for list_of in (_of_user, _of_resource):
        shown = _walk(lambda **page: list_of(repository, **page), limit)  # noqa: B023 - called at once
        assert [schedule.schedule_id for schedule in shown] == [f"s{n}" for n in range(7)]


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_pages_of_runs_show_each_run_once(repository: ScheduleRepository, limit: int) -> None:
    runs = _ran(repository, 3)

    assert _walk(lambda **page: _runs(repository, **page), limit) == runs[::-1]


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PAUSED, Status.COMPLETED])
def test_a_list_continues_after_any_schedule_that_it_showed(repository: ScheduleRepository, status: Status) -> None:
    # Equal times, an ended schedule that is sorted by its last run, and one by its last change.
    ran = a_schedule(
        schedule_id="ran",
        resource_id="contract-42",
        status=status,
        next_run_at=None,
        last_run=LastRun(NOW + DAY, "failed"),
    )
    ended = a_schedule(schedule_id="ended", resource_id="contract-42", status=status, next_run_at=None)
    due = [_due(f"s{n}", NOW + HOUR, resource_id="contract-42", status=status) for n in range(3)]
    _create(repository, [ran, ended, *due])
    lists: list[tuple[Callable[..., Page[Schedule]], Callable[[Schedule], str]]] = [
        (partial(_of_user, repository, status=status), repository.cursor_by_user),
        *(
            (
                partial(_of_resource, repository, status=status, user_id=user_id),
                partial(repository.cursor_by_resource, user_id=user_id),
            )
            for user_id in (None, "alice")
        ),
    ]

    for list_of, cursor_after in lists:
        shown = _ids(list_of())
        assert shown == ["ended", "s0", "s1", "s2", "ran"]
        assert [_ids(list_of(cursor=cursor_after(schedule))) for schedule in list_of().items] == [
            shown[number:] for number in range(1, 6)
        ]


def test_a_page_that_is_not_full_is_the_last(repository: ScheduleRepository) -> None:
    _create(repository, [a_schedule(schedule_id=f"s{n}") for n in range(3)])

    assert _of_user(repository, limit=4).next_cursor is None
    assert _of_user(repository, limit=2).next_cursor is not None


def test_what_leaves_the_list_between_two_pages_takes_nothing_else_along(repository: ScheduleRepository) -> None:
    schedules = [_due(f"s{n}", NOW + HOUR + n * MINUTE) for n in range(4)]
    _create(repository, schedules)
    first = _of_user(repository, limit=2)
    for shown in first.items:
        repository.change(cancelled(shown), replacing=shown)

    assert _ids(_of_user(repository, cursor=first.next_cursor)) == ["s2", "s3"]


def test_a_cursor_is_good_for_its_own_list_only(repository: ScheduleRepository) -> None:
    _create(repository, [a_schedule(schedule_id=f"s{n}", resource_id="contract-42") for n in range(2)])
    _ran(repository, 2, schedule_id="ran")
    cursors = {name: list_of(limit=1).next_cursor for name, list_of in _lists(repository).items()}

    for name, list_of in _lists(repository).items():
        for other, cursor in cursors.items():
            if other != name and cursor is not None:
                with pytest.raises(InvalidCursor):
                    list_of(cursor=cursor)
    assert sum(cursor is not None for cursor in cursors.values()) == 4


@pytest.mark.parametrize("cursor", ["", "x", "====", "bnVsbA", "ü", "WyJhIiwiYiIsImMiLCJkIl0"])
def test_a_mangled_cursor_is_refused(repository: ScheduleRepository, cursor: str) -> None:
    for list_of in _lists(repository).values():
        with pytest.raises(InvalidCursor):
            list_of(cursor=cursor)


def _lists(repository: ScheduleRepository) -> dict[str, Callable[..., Page[Any]]]:
    """Another index, owner or filter makes another list. The first four have items in the test above."""
    return {
        "a user's": lambda **page: _of_user(repository, **page),
        "a resource's": lambda **page: _of_resource(repository, **page),
        "one user's of a resource": lambda **page: _of_resource(repository, user_id="alice", **page),
        "runs": lambda **page: _runs(repository, schedule_id="ran", **page),
        "another user's": lambda **page: _of_user(repository, "bob", **page),
        "of another status": lambda **page: _of_user(repository, status=Status.CANCELLED, **page),
        "another resource's": lambda **page: _of_resource(repository, "contract-43", **page),
        "another one's runs": lambda **page: _runs(repository, schedule_id="s2", **page),
    }


def _of_user(
    repository: ScheduleRepository,
    user_id: str = "alice",
    status: Status = Status.ACTIVE,
    limit: int = 100,
    cursor: str | None = None,
) -> Page[Schedule]:
    return repository.list_by_user(user_id, status, limit=limit, cursor=cursor)


def _of_resource(
    repository: ScheduleRepository,
    resource_id: str = "contract-42",
    *,
    status: Status = Status.ACTIVE,
    user_id: str | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> Page[Schedule]:
    return repository.list_by_resource(resource_id, status, user_id=user_id, limit=limit, cursor=cursor)


def _runs(
    repository: ScheduleRepository, schedule_id: str = "s1", limit: int = 100, cursor: str | None = None
) -> Page[Run]:
    return repository.list_runs("alice", schedule_id, limit=limit, cursor=cursor)


def _walk(list_of: Callable[..., Page[Any]], limit: int) -> list[Any]:
    """Every item, page by page."""
    shown: list[Any] = []
    cursor = None
    for _ in range(20):
        page = list_of(limit=limit, cursor=cursor)
        assert len(page.items) <= limit
        shown += page.items
        cursor = page.next_cursor
        if cursor is None:
            return shown
    raise AssertionError("this list has no end")


def _due(schedule_id: str, when: Any, **fields: Any) -> Schedule:
    return a_schedule(schedule_id=schedule_id, timing=once(when), **fields)


def _create(repository: ScheduleRepository, schedules: Iterable[Schedule]) -> None:
    for schedule in schedules:
        repository.create(schedule, an_action())


def _ran(repository: ScheduleRepository, count: int, schedule_id: str = "s1") -> list[Run]:
    """As many claimed runs of an hourly schedule, oldest first."""
    schedule = a_schedule(timing=every_hour(), schedule_id=schedule_id)
    _create(repository, [schedule])
    runs = [a_run(schedule, scheduled_time=NOW + n * HOUR) for n in range(1, count + 1)]
    for run in runs:
        repository.claim(run, expecting=schedule, replacing=None)
    return runs


def _ids(page: Page[Schedule]) -> list[str]:
    return [schedule.schedule_id for schedule in page.items]
