"""From a cell to a moment: formats, zones by name, and what no ticket's time can be."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.errors import Permanent

EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
"""No help desk's export is older; what is was read with the wrong format."""

_NUMBERS: Final = {
    "epoch_s": (datetime(1970, 1, 1, tzinfo=UTC), timedelta(seconds=1)),
    "epoch_ms": (datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)),
    "excel": (datetime(1899, 12, 30), timedelta(days=1)),  # noqa: DTZ001 - Excel's days have no zone
}
_DURATION: Final = re.compile(r"(\d{1,6}):(\d{2})(?::(\d{2}))?")
_ISO: Final = "iso"
_WORDS_OF_UTC: Final = frozenset({"UTC", "GMT", "UT", "Z"})
_OFFSET: Final = re.compile(r"(?:UTC|GMT)([+-])(\d{1,2}):?(\d{2})?")
_ISO_WITH_ZONE: Final = re.compile(r"(.*\d)\s*([A-Za-z][A-Za-z_/+\-:0-9]*)")
_ISO_WITH_SPACED_OFFSET: Final = re.compile(r"(.*\d)\s+([+-]\d{2}:?\d{2})")
_ZONE_WORD: Final = re.compile(r"[A-Za-z]+(?:[_/-][A-Za-z_]+)*(?:[+-]\d{1,2}(?::?\d{2})?)?")


class RowRejected(Permanent):
    """A row cannot become an event; the message says which column and why."""


class TimeReading(NamedTuple):
    """How to read a time: its formats, the zone of times without one, and the latest that there can be."""

    formats: tuple[str, ...]
    zone: str | None
    latest: datetime


def check_format(form: str) -> str:
    """Return a format that can be used; ValueError names what is wrong with another."""
    if form == _ISO or form in _NUMBERS:
        return form
    if "%" not in form:
        raise ValueError(
            f"{form!r} is no time format: use iso, {', '.join(_NUMBERS)} or strptime's %Y-%m-%d %H:%M"
        )
    try:
        datetime.strptime(datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC).strftime(form), form)  # noqa: DTZ007 - a try
    except ValueError as error:
        raise ValueError(f"{form!r} is no time format: {error}") from error
    return form


def parse_time(value: Any, how: TimeReading, column: str) -> datetime:
    """Return a cell as a time in UTC. Raises RowRejected where no format fits, no zone is known, or it cannot be."""
    found = value if isinstance(value, datetime) else _parsed(str(value).strip(), how, column)
    if found.tzinfo is None:
        if how.zone is None:
            raise RowRejected(
                f"column {column}: {shown(value)} has no offset from UTC; name its zone in the mapping or with --zone"
            )
        found = found.replace(tzinfo=_zone(how.zone))
    try:
        found = found.astimezone(UTC)
    except OverflowError:  # in UTC it would lie outside of the years 1 to 9999; so it is refused as it stands
        found = found.replace(tzinfo=UTC)
    if not EARLIEST <= found <= how.latest:
        what = "before 1990" if found < EARLIEST else "in the future"
        raise RowRejected(
            f"column {column}: {shown(value)} would be {found:%Y-%m-%d %H:%M} UTC, which is {what}; "
            f"read as {' or '.join(how.formats)}: name the right format"
        )
    return found


def parse_duration(text: str, unit: str, column: str) -> timedelta:
    """Return how long a cell says: a number of a unit (hours, say), or 1:30:00. Raises RowRejected."""
    clock = _DURATION.fullmatch(text)
    try:
        if clock:
            return timedelta(hours=int(clock[1]), minutes=int(clock[2]), seconds=int(clock[3] or 0))
        found = timedelta(**{unit: float(text)})
    except (ValueError, OverflowError) as error:
        raise RowRejected(f"column {column}: {shown(text)} is no number of {unit} and no 1:30:00") from error
    if found < timedelta(0):
        raise RowRejected(f"column {column}: {shown(text)} is a time before it began")
    return found


def later(began: datetime, by: timedelta, value: Any, column: str) -> datetime:
    """Return the time that is so long after another; `value` is the cell that said how long. Raises RowRejected."""
    try:
        return began + by
    except OverflowError as error:
        raise RowRejected(
            f"column {column}: {shown(value)} after {began:%Y-%m-%d %H:%M} UTC is no time that a calendar has"
        ) from error


def shown(value: Any) -> str:
    """Return a cell as it is shown in a message: in quotes, and not too long."""
    text = str(value)
    return repr(text if len(text) <= 80 else f"{text[:80]}…")  # noqa: PLR2004 - said above


def _parsed(text: str, how: TimeReading, column: str) -> datetime:
    problems = []
    for form in how.formats:
        try:
            return _read(text, form, how.zone)
        except UnknownZoneError as error:
            problems.append(str(error))
        except (ValueError, OverflowError):
            continue
    if problems:
        raise RowRejected(f"column {column}: {shown(text)}: {problems[0]}")
    raise RowRejected(f"column {column}: {shown(text)} is no time of the form {' or '.join(how.formats)}")


class UnknownZoneError(ValueError):
    """A time names a zone that means nothing, or several things."""


def _read(text: str, form: str, zone: str | None) -> datetime:
    if form == _ISO:
        return _read_iso(text, zone)
    if form in _NUMBERS:
        start, unit = _NUMBERS[form]
        return start + float(text) * unit
    if "%Z" in form:
        return _read_with_zone(text, form, zone)
    return datetime.strptime(text, form)  # noqa: DTZ007 - parse_time adds the zone that the mapping names


def _read_iso(text: str, zone: str | None) -> datetime:
    """Read ISO 8601, and what many tools write for it: a space before the offset, or a zone's name behind."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        spaced = _ISO_WITH_SPACED_OFFSET.fullmatch(text)
        if spaced:
            return datetime.fromisoformat(spaced[1] + spaced[2])
        named = _ISO_WITH_ZONE.fullmatch(text)
        if named is None:
            raise
        return _in_zone(datetime.fromisoformat(named[1]), named[2], zone)


def _read_with_zone(text: str, form: str, zone: str | None) -> datetime:
    """Read a pattern with %Z, which strptime would accept for few names and then forget."""
    tried: list[UnknownZoneError] = []
    for word in _ZONE_WORD.finditer(text):
        # The name's place is held by a character that no time has.
        rest = f"{text[: word.start()]}\x00{text[word.end() :]}"
        try:
            moment = datetime.strptime(rest, form.replace("%Z", "\x00"))  # noqa: DTZ007 - _in_zone adds it
        except ValueError:
            continue
        try:
            return _in_zone(moment, word[0], zone)
        except UnknownZoneError as error:
            tried.append(error)
    raise tried[0] if tried else ValueError(f"{text!r} does not fit {form!r}")


def _in_zone(moment: datetime, name: str, zone: str | None) -> datetime:
    """Return a local time in a zone that is named in full, or by a short name that the mapping's zone has then."""
    known = _named_zone(name)
    if known is not None:
        return moment.replace(tzinfo=known)
    if zone is not None:
        for fold in (0, 1):  # the hour that clocks go through twice has a name for each
            local = moment.replace(tzinfo=_zone(zone), fold=fold)
            if local.tzname() == name:
                return local
    there = f"; it is none of {zone} at that time" if zone else ""
    raise UnknownZoneError(
        f"the zone {name} means several things or nothing{there}: say in the mapping's `zone` "
        "where it is, or export the times in UTC"
    )


@cache
def _named_zone(name: str) -> tzinfo | None:
    if name.upper() in _WORDS_OF_UTC:
        return UTC
    offset = _OFFSET.fullmatch(name.upper())
    if offset:
        size = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        return timezone(size if offset[1] == "+" else -size) if size < timedelta(hours=24) else None
    if (
        "/" not in name
    ):  # CET and EST are zones of their own in the data base, and are not what people mean in summer
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
