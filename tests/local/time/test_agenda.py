"""The agenda: order, cancelling, travel instant by instant, and jobs that hang or fail."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Event, Semaphore, Thread, current_thread
from time import monotonic

import pytest

from local.time.agenda import Agenda
from local.time.clock import Clock
from tests.processes import within

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PATIENCE = 5.0  # seconds of real time after which a test gives up


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.stand_at(NOON)
    return clock


@pytest.fixture
def agenda(clock: Clock) -> Iterator[Agenda]:
    agenda = Agenda(clock)
    yield agenda
    agenda.stop()


def noting(seen: list[str], text: str) -> Callable[[], None]:
    return lambda: seen.append(text)


def waiting_for(event: Event) -> Callable[[], None]:
    def wait() -> None:
        event.wait(PATIENCE)

    return wait


def in_background(work: Callable[[], object]) -> Thread:
    thread = Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_entries_run_in_the_order_of_their_time(agenda: Agenda) -> None:
    seen: list[str] = []
    for hours in (3, 1, 2):
        agenda.call_at(NOON + hours * HOUR, noting(seen, f"{hours}h"))

    agenda.advance(NOON + DAY)

    assert seen == ["1h", "2h", "3h"]


def test_an_advance_runs_what_is_due_at_its_end_and_nothing_later(agenda: Agenda) -> None:
    seen: list[str] = []
    agenda.call_at(NOON + HOUR, noting(seen, "at the end"))
    agenda.call_at(NOON + HOUR + SECOND, noting(seen, "later"))

    ran = agenda.advance(NOON + HOUR)

    assert (ran, seen) == (1, ["at the end"])


def test_a_cancelled_entry_does_not_run(agenda: Agenda) -> None:
    seen: list[str] = []
    entry = agenda.call_at(NOON + HOUR, noting(seen, "cancelled"))
    agenda.call_at(NOON + HOUR, noting(seen, "kept"))
    entry.cancel()

    ran = agenda.advance(NOON + DAY)

    assert (ran, seen) == (1, ["kept"])


def test_the_clock_stands_at_each_instant(agenda: Agenda, clock: Clock) -> None:
    seen: list[datetime] = []
    for hours in (1, 2):
        agenda.call_at(NOON + hours * HOUR, lambda: seen.append(clock.now()))

    agenda.advance(NOON + DAY)

    assert seen == [NOON + HOUR, NOON + 2 * HOUR]


def test_an_overdue_entry_runs_now_and_not_in_the_past(agenda: Agenda, clock: Clock) -> None:
    seen: list[datetime] = []
    agenda.call_at(NOON - DAY, lambda: seen.append(clock.now()))

    agenda.advance(NOON + HOUR)

    assert seen == [NOON]


def test_the_clock_runs_on_from_the_end_of_the_journey(agenda: Agenda, clock: Clock) -> None:
    agenda.advance(NOON + DAY)

    assert NOON + DAY <= clock.now() < NOON + DAY + timedelta(seconds=PATIENCE)


def test_what_is_added_on_the_way_runs_in_the_same_journey(agenda: Agenda, clock: Clock) -> None:
    seen: list[datetime] = []

    def every_hour() -> None:
        seen.append(clock.now())
        agenda.call_at(clock.now() + HOUR, every_hour)

    agenda.call_at(NOON, every_hour)

    ran = agenda.advance(NOON + 3 * HOUR)

    assert (ran, seen) == (4, [NOON, NOON + HOUR, NOON + 2 * HOUR, NOON + 3 * HOUR])


def test_each_instant_waits_for_its_jobs(agenda: Agenda) -> None:
    seen: list[str] = []
    may_end = Event()

    def slow() -> None:
        may_end.wait(PATIENCE)
        seen.append("slow")

    agenda.call_at(NOON + HOUR, slow)
    agenda.call_at(NOON + HOUR, may_end.set)
    agenda.call_at(NOON + 2 * HOUR, noting(seen, "next instant"))

    agenda.advance(NOON + DAY)

    assert seen == ["slow", "next instant"]


def test_each_instant_waits_for_busy_work(agenda: Agenda) -> None:
    seen: list[str] = []
    is_busy, may_end = Event(), Event()

    def work_elsewhere() -> None:
        with agenda.busy():
            is_busy.set()
            may_end.wait(PATIENCE)
            seen.append("busy work")

    def set_off() -> None:
        in_background(work_elsewhere)
        is_busy.wait(PATIENCE)

    agenda.call_at(NOON + HOUR, set_off)
    agenda.call_at(NOON + 2 * HOUR, noting(seen, "next instant"))
    advance = in_background(lambda: agenda.advance(NOON + DAY))
    is_busy.wait(PATIENCE)
    may_end.set()
    advance.join(PATIENCE)

    assert seen == ["busy work", "next instant"]


def test_time_does_not_go_backwards(agenda: Agenda) -> None:
    with pytest.raises(ValueError, match=r"2027-03-01T11:00:00\+00:00 is before the clock's 2027-03-01T12:00:00"):
        agenda.advance(NOON - HOUR)


def test_a_reset_returns_to_real_time(agenda: Agenda, clock: Clock) -> None:
    agenda.advance(NOON + 365 * DAY)
    agenda.reset()

    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=PATIENCE)


@pytest.mark.parametrize("error", [IndexError, SystemExit])
def test_a_job_that_fails_is_logged_and_stops_nothing(
    agenda: Agenda, caplog: pytest.LogCaptureFixture, error: type[BaseException]
) -> None:
    seen: list[str] = []

    def fail() -> None:
        raise error

    agenda.call_at(NOON + HOUR, fail)
    agenda.call_at(NOON + 2 * HOUR, noting(seen, "next instant"))

    agenda.advance(NOON + DAY)

    assert seen == ["next instant"]
    assert error.__name__ in caplog.text


def test_the_jobs_of_consecutive_instants_need_one_thread(agenda: Agenda) -> None:
    threads: set[Thread] = set()
    for minutes in range(100):
        agenda.call_at(NOON + timedelta(minutes=minutes), lambda: threads.add(current_thread()))

    agenda.advance(NOON + DAY)

    assert len(threads) == 1


def test_an_interrupted_advance_stays_at_its_instant(agenda: Agenda, clock: Clock) -> None:
    seen: list[str] = []
    is_interrupted = Event()
    agenda.call_at(NOON + HOUR, noting(seen, "before"))
    agenda.call_at(NOON + 2 * HOUR, is_interrupted.set)
    agenda.call_at(NOON + 3 * HOUR, noting(seen, "after"))

    agenda.advance(NOON + DAY, is_interrupted.is_set)
    stopped_at = clock.now()
    agenda.advance(NOON + DAY)

    assert NOON + 2 * HOUR <= stopped_at < NOON + 3 * HOUR
    assert seen == ["before", "after"]


def test_a_job_that_outlives_an_interrupted_advance_does_not_continue_it(agenda: Agenda) -> None:
    seen: list[str] = []
    is_interrupted, has_begun, may_end, has_ended = Event(), Event(), Event(), Event()

    def outlive() -> None:
        has_begun.set()
        may_end.wait(PATIENCE)
        has_ended.set()

    agenda.call_at(NOON + HOUR, outlive)
    agenda.call_at(NOON + 2 * HOUR, noting(seen, "later"))
    advance = in_background(lambda: agenda.advance(NOON + DAY, is_interrupted.is_set))
    has_begun.wait(PATIENCE)
    is_interrupted.set()
    agenda.interrupt()
    advance.join(PATIENCE)
    may_end.set()
    has_ended.wait(PATIENCE)
    within(PATIENCE, lambda: agenda.jobs_run == 1, "the end of the job")

    assert not advance.is_alive()
    assert not seen


def test_it_tells_how_many_jobs_have_run(agenda: Agenda) -> None:
    for hours in range(5):
        agenda.call_at(NOON + hours * HOUR, lambda: None)
    agenda.advance(NOON + DAY)

    assert agenda.jobs_run == 5


def test_in_real_time_an_entry_runs_at_its_time() -> None:
    clock = Clock()
    agenda = Agenda(clock)
    agenda.start()
    due = clock.now() + timedelta(milliseconds=50)
    seen: list[datetime] = []
    has_run = Event()

    def note_the_time() -> None:
        seen.append(clock.now())
        has_run.set()

    agenda.call_at(due + HOUR, has_run.set)
    agenda.call_at(due, note_the_time)  # wakes the timer, which waits for the other one
    has_run.wait(PATIENCE)
    agenda.stop()

    assert due <= seen[0] < due + timedelta(seconds=1)


def test_jobs_that_hang_delay_no_other() -> None:
    clock = Clock()
    agenda = Agenda(clock)
    agenda.start()
    may_end, has_run = Event(), Event()
    for _ in range(100):
        agenda.call_at(clock.now(), waiting_for(may_end))
    agenda.call_at(clock.now(), has_run.set)
    ran_meanwhile = has_run.wait(PATIENCE / 2)
    may_end.set()
    agenda.stop()

    assert ran_meanwhile


def test_a_stop_is_bounded_although_a_job_hangs() -> None:
    clock = Clock()
    agenda = Agenda(clock)
    agenda.start()
    hangs, may_end = Event(), Event()

    def hang() -> None:
        hangs.set()
        may_end.wait(60)

    agenda.call_at(clock.now(), hang)
    hangs.wait(PATIENCE)
    begin = monotonic()
    agenda.stop()
    took = monotonic() - begin
    may_end.set()

    assert took < 2.5


def test_a_stop_ends_a_journey(agenda: Agenda, clock: Clock) -> None:
    def every_second() -> None:
        agenda.call_at(clock.now() + SECOND, every_second)

    agenda.call_at(NOON, every_second)
    advance = in_background(lambda: agenda.advance(NOON + 10_000 * DAY))
    agenda.stop()
    advance.join(PATIENCE)

    assert not advance.is_alive()


def test_a_stopped_agenda_does_not_travel(agenda: Agenda, clock: Clock) -> None:
    agenda.call_at(NOON + HOUR, agenda.stop)
    agenda.stop()
    agenda.advance(NOON + DAY)

    assert clock.now() < NOON + HOUR


def test_threads_are_used_again(agenda: Agenda) -> None:
    for minutes in range(500):
        agenda.call_at(NOON + timedelta(minutes=minutes), lambda: None)
    agenda.advance(NOON + DAY)

    assert len(agenda._workers._threads) < 5


def test_a_burst_of_jobs_that_do_not_block_needs_few_threads(agenda: Agenda) -> None:
    for _ in range(2_000):
        agenda.call_at(NOON, lambda: None)
    agenda.advance(NOON + HOUR)

    assert len(agenda._workers._threads) < 20


def test_threads_of_a_jam_end_when_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.time.agenda._IDLE_SECONDS", 0.05)
    clock = Clock()
    agenda = Agenda(clock)
    agenda.start()
    jam, begun = Event(), Semaphore(0)

    def blocked() -> None:
        begun.release()
        jam.wait(PATIENCE)

    for _ in range(40):
        agenda.call_at(clock.now(), blocked)
    assert all(begun.acquire(timeout=PATIENCE) for _ in range(40))
    at_most = len(agenda._workers._threads)
    jam.set()
    within(PATIENCE, lambda: not agenda._workers._threads, "the end of all threads")
    ran = Event()
    agenda.call_at(clock.now(), ran.set)

    assert at_most == 40
    assert ran.wait(PATIENCE)
    agenda.stop()
