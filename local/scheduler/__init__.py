"""An exact Amazon EventBridge Scheduler, in process.

`wire` reads requests by the API model, `validation` turns them into schedules, `store` keeps these, and `responses`
writes the answers. `engine` calculates firings, `loop` puts them on the agenda, and `delivery` invokes targets.
`service` composes them. docs/emulation.md lists the decisions where AWS's documents are silent.
"""

from local.scheduler.delivery import DeadLetters, Invocation, TargetError, Targets
from local.scheduler.service import Lateness, Scheduler

__all__ = ["DeadLetters", "Invocation", "Lateness", "Scheduler", "TargetError", "Targets"]
