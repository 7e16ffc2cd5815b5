"""A resource with many schedules: listed page by page, hidden from others, cancelled together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.e2e.aws import left_in_eventbridge
from tests.e2e.client import Client
from tests.e2e.schedules import an_email

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from local.app.stack import Stack

pytestmark = pytest.mark.e2e

MANY = 120
CLIENTS_AT_ONCE = 8
RESOURCE = "contract/42 %#"
PATH = f"/v1/resources/{quote(RESOURCE, safe='')}/schedules"


@pytest.fixture(scope="module")
def schedules(alice: Client) -> list[dict[str, Any]]:
    """Alice's, about one resource, made by many clients at once; each at a time of its own, in mixed order."""
    hours = [1 + number * 77 % MANY for number in range(MANY)]
    with ThreadPoolExecutor(CLIENTS_AT_ONCE) as pool:
        return list(pool.map(lambda hour: one_in(alice, hour), hours))


@pytest.fixture(scope="module", autouse=True)
def bobs(bob: Client) -> dict[str, Any]:
    """One of somebody else about the same resource."""
    return one_in(bob, 30)


def one_in(client: Client, hours: int) -> dict[str, Any]:
    return client.create(timing={"after": f"PT{hours}H"}, resource_id=RESOURCE, action=an_email("about the contract"))


def pages(client: Client, limit: int) -> Iterator[list[dict[str, Any]]]:
    cursor = ""
    while cursor is not None:
        page = client.get(f"{PATH}?limit={limit}" + (f"&cursor={quote(cursor)}" if cursor else ""))
        yield page["items"]
        cursor = page["next_cursor"]


def ids(schedules: Iterable[dict[str, Any]]) -> list[str]:
    return [schedule["schedule_id"] for schedule in schedules]


def test_the_pages_of_a_resource_show_each_schedule_once_and_the_soonest_first(
    alice: Client, schedules: list[dict[str, Any]]
) -> None:
    found = list(pages(alice, limit=50))

    soonest_first = sorted(schedules, key=lambda schedule: str(schedule["next_run_at"]))
    assert [len(page) for page in found] == [50, 50, 20]
    assert ids(chain(*found)) == ids(soonest_first)


def test_each_sees_his_own_schedules_of_a_resource_and_an_admin_sees_all(
    stack: Stack, bob: Client, admin: Client, schedules: list[dict[str, Any]], bobs: dict[str, Any]
) -> None:
    carol = Client(stack.api_url, stack.token("carol"))

    assert list(pages(carol, limit=100)) == [[]]
    assert list(pages(bob, limit=100)) == [[bobs | {"action": {"type": "email"}}]]
    assert sorted(ids(chain(*pages(admin, limit=100)))) == sorted(ids([*schedules, bobs]))


def test_a_cancelled_resource_loses_the_callers_schedules_and_nobody_elses(
    stack: Stack, alice: Client, bob: Client, schedules: list[dict[str, Any]], bobs: dict[str, Any]
) -> None:
    assert cancel_all(alice) == MANY

    assert list(pages(alice, limit=100)) == [[]]
    assert left_in_eventbridge(stack, *schedules, bobs) == {bobs["schedule_id"]}
    assert ids(chain(*pages(bob, limit=100))) == ids([bobs])
    assert cancel_all(bob) == 1


def cancel_all(client: Client) -> int:
    """How many; one request cancels for 15 seconds at most, and says 202 if that was not all."""
    answer = client.send("DELETE", PATH)
    cancelled: int = answer.json["cancelled"]
    assert answer.status == (200 if answer.json["complete"] else 202)
    return cancelled if answer.json["complete"] else cancelled + cancel_all(client)
