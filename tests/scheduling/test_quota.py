"""The cap on live schedules, with lists that lag behind the table, and with creates side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from math import comb
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.errors import ScheduledTasksError, StoreUnavailable, TooManySchedules
from chalicelib.core.model.ports import LiveCount, Page
from chalicelib.core.model.schedule import LIVE, Status
from chalicelib.scheduling.quota import CHECKED, TRIES, Quota
from chalicelib.scheduling.service import SchedulerService
from chalicelib.testing import FakeGateway, FakeStarter, InMemoryRepository
from tests.builders import DAY, NOW, a_schedule, an_action

if TYPE_CHECKING:
    from chalicelib.core.model.schedule import Schedule

CAP = 160
"""More than are read before a refusal."""

REFUSED = 20
"""Creates at the end that are refused: one changes nothing for the next."""


class LaggingLists(InMemoryRepository):
    """Its lists show what was so `lag` changes ago. No list is longer than a page."""

    def __init__(self, lag: int) -> None:
        super().__init__()
        self.lag = lag
        self.states: list[dict[str, Schedule]] = [{}]

    def record(self, schedule: Schedule) -> None:
        self.states.append({**self.states[-1], schedule.schedule_id: schedule})

    @property
    def live(self) -> int:
        return sum(schedule.status.is_live for schedule in self.states[-1].values())

    def list_by_user(self, user_id: str, status: Status, *, limit: int, cursor: str | None) -> Page[Schedule]:
        assert cursor is None
        shown = self.states[max(0, len(self.states) - 1 - self.lag)].values()
        return Page(
            [schedule for schedule in shown if (schedule.user_id, schedule.status) == (user_id, status)][:limit]
        )


class User:
    """One who creates and cancels, and how often they were refused."""

    def __init__(self, repository: LaggingLists) -> None:
        self.repository = repository
        self.quota = Quota(repository, lambda: NOW, most=CAP)
        self.refused_at: list[int] = []
        self.live: list[Schedule] = []

    def create(self) -> None:
        try:
            self.quota.take("alice")
        except TooManySchedules:
            self.refused_at.append(self.repository.live)
            return
        schedule = a_schedule(schedule_id=f"s{len(self.repository.states)}")
        self.repository.create(schedule, an_action())
        self.repository.record(schedule)
        self.live.append(schedule)

    def cancel(self) -> None:
        ended = replace(self.live.pop(0), status=Status.CANCELLED)
        key = next(key for key in self.repository.items if key[1].endswith(ended.schedule_id))
        self.repository.items[key] |= {"status": "cancelled"}
        self.repository.record(ended)


def test_a_recount_makes_room_for_a_fifth_of_the_cap_at_a_time() -> None:
    user = User(LaggingLists(0))
    user.repository.raise_count("alice", CAP, most_live=CAP, now=NOW)

    user.create()

    counted = user.repository.get_count("alice")
    assert counted is not None
    assert counted.count == CAP - CAP // 5 + 1


@pytest.mark.parametrize("lag", [0, 1, 30, 10_000])
def test_of_creates_that_are_cancelled_at_once_none_is_refused(lag: int) -> None:
    user = User(LaggingLists(lag))
    for _ in range(CAP * 3 // 2):
        user.create()
        user.cancel()

    assert user.refused_at == []


@pytest.mark.parametrize("lag", [0, 1, 10, 50, 90])
def test_the_cap_is_passed_by_no_more_than_the_lists_lag_behind(lag: int) -> None:
    user = User(LaggingLists(lag))
    for _ in range(CAP + lag + REFUSED):
        user.create()

    assert CAP <= user.repository.live <= CAP + lag
    assert user.refused_at


@pytest.mark.parametrize("lag", [0, 5, 25, 100])
def test_below_four_fifths_of_the_cap_nobody_is_refused_however_the_lists_lag(lag: int) -> None:
    user = User(LaggingLists(lag))
    for ends in (1, 21, 40, 99, 60, 100, 22):
        for _ in range(10 * CAP):
            if user.repository.live < CAP:
                user.create()
        for _ in range(ends):
            user.cancel()
        user.create()

    assert [live for live in user.refused_at if live < CAP * 4 // 5] == []


def odds_of_a_wrong_refusal(cap: int) -> Fraction:
    """The lists show the whole cap, one fewer than four fifths of it are live, and the sample has no other."""
    live, picked = -(-4 * cap // 5) - 1, min(CHECKED, cap)
    return Fraction(comb(live, picked), comb(cap, picked))


def test_the_odds_that_a_sample_misses_what_has_ended_are_as_stated() -> None:
    assert all(odds_of_a_wrong_refusal(cap) == 0 for cap in range(1, 126))
    assert odds_of_a_wrong_refusal(1000) < Fraction(1, 21_000_000_000)
    # They grow with the cap, towards those of picks that do not influence each other.
    odds = [odds_of_a_wrong_refusal(5 * 10**power) for power in range(2, 7)]
    assert odds == sorted(odds)
    assert odds[-1] < Fraction(4, 5) ** CHECKED < Fraction(1, 4_000_000_000)


def test_a_cap_of_125_never_refuses_below_four_fifths_whatever_is_picked() -> None:
    repository = LaggingLists(10_000)
    schedules = [a_schedule(schedule_id=f"s{number}") for number in range(125)]
    for number, schedule in enumerate(schedules):
        repository.create(schedule if number < 99 else replace(schedule, status=Status.CANCELLED), an_action())
    repository.states = [{schedule.schedule_id: schedule for schedule in schedules}]
    repository.raise_count("alice", 125, most_live=125, now=NOW)

    assert Quota(repository, lambda: NOW, most=125).reserve("alice", 1)


def test_who_is_at_the_cap_is_refused_by_a_bounded_number_of_reads() -> None:
    repository = LaggingLists(0)
    user = User(repository)
    for _ in range(CAP):
        user.create()
    repository.faults.calls.clear()

    user.create()

    assert user.refused_at == [CAP]
    assert repository.faults.calls.count("repository.get") == CHECKED
    assert len(repository.faults.calls) <= CHECKED + 3


def a_service(repository: InMemoryRepository, most: int) -> SchedulerService:
    return SchedulerService(
        repository, FakeGateway(), FakeStarter(), clock=lambda: NOW, sleep=lambda _: None, most_live=most
    )


def outcome(service: SchedulerService, key: int) -> str:
    try:
        made = service.create_one_time(user_id="alice", at=NOW + DAY, action=an_action(), idempotency_key=str(key))
    except ScheduledTasksError as exc:
        return type(exc).__name__
    return made.status


def test_500_creates_side_by_side_are_all_made_and_all_counted() -> None:
    repository = InMemoryRepository()
    service = a_service(repository, 1000)
    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(lambda key: outcome(service, key), range(500)))

    assert set(outcomes) == {Status.ACTIVE}
    assert repository.get_count("alice") == LiveCount(500)


def test_creates_side_by_side_fill_the_cap_and_end_there() -> None:
    repository = InMemoryRepository()
    service = a_service(repository, 40)
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda key: outcome(service, key), range(80)))

    assert set(outcomes) == {Status.ACTIVE, "TooManySchedules"}
    live = sum(len(repository.list_by_user("alice", status, limit=1000, cursor=None).items) for status in LIVE)
    assert 40 <= live == outcomes.count(Status.ACTIVE) <= 40 + 8


def test_the_same_request_again_is_answered_also_at_the_cap() -> None:
    service = a_service(InMemoryRepository(), 1)

    assert [outcome(service, key) for key in (1, 1, 2)] == [Status.ACTIVE, Status.ACTIVE, "TooManySchedules"]


class TakenByOthers(InMemoryRepository):
    """Whatever room there is, others are faster."""

    def raise_count(self, user_id: str, by: int, *, most_live: int, now: object) -> bool:  # noqa: ARG002 - its shape
        self.faults.calls.append("raise_count")
        return False

    def get_count(self, user_id: str) -> LiveCount:  # noqa: ARG002 - its shape
        return LiveCount(1)


def test_who_never_gets_the_room_that_there_is_is_asked_to_come_again() -> None:
    repository = TakenByOthers()

    with pytest.raises(StoreUnavailable):
        Quota(repository, lambda: NOW, most=1).take("alice")
    assert repository.faults.calls.count("raise_count") == TRIES
