"""Types of values that only HTTP has, and OpenAPI descriptions of values in queries, headers and paths.

The limits and checks are in scheduling/arguments, because they also apply to Python callers.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from ...core.errors import ScheduleNotFound
from ...core.model import ids
from ...scheduling.arguments import values
from ...scheduling.arguments.described import about, text_like

ETAG = re.compile(r'"([0-9]{1,18})"')


def _existing_id(text: str) -> str:
    """Raises ScheduleNotFound if no schedule can have this id."""
    if not ids.is_schedule_id(text):
        raise ScheduleNotFound
    return text


def _revision(etag: object) -> int:
    match = ETAG.fullmatch(str(etag))
    if match is None:
        raise ValueError('must be the ETag of a response, with its quotes, such as "1803902400000"')
    return int(match[1])


Since = Annotated[
    values.Time, about("Only runs scheduled at this instant or later, with `Z` or an offset", "2027-03-08T00:00:00Z")
]
Until = Annotated[
    values.Time, about("Only runs scheduled at this instant or earlier, with `Z` or an offset", "2027-03-31T00:00:00Z")
]
WindowBegin = Annotated[
    values.Time,
    about(
        "Begin of the window, with `Z` or an offset, at most 366 days ahead. Default: a day ago.",
        "2027-03-08T00:00:00Z",
    ),
]
WindowEnd = Annotated[
    values.Time,
    about(
        "End of the window, with `Z` or an offset, at most 35 days after `since`; it is not part of the window."
        " Default: two days after `since`.",
        "2027-03-15T00:00:00Z",
    ),
]
UserId = Annotated[
    values.UserId,
    about("User to act for; another user needs the scope `schedules:admin`. Default: the caller.", "alice"),
]
OwnerId = Annotated[values.UserId, about("User whose schedules the request is about", "alice")]
ScheduleId = Annotated[values.ScheduleId, text_like(ids.SCHEDULE_ID, "Only runs of this schedule", "weekly-digest")]
NewScheduleId = Annotated[
    values.ScheduleId,
    about("Id chosen by the client: 1 to 64 of `A-Z`, `a-z`, `0-9`, `_` and `-`, and not `batch`", "weekly-digest"),
]
ExistingScheduleId = Annotated[str, AfterValidator(_existing_id), about("Id of the schedule", "weekly-digest")]
Revision = Annotated[
    int,
    BeforeValidator(_revision),
    text_like(
        ETAG, "`ETag` of the schedule: the request fails with 412 if the schedule has changed since", '"1803902400000"'
    ),
]
Count = Annotated[values.Limit, about("Number of occurrences", 3)]
LaneCount = Annotated[values.LaneLimit, about("Largest number of lanes per page", 20)]
PageSize = Annotated[values.Limit, about("Largest number of items per page", 50)]
