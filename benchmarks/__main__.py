"""Runs benchmarks: `python -m benchmarks [NAME ...] [--rounds 5] [--write]`. Without a name, all of them.

`--write` also writes docs/performance.md. Each module runs in a process of its own.
"""

from __future__ import annotations

from argparse import ArgumentParser
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import page
from benchmarks.measure import rows_of

if TYPE_CHECKING:
    from benchmarks.measure import Row

MODULES = (
    "expressions",
    "make_run",
    "lambda_start",
    "warm_run",
    "api_requests",
    "api_start",
    "batches",
    "queue_burst",
    "listed_schedules",
    "stored_schedules",
    "local_table",
    "travelled_year",
)
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MODULES)}")
    parser.add_argument("--rounds", type=int, default=5, help="samples of each measurement")
    parser.add_argument("--write", action="store_true", help=f"write docs/{PAGE.name}, which needs all benchmarks")
    options = parser.parse_args()
    names = options.names or MODULES
    if unknown := set(names) - set(MODULES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(MODULES)}")
    if options.write and options.names:
        parser.error("--write needs all benchmarks, so no NAME")
    text = page.page({name: _in_a_process(name, options.rounds) for name in names}, options.rounds)
    print(text, end="")
    if options.write:
        PAGE.write_text(text, "utf-8")


def _in_a_process(name: str, rounds: int) -> list[Row]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(rows_of, name, rounds).result()


if __name__ == "__main__":
    main()
