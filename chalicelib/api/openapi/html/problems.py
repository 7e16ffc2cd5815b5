"""Tables of the problems that operations answer."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ...edge import gateway_responses
from ...models.composed import TYPE_PREFIX
from ...responses import PROBLEMS, Problem
from ..texts import REMEDIES
from .markup import Html, code, joined, link, table, tag, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KNOWN: Mapping[str, Problem] = {
    problem.name: problem
    for problem in sorted((*PROBLEMS.values(), *gateway_responses.PROBLEMS), key=lambda one: one.status)
}
"""Every problem by name, in the order of the statuses."""

NAME = re.compile("`([a-z-]+)`")


HEADS = ("Status", "Type", "What to do")


def names_of(operation: Mapping[str, Any]) -> list[str]:
    """Returns the names of the problems that the description of an operation lists."""
    errors = [answer for status, answer in operation["responses"].items() if int(status) >= HTTPStatus.BAD_REQUEST]
    return [name for answer in errors for name in NAME.findall(answer["description"])]


def of_all(operations: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Returns the problems that every operation with a token can answer."""
    return frozenset.intersection(*(frozenset(names_of(one)) for one in operations if one["security"]))


def own(operation: Mapping[str, Any], common: frozenset[str]) -> list[str]:
    """Returns the problems of an operation that not every operation with a token has."""
    return [name for name in names_of(operation) if name not in common or not operation["security"]]


def of_operation(operation: Mapping[str, Any], common: frozenset[str]) -> Html:
    """Returns the table of an operation's own problems, and links to those of every operation."""
    listed = own(operation, common)
    shown = table(f"Problems of {operation['operationId']}", HEADS, map(_row, listed)) if listed else Html("")
    also = [
        link(f"problem-{name}", str(int(KNOWN[name].status)), " ", name)
        for name in names_of(operation)
        if name not in listed
    ]
    every = tag("p", "As every operation with a token: ", joined(also, ", "), class_="s q") if also else Html("")
    return tag("div", tag("h4", "Problems"), shown, every)


def section() -> Html:
    """Returns the section of all problems, with their anchors."""
    intro = joined(
        [
            *(
                "Errors are ",
                code("application/problem+json"),
                " (RFC 9457), see ",
                link("Problem", "Problem"),
                ". Each ",
            ),
            *(
                code("type"),
                " begins with ",
                code(TYPE_PREFIX),
                ". Rely on ",
                code("type"),
                " and ",
                code("status"),
                ".",
            ),
        ]
    )
    shown = table("All problems", HEADS, (_row(name, f"problem-{name}") for name in KNOWN))
    return tag("section", tag("h2", "Problems"), tag("p", intro), shown, id="problems", class_="part")


def example_of(operation: Mapping[str, Any], common: frozenset[str]) -> str:
    """Returns the name of the problem that the section of an operation shows: about its work, if there is one."""
    listed = own(operation, common)
    of_work = [name for name in listed if KNOWN[name].status in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}]
    return next(iter((*of_work, *listed)), "scope-missing")


def example(name: str) -> dict[str, Any]:
    """Returns the body of a problem with the usual `detail`."""
    usual = {problem.name: kind.__doc__ for kind, problem in PROBLEMS.items()}
    return KNOWN[name].body(usual.get(name) or KNOWN[name].title)


def _row(name: str, anchor: str = "") -> Html:
    problem = KNOWN[name]
    shown = code(name) if anchor else tag("a", code(name), href=f"#problem-{name}")
    kind = tag("th", shown, tag("small", problem.title), scope="row")
    cells = [tag("td", tag("b", str(int(problem.status)))), kind, tag("td", text(REMEDIES[name]))]
    return tag("tr", *cells, id=anchor)
