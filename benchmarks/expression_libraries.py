"""This project and the published libraries that parse cron expressions, behind one interface."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from chalicelib.core.timing.expressions import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True)
class Case:
    """An expression in AWS's dialect and in those of croniter, cronsim and APScheduler; `after` is aware UTC."""

    aws: str
    croniter: str
    cronsim: str
    apscheduler: dict[str, str]
    zone: str
    after: datetime

    def __str__(self) -> str:
        return f"`{self.aws}`, {self.zone}"

    @property
    def local(self) -> datetime:
        return self.after if self.zone == "UTC" else self.after.astimezone(ZoneInfo(self.zone))


@dataclass(frozen=True)
class Library:
    """`first` returns the first occurrence of what `parse` returned, `take` the first ones, this many.

    One of the two is called, once per `parse`.
    """

    parse: Callable[[], Any]
    first: Callable[[Any], datetime]
    take: Callable[[Any, int], Sequence[datetime]]


def this_project(case: Case) -> Library:
    return Library(
        lambda: parse(f"cron({case.aws})", case.zone),
        lambda expression: expression.next_occurrence(case.after),
        lambda expression, count: list(islice(expression.occurrences(case.after), count)),
    )


def peers(case: Case) -> dict[str, Library]:
    """Returns the installed libraries whose occurrences of this case are those of EventBridge Scheduler.

    aws-croniter and pyawscron know only UTC. In another zone they are exact only if the case has no hours.
    """
    found = {"croniter": _croniter, "cronsim": _cronsim, "apscheduler": _apscheduler}
    if case.zone == "UTC" or case.aws.split(" ")[1] == "*":
        found |= {"aws_croniter": _aws_croniter, "pyawscron": _pyawscron}
    return {name: library(case) for name, library in found.items() if find_spec(name)}


def _croniter(case: Case) -> Library:
    croniter, local = import_module("croniter").croniter, case.local
    return Library(
        lambda: croniter(case.croniter, local, ret_type=datetime), next, lambda dates, count: list(islice(dates, count))
    )


def _cronsim(case: Case) -> Library:
    # With five fields it imitates Debian's cron over daylight saving.
    cronsim, local = import_module("cronsim").CronSim, case.local
    return Library(lambda: cronsim(f"0 {case.cronsim}", local), next, lambda dates, count: list(islice(dates, count)))


def _apscheduler(case: Case) -> Library:
    trigger, local = import_module("apscheduler.triggers.cron").CronTrigger, case.local

    def first(parsed: Any) -> datetime:
        return cast("datetime", parsed.get_next_fire_time(local, local))

    def take(parsed: Any, count: int) -> list[datetime]:
        found = [first(parsed)]
        while len(found) < count:
            found.append(parsed.get_next_fire_time(found[-1], found[-1]))
        return found

    return Library(lambda: trigger(**case.apscheduler, second="0", timezone=local.tzinfo), first, take)


def _aws_croniter(case: Case) -> Library:
    croniter = import_module("aws_croniter").AwsCroniter
    return Library(
        lambda: croniter(case.aws),
        lambda parsed: parsed.get_next(case.after, 1)[0],
        lambda parsed, count: parsed.get_next(case.after, count),
    )


def _pyawscron(case: Case) -> Library:
    cron = import_module("pyawscron").AWSCron

    def first(parsed: Any) -> datetime:
        return cast("datetime", parsed.occurrence(case.after).next())

    def take(parsed: Any, count: int) -> list[datetime]:
        found = [first(parsed)]
        while len(found) < count:
            found.append(parsed.occurrence(found[-1]).next())
        return found

    return Library(lambda: cron(case.aws), first, take)


def in_utc(instants: Sequence[datetime]) -> list[datetime]:
    return [instant.astimezone(UTC) for instant in instants]
