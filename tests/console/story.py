"""A user's schedules with every status of schedules and runs, each kind of error, and names that break pages."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from chalicelib.core.model.run import Run, RunStatus
from chalicelib.core.model.schedule import Action, Overlap, Schedule, Status, Timing
from tests.console.seeds import DAY, EMAIL, HOUR, MINUTE, MOMENT, a_run, a_schedule, missed, past

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Seed = tuple[Schedule, list[Run]]
Outcome = tuple[RunStatus, str | None, int]
"""Status, error and number of attempts of a run."""

HOSTILE = "<img src=x onerror=alert(1)>"
RIGHT_TO_LEFT = "تذكير بتجديد العقد رقم ٤٢"
LONG = (
    "Rechnungserinnerungsversandvorbereitung für Dauerauftragskundinnen und -kunden, Mandant 0042 "
    "(Kopie von Kopie von „Entwurf 7“), bitte nicht löschen, "
).ljust(200, "x")

UNAVAILABLE = "the webhook answered 503"
GONE = "the webhook answered 410"
NO_ANSWER = "the webhook did not answer: timed out"
UNVERIFIED = "SES MessageRejected: Email address is not verified."
DISABLED = "SNS EndpointDisabled: Endpoint is disabled"
OVERLAP = "overlap: the run of 2032-03-25T23:00:00Z has not ended"
HELD = "the operator holds all runs: provider migration"

RETRYING: Outcome = (RunStatus.RETRYING, UNAVAILABLE, 2)
RECOVERED: Outcome = (RunStatus.SUCCEEDED, NO_ANSWER, 2)


def story(user: str) -> list[Seed]:
    """Returns the user's schedules, each with its runs."""
    made = partial(a_schedule, user)
    return [*_busy(made), *_quiet(made), *_odd_names(made), *_not_active(made)]


def cron(expression: str, timezone: str = "Europe/Berlin") -> Timing:
    return Timing(f"cron({expression})", timezone)


def once(at: datetime) -> Timing:
    return Timing(f"at({at.astimezone(UTC):%Y-%m-%dT%H:%M:%S})")


def webhook(host: str) -> Action:
    return Action("webhook", {"url": f"https://{host}/hooks/scheduled", "body": {"note": HOSTILE}})


def sms(text: str) -> Action:
    return Action("sms", {"to": "+491701234567", "text": text})


def _busy(made: Callable[..., Schedule]) -> list[Seed]:
    """Schedules that need attention: retrying, failing, missed, skipped, held, running and queued runs."""
    stock = made("stock-level-check", cron("0/5 * * * ? *"), webhook("erp.example"), resource_id="warehouse-3")
    payment = made("payment-retry", cron("0/15 * * * ? *"), webhook("pay.example"), resource_id="order-88213")
    export = made("nightly-price-export", cron("30 2 * * ? *"), webhook("erp.example"), resource_id="erp")
    totals = made("hourly-totals", cron("0 * * * ? *"), webhook("bi.example"), overlap=Overlap.SKIP)
    backup = made("backup-check", cron("20 4 * * ? *"), Action("event", {"detail_type": "backup.check", "detail": {}}))
    push = made("stand-up-reminder", cron("45 8 ? * MON-FRI *"), _push(), resource_id="team-blue")
    return [
        (stock, history(stock, 60, {0: RETRYING, **{n: _failed(UNAVAILABLE, 4) for n in range(1, 8)}, 9: RECOVERED})),
        (payment, history(payment, 30, {0: RETRYING, 1: _failed(UNAVAILABLE, 4), 2: _failed(NO_ANSWER, 4)})),
        (export, history(export, 20, {0: _failed(UNAVAILABLE, 4), 5: _failed(GONE), 11: RECOVERED})),
        (totals, history(totals, 40, {0: (RunStatus.RUNNING, None, 1), 8: (RunStatus.SKIPPED, OVERLAP, 0)})),
        (backup, [missed(backup, at) for at in past(backup, 2)] + history(backup, 14)[2:]),
        (push, history(push, 15, {1: _failed(DISABLED), 2: _failed(DISABLED)})),
    ]


def _quiet(made: Callable[..., Schedule]) -> list[Seed]:
    """Schedules that succeed, in several time zones and of several types."""
    digest = made("weekly-digest", cron("0 9 ? * MON *"), EMAIL)
    desk = made("open-positions-new-york", cron("0 9 ? * MON-FRI *", "America/New_York"), webhook("desk.example"))
    renewal = made("renewal-call-sydney", cron("0 9 1 * ? *", "Australia/Sydney"), sms("Call the customer."))
    invoice = made("invoice-317-first-reminder", once(MOMENT + 19 * MINUTE), EMAIL, resource_id="invoice-317")
    sunday = made("sunday-maintenance", cron("30 2 ? * SUN *"), webhook("ops.example"))
    quarter = made("quarterly-report", cron("0 7 1 1,4,7,10 ? *"), _report(), resource_id="account-7")
    return [
        (digest, history(digest, 8)),
        (desk, history(desk, 30, {3: RECOVERED})),
        (renewal, history(renewal, 2)),
        (invoice, []),
        (sunday, history(sunday, 6)),
        (quarter, history(quarter, 1)),
    ]


def _odd_names(made: Callable[..., Schedule]) -> list[Seed]:
    hostile = made("hostile", cron("0 10 26 * ? *"), EMAIL, name=HOSTILE, resource_id=HOSTILE)
    long = made("long", cron("0 11 ? * FRI *"), EMAIL, name=LONG, resource_id="r" * 128)
    arabic = made("arabic", cron("0 10 ? * SUN *", "Asia/Riyadh"), sms(RIGHT_TO_LEFT), name=RIGHT_TO_LEFT)
    nameless = made("nameless", cron("0 6 * * ? *", "UTC"), EMAIL, name=None)
    return [
        (hostile, history(hostile, 2, {0: _failed(UNVERIFIED), 1: _failed(f"event {HOSTILE}")})),
        (long, history(long, 4, {0: _failed(UNVERIFIED)})),
        (arabic, history(arabic, 5)),
        (nameless, history(nameless, 12, {0: (RunStatus.SKIPPED, "the date is excluded", 0)})),
    ]


def _not_active(made: Callable[..., Schedule]) -> list[Seed]:
    """Paused, completed, failed and cancelled schedules, and one that EventBridge has not confirmed."""
    paused = made(
        "sync-price-list", cron("10 * * * ? *"), webhook("erp.example"), status=Status.PAUSED, next_run_at=None,
        reason="the supplier moves its servers", paused_until=MOMENT + 3 * DAY,
    )  # fmt: skip
    held = made("goodbye-letters", cron("0 8 * * ? *"), EMAIL)
    completed = made(
        "migration-window", once(MOMENT - 10 * HOUR), webhook("erp.example"), status=Status.COMPLETED,
        resource_id="erp", expires_at=MOMENT + 90 * DAY,
    )  # fmt: skip
    failed = made(
        "goodbye-account-4410", once(MOMENT - 41 * MINUTE), EMAIL, status=Status.FAILED, reason=UNVERIFIED,
        resource_id="account-4410", expires_at=MOMENT + 90 * DAY,
    )  # fmt: skip
    cancelled = made(
        "trial-ends", once(MOMENT + 5 * DAY), EMAIL, status=Status.CANCELLED, expires_at=MOMENT + 90 * DAY,
        updated_at=MOMENT - 2 * DAY,
    )  # fmt: skip
    unconfirmed = made("new-and-unconfirmed", cron("0 12 * * ? *"), EMAIL, confirmed=False)
    return [
        (paused, history(paused, 20, before=MOMENT - DAY)),
        (held, [a_run(held, past(held, 1)[0], RunStatus.HELD, HELD), *history(held, 10)[1:]]),
        (completed, [a_run(completed, MOMENT - 10 * HOUR)]),
        (failed, [a_run(failed, MOMENT - 41 * MINUTE, RunStatus.FAILED, UNVERIFIED)]),
        (cancelled, []),
        (unconfirmed, []),
    ]


def history(
    schedule: Schedule, count: int, odd: Mapping[int, Outcome] | None = None, *, before: datetime = MOMENT
) -> list[Run]:
    """The last `count` runs, the latest one first. All succeeded, except those at the positions of `odd`."""
    outcomes = dict.fromkeys(range(count), (RunStatus.SUCCEEDED, None, 1)) | dict(odd or {})
    return [
        _ended(schedule, at, position, outcomes[position])
        for position, at in enumerate(past(schedule, count, before=before))
    ]


def _ended(schedule: Schedule, at: datetime, position: int, outcome: Outcome) -> Run:
    status, error, attempts = outcome
    retry: dict[str, Any] = {"next_attempt_at": MOMENT + 4 * MINUTE} if status is RunStatus.RETRYING else {}
    lateness = MINUTE / 200 * (1 + position * 7 % 5)
    return a_run(schedule, at, status, error, attempts=attempts, lateness=lateness, **retry)


def _failed(error: str, attempts: int = 1) -> Outcome:
    return (RunStatus.FAILED, error, attempts)


def _push() -> Action:
    arn = "arn:aws:sns:eu-central-1:123456789012:endpoint/GCM/app/5e3e9847-3183-3f18-a7e8-671c3a57d4b3"
    return Action("push", {"endpoint": arn, "title": "Stand-up", "text": "In ten minutes."})


def _report() -> Action:
    return Action("report", {"to": ["alice@example.com"], "period": "month"})
