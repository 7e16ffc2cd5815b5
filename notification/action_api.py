"""What your own actions import: `action` registers one, `RunContext` is what it gets, `ActionFailed` what it raises.

    @action("invoice.remind")
    def remind(run: RunContext, data: Mapping[str, Any]) -> None: ...

It returns when the work is done, or raises ActionFailed. The outcome of any other exception is unknown, so it counts as
`unknown`. The run id (`run.run_id`) is the same over every attempt of one occurrence and no other: hand it to the
provider as its idempotency key. `idempotent=True` declares that this is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.actions import built_in
from chalicelib.core.actions.contract import ActionFailed, RunContext

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.actions.contract import Work

__all__ = ["REGISTERED", "ActionFailed", "RegisteredAction", "RunContext", "action"]


@dataclass(frozen=True, slots=True)
class RegisteredAction:
    """A type, its function, and whether its provider honours the run id."""

    type: str
    work: Work
    idempotent: bool


REGISTERED = {of.type: RegisteredAction(of.type, of.work, of.idempotent) for of in built_in().values()}


def action(type_: str, *, idempotent: bool = False) -> Callable[[Work], Work]:
    """Registers the function below it under this type. Raises ValueError if another action has it."""

    def register(work: Work) -> Work:
        other = REGISTERED.get(type_)
        if other is not None and other.work is not work:
            raise ValueError(f"two actions are called {type_!r}")
        REGISTERED[type_] = RegisteredAction(type_, work, idempotent)
        return work

    return register
