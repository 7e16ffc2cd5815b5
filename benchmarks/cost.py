"""Computes the figures of docs/cost.md: `python -m benchmarks.cost [--write]`.

Prices and assumptions are read from the page's own tables. The units are counted from real requests: those of
DynamoDB by `benchmarks.units`, and the bytes of the Notification Lambda's log from the records that it logs. Memory,
architecture, alarms and retention are read from Terraform and `.chalice/config.json`.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from awslambdaric.lambda_runtime_log_utils import JsonFormatter
from moto import mock_aws

from benchmarks.units import DAILY, INDEXES, ONCE, TABLE, Operation, Stage, new_stage, operations, stored_by_place
from chalicelib.scheduling.retention import USUAL

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Iterator, Mapping

PROJECT = Path(__file__).parent.parent
PAGE = PROJECT / "docs" / "cost.md"
MODULES = PROJECT / "terraform" / "modules"

MILLION = 1_000_000
GB = 1024**3
DAYS_OF_A_MONTH = 365 / 12
SWEEPS_OF_A_MONTH = DAYS_OF_A_MONTH * 24 * 60

TEXT_LINES = (
    "START RequestId: 8f507cfc-xmpl-4697-b07a-ac58fc914c95 Version: $LATEST\n",
    "END RequestId: 8f507cfc-xmpl-4697-b07a-ac58fc914c95\n",
    (
        "REPORT RequestId: 8f507cfc-xmpl-4697-b07a-ac58fc914c95\tDuration: 115.96 ms\tBilled Duration: 116 ms\t"
        "Memory Size: 1024 MB\tMax Memory Used: 120 MB\n"
    ),
)
JSON_LINES = (
    (
        '{"time":"2027-03-01T12:00:00.102Z","type":"platform.start","record":'
        '{"requestId":"8f507cfc-xmpl-4697-b07a-ac58fc914c95","version":"$LATEST"}}'
    ),
    (
        '{"time":"2027-03-01T12:00:00.232Z","type":"platform.report","record":'
        '{"requestId":"8f507cfc-xmpl-4697-b07a-ac58fc914c95","metrics":{"durationMs":129.521,"billedDurationMs":130,'
        '"memorySizeMB":256,"maxMemoryUsedMB":92},"status":"success"}}'
    ),
)
"""Lambda's own lines of one invocation (Developer Guide, "Understanding the automated Log Event"), at level INFO."""
SWEEP_LINE = (
    "[INFO]\t2027-03-01T12:00:00.232Z\t8f507cfc-xmpl-4697-b07a-ac58fc914c95\t"
    "sweep finished: nothing was due; 0 s behind\n"
)
OPERATIONS = ("create, one-time", "run, one-time", "run, recurring", "cancel", "sweep, nothing due")
FEW_DAYS, BATCH = 7, 100
OF_AN_EVENT = 26
"""Bytes that CloudWatch Logs adds to each line (API reference, PutLogEvents)."""

SHARES = (
    "DynamoDB writes",
    "DynamoDB reads",
    "DynamoDB storage",
    "DynamoDB point-in-time recovery",
    "EventBridge Scheduler",
    "Lambda",
    "API Gateway",
    "CloudWatch",
)
"""Rows of the table by service: each is the sum of the prices whose names begin so."""


class Units(dict[str, float]):
    """Units by the name of their price."""

    def __add__(self, other: Mapping[str, float]) -> Units:
        return Units({name: self.get(name, 0) + other.get(name, 0) for name in {**self, **other}})

    def times(self, number: float) -> Units:
        return Units({name: amount * number for name, amount in self.items()})


FIRED = Units({"EventBridge Scheduler invocations": 1})


@dataclass(frozen=True)
class Functions:
    """The functions' memory in MB, as deployed."""

    api: int
    sweeper: int
    notification: int

    @staticmethod
    def read() -> Functions:
        config = json.loads((PROJECT / ".chalice" / "config.json").read_text("utf-8"))
        module = (MODULES / "notification_function" / "main.tf").read_text("utf-8")
        return Functions(
            config["lambda_memory_size"],
            config["lambda_functions"]["sweep"]["lambda_memory_size"],
            int(_found(r"memory_size += (\d+)", module)),
        )


class Counted:
    """What each operation uses, counted from this release."""

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        return operations()

    @cached_property
    def functions(self) -> Functions:
        return Functions.read()

    @cached_property
    def alarms(self) -> int:
        module = (MODULES / "observability" / "main.tf").read_text("utf-8")
        return len(re.findall(r"^    [a-z-]+ = \{$|^  alarm_name += .*sweeper-silent", module, re.MULTILINE))

    @cached_property
    def secrets(self) -> int:
        texts = (path.read_text("utf-8") for path in MODULES.glob("*/*.tf"))
        return sum(text.count('resource "aws_secretsmanager_secret" ') for text in texts)

    @cached_property
    def architecture(self) -> str:
        return _found(r'"lambda_architecture" \{.*?default += "(\w+)"', _variables())

    @cached_property
    def log_days(self) -> int:
        return int(_found(r'"log_retention_days" \{.*?default += (\d+)', _variables()))

    @cached_property
    def run_log(self) -> int:
        """Bytes that the Notification Lambda logs in one run, without Lambda's own lines."""
        return self._runs.log

    @cached_property
    def stored_task(self) -> Mapping[str, int]:
        """Bytes of a one-time task that is done, by table and index."""
        return self._runs.task

    @cached_property
    def stored_run(self) -> int:
        """Bytes of one run, which is in the table only."""
        return self._runs.run

    @cached_property
    def _runs(self) -> _Runs:
        handler, logger = _Lines(), logging.getLogger("notification")
        level, propagate = logger.level, logger.propagate
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
        try:
            with mock_aws():
                (task,) = _after_each_run(ONCE, 1)
            with mock_aws():
                first, second = _after_each_run(DAILY, 2)
        finally:
            logger.removeHandler(handler)
            logger.setLevel(level)
            logger.propagate = propagate
        return _Runs(task, second.total() - first.total(), handler.sizes[0])


@dataclass(frozen=True)
class _Runs:
    task: Mapping[str, int]
    run: int
    log: int


class _Lines(logging.Handler):
    """Keeps the size of each record as Lambda's runtime writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []
        self.setFormatter(JsonFormatter())  # type: ignore[no-untyped-call]

    def emit(self, record: logging.LogRecord) -> None:
        record.aws_request_id = "8f507cfc-xmpl-4697-b07a-ac58fc914c95"
        self.sizes.append(_log_bytes([self.format(record).rstrip("\n")]))


def _after_each_run(timing: Mapping[str, Any], runs: int) -> Iterator[Counter[str]]:
    """Returns the bytes of one schedule and its runs, after each run. Needs moto's `mock_aws`."""
    stage: Stage = new_stage()
    schedule = stage.create(timing)
    for _ in range(runs):
        stage.deliver(schedule)
        yield stored_by_place(stage.meter)


def _log_bytes(lines: Iterable[str]) -> int:
    return sum(len(line.encode()) + OF_AN_EVENT for line in lines)


def _variables() -> str:
    return (PROJECT / "terraform" / "variables.tf").read_text("utf-8")


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.DOTALL)
    if match is None:
        raise ValueError(f"nothing matches {pattern}")
    return match[1]


def rows(text: str, heading: str) -> dict[str, list[str]]:
    """Returns the rows of the first table below a heading: first cell -> all further cells."""
    section = re.split(r"^## ", text.partition(f"## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| ")]
    return {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in lines[1:]}


def prices(text: str) -> dict[str, float]:
    """Returns US dollars per unit by the name of the price."""
    found = {}
    for name, (dollars, per, *_) in rows(text, "Prices").items():
        amount = per.split()[0].replace(",", "")
        found[name] = float(dollars) / (float(amount) if amount.isdigit() else 1)
    return found


def assumptions(text: str) -> dict[str, float]:
    return {name: float(cells[0].split()[0]) for name, cells in rows(text, "Assumptions").items()}


class Works:
    """What each piece of work uses, one each."""

    def __init__(self, counted: Counted, assumed: Mapping[str, float]) -> None:
        self._counted = counted
        self._assumed = assumed

    # This project

    def create(self) -> Units:
        """`SchedulerService.create_one_time` in the caller's process."""
        return self._requests("create, one-time")

    def answer(self) -> Units:
        """What the API adds to a create."""
        operation = self._counted.operations["create, one-time"]
        calls = self._calls(operation) + self._assumed["Call of EventBridge"]
        return self._request(self._counted.functions.api, self._assumed["CPU of a create"], calls)

    def one_time_run(self) -> Units:
        task = self._counted.stored_task
        return self._run("run, one-time") + self._stored(task[TABLE], sum(task.values()), self.days_stored)

    @property
    def days_stored(self) -> float:
        """Days from a one-time task's create to the expiry of its record."""
        return USUAL.keep_records.days + self._assumed["Days from create to run"]

    def recurring_run(self) -> Units:
        run = self._counted.stored_run
        return self._run("run, recurring") + self._stored(run, run, USUAL.keep_runs.days)

    def idle_month(self) -> Units:
        sweep = self._requests("sweep, nothing due")
        # The queries wait in parallel, and computing them takes longer than an answer.
        sweep += self._lambda(self._counted.functions.sweeper, self._assumed["CPU of an idle sweep"], 0, starts=False)
        sweep += self.logged(_log_bytes((*TEXT_LINES, SWEEP_LINE)))
        month = (sweep + FIRED).times(SWEEPS_OF_A_MONTH)
        return month + {"CloudWatch alarms": self._counted.alarms, "Secrets Manager secrets": self._counted.secrets}

    def _run(self, name: str) -> Units:
        operation, functions = self._counted.operations[name], self._counted.functions
        wait = self._calls(operation) + self._assumed["Call of SES"]
        units = self._requests(name) + self._lambda(functions.notification, self._assumed["CPU of a run"], wait)
        return units + self.logged(_log_bytes(JSON_LINES) + self._counted.run_log) + FIRED

    def _requests(self, name: str) -> Units:
        operation = self._counted.operations[name]
        return Units({"DynamoDB writes": operation.writes(), "DynamoDB reads": operation.reads()})

    def _calls(self, operation: Operation) -> float:
        return sum(operation.calls.values()) * self._assumed["Call of DynamoDB"]

    def _stored(self, in_table: int, everywhere: int, days: float) -> Units:
        months = days / DAYS_OF_A_MONTH / GB
        return Units({"DynamoDB storage": everywhere * months, "DynamoDB point-in-time recovery": in_table * months})

    # EventBridge alone: a route that creates a schedule, and a function that sends the email

    def bare_answer(self) -> Units:
        wait = self._assumed["Call of EventBridge"]
        return self._request(self._counted.functions.api, self._assumed["CPU of a bare create"], wait)

    def bare_run(self) -> Units:
        return self.bare_function() + FIRED

    def bare_function(self) -> Units:
        cpu, wait = self._assumed["CPU of a bare run"], self._assumed["Call of SES"]
        return self._lambda(self._counted.functions.notification, cpu, wait) + self.logged(_log_bytes(TEXT_LINES))

    # Parts

    def _request(self, memory: int, cpu: float, wait: float) -> Units:
        units = self._lambda(memory, cpu, wait) + self.logged(_log_bytes(TEXT_LINES))
        return units + {
            "API Gateway requests": 1,
            "API Gateway data out": self._assumed["Answer to a create"] * 1024 / GB,
        }

    def _lambda(self, memory: int, cpu: float, wait: float, *, starts: bool = True) -> Units:
        """`cpu` and `wait` in milliseconds; `cpu` is that of one whole processor."""
        milliseconds = cpu * max(1, self._assumed["Memory of one processor"] / memory) + wait
        if starts:
            milliseconds += self._assumed["Start of a function"] / self._assumed["Invocations per start"]
        return Units({"Lambda requests": 1, "Lambda compute": milliseconds / 1000 * memory / 1024})

    def logged(self, size: int) -> Units:
        months = self._counted.log_days / DAYS_OF_A_MONTH
        return Units({"CloudWatch log ingestion": size / GB, "CloudWatch log storage": size / GB * months})


def dollars(units: Units, by_price: Mapping[str, float], service: str = "") -> float:
    return sum(amount * by_price[name] for name, amount in units.items() if name.startswith(service))


def page(text: str, counted: Counted) -> str:
    """Returns the page with all figures computed from its prices and assumptions."""
    by_price, assumed = prices(text), assumptions(text)
    works = Works(counted, assumed)
    parts: dict[str, Callable[[], Iterable[str]]] = {
        "totals": lambda: _totals(works, by_price),
        "services": lambda: _services(works, by_price),
        "units": lambda: _units(counted),
        "idle": lambda: _idle(works, by_price),
        "settings": lambda: _settings(works, by_price, counted),
    }
    for name, part in parts.items():
        begin, end = f"<!-- computed: {name} -->\n", f"<!-- end: {name} -->"
        before, _, rest = text.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"the page has no part {name}")
        text = before + begin + "\n" + "\n".join(part()) + "\n\n" + end + after
    return text


def _table(*lines: Iterable[str]) -> Iterable[str]:
    head, *rest = (list(line) for line in lines)
    for line in (head, ["---"] * len(head), *rest):
        yield f"| {' | '.join(line)} |"


def _million(units: Units, by_price: Mapping[str, float], service: str = "") -> str:
    return _money(dollars(units, by_price, service) * MILLION)


def _money(amount: float) -> str:
    return f"${amount:,.2f}" if abs(amount) >= 0.005 else "-"  # noqa: PLR2004 - half a cent


def _qstash(run: Units) -> Units:
    return run + {"QStash messages": 1}


def _columns(works: Works) -> dict[str, tuple[Units, Units, Units]]:
    """Returns ours, EventBridge alone and QStash by the name of the work."""
    ours, bare, endpoint = works.create() + works.one_time_run(), works.bare_run(), _qstash(works.bare_function())
    bare_answer = works.bare_answer()
    return {
        "one-time, created over HTTP": (ours + works.answer(), bare + bare_answer, endpoint + bare_answer),
        "one-time, created in your process": (ours, bare, endpoint),
        "recurring, each run": (works.recurring_run(), bare, endpoint),
    }


def _totals(works: Works, by_price: Mapping[str, float]) -> Iterable[str]:
    return _table(
        ["a million tasks", "Scheduled Tasks", "EventBridge and a function", "QStash and a function"],
        *([name, *(_million(units, by_price) for units in each)] for name, each in _columns(works).items()),
        ["an idle stage, a month", _money(dollars(works.idle_month(), by_price)), "-", "-"],
    )


def _services(works: Works, by_price: Mapping[str, float]) -> Iterable[str]:
    columns = _columns(works)
    heads = [*columns, *(f"EventBridge: {name}" for name in columns)]
    units = [ours for ours, _, _ in columns.values()] + [bare for _, bare, _ in columns.values()]
    shares = [share for share in SHARES if any(dollars(each, by_price, share) for each in units)]
    return _table(
        ["a million tasks", *heads],
        *([share, *(_million(each, by_price, share) for each in units)] for share in shares),
        ["sum", *(_million(each, by_price) for each in units)],
    )


def _units(counted: Counted) -> Iterable[str]:
    places = (TABLE, *INDEXES)
    costs = {name: counted.operations[name] for name in OPERATIONS}
    yield from _table(
        ["operation", "write units", *places, "read units", "calls of DynamoDB"],
        *([name, *_cells(cost, places)] for name, cost in costs.items()),
    )
    task, functions, invocation = counted.stored_task, counted.functions, _log_bytes(JSON_LINES)
    indexes = sum(task.values()) - task[TABLE]
    yield ""
    yield f"- A finished one-time task has {task[TABLE]:,} bytes in the table and {indexes:,} in the indexes,"
    yield f"  for {USUAL.keep_records.days} days. A run has {counted.stored_run:,} bytes, for {USUAL.keep_runs.days}."
    yield f"- A run logs {invocation + counted.run_log:,} bytes, {invocation:,} of them by Lambda itself. A request to"
    yield f"  the API logs {_log_bytes(TEXT_LINES):,} bytes, an idle sweep {_log_bytes((*TEXT_LINES, SWEEP_LINE)):,}."
    yield f"- Memory: {functions.api:,} MB for the API, {functions.notification:,} MB for the Notification Lambda and"
    yield f"  {functions.sweeper:,} MB for the sweeper, on {counted.architecture}."


def _cells(cost: Operation, places: Iterable[str]) -> Iterable[str]:
    units = [cost.writes(), *map(cost.writes, places), cost.reads()]
    return [*(f"{each:g}" for each in units), str(sum(cost.calls.values()))]


def _idle(works: Works, by_price: Mapping[str, float]) -> Iterable[str]:
    month = works.idle_month()
    used = {name: amount for name, amount in month.items() if amount}
    return _table(
        ["price", "units", "a month"],
        *([name, _amount(amount), _money(amount * by_price[name])] for name, amount in used.items()),
        ["sum", "", _money(dollars(month, by_price))],
    )


def _amount(number: float) -> str:
    return f"{number:,.2g}" if number < 1 else f"{number:,.0f}"


def _settings(works: Works, by_price: Mapping[str, float], counted: Counted) -> Iterable[str]:
    task, answer = works.create() + works.one_time_run(), works.answer()
    recovery = dollars(task, by_price, "DynamoDB point-in-time recovery")
    stored = dollars(task, by_price, "DynamoDB storage") + recovery
    shorter = (USUAL.keep_runs.days - FEW_DAYS) / works.days_stored
    written = [counted.operations[name].writes("by_resource") for name in ("create, one-time", "run, one-time")]
    logged = works.logged(_log_bytes(JSON_LINES) + counted.run_log)
    requests = dollars(answer, by_price, "API Gateway requests") * (1 - 1 / BATCH)
    saves: dict[str, tuple[float, str]] = {
        f"`run_retention_days = {FEW_DAYS}` instead of {USUAL.keep_runs.days}": (
            stored * shorter * MILLION,
            "per million one-time tasks; older runs cannot be read",
        ),
        "schedules without `resource_id`": (
            sum(written) * by_price["DynamoDB writes"] * MILLION,
            "per million one-time tasks; they are in no list of a resource",
        ),
        f"`POST /v1/schedules/batch` with {BATCH} schedules each": (
            requests * MILLION,
            "per million creates over HTTP, of API Gateway's requests alone",
        ),
        "point-in-time recovery off (`modules/schedules_table`)": (
            recovery * MILLION,
            "per million one-time tasks; a deleted item cannot be restored",
        ),
        "log levels `WARN` (`logging_config` in `modules/notification_function`)": (
            dollars(logged, by_price) * MILLION,
            "per million runs; the log has no successful runs",
        ),
        "no alarms (`modules/observability`)": (
            counted.alarms * by_price["CloudWatch alarms"],
            "a month; no fault is reported",
        ),
    }
    return _table(["setting", "saves"], *([name, f"{_money(each)} {of}"] for name, (each, of) in saves.items()))


def main() -> None:
    text = page(PAGE.read_text("utf-8"), Counted())
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(text, "utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
