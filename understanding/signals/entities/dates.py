"""Calendar dates, written in digits or with the month's name, as ISO 8601."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise
from typing import Final

from schemas.signals import Entity, EntityKind
from understanding.signals.entities.calendar import Order, nearest, of, of_digits, order_of
from understanding.signals.entities.date_words import MONTHS, PAST_WORDS, SIZES, TIME_WORDS, YET_TO_COME
from understanding.signals.entities.found import Span

_NUMERIC: Final = re.compile(
    r"[0-9](?<![\w.,/:#-][0-9])(?:[0-9]{3}(?P<ysep>[-./])[0-9]{1,2}(?P=ysep)[0-9]{1,2}"
    r"|[0-9]?(?P<sep>[-./])[0-9]{1,2}(?P=sep)(?:[0-9]{4}|[0-9]{2}))"
    r"(?![0-9€$£%/-]|[.:,][0-9]|[a-su-z_])"
)
_RANGE: Final = re.compile(
    r"[0-9](?<![\w.,/:#-][0-9])(?P<first>[0-9]?(?P<sep>[./])[0-9]{1,2}(?:(?P=sep)(?:[0-9]{4}|[0-9]{2}))?)"
    r"(?P=sep)? ?- ?(?P<last>[0-9]{1,2}(?P=sep)[0-9]{1,2}(?:(?P=sep)(?:[0-9]{4}|[0-9]{2})(?![0-9]))?)"
    r"(?![0-9€$£%-]|[.:,/][0-9]|[a-su-z_])"
)
_JOINED: Final = re.compile(r"[0-9][-./][0-9]")
"""Stands in every date that is written in digits alone."""

_PARTS: Final = re.compile(r"[0-9]+")
_GERMAN_DAY: Final = re.compile(r"(?:am|vom|seit|bis|zum|ab|dem|den) ([0-9]{1,2}\.[0-9]{1,2}\.)(?![0-9])")
_DAY_BEFORE: Final = re.compile(r"(?<![\w.,/:#-])([0-9]{1,2})(?:st|nd|rd|th|er|º|\.)? ?(?:of |de |d')?$")
_DAY_AFTER: Final = re.compile(r"\.? ([0-9]{1,2})(?:st|nd|rd|th)?(?![\w:%]|\.[0-9])")
_YEAR_AFTER: Final = re.compile(r"\.?,? ?(?:de |del )?((?:19|20)[0-9]{2})(?![0-9])")
_LOOKED_BACK: Final = 12
_LOOKED_BACK_FOR_SIZES: Final = 24
_SIZE_WORD: Final = re.compile(rf"\b(?:{'|'.join(map(re.escape, SIZES))})")
_TIME_WORD: Final = re.compile(rf"\b(?:{'|'.join(map(re.escape, TIME_WORDS))})\W{{0,2}}$")
_LOOKED_BACK_FOR_PAST: Final = 48
_PAST_WORD: Final = re.compile(
    rf"\b(?:{'|'.join(map(re.escape, PAST_WORDS))})"
    rf"(?:[ ,'(]+(?!(?:{'|'.join(YET_TO_COME)})\b)[^\W\d_]+){{0,5}}[ ,(]*$"
)
_VERB_BEHIND: Final = re.compile(r" (?:be|have|not|also|need|still|well|only)\b")
_BEFORE_DAY: Final = re.compile(
    r"(?:^|\b(?:on|by|from|until|till|since|before|after|the|to|and|between)|[-,.;:(\n]) ?$"
)
_MODAL: Final = frozenset(("may", "mar", "sep", "dic", "gen", "jan"))


def find_dates(flat: str, lower: str, today: date, names: Iterable[str]) -> Iterator[Entity]:
    """Yield calendar dates; `names` are the names of months that are in the text.

    Where the year is not said, the day nearest to `today` counts. All dates of a text have one order of day and month:
    that of those that fit only one, else the one in which they are nearer to `today`. A day behind words such as
    `ordered on` is not yet to come: there the other order counts.
    """
    if _JOINED.search(lower):
        yield from _in_digits(lower, today)
    for name in sorted(names):
        place = lower.find(name)
        while place >= 0:
            end = place + len(name)
            if not lower[place - 1 : place].isalpha() and not lower[end : end + 1].isalpha():
                yield from _beside_month(flat, lower, Span(place, end), today)
            place = lower.find(name, end)


def _in_digits(lower: str, today: date) -> Iterator[Entity]:
    """Yield the days of the calendar that are written in digits."""
    written = [Span(*match.span()) for match in _NUMERIC.finditer(lower) if not _is_size(lower, match)]
    ranges = [*_RANGE.finditer(lower)]
    order = order_of([lower[span.start : span.end] for span in written], today)
    for span in written:
        before = lower[max(0, span.start - _LOOKED_BACK_FOR_PAST) : span.start]
        is_past = _PAST_WORD.search(before) is not None
        day = of_digits(lower[span.start : span.end], today, order, is_past=is_past)
        if day:
            yield _entity(span.start, span.end, day)
    for match in ranges:
        yield from _of_range(match, today, order)
    for match in _GERMAN_DAY.finditer(lower):
        day_of_month, month = map(int, _PARTS.findall(match[1]))
        near = nearest(month, day_of_month, today)
        if near:
            yield _entity(match.start(1), match.end(1), near)


def _beside_month(flat: str, lower: str, name: Span, today: date) -> Iterator[Entity]:
    """Yield the date that stands around a month's name, if one does."""
    month = MONTHS[lower[name.start : name.end]]
    before = _DAY_BEFORE.search(lower, max(0, name.start - _LOOKED_BACK), name.start)
    if before and _is_verb(flat, lower, before.start(), name):
        before = None
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


def _is_verb(flat: str, lower: str, start: int, name: Span) -> bool:
    """Tell whether `may` behind a number is a verb: `of my orders 2 may be late`, `item 5 may arrive`."""
    if flat[name.start : name.end] != "may":
        return False
    if _VERB_BEHIND.match(lower, name.end):
        return True
    goes_on = lower[name.end : name.end + 1] == " " and lower[name.end + 1 : name.end + 2].isalpha()
    bare = lower[start : name.start].strip().isdigit()
    return goes_on and bare and not _BEFORE_DAY.search(lower, max(0, start - _LOOKED_BACK), start)


def _is_size(lower: str, match: re.Match[str]) -> bool:
    """Return whether three short numbers are rather sizes, a meter's reading or a version than a date."""
    parts = [int(part) for part in _PARTS.findall(match[0])]
    if max(parts) >= 100:  # noqa: PLR2004 - a year in full
        return False
    before = lower[max(0, match.start() - _LOOKED_BACK_FOR_SIZES) : match.start()]
    steps = {later - earlier for earlier, later in pairwise(parts)}
    dashed = "-" in match[0] and not _TIME_WORD.search(before)
    return (
        dashed or _SIZE_WORD.search(before) is not None or (len(steps) == 1 and not _TIME_WORD.search(before))
    )


def _of_range(match: re.Match[str], today: date, order: Order) -> Iterator[Entity]:
    """Yield the first and the last day of `05.10.-09.10.2026`; the first has the last's year where it has none."""
    start, end = match.start(), match.end("first")
    first, last = match.string[start:end], match["last"]
    sep = match["sep"]
    if last.count(sep) < 2:  # noqa: PLR2004 - day, month and year have two marks between them
        if first.count(sep) > 1:
            return
        first, last = (f"{part}{sep}{today.year}" for part in (first, last))
    elif first.count(sep) == 1:
        first += sep + last.rpartition(sep)[2]
    days = [of_digits(part, today, order) for part in (first, last)]
    if days[0] and days[1] and days[0] <= days[1]:
        yield _entity(start, end, days[0])
        yield _entity(match.start("last"), match.end("last"), days[1])


def _entity(start: int, end: int, day: date) -> Entity:
    return Entity(EntityKind.DATE, start, end, day.isoformat())
