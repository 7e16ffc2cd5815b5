"""Each use case keeps its promises if any single call to AWS fails, in any way a call can fail (design, section 5).

After the failure the client retries or does not; then time passes and the sweeper runs. Every schedule whose request
succeeded fires exactly at its times, and the table and EventBridge agree.
"""

from __future__ import annotations

from collections import Counter
from inspect import getmembers, isfunction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import pytest

from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import OnUnknown
from chalicelib.scheduling.service import SchedulerService
from tests.notification.world import NOON
from tests.simulation.agreement import disagreements
from tests.simulation.breaker import AGAIN, Breaker, Kind
from tests.simulation.simulator import A_MINUTE, A_SECOND, AN_HOUR, Life
from tests.simulation.use_cases import USE_CASES, UseCase

if TYPE_CHECKING:
    from tests.promises import Promise

MOST_ASKED = 30
EMPTY_SHARDS = [("repository.due",) * 2, ("repository.list_held_runs",) * 2]
HORIZON = NOON + 2 * AN_HOUR + 22 * A_MINUTE

READERS = {
    *("get_job", "get", "list_for_user", "list_for_resource", "occurrences", "preview", "get_run", "list_runs"),
    *("list_runs_of_user", "timeline"),
}
"""The methods of the service that change nothing."""


def _is_quick(case: type[UseCase], kind: Kind) -> bool:
    """Returns whether `make test` tries this kind of failure: one of five for each use case, in turn."""
    return (USE_CASES.index(case) + list(Kind).index(kind)) % len(Kind) == 0


PAIRS = [(case, kind, _is_quick(case, kind)) for case in USE_CASES for kind in Kind]


@pytest.mark.parametrize(
    ("use_case", "kind"),
    [
        pytest.param(case, kind, id=f"{case.__name__}-{kind.name.lower()}", marks=[] if quick else [pytest.mark.long])
        for case, kind, quick in PAIRS
    ],
)
def test_nothing_is_lost_and_nothing_orphaned(use_case: type[UseCase], kind: Kind) -> None:
    points = _points(use_case)

    assert points
    for number in points:
        for asks_again in (True, False) if use_case.is_a_request else (False,):
            _break(use_case(), number, kind, asks_again=asks_again)


def test_each_kind_and_each_use_case_is_among_the_quick_pairs() -> None:
    quick = [(case, kind) for case, kind, is_quick in PAIRS if is_quick]

    assert {kind for _, kind in quick} == set(Kind)
    assert {case for case, _ in quick} == set(USE_CASES)


def test_each_change_that_the_service_offers_has_a_use_case() -> None:
    offered = {name for name, _ in getmembers(SchedulerService, isfunction) if not name.startswith("_")}

    assert offered >= READERS
    assert set().union(*map(_asked, USE_CASES)) == offered - READERS


@pytest.mark.long
def test_each_use_case_makes_calls_and_their_number_is_a_figure_of_the_first_promise(promise: Promise) -> None:
    breaks = {case: len(_points(case)) * len(Kind) * (2 if case.is_a_request else 1) for case in USE_CASES}

    assert all(breaks.values())
    promise(1, f"{sum(breaks.values()):,} crashes, throttles and time-outs in {len(breaks)} use cases: nothing lost")


class _Watched:
    """A service, and the names of its methods that were called."""

    def __init__(self, service: SchedulerService) -> None:
        self._service = service
        self.called: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.called.add(name)
        return getattr(self._service, name)


def _asked(use_case: type[UseCase]) -> set[str]:
    """The methods of the service that its `act` calls: these are what is broken."""
    case, life = use_case(), _a_life()
    case.prepare(life)
    watched = _Watched(life.service)
    life.service = cast("SchedulerService", watched)
    life.travel(A_MINUTE)
    case.act(life)
    return watched.called


def _points(use_case: type[UseCase]) -> list[int]:
    """The numbers of the calls that it makes when nothing breaks.

    Of the shards that are read one after the other and found empty, one stands for all.
    """
    case, life = use_case(), _a_life()
    case.prepare(life)
    before = len(life.faults.calls)
    life.travel(A_MINUTE)
    case.act(life)
    calls = [*life.faults.calls[before:], ""]
    return [number for number, pair in enumerate(pairwise(calls), 1) if pair not in EMPTY_SHARDS]


def _break(case: UseCase, number: int, kind: Kind, *, asks_again: bool) -> None:
    life = _a_life()
    case.prepare(life)
    life.breaker.break_call(number, kind)
    life.travel(A_MINUTE)
    answered = _ask(life, case, times=MOST_ASKED if asks_again else 1)
    life.travel(HORIZON)

    where = f"{life.breaker.broke}, call {number}"
    assert life.breaker.broke is not None
    assert (where, disagreements(life)) == (where, [])
    assert (where, _broken_promises(life, case)) == (where, [])
    if answered:
        case.check(life)


def _ask(life: Life, case: UseCase, *, times: int) -> bool:
    for _ in range(times):
        try:
            case.act(life)
        except AGAIN:
            life.travel(5 * A_SECOND)
        else:
            return True
    return False


def _broken_promises(life: _BreakableLife, case: UseCase) -> list[str]:
    """Each occurrence is carried out once, and nothing else is."""
    broken = []
    for record in life.records():
        runs = [run for run in life.runs_of(record) if run.is_occurrence]
        carried_out = [run.scheduled_time for run in runs if run.status is RunStatus.SUCCEEDED]
        expected = case.expected(record, HORIZON)
        if carried_out != expected:
            broken.append(f"{life.story(record)} instead of {[f'{at:%H:%M}' for at in expected]}")
    return broken + _repeated(life)


def _repeated(life: _BreakableLife) -> list[str]:
    """What was done twice, though it need not have been, or without its run telling so.

    A provider that takes no key may be asked twice if its answer never came to be recorded, unless on_unknown is stop.
    """
    twice = {run_id for run_id, times in Counter(life.done()).items() if times > 1}
    runs = {run.run_id: run for run in life.all_runs()}
    stops = {record.schedule_id for record in life.records() if record.on_unknown is OnUnknown.STOP}
    return [
        f"{run_id} was done twice"
        for run_id in sorted(twice)
        if run_id in runs and (not runs[run_id].possibly_repeated or runs[run_id].schedule_id in stops)
    ]


class _BreakableLife(Life):
    def __init__(self) -> None:
        self.breaker = Breaker()
        super().__init__(self.breaker)
        self.breaker.sleep = self.clock.sleep


def _a_life() -> _BreakableLife:
    return _BreakableLife()
