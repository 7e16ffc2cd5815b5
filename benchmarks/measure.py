"""The types of a benchmark's result, and the measurement of CPU time.

Each module in `benchmarks.__main__.MODULES` has `rows(rounds)`, which returns its rows. `benchmarks.page` shows them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from statistics import median
from time import process_time
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Samples = tuple[float, ...]
"""One figure per round."""


@dataclass(frozen=True)
class Measured:
    """The same work done by this project and by its peers. The unit is that of the row."""

    what: str
    ours: Samples
    peers: Mapping[str, Samples] = field(default_factory=dict)

    @property
    def best_peer(self) -> str | None:
        """Returns the peer with the lowest median, or None without peers."""
        return min(self.peers, key=lambda name: median(self.peers[name]), default=None)


@dataclass(frozen=True)
class Goal:
    """A bound for a row's result.

    The result is for `faster` the median of the best peer divided by ours (at least `bound`), for `dearer` the inverse
    (at most `bound`), and for `amount` our median (at most `bound`, in the row's unit).
    """

    kind: Literal["faster", "dearer", "amount"]
    bound: float

    def result(self, measured: Measured) -> float:
        """Raises ValueError if the goal compares with a peer and there is none."""
        ours = median(measured.ours)
        if self.kind == "amount":
            return ours
        if measured.best_peer is None:
            raise ValueError(f"{measured.what}: no peer is installed")
        theirs = median(measured.peers[measured.best_peer])
        return theirs / ours if self.kind == "faster" else ours / theirs

    def is_met(self, result: float) -> bool:
        return result >= self.bound if self.kind == "faster" else result <= self.bound


@dataclass(frozen=True)
class Row:
    """One row of the page. If it has several measurements, its result is the median of theirs.

    `why`: where the rest of the time goes, by the profile. The page shows it while the goal is not met.
    """

    what: str
    unit: str
    goal: Goal
    measured: tuple[Measured, ...]
    why: str = ""

    @property
    def results(self) -> list[float]:
        """Returns the result of each measurement, ascending."""
        return sorted(map(self.goal.result, self.measured))

    @property
    def is_met(self) -> bool:
        return self.goal.is_met(median(self.results))


def rows_of(name: str, rounds: int) -> list[Row]:
    """Runs the benchmark with this name and returns its rows."""
    measured: list[Row] = import_module(f"benchmarks.{name}").rows(rounds)
    return measured


def cpu_time(
    what: str,
    ours: Callable[[], object],
    peers: Mapping[str, Callable[[], object]],
    rounds: int,
    shortest: float = 0.005,
) -> Measured:
    """Measures the CPU time of one call, in microseconds. In each round, ours and each peer run in turn.

    For one sample, the call is repeated until it has taken at least `shortest` seconds.
    """
    works = [ours, *peers.values()]
    repeats = [_repeats(work, shortest) for work in works]
    by_round = [
        [_seconds(work, often) * 1e6 for work, often in zip(works, repeats, strict=True)] for _ in range(rounds)
    ]
    own, *others = zip(*by_round, strict=True)
    return Measured(what, own, dict(zip(peers, others, strict=True)))


def _repeats(work: Callable[[], object], shortest: float) -> int:
    """Returns how often the work must be repeated for one sample. The calls also fill its caches."""
    often = 1
    while _seconds(work, often) * often < shortest:
        often *= 2
    return often


def _seconds(work: Callable[[], object], often: int) -> float:
    begin = process_time()
    for _ in range(often):
        work()
    return (process_time() - begin) / often
