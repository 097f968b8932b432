"""The words of dates in six languages: months, weekdays, days counted from today, units, numbers."""

from typing import Final

from understanding.signals.lexicons.lexicon import by_word, lexicon, words_in

_LISTS: Final = lexicon("dates")

MONTHS: Final = {
    name: number for number, names in enumerate(_LISTS["months"], start=1) for name in names.split()
}
"""1 to 12 by name, whole or shortened, in lower case."""

WEEKDAYS: Final = {name: number for number, names in enumerate(_LISTS["weekdays"]) for name in names.split()}
"""0 for Monday to 6 for Sunday by name, in lower case."""

DAYS_FROM_TODAY: Final[dict[str, int]] = {
    name: days for days, names in _LISTS["days_from_today"].items() for name in names
}
"""Days from the message's own day, by expression in lower case."""

NOT_A_DAY_AFTER: Final = {name: words_in(words) for name, words in _LISTS["not_a_day_after"].items()}
"""Words behind which an expression means something else, such as `guten Morgen`."""

NOT_A_DAY_BEFORE: Final = {name: words_in(words) for name, words in _LISTS["not_a_day_before"].items()}
"""Words before which an expression means something else: `hier` is German as well."""

UNITS: Final[dict[str, str]] = by_word(_LISTS["units"])
"""day, week, month or year by name; `none` for what is shorter than a day."""

NUMBERS: Final[dict[str, int]] = by_word(_LISTS["numbers"])
"""Numbers that people write as words."""

LAST: Final = words_in(_LISTS["last"])
"""A weekday, week or month beside one of these lies behind."""

NEXT: Final = words_in(_LISTS["next"])
"""A weekday, week or month beside one of these lies ahead."""

SIZES: Final = tuple(_LISTS["sizes"].split())
"""Beginnings of words behind which three short numbers are no date."""

TIME_WORDS: Final = tuple(_LISTS["time_words"].split())
"""Words behind which three short numbers are a date."""

PAST_WORDS: Final = tuple(_LISTS["past_words"])
"""Words before a day that is over."""

YET_TO_COME: Final = tuple(_LISTS["yet_to_come"].split())
"""Words behind which it is not over after all: ordered for Friday."""

PARTS_OF_DAYS: Final = frozenset(part for name in DAYS_FROM_TODAY for part in (name, *name.split()))
"""Words of which a text has one if it has one of DAYS_FROM_TODAY."""

TRIGGERS: Final = PARTS_OF_DAYS | UNITS.keys() | WEEKDAYS.keys()
"""A text without any of these words names no relative date."""
