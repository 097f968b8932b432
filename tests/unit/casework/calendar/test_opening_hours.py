"""Opening hours in a file: what is written, and what is refused."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from casework.calendar.opening_hours import Holidays, OpeningHours

HOURS = {"mon-fri": ["09:00-12:00", "13:00-17:00"]}


def hours(**fields: Any) -> OpeningHours:
    return OpeningHours.model_validate({"zone": "Europe/Berlin", "hours": HOURS} | fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"hours": {}}, "at least 1"),
        ({"hours": {"mon": []}}, "has no hours"),
        ({"hours": {"mon": ["09:00-12:00", "11:00-13:00"]}}, "overlap, 09:00-12:00 and 11:00-13:00"),
        ({"hours": {"mon-fri": ["09:00-12:00"], "fri": ["11:00-13:00"]}}, "blocks of fri that overlap"),
        ({"hours": {"mon": ["22:00-06:00"]}}, "split it at midnight"),
        ({"hours": {"mon": ["9-17"]}}, "no block of hours"),
        ({"hours": {"mon": ["09:00-24:30"]}}, "split it at midnight"),
        ({"hours": {"fri-mon": ["09:00-12:00"]}}, "neither a day nor a range"),
        ({"hours": {"monday": ["09:00-12:00"]}}, "neither a day nor a range"),
        ({"zone": "Berlin"}, "no time zone"),
        ({"holidays": {"country": "Germany"}}, "names no country"),
        (
            {"holidays": {"country": "DE", "subdivision": "XX"}},
            "XX is no subdivision of DE: use one of BB, BE",
        ),
        ({"holidays": {"subdivision": "BE"}}, "without its country"),
        ({"holidays": {"add": ["24.12."]}}, "is no day"),
        ({"holidays": {"add": ["2026-02-29"]}}, "is no day"),
    ],
)
def test_what_is_wrong_is_said(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        hours(**fields)


def test_holidays_are_those_of_the_subdivision_with_own_days() -> None:
    """Women's Day is one in Berlin and not in Bavaria; own days are of one year, or of every year."""
    days = Holidays.model_validate(
        {
            "country": "DE",
            "subdivision": "BE",
            "add": ["12-24", date(2026, 6, 5), "02-29"],
            "remove": ["2026-05-01"],
        }
    )
    assert {date(2026, 3, 8), date(2026, 12, 24), date(2026, 6, 5)} <= days.of(2026)
    assert date(2026, 5, 1) not in days.of(2026)
    assert {date(2027, 12, 24), date(2027, 5, 1)} <= days.of(2027)
    assert date(2027, 6, 5) not in days.of(2027)
    assert date(2028, 2, 29) in days.of(2028)
    assert date(2026, 3, 8) not in Holidays(country="DE", subdivision="BY").of(2026)


def test_a_range_of_days_and_single_days_add_up() -> None:
    week = hours(hours={"mon-wed": ["13:00-15:00"], "tue": ["09:00-10:00"], "sun": ["00:00-24:00"]}).week()
    assert week == (((780, 900),), ((540, 600), (780, 900)), ((780, 900),), (), (), (), ((0, 1440),))


def test_the_arithmetic_is_of_the_file() -> None:
    """A holiday of Berlin lies between two working days."""
    time = hours(holidays={"country": "DE", "subdivision": "BE"}).business_time()
    start = datetime(2026, 4, 30, 14, tzinfo=UTC)  # Thursday, 16:00 in Berlin; 1 May is a holiday
    assert time.after(start, timedelta(hours=2)) == datetime(2026, 5, 4, 8, tzinfo=UTC)
