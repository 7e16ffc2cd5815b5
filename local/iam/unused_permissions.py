"""Finds a role's unused permissions: all of its recorded calls are allowed without them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from local.iam.policies import Need, Statement, judge


def unused_permissions(statements: Sequence[Statement], needs: Sequence[Need]) -> list[str]:
    """Returns each unused action and resource as "policy/Sid: name". `needs` are the recorded ones, all allowed."""
    return [
        f"{statement.label}: {part}"
        for number, statement in enumerate(statements)
        for part, without in _smaller(statement)
        if not _any_is_refused([*statements[:number], without, *statements[number + 1 :]], statement, needs)
    ]


def _smaller(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """Yields the statement without one action or one resource; a trust policy's without its service."""
    for part in statement.actions:
        yield part, replace(statement, actions=_others(statement.actions, part))
    for part in statement.resources:
        yield part, replace(statement, resources=_others(statement.resources, part))
    for part in statement.services:
        yield part, replace(statement, services=_others(statement.services, part))


def _others(parts: Sequence[str], part: str) -> tuple[str, ...]:
    return tuple(other for other in parts if other != part)


def _any_is_refused(statements: Sequence[Statement], changed: Statement, needs: Sequence[Need]) -> bool:
    """Only needs that the statement applied to can change."""
    return any(not judge(statements, need).allowed for need in needs if changed.applies_to(need))
