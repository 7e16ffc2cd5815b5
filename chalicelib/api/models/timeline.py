"""Models of the timeline's response."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field

from ...core.model.run import Run
from ...core.model.schedule import Status
from ...scheduling import english
from ...scheduling.arguments.described import about
from ...scheduling.lists.timeline import Lane, Slice, Timeline
from .views import InEnglish, NextCursor, OfRun, OfSchedule, Planned, ReasonOfRun, View

LONGEST_REASON = 80
"""The most characters of a reason: a page may have 4,000 runs, and Lambda answers 6 MB at most.

A character outside the Basic Multilingual Plane has 14 bytes in Lambda's answer.
"""


class RunMarkView(View):
    """One run in a timeline. The run itself has its attempts and its whole reason."""

    run_id: Annotated[str, about("Id of the run", "20270308T080000Z-22d1ab4358e870f3")]
    scheduled_time: Annotated[Planned, about("Time at which the run is due", "2027-03-08T08:00:00Z")]
    status: OfRun
    lateness_ms: Annotated[
        int | None, about("Milliseconds from the due time to the start; null: the run has not started", 250)
    ]
    attempts: Annotated[int, about("Number of attempts", 1)]
    reason: ReasonOfRun

    @classmethod
    def of(cls, run: Run) -> Self:
        return cls(
            run_id=run.run_id,
            scheduled_time=run.scheduled_time,
            status=run.status,
            lateness_ms=None if run.lateness is None else run.lateness // timedelta(milliseconds=1),
            attempts=len(run.attempts),
            reason=run.reason and run.reason[:LONGEST_REASON],
        )


class SliceView(View):
    """The numbers of runs and occurrences in a part of the window."""

    since: Annotated[Planned, about("Begin of the slice", "2027-03-08T00:00:00Z")]
    until: Annotated[Planned, about("End of the slice, which is not part of it", "2027-03-08T14:00:00Z")]
    counts: Annotated[
        dict[str, int],
        about(
            "Number of runs by status, and of planned occurrences (`planned`); none is 0",
            {"succeeded": 12, "failed": 1, "planned": 1},
        ),
    ]

    @classmethod
    def of(cls, part: Slice) -> Self:
        return cls(since=part.since, until=part.until, counts=dict(part.counts))


class LaneView(View):
    """One schedule in a timeline: its runs and its planned occurrences, or their numbers."""

    schedule_id: OfSchedule
    name: Annotated[str | None, about("Name of the schedule", "Weekly digest")]
    resource_id: Annotated[str | None, about("Resource of the schedule", "contract-42")]
    status: Annotated[Status, about("Status of the schedule", Status.ACTIVE.value)]
    timezone: Annotated[str, about("Time zone of the timing", "Europe/Berlin")]
    description: InEnglish
    runs: Annotated[list[RunMarkView], about("Runs that are due in the window, the earliest first")]
    occurrences: Annotated[
        list[Planned], about("Planned times in the window, the earliest first", ["2027-03-15T08:00:00Z"])
    ]
    slices: Annotated[
        list[SliceView] | None,
        about(
            "Numbers of runs and occurrences instead of `runs` and `occurrences`, which are empty then, if the lane has"
            " more than 200 of them; null: it has not. Slices without any are left out.",
            None,
        ),
    ]
    is_cut: Annotated[
        bool,
        Field(description="True if earlier runs are missing: only the latest 1,000 are read", examples=[False]),
    ]
    runs_from: Annotated[
        Planned | None, about("Time of the first run of a lane that is cut; null: it is not cut", None)
    ]

    @classmethod
    def of(cls, lane: Lane) -> Self:
        schedule = lane.schedule
        return cls(
            schedule_id=schedule.schedule_id,
            name=schedule.name,
            resource_id=schedule.resource_id,
            status=schedule.status,
            timezone=schedule.timing.timezone,
            description=english.describe_stored(schedule.timing),
            runs=[RunMarkView.of(run) for run in lane.runs],
            occurrences=list(lane.occurrences),
            slices=None if lane.slices is None else [SliceView.of(part) for part in lane.slices],
            is_cut=lane.is_cut,
            runs_from=lane.runs_from,
        )


class TimelineView(View):
    """One page of a timeline."""

    since: Annotated[Planned, about("Begin of the window", "2027-03-08T00:00:00Z")]
    until: Annotated[Planned, about("End of the window, which is not part of it", "2027-03-15T00:00:00Z")]
    items: Annotated[list[LaneView], about("Lanes; a page may be shorter than `limit`, even empty")]
    next_cursor: NextCursor
    searched: Annotated[int, about("Schedules that were read for this page, at most 500", 120)]

    @classmethod
    def of(cls, timeline: Timeline) -> Self:
        return cls(
            since=timeline.window.since,
            until=timeline.window.until,
            items=[LaneView.of(lane) for lane in timeline.items],
            next_cursor=timeline.next_cursor,
            searched=timeline.searched,
        )
