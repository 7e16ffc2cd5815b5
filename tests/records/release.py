"""What a release stores: one record of each kind, as the code writes it now, and the fixtures of all releases.

`python -m tests.records.release` writes the fixture of the version in pyproject.toml. A version that CHANGELOG.md names
as released is not written again.
"""

from __future__ import annotations

import json
import sys
import tomllib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.core.dynamodb import items
from chalicelib.core.model import payload
from chalicelib.core.model.job import Job, JobKind, JobStatus, Selection
from chalicelib.core.model.run import Attempt, RunStatus
from chalicelib.core.model.schedule import DeliveryPolicy
from chalicelib.core.model.span import Span
from chalicelib.core.model.webhook_keys import KeyVersion, KeyVersions
from chalicelib.testing import InMemoryRepository
from tests.builders import DAY, HOUR, MINUTE, NOW, SECOND, a_filled_schedule, a_run, a_schedule, an_action, every_hour

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.core.model.schedule import Schedule

Records = dict[str, dict[str, Any]]

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent
STABLE = (1, 0, 0)
COMMAND = "python -m tests.records.release"

LEAST = a_schedule(schedule_id="least")
MOST = replace(a_filled_schedule(), schedule_id="most")
LEAST_RUN = replace(a_run(LEAST, attempts=()), status=RunStatus.SKIPPED)
MOST_RUN = a_run(
    MOST,
    status=RunStatus.RETRYING,
    token="9f2c",
    watched=True,
    resource_id="contract-42",
    attempts=(Attempt(NOW, NOW + SECOND, "no answer"),),
    lateness=SECOND,
    reason="no answer",
    expires_at=NOW + 90 * DAY,
    tries=1,
    next_attempt_at=NOW + MINUTE,
    acting_since=NOW,
    possibly_repeated=True,
    redriven=True,
    counted=True,
    schedule_created_at=NOW,
    unforeseen=True,
    reserved=True,
    waits=True,
    dead_letter_pending=True,
)
FAILED_RUN = a_run(LEAST, scheduled_time=NOW, status=RunStatus.FAILED)
LEAST_JOB = Job(
    job_id="least",
    kind=JobKind.RELEASE,
    user_id=None,
    status=JobStatus.RUNNING,
    done=0,
    created_at=NOW,
    updated_at=NOW,
    watch_at=NOW + MINUTE,
)
MOST_JOB = Job(
    job_id="most",
    kind=JobKind.REDRIVE,
    user_id="alice",
    status=JobStatus.COMPLETED,
    done=3,
    created_at=NOW,
    updated_at=NOW,
    watch_at=NOW + MINUTE,
    expires_at=NOW + DAY,
    selection=Selection(
        user_id="alice", status=RunStatus.FAILED, since=NOW, until=NOW + DAY, schedule_id="most", resource_id="r"
    ),
    per_minute=30,
    next_at=NOW + SECOND,
    passed_over=2,
    walk_began_at=NOW,
    cursor="c",
    shard=5,
)
SPAN = Span(
    user_id="alice",
    schedule_id="most",
    revision=MOST.revision,
    schedule_created_at=NOW,
    action_type="email",
    timing=every_hour(),
    flexible_window_minutes=15,
    delivery=DeliveryPolicy(3, 600),
    since=NOW,
    until=NOW + HOUR,
    watch_at=NOW + MINUTE,
    resource_id="contract-42",
    exclusions=MOST.exclusions,
    timing_changed_at=NOW,
    never_applied=True,
)
KEYS = KeyVersions("alice", KeyVersion(2, NOW), KeyVersion(1, NOW - DAY, NOW + DAY))
COUNTED = 7


def written_now() -> Records:
    """By the names of their files."""
    return {
        "schedule-least": items.schedule_item(LEAST),
        "schedule-most": items.schedule_item(MOST),
        "action": items.action_item(LEAST, an_action()),
        "run-least": items.run_item(LEAST_RUN),
        "run-failed": items.run_item(FAILED_RUN),
        "run-most": items.run_item(MOST_RUN),
        "job-least": items.job_item(LEAST_JOB),
        "job-most": items.job_item(MOST_JOB),
        "span": items.span_item(SPAN),
        "webhook-keys": items.webhook_keys_item(KEYS),
        "count": _count(),
        "payload-least": _delivered(LEAST),
        "payload-most": _delivered(MOST),
    }


def version() -> str:
    project: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return project


def releases() -> list[str]:
    """Oldest first."""
    found = [path.name.removeprefix("v") for path in FOLDER.glob("v*") if path.is_dir()]
    return sorted(found, key=_numbers)


def fixture(release: str) -> Records:
    return {path.stem: json.loads(path.read_text()) for path in sorted((FOLDER / f"v{release}").glob("*.json"))}


def broken(fixtures: Mapping[str, Records]) -> list[str]:
    """What breaks the rule that, from 1.0.0 on, the release before reads what a release writes. Oldest first.

    An attribute that the release before always wrote may be one that it needs, and so may the attribute's type.
    """
    return [
        f"{newer}: {path}"
        for older, newer in pairwise(fixtures)
        if _numbers(older) >= STABLE
        for path in lacking(fixtures[older], fixtures[newer])
    ]


def lacking(older: Mapping[str, Any], newer: Mapping[str, Any], path: str = "") -> list[str]:
    """The attributes that went, or have another type."""
    found = []
    for name, value in older.items():
        if name not in newer or type(newer[name]) is not type(value):
            found.append(path + name)
        elif isinstance(value, dict):
            found += lacking(value, newer[name], f"{path}{name}.")
    return found


def main() -> int:
    release = version()
    if f"\n## {release}" in (ROOT / "CHANGELOG.md").read_text():
        print(f"{release} is released: raise the version in pyproject.toml first", file=sys.stderr)  # noqa: T201
        return 1
    folder = FOLDER / f"v{release}"
    folder.mkdir(exist_ok=True)
    for name, record in written_now().items():
        (folder / f"{name}.json").write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n")
    return 0


def _count() -> items.Item:
    repository = InMemoryRepository()
    repository.raise_count("alice", COUNTED, most_live=COUNTED, now=NOW)
    (item,) = repository.items.values()
    return item


def _delivered(schedule: Schedule) -> dict[str, Any]:
    """A payload, as EventBridge delivers it."""
    text = payload.write(schedule, an_action()).replace("<aws.scheduler.scheduled-time>", "2027-03-01T09:00:00Z")
    event: dict[str, Any] = json.loads(text)
    return event


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))


if __name__ == "__main__":
    sys.exit(main())
