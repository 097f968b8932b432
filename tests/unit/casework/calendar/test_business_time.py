"""Arithmetic in business time: it adds up, goes there and back, and knows lunch, holidays and summer time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.calendar.business_time import BusinessTime, RoundTheClock, WorkingTime

BERLIN = ZoneInfo("Europe/Berlin")
LUNCH = ((540, 720), (780, 1080))
WEEK = (*(LUNCH,) * 4, ((540, 900),), (), ((0, 1440),))
NIGHTS = (((0, 360), (1320, 1440)),) * 7
"""Open in the hours in which clocks go forward and back."""


def time_of(zone: str, week: tuple[tuple[tuple[int, int], ...], ...], *closed: str) -> BusinessTime:
    days = frozenset(date.fromisoformat(day) for day in closed)
    return BusinessTime(ZoneInfo(zone), week, lambda year: frozenset(day for day in days if day.year == year))


TIMES: list[WorkingTime] = [
    RoundTheClock(),
    time_of("Europe/Berlin", WEEK, "2026-05-14", "2026-12-25", "2027-01-01"),
    time_of("America/New_York", NIGHTS),
    time_of("Pacific/Apia", WEEK),
    time_of("Australia/Lord_Howe", NIGHTS, "2026-04-05"),
    time_of("Asia/Kathmandu", (((90, 150),), (), (), (), (), (), ())),
]
START = datetime(2025, 11, 1, tzinfo=UTC)
moments = st.timedeltas(timedelta(0), timedelta(days=520)).map(lambda past: START + past)
times = st.sampled_from(TIMES)


def local(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@settings(max_examples=300, deadline=None)
@given(times, st.lists(moments, min_size=3, max_size=3).map(sorted))
def test_it_adds_up_over_any_split(time: WorkingTime, at: list[datetime]) -> None:
    first, middle, last = at
    assert time.elapsed(first, last) == time.elapsed(first, middle) + time.elapsed(middle, last)


@settings(max_examples=300, deadline=None)
@given(times, moments, st.timedeltas(timedelta(microseconds=1), timedelta(hours=400)))
def test_there_and_back(time: WorkingTime, start: datetime, amount: timedelta) -> None:
    """So much after a moment, so much has passed, and not a microsecond before; the same way back."""
    reached = time.after(start, amount)
    assert reached is not None
    assert time.elapsed(start, reached) == amount
    assert time.elapsed(start, reached - timedelta(microseconds=1)) == amount - timedelta(microseconds=1)
    back = time.after(start, -amount)
    assert back is not None
    assert time.elapsed(back, start) == amount


@settings(max_examples=60, deadline=None)
@given(moments, st.integers(1, 3000))
def test_it_is_what_counting_minutes_gives(start: datetime, minutes: int) -> None:
    start = start.replace(second=0, microsecond=0)
    time = TIMES[1]
    closed = {date(2026, 5, 14), date(2026, 12, 25), date(2027, 1, 1)}
    counted = 0
    for number in range(minutes):
        at = (start + timedelta(minutes=number)).astimezone(BERLIN)
        minute = at.hour * 60 + at.minute
        counted += at.date() not in closed and any(a <= minute < b for a, b in WEEK[at.weekday()])
    assert time.elapsed(start, start + timedelta(minutes=minutes)) == timedelta(minutes=counted)


def test_what_ends_with_a_block_is_due_then_and_not_next_morning() -> None:
    time = TIMES[1]
    assert time.after(local("2026-03-02T17:00"), timedelta(hours=1)) == local("2026-03-02T18:00")
    assert time.after(local("2026-03-02T20:00"), timedelta(hours=3)) == local("2026-03-03T12:00")


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-03-22", 24)])
def test_a_day_is_as_long_as_it_was(day: str, hours: int) -> None:
    """Clocks go forward on the one Sunday and back on the other."""
    start = local(f"{day}T00:00")
    end = (start + timedelta(days=1)).replace(tzinfo=BERLIN)
    assert TIMES[1].elapsed(start, end) == timedelta(hours=hours)


def test_blocks_that_begin_in_the_missing_hour_count_no_time_twice() -> None:
    """Half past two does not exist that night, and the block from three on begins where it would."""
    time = time_of("Europe/Berlin", (((120, 150), (150, 180), (180, 240)),) * 7)
    night = (local("2026-03-29T00:00"), local("2026-03-29T06:00"))
    assert time.elapsed(*night) == timedelta(hours=1)


def test_outside_of_the_years_that_are_laid_out_no_business_time_passes() -> None:
    """A moment of the year 1 or 9999 is answered at once, and what would be due after 2199 is never due."""
    time = TIMES[1]
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC)
    assert time.elapsed(last, first) == timedelta(0)
    assert time.after(last, timedelta(hours=1)) is None
    assert time.after(first, -timedelta(hours=1)) is None
    assert time.elapsed(first, last) == time.elapsed(
        datetime(1969, 1, 1, tzinfo=UTC), datetime(2200, 6, 1, tzinfo=UTC)
    )


def test_calendar_hours_end_with_the_last_year() -> None:
    assert RoundTheClock().after(datetime(9999, 12, 31, tzinfo=UTC), timedelta(days=2)) is None
