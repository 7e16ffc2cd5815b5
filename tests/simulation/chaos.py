"""A simulation in which a tenth of all calls, providers and deliveries fail. The same seed repeats the same failures.

Heaps hold what is due next, so a month of thousands of schedules runs quickly.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.core.errors import ScheduledTasksError
from chalicelib.core.model import reasons
from chalicelib.core.model.codec import run_from_plain
from chalicelib.core.model.ids import RUN_PREFIX, WATCH_SHARDS, held_runs_pk, watch_shard_pk
from chalicelib.core.model.payload import read
from chalicelib.core.model.ports import Page, Watch
from chalicelib.core.model.run import RunStatus
from chalicelib.core.timing.expressions import ceil_minute
from chalicelib.core.timing.instants import from_iso, iso
from chalicelib.scheduling.sweeper import Sweeper, SweepReport
from chalicelib.testing import Crash, Faults, InMemoryRepository
from notification.action_api import ActionFailed
from notification.dead_letters import DeadLetters
from notification.runner import Runner
from notification.webhook_signer import Signer
from tests.notification.world import SETTINGS, FakeAws, run_id_of
from tests.simulation.breaker import UNAVAILABLE, Kind
from tests.simulation.eventbridge import Beat, EventBridge
from tests.simulation.simulator import A_SECOND, INVOCATION, Life

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from random import Random

    from chalicelib.core.dynamodb.items import Item
    from chalicelib.core.model.run import Run
    from chalicelib.testing.table import Draft

SHARE = 0.1
"""How much of everything goes wrong."""

KINDS = tuple(Kind)

LAGS = (*[timedelta(0)] * 4, timedelta(milliseconds=300), *(timedelta(seconds=length) for length in (3, 20, 50)))
"""By how much a list is behind. Jobs expect less than a minute (LISTS_SETTLE)."""

Occurrence = tuple[str, datetime]
"""Schedule id and scheduled time."""


class Chaos(Faults):
    """Breaks one call in ten, in every way there is.

    `calls` stays empty: nobody reads millions of names. `injected` counts what was broken, `made` what was called.
    Each call to a port in `down` fails; `failed_by_outage` counts these.
    """

    def __init__(self, random: Random) -> None:
        super().__init__()
        self.random = random
        self.is_on = True
        self.injected: Counter[str] = Counter()
        self.made = 0
        self.failed_by_outage = 0
        self.down: set[str] = set()
        self.sleep: Any = lambda _: None

    @contextmanager
    def around(self, call: str) -> Iterator[None]:
        self.made += 1
        if call.partition(".")[0] in self.down:
            self.failed_by_outage += 1
            self._fail(call, Kind.THROTTLED)
        kind = self.random.choice(KINDS) if self.happens() else None
        if kind is not None and not kind.value.done:
            self._fail(call, kind)
        yield
        if kind is not None and kind.value.done:
            self._fail(call, kind)

    def happens(self) -> bool:
        return self.is_on and self.random.random() < SHARE

    def _fail(self, call: str, kind: Kind) -> None:
        port = call.partition(".")[0]
        self.injected[f"{port} {kind.name.lower()}"] += 1
        self.sleep(kind.value.takes.total_seconds())
        raise Crash if kind.value.dies else UNAVAILABLE[port]()


class Provider(FakeAws):
    """SES and an event bus that fail as providers do. `done` has the times at which they did what a run asked for.

    Those whose subject or detail type is in `broken` are refused for good, every time.
    """

    def __init__(self, chaos: Chaos, clock: Any) -> None:
        super().__init__()
        self._chaos = chaos
        self._clock = clock
        self.done: dict[str, list[datetime]] = defaultdict(list)
        self.broken: set[str] = set()

    def send_email(self, **request: Any) -> dict[str, Any]:
        subject = request["Content"]["Simple"]["Subject"]["Data"]
        return self._do(subject, run_id_of(request), "MessageRejected", {})

    def put_events(self, **request: Any) -> dict[str, Any]:
        (entry,) = request["Entries"]
        run_id = json.loads(entry["Detail"])["scheduled_tasks"]["run_id"]
        return self._do(entry["DetailType"], run_id, "ValidationException", {"Entries": [{}]})

    def _do(self, subject: str, run_id: str, refusal: str, answer: dict[str, Any]) -> dict[str, Any]:
        if self.error is not None:
            raise self.error
        if subject in self.broken:
            raise _refused(refusal)
        if self._chaos.happens():
            self._fail(run_id, refusal)
        self.done[run_id].append(self._clock())
        return answer

    def _fail(self, run_id: str, refusal: str) -> None:
        way = self._chaos.random.choices(
            ["permanent", "temporary", "retry_after", "unknown_done", "unknown_not_done"], [1, 4, 2, 2, 1]
        )[0]
        self._chaos.injected[f"provider {way}"] += 1
        if way == "unknown_done":
            self.done[run_id].append(self._clock())
        raise {
            "permanent": _refused(refusal),
            "temporary": _refused("TooManyRequestsException"),
            "retry_after": ActionFailed("the provider is busy", retry_after=timedelta(minutes=20)),
        }.get(way, ActionFailed("the provider did not answer", unknown=True))


def _refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "not this time"}}, "Send")


class WatchedItems(dict[tuple[str, str], "Item"]):
    """The table's items, with the index `watch` and the list of held runs beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, dict[tuple[str, str], Item]] = defaultdict(dict)
        self.shards: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
        self._heap: list[tuple[str, tuple[str, str]]] = []

    def __setitem__(self, key: tuple[str, str], item: Item) -> None:
        self._unlist(key)
        super().__setitem__(key, item)
        if item.get("status") == RunStatus.HELD:
            self.held[item["by_time_pk"]][key] = item
        if "watch_at" in item:
            self.shards[item["watch_pk"]][key] = item["watch_at"]
            heappush(self._heap, (item["watch_at"], key))

    def __delitem__(self, key: tuple[str, str]) -> None:
        self._unlist(key)
        super().__delitem__(key)

    def _unlist(self, key: tuple[str, str]) -> None:
        before = self.get(key, {})
        if "watch_pk" in before:
            self.shards[before["watch_pk"]].pop(key, None)
        if before.get("status") == RunStatus.HELD:
            del self.held[before["by_time_pk"]][key]

    @property
    def next_watch(self) -> str | None:
        while self._heap:
            at, key = self._heap[0]
            if self.get(key, {}).get("watch_at") == at:
                return at
            heappop(self._heap)
        return None


def paused_itself(reason: str | None) -> bool:
    """Returns whether a schedule with this reason was paused because its runs failed."""
    return reasons.FAILED_IN_A_ROW in (reason or "")


class WatchedRepository(InMemoryRepository):
    """Finds what is due without looking at every item, and notes when a schedule paused itself.

    `turns` counts the changes of a run's status: (the status before, None for a new run; the status after).
    """

    def __init__(self, faults: Faults) -> None:
        super().__init__(faults)
        self.items = self.watched = WatchedItems()
        self.paused_themselves: dict[str, list[datetime]] = defaultdict(list)
        self.turns: Counter[tuple[str | None, str]] = Counter()

    def due(self, shard: int, until: datetime, *, limit: int, cursor: str | None) -> Page[Watch]:  # noqa: ARG002 - one page
        with self._call("due"):
            end = iso(until)
            due = sorted((at, key) for key, at in self._shard(watch_shard_pk(shard)).items() if at <= end)
        return Page([Watch(*key, at) for at, key in due])

    def _shard(self, pk: str) -> dict[tuple[str, str], str]:
        """As the index shows it: what was written a short while ago is as it was before."""
        past = self._past()
        now = self.watched.shards[pk]
        if not past:
            return now
        before = {key: item["watch_at"] for key, item in past.items() if item and item.get("watch_pk") == pk}
        return {key: at for key, at in now.items() if key not in past} | before

    def list_held_runs(self, shard: int, *, limit: int, cursor: str | None) -> Page[Run]:  # noqa: ARG002 - one page
        pk = held_runs_pk(shard)
        with self._call("list_held_runs"):
            past = self._past()
            now = [item for key, item in self.watched.held[pk].items() if key not in past]
            before = [item for item in past.values() if item and item.get("by_time_pk") == pk]
            found = sorted([*now, *before], key=itemgetter("by_time_sk"))
        return Page([run_from_plain(item) for item in found])

    def overdue(self, since: datetime) -> int:
        """Returns the number of items that a sweep at `since` had to work on, and none has."""
        end = iso(since)
        return sum(at <= end for shard in self.watched.shards.values() for at in shard.values())

    def shards_due(self, until: datetime) -> list[int]:
        """Also those whose entries are shown no more, or not yet."""
        end = iso(until)
        shown_late = {written.before.get("watch_pk") for written in self._written if written.before}
        return [
            shard
            for shard in range(WATCH_SHARDS)
            if watch_shard_pk(shard) in shown_late
            or any(at <= end for at in self.watched.shards[watch_shard_pk(shard)].values())
        ]

    def _apply(self, draft: Draft) -> None:
        for key, after in draft.items():
            if after is None or "status" not in after:
                continue
            went = (self.items.get(key, {}).get("status"), after["status"])
            if went == ("active", "paused") and paused_itself(after.get("reason")):
                self.paused_themselves[after["schedule_id"]].append(from_iso(after["updated_at"]))
            if key[1].startswith(RUN_PREFIX) and went[0] != went[1]:
                self.turns[went] += 1
        super()._apply(draft)


class OneByOne(Sweeper):
    """Goes through the shards that have something due, in one thread: a month has ten thousand sweeps."""

    def _sweep_shards(self, now: datetime, stop_at: datetime) -> list[SweepReport]:
        return [self._sweep_shard(now, stop_at, shard) for shard in self._repository.shards_due(now)]  # type: ignore[attr-defined]


class Beats(dict[str, Beat]):
    """The next beat of each schedule, and a heap of them."""

    def __init__(self) -> None:
        super().__init__()
        self.heap: list[Beat] = []

    def __setitem__(self, name: str, beat: Beat) -> None:
        super().__setitem__(name, beat)
        heappush(self.heap, beat)


class QuickEventBridge(EventBridge):
    """Knows the next of thousands of beats at once."""

    def __init__(self, faults: Faults, clock: Any) -> None:
        super().__init__(faults, clock)
        self.beats = self._by_time = Beats()

    @property
    def next_beat(self) -> Beat | None:
        heap = self._by_time.heap
        while heap and not (self.beats.get(heap[0].name) is heap[0] and heap[0].name in self.schedules):
            heappop(heap)
        return heap[0] if heap else None


class ChaoticLife(Life):
    """The world, and a tenth of everything goes wrong in it until `calm_down`.

    `first_ended` has, for each occurrence, when the first invocation for it returned that Lambda counts as a success.
    """

    sweeper_class = OneByOne

    def __init__(self, random: Random, start: datetime) -> None:
        self.chaos = Chaos(random)
        super().__init__(self.chaos)
        self.clock.now = self._swept_at = start
        self.chaos.sleep = self.clock.sleep
        self.repository = self.table = WatchedRepository(self.chaos)
        self.table.lag_behind(self.clock, self._lag)
        self.service = self.a_service()
        self.sweeper = self._a_sweeper()
        self.aws = self.provider = Provider(self.chaos, self.clock)
        self.hold(None)
        self.first_ended: dict[Occurrence, datetime] = {}
        self.sweeps = 0
        self._claims = 0

    def a_gateway(self) -> EventBridge:
        return QuickEventBridge(self.faults, self.clock)

    def hold(self, reason: str | None) -> None:
        """All runs are held, or none any more."""
        settings = replace(SETTINGS, hold=reason)
        letters = DeadLetters(lambda: self.aws, settings.work_dead_letter_queue_url)  # type: ignore[arg-type, return-value]
        clock = self.clock_of("lambda")
        signer = Signer(self.repository, self.master, clock)
        self.runner = Runner(
            self.repository, letters, settings, aws=self.aws, signer=signer, clock=clock, new_id=self._a_claim
        )

    def calm_down(self) -> None:
        """Nothing goes wrong any more."""
        self.chaos.is_on = False

    def sweep(self) -> None:
        self.sweeps += 1
        super().sweep()

    def _lag(self) -> timedelta:
        """How far the list that is read now is behind, as DynamoDB promises no bound: mostly not at all."""
        if not self.chaos.is_on:
            return timedelta(0)
        return self.chaos.random.choice(LAGS)

    def _a_claim(self) -> str:
        self._claims += 1
        return f"claim-{self._claims}"

    def delays(self) -> list[timedelta]:
        """How late each copy of a delivery comes; none for one that is lost. AWS itself is up to 60 seconds late."""
        random = self.chaos.random
        soon = timedelta(seconds=random.choice([0, 0, 0, random.randrange(60)])) if self.chaos.is_on else timedelta(0)
        if not self.chaos.happens():
            return [soon]
        way = random.choice(["lost", "late", "much_later", "twice", "twice_at_once"])
        self.chaos.injected[f"delivery {way}"] += 1
        later = timedelta(seconds=random.randrange(60, 3000))
        return {
            "lost": [],
            "late": [later],
            "much_later": [timedelta(hours=3)],
            "twice": [soon, later],
            "twice_at_once": [soon, soon],
        }[way]

    def _next_sweep_at(self) -> datetime | None:
        watch = self.table.watched.next_watch
        if watch is None or self.sweeps_down:
            return None
        return ceil_minute(max(from_iso(watch) - self.ahead["sweeper"], self._swept_at + A_SECOND, self.clock.now))

    def _invoke(self, event: Mapping[str, Any]) -> None:
        self.runner.handle(event, INVOCATION)
        delivery = read(event)
        self.first_ended.setdefault((delivery.schedule.schedule_id, delivery.scheduled_time), self.clock.now)


__all__ = ["Chaos", "ChaoticLife", "Crash", "Occurrence", "Provider", "ScheduledTasksError"]
