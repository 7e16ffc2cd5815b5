"""Fakes of the ports, for tests of this project and of applications that use SchedulerService. They need no network.

The contract suite (tests/contract) checks that they behave like the table and EventBridge Scheduler.

>>> from datetime import UTC, datetime
>>> from chalicelib.core.model.schedule import Action
>>> from chalicelib.scheduling.service import SchedulerService
>>> clock = StoppedClock(datetime(2027, 3, 1, 8, 0, tzinfo=UTC))
>>> faults = Faults()
>>> gateway = FakeGateway(faults)
>>> service = SchedulerService(InMemoryRepository(faults), gateway, FakeStarter(faults), clock=clock, sleep=clock.sleep)
>>> trial = service.create_one_time(user_id="alice", after="P3D", action=Action("invoice.remind", {"invoice": 42}))
>>> gateway.find("alice", trial.schedule_id)["ScheduleExpression"]
'at(2027-03-04T08:00:00)'
>>> faults.calls
['repository.raise_count', 'repository.create', 'gateway.put', 'repository.confirm']

While EventBridge is unavailable, a schedule that is far enough ahead is recorded and the sweeper applies it later. A
schedule that is due too soon is refused.

>>> from chalicelib.core.errors import SchedulerUnavailable
>>> faults.always("gateway.*", SchedulerUnavailable)
>>> service.create_one_time(user_id="alice", after="P3D", action=Action("invoice.remind", {"invoice": 43})).confirmed
False
>>> service.create_one_time(user_id="alice", after="PT9S", action=Action("invoice.remind", {"invoice": 44}))
Traceback (most recent call last):
...
chalicelib.core.errors.SchedulerUnavailable: EventBridge Scheduler is unavailable. ...
"""

from .clock import StoppedClock
from .faults import Crash, Faults
from .gateway import FakeGateway
from .master import FakeMaster
from .repository import InMemoryRepository
from .starter import FakeStarter

__all__ = ["Crash", "FakeGateway", "FakeMaster", "FakeStarter", "Faults", "InMemoryRepository", "StoppedClock"]
