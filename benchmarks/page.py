"""Writes the page of all results in Markdown."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.measure import Goal, Measured, Row, Samples

_WHOLE = 100  # figures from here on are shown without decimals
_REQUIREMENTS = Path(__file__).parent.parent / "requirements-bench.txt"

_INTRODUCTION = """# Performance

`make bench` writes this page. It measures this project and published alternatives in turn, on the same work.

Each figure is the median of {rounds} rounds; the spread is the lowest and the highest round. CPU time is that of the
process, without waiting. A result of several measurements is the median of their results.
"""


def page(rows: Mapping[str, Sequence[Row]], rounds: int) -> str:
    """Returns the page of these rows by the name of their benchmark."""
    return (
        "\n".join([_INTRODUCTION.format(rounds=rounds), *_machine(), *_goals(rows), *_misses(rows), *_details(rows)])
        + "\n"
    )


def _machine() -> Iterator[str]:
    yield "## Machine and versions"
    yield ""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield f"- {_processor()}, {os.cpu_count()} logical processors, {memory:.0f} GB, {platform.system()}"
    yield f"- {platform.python_implementation()} {platform.python_version()}"
    yield f"- {', '.join(_installed())}"
    yield ""


def _processor() -> str:
    """Returns the name of the processor's model, which only Linux gives, else of its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def _installed() -> Iterator[str]:
    pins = [line.partition("==")[0] for line in _REQUIREMENTS.read_text("utf-8").splitlines() if "==" in line]
    for name in pins:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name} (not installed)"


def _goals(rows: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    yield "## Results"
    yield ""
    yield "| what | result | lowest to highest | goal | met | command |"
    yield "|---|---|---|---|---|---|"
    for name, of_name in rows.items():
        for row in of_name:
            yield _goal(row, f"`python -m benchmarks {name}`")
    yield ""


def _misses(rows: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    missed = [row for of_name in rows.values() for row in of_name if not row.is_met]
    if missed:
        yield "## Goals that are not met"
        yield ""
        yield from (f"- {row.what}: {row.why or 'not profiled yet'}." for row in missed)
        yield ""


def _goal(row: Row, command: str) -> str:
    results = [_result(row.goal, row.unit, result) for result in row.results]
    middle = _result(row.goal, row.unit, median(row.results))
    spread = results[0] if len(results) == 1 else f"{results[0]} to {results[-1]}"
    at = "at least" if row.goal.kind == "faster" else "at most"
    goal = f"{at} {_result(row.goal, row.unit, row.goal.bound)}"
    return f"| {row.what} | {middle} | {spread} | {goal} | {'yes' if row.is_met else 'no'} | {command} |"


def _result(goal: Goal, unit: str, number: float) -> str:
    return f"{number:.2f} {unit}" if goal.kind == "amount" else f"{number:.2f}x"


def _details(rows: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    yield "## Measurements"
    for row in (row for of_name in rows.values() for row in of_name):
        yield ""
        yield f"### {row.what[0].upper()}{row.what[1:]}"
        yield ""
        yield f"| work | {row.unit} | best alternative | {row.unit} | others |"
        yield "|---|---|---|---|---|"
        yield from map(_detail, row.measured)


def _detail(measured: Measured) -> str:
    best = measured.best_peer
    others = sorted(set(measured.peers) - {best}, key=lambda name: median(measured.peers[name]))
    cells = [
        measured.what,
        _samples(measured.ours),
        best or "",
        _samples(measured.peers[best]) if best else "",
        ", ".join(f"{name} {_figure(median(measured.peers[name]))}" for name in others),
    ]
    return f"| {' | '.join(cells)} |"


def _samples(samples: Samples) -> str:
    return f"{_figure(median(samples))} ({_figure(min(samples))} to {_figure(max(samples))})"


def _figure(number: float) -> str:
    return f"{number:,.0f}" if number >= _WHOLE else f"{number:.3g}"
