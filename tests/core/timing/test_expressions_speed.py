from __future__ import annotations

from datetime import datetime

import pytest

from benchmarks.expressions import ORDINARY, WORST, timed
from chalicelib.core.timing.expressions import parse

PROMISED = [*((*row[1:], 0.001) for row in ORDINARY), *((*row[1:], 0.005) for row in WORST)]


@pytest.mark.parametrize(("text", "zone_name", "after", "seconds"), PROMISED)
def test_the_first_occurrence_is_found_in_no_time(text: str, zone_name: str, after: str, seconds: float) -> None:
    expression = parse(text, zone_name)
    moment = datetime.fromisoformat(after)
    fastest = min(timed(lambda: next(expression.occurrences(moment), None)) for _ in range(15))

    assert fastest < seconds
