"""Puts firings on the agenda: each schedule that will fire has one entry, its next firing."""

from collections.abc import Callable
from functools import partial
from threading import Lock

from local.scheduler.delivery import Delivery
from local.scheduler.engine import Engine, Firing
from local.scheduler.models import Schedule
from local.time.agenda import Agenda, Entry


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
        self._armed: dict[str, tuple[Firing, Entry]] = {}

    def arm(self, schedule: Schedule) -> None:
        """Replace any other version of the schedule by this one."""
        with self._lock:
            self._replace(schedule.arn, self._engine.next_firing(schedule))

    def disarm(self, arn: str) -> None:
        with self._lock:
            self._replace(arn, None)

    def _replace(self, arn: str, firing: Firing | None) -> None:
        if arn in self._armed:
            self._armed.pop(arn)[1].cancel()
        if firing is not None:
            entry = self._agenda.call_at(firing.fires_at, partial(self._fire, firing))
            self._armed[arn] = (firing, entry)

    def _fire(self, firing: Firing) -> None:
        following = self._engine.next_firing(firing.schedule, firing.scheduled_time)
        if self._schedule_next(firing, following):
            last = following is None
            self._delivery.begin(firing, lambda: self._completed(firing.schedule) if last else None)

    def _schedule_next(self, firing: Firing, following: Firing | None) -> bool:
        """Arm the next firing before the delivery, which may hang. Returns False if the schedule has changed."""
        arn = firing.schedule.arn
        with self._lock:
            armed, _ = self._armed.get(arn, (None, None))
            if armed is not firing:
                return False
            self._replace(arn, following)
        return True
