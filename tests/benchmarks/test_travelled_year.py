"""The benchmark of a travelled year counts the firings of this project, and of APScheduler if it is installed."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from benchmarks import travelled_year
from benchmarks.travelled_year import EXECUTORS, rows


def test_ours_and_each_installed_peer_travel_a_year() -> None:
    [row] = rows(rounds=1, number=1, shortest=0)
    [measured] = row.measured

    assert set(measured.peers) == (set(EXECUTORS) if find_spec("apscheduler") else set())
    assert min(*measured.ours, *(each for samples in measured.peers.values() for each in samples), 1) > 0


def test_a_missing_firing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(travelled_year, "YEAR", travelled_year.YEAR / 5)

    with pytest.raises(RuntimeError, match="73 firings of 1 daily schedules in 365 days"):
        rows(rounds=1, number=1, shortest=0)
