"""The value of a written number: which of its marks parts thousands and which begins a fraction."""

import re
from decimal import Decimal
from typing import Final

_SEPARATORS: Final = re.compile(r"[ .,']")
_THREE: Final = 3


def decimal(
    written: str, *, point_groups: bool = True, three_decimals: bool = False, multiplied: bool = False
) -> str | None:
    """Return the number with a point before its fraction and nothing between its thousands; None if two readings fit.

    One or two digits behind the last mark are a fraction, three are thousands, in groups of three or as in India
    (`1,29,900`). `point_groups`: the currency's point parts thousands, so that `1.299` does not have two readings.
    `three_decimals`: fractions may have three digits. `multiplied`: `k` or `million` follows, and no thousands.
    """
    marks = _SEPARATORS.findall(written)
    groups = _SEPARATORS.split(written)
    if not marks:
        return str(int(written))
    last = len(groups[-1])
    fraction = last < _THREE or (len(set(marks)) == 1 == len(marks) and groups[0] == "0")
    if last == _THREE and len(marks) == 1 and marks[0] in ".,":
        if multiplied:
            return None
        if three_decimals and (marks[0] == "." or groups[0] == "0" or not point_groups):
            fraction = True
        elif marks[0] == "." and not point_groups:
            return None
    whole = groups[:-1] if fraction else groups
    parting = marks[:-1] if fraction else marks
    if (fraction and (marks[-1] in " '" or marks[-1] in parting)) or not _well_grouped(whole, parting):
        return None
    value = str(int("".join(whole)))
    return f"{value}.{groups[-1]:0<2}" if fraction else value


def _well_grouped(groups: list[str], marks: list[str]) -> bool:
    """Return whether digits stand in thousands with one mark between them, or in lakhs with commas."""
    if not marks:
        return True
    if len(set(marks)) > 1 or len(groups[-1]) != _THREE:
        return False
    first, middle = len(groups[0]), {len(group) for group in groups[1:-1]}
    western = first <= _THREE and middle <= {_THREE}
    return western or (marks[0] == "," and first <= 2 and middle == {2})  # noqa: PLR2004 - a lakh's groups have two


def times(value: str, factor: int) -> str:
    """Return a value as `decimal` gives it, multiplied: `1.20` and a million are `1200000`."""
    product = Decimal(value) * factor
    return str(int(product)) if product == product.to_integral() else f"{product.normalize():f}"
