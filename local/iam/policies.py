"""IAM policies as AWS evaluates them: an explicit deny, else an allow, else no.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html

moto's own evaluator compares every call with the resource `*`, reads a pattern as a regular expression, and treats a
condition that does not hold as a deny. The published libraries parse and lint policies but do not evaluate them.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from local.moto_backends.unsupported import Unsupported

_PARTS_OF_ARN = 6

Context = tuple[tuple[str, str], ...]
"""Condition keys of a request and their values."""


@dataclass(frozen=True)
class Need:
    """A permission that a call needs.

    `action` is as in policies, such as "dynamodb:GetItem". `resource` is an ARN, or what the service uses instead.
    `service` is the AWS service that assumes a role, and "" for other permissions.
    """

    action: str
    resource: str
    context: Context = ()
    service: str = ""


@dataclass(frozen=True)
class Condition:
    """One key of a Condition. One matching value is enough."""

    operator: str
    key: str
    values: tuple[str, ...]

    def holds(self, context: Context) -> bool:
        """Raises Unsupported for an operator that this project's policies do not use; a guess would be wrong."""
        if self.operator not in _OPERATORS:
            raise Unsupported(f"the condition operator {self.operator}")
        found = {key.lower(): value for key, value in context}.get(self.key.lower())
        return found is not None and any(_OPERATORS[self.operator](value, found) for value in self.values)


@dataclass(frozen=True)
class Statement:
    """One statement of a policy. `label` is the policy's name and the Sid. A missing element is empty."""

    label: str
    effect: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    services: tuple[str, ...] = ()
    """The services in a trust policy's Principal."""

    def applies_to(self, need: Need) -> bool:
        return (
            self._names_action(need.action)
            and self._names_resource(need.resource)
            and (not need.service or need.service in self.services)
            and all(condition.holds(need.context) for condition in self.conditions)
        )

    def _names_action(self, action: str) -> bool:
        """Action patterns ignore case."""
        if self.not_actions:
            return not any(_is_like(pattern.lower(), action.lower()) for pattern in self.not_actions)
        return any(_is_like(pattern.lower(), action.lower()) for pattern in self.actions)

    def _names_resource(self, resource: str) -> bool:
        """A trust policy has no resource: the resource is its role."""
        if self.not_resources:
            return not any(_is_like_arn(pattern, resource) for pattern in self.not_resources)
        return bool(self.services) or any(_is_like_arn(pattern, resource) for pattern in self.resources)


@dataclass(frozen=True)
class Verdict:
    """`by` is the label of the deciding statement. None means that no statement applies, so the call is denied."""

    allowed: bool
    by: str | None


def judge(statements: Iterable[Statement], need: Need) -> Verdict:
    """Evaluates these statements of one role for the need. Raises Unsupported."""
    by_effect = {statement.effect: statement.label for statement in statements if statement.applies_to(need)}
    if "Deny" in by_effect:
        return Verdict(allowed=False, by=by_effect["Deny"])
    return Verdict(allowed="Allow" in by_effect, by=by_effect.get("Allow"))


@lru_cache(maxsize=256)
def read_policy(name: str, document: str) -> tuple[Statement, ...]:
    """Returns the statements of a policy document, which is a JSON text."""
    statements = _many(json.loads(document).get("Statement", []))
    return tuple(_statement(f"{name}/{read.get('Sid', number)}", read) for number, read in enumerate(statements))


def _statement(label: str, read: dict[str, Any]) -> Statement:
    principal = read.get("Principal", {})
    return Statement(
        label=label,
        effect=read["Effect"],
        actions=_many(read.get("Action", [])),
        not_actions=_many(read.get("NotAction", [])),
        resources=_many(read.get("Resource", [])),
        not_resources=_many(read.get("NotResource", [])),
        conditions=_conditions(read.get("Condition", {})),
        services=_many(principal.get("Service", [])) if isinstance(principal, dict) else (),
    )


def _conditions(read: dict[str, dict[str, Any]]) -> tuple[Condition, ...]:
    return tuple(
        Condition(operator, key, _many(values)) for operator, lines in read.items() for key, values in lines.items()
    )


def _many(element: Any) -> tuple[Any, ...]:
    """A policy may give a single value without a list."""
    return tuple(element) if isinstance(element, list) else (element,)


def _is_like(pattern: str, text: str) -> bool:
    return _expression((pattern,)).fullmatch(text) is not None


def _is_like_arn(pattern: str, arn: str) -> bool:
    """A wildcard matches within its part of the ARN. In the last part, and as `*`, it matches everything."""
    parts = tuple(pattern.split(":", _PARTS_OF_ARN - 1))
    return (pattern == "*" or len(parts) == _PARTS_OF_ARN) and _expression(parts).fullmatch(arn) is not None


@lru_cache(maxsize=4096)
def _expression(parts: tuple[str, ...]) -> re.Pattern[str]:
    """A pattern whose parts are separated by colons."""
    *before, last = parts
    within = [_translated(part, any_character="[^:]") for part in before]
    return re.compile(":".join([*within, _translated(last, any_character=".")]), re.DOTALL)


def _translated(pattern: str, *, any_character: str) -> str:
    wildcards = {"*": f"{any_character}*", "?": any_character}
    return "".join(wildcards.get(character) or re.escape(character) for character in pattern)


_OPERATORS = {
    "StringEquals": str.__eq__,
    "StringLike": _is_like,
    "ArnEquals": _is_like_arn,  # the same as ArnLike (IAM User Guide, reference_policies_elements_condition_operators)
    "ArnLike": _is_like_arn,
}
