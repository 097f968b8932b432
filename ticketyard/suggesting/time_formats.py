"""Which time formats fit a column's values, and whether more than one does."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import product
from typing import Any, Final, NamedTuple

from ticketyard.mapping.times import RowRejected, TimeReading, parse_time

_DATES: Final = (
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y",
    "%d.%m.%y", "%d/%b/%y", "%d/%b/%Y", "%d-%b-%Y", "%d %b %Y", "%d %b %y", "%b %d, %Y", "%b %d %Y", "%B %d, %Y",
    "%d %B %Y",
)  # fmt: skip
_CLOCKS: Final = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "")
_ENDS: Final = ("", " %z", " %Z")
FORMATS: Final = (
    "iso",
    *(
        f"{date}{between}{clock}{end}".strip()
        for date, clock, end in product(_DATES, _CLOCKS, _ENDS)
        for between in ((" ", ", ") if clock else ("",))
        if clock or not end
    ),
    "epoch_s",
    "epoch_ms",
)
"""What is tried, the likeliest first."""


class TimeGuess(NamedTuple):
    """The formats that fit every value of a column and mean different moments, and whether values name a zone."""

    formats: tuple[str, ...]
    zoned: bool

    @property
    def ambiguous(self) -> bool:
        """Whether a person must choose."""
        return len(self.formats) > 1


def guess(values: Iterable[Any], *, latest: datetime) -> TimeGuess | None:
    """Return how a column writes times; None where no format that is known fits all of it."""
    found = list(values)
    if not found:
        return None
    if all(isinstance(value, datetime) for value in found):
        return TimeGuess(("iso",), all(value.tzinfo is not None for value in found))
    fitting: dict[tuple[datetime, ...], str] = {}
    for form in FORMATS:
        moments = _moments(found, TimeReading((form,), "UTC", latest))
        if moments is not None:
            fitting.setdefault(moments, form)
    if not fitting:
        return None
    formats = tuple(fitting.values())
    zoned = _moments(found, TimeReading(formats[:1], None, latest)) is not None
    return TimeGuess(formats, zoned)


def _moments(values: Sequence[Any], how: TimeReading) -> tuple[datetime, ...] | None:
    try:
        return tuple(parse_time(value, how, "").astimezone(UTC) for value in values)
    except RowRejected:
        return None
