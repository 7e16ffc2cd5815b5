"""The operator's commands go by the time of the local cloud that they are pointed at."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from deploy.build.render import ENVIRONMENT
from deploy.local_cloud import aws_environment
from deploy.operate.clock import clock_of
from deploy.operate.explain.collect import explainer_of
from deploy.operate.hold import switch_of
from deploy.operate.reconcile import reconciler_of
from local.testing import REGION, RunningCloud, running_cloud
from tests.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECOND = timedelta(seconds=1)
MONTH = timedelta(days=30)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """A month ahead."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        running.agenda.advance(datetime.now(UTC) + MONTH)
        yield running


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An app whose stage dev was rendered."""
    variables = dict.fromkeys(ENVIRONMENT, "3600")
    (tmp_path / ".chalice").mkdir()
    config = {"stages": {"dev": {"environment_variables": variables}}}
    (tmp_path / ".chalice" / "config.json").write_text(json.dumps(config))
    return tmp_path


@pytest.mark.parametrize(
    ("maker", "clock"), [(switch_of, "_clock"), (reconciler_of, "_clock"), (explainer_of, "clock")]
)
def test_a_command_goes_by_the_time_of_the_cloud_that_it_is_pointed_at(
    cloud: RunningCloud,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    maker: Callable[[str, Path], Any],
    clock: str,
) -> None:
    for name, value in aws_environment(cloud.endpoint, REGION).items():
        monkeypatch.setenv(name, value)

    assert abs(getattr(maker("dev", project), clock)() - cloud.clock.now()) < SECOND


def test_a_journey_in_the_middle_of_a_command_is_noticed(cloud: RunningCloud) -> None:
    clock = clock_of(cloud.endpoint)

    cloud.agenda.advance(cloud.clock.now() + MONTH)

    assert abs(clock() - cloud.clock.now()) < SECOND


@pytest.mark.parametrize("endpoint", ["https://scheduler.eu-central-1.amazonaws.com", "http://192.0.2.1:4566"])
def test_on_aws_it_is_this_machines_and_nothing_is_asked(endpoint: str) -> None:
    assert abs(clock_of(endpoint)() - datetime.now(UTC)) < SECOND


def test_an_endpoint_on_this_machine_without_a_clock_leaves_this_machines_time() -> None:
    assert abs(clock_of(f"http://127.0.0.1:{free_port()}")() - datetime.now(UTC)) < SECOND
