"""The schedules and groups of one account and Region. It needs no lock: `Scheduler` handles one request at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from sortedcontainers import SortedDict

from local.scheduler.errors import Conflict, NotFound, ValidationFailed
from local.scheduler.models import DEFAULT_GROUP, Group, Home, Schedule


class Store:
    """Starts with the group `default`."""

    def __init__(self, home: Home, now: datetime) -> None:
        self.home = home
        self._groups = {DEFAULT_GROUP: Group(home, DEFAULT_GROUP, now, now)}
        self._schedules: SortedDict[str, Schedule] = SortedDict()  # by path: a page needs no look at the others

    def schedule(self, group: str, name: str) -> Schedule:
        try:
            return self._schedules[_path(group, name)]
        except KeyError:
            raise NotFound(f"Schedule {name} does not exist.") from None

    def schedules(self, group: str | None = None, prefix: str = "", after: str = "") -> Iterator[Schedule]:
        """Returns the schedules of one group or of all groups, ordered by ARN.

        prefix: of their names. after: the ARN of the last schedule that is left out.
        """
        if group is not None:
            self.group(group)
        begin = "" if group is None else _path(group, prefix)
        last = after.partition(":schedule/")[2]
        for path in self._schedules.irange(max(begin, last)):
            if not path.startswith(begin):
                return
            schedule = self._schedules[path]
            if path != last and schedule.name.startswith(prefix):
                yield schedule

    def add(self, schedule: Schedule) -> None:
        self.group(schedule.group)
        if _path(schedule.group, schedule.name) in self._schedules:
            raise Conflict(f"Schedule {schedule.name} already exists.")
        self._schedules[_path(schedule.group, schedule.name)] = schedule

    def replace(self, schedule: Schedule) -> None:
        self.schedule(schedule.group, schedule.name)
        self._schedules[_path(schedule.group, schedule.name)] = schedule

    def remove(self, schedule: Schedule) -> None:
        self._schedules.pop(_path(schedule.group, schedule.name), None)

    def is_current(self, schedule: Schedule) -> bool:
        """Returns whether the store holds this version."""
        return self._schedules.get(_path(schedule.group, schedule.name)) is schedule

    def group(self, name: str) -> Group:
        try:
            return self._groups[name]
        except KeyError:
            raise NotFound(f"Schedule group {name} does not exist.") from None

    def group_by_arn(self, arn: str) -> Group:
        name = arn.rpartition("/")[2]
        if arn != self.home.group_arn(name):  # another region's or account's
            raise NotFound(f"Schedule group {name} does not exist.")
        return self.group(name)

    def groups(self) -> list[Group]:
        """Returns the groups, ordered by ARN."""
        return sorted(self._groups.values(), key=lambda group: group.arn)

    def add_group(self, group: Group) -> None:
        if group.name in self._groups:
            raise Conflict(f"Schedule group {group.name} already exists.")
        self._groups[group.name] = group

    def set_tags(self, name: str, tags: Mapping[str, str]) -> None:
        self._groups[name] = replace(self.group(name), tags=tags)

    def remove_group(self, name: str) -> list[Schedule]:
        """Deletes the group and its schedules, and returns the schedules."""
        if name == DEFAULT_GROUP:
            raise ValidationFailed("Deleting the default schedule group is not allowed.")
        members = list(self.schedules(name))
        for schedule in members:
            self.remove(schedule)
        del self._groups[name]
        return members


def _path(group: str, name: str) -> str:
    """The end of a schedule's ARN. Neither part can have a slash."""
    return f"{group}/{name}"
