"""What `make run` says of a port that it cannot have."""

from __future__ import annotations

import re
import socket
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest

from local.app.ports import problems_of
from tests.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def suggested(problem: str) -> int:
    found = re.search(r"make run CLOUD_PORT=(\d+)$", problem)
    assert found, problem
    return int(found[1])


def test_free_ports_are_no_problem() -> None:
    assert problems_of({"CLOUD_PORT": free_port(), "API_PORT": free_port()}) == []


def test_a_taken_port_is_named_and_a_free_one_suggested(taken: int) -> None:
    (problem,) = problems_of({"CLOUD_PORT": taken, "API_PORT": free_port()})

    assert problem.startswith(f"port {taken} is in use, perhaps by another `make run`; stop that, or choose another: ")
    socket.create_server(("127.0.0.1", suggested(problem))).close()


def test_the_suggested_port_is_not_that_of_the_other_one(taken: int) -> None:
    (problem,) = problems_of({"CLOUD_PORT": taken, "API_PORT": suggested_for(taken)})

    assert suggested(problem) != suggested_for(taken)


def suggested_for(taken: int) -> int:
    """The first choice while the API has another port."""
    (problem,) = problems_of({"CLOUD_PORT": taken, "API_PORT": 1})[:1]
    return suggested(problem)


def test_behind_the_last_port_comes_a_low_one() -> None:
    with ExitStack() as stack:
        with suppress(OSError):  # somebody else may have it
            stack.enter_context(socket.create_server(("127.0.0.1", 65_535)))
        problem = problems_of({"CLOUD_PORT": 65_535, "API_PORT": free_port()})[0]

    assert suggested(problem) < 65_535


def test_one_port_for_both_is_refused_before_anything_starts() -> None:
    port = free_port()

    assert problems_of({"CLOUD_PORT": port, "API_PORT": port}) == [
        f"CLOUD_PORT and API_PORT are both {port}: choose two ports"
    ]
