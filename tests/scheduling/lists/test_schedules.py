"""Lists with filters, over one status or any: what they contain, where they continue, and how much they read."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import InvalidCursor
from chalicelib.core.model.ports import all_items
from chalicelib.core.model.schedule import Status
from chalicelib.scheduling.arguments.values import ListedStatus
from chalicelib.scheduling.lists.filters import Kind, ScheduleFilter
from chalicelib.scheduling.lists.schedules import EVERY_STATUS, MOST_READ, ScheduleList
from chalicelib.testing import InMemoryRepository
from tests.builders import DAY, HOUR, MINUTE, NOW, a_schedule, an_action, every_hour, once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from chalicelib.core.model.schedule import Schedule
    from chalicelib.scheduling.lists.schedules import SearchedPage
    from chalicelib.scheduling.service import SchedulerService

ORDER = ["active", "paused", "failed", "completed", "cancelled"]


# The table of cases: (what is searched for, whether these are found by it)

NAMED = {"name": "Weekly DIGEST", "schedule_id": "s-42", "resource_id": "contract-7"}
SEARCHES = [
    ("digest", True),
    ("Weekly D", True),
    ("wEEK", True),
    ("S-4", True),
    ("CONTRACT", True),
    ("-", True),
    ("digests", False),
    ("weekly  digest", False),
    ("s42", False),
    ("weeklys-42", False),
    ("email", False),
    ("alice", False),
    ("%", False),
    (".*", False),
    (" ", True),
]


@pytest.mark.parametrize(("search", "is_found"), SEARCHES)
def test_a_search_finds_a_part_of_name_id_or_resource_in_any_case(search: str, is_found: bool) -> None:  # noqa: FBT001
    assert ScheduleFilter(search).fits(a_schedule(**NAMED)) is is_found


@pytest.mark.parametrize(
    ("name", "search"),
    [("STRASSE", "straße"), ("Straße", "STRASSE"), ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("שלום", "לום"), ("<b>&", "<B>")],
)
def test_a_search_compares_letters_of_every_alphabet_without_case(name: str, search: str) -> None:
    assert ScheduleFilter(search).fits(a_schedule(name=name))


@pytest.mark.parametrize("of_name", ["NFC", "NFD"])
@pytest.mark.parametrize("of_search", ["NFC", "NFD"])
def test_a_search_finds_accents_however_they_are_encoded(
    of_name: Literal["NFC", "NFD"], of_search: Literal["NFC", "NFD"]
) -> None:
    name, search = normalize(of_name, "Gr\u00fc\u00dfe aus Z\u00fcrich"), normalize(of_search, "GR\u00dcSSE")

    assert ScheduleFilter(search).fits(a_schedule(name=name))


def test_a_search_of_a_schedule_without_name_and_resource_compares_its_id() -> None:
    assert ScheduleFilter("S1").fits(a_schedule())
    assert not ScheduleFilter("None").fits(a_schedule())


def test_all_filters_must_fit() -> None:
    recurring = a_schedule(timing=every_hour(), action_type="webhook")

    assert ScheduleFilter("s1", Kind.RECURRING, "webhook").fits(recurring)
    assert not ScheduleFilter("s1", Kind.ONE_TIME, "webhook").fits(recurring)
    assert not ScheduleFilter("s1", Kind.RECURRING, "email").fits(recurring)
    assert not ScheduleFilter("s2", Kind.RECURRING, "webhook").fits(recurring)


# Any combination of filters, limits and cursors

NAMES = st.sampled_from([None, "Alpha", "alphabet", "Beta", "GAMMA alpha"])
ROWS = st.lists(
    st.tuples(
        NAMES, st.sampled_from(list(Status)), st.booleans(), st.sampled_from(["email", "sms"]), st.integers(1, 6)
    ),
    max_size=25,
)


ASKED = st.fixed_dictionaries(
    {
        "status": st.sampled_from([*Status, "any"]),
        "search": st.sampled_from([None, "alpha", "BETA", "s1", "x"]),
        "kind": st.sampled_from([None, *Kind]),
        "action_type": st.sampled_from([None, "email", "push"]),
    }
)
GONE = "s3"


@given(
    rows=ROWS,
    asked=ASKED,
    limits=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    most_read=st.integers(1, 12),
    read_at_once=st.integers(1, 5),
    index=st.sampled_from(["user", "resource"]),
)
def test_the_pages_together_are_exactly_what_fits_in_order(
    *, rows: Sequence[Any], asked: dict[str, Any], limits: Sequence[int], most_read: int, read_at_once: int, index: str
) -> None:
    schedules = _made(rows)
    repository = InMemoryRepository()
    _create(repository, schedules)
    listed = ScheduleList(("alice",), *_index(repository, index), read_at_once=read_at_once)
    wanted = ScheduleFilter(asked["search"], asked["kind"], asked["action_type"])

    pages: list[SearchedPage] = []
    cursor = None
    while (not pages or cursor is not None) and len(pages) < 200:
        limit = limits[len(pages) % len(limits)]
        page = listed.page(
            asked["status"],
            lambda schedule: wanted.fits(schedule) and not _is_gone(schedule),
            limit=limit,
            most_read=most_read,
            cursor=cursor,
        )
        assert len(page.items) <= limit
        assert page.searched <= most_read
        pages.append(page)
        cursor = page.next_cursor

    assert cursor is None
    candidates = [row for row in schedules if asked["status"] in ("any", row.status.value)]
    assert [id_ for page in pages for id_ in _ids(page)] == _expected(candidates, asked)
    assert sum(page.searched for page in pages) == len(candidates)


def _made(rows: Sequence[Any]) -> list[Schedule]:
    return [
        a_schedule(
            schedule_id=f"s{number}",
            resource_id="r",
            name=name,
            status=status,
            action_type=action_type,
            timing=every_hour(start_at=NOW + hours * HOUR) if recurs else once(NOW + hours * HOUR),
        )
        for number, (name, status, recurs, action_type, hours) in enumerate(rows)
    ]


def _index(repository: InMemoryRepository, index: str) -> tuple[Callable[..., Any], Callable[..., str]]:
    if index == "user":
        return partial(repository.list_by_user, "alice"), repository.cursor_by_user
    read = partial(repository.list_by_resource, "r", user_id=None)
    return read, partial(repository.cursor_by_resource, user_id=None)


def _is_gone(schedule: Schedule) -> bool:
    return schedule.schedule_id == GONE


def _expected(candidates: Sequence[Schedule], asked: dict[str, Any]) -> list[str]:
    """The oracle: the ids of those that fit, by status, then by next run, then by id."""
    search, kind, action_type = (asked[name] for name in ("search", "kind", "action_type"))
    fitting = [
        row
        for row in candidates
        if row.schedule_id != GONE
        and (search is None or search.lower() in f"{row.name or ''}|{row.schedule_id}|r".lower())
        and (kind is None or row.timing.expression.startswith("at(") == (kind.value == "one_time"))
        and (action_type is None or row.action_type == action_type)
    ]
    fitting.sort(key=lambda row: (ORDER.index(row.status.value), row.next_run_at, row.schedule_id))
    return [row.schedule_id for row in fitting]


# How much a request reads


def test_a_search_without_a_hit_reads_five_hundred_and_continues_behind_them(
    service: SchedulerService, repository: InMemoryRepository
) -> None:
    _create(repository, [a_schedule(schedule_id=f"s{number:03}") for number in range(MOST_READ + 2)])
    repository.faults.calls.clear()
    first = service.list_for_user("alice", search="s501")
    calls = list(repository.faults.calls)
    second = service.list_for_user("alice", search="s501", cursor=first.next_cursor)

    assert (list(first.items), first.searched) == ([], 500)
    assert calls == ["repository.list_by_user"] * 5
    assert (_ids(second), second.searched, second.next_cursor) == (["s501"], 2, None)


def test_a_search_stops_at_its_limit_and_continues_behind_the_last_hit(
    service: SchedulerService, repository: InMemoryRepository
) -> None:
    _create(repository, [a_schedule(schedule_id=f"s{number}", name="ab"[number % 2]) for number in range(6)])

    first = service.list_for_user("alice", search="b", limit=2)
    second = service.list_for_user("alice", search="b", limit=2, cursor=first.next_cursor)

    assert (_ids(first), first.searched) == (["s1", "s3"], 4)
    assert (_ids(second), second.searched, second.next_cursor) == (["s5"], 2, None)


def test_a_page_without_filters_is_one_query_of_its_limit(
    service: SchedulerService, repository: InMemoryRepository
) -> None:
    _create(repository, [a_schedule(schedule_id=f"s{number:03}") for number in range(101)])
    repository.faults.calls.clear()

    page = service.list_for_user("alice", limit=100)

    assert repository.faults.calls == ["repository.list_by_user"]
    assert (len(page.items), page.searched) == (100, 100)


def test_a_page_of_any_status_is_a_query_for_each_status_at_most(
    service: SchedulerService, repository: InMemoryRepository
) -> None:
    _create(repository, [a_schedule(schedule_id=status.value, status=status) for status in Status])
    repository.faults.calls.clear()

    page = service.list_for_user("alice", status="any")

    assert _ids(page) == ORDER
    assert repository.faults.calls == ["repository.list_by_user"] * 5
    assert (page.next_cursor, page.searched) == (None, 5)


def test_a_list_of_any_status_continues_in_the_status_where_it_stopped(
    service: SchedulerService, repository: InMemoryRepository
) -> None:
    _create(
        repository,
        [
            a_schedule(schedule_id="a", timing=once(NOW + DAY)),
            a_schedule(schedule_id="p1", status=Status.PAUSED, timing=once(NOW + MINUTE)),
            a_schedule(schedule_id="p2", status=Status.PAUSED, timing=once(NOW + HOUR)),
        ],
    )
    first = service.list_for_user("alice", status="any", limit=2)
    repository.faults.calls.clear()
    second = service.list_for_user("alice", status="any", limit=2, cursor=first.next_cursor)

    assert (_ids(first), _ids(second)) == (["a", "p1"], ["p2"])
    assert repository.faults.calls == ["repository.list_by_user"] * 4


def test_a_resource_has_the_same_filters(service: SchedulerService, repository: InMemoryRepository) -> None:
    _create(
        repository,
        [
            a_schedule(user_id=user, schedule_id=f"{user}-{status}", status=status, resource_id="contract-42")
            for user in ("alice", "bob")
            for status in (Status.ACTIVE, Status.PAUSED)
        ],
    )

    everybody = service.list_for_resource("contract-42", status="any", search="PAUSED", limit=1)
    following = service.list_for_resource("contract-42", status="any", search="PAUSED", cursor=everybody.next_cursor)
    of_bob = service.list_for_resource("contract-42", status="any", user_id="bob")

    assert (_ids(everybody), _ids(following)) == (["alice-paused"], ["bob-paused"])
    assert _ids(of_bob) == ["bob-active", "bob-paused"]


@pytest.mark.parametrize("cursor", ["", "x", "WyJhIl0", "bnVsbA"])
def test_a_damaged_cursor_of_any_status_is_refused(service: SchedulerService, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        service.list_for_user("alice", status="any", cursor=cursor)


def test_a_cursor_of_any_status_is_valid_for_its_own_list_only(
    service: SchedulerService, repository: InMemoryRepository
) -> None:
    _create(repository, [a_schedule(schedule_id=f"s{number}", resource_id="r") for number in range(2)])
    of_user = service.list_for_user("alice", status="any", limit=1).next_cursor
    of_resource = service.list_for_resource("r", status="any", limit=1).next_cursor
    of_one = service.list_for_user("alice", limit=1).next_cursor

    for others in (of_resource, of_one):
        with pytest.raises(InvalidCursor):
            service.list_for_user("alice", status="any", cursor=others)
    for others in (of_user, of_one):
        with pytest.raises(InvalidCursor):
            service.list_for_resource("r", status="any", cursor=others)
    with pytest.raises(InvalidCursor):
        service.list_for_user("bob", status="any", cursor=of_user)
    with pytest.raises(InvalidCursor):
        service.list_for_user("alice", cursor=of_user)


def test_any_status_is_every_status() -> None:
    assert sorted(EVERY_STATUS) == sorted(Status)
    assert {status.value for status in ListedStatus} == {"any", *Status}


def test_all_pages_of_a_list_can_be_walked(service: SchedulerService, repository: InMemoryRepository) -> None:
    _create(repository, [a_schedule(schedule_id=f"s{number}", status=status) for number, status in enumerate(Status)])

    walked = all_items(partial(service.list_for_user, "alice", status="any", limit=1))

    assert [schedule.status.value for schedule in walked] == ORDER


def _create(repository: InMemoryRepository, schedules: Iterable[Schedule]) -> None:
    for schedule in schedules:
        repository.create(schedule, an_action())


def _ids(page: SearchedPage) -> list[str]:
    return [schedule.schedule_id for schedule in page.items]
