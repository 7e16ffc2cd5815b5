"""The actors of the explorer that change a schedule: clients, EventBridge with the Lambda function, and the sweeper."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.scheduling.service import SchedulerService
from chalicelib.scheduling.sweeper import Sweeper
from chalicelib.scheduling.timing_spec import TimingSpec
from chalicelib.testing import FakeMaster
from notification.dead_letters import DeadLetters
from notification.runner import Runner
from notification.webhook_signer import Signer
from tests.notification.world import EMAIL, SETTINGS
from tests.simulation.explorer import Actor, Script
from tests.simulation.simulator import A_DAY, INVOCATION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    Change = Callable[[SchedulerService], object]

NO_TIME = timedelta(0)


def rename(service: SchedulerService) -> object:
    return service.change("alice", "s1", name="other")


def retime(service: SchedulerService) -> object:
    return service.change("alice", "s1", timing=TimingSpec(rate="40 minutes"))


def postpone(service: SchedulerService) -> object:
    return service.change("alice", "s1", timing=TimingSpec(at="2027-03-01T14:00:00Z"))


def pause(service: SchedulerService) -> object:
    return service.pause("alice", "s1")


def resume(service: SchedulerService) -> object:
    return service.resume("alice", "s1")


def cancel(service: SchedulerService) -> object:
    return service.cancel("alice", "s1")


def put_anew(service: SchedulerService) -> object:
    return service.put("alice", "s1", timing=TimingSpec(rate="50 minutes"), action=EMAIL)


def run_now(service: SchedulerService) -> object:
    return service.run_now("alice", "s1")


def client(change: Change, *, ahead: timedelta = NO_TIME) -> Actor:
    """An API Lambda that carries out one request. Its clock is `ahead` of the true time, as those below may be."""

    def body(script: Script) -> object:
        return change(_service(script, ahead))

    return Actor(change.__name__, body)


def run(*, ahead: timedelta = NO_TIME) -> Actor:
    """EventBridge fires what is due, and the Notification Lambda does it, within its 30 seconds."""

    def body(script: Script) -> None:
        event = script.bridge.fire()
        if event is not None:
            _runner(script, ahead, "claim-run").handle(event, INVOCATION)

    return Actor("run", body, bounded=True)


def delivery(event: Mapping[str, Any], *, name: str = "delivery", ahead: timedelta = NO_TIME) -> Actor:
    """An event that waited in Lambda's queue, or that comes once more, in another execution environment."""

    def body(script: Script) -> None:
        _runner(script, ahead, f"claim-{name}").handle(event, INVOCATION)

    return Actor(name, body, bounded=True)


def sweeper(*, ahead: timedelta = NO_TIME) -> Actor:
    """One sweep."""

    def body(script: Script) -> object:
        adapters = (script.repository, script.gateway, script.starter)

        clock = _ahead(script, ahead)
        return Sweeper(*adapters, clock=clock, sleep=script.sleep).sweep(stop_at=clock() + A_DAY)

    return Actor("sweeper", body)


def _service(script: Script, ahead: timedelta) -> SchedulerService:
    clock = _ahead(script, ahead)
    return SchedulerService(script.repository, script.gateway, script.starter, clock=clock, sleep=script.sleep)


def _runner(script: Script, ahead: timedelta, claim_id: str) -> Runner:
    clock = _ahead(script, ahead)
    return Runner(
        script.repository,
        DeadLetters(lambda: script.aws, SETTINGS.work_dead_letter_queue_url),
        SETTINGS,
        aws=lambda _: script.aws,
        signer=Signer(script.repository, FakeMaster(), clock),
        clock=clock,
        new_id=lambda: claim_id,
    )


def _ahead(script: Script, ahead: timedelta) -> Callable[[], datetime]:
    return lambda: script.clock() + ahead
