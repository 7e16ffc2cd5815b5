"""Every calculation of occurrences is bounded, even for the most expensive input that the API accepts.

The tests count calls of Python and C functions instead of seconds. 20,000 calls take about 5 ms on a laptop, and 50 ms
in a Lambda function of 256 MB. Each bound is about twice the calls that the path needs.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

import pytest

from chalicelib.core.errors import InvalidInput
from chalicelib.core.model import payload
from chalicelib.core.model.payload import Delivery
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Status, Timing
from chalicelib.core.model.span import opened_span
from chalicelib.core.model.transitions import auto_resumed, occurrence_for, with_outcome
from chalicelib.scheduling.service import SchedulerService
from chalicelib.scheduling.timing_spec import TimingSpec, check_period
from chalicelib.testing import FakeGateway, FakeStarter, InMemoryRepository
from notification.occurrences import stands_for
from tests.builders import DAY, HOUR, MINUTE, NOW, a_run, a_schedule, an_action

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.model.schedule import Schedule
    from chalicelib.core.model.span import Span

FAR = datetime(2199, 12, 1, tzinfo=UTC)
A_DAY_WINDOW = timedelta(minutes=1440)

TIMINGS = {
    "each minute": Timing("cron(* * * * ? *)", "Europe/Berlin"),
    "each minute of an end": Timing("cron(* * * * ? *)", "Africa/Casablanca", None, FAR),
    "each elapsed minute": Timing("rate(1 minute)", "Africa/Casablanca", NOW, FAR),
    "29 February": Timing("cron(0 0 29 2 ? *)", "America/St_Johns", None, FAR),
    "a fifth Monday in February": Timing("cron(59 23 ? 2 2#5 *)", "Antarctica/Troll", None, FAR),
    "a year in two": Timing("cron(* * ? * L 2027/2)", "Australia/Lord_Howe", None, FAR),
    "the last minute of the last year": Timing("cron(59 23 31 12 ? 2199)", "Pacific/Apia"),
    "the first of some months": Timing("cron(0 0 31 2,4,6,9,11,12 ? *)", "Asia/Gaza", None, FAR),
}


def a_year_from(day: date, every: int) -> tuple[date, ...]:
    return tuple(day + number * every * timedelta(days=1) for number in range(366))


EXCLUSIONS = {
    "none": (),
    "a year": a_year_from(NOW.date(), 1),
    "each second day": a_year_from(NOW.date(), 2),
    "each Saturday": a_year_from(date(2027, 3, 6), 7),
}


class Steps:
    """Counts the calls that are made while it is on."""

    made = 0

    def __enter__(self) -> Self:
        sys.setprofile(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _count(self, _frame: object, event: str, _arg: object) -> None:
        self.made += event in ("call", "c_call")


def steps_of(work: Callable[[], Any]) -> int:
    with Steps() as steps:
        work()
    return steps.made


@dataclass(frozen=True)
class Path:
    """One way into the calculation, and how many calls it may make."""

    name: str
    most: int
    work: Callable[[Schedule], Any]


def ran(schedule: Schedule) -> Schedule:
    run = a_run(schedule, status=RunStatus.SUCCEEDED, scheduled_time=schedule.next_run_at)
    return with_outcome(schedule, run, now=NOW, keep_record=DAY)


def paused_for_a_year(schedule: Schedule) -> Schedule:
    return replace(schedule, status=Status.PAUSED, paused_until=NOW - 366 * DAY)


def left_open(schedule: Schedule) -> Span | None:
    """A change a year later."""
    changed_at = NOW + 366 * DAY
    after = replace(schedule, updated_at=changed_at, next_run_at=schedule.next_occurrence(changed_at))
    return opened_span(schedule, after)


def stood_for(schedule: Schedule) -> list[datetime]:
    at = NOW + 3 * HOUR
    return stands_for(a_run(schedule, scheduled_time=at), Delivery(schedule, an_action(), at, {}), schedule, ())


def checked(schedule: Schedule) -> None:
    with suppress(InvalidInput):
        check_period(schedule.timing, HOUR, NOW)


PATHS = [
    Path("next_occurrence", 12_000, lambda it: it.next_occurrence(NOW)),
    Path("occurrences", 20_000, lambda it: list(islice(it.occurrences(NOW), 100))),
    Path("last_occurrence", 20_000, lambda it: it.timing.last_occurrence()),
    Path("occurrence_for", 8_000, lambda it: occurrence_for(it.timing, NOW + 2 * DAY, A_DAY_WINDOW)),
    Path("with_outcome", 16_000, ran),
    Path("opened_span", 20_000, left_open),
    Path("opened_span of a pause", 20_000, lambda it: left_open(paused_for_a_year(it))),
    Path("last of a span", 60_000, lambda it: (span := left_open(it)) and span.last()),
    Path("auto_resumed", 12_000, lambda it: auto_resumed(paused_for_a_year(it), NOW - 366 * DAY)),
    Path("next_try_at", 12_000, lambda it: it.next_try_at(NOW, MINUTE)),
    Path("payload.write", 1_000, lambda it: payload.write(it, an_action())),
    Path("stands_for", 12_000, stood_for),
    Path("check_period", 30_000, checked),
]


@pytest.mark.parametrize("exclusions", EXCLUSIONS)
@pytest.mark.parametrize("timing", TIMINGS)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_a_calculation_is_bounded(path: Path, timing: str, exclusions: str) -> None:
    schedule = a_schedule(timing=TIMINGS[timing], exclusions=EXCLUSIONS[exclusions])

    assert steps_of(lambda: path.work(schedule)) < path.most


def a_service() -> SchedulerService:
    return SchedulerService(InMemoryRepository(), FakeGateway(), FakeStarter(), clock=lambda: NOW, sleep=lambda _: None)


def spec(timing: Timing) -> TimingSpec:
    if timing.kind == "rate":
        return TimingSpec(rate=timing.expression, start_at=timing.start_at, end_at=timing.end_at)
    return TimingSpec(cron=timing.expression, timezone=timing.timezone, end_at=timing.end_at)


@pytest.mark.parametrize("timing", TIMINGS)
def test_a_preview_is_bounded(timing: str) -> None:
    service = a_service()

    assert steps_of(lambda: service.preview(spec(TIMINGS[timing]), limit=100)) < 35_000


def create(service: SchedulerService, timing: TimingSpec) -> Schedule:
    return service.create(user_id="alice", action=an_action(), timing=timing, exclusions=EXCLUSIONS["a year"])


@pytest.mark.parametrize("timing", TIMINGS)
def test_a_create_and_a_change_are_bounded(timing: str) -> None:
    service = a_service()
    made = create(service, spec(TIMINGS[timing]))
    change = partial(service.change, "alice", made.schedule_id, exclusions=EXCLUSIONS["each second day"])

    assert steps_of(lambda: create(service, spec(TIMINGS[timing]))) < 30_000
    assert steps_of(change) < 35_000


@pytest.mark.parametrize(
    "timing",
    [
        TimingSpec(rate="1 minute", end_at=NOW + 300 * DAY),
        TimingSpec(cron="* * * * ? *", timezone="Africa/Casablanca", end_at=NOW + 300 * DAY),
        TimingSpec(cron="* 2 ? 3 1L *", timezone="Europe/Berlin"),
    ],
)
def test_a_refusal_for_want_of_occurrences_is_bounded(timing: TimingSpec) -> None:
    service = a_service()

    def refused() -> None:
        with pytest.raises(InvalidInput, match=r"exclude every occurrence|never fires again"):
            create(service, timing)

    assert steps_of(refused) < 15_000
