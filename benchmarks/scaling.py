"""Finds which limit of AWS a large load meets first: `python -m benchmarks.scaling [--write]`.

The units of each operation are those of its real requests (`benchmarks.units`); `benchmarks.capacity` simulates the
limits. `--write` writes the tables of docs/scaling.md between its markers.
"""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from benchmarks.capacity import (
    HOUR,
    MINUTE,
    Concurrency,
    Lane,
    Limit,
    Load,
    Partitions,
    Rate,
    Spot,
    highest_rate,
    simulate,
)
from benchmarks.units import KEYS_ONLY, TABLE, USER, operations, stored_bytes
from chalicelib.core.model import ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.units import Charge, Operation

PAGE = Path(__file__).parent.parent / "docs" / "scaling.md"
LANES = 128
SETTLED = 3 * HOUR
NEARLY = 0.99
"""`highest_rate` may miss a hundredth."""

CREATE_CPU, RUN_CPU, LISTED_CPU = 0.009, 0.006, 0.0002
"""Seconds of a whole processor: a create and a run (docs/performance.md), and one schedule of a page of 1,000."""

API_PROCESSOR, RUN_PROCESSOR = 1_024 / 1_769, 256 / 1_769
"""Share of a processor by memory (`.chalice/config.json`, Terraform); Lambda gives a whole one for 1,769 MB."""

TABLE_CALL, SCHEDULER_CALL, PROVIDER_CALL = 0.010, 0.050, 0.100
"""Seconds that a function waits for one call of DynamoDB, EventBridge or a provider. Assumed."""

CREATE_SECONDS = CREATE_CPU / API_PROCESSOR + 3 * TABLE_CALL + SCHEDULER_CALL
RUN_SECONDS = RUN_CPU / RUN_PROCESSOR + 2 * TABLE_CALL + PROVIDER_CALL
API_TIMEOUT = 29

SCHEDULES = 10_000_000
INVOCATIONS = 1_000
DOLLARS_PER_MILLION_WRITES = 0.625
"""On-demand price in us-east-1."""

SECONDS_OF_A_MONTH = 730 * HOUR

CONCURRENT = "Lambda: concurrent executions, 1,000"
PLACES = {
    TABLE: "DynamoDB: the table",
    "by_time": "DynamoDB: index `by_time`",
    "by_resource": "DynamoDB: index `by_resource`",
    KEYS_ONLY: "DynamoDB: index `watch`",
}
GROWS = "[warm throughput](#warm-throughput), then quota *Table-level write throughput limit* (40,000)"


@dataclass(frozen=True)
class Question:
    """A load of one operation. `wanted` is its rate per second.

    `times`: whether the next runs of schedules are the same distance ahead, so that their sort keys ascend, or mixed.
    """

    name: str
    operation: str
    wanted: float
    users: Literal["one", "many"] = "many"
    resources: Literal["one", "many"] = "many"
    times: Literal["same", "mixed"] = "mixed"


QUESTIONS = (
    Question("creates", "create, one-time", 5_000),
    Question("runs", "run, recurring", 1_000),
    Question("runs-once", "run, one-time", 1_000),
    Question("user-creates", "create, one-time", 1_000, users="one", times="same"),
    Question("user-runs", "run, recurring", 1_000, users="one", times="same"),
    Question("user-runs-once", "run, one-time", 1_000, users="one", times="same"),
    Question("resource-creates", "create, one-time", 1_000, resources="one"),
    Question("resource-runs", "run, recurring", 1_000, resources="one"),
)

QUOTAS: Mapping[str, tuple[tuple[str, Callable[[], Limit], float, str], ...]] = {
    "create": (
        ("API Gateway: requests to the stage", lambda: Rate(100), 1, "`api_rate_limit` (100), or batches of up to 100"),
        ("API Gateway: requests to the account", lambda: Rate(10_000), 1, "quota *Throttle rate* (10,000)"),
        (CONCURRENT, lambda: Concurrency(1_000), CREATE_SECONDS, "quota *Concurrent executions* (1,000)"),
        ("EventBridge: creates", lambda: Rate(5_000), 1, "quota *CreateSchedule request rate* (5,000)"),
    ),
    "run": (
        ("SES: emails", lambda: Rate(14), 1, "quota *Sending rate* (14), then `action_rates`"),
        ("Lambda: `max_concurrency` of `prod.tfvars`", lambda: Concurrency(14), RUN_SECONDS, "`max_concurrency` (14)"),
        (CONCURRENT, lambda: Concurrency(1_000), RUN_SECONDS, "quota *Concurrent executions* (1,000)"),
        ("EventBridge: invocations", lambda: Rate(INVOCATIONS), 1, "quota *Invocations throttle limit* (1,000)"),
    ),
}
"""By kind of operation: the limit's name, the limit, the units of an operation, and the setting that raises it."""


@dataclass(frozen=True)
class Answer:
    """The highest rate of one limit, per second, on a new stage and after `SETTLED` seconds of this load."""

    limit: str
    at_first: float
    settled: float
    setting: str


def answers(question: Question, costs: Mapping[str, Operation]) -> list[Answer]:
    """Returns the answer of each limit, the lowest rate first."""
    lanes = lanes_of(question, costs[question.operation])
    found = []
    for name, new, setting in limits_of(question):
        at_first, settled = (highest_rate(lanes, (name, new), at) for at in (0, SETTLED))
        found.append(Answer(name, at_first, settled, setting))
    return sorted(found, key=lambda answer: (answer.settled, answer.at_first))


def limits_of(question: Question) -> Iterator[tuple[str, Callable[[], Limit], str]]:
    for name, new, _, setting in QUOTAS[_kind(question)]:
        yield name, new, setting
    for place, name in PLACES.items():
        yield name, Partitions, _setting(question, place)


def lanes_of(question: Question, cost: Operation) -> list[Lane]:
    """Returns the load as lanes, each with another schedule, and with another user or resource if there are many."""
    quotas = {name: {Spot(): units} for name, _, units, _ in QUOTAS[_kind(question)]}
    return [Lane(quotas | _units(question, cost, number)) for number in range(LANES)]


def _units(question: Question, cost: Operation, number: int) -> dict[str, Load]:
    found: dict[str, Load] = {name: {} for name in PLACES.values()}
    seen: dict[str, list[str]] = {}
    for charge in (charge for charge in cost.charges if charge.writes):
        keys = seen.setdefault(charge.place, [])
        if charge.sort not in keys:
            keys.append(charge.sort)
        is_now = _kind(question) == "run" and keys[0] == charge.sort
        load, spot = found[PLACES[charge.place]], _spot(question, charge, number, is_now=is_now)
        load[spot] = load.get(spot, 0) + charge.writes
    return found


def _spot(question: Question, charge: Charge, number: int, *, is_now: bool) -> Spot:
    """Returns where a lane's charge is. The entries of runs at the present time are at one spot of their list."""
    even = (number + 0.5) / LANES
    if charge.place == KEYS_ONLY:
        return Spot(_hash(ids.watch_shard_pk(number % ids.WATCH_SHARDS)))
    if charge.place == TABLE:
        is_own = charge.partition != ids.user_pk(USER) or question.users == "many"
        return Spot(even) if is_own else Spot(_hash(charge.partition), even if charge.sort.startswith("S") else 0)
    head = 0.0 if is_now else even if question.times == "mixed" else 0.5
    one = question.users if charge.place == "by_time" else question.resources
    if one == "many":
        return Spot(even)
    if charge.place == "by_resource" and question.users == "many":
        head = even
    return Spot(_hash(charge.partition), head)


def _hash(partition: str) -> float:
    """Returns a number from 0 to 1, in place of DynamoDB's own hash, which is not published."""
    return int.from_bytes(hashlib.sha256(partition.encode()).digest()[:6]) / 2**48


def _kind(question: Question) -> str:
    return question.operation.partition(",")[0]


def _setting(question: Question, place: str) -> str:
    if question.users == "one" and place in (TABLE, "by_time"):
        return "several user ids"
    if question.resources == "one" and place == "by_resource":
        return "several resource ids"
    return GROWS


# The page


def tables(costs: Mapping[str, Operation]) -> dict[str, str]:
    """Returns the parts of the page that are computed, by the name of their marker. `costs`: see `operations`."""
    found = {question.name: _table(question, answers(question, costs)) for question in QUESTIONS}
    return found | {
        "units": _units_table(costs),
        "growth": _growth(costs),
        "together": _together(costs),
        "stock": _stock(costs),
    }


def _table(question: Question, found: list[Answer]) -> str:
    lines = [
        "| limit | per second, new stage | per second, after 3 hours | enough | what raises it |",
        "|---|---|---|---|---|",
    ]
    for answer in found:
        enough = _enough(answer, question.wanted)
        figures = f"{_figure(answer.at_first)} | {_figure(answer.settled)}"
        lines.append(f"| {answer.limit} | {figures} | {enough} | {answer.setting} |")
    return "\n".join(lines)


def _enough(answer: Answer, wanted: float) -> str:
    if answer.at_first >= NEARLY * wanted:
        return "yes"
    return "later" if answer.settled >= NEARLY * wanted else "**no**"


def _together(costs: Mapping[str, Operation]) -> str:
    """Returns how much of each limit 5,000 creates and 1,000 one-time runs use in the same second."""
    create, run = costs["create, one-time"], costs["run, one-time"]
    creates, runs, quota = QUESTIONS[0].wanted, QUESTIONS[2].wanted, Partitions().quota
    used = {
        name: ((creates * create.writes(place) + runs * run.writes(place)), quota) for place, name in PLACES.items()
    }
    used |= {
        CONCURRENT: (creates * CREATE_SECONDS + runs * RUN_SECONDS, 1_000),
        "EventBridge: creates": (creates, 5_000),
        "EventBridge: invocations": (runs, INVOCATIONS),
    }
    lines = ["| limit | used | of | share |", "|---|---|---|---|"]
    for name, (units, most) in sorted(used.items(), key=lambda item: -item[1][0] / item[1][1]):
        lines.append(f"| {name} | {_figure(units)} | {most:,.0f} | {units / most:.0%} |")
    return "\n".join(lines)


def _units_table(costs: Mapping[str, Operation]) -> str:
    """Returns the write units below one user and one resource, which decide where both are single."""
    lines = [
        "| operation | table | table, key of the user | `by_time` | `by_resource` | `watch` |",
        "|---|---|---|---|---|---|",
    ]
    for name in ("create, one-time", "run, one-time", "run, recurring", "cancel"):
        cost = costs[name]
        of_user = cost.by_partition()[TABLE, ids.user_pk(USER)][0]
        cells = [cost.writes(TABLE), of_user, *(cost.writes(index) for index in ("by_time", "by_resource", "watch"))]
        lines.append(f"| {name} | {' | '.join(f'{cell:g}' for cell in cells)} |")
    return "\n".join(lines)


def _growth(costs: Mapping[str, Operation]) -> str:
    """Returns how a new table grows under 5,000 creates a second."""
    question = QUESTIONS[0]
    limits: dict[str, Limit] = {name: new() for name, new, _ in limits_of(question) if name in PLACES.values()}
    lanes = lanes_of(question, costs[question.operation])
    lines = ["| after | creates per second | the limit |", "|---|---|---|"]
    for moment in simulate(lanes, limits, question.wanted, 2 * HOUR):
        if moment.now % (30 * MINUTE) == 0:
            limit = moment.first or "none"
            lines.append(f"| {moment.now / MINUTE:.0f} min | {_figure(moment.admitted)} | {limit} |")
    return "\n".join(lines)


def _stock(costs: Mapping[str, Operation]) -> str:
    """Returns the figures of ten million stored schedules, and the bills of constant loads."""
    stored = stored_bytes()["schedule"] * SCHEDULES / 2**30
    bills = [
        ("ten million schedules, once a day each", costs["run, recurring"], SCHEDULES / (24 * HOUR)),
        ("1,000 runs a second", costs["run, recurring"], 1_000),
        ("5,000 creates a second", costs["create, one-time"], 5_000),
    ]
    lines = [
        "| figure | value |",
        "|---|---|",
        f"| stored, with all indexes | {stored:.0f} GB |",
        f"| all due at once: the last one fires after | {SCHEDULES / INVOCATIONS / HOUR:.1f} hours |",
        f"| duration of a create, of a run | {CREATE_SECONDS * 1e3:.0f} ms, {RUN_SECONDS * 1e3:.0f} ms |",
        f"| live schedules of a user that the API can count within {API_TIMEOUT} s | {_figure(countable())} |",
    ]
    for name, cost, rate in bills:
        dollars = cost.writes() * rate * SECONDS_OF_A_MONTH / 1e6 * DOLLARS_PER_MILLION_WRITES
        lines.append(f"| DynamoDB's writes a month: {name} | ${dollars:,.0f} |")
    return "\n".join(lines)


def countable() -> float:
    """Returns how many live schedules of one user a request can read before its time limit."""
    return API_TIMEOUT / (LISTED_CPU / API_PROCESSOR)


def _figure(number: float) -> str:
    """Returns two significant digits: the simulation is not more exact than that."""
    return f"{float(f'{number:.2g}'):,.0f}"


def filled(text: str, parts: Mapping[str, str]) -> str:
    """Returns the page with each computed part between its markers. Raises KeyError for a part that is not computed."""

    def part(match: re.Match[str]) -> str:
        return f"<!-- {match[1]} -->\n\n{parts[match[1]]}\n\n<!-- end -->"

    return re.sub(r"<!-- ([\w-]+) -->\n.*?<!-- end -->", part, text, flags=re.DOTALL)


def main() -> None:
    parts = tables(operations())
    if "--write" in sys.argv[1:]:
        PAGE.write_text(filled(PAGE.read_text("utf-8"), parts), "utf-8")
    for name, text in parts.items():
        print(f"{name}\n\n{text}\n")


if __name__ == "__main__":
    main()
