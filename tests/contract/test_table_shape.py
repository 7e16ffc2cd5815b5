"""The table that these tests stand on is the one that Terraform makes."""

from __future__ import annotations

import re
from pathlib import Path

from tests.tables import INDEXES, KEYS

MODULE = Path(__file__).parents[2] / "terraform/modules/schedules_table/main.tf"
ASSIGNMENT = re.compile(r'^\s*(\w+)\s*=\s*"(\w+)"', re.MULTILINE)


def test_keys_and_indexes_are_those_of_the_module() -> None:
    table, *rest = MODULE.read_text().split("global_secondary_index {")
    indexes = [dict(ASSIGNMENT.findall(block.split("}")[0])) for block in rest]
    keys = dict(ASSIGNMENT.findall(table))

    assert (keys["hash_key"], keys["range_key"]) == KEYS
    assert {index["name"]: (index["hash_key"], index["range_key"]) for index in indexes} == INDEXES
    assert {index["name"] for index in indexes if index["projection_type"] == "KEYS_ONLY"} == {"watch"}
