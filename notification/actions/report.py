"""`report`: a user's schedules and runs of a period, kept in S3 as HTML and CSV, and sent by mail with links to both.

A repeat writes the same two objects again, under keys made of the run id. Only the mail can arrive twice.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.core.actions.report_period import Period, period
from chalicelib.core.errors import StoreUnavailable
from chalicelib.core.model import ids
from notification.providers.failures import FAILURES, failure
from notification.providers.ses import send_mail
from notification.providers.templates import filled
from notification.reporting.gather import Gathering, Report
from notification.reporting.render import as_csv, as_html, failures, notes, summary, title

from ..action_api import ActionFailed, RunContext, action

if TYPE_CHECKING:
    from collections.abc import Mapping

LINKS_LIVE = timedelta(hours=12)
"""A link ends with the credentials that signed it (S3 User Guide, ShareObjectPreSignedURL), and a function's are
temporary: to sign for the seven days that S3 allows would promise too much. So the mail itself tells the most.
"""

MOST_ROWS_IN_A_MAIL = 50
"""Of each table. Mail programs cut what is longer than about 100 KB."""

FILES = {"html": "text/html; charset=utf-8", "csv": "text/csv; charset=utf-8"}


@action("report")
def send(run: RunContext, data: Mapping[str, Any]) -> None:
    """Mails to the addresses `to` what happened in `period` (core/actions/report_period.py); `subject` if given."""
    texts = filled(run, "report", data)
    report = _gather(run, _period(run, data.get("period", "week")))
    links = _stored(run, {"html": as_html(report).encode(), "csv": as_csv(report)})
    lines = [title(report), "", summary(report), *notes(report), ""]
    lines += [*(f"{text}: {url}" for text, url in links), "", *failures(report, most=MOST_ROWS_IN_A_MAIL)]
    mail = {
        "to": data["to"],
        "subject": texts.get("subject") or title(report),
        "text": "\n".join(lines).rstrip(),
        "html": as_html(report, most_rows=MOST_ROWS_IN_A_MAIL, links=links),
    }
    send_mail(run, mail)


def _period(run: RunContext, text: str) -> Period:
    try:
        return period(text, run.scheduled_time, run.timezone)
    except ValueError as exc:
        raise ActionFailed(f"period {exc}", permanent=True) from exc


def _gather(run: RunContext, of: Period) -> Report:
    try:
        gathering = Gathering(run.repository, run.user_id, of, now=run.scheduled_time, clock=run.clock)
        return gathering.report(run.timezone)
    except StoreUnavailable as exc:
        raise ActionFailed("the table was out of reach while the report was gathered") from exc


def _stored(run: RunContext, files: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """A link to each file, with its text."""
    try:
        return [(f"The whole report as {kind.upper()}", _store(run, kind, body)) for kind, body in files.items()]
    except FAILURES as exc:
        # Whether it was stored or not: the next try stores it again, and no mail has been sent.
        failed = failure("S3", exc, faults=frozenset({"NoSuchBucket"}))
        raise ActionFailed(str(failed), permanent=failed.permanent, fault=failed.fault) from exc


def _store(run: RunContext, kind: str, body: bytes) -> str:
    """The address under which it can be fetched for a while."""
    s3, place = run.aws("s3"), {"Bucket": run.settings.reports_bucket, "Key": _key(run, kind)}
    s3.put_object(**place, Body=body, ContentType=FILES[kind])
    link: str = s3.generate_presigned_url("get_object", Params=place, ExpiresIn=LINKS_LIVE // timedelta(seconds=1))
    return link


def _key(run: RunContext, kind: str) -> str:
    """It names nobody: ids of users stay out of lists and logs of the bucket."""
    return f"reports/{ids.scheduler_name(run.user_id, run.schedule_id)}/{run.run_id}.{kind}"
