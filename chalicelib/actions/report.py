"""`report`: stores a user's schedules and runs of a period in S3 as HTML and CSV, and emails links to both.

A repetition writes the same two objects again, because their keys contain the run id. Only the email can arrive twice.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from botocore.config import Config

from ..core.actions.clients import ONCE, TWICE, TWICE_SECONDS
from ..core.actions.contract import ActionFailed, BuiltIn, RunContext
from ..core.actions.fields import MAX_RECIPIENTS, About, Addresses, Check, FieldsWithTexts, Length, Line
from ..core.actions.filled_texts import filled
from ..core.actions.providers.failures import FAILURES, failure
from ..core.actions.providers.ses import send_mail
from ..core.actions.report_period import Period, period
from ..core.actions.reporting.gather import Gathering
from ..core.actions.reporting.gather import Report as Gathered
from ..core.actions.templates import Text
from ..core.actions.text_rules import in_one_line
from ..core.errors import StoreUnavailable
from ..core.model import ids
from ..core.timing.instants import EPOCH

TEXTS = {"subject": Text(in_one_line)}

# Encrypted buckets accept links of signature version 4 only. Without `virtual`, botocore signs for the host
# `BUCKET.s3.amazonaws.com`. For a new bucket that host redirects to a host that the signature does not cover. It
# refuses every bucket of a newer Region (boto3 pull request 4768).
SIGNED = TWICE.merge(
    Config(signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"})
)

LINKS_LIVE = timedelta(hours=12)
"""S3 allows seven days, but a link expires with the credentials that signed it, and a function's credentials are
temporary (S3 User Guide, ShareObjectPreSignedURL). Therefore the email contains the main results itself.
"""

FILES = {"html": "text/html; charset=utf-8", "csv": "text/csv; charset=utf-8"}
LINKS = {"html": "Open the whole report", "csv": "Download as CSV"}


def _period_text(text: str) -> None:
    period(text, EPOCH, "UTC")


class Report(FieldsWithTexts, kw_only=True):
    """An email with the user's schedules and runs of a period.

    `period` is the last day, week or month before the run, on the clocks of the schedule's time zone, or an interval
    such as `2027-01-01T00:00:00Z/2027-02-01T00:00:00Z`.
    """

    to: Annotated[
        Addresses, Length(least=1), About(f"Email addresses, at most {MAX_RECIPIENTS}", ["alice@example.com"])
    ]
    period: Annotated[
        str,
        Length(most=64),
        Check(_period_text),
        About("The last `day`, `week` or `month` before the run, or an interval of two instants", "week"),
    ] = "week"
    subject: (
        Annotated[Line, About("Subject, which may have placeholders. Default: one that names the period.", "Your week")]
        | None
    ) = None


def send(run: RunContext, data: Mapping[str, Any]) -> None:
    # Each cold start imports this module, for other actions as well. The texts of reports are imported when needed.
    from ..core.actions.reporting import csv_file, mail, page, wording  # noqa: PLC0415

    texts = filled(run, data, TEXTS)
    report = _gather(run, _period(run, data.get("period", "week")))
    links = _stored(run, {"html": page.as_html(report).encode(), "csv": csv_file.as_csv(report)})
    send_mail(
        run,
        {
            "to": data["to"],
            "subject": texts.get("subject") or wording.title(report),
            "text": mail.as_text(report, links),
            "html": mail.as_mail(report, links),
        },
    )


def _period(run: RunContext, text: str) -> Period:
    try:
        return period(text, run.scheduled_time, run.timezone)
    except ValueError as exc:
        raise ActionFailed(f"period {exc}", permanent=True) from exc


def _gather(run: RunContext, of: Period) -> Gathered:
    try:
        gathering = Gathering(run.repository, run.user_id, of, now=run.scheduled_time, clock=run.clock)
        return gathering.report(run.timezone)
    except StoreUnavailable as exc:
        raise ActionFailed("the report could not be made: the table was unavailable") from exc


def _stored(run: RunContext, files: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Stores the files and returns the text and URL of a link to each. Raises ActionFailed if S3 fails."""
    try:
        return [(LINKS[kind], _store(run, kind, body)) for kind, body in files.items()]
    except FAILURES as exc:
        # Not `unknown`: a retry stores the same objects again, and the email has not been sent.
        failed = failure("S3", exc, faults=frozenset({"NoSuchBucket"}))
        raise ActionFailed(str(failed), permanent=failed.permanent, fault=failed.fault) from exc


def _store(run: RunContext, kind: str, body: bytes) -> str:
    """Stores the file and returns a presigned URL, which is valid for LINKS_LIVE at most."""
    s3, place = run.aws("s3"), {"Bucket": run.settings.reports_bucket, "Key": _key(run, kind)}
    s3.put_object(**place, Body=body, ContentType=FILES[kind])
    link: str = s3.generate_presigned_url("get_object", Params=place, ExpiresIn=LINKS_LIVE // timedelta(seconds=1))
    return link


def _key(run: RunContext, kind: str) -> str:
    """The key contains a hash of the user id, so the bucket's lists and logs do not show user ids."""
    return f"reports/{ids.scheduler_name(run.user_id, run.schedule_id)}/{run.run_id}.{kind}"


ACTION = BuiltIn(
    type="report",
    fields=Report,
    work=send,
    timeout_seconds=TWICE_SECONDS,
    texts=TEXTS,
    clients={"sesv2": ONCE, "s3": SIGNED},
    # A presigned URL has the permissions of its signer, so the links need GetObject.
    permissions=frozenset({"dynamodb:Query", "s3:GetObject", "s3:PutObject", "ses:SendEmail"}),
)
