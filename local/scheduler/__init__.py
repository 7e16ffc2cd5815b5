"""An exact Amazon EventBridge Scheduler, in process.

`wire` reads requests by the API model, `validation` makes schedules of them, `store` keeps them, `responses` shows
them; `engine` knows what fires when, `loop` puts it on the agenda, `delivery` hands it to the target. `service` joins
them. What AWS leaves open is decided in docs/emulation.md.
"""

from local.scheduler.delivery import DeadLetters, Invocation, TargetError, Targets
from local.scheduler.service import Lateness, Scheduler

__all__ = ["DeadLetters", "Invocation", "Lateness", "Scheduler", "TargetError", "Targets"]
