"""Who works on a schedule: clients, EventBridge with the Lambda, and the sweeper, each as an actor of the explorer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.scheduling.service import SchedulerService
from chalicelib.scheduling.sweeper import Sweeper
from chalicelib.scheduling.timing_spec import TimingSpec
from chalicelib.testing import FakeMaster
from notification.dead_letters import DeadLetters
from notification.providers.webhook_signer import Signer
from notification.runner import Runner
from tests.notification.world import EMAIL, SETTINGS
from tests.simulation.explorer import Actor, Script
from tests.simulation.simulator import A_DAY, INVOCATION

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[SchedulerService], object]


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


def client(change: Change) -> Actor:
    """An API Lambda that carries out one request."""

    def body(script: Script) -> object:
        return change(_service(script))

    return Actor(change.__name__, body)


def run() -> Actor:
    """EventBridge fires what is due, and the Notification Lambda does it, within its 30 seconds."""

    def body(script: Script) -> None:
        event = script.bridge.fire()
        if event is not None:
            _runner(script).handle(event, INVOCATION)

    return Actor("run", body, bounded=True)


def sweeper() -> Actor:
    """One sweep."""

    def body(script: Script) -> object:
        adapters = (script.repository, script.gateway, script.starter)
        return Sweeper(*adapters, clock=script.clock, sleep=script.sleep).sweep(stop_at=script.clock() + A_DAY)

    return Actor("sweeper", body)


def _service(script: Script) -> SchedulerService:
    return SchedulerService(script.repository, script.gateway, script.starter, clock=script.clock, sleep=script.sleep)


def _runner(script: Script) -> Runner:
    return Runner(
        script.repository,
        DeadLetters(lambda: script.aws, SETTINGS.work_dead_letter_queue_url),
        SETTINGS,
        aws=lambda _: script.aws,
        signer=Signer(script.repository, FakeMaster(), script.clock),
        clock=script.clock,
        new_id=lambda: "claim-run",
    )
