"""Amounts of money: a number beside a currency's sign, code or name."""

import re
from collections.abc import Iterator
from typing import Final

from schemas.signals import Entity, EntityKind
from understanding.signals.lexicons.lexicon import by_word, lexicon

_LISTS: Final = lexicon("currencies")

CURRENCIES: Final[dict[str, str]] = {
    **{code.lower(): code for code in _LISTS["codes"].split()},
    **_LISTS["signs"],
    **by_word(_LISTS["names"]),
}
"""ISO 4217 code by sign, code or name in lower case. Names without a country are those of the largest."""

_NUMBER: Final = re.compile(
    r"[0-9](?<![\w.,][0-9])(?:[0-9]{0,2}(?:[ .,'][0-9]{3}){1,4}(?![0-9])"
    r"|[0-9]{0,11})(?:[.,](?:[0-9]{1,2}|-{1,2}))?(?![0-9])"
)
_AFTER: Final = re.compile(r"(?:,-)? ?(k |[a-złó]{1,3}\$|[€$£¥₹₽₺₩₪₴]|[a-złó]{2,8}(?![\w]))")
_BEFORE: Final = re.compile(r"(?:(?<![a-zł])([a-z]{1,2}\$|[a-z]{2,3})|([€$£¥₹₽₺₩₪₴])) ?$")
_TRAPPED_BEHIND: Final = ("weigh", "weight", "lbs", "heavy")
_SEPARATORS: Final = re.compile(r"[ .,']")


def find_amounts(flat: str, lower: str) -> Iterator[Entity]:
    """Yield amounts: `value` a decimal number such as `1234.50`, `unit` the currency's ISO 4217 code."""
    for number in _NUMBER.finditer(flat):
        start, end = number.span()
        after = _AFTER.match(lower, end)
        unit = CURRENCIES.get(after[1]) if after else None
        if after and unit and not _is_weight(lower, start, after[1]):
            end = after.end(1)
        else:
            before = _BEFORE.search(lower, max(0, start - 4), start)
            unit = CURRENCIES.get(before[1] or before[2]) if before else None
            start = before.start() if before else start
        if unit:
            yield Entity(EntityKind.AMOUNT, start, end, decimal(number[0]), unit)


def decimal(written: str) -> str:
    """Return a written number with a point before its fraction and nothing between its thousands.

    The last separator begins a fraction if one or two digits follow it; three digits are thousands.
    """
    written = written.rstrip("-.,")
    parts = _SEPARATORS.split(written)
    if len(parts) == 1:
        return str(int(written))
    fraction = parts[-1] if len(parts[-1]) < 3 else ""  # noqa: PLR2004 - thousands come in threes
    whole = str(int("".join(parts[:-1] if fraction else parts)))
    return f"{whole}.{fraction:0<2}" if fraction else whole


def _is_weight(lower: str, start: int, unit: str) -> bool:
    return unit == "pounds" and any(word in lower[max(0, start - 20) : start] for word in _TRAPPED_BEHIND)
