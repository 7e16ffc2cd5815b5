"""The simulation answers small cases as calculated by hand."""

from __future__ import annotations

import pytest

from benchmarks.capacity import (
    HOUR,
    MINUTE,
    NEW_TABLE_READS,
    READS_OF_A_PARTITION,
    Concurrency,
    Lane,
    Load,
    Partitions,
    Rate,
    Spot,
    highest_rate,
    simulate,
)

ONE_KEY = Spot(0.3)


def lanes_at(*spots: Spot, units: float = 1) -> list[Lane]:
    return [Lane({"table": {spot: units}}) for spot in spots]


def even(number: int) -> list[Spot]:
    return [Spot((each + 0.5) / number) for each in range(number)]


def at_most(lanes: list[Lane], after: float = 0) -> float:
    return highest_rate(lanes, ("table", Partitions), after)


@pytest.mark.parametrize("after", [0, 3 * HOUR], ids=["at first", "after three hours"])
def test_one_hot_item_serves_1000_units_at_any_time(after: float) -> None:
    assert at_most(lanes_at(ONE_KEY, units=4), after) == pytest.approx(1_000 / 4, rel=0.01)


def test_16_even_keys_use_all_four_partitions_of_a_new_table() -> None:
    lanes = lanes_at(*even(16))

    assert next(simulate(lanes, {"table": Partitions()}, 4_000, 0)).first is None
    assert next(simulate(lanes, {"table": Partitions()}, 4_010, 0)).first == "table"


def test_keys_in_one_of_four_partitions_serve_a_quarter() -> None:
    assert at_most(lanes_at(*(Spot(spot.hash / 4) for spot in even(16)))) == pytest.approx(1_000, rel=0.01)


def test_reads_have_three_times_the_units() -> None:
    def reads() -> Partitions:
        return Partitions(READS_OF_A_PARTITION, NEW_TABLE_READS)

    assert highest_rate(lanes_at(ONE_KEY, units=2), ("table", reads), 0) == pytest.approx(1_500, rel=0.01)


def test_the_items_of_one_key_are_split_by_their_sort_keys_after_ten_minutes_of_heat() -> None:
    lanes = lanes_at(*(Spot(0.3, spot.hash) for spot in even(16)))
    moments = list(simulate(lanes, {"table": Partitions()}, 2_000, 11 * MINUTE))

    assert [round(moment.admitted) for moment in moments] == [1_000] * 11 + [2_000]


def test_a_table_doubles_every_half_an_hour() -> None:
    lanes = lanes_at(*even(256))
    admitted = {moment.now: moment.admitted for moment in simulate(lanes, {"table": Partitions()}, 30_000, 2 * HOUR)}

    assert [round(admitted[half * 30 * MINUTE]) for half in range(4)] == [4_000, 8_000, 16_000, 30_000]


def test_a_table_never_exceeds_its_quota() -> None:
    *_, last = simulate(lanes_at(*even(256)), {"table": Partitions(quota=6_000)}, 30_000, 2 * HOUR)

    assert last.admitted == pytest.approx(6_000)


def test_a_prewarmed_table_serves_its_warm_throughput_at_once() -> None:
    moment = next(simulate(lanes_at(*even(256)), {"table": Partitions(warm=32_000)}, 32_000, 0))

    assert moment.admitted == pytest.approx(32_000)


def test_a_full_index_holds_back_the_table() -> None:
    lanes = [Lane({"table": {spot: 1}, "index": {ONE_KEY: 2}}) for spot in even(16)]
    moment = next(simulate(lanes, {"table": Partitions(), "index": Partitions()}, 2_000, 0))

    assert moment.first == "index"
    assert moment.admitted == pytest.approx(500)


def test_only_the_users_of_a_hot_partition_are_held_back() -> None:
    hot, other = lanes_at(ONE_KEY, units=4), lanes_at(Spot(0.9), units=1)
    moment = next(simulate(hot + other, {"table": Partitions()}, 1_000, 0))

    # 500 of each: 250 of the hot lane, and all of the other.
    assert moment.admitted == pytest.approx(250 + 500)


def test_a_quota_admits_its_rate() -> None:
    lanes = [Lane({"quota": {Spot(): 0.01}})]

    assert highest_rate(lanes, ("quota", lambda: Rate(100)), HOUR) == pytest.approx(10_000, rel=0.01)


def test_a_function_gains_1000_executions_every_ten_seconds_up_to_its_quota() -> None:
    load: Load = {Spot(): 0.5}
    moments = simulate([Lane({"lambda": load})], {"lambda": Concurrency(2_500)}, 6_000, 30, step=10)

    assert [round(moment.admitted) for moment in moments] == [2_000, 4_000, 5_000, 5_000]
