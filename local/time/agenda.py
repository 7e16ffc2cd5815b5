"""Runs jobs of the local cloud at their time: one heap, one timer thread, a pool of workers, and clock advances.

The timer thread only moves due entries from the heap to the workers, so a job that hangs delays no other job. During
`advance` the timer pauses, and the jobs run one instant after the other. The worker that ends the last job of an
instant continues with the next instant itself: a change of threads for each instant would take longer than most jobs.
"""

import heapq
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from math import inf
from queue import Empty, SimpleQueue
from threading import Condition, Event, Lock, Thread, current_thread
from time import monotonic, sleep

from local.time.clock import Clock

Job = Callable[[], None]

_logger = logging.getLogger(__name__)
_LONGEST_WAIT = 60.0  # seconds: a laptop that slept, or a corrected system clock, makes the timer late by this at most
_SECONDS_TO_STOP = 1.0  # how long `stop` waits for the threads; a job that hangs is abandoned on a daemon thread
_AT_ONCE = 2  # threads for jobs that do not block
_PATIENCE = 0.01  # seconds in which no job begins although some wait: all threads are blocked
_IDLE_SECONDS = 10.0
_MOST_AT_ONCE = 100  # jobs that the timer hands out before the first one can begin


@dataclass(eq=False, slots=True)
class Entry:
    """A job and its time."""

    when: datetime
    job: Job
    cancelled: bool = False

    def cancel(self) -> None:
        """Drop the job, unless a worker has it already."""
        self.cancelled = True


@dataclass(frozen=True)
class _Advance:
    """A clock advance that workers continue."""

    to: datetime
    is_interrupted: Callable[[], bool]


class Agenda:
    """Runs jobs at their time by `clock`, on at most `workers` threads."""

    def __init__(self, clock: Clock, workers: int = 256) -> None:
        self._clock = clock
        self._entries: list[tuple[datetime, int, Entry]] = []  # jobs of the same time: in the order of their creation
        self._numbers = count()
        lock = Lock()
        self._changed = Condition(lock)  # for the timer: the head of the heap, travel or `stop`
        self._settled = Condition(lock)  # for the traveller: nothing is under way, or `stop`
        self._under_way = 0
        self._jobs_run = 0
        self._travelling = False
        self._in_progress: _Advance | None = None
        self._stopped = False
        self._one_traveller = Lock()
        self._workers = _Workers(self._run, workers)
        self._timer = Thread(target=self._keep_time, name="agenda-timer", daemon=True)

    @property
    def jobs_run(self) -> int:
        """How many jobs have run since the start: shows the progress of a long clock advance."""
        return self._jobs_run

    def call_at(self, when: datetime, job: Job) -> Entry:
        """Run `job` in a worker thread at `when` (aware), or at once if that time has passed."""
        entry = Entry(when, job)
        with self._changed:
            heapq.heappush(self._entries, (when, next(self._numbers), entry))
            if not self._travelling and self._entries[0][2] is entry:
                self._changed.notify()
        return entry

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Mark work that is not a job: an advance waits for its end before it moves to the next instant."""
        with self._changed:
            self._under_way += 1
        try:
            yield
        finally:
            with self._settled:
                self._under_way -= 1
                self._tell_if_settled()

    def start(self) -> None:
        """Start the timer thread. `advance` works without it."""
        self._timer.start()

    def stop(self) -> None:
        """Run no further job. Ends the threads, and an advance in progress, within about a second."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
            self._settled.notify_all()
        deadline = monotonic() + _SECONDS_TO_STOP
        if self._timer.is_alive():
            self._timer.join(_SECONDS_TO_STOP)
        self._workers.stop(deadline)

    def interrupt(self) -> None:
        """Make an advance in progress check `is_interrupted` again."""
        with self._settled:
            self._settled.notify_all()

    def advance(self, to: datetime, is_interrupted: Callable[[], bool] = lambda: False) -> int:
        """Advance the clock to `to` (aware); from there it runs at real speed. Returns how many jobs ran.

        The clock moves from one due instant to the next, including jobs that are added meanwhile, and stops at each
        until the jobs of that instant have ended. A second advance waits for the first. A job or `busy` work must not
        call this method: it would wait for itself. Once interrupted, the advance ends at its present instant and does
        not wait for jobs. `is_interrupted` is called with the agenda's lock, so it must not use the agenda. Raises
        ValueError if `to` is in the past.
        """
        with self._one_traveller, self._stopped_clock(to):
            self._wait_until_settled(is_interrupted)
            before = self._jobs_run
            while due := self._begin_or_continue(_Advance(to, is_interrupted)):
                self._workers.submit(due)
                self._wait_until_settled(is_interrupted)
            if not self._stopped and not is_interrupted():
                self._clock.stand_at(to)
            return self._jobs_run - before

    def reset(self) -> None:
        """Return to real time. Jobs that have run do not run again; later jobs wait for their real time."""
        with self._one_traveller, self._changed:
            self._clock.reset()
            self._changed.notify()

    @contextmanager
    def _stopped_clock(self, to: datetime) -> Iterator[None]:
        """Stops the clock and pauses the timer."""
        with self._changed:
            now = self._clock.now()
            if to < now:
                raise ValueError(f"{to.isoformat()} is before the clock's {now.isoformat()}; allowed: a later time")
            self._travelling = True
            self._clock.stand_at(now)
        try:
            yield
        finally:
            with self._changed:
                self._clock.run_on()
                self._travelling = False
                self._in_progress = None
                self._changed.notify()

    def _begin_or_continue(self, advance: _Advance) -> list[Job]:
        """Returns the jobs of its next instant. From now on the workers continue it."""
        with self._changed:
            self._in_progress = advance
            return self._next_instant()

    def _next_instant(self) -> list[Job]:
        """Moves the clock to the next due instant of the advance in progress, and returns its jobs.

        Without a result, nothing more is due, the advance was interrupted, or there is none. The caller holds the lock.
        """
        advance, head = self._in_progress, self._head()
        if advance is None or advance.is_interrupted() or head is None or head.when > advance.to:
            return []
        instant = max(head.when, self._clock.now())
        self._clock.stand_at(instant)
        return self._take_due(instant)

    def _wait_until_settled(self, is_interrupted: Callable[[], bool]) -> None:
        with self._settled:
            self._settled.wait_for(lambda: self._under_way == 0 or self._stopped or is_interrupted())

    def _keep_time(self) -> None:
        """The timer thread: sleeps until the head of the heap is due or the agenda changes."""
        while not self._stopped:
            self._workers.submit(self._wait_for_due())

    def _wait_for_due(self) -> list[Job]:
        with self._changed:
            while not self._stopped and (seconds := self._seconds_to_wait()) != 0:
                self._changed.wait(seconds)
            return self._take_due(self._clock.now(), _MOST_AT_ONCE)

    def _seconds_to_wait(self) -> float | None:
        head = self._head()
        if head is None or self._travelling:
            return None
        return min(max((head.when - self._clock.now()).total_seconds(), 0.0), _LONGEST_WAIT)

    def _take_due(self, now: datetime, most: float = inf) -> list[Job]:
        """Remove at most so many due entries and return their jobs. The caller holds the lock."""
        due: list[Job] = []
        while len(due) < most and (head := self._head()) is not None and head.when <= now:
            due.append(heapq.heappop(self._entries)[2].job)
        self._under_way += len(due)
        return due

    def _head(self) -> Entry | None:
        """The next entry; none once the agenda is stopped."""
        if self._stopped:
            return None
        while self._entries and self._entries[0][2].cancelled:
            heapq.heappop(self._entries)
        return self._entries[0][2] if self._entries else None

    def _run(self, job: Job) -> None:
        due = [job]
        while len(due) == 1:
            try:
                due[0]()
            except BaseException:  # SystemExit, too: the advance waits for the end of the job
                _logger.exception("a job of the agenda failed")
            due = self._end_job()
        self._workers.submit(due)

    def _end_job(self) -> list[Job]:
        """Returns the jobs of the advance's next instant if the job was the last of its instant, else none."""
        with self._settled:
            self._jobs_run += 1
            self._under_way -= 1
            due = self._next_instant() if self._under_way == 0 else []
            self._tell_if_settled()
        return due

    def _tell_if_settled(self) -> None:
        """The caller holds the lock."""
        if self._under_way == 0:
            self._settled.notify_all()


class _Workers:
    """Daemon threads that take jobs in their order. (A ThreadPoolExecutor would delay the exit for a job that hangs.)

    Two threads do all jobs that do not block: more would only compete for the interpreter. While jobs wait and none
    begins, all threads are blocked, and their number doubles. A thread that has had no job for a while ends.
    """

    def __init__(self, run: Callable[[Job], None], most: int) -> None:
        self._most = most
        self._at_once = min(_AT_ONCE, most)
        self._run = run
        self._lock = Lock()
        self._threads: set[Thread] = set()
        self._free = 0
        self._begun = 0
        self._stopped = False
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._waiting = Event()
        self._helper: Thread | None = None

    def submit(self, jobs: Sequence[Job]) -> None:
        if not jobs:
            return
        for job in jobs:
            self._jobs.put(job)
        with self._lock:
            if self._stopped:
                return
            for _ in range(min(self._at_once - len(self._threads), self._jobs.qsize() - self._free)):
                self._add_thread()
            if self._helper is None:
                self._helper = Thread(target=self._help, name="agenda-helper", daemon=True)
                self._helper.start()
        self._waiting.set()

    def stop(self, deadline: float) -> None:
        """Free threads end at once, the others after their job; wait for them until the monotonic `deadline`."""
        with self._lock:
            self._stopped = True
            threads = [*self._threads, *([self._helper] if self._helper else [])]
        self._waiting.set()
        for _ in threads:
            self._jobs.put(None)
        for thread in threads:
            thread.join(max(0.0, deadline - monotonic()))

    def _add_thread(self) -> None:
        """The caller has the lock."""
        thread = Thread(target=self._work, name=f"agenda-worker-{len(self._threads)}", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _help(self) -> None:
        """Adds threads while the ones that there are hang."""
        while not self._stopped:
            self._waiting.wait()
            begun = self._begun
            sleep(_PATIENCE)
            with self._lock:
                if self._jobs.empty():
                    self._waiting.clear()
                elif self._begun == begun and not self._stopped:
                    wanted = min(len(self._threads) + 1, self._jobs.qsize(), self._most - len(self._threads))
                    for _ in range(wanted):
                        self._add_thread()

    def _work(self) -> None:
        while (job := self._next()) is not None and not self._stopped:
            self._begun += 1
            self._run(job)
        with self._lock:
            self._threads.discard(current_thread())

    def _next(self) -> Job | None:
        """Returns the next job; None: the thread ends."""
        with suppress(Empty):
            return self._jobs.get_nowait()
        with self._lock:
            self._free += 1
        try:
            return self._jobs.get(timeout=_IDLE_SECONDS)
        except Empty:
            return None
        finally:
            with self._lock:
                self._free -= 1
