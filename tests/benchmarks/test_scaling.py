"""docs/scaling.md has the figures of the simulation, and the simulation those that are calculated by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from benchmarks.capacity import HOUR, Partitions, highest_rate
from benchmarks.scaling import (
    CREATE_SECONDS,
    PAGE,
    PLACES,
    QUESTIONS,
    QUOTAS,
    RUN_SECONDS,
    Question,
    countable,
    filled,
    lanes_of,
    tables,
)
from benchmarks.units import TABLE, operations
from chalicelib.scheduling.service import MOST_LIVE
from deploy.paths import PROJECT, TERRAFORM

counted = cache(operations)


def rate(question: Question, place: str, after: float = 0) -> float:
    lanes = lanes_of(question, counted()[question.operation])
    return highest_rate(lanes, (PLACES[place], Partitions), after)


def one_user(operation: str) -> Question:
    return replace(QUESTIONS[0], operation=operation, users="one", times="same")


def test_the_page_has_the_figures_of_the_simulation() -> None:
    text = PAGE.read_text("utf-8")

    assert text == filled(text, tables(counted()))


def test_many_users_share_the_four_partitions_of_a_new_table() -> None:
    assert rate(QUESTIONS[0], TABLE) == pytest.approx(4_000 / 6, rel=0.02)
    assert rate(QUESTIONS[0], TABLE, 3 * HOUR) == pytest.approx(40_000 / 6, rel=0.02)


def test_a_user_whose_partition_is_not_split_has_less_than_250_runs_a_second() -> None:
    # Four units of each run are below the user's key; a share of the others is in the same partition.
    assert 150 < rate(one_user("run, recurring"), TABLE) < 1_000 / 4


def test_the_random_ids_of_a_users_schedules_let_dynamodb_split_their_partition() -> None:
    assert rate(one_user("run, recurring"), TABLE, 3 * HOUR) > 1_000


@pytest.mark.parametrize(
    ("operation", "at_first", "settled"),
    [
        # Both writes of a create are at the end of the list.
        ("create, one-time", 500, 500),
        # A removed entry and an added one, each at a place of its own.
        ("run, recurring", 500, 1_000),
        # Removed from the active ones, added to the completed ones: two partition keys.
        ("run, one-time", 1_000, 1_000),
    ],
)
def test_entries_that_ascend_with_time_are_not_divided(operation: str, at_first: float, settled: float) -> None:
    question = one_user(operation)

    assert rate(question, "by_time") == pytest.approx(at_first, rel=0.02)
    assert rate(question, "by_time", 3 * HOUR) == pytest.approx(settled, rel=0.02)


def test_a_resource_of_one_user_has_the_limits_of_that_user() -> None:
    question = replace(one_user("run, recurring"), resources="one")

    assert rate(question, "by_resource", 3 * HOUR) == rate(question, "by_time", 3 * HOUR)


def test_a_resource_of_many_users_is_divided() -> None:
    question = replace(QUESTIONS[1], resources="one")

    assert rate(question, "by_resource") == pytest.approx(500, rel=0.02)
    assert rate(question, "by_resource", 3 * HOUR) > 10_000


def test_the_page_names_the_settings_as_they_are() -> None:
    text = PAGE.read_text("utf-8")
    prod, variables = (TERRAFORM / "envs" / "prod.tfvars").read_text(), (TERRAFORM / "variables.tf").read_text()

    assert "max_concurrency = 14" in prod
    assert "email = 14" in prod
    assert 'variable "api_rate_limit"' in variables
    assert f"`MOST_LIVE_SCHEDULES`, {MOST_LIVE:,}" in text
    assert f"{14 / RUN_SECONDS:.0f} other runs" in text
    assert f"({float(f'{countable():.2g}'):,.0f})" in text
    assert "after 90 minutes" in text
    assert "| 90 min | 5,000 | none |" in text


def test_each_question_has_quotas_and_is_answered_on_the_page() -> None:
    text = PAGE.read_text("utf-8")

    assert all(question.operation.partition(",")[0] in QUOTAS for question in QUESTIONS)
    assert all(f"<!-- {question.name} -->" in text for question in QUESTIONS)
    assert CREATE_SECONDS < 1


def test_creates_and_runs_together_use_up_the_tables_quota() -> None:
    # 5,000 x 6 + 1,000 x 10 write units.
    assert "| DynamoDB: the table | 40,000 | 40,000 | 100% |" in PAGE.read_text("utf-8")


def test_the_readme_links_the_page() -> None:
    assert "(docs/scaling.md)" in (PROJECT / "README.md").read_text()
