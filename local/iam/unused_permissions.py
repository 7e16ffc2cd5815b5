"""The unused permissions of a role: without them, each of its recorded calls would still be allowed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from local.iam.policies import Need, Statement, judge


def unused_permissions(statements: Sequence[Statement], needs: Sequence[Need]) -> list[str]:
    """Each action and each resource that can go, as "policy/Sid: what". needs: the recorded ones, all allowed."""
    return [
        f"{statement.label}: {part}"
        for number, statement in enumerate(statements)
        for part, without in _smaller(statement)
        if not _any_is_refused([*statements[:number], without, *statements[number + 1 :]], statement, needs)
    ]


def _smaller(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """The statement without one of its actions, or of its resources; of a trust policy, without its service."""
    for part in statement.actions:
        yield part, replace(statement, actions=_others(statement.actions, part))
    for part in statement.resources:
        yield part, replace(statement, resources=_others(statement.resources, part))
    for part in statement.services:
        yield part, replace(statement, services=_others(statement.services, part))


def _others(parts: Sequence[str], part: str) -> tuple[str, ...]:
    return tuple(other for other in parts if other != part)


def _any_is_refused(statements: Sequence[Statement], changed: Statement, needs: Sequence[Need]) -> bool:
    """Only what the statement applied to can have changed."""
    return any(not judge(statements, need).allowed for need in needs if changed.applies_to(need))
