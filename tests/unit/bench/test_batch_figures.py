"""Reading the seconds of batch cycles."""

import math

from tests.bench.sections.batch import seconds_of


def test_a_cycle_is_found_by_its_name() -> None:
    """Each cycle has a line of its own, which begins with its name."""
    printed = "2 cores\ncold: 33.1 s for 8,000 records; bar 40 s: reached\nwarm: 18.5 s for 8,000 records\n"

    assert (seconds_of(printed, "cold"), seconds_of(printed, "warm")) == (33.1, 18.5)


def test_a_cycle_that_broke_off_has_no_figure() -> None:
    """Nan misses the bar; it is not left out."""
    assert math.isnan(seconds_of("Traceback", "cold"))
