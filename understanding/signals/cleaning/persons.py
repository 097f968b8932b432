"""Signs that a person with a request wrote, and no machine: what customers ask for, a number of theirs, an amount."""

import re
from collections.abc import Iterable
from typing import Final

from understanding.signals.cleaning.phrases import Phrase, one_begins, one_stands, phrases_of
from understanding.signals.lexicons.lexicon import lexicon

_LISTS: Final = lexicon("automatic")
COLLEAGUES: Final = phrases_of(_LISTS["colleagues"])
"""Who stands in for somebody who is away."""

_MATTERS: Final = phrases_of(_LISTS["matters"])
_DELIVERIES: Final = phrases_of(_LISTS["deliveries"])
_PLEASE: Final = phrases_of(_LISTS["please"])
_BEGINS_REQUEST: Final = phrases_of(_LISTS["begins_request"])
_AMOUNT: Final = re.compile(
    r"[€$£¥₺₽₩]\s?[0-9]|[0-9]\s?(?:[€$£¥₺₽₩元円원]|руб"  # noqa: RUF001 - as it is written
    r"|(?:eur|euros?|usd|dollars?|gbp|chf|dkk|sek|nok|kr|pln|zł|kč|czk|rub|try|tl|lira|jpy|cny|krw)\b)"
)
# Telephone numbers are grouped, begin with 0 or +, or stand behind a word for them; dates have signs between.
_OWN_NUMBER: Final = re.compile(r"(?<![0-9+/.:(@\w-])(?<![0-9)] )[1-9][0-9]{5,}(?![0-9/.@-]| [0-9])")
_CALLED: Final = re.compile(
    r"(?:tel|phone|mobil|call|ext|fon|ruf|anruf|appel|llam|chiam|lig|bel|ring|dzwo|vol|звон|тел|ara|電話|电话|전화)[^0-9]{0,25}$"
)
_CLAUSE_END: Final = re.compile(
    r"[,;.!?:]\s|[。、\uff0c\uff1b\uff01\uff1f\n]"
    r"| (?:and|und|et|y|e|en|og|och|i|a|и|ve) (?=\w)"
)
_PART_END: Final = re.compile(r"[,;.!?:]\s|[。、\uff0c\uff1b\uff01\uff1f\n]| (?:and|und|et|y|og|och) (?=\w)")

_SHORTEST: Final = 12  # characters of a clause that asks; "please" may stand alone


def speaks_of_matters(text: str, *, of_deliveries: bool = True) -> bool:
    """Return whether a text in lower case names what customers ask for, an amount, or a number of their own."""
    if of_deliveries and one_stands(_DELIVERIES, text):
        return True
    if _AMOUNT.search(text) is not None or one_stands(_MATTERS, text):
        return True
    return any(
        not _CALLED.search(text[max(0, number.start() - 40) : number.start()])
        for number in _OWN_NUMBER.finditer(text)
    )


def requests(text: str, of_notes: Iterable[Phrase]) -> bool:
    """Return whether a clause of a text asks for something that a note does not ask for, with a "please" or without."""
    known = (*of_notes, *COLLEAGUES)
    asked = [clause for clause in _CLAUSE_END.split(text) if one_stands(_PLEASE, clause)]
    asked += [part for part in _PART_END.split(text) if one_begins(_BEGINS_REQUEST, part.strip())]
    return any(not one_stands(known, clause) for clause in asked if len(clause) > _SHORTEST)
