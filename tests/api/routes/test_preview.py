"""POST /v1/occurrences: what a timing that nobody saved would do."""

from __future__ import annotations

from tests.api.world import World, fields


def test_a_timing_is_previewed_without_being_saved(world: World) -> None:
    response = world.post("/v1/occurrences", {"timing": {"rate": "15 minutes"}, "limit": 2})

    assert response.status_code == 200
    assert response.json_body == {
        "timing": {"rate": "15 minutes", "start_at": "2027-03-01T08:15:00Z"},
        "description": "Every 15 minutes, from 2027-03-01 08:15 UTC",
        "occurrences": ["2027-03-01T08:15:00Z", "2027-03-01T08:30:00Z"],
        "warnings": [],
    }
    assert world.repository.items == {}


def test_a_preview_shows_ten_occurrences_unless_told_otherwise(world: World) -> None:
    response = world.post("/v1/occurrences", {"timing": {"cron": "0 9 * * ? *", "timezone": "Europe/Berlin"}})

    assert len(response.json_body["occurrences"]) == 10


def test_a_preview_warns_of_a_wall_time_that_is_skipped(world: World) -> None:
    response = world.post("/v1/occurrences", {"timing": {"cron": "30 2 * * ? *", "timezone": "Europe/Berlin"}})

    assert response.json_body["warnings"][0] == "02:30 does not exist on 2027-03-28 in Europe/Berlin: skipped"


def test_a_wrong_timing_is_refused_in_the_preview_as_well(world: World) -> None:
    response = world.post("/v1/occurrences", {"timing": {"cron": "0 9 * * 1-5", "timezone": "UTC"}})

    assert response.status_code == 422
    assert fields(response) == ["timing.cron"]


def test_a_preview_of_more_than_a_hundred_is_refused(world: World) -> None:
    response = world.post("/v1/occurrences", {"timing": {"rate": "1 hour"}, "limit": 101})

    assert fields(response) == ["limit"]
