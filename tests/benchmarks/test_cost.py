"""docs/cost.md has the figures of this release: the units are counted and all figures are computed again."""

from __future__ import annotations

from functools import cache

import pytest

from benchmarks.cost import PAGE, Counted, Units, dollars, page, prices, rows

TEXT = PAGE.read_text("utf-8")
counted = cache(Counted)


def test_the_page_has_the_figures_of_this_release() -> None:
    assert page(TEXT, counted()) == TEXT, "run: python -m benchmarks.cost --write"


def test_another_price_changes_the_figures() -> None:
    dearer = TEXT.replace("| DynamoDB writes | 0.625 |", "| DynamoDB writes | 1.625 |")
    name = "one-time, created in your process"

    before, after = (float(rows(page(text, counted()), "Result")[name][0].removeprefix("$")) for text in (TEXT, dearer))

    # 13 units for the create and 15 for the run, each a dollar more per million.
    assert after - before == pytest.approx(28)


def test_a_price_is_per_unit_and_belongs_to_its_service() -> None:
    assert prices(TEXT)["QStash messages"] == pytest.approx(10 / 1_000_000)
    used = Units({"Lambda requests": 5, "DynamoDB writes": 1})
    assert dollars(used, prices(TEXT), "Lambda") == pytest.approx(1 / 1_000_000)


def test_each_work_costs_least_on_eventbridge_alone_and_most_here_as_the_page_says() -> None:
    works = {name: cells for name, cells in rows(TEXT, "Result").items() if name.startswith(("one-time", "recurring"))}

    assert len(works) == 3
    for cells in works.values():
        ours, eventbridge, qstash = (float(cell.removeprefix("$")) for cell in cells)
        assert eventbridge < qstash < ours


def test_memory_alarms_and_secrets_are_those_of_the_deployment() -> None:
    functions = counted().functions

    assert (functions.api, functions.notification, functions.sweeper) == (1024, 256, 1769)
    assert (counted().alarms, counted().secrets, counted().architecture) == (11, 1, "arm64")


def test_a_part_that_the_page_lacks_is_an_error() -> None:
    with pytest.raises(ValueError, match="no part idle"):
        page(TEXT.replace("<!-- end: idle -->", ""), counted())
