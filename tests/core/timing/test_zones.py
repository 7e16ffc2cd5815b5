from __future__ import annotations

import os
import subprocess
import sys
import zoneinfo
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from chalicelib.core.timing.zones import (
    NonexistentWallTime,
    UnknownZone,
    is_ambiguous,
    resolve_wall_time,
    shifts,
    zone,
    zone_names,
)

PROJECT = Path(__file__).parents[3]
SUMMER_IN_BERLIN = """
from datetime import UTC, datetime
from chalicelib.core.timing.zones import zone
print(datetime(2027, 7, 1, tzinfo=UTC).astimezone(zone("Europe/Berlin")).isoformat())
"""


def test_the_machine_s_own_zone_files_are_not_asked(tmp_path: Path) -> None:
    # A TZPATH where Europe/Berlin is Tokyo: plain zoneinfo falls for it.
    poisoned = tmp_path / "Europe" / "Berlin"
    poisoned.parent.mkdir()
    poisoned.write_bytes(files("tzdata").joinpath("zoneinfo", "Asia", "Tokyo").read_bytes())
    environment = {**os.environ, "PYTHONTZPATH": str(tmp_path)}
    plain = SUMMER_IN_BERLIN.replace("chalicelib.core.timing.zones import zone", "zoneinfo import ZoneInfo as zone")

    assert _printed(SUMMER_IN_BERLIN, environment) == "2027-07-01T02:00:00+02:00"
    assert _printed(plain, environment) == "2027-07-01T09:00:00+09:00"


def _printed(program: str, environment: dict[str, str]) -> str:
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_every_name_is_a_zone_of_at_most_50_characters() -> None:
    # API: ScheduleExpressionTimezone has 1 to 50 characters.
    assert all(zone(name).key == name for name in zone_names())
    assert {len(name) for name in zone_names()} <= set(range(1, 51))


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "US/Pacific", "Etc/GMT+12"])
def test_iana_names_and_their_links_are_known(name: str) -> None:
    assert name in zone_names()


@pytest.mark.parametrize(
    "name",
    ["", "Europe/Atlantis", "europe/berlin", "utc", "CEST", "+02:00", "Europe", "../zones", "/etc/localtime", "A" * 51],
)
def test_other_names_paths_and_other_letter_case_are_refused(name: str) -> None:
    with pytest.raises(UnknownZone) as refused:
        zone(name)

    assert refused.value.name == name


def test_a_zone_is_made_once() -> None:
    assert zone("Europe/Berlin") is zone("Europe/Berlin")
    assert zone("Europe/Berlin") is not zoneinfo.ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("wall", "zone_name", "instant"),
    [
        ("2027-03-01T09:00:00", "Europe/Berlin", "2027-03-01T08:00:00+00:00"),
        ("2027-03-28T01:59:59", "Europe/Berlin", "2027-03-28T00:59:59+00:00"),
        ("2027-03-28T03:00:00", "Europe/Berlin", "2027-03-28T01:00:00+00:00"),
        ("2027-10-31T02:30:00", "Europe/Berlin", "2027-10-31T00:30:00+00:00"),  # the first of two
        ("2027-10-31T03:00:00", "Europe/Berlin", "2027-10-31T02:00:00+00:00"),
        ("2023-04-02T01:45:00", "Australia/Lord_Howe", "2023-04-01T14:45:00+00:00"),  # the first of two
        ("2199-07-01T09:00:00", "Europe/Berlin", "2199-07-01T07:00:00+00:00"),
    ],
)
def test_a_wall_time_is_resolved_to_its_first_instant(wall: str, zone_name: str, instant: str) -> None:
    assert resolve_wall_time(datetime.fromisoformat(wall), zone_name).isoformat() == instant


GAPS = [
    ("2027-03-28T02:30:00", "Europe/Berlin", "2027-03-28T01:59:59", "2027-03-28T03:00:00"),
    ("2027-03-28T02:00:00", "Europe/Berlin", "2027-03-28T01:59:59", "2027-03-28T03:00:00"),
    ("2027-03-28T02:59:59.5", "Europe/Berlin", "2027-03-28T01:59:59", "2027-03-28T03:00:00"),
    ("2023-10-01T02:15:00", "Australia/Lord_Howe", "2023-10-01T01:59:59", "2023-10-01T02:30:00"),
    ("2022-03-27T00:30:00", "Asia/Beirut", "2022-03-26T23:59:59", "2022-03-27T01:00:00"),
    ("2024-03-30T23:30:00", "America/Nuuk", "2024-03-30T22:59:59", "2024-03-31T00:00:00"),
    ("2011-12-30T12:00:00", "Pacific/Apia", "2011-12-29T23:59:59", "2011-12-31T00:00:00"),
    ("1972-01-07T00:20:00", "Africa/Monrovia", "1972-01-06T23:59:59", "1972-01-07T00:44:30"),
    ("2199-03-31T02:30:00", "Europe/Berlin", "2199-03-31T01:59:59", "2199-03-31T03:00:00"),
]


@pytest.mark.parametrize(("wall", "zone_name", "before", "after"), GAPS)
def test_a_wall_time_in_a_gap_is_refused_with_the_two_nearest(
    wall: str, zone_name: str, before: str, after: str
) -> None:
    with pytest.raises(NonexistentWallTime) as refused:
        resolve_wall_time(datetime.fromisoformat(wall), zone_name)

    assert (refused.value.before.isoformat(), refused.value.after.isoformat()) == (before, after)


def test_the_refusal_names_the_wall_time_and_the_zone() -> None:
    with pytest.raises(NonexistentWallTime) as refused:
        resolve_wall_time(datetime.fromisoformat("2027-03-28T02:30:00"), "Europe/Berlin")

    assert str(refused.value) == (
        "2027-03-28T02:30:00 does not exist in Europe/Berlin; "
        "the nearest wall times are 2027-03-28T01:59:59 and 2027-03-28T03:00:00"
    )


@pytest.mark.parametrize(
    ("wall", "zone_name", "twice"),
    [
        ("2027-10-31T01:59:59", "Europe/Berlin", False),
        ("2027-10-31T02:00:00", "Europe/Berlin", True),
        ("2027-10-31T02:59:59", "Europe/Berlin", True),
        ("2027-10-31T03:00:00", "Europe/Berlin", False),
        ("2027-03-28T02:30:00", "Europe/Berlin", False),  # it does not exist at all
        ("2022-10-29T23:30:00", "Asia/Beirut", True),
        ("2023-04-02T01:29:59", "Australia/Lord_Howe", False),
        ("2023-04-02T01:30:00", "Australia/Lord_Howe", True),
    ],
)
def test_only_the_repeated_hour_is_ambiguous(wall: str, zone_name: str, *, twice: bool) -> None:
    assert is_ambiguous(datetime.fromisoformat(wall), zone_name) is twice


def test_the_shifts_of_a_year_are_found_to_the_second() -> None:
    start = datetime(2027, 1, 1, 12, 34, 56, 789, tzinfo=UTC)
    spring, autumn = shifts("Europe/Berlin", start, start + timedelta(days=365))

    assert (spring.instant.isoformat(), spring.is_gap, spring.size) == (
        "2027-03-28T01:00:00+00:00",
        True,
        timedelta(hours=1),
    )
    assert (autumn.start.isoformat(), autumn.end.isoformat(), autumn.is_gap) == (
        "2027-10-31T02:00:00",
        "2027-10-31T03:00:00",
        False,
    )


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("2027-03-28T00:00:00Z", "2027-03-28T00:59:59Z", 0),
        ("2027-03-28T00:00:00Z", "2027-03-28T01:00:00Z", 1),
        ("2027-03-28T01:00:00Z", "2027-10-31T00:59:59Z", 0),
        ("2027-03-28T01:00:00Z", "2027-03-27T00:00:00Z", 0),
    ],
)
def test_shifts_are_those_after_the_start_and_up_to_the_end(start: str, end: str, found: int) -> None:
    window = (datetime.fromisoformat(start), datetime.fromisoformat(end))

    assert len(list(shifts("Europe/Berlin", *window))) == found
