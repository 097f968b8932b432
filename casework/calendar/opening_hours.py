"""Opening hours as a person writes them in a file: days, blocks, holidays and the time zone, checked."""

import re
from calendar import monthrange
from datetime import date
from functools import partial
from itertools import pairwise
from typing import Annotated, Final, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, PlainSerializer, model_validator
from pydantic_core import PydanticCustomError

from casework.calendar.business_time import MINUTES_A_DAY, Block, BusinessTime

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BLOCK: Final = re.compile(r"(\d\d):([0-5]\d)-(\d\d):([0-5]\d)")
_DAY_OF_A_YEAR: Final = re.compile(r"(\d{4}-)?\d\d-\d\d")
_LEAP_YEAR: Final = 2000


def _days(text: str) -> str:
    first, _, last = text.partition("-")
    if first not in DAYS or (last and last not in DAYS[DAYS.index(first) + 1 :]):
        raise PydanticCustomError("days", "is neither a day nor a range of days: write mon, or mon-fri")
    return text


def _block(text: object) -> Block:
    found = _BLOCK.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise PydanticCustomError("block", 'is no block of hours: write "09:00-17:30", in quotes')
    hours = [int(part) for part in found.groups()]
    begin, stop = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if stop > MINUTES_A_DAY or begin >= stop:
        raise PydanticCustomError(
            "block",
            "does not end after it begins on the same day: split it at midnight, which is 24:00 or 00:00",
        )
    return begin, stop


def _day_of_a_year(value: object) -> str:
    """Return `2026-12-24`, or `12-24` for every year."""
    text = value.isoformat() if isinstance(value, date) else value
    try:
        found = _DAY_OF_A_YEAR.fullmatch(str(text))
        date.fromisoformat(str(text) if found and found[1] else f"{_LEAP_YEAR}-{text}")
    except ValueError as error:
        raise PydanticCustomError(
            "day", 'is no day: write 2026-12-24, or "12-24" for every year, in quotes'
        ) from error
    return str(text)


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise PydanticCustomError("zone", "is no time zone of the IANA list: write one such as Europe/Berlin")
    return name


_Days = Annotated[str, AfterValidator(_days)]
_Blocks = tuple[Annotated[Block, BeforeValidator(_block), PlainSerializer(list)], ...]
_DayOfAYear = Annotated[str, BeforeValidator(_day_of_a_year)]


class Holidays(BaseModel, frozen=True, extra="forbid"):
    """Days on which nobody works: those of a country or a part of it, with own ones added and others removed."""

    country: str | None = None
    subdivision: str | None = None
    add: tuple[_DayOfAYear, ...] = ()
    remove: tuple[_DayOfAYear, ...] = ()

    @model_validator(mode="after")
    def _are_known(self) -> Self:
        if self.country is None:
            if self.subdivision is not None:
                raise PydanticCustomError("country", "names a subdivision without its country")
            return self
        # Imported where a file names a country: it costs a sixth of the start of every worker.
        import holidays  # noqa: PLC0415 - see above

        known = holidays.list_supported_countries()
        if self.country not in known:
            raise PydanticCustomError("country", "names no country that is known: write a code such as DE")
        if self.subdivision and self.subdivision not in known[self.country]:
            raise PydanticCustomError(
                "subdivision",
                "{it} is no subdivision of {country}: use one of {known}",
                {"it": self.subdivision, "country": self.country, "known": ", ".join(known[self.country])},
            )
        return self

    def of(self, year: int) -> frozenset[date]:
        """Return those of a year."""
        found = set[date]()
        if self.country is not None:
            import holidays  # noqa: PLC0415 - as above

            found |= holidays.country_holidays(self.country, subdiv=self.subdivision, years=year).keys()
        return frozenset((found | _in(year, self.add)) - _in(year, self.remove))


def _in(year: int, days: tuple[str, ...]) -> set[date]:
    found = set[date]()
    for text in days:
        *of_year, month, day = (int(part) for part in text.split("-"))
        if of_year in ([], [year]) and day <= monthrange(year, month)[1]:  # not every year has a 29 February
            found.add(date(year, month, day))
    return found


class OpeningHours(BaseModel, frozen=True, extra="forbid"):
    """The hours of one calendar: blocks by day or range of days, all in one time zone."""

    zone: Annotated[str, AfterValidator(_zone)]
    hours: Annotated[dict[_Days, _Blocks], Field(min_length=1)]
    holidays: Holidays = Holidays()

    @model_validator(mode="after")
    def _is_open_at_times(self) -> Self:
        week = self.week()
        if not any(week):
            raise PydanticCustomError(
                "no_hours", "has no hours: nothing would ever be due; give a block at least"
            )
        for day, blocks in zip(DAYS, week, strict=True):
            for before, after in pairwise(blocks):
                if after[0] < before[1]:
                    raise PydanticCustomError(
                        "overlap",
                        "has blocks of {day} that overlap, {before} and {after}: make one of them or part them",
                        {"day": day, "before": _written(before), "after": _written(after)},
                    )
        return self

    def week(self) -> tuple[tuple[Block, ...], ...]:
        """Return the blocks of each day from Monday on, sorted."""
        found: list[list[Block]] = [[] for _ in DAYS]
        for days, blocks in self.hours.items():
            first, _, last = days.partition("-")
            for number in range(DAYS.index(first), DAYS.index(last or first) + 1):
                found[number] += blocks
        return tuple(tuple(sorted(blocks)) for blocks in found)

    def business_time(self) -> BusinessTime:
        """Return the arithmetic of these hours."""
        return BusinessTime(ZoneInfo(self.zone), self.week(), partial(Holidays.of, self.holidays))


def _written(block: Block) -> str:
    return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in block)
