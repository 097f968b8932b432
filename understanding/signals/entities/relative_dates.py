"""Dates that a text counts from its own day: `yesterday`, `last Friday`, `in 3 days`, in six languages."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from schemas.signals import Entity, EntityKind
from understanding.signals.entities.calendar import of, plus_days
from understanding.signals.entities.date_words import (
    DAYS_FROM_TODAY,
    LAST,
    NEXT,
    NOT_A_DAY_AFTER,
    NOT_A_DAY_BEFORE,
    NUMBERS,
    PARTS_OF_DAYS,
    UNITS,
    WEEKDAYS,
)
from understanding.signals.entities.found import Span
from understanding.signals.lexicons.lexicon import words_in

_DAYS_IN_WEEK: Final = 7
_MONTHS_IN_YEAR: Final = 12


def _any(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


_COUNTED: Final = re.compile(rf"\b(?:{_any(DAYS_FROM_TODAY)})\b")
_WORD_BEFORE: Final = re.compile(r"([^\W\d_]+)\W{1,2}$")
_WORD_AFTER: Final = re.compile(r"\W{1,2}([^\W\d_]+)")
_NUMBER: Final = rf"(?P<n>[0-9]{{1,3}}|{_any(NUMBERS)})"
_UNIT: Final = rf"(?P<unit>{_any(UNITS)})"
_AGO: Final = re.compile(
    rf"\b(?:(?:about |over |more than )?{_NUMBER} (?:of )?(?:business |working )?{_UNIT} (?:ago|fa|atrás"
    rf"|back)\b"
    rf"|(?:vor|il y a|hace|há) (?:etwa |über |environ "
    rf"|cerca de )?{_NUMBER.replace('<n>', '<n2>')} {_UNIT.replace('<unit>', '<unit2>')}\b)"
)
_AHEAD: Final = re.compile(
    rf"\b(?:in|within|innerhalb von|dans|en|dentro de|entro|tra|fra|em|daqui a) {_NUMBER} (?:business "
    rf"|working )?{_UNIT}\b"
)
_AGO_SIGNS: Final = (" ago", " fa", " atrás", " back", "vor ", "il y a ", "hace ", "há ")
"""Of which each match of `_AGO` has one."""

_BESIDE_BEFORE: Final = re.compile(r"([^\W\d_]+) (?:([^\W\d_]+) )?$")
_BESIDE_AFTER: Final = re.compile(r" ([^\W\d_]+)")
_DIRECTLY: Final = frozenset(["last", "next", "letzten", "nächsten"])
_LOOKED_BACK: Final = 30
_PERIOD: Final = re.compile(
    r"\b(?:(?P<before>last|next|this|letzte[rsn]?|nächste[rsn]?|diese[rsnm]?|la|le|el|il|próxim[oa]"
    r"|últim[oa]|ce|cette|est[ea]|quest[oa]) "
    r"(?P<name>week|month|year|woche|monat|jahr|semaine|mois|semana|mes|mês|settimana"
    r"|mese)\b(?: (?P<after>[^\W\d_]+))?)"
)
_SPAN_WORDS: Final = words_in(
    "ago fa atrás back vor il hace há in within innerhalb dans en dentro entro tra fra em daqui"
)
_NOW: Final = words_in("this diese dieser dieses diesen diesem ce cette este esta esto questo questa")


_DATED_UNITS: Final = frozenset(name for name, unit in UNITS.items() if unit != "none")
_WEEKDAY_NAMES: Final = frozenset(WEEKDAYS)
_BESIDE_PERIODS: Final = LAST | NEXT | _NOW


def find_relative_dates(lower: str, today: date, words: frozenset[str]) -> Iterator[Entity]:
    """Yield dates that are counted from `today`: a day, a week (first/last day) or a month (YYYY-MM).

    `words` are the words of the text; what cannot be in it is not looked for.
    """
    if not _DATED_UNITS.isdisjoint(words):
        if not _SPAN_WORDS.isdisjoint(words):
            yield from _spans(lower, today)
        if not _BESIDE_PERIODS.isdisjoint(words):
            yield from _periods(lower, today)
    if not PARTS_OF_DAYS.isdisjoint(words):
        yield from _days(lower, today)
    for name in sorted(words & _WEEKDAY_NAMES):
        yield from _weekdays(lower, name, today)


def _days(lower: str, today: date) -> Iterator[Entity]:
    for match in _COUNTED.finditer(lower):
        words = match[0]
        before = _WORD_BEFORE.search(lower, max(0, match.start() - 20), match.start())
        after = _WORD_AFTER.match(lower, match.end())
        if before and before[1] in NOT_A_DAY_AFTER.get(words, ()):
            continue
        if after and after[1] in NOT_A_DAY_BEFORE.get(words, ()):
            continue
        yield from _day(match.start(), match.end(), plus_days(today, DAYS_FROM_TODAY[words]))


def _spans(lower: str, today: date) -> Iterator[Entity]:
    for match in _AGO.finditer(lower) if any(map(lower.__contains__, _AGO_SIGNS)) else ():
        number, unit = match["n"] or match["n2"], match["unit"] or match["unit2"]
        yield from _counted(match, -_count(number), UNITS[unit], today)
    for match in _AHEAD.finditer(lower):
        yield from _counted(match, _count(match["n"]), UNITS[match["unit"]], today)


def _counted(match: re.Match[str], count: int, unit: str, today: date) -> Iterator[Entity]:
    if unit in {"day", "week"}:
        yield from _day(*match.span(), plus_days(today, count * (_DAYS_IN_WEEK if unit == "week" else 1)))
    elif unit in {"month", "year"}:
        month = _plus_months(today, count * (_MONTHS_IN_YEAR if unit == "year" else 1))
        if month:
            yield Entity(EntityKind.DATE, match.start(), match.end(), month)


def _weekdays(lower: str, name: str, today: date) -> Iterator[Entity]:
    """Yield the days of this name that a word beside them puts before or behind today."""
    place = lower.find(name)
    while place >= 0:
        end = place + len(name)
        if not lower[place - 1 : place].isalpha() and not lower[end : end + 1].isalpha():
            yield from _weekday(lower, Span(place, end), today)
        place = lower.find(name, end)


def _weekday(lower: str, name: Span, today: date) -> Iterator[Entity]:
    start, end = name
    before = _BESIDE_BEFORE.search(lower, max(0, start - _LOOKED_BACK), start)
    after = _BESIDE_AFTER.match(lower, end)
    beside = {*(before.groups("") if before else ()), after[1] if after else ""}
    if beside & LAST:
        distance = -((today.weekday() - WEEKDAYS[lower[start:end]] - 1) % _DAYS_IN_WEEK + 1)
    elif beside & NEXT:
        distance = (WEEKDAYS[lower[start:end]] - today.weekday() - 1) % _DAYS_IN_WEEK + 1
    else:
        return
    if before and before.groups("")[bool(before[2])] in _DIRECTLY:
        start = before.start(2 if before[2] else 1)
    if after and after[1] in LAST | NEXT:
        end = after.end(1)
    yield from _day(start, end, plus_days(today, distance))


def _periods(lower: str, today: date) -> Iterator[Entity]:
    for match in _PERIOD.finditer(lower):
        beside = {match["before"], match["after"] or ""}
        direction = -1 if beside & LAST else 1 if beside & NEXT else 0 if beside & _NOW else None
        if direction is None:
            continue
        unit = UNITS[match["name"]]
        end = match.end("after") if match["after"] in LAST | NEXT else match.end("name")
        value = _period(unit, direction, today)
        if value:
            yield Entity(EntityKind.DATE, match.start("before"), end, value)


def _period(unit: str, direction: int, today: date) -> str | None:
    if unit == "week":
        monday = plus_days(today, -today.weekday() + _DAYS_IN_WEEK * direction)
        sunday = plus_days(monday, _DAYS_IN_WEEK - 1) if monday else None
        return f"{monday}/{sunday}" if sunday else None
    if unit == "month":
        return _plus_months(today, direction)
    year = today.year + direction
    return f"{year:04d}" if of(year, 1, 1) else None


def _plus_months(today: date, months: int) -> str | None:
    year, month = divmod(today.year * _MONTHS_IN_YEAR + today.month - 1 + months, _MONTHS_IN_YEAR)
    return f"{year:04d}-{month + 1:02d}" if of(year, 1, 1) else None


def _count(written: str) -> int:
    return int(written) if written.isdigit() else NUMBERS[written]


def _day(start: int, end: int, day: date | None) -> Iterator[Entity]:
    if day:
        yield Entity(EntityKind.DATE, start, end, day.isoformat())
