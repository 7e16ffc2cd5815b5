"""The API for your own actions: `action` registers one, `RunContext` is its argument, `ActionFailed` its error.

    @action("invoice.remind")
    def remind(run: RunContext, data: Mapping[str, Any]) -> None: ...

The function returns when the work is done, or raises ActionFailed. Any other exception counts as `unknown`, because the
work may have been done before it. Every attempt of one occurrence has the same run id (`run.run_id`), and no other
occurrence has it: send it to the provider as the idempotency key. `idempotent=True` declares that the function does so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.actions import built_in
from chalicelib.core.actions.contract import ActionFailed, RunContext
from chalicelib.core.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.actions.contract import Work

__all__ = ["REGISTERED", "ActionFailed", "RegisteredAction", "RunContext", "action"]


class RegisteredAction(Frozen):
    """An action. `idempotent`: its provider uses the run id as an idempotency key."""

    type: str
    work: Work
    idempotent: bool


REGISTERED = {of.type: RegisteredAction(of.type, of.work, of.idempotent) for of in built_in().values()}


def action(type_: str, *, idempotent: bool = False) -> Callable[[Work], Work]:
    """Registers the decorated function under this type. Raises ValueError if another action has the type."""

    def register(work: Work) -> Work:
        other = REGISTERED.get(type_)
        if other is not None and other.work is not work:
            raise ValueError(f"two actions have the type {type_!r}")
        REGISTERED[type_] = RegisteredAction(type_, work, idempotent)
        return work

    return register
