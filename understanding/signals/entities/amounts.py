"""Amounts of money: a number beside a currency's sign, code or name. A wrong magnitude is worse than no amount."""

import re
from collections.abc import Iterator
from typing import Final

from schemas.signals import Entity, EntityKind
from understanding.signals.entities.found import Scan
from understanding.signals.entities.numbers import decimal, times
from understanding.signals.entities.tables import parted
from understanding.signals.lexicons.lexicon import by_word, lexicon, words_in

_LISTS: Final = lexicon("currencies")
_KRONE: Final = {name: words_in(words) for name, words in _LISTS["krone"].items()}
_KRONES: Final = _KRONE.pop("names")
_ANY_KRONE: Final = "krone"

CURRENCIES: Final[dict[str, str]] = {
    **{code.lower(): code for code in _LISTS["codes"].split()},
    **_LISTS["signs"],
    **by_word(_LISTS["names"]),
    **dict.fromkeys(_KRONES, _ANY_KRONE),
    **_LISTS["unspaced"],
}
"""ISO 4217 code by sign, code or name in lower case. Names without a country are those of the largest."""

_CAPITALS: Final = words_in(_LISTS["only_in_capitals"])
_MULTIPLIERS: Final = {name: int(factor) for name, factor in by_word(_LISTS["multipliers"]).items()}
_GLUED: Final[dict[str, int]] = _LISTS["glued_multipliers"]
_UNSPACED: Final = "|".join(sorted(map(re.escape, _LISTS["unspaced"]), key=len, reverse=True))
SIGNS: Final = re.compile(f"[€$£¥₹₽₺₩₪₴₱₫₦]|zł|kč|{_UNSPACED}")
"""What shows that a text may name an amount, besides the words among CURRENCIES."""

# Not those of scripts without spaces: a number may follow them.
_LETTERS: Final = "a-z\u00df-\u024f\u0400-\u04ff"
_NUMBER: Final = re.compile(
    rf"(?<![{_LETTERS}0-9_.,'千万億亿만억])"
    r"(?:[0-9]{1,3}(?: [0-9]{3}){1,4}(?:[.,][0-9]{1,2})?(?![0-9]|[.,][0-9])"
    r"|[0-9]{1,15}(?:[.,'][0-9]{1,15}){0,6}(?!'?[0-9]))"
)
_AFTER: Final = re.compile(
    rf"(?:[.,]-{{1,2}}|-(?=[{_LETTERS}]))?(?P<glued>[kmb](?![{_LETTERS}0-9])|[千万億亿만억])?"
    rf"(?: ?(?P<factor>[{_LETTERS}]{{2,10}})(?![{_LETTERS}0-9])\.?)?"
    rf" ?(?P<unit>{_UNSPACED}|[a-z]{{1,3}}\$|[€$£¥₹₽₺₩₪₴₱₫₦]|[{_LETTERS}]{{2,9}}(?![\w]))?"
)
_BEFORE: Final = re.compile(
    rf"(?:(?<![{_LETTERS}])([a-z]{{1,2}}\$|[{_LETTERS}]{{2,3}})\.?|([€$£¥₹₽₺₩₪₴₱₫₦])) ?[-+]?$"
)
_MOST_BEFORE: Final = 6
_UNKNOWN_FACTOR: Final = re.compile(rf"[ac-jln-z](?![{_LETTERS}0-9])")
_TO_NUMBER: Final = re.compile("[-\u2013][0-9]")
_FROM_NUMBER: Final = re.compile("[0-9][-\u2013]$")
_TRAPPED_BEHIND: Final = ("weigh", "weight", "lbs", "heavy")
_KANA: Final = re.compile("[\u3040-\u30ff]")
_HAN: Final = re.compile("[\u4e00-\u9fff]")
_PER_UNIT: Final = re.compile(r" ?(?:/|per |pro |je |par |por )(?:l\b|kwh|liter|litre|litro|m³|m3|unit|min)")
_POINT_GROUPS: Final = words_in(_LISTS["point_groups"])
_THREE_DECIMALS: Final = words_in(_LISTS["three_decimals"])


def find_amounts(scanned: Scan, words: frozenset[str]) -> Iterator[Entity]:
    """Yield amounts: `value` a decimal number such as `1234.50`, `unit` the currency's ISO 4217 code.

    `unit` is empty for a krone of which the text's words do not say the country. In lines of a pasted table with
    commas between the cells, a comma is no part of a number. What can be read as two magnitudes is no amount.
    """
    lower, flat = parted(scanned), scanned.flat
    for number in _NUMBER.finditer(lower):
        start, end = number.span()
        found = _behind(flat, lower, number) or _ahead(flat, lower, number)
        if found is None:
            continue
        begin, stop, currency, factor, before = found
        value = _value(lower, start, end, currency, before=before)
        value = times(value, factor) if value and factor > 1 else value
        if value and not _is_half_of_range(lower, begin, stop, before=before):
            unit = _krone(words) if currency == _ANY_KRONE else _yen(lower, currency)
            yield Entity(EntityKind.AMOUNT, begin, stop, value, unit)


def _is_half_of_range(lower: str, begin: int, stop: int, *, before: bool) -> bool:
    """Tell whether the range's other end has no currency beside it (`$5-10`, `10-20 EUR`): half of it is no amount."""
    if before:
        return _TO_NUMBER.match(lower, stop) is not None
    return _FROM_NUMBER.search(lower, max(0, begin - 2), begin) is not None


def _value(lower: str, start: int, end: int, currency: str, *, before: bool) -> str | None:
    """Return the number's value by how the currency is written: before its number the point is a fraction's."""
    by_point = currency in _POINT_GROUPS or currency == _ANY_KRONE or not before
    return decimal(
        lower[start:end],
        point_groups=by_point and currency not in _THREE_DECIMALS,
        three_decimals=currency in _THREE_DECIMALS or _PER_UNIT.search(lower, end, end + 16) is not None,
        multiplied=_glued_factor(lower, end),
    )


def _glued_factor(lower: str, end: int) -> bool:
    after = _AFTER.match(lower, end)
    return after is not None and _factor(after) > 1


_Found = tuple[int, int, str, int, bool]
"""Start and end of the amount, its currency, what its number is multiplied by, whether the currency stands before."""


def _behind(flat: str, lower: str, number: re.Match[str]) -> _Found | None:
    start, end = number.span()
    after = _AFTER.match(lower, end)
    if after is None:
        return None
    unit, factor, stop = after["unit"], _factor(after), after.end()
    # What was taken for a factor may be the currency, with a word behind it.
    if after["factor"] and (unit is None or not _factor_of_word(after)):
        unit, stop = after["factor"], after.end("factor")
    currency = _currency(flat, unit, stop) if unit else None
    if currency is None or _is_weight(lower, start, unit or ""):
        return None
    return start, stop, currency, factor, False


def _ahead(flat: str, lower: str, number: re.Match[str]) -> _Found | None:
    start, end = number.span()
    before = _BEFORE.search(lower, max(0, start - _MOST_BEFORE), start)
    name = (before[1] or before[2]) if before else None
    if before is None or name is None:
        return None
    currency = _currency(flat, name, before.end(1) if before[1] else before.end(2))
    if currency is None:
        return None
    if _UNKNOWN_FACTOR.match(lower, end):
        return None
    after = _AFTER.match(lower, end)
    factor = _factor(after) if after else 1
    stop = end
    if after and factor > 1:
        stop = after.end("factor") if _factor_of_word(after) else after.end("glued")
    return before.start(), stop, currency, factor, True


def _factor(after: re.Match[str]) -> int:
    return _GLUED.get(after["glued"] or "", 1) * (_factor_of_word(after) or 1)


def _factor_of_word(after: re.Match[str]) -> int | None:
    return _MULTIPLIERS.get(after["factor"] or "")


def _currency(flat: str, name: str, end: int) -> str | None:
    if name in _CAPITALS and flat[end - len(name) : end].islower():
        return None
    return CURRENCIES.get(name)


def _krone(words: frozenset[str]) -> str:
    """Return whose krone a text means by the words of the language; empty where they do not tell."""
    told = {code: len(own & words) for code, own in _KRONE.items()}
    best = max(told, key=lambda code: told[code])
    return best if sorted(told.values())[-2] < told[best] else ""


def _yen(lower: str, currency: str) -> str:
    """The sign ¥ is a yuan's too: in a text of Chinese characters without Japanese ones it is that."""
    chinese = currency == "JPY" and "¥" in lower and _HAN.search(lower) and not _KANA.search(lower)
    return "CNY" if chinese else currency


def _is_weight(lower: str, start: int, unit: str) -> bool:
    return unit == "pounds" and any(word in lower[max(0, start - 20) : start] for word in _TRAPPED_BEHIND)
