"""What happened in a month, as numbers: a month in which nothing happens proves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.core.model import reasons
from chalicelib.core.model.codec import job_from_plain
from chalicelib.core.model.job import Job, JobKind
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulation.ledger import Ledger

WHY_SKIPPED = (
    *(reasons.schedule_was(status) for status in (Status.PAUSED, Status.COMPLETED)),
    *(reasons.DATE_EXCLUDED, reasons.OVERLAP),
)
"""How the reasons of skipped runs begin. Not every month has a run that is superseded, cancelled, or beyond `max_runs`:
the tests of those promises make one.
"""


def what_happened(ledger: Ledger) -> dict[str, int]:
    """Each number is greater than 0 in a month that tests what it is meant to test."""
    month, table = ledger.month, ledger.month.life.table
    return {
        "schedules that paused themselves": sum(len(times) for times in table.paused_themselves.values()),
        "resumes after that": month.resumes,
        "accepted redrives": month.redrives,
        "released runs": table.turns[RunStatus.HELD, RunStatus.QUEUED],
        "runs of redrive jobs": sum(job.done for job in _jobs(ledger) if job.kind is JobKind.REDRIVE),
        **{
            f"{status} runs": sum(n for (_, after), n in table.turns.items() if after == status) for status in RunStatus
        },
        **{f"skipped because {reason}": _skipped(ledger, reason) for reason in WHY_SKIPPED},
    }


def _jobs(ledger: Ledger) -> Iterator[Job]:
    items = ledger.month.life.repository.items
    return (job_from_plain(item) for (pk, _), item in items.items() if pk.startswith("JOB#"))


def _skipped(ledger: Ledger, reason: str) -> int:
    runs = (run for runs in ledger.runs.values() for run in runs.values() if run.status is RunStatus.SKIPPED)
    return sum((run.reason or "").startswith(reason) for run in runs)
