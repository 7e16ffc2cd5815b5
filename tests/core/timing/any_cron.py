"""Hypothesis strategies for the six fields of any valid cron expression."""

from __future__ import annotations

from hypothesis import strategies as st


def numbers(low: int, high: int) -> st.SearchStrategy[str]:
    """A field of numbers: `*`, `*/7`, or a list of values, ranges (also over the end) and steps."""
    value = st.integers(low, high).map(str)
    step = st.integers(1, high).map(str)
    item = st.one_of(
        value,
        st.builds("{}-{}".format, value, value),
        st.builds("{}/{}".format, value, step),
        st.builds("{}-{}/{}".format, value, value, step),
    )
    return st.one_of(st.just("*"), st.builds("*/{}".format, step), st.lists(item, min_size=1, max_size=3).map(",".join))


MONTHS = st.one_of(st.just("*"), numbers(1, 12), st.sampled_from(["JAN", "FEB,DEC", "MAR-JUN", "OCT-FEB", "JAN/3"]))
DAYS_OF_MONTH = st.one_of(
    numbers(1, 31), st.sampled_from(["L", "LW", "29", "31"]), st.integers(1, 31).map("{}W".format)
)
WEEKDAY = st.one_of(st.integers(1, 7).map(str), st.sampled_from(["SUN", "MON", "WED", "SAT"]))
DAYS_OF_WEEK = st.one_of(
    st.sampled_from(["*", "L", "MON-FRI", "FRI-MON", "SUN,WED", "6-2", "3,5-7"]),
    WEEKDAY,
    WEEKDAY.map("{}L".format),
    st.builds("{}#{}".format, WEEKDAY, st.integers(1, 5)),
)
DAY_FIELDS = st.one_of(DAYS_OF_MONTH.map(lambda day: (day, "?")), DAYS_OF_WEEK.map(lambda day: ("?", day)))
YEARS = st.sampled_from(["*", "*", "1970/3", "2020-2030", "2027,2028,2199"])
EVERY_DAY = st.sampled_from([("*", "?"), ("?", "*"), ("?", "*")])


@st.composite
def crons(draw: st.DrawFn) -> str:
    day_of_month, day_of_week = draw(DAY_FIELDS)
    times = f"{draw(numbers(0, 59))} {draw(numbers(0, 23))}"
    return f"{times} {day_of_month} {draw(MONTHS)} {day_of_week} {draw(YEARS)}"


@st.composite
def frequent_crons(draw: st.DrawFn) -> str:
    """Those that are likely to fire within hours: around a shift of the clocks."""
    day_of_month, day_of_week = draw(st.one_of(EVERY_DAY, EVERY_DAY, DAY_FIELDS))
    times = f"{draw(numbers(0, 59))} {draw(st.one_of(st.just('*'), st.just('20-4'), numbers(0, 23)))}"
    return f"{times} {day_of_month} * {day_of_week} *"
