"""Simulates the limits of AWS that a load meets: DynamoDB's partitions, Lambda's scaling, and quotas.

A load is divided into lanes of equal rate, such as one per user. Each operation of a lane costs units at several
limits. Per step of time, each limit says which share of its load it admits. An operation needs all of its limits, so
the lowest share counts: an index that is full also holds back the writes of its table.

Time is an argument, in seconds. The published rules are in the docstrings, and so are the assumptions where AWS
publishes none.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

MINUTE = 60.0
HOUR = 60 * MINUTE

WRITES_OF_A_PARTITION = 1_000
READS_OF_A_PARTITION = 3_000
NEW_TABLE_WRITES = 4_000
NEW_TABLE_READS = 12_000
"""Units per second (DynamoDB Developer Guide, partition key design; warm throughput)."""

DOUBLES_AFTER = 30 * MINUTE
"""A table serves twice its previous peak; more than that within 30 minutes may be throttled (on-demand mode)."""

HOT = 0.9
SPLITS_AFTER = 10 * MINUTE
"""A partition that receives this share of its capacity for this time is split. AWS publishes no figures; assumed."""

SCALES_EVERY = 10.0
SCALES_BY = 1_000
"""A function gains up to 1,000 execution environments every 10 seconds (Lambda Developer Guide, scaling behavior)."""


class Spot(NamedTuple):
    """A place in a table's or index's order of keys, each part from 0 to 1.

    A sort key that ascends with time is one spot: the traffic is always at its end, and a split does not divide it.
    """

    hash: float = 0.0
    sort: float = 0.0


Load = dict[Spot, float]
"""Units per second by spot."""


class Limit(Protocol):
    """One limit. `admit` returns the admitted share of each spot's load, 0 to 1, for the step that starts at `now`."""

    def admit(self, load: Load, now: float) -> Mapping[Spot, float]: ...

    def learn(self, offered: Load, admitted: Load, now: float) -> None:
        """Adapts to a step: what was offered, and what all limits together have admitted."""


@dataclass
class Rate:
    """A quota in units per second that does not adapt."""

    capacity: float

    def admit(self, load: Load, now: float) -> Mapping[Spot, float]:  # noqa: ARG002 - the same at any time
        return dict.fromkeys(load, _share(self.capacity, sum(load.values())))

    def learn(self, offered: Load, admitted: Load, now: float) -> None:
        """Does nothing."""


@dataclass
class Concurrency:
    """Concurrent executions of Lambda. An operation's units are its duration in seconds.

    `most` is the quota of the account, or the reserved concurrency of the function. The first 1,000 are available at
    once.
    """

    most: float

    def admit(self, load: Load, now: float) -> Mapping[Spot, float]:
        scaled = SCALES_BY * (1 + now // SCALES_EVERY)
        return dict.fromkeys(load, _share(min(self.most, scaled), sum(load.values())))

    def learn(self, offered: Load, admitted: Load, now: float) -> None:
        """Does nothing: the growth depends on time alone."""


@dataclass
class Partitions:
    """The partitions of a table or index in on-demand mode, for writes or for reads.

    A partition is a range of keys, in the order of the hash of the partition key, then of the sort key. It serves
    `each` units per second. A hot partition is split where its load is halved, also inside the items of one partition
    key, but never inside a spot. The whole serves `warm` units per second at first, later twice its peak until 30
    minutes ago, and at most `quota`.
    """

    each: float = WRITES_OF_A_PARTITION
    warm: float = NEW_TABLE_WRITES
    quota: float = 40_000
    starts: list[Spot] = field(default_factory=list)
    """The first spot of each partition, ascending."""

    def __post_init__(self) -> None:
        number = int(self.warm // self.each)
        self.starts = self.starts or [Spot(each / number) for each in range(number)]
        self._hot_since: dict[Spot, float] = {}
        self._peaks: list[tuple[float, float]] = []

    def admit(self, load: Load, now: float) -> Mapping[Spot, float]:
        of_partition = self._by_partition(load)
        whole = _share(self.allowed(now), sum(load.values()))
        shares = {start: _share(self.each, sum(part.values())) for start, part in of_partition.items()}
        return {spot: min(whole, shares[start]) for start, part in of_partition.items() for spot in part}

    def allowed(self, now: float) -> float:
        """Returns the units per second that the whole serves at this time."""
        peak = max((rate for at, rate in self._peaks if at <= now - DOUBLES_AFTER), default=0.0)
        return min(self.quota, max(self.warm, 2 * peak))

    def learn(self, offered: Load, admitted: Load, now: float) -> None:
        rate = sum(admitted.values())
        if not self._peaks or rate > self._peaks[-1][1]:
            self._peaks.append((now, rate))
        self._add_until(self.allowed(now) / self.each)
        for start, part in self._by_partition(offered).items():
            if sum(part.values()) < HOT * self.each:
                self._hot_since.pop(start, None)
            elif now - self._hot_since.setdefault(start, now) >= SPLITS_AFTER:
                self._split(start, part)

    def _by_partition(self, load: Load) -> dict[Spot, Load]:
        found: dict[Spot, Load] = defaultdict(dict)
        for spot, units in load.items():
            found[self.starts[bisect_right(self.starts, spot) - 1]][spot] = units
        return found

    def _add_until(self, number: float) -> None:
        """Splits the widest partitions: a table that has grown has a partition for each of its thousands of units."""
        while len(self.starts) < number:
            ends = [start.hash for start in self.starts[1:]] + [1.0]
            width, start = max((end - start.hash, start) for start, end in zip(self.starts, ends, strict=True))
            self._insert(Spot(start.hash + width / 2))

    def _split(self, start: Spot, part: Load) -> None:
        """Splits a partition before the spot that divides its load best. A single spot cannot be divided."""
        spots, total = sorted(part), sum(part.values())
        below, best = 0.0, (total, start)
        for before, spot in pairwise(spots):
            below += part[before]
            best = min(best, (max(below, total - below), spot))
        if best[1] != start:
            self._insert(best[1])
        self._hot_since.pop(start, None)

    def _insert(self, start: Spot) -> None:
        self.starts = sorted({*self.starts, start})


@dataclass(frozen=True)
class Lane:
    """A part of the load: per operation, its units by limit and spot."""

    units: Mapping[str, Load]


@dataclass(frozen=True)
class Moment:
    """One step: the admitted operations per second, and the lowest admitted share of each limit."""

    now: float
    admitted: float
    shares: Mapping[str, float]

    @property
    def first(self) -> str | None:
        """Returns the limit with the lowest share, or None if all admit everything."""
        name = min(self.shares, key=lambda limit: self.shares[limit], default=None)
        return name if name is not None and self.shares[name] < 1 - TOLERANCE else None


TOLERANCE = 1e-9
LARGEST = 1e6
PRECISION = 100


def simulate(
    lanes: Sequence[Lane], limits: Mapping[str, Limit], rate: float, seconds: float, *, step: float = MINUTE
) -> Iterator[Moment]:
    """Yields each step from 0 until `seconds`, for `rate` operations per second that are spread over the lanes."""
    each = rate / len(lanes)
    offered = {name: _load(((lane, each) for lane in lanes), name) for name in limits}
    now = 0.0
    while now <= seconds:
        shares = {name: limit.admit(offered[name], now) for name, limit in limits.items()}
        of_lane = [min(_shares_of(lane, shares), default=1.0) for lane in lanes]
        served = [(lane, each * share) for lane, share in zip(lanes, of_lane, strict=True)]
        yield Moment(
            now, each * sum(of_lane), {name: min(share.values(), default=1.0) for name, share in shares.items()}
        )
        for name, limit in limits.items():
            limit.learn(offered[name], _load(served, name), now)
        now += step


def highest_rate(lanes: Sequence[Lane], limit: tuple[str, Callable[[], Limit]], at: float) -> float:
    """Returns the operations per second that this limit admits in full at the time `at`, if sustained from 0 on.

    A hundredth of the result may be missing, and the result is at most LARGEST.
    """
    name, new = limit
    of_one = _load(((lane, 1 / len(lanes)) for lane in lanes), name)
    # Shares are in proportion to the load until the limit adapts.
    low = LARGEST * min(new().admit({spot: LARGEST * units for spot, units in of_one.items()}, 0).values(), default=1.0)
    if at == 0 or low == LARGEST:
        return low
    high = 2 * low
    while high < LARGEST and _admits(new(), of_one, high, at):
        low, high = high, 2 * high
    while high - low > low / PRECISION:
        rate = (low + high) / 2
        low, high = (rate, high) if _admits(new(), of_one, rate, at) else (low, rate)
    return low


def _admits(limit: Limit, of_one: Load, rate: float, at: float) -> bool:
    """Returns whether the limit admits this rate in full at the time `at`, if it is sustained from 0 on."""
    offered, now = {spot: rate * units for spot, units in of_one.items()}, 0.0
    while now < at:
        shares = limit.admit(offered, now)
        limit.learn(offered, {spot: units * shares[spot] for spot, units in offered.items()}, now)
        now += SPLITS_AFTER
    return min(limit.admit(offered, at).values()) >= 1 - TOLERANCE


def _share(capacity: float, load: float) -> float:
    return min(1.0, capacity / load) if load else 1.0


def _shares_of(lane: Lane, shares: Mapping[str, Mapping[Spot, float]]) -> Iterator[float]:
    for name, admitted in shares.items():
        yield from (admitted[spot] for spot in lane.units.get(name, {}))


def _load(lanes: Iterable[tuple[Lane, float]], name: str) -> Load:
    load: Load = defaultdict(float)
    for lane, rate in lanes:
        for spot, units in lane.units.get(name, {}).items():
            load[spot] += rate * units
    return load
