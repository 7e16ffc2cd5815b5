"""Recurring schedules, fired for real by a clock that travels: at the previewed instants, and at no others.

Each has an `end_at`: whatever a failed test leaves behind must not fire in another one's clock advance.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.aws import left_in_eventbridge
from tests.e2e.schedules import an_email, due, ended_runs, path_of

if TYPE_CHECKING:
    from local.app.stack import Stack
    from tests.e2e.client import Client
    from tests.e2e.cloud import Clock, LocalCloud

pytestmark = pytest.mark.e2e


def preview(client: Client, timing: dict[str, Any]) -> Any:
    """What a client is told before he saves anything."""
    answer = client.send("POST", "/v1/occurrences", {"timing": timing, "limit": 100})
    assert answer.status == 200, answer
    return answer.json


def sent(cloud: LocalCloud, subject: str) -> list[str]:
    """When the mails were sent, to the second: a travelling clock stands still until a firing has ended."""
    return [f"{datetime.fromisoformat(mail['sent_at']):%Y-%m-%dT%H:%M:%SZ}" for mail in cloud.messages(subject)]


def iso(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def last_sunday(month: int, after: datetime) -> datetime:
    """01:00 UTC, when the European Union shifts its clocks in March and October; the first one `after`."""
    for year in (after.year, after.year + 1):
        month_end = datetime(year, month, 31, 1, tzinfo=UTC)
        sunday = month_end - timedelta(days=month_end.isoweekday() % 7)
        if sunday > after + timedelta(days=3):
            return sunday
    raise AssertionError(after)


def test_a_rate_fires_at_the_previewed_instants_and_is_completed_after_its_end(
    stack: Stack, cloud: LocalCloud, alice: Client, clock: Clock
) -> None:
    end = clock.now() + timedelta(hours=2)
    schedule = alice.create(timing={"rate": "25 minutes", "end_at": iso(end)}, action=an_email("rate"))
    planned = preview(alice, schedule["timing"])["occurrences"]
    assert alice.get(f"{path_of(schedule)}/occurrences")["occurrences"] == planned

    clock.travel_to(end + timedelta(hours=1))

    assert sent(cloud, "rate") == planned
    assert len(planned) == 4
    assert [run["scheduled_time"] for run in ended_runs(alice, schedule)] == planned[::-1]
    assert all(run["status"] == "succeeded" and 0 <= run["lateness_ms"] < 2000 for run in ended_runs(alice, schedule))
    completed = alice.get(path_of(schedule))
    assert (completed["status"], completed["next_run_at"], completed["run_count"]) == ("completed", None, 4)
    assert not left_in_eventbridge(stack, schedule)


def test_a_cron_of_another_zone_fires_at_the_previewed_instants(cloud: LocalCloud, alice: Client, clock: Clock) -> None:
    end = clock.now() + timedelta(days=8)
    timing = {"cron": "30 9 ? * MON,THU *", "timezone": "Europe/Berlin", "end_at": iso(end)}
    planned = preview(alice, timing)["occurrences"]
    alice.create(timing=timing, action=an_email("Berlin"))

    clock.travel_to(end)

    assert sent(cloud, "Berlin") == planned
    assert len(planned) in (2, 3)


def test_each_run_moves_the_schedule_on_to_its_next_occurrence(alice: Client, clock: Clock) -> None:
    end = clock.now() + timedelta(hours=2)
    schedule = alice.create(timing={"rate": "10 minutes", "end_at": iso(end)}, action=an_email("moves on"))
    first, second, third = alice.get(f"{path_of(schedule)}/occurrences?limit=3")["occurrences"]
    assert schedule["next_run_at"] == first

    clock.travel_to(datetime.fromisoformat(second))

    moved = alice.get(path_of(schedule))
    assert (moved["status"], moved["next_run_at"], moved["run_count"]) == ("active", third, 2)
    assert moved["last_run"] == {"scheduled_time": second, "status": "succeeded", "reason": None}


def test_a_start_in_the_future_is_waited_for_and_is_the_first_firing(
    cloud: LocalCloud, alice: Client, clock: Clock
) -> None:
    start = (clock.now() + timedelta(days=2)).replace(second=0, microsecond=0)
    timing = {"rate": "1 hour", "start_at": iso(start), "end_at": iso(start + timedelta(hours=2))}
    alice.create(timing=timing, action=an_email("later"))

    clock.travel_to(start + timedelta(days=1))

    assert sent(cloud, "later") == [iso(start + timedelta(hours=hours)) for hours in range(3)]


def test_nine_in_the_morning_stays_nine_when_the_clocks_go_forward(
    cloud: LocalCloud, alice: Client, clock: Clock
) -> None:
    shift = last_sunday(3, after=clock.now())
    alice.create(timing=daily("0 9", around=shift), action=an_email("nine"))

    clock.travel_to(shift + timedelta(days=2))

    assert [mail[10:] for mail in sent(cloud, "nine")] == ["T08:00:00Z", "T07:00:00Z", "T07:00:00Z"]


def test_a_wall_time_that_the_clocks_skip_does_not_fire_that_day(
    cloud: LocalCloud, alice: Client, clock: Clock
) -> None:
    shift = last_sunday(3, after=clock.now())
    timing = daily("30 2", around=shift)
    foretold = preview(alice, timing)
    alice.create(timing=timing, action=an_email("skipped"))

    clock.travel_to(shift + timedelta(days=2))

    assert sent(cloud, "skipped") == [iso(shift - timedelta(hours=23.5)), iso(shift + timedelta(hours=23.5))]
    assert sent(cloud, "skipped") == foretold["occurrences"]
    assert f"02:30 does not exist on {shift:%Y-%m-%d} in Europe/Berlin: skipped" in foretold["warnings"]


def test_a_wall_time_that_comes_twice_fires_at_the_first(cloud: LocalCloud, alice: Client, clock: Clock) -> None:
    shift = last_sunday(10, after=clock.now())
    alice.create(timing=daily("30 2", around=shift), action=an_email("twice"))

    clock.travel_to(shift + timedelta(days=2))

    days = [timedelta(days=-1), timedelta(), timedelta(days=1, hours=1)]
    assert sent(cloud, "twice") == [iso(shift - timedelta(minutes=30) + day) for day in days]


def daily(minutes_and_hours: str, *, around: datetime) -> dict[str, str]:
    """Every day in Berlin, from a day and a half before the shift to a day and a half behind it."""
    return {
        "cron": f"{minutes_and_hours} * * ? *",
        "timezone": "Europe/Berlin",
        "start_at": iso(around - timedelta(days=1.5)),
        "end_at": iso(around + timedelta(days=1.5)),
    }


def test_a_flexible_window_is_used_and_kept(cloud: LocalCloud, alice: Client, clock: Clock) -> None:
    end = clock.now() + timedelta(hours=6.5)
    schedule = alice.create(
        timing={"rate": "1 hour", "end_at": iso(end)}, flexible_window_minutes=30, action=an_email("some time")
    )
    planned = [due(schedule) + timedelta(hours=hours) for hours in range(6)]

    clock.travel_to(end + timedelta(hours=1))

    mails = cloud.messages("some time")
    delays = [datetime.fromisoformat(mail["sent_at"]) - at for mail, at in zip(mails, planned, strict=True)]
    assert all(timedelta() <= delay < timedelta(minutes=30) for delay in delays)
    assert any(delay > timedelta(minutes=1) for delay in delays)
    assert [run["scheduled_time"] for run in ended_runs(alice, schedule)] == [iso(at) for at in planned[::-1]]
