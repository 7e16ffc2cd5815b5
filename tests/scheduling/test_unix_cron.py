from __future__ import annotations

import pytest

from chalicelib.scheduling.unix_cron import suggest_six_fields

MEANT = [
    ("0 9 * * 1-5", "0 9 ? * 2-6 *"),  # Unix counts the weekdays from 0 = Sunday, AWS from 1
    ("0 9 * * 0", "0 9 ? * 1 *"),
    ("0 9 * * 7", "0 9 ? * 1 *"),  # Unix: 7 is Sunday as well
    ("0 9 * * 5-7", "0 9 ? * 6-1 *"),
    ("0 9 * * 6,0", "0 9 ? * 7,1 *"),
    ("0 9 * * mon-fri", "0 9 ? * MON-FRI *"),  # Unix: names in any case
    ("0 9 * * 0-6", "0 9 * * ? *"),  # every day
    ("0 9 * * 0-7", "0 9 * * ? *"),
    ("0 9 * * 0,1-7", "0 9 * * ? *"),
    ("0 9 * * *", "0 9 * * ? *"),
    ("0 9 * * */2", "0 9 ? * 1,3,5,7 *"),  # AWS has no steps among weekdays
    ("0 9 * * 1-5/2", "0 9 ? * 2,4,6 *"),
    ("0 9 1,15 * *", "0 9 1,15 * ? *"),
    ("0 9 1 jan *", "0 9 1 JAN ? *"),
    ("*/5 8-17 * * *", "*/5 8-17 * * ? *"),
    ("0  9 * *  1", "0 9 ? * 2 *"),
]

NOT_MEANT = [
    "0 9 1 * 1",  # Unix: on the 1st and on Mondays; AWS cannot say that in one expression
    "0 9 * *",
    "0 9 * * ? *",
    "60 9 * * *",
    "0 9 * * 8",
    "0 9 * * noon",
    "0 9 * * 1-5/0",
    "0 9 * * 1-5/x",
    "0 9 * * -1",
    "@daily",
    "",
]


@pytest.mark.parametrize(("unix", "aws"), MEANT)
def test_five_unix_fields_become_the_six_that_were_meant(unix: str, aws: str) -> None:
    assert suggest_six_fields(unix) == aws


@pytest.mark.parametrize("text", NOT_MEANT)
def test_nothing_is_suggested_for_what_is_no_unix_cron_or_has_no_equal(text: str) -> None:
    assert suggest_six_fields(text) is None
