"""Calendar dates, written in digits or with the month's name, as ISO 8601."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final

from schemas.signals import Entity, EntityKind
from understanding.signals.entities.date_words import MONTHS
from understanding.signals.entities.found import Span

_NUMERIC: Final = re.compile(
    r"[0-9](?<![\w.,/:#-][0-9])(?:[0-9]{3}(?P<ysep>[-./])[0-9]{1,2}(?P=ysep)[0-9]{1,2}"
    r"|[0-9]?(?P<sep>[-./])[0-9]{1,2}(?P=sep)(?:[0-9]{4}|[0-9]{2}))"
    r"(?![0-9€$£%/-]|[.:,][0-9]|[a-su-z_])"
)
_PARTS: Final = re.compile(r"[0-9]+")
_GERMAN_DAY: Final = re.compile(r"(?:am|vom|seit|bis|zum|ab|dem|den) ([0-9]{1,2}\.[0-9]{1,2}\.)(?![0-9])")
_DAY_BEFORE: Final = re.compile(r"(?<![\w.,/:#-])([0-9]{1,2})(?:st|nd|rd|th|er|º|\.)? ?(?:of |de |d')?$")
_DAY_AFTER: Final = re.compile(r"\.? ([0-9]{1,2})(?:st|nd|rd|th)?(?![\w:%]|\.[0-9])")
_YEAR_AFTER: Final = re.compile(r"\.?,? ?(?:de |del )?((?:19|20)[0-9]{2})(?![0-9])")
_LOOKED_BACK: Final = 12
_MODAL: Final = frozenset(("may", "mar", "sep", "dic", "gen", "jan"))
_CENTURY: Final = 2000
_OLDEST: Final = 1900


def find_dates(flat: str, lower: str, today: date, names: Iterable[str]) -> Iterator[Entity]:
    """Yield calendar dates; `names` are the names of months that are in the text.

    Where the order of day and month is open, or the year is not said, the reading nearer to `today` counts.
    """
    for match in _NUMERIC.finditer(lower):
        day = _of_digits(match[0], today)
        if day:
            yield _entity(match.start(), match.end(), day)
    for match in _GERMAN_DAY.finditer(lower):
        day_of_month, month = map(int, _PARTS.findall(match[1]))
        near = nearest(month, day_of_month, today)
        if near:
            yield _entity(match.start(1), match.end(1), near)
    for name in sorted(names):
        place = lower.find(name)
        while place >= 0:
            end = place + len(name)
            if not lower[place - 1 : place].isalpha() and not lower[end : end + 1].isalpha():
                yield from _beside_month(flat, lower, Span(place, end), today)
            place = lower.find(name, end)


def _beside_month(flat: str, lower: str, name: Span, today: date) -> Iterator[Entity]:
    """Yield the date that stands around a month's name, if one does."""
    month = MONTHS[lower[name.start : name.end]]
    before = _DAY_BEFORE.search(lower, max(0, name.start - _LOOKED_BACK), name.start)
    # `may 5` and the like may be other words; a capital says that the month is meant.
    after = None if before or _is_modal(flat, name) else _DAY_AFTER.match(lower, name.end)
    year = _YEAR_AFTER.match(lower, after.end() if after else name.end)
    day_of_month = before or after
    last = year or after
    start, end = before.start() if before else name.start, last.end() if last else name.end
    if day_of_month:
        number = int(day_of_month[1])
        day = of(int(year[1]), month, number) if year else nearest(month, number, today)
        if day:
            yield _entity(start, end, day)
    elif year:
        yield Entity(EntityKind.DATE, start, end, f"{year[1]}-{month:02d}")


def _is_modal(flat: str, name: Span) -> bool:
    return flat[name.start].islower() and flat[name.start : name.end] in _MODAL


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


def _of_digits(written: str, today: date) -> date | None:
    first, second, third = (int(part) for part in _PARTS.findall(written))
    if first >= _OLDEST:
        return of(first, second, third)
    year = third if third >= 100 else _CENTURY + third  # noqa: PLR2004 - two digits are of this century
    if year < _OLDEST:
        return None
    day_first, month_first = of(year, second, first), of(year, first, second)
    if "." in written or not month_first or not day_first:
        return day_first or (None if "." in written else month_first)
    return min(day_first, month_first, key=lambda found: abs(found - today))


def _entity(start: int, end: int, day: date) -> Entity:
    return Entity(EntityKind.DATE, start, end, day.isoformat())


def plus_days(day: date, days: int) -> date | None:
    """Return the day so many days later; None where the calendar ends."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None
