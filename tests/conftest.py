"""Settings for all tests: timeouts, which tests share a worker, and the report of the promises' figures at the end."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests.promises import PROMISES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playwright.sync_api import Browser

    from tests.promises import Promise

# Without a deadline: a busy machine is no bug. `make test-all` runs the same property tests with `thorough`.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", PATIENT, max_examples=25)
settings.register_profile("thorough", PATIENT, max_examples=400)
settings.load_profile("quick")

TOGETHER = ("tests/console", "tests/e2e", "tests/terraform")
"""Folders whose tests share something slow: a running stack, a browser, an initialised terraform."""

FIRST = (*TOGETHER, "tests/deploy", "tests/local", "tests/simulation")
"""Folders whose files take long. They begin first, so that no worker has one of them alone at the end."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One for all tests: Playwright does not start twice in a process."""
    # Most workers need neither.
    from tests.console.browser import chromium  # noqa: PLC0415

    with chromium() as browser:
        yield browser


@pytest.fixture
def promise(request: pytest.FixtureRequest) -> Promise:
    """Notes the figure that a test measured for a promise (its number): it is printed at the end of the run."""

    def note(number: int, figure: str) -> None:
        request.node.user_properties.append(("promise", [number, figure]))

    return note


class ByFolderOrFile(LoadScopeScheduling):
    """Each file stays in one worker, and so does each of the folders whose tests share something slow.

    (`--dist loadgroup` would need only marks, but xdist 3.8 writes them where pytest 9.2 does not read any more.)
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return next((folder for folder in TOGETHER if path.startswith(folder)), path)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFolderOrFile:
    """Returns it with the order of `pytest_collection_modifyitems`: by default xdist begins with the most tests."""
    config.option.loadscopereorder = False
    return ByFolderOrFile(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sorts the tests of a worker by FIRST. Without workers the order of the command line stays."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _place(item.nodeid))


def _place(nodeid: str) -> int:
    return next((place for place, folder in enumerate(FIRST) if nodeid.startswith(f"{folder}/")), len(FIRST))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The promises, each with what this run measured."""
    figures = _figures(report for reports in terminalreporter.stats.values() for report in reports)
    if not figures:
        return
    terminalreporter.section("promises")
    for number, promised in PROMISES.items():
        terminalreporter.write_line(f"{number}. {promised}")
        for figure in figures.get(number, ["no figure in this run"]):
            terminalreporter.write_line(f"   {figure}")


def _figures(reports: Iterable[Any]) -> dict[int, list[str]]:
    figures: dict[int, list[str]] = defaultdict(list)
    for report in reports:
        if getattr(report, "when", None) != "call":
            continue
        for name, value in report.user_properties:
            if name == "promise":
                figures[value[0]].append(value[1])
    return figures
