"""Puts firings on the agenda: each schedule that will fire has one entry, its next firing."""

from collections.abc import Callable
from threading import Lock

from local.scheduler.delivery import Delivery
from local.scheduler.engine import Engine, Firing
from local.scheduler.models import Home, Schedule
from local.time.agenda import Agenda, Entry

_Key = tuple[Home, str, str]


class _Armed:
    """A schedule's next firing, as a job of the agenda. A partial needs 200 bytes more."""

    __slots__ = ("_loop", "entry", "firing")

    entry: Entry

    def __init__(self, loop: "FiringLoop", firing: Firing) -> None:
        self._loop = loop
        self.firing = firing

    def __call__(self) -> None:
        self._loop.fire(self)


class FiringLoop:
    """Fires schedules between `arm` and `disarm`. `completed` receives each schedule whose last delivery ended."""

    def __init__(
        self, engine: Engine, agenda: Agenda, delivery: Delivery, completed: Callable[[Schedule], None]
    ) -> None:
        self._engine = engine
        self._agenda = agenda
        self._delivery = delivery
        self._completed = completed
        self._lock = Lock()
        self._armed: dict[_Key, _Armed] = {}

    def arm(self, schedule: Schedule) -> None:
        """Replace any other version of the schedule by this one."""
        with self._lock:
            self._replace(_key(schedule), self._engine.next_firing(schedule))

    def disarm(self, schedule: Schedule) -> None:
        with self._lock:
            self._replace(_key(schedule), None)

    def _replace(self, key: _Key, firing: Firing | None) -> None:
        if key in self._armed:
            self._armed.pop(key).entry.cancel()
        if firing is not None:
            armed = self._armed[key] = _Armed(self, firing)
            armed.entry = self._agenda.call_at(firing.fires_at, armed)

    def fire(self, armed: _Armed) -> None:
        """Deliver the firing if the schedule has not changed since it was armed."""
        firing = armed.firing
        following = self._engine.next_firing(firing.schedule, firing.scheduled_time)
        if self._schedule_next(armed, following):
            last = following is None
            self._delivery.begin(firing, lambda: self._completed(firing.schedule) if last else None)

    def _schedule_next(self, armed: _Armed, following: Firing | None) -> bool:
        """Arm the next firing before the delivery, which may hang. Returns False if the schedule has changed."""
        key = _key(armed.firing.schedule)
        with self._lock:
            if self._armed.get(key) is not armed:
                return False
            self._replace(key, following)
        return True


def _key(schedule: Schedule) -> _Key:
    """Returns what identifies a schedule. Unlike its ARN, it needs no new text, and there may be 100,000."""
    return schedule.home, schedule.group, schedule.name
