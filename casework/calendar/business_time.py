"""Arithmetic in business time: how much of it lies between two moments, and when so much of it will have passed.

Hours are of the wall clock in the desk's time zone, so a day of nine hours is nine hours long whatever its date; where
clocks go forward or back within a block, the block is as long as it really was. A year is laid out once as a sorted
list of intervals, and everything else is a search in it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple, Protocol
from zoneinfo import ZoneInfo

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2199
"""Calendars are laid out from the one to the other. Outside of them no business time passes."""

MINUTES_A_DAY: Final = 24 * 60
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

Block = tuple[int, int]
"""Minutes after midnight: from the first up to the second."""


class WorkingTime(Protocol):
    """A measure of time that adds up: `elapsed(a, c)` is `elapsed(a, b) + elapsed(b, c)`."""

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Return how much of it lies between two moments; none where the end is not later."""

    def after(self, moment: datetime, amount: timedelta) -> datetime | None:
        """Return the first moment at which `amount` of it has passed since `moment`; None if there is none.

        A negative amount leads back, to the first moment from which no more than that lies up to `moment`.
        """


class RoundTheClock:
    """Calendar hours: all time counts."""

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """See WorkingTime."""
        return max(end - start, timedelta(0))

    def after(self, moment: datetime, amount: timedelta) -> datetime | None:
        """See WorkingTime."""
        try:
            return moment + amount
        except OverflowError:
            return None


class _Year(NamedTuple):
    """The open intervals of a year, in microseconds since 1970, and how much lies before each of them."""

    starts: list[int]
    ends: list[int]
    before: list[int]
    total: int

    def position(self, moment: int) -> int:
        """Return how much business time of the year lies before `moment`."""
        found = bisect_right(self.starts, moment) - 1
        return 0 if found < 0 else self.before[found] + min(moment, self.ends[found]) - self.starts[found]

    def reached(self, position: int) -> int:
        """Return the first moment before which so much lies: more than none, and at most all."""
        found = bisect_left(self.before, position) - 1
        return self.starts[found] + position - self.before[found]


class BusinessTime:
    """Business hours: `week` has the blocks of each day from Monday on, in order and apart.

    `holidays` returns those of a year, on which nobody works.
    """

    def __init__(
        self, zone: ZoneInfo, week: tuple[tuple[Block, ...], ...], holidays: Callable[[int], frozenset[date]]
    ) -> None:
        self._zone = zone
        self._week = week
        self._holidays = holidays
        self._years: dict[int, _Year] = {}

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """See WorkingTime."""
        if end <= start:
            return timedelta(0)
        first, last = self._year_of(start), self._year_of(end)
        passed = self._year(last).position(_micros(end)) - self._year(first).position(_micros(start))
        passed += sum(self._year(year).total for year in range(first, last))
        return timedelta(microseconds=passed)

    def after(self, moment: datetime, amount: timedelta) -> datetime | None:
        """See WorkingTime."""
        year = self._year_of(moment)
        position = self._year(year).position(_micros(moment)) + amount // _MICROSECOND
        while position > self._year(year).total and year <= LAST_YEAR:
            position -= self._year(year).total
            year += 1
        while position <= 0 and year >= FIRST_YEAR:
            year -= 1
            position += self._year(year).total
        if not FIRST_YEAR <= year <= LAST_YEAR:
            return None
        return _EPOCH + timedelta(microseconds=self._year(year).reached(position))

    def _year_of(self, moment: datetime) -> int:
        if FIRST_YEAR < moment.year < LAST_YEAR:  # no zone leads out of the years that are laid out
            return moment.astimezone(self._zone).year
        return max(FIRST_YEAR, min(LAST_YEAR, moment.year))

    def _year(self, year: int) -> _Year:
        found = self._years.get(year)
        if found is None:
            found = self._years[year] = self._laid_out(year)
        return found

    def _laid_out(self, year: int) -> _Year:
        starts, ends, before, total = list[int](), list[int](), list[int](), 0
        closed = self._holidays(year) if FIRST_YEAR <= year <= LAST_YEAR else frozenset()
        day, reached = date(year, 1, 1), 0
        while day.year == year:
            for begin, stop in () if day in closed else self._week[day.weekday()]:
                # Where clocks go forward, what begins in the missing hour may reach into the block before.
                opens, closes = max(self._moment(day, begin), reached), self._moment(day, stop)
                if closes > opens:
                    starts.append(opens)
                    ends.append(closes)
                    before.append(total)
                    total, reached = total + closes - opens, closes
            day += timedelta(days=1)
        return _Year(starts, ends, before, total)

    def _moment(self, day: date, minute: int) -> int:
        whole, rest = divmod(minute, MINUTES_A_DAY)
        local = datetime(day.year, day.month, day.day, tzinfo=self._zone) + timedelta(
            days=whole, minutes=rest
        )
        return _micros(local)


def _micros(moment: datetime) -> int:
    return (moment.astimezone(UTC) - _EPOCH) // _MICROSECOND
