"""Days of the calendar from numbers, and the one order of day and month in which a message writes them."""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final, Literal

Order = Literal["day first", "month first", "unknown"]
_PARTS: Final = re.compile(r"[0-9]+")
_CENTURY: Final = 2000
_OLDEST: Final = 1900
_YEARS_BACK: Final = 12
_YEARS_AHEAD: Final = 2
"""How far a year of two digits may lie from today; what lies further is hardly a date."""


def of(year: int, month: int, day: int) -> date | None:
    """Return the date, or None if there is no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def nearest(month: int, day: int, today: date) -> date | None:
    """Return the day of that name nearest to `today`; None if no year has it."""
    near = [of(year, month, day) for year in (today.year - 1, today.year, today.year + 1) if year > 0]
    return min((found for found in near if found), key=lambda found: abs(found - today), default=None)


def plus_days(day: date, days: int) -> date | None:
    """Return the day so many days later; None where the calendar ends."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def order_of(written: Iterable[str], today: date) -> Order:
    """Return the order of day and month of all dates of a text; `unknown` where they contradict each other.

    Dates that fit only one order tell it; points say day first. Else it is the order in which all are days, and nearer
    to `today` in sum.
    """
    pairs = [found for one in written if (found := _readings(one, today)) is not None]
    told = {_told(by_day, by_month) for by_day, by_month in pairs} - {None}
    if len(told) == 1:
        return "day first" if "day first" in told else "month first"
    if told:
        return "unknown"
    by_day, by_month = (
        sum(abs(day - today).days for pair in pairs if (day := pair[place]) is not None) for place in (0, 1)
    )
    return "day first" if by_day <= by_month else "month first"


def of_digits(written: str, today: date, order: Order, *, is_past: bool = False) -> date | None:
    """Return the day that three numbers name, None where they name none or, in an unknown order, two.

    `is_past` says that the day is over, as in `ordered on`: of its two readings one that is yet to come is none.
    """
    first, second, third = (int(part) for part in _PARTS.findall(written))
    if first >= _OLDEST:
        return of(first, second, third)
    readings = _readings(written, today)
    if readings is None:
        return None
    by_day, by_month = readings
    if by_day is None or by_month is None or by_day == by_month:
        return by_day or by_month
    if is_past and (by_day > today) != (by_month > today):
        return min(by_day, by_month)
    if order == "unknown":
        return None
    return by_day if order == "day first" else by_month


def _readings(written: str, today: date) -> tuple[date | None, date | None] | None:
    """Return the day by day first and by month first (None where it is none); None for what begins with a year."""
    first, second, third = (int(part) for part in _PARTS.findall(written))
    year = third if third >= 100 else _CENTURY + third  # noqa: PLR2004 - two digits are of this century
    if first >= _OLDEST or year < _OLDEST:
        return None
    if third < 100 and not today.year - _YEARS_BACK <= year <= today.year + _YEARS_AHEAD:  # noqa: PLR2004 - as above
        return None
    return of(year, second, first), None if "." in written else of(year, first, second)


def _told(by_day: date | None, by_month: date | None) -> Order | None:
    if by_day is None and by_month is None:
        return None
    if by_month is None:
        return "day first"
    return "month first" if by_day is None else None
