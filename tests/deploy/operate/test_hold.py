"""The operator's switch, against a function as AWS would change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.core.errors import StoreUnavailable
from chalicelib.core.model.job import JobKind
from chalicelib.testing import Faults, InMemoryRepository
from deploy.__main__ import parser, run_release
from deploy.errors import DeployError
from deploy.operate.hold import Switch, hold, release
from tests.builders import NOW

if TYPE_CHECKING:
    from collections.abc import Callable


class FakeLambda:
    """One function's configuration. `meanwhile` happens between a look at it and a change of it."""

    def __init__(self) -> None:
        self.variables = {"TABLE_NAME": "schedules"}
        self.revision = 1
        self.waited = 0
        self.meanwhile: Callable[[], None] = lambda: None

    def get_function_configuration(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        assert FunctionName == "mail"
        found = {"Environment": {"Variables": dict(self.variables)}, "RevisionId": str(self.revision)}
        self.meanwhile()
        return found

    def update_function_configuration(self, **request: Any) -> None:
        if request["RevisionId"] != str(self.revision):
            answer: Any = {"Error": {"Code": "PreconditionFailedException", "Message": "The revision is another."}}
            raise ClientError(answer, "UpdateFunctionConfiguration")
        self.variables, self.revision = request["Environment"]["Variables"], self.revision + 1

    def get_waiter(self, name: str) -> FakeLambda:
        assert name == "function_updated_v2"
        return self

    def wait(self, FunctionName: str) -> None:  # noqa: N803, ARG002
        self.waited += 1


@pytest.fixture
def function() -> FakeLambda:
    return FakeLambda()


@pytest.fixture
def repository() -> InMemoryRepository:
    return InMemoryRepository(Faults())


@pytest.fixture
def switch(function: FakeLambda, repository: InMemoryRepository) -> Switch:
    client: Any = function
    return Switch(client, "mail", repository, lambda: NOW)


def test_it_holds_with_a_reason_and_keeps_every_other_variable(switch: Switch, function: FakeLambda) -> None:
    hold(switch, "SES is down", stage="dev", write=lambda _: None)

    assert function.variables == {"TABLE_NAME": "schedules", "HOLD": "SES is down"}
    assert (switch.reason, function.waited) == ("SES is down", 1)


def test_it_lets_go_and_leaves_a_job_for_what_was_held(
    switch: Switch, function: FakeLambda, repository: InMemoryRepository
) -> None:
    switch.hold("SES is down")

    told: list[str] = []
    release(switch, 30, write=told.append)

    job = repository.get_job(told[-1].rpartition(" ")[2])
    assert (function.variables, switch.reason) == ({"TABLE_NAME": "schedules"}, None)
    assert job is not None
    assert (job.kind, job.per_minute, job.watch_at) == (JobKind.RELEASE, 30, NOW)


def test_who_was_let_go_already_still_has_what_is_held_done(switch: Switch, function: FakeLambda) -> None:
    release(switch, 30, write=lambda _: None)

    assert function.revision == 1


def test_nothing_is_changed_by_a_hold_that_stands_already(switch: Switch, function: FakeLambda) -> None:
    switch.hold("SES is down")
    switch.hold("SES is down")

    assert function.revision == 2


def test_another_change_of_the_function_is_not_overwritten(switch: Switch, function: FakeLambda) -> None:
    def deployed() -> None:
        function.revision += 1

    function.meanwhile = deployed

    with pytest.raises(DeployError, match="Another process is changing the function"):
        hold(switch, "SES is down", stage="dev")
    assert function.variables == {"TABLE_NAME": "schedules"}


def test_a_table_out_of_reach_is_told_and_asked_again_it_goes_on(
    switch: Switch, repository: InMemoryRepository
) -> None:
    repository.faults.once("repository.save_job", StoreUnavailable)

    with pytest.raises(DeployError, match="table is unavailable"):
        release(switch, 30)
    release(switch, 30, write=lambda _: None)

    assert len(repository.items) == 1


@pytest.mark.parametrize("reason", ["", "a\nb", "x" * 201])
def test_a_reason_is_one_line(switch: Switch, function: FakeLambda, reason: str) -> None:
    with pytest.raises(DeployError, match="one line"):
        hold(switch, reason, stage="dev")

    assert function.revision == 1


def test_a_second_hold_keeps_the_reason_of_the_first(switch: Switch, function: FakeLambda) -> None:
    hold(switch, "SES is down", stage="dev", write=lambda _: None)

    with pytest.raises(DeployError, match="already held: SES is down"):
        hold(switch, "another reason", stage="dev")
    assert function.variables["HOLD"] == "SES is down"


def test_the_command_that_it_prints_ends_the_hold_of_its_stage(switch: Switch) -> None:
    told: list[str] = []
    hold(switch, "SES is down", stage="dev", write=told.append)

    _, _, command = told[-1].partition(": python -m deploy ")
    options = parser().parse_args(command.split())

    assert (options.command, options.stage) == (run_release, "dev")
