"""Messages that no customer wrote: out-of-office notes, delivery failures, advertising and fraud.

They are only marked. What becomes of them is decided where tickets are routed.
"""

import re
from typing import Final

from schemas.marks import AUTOMATIC_REPLY, DELIVERY_FAILURE, SPAM
from understanding.signals.lexicons.lexicon import lexicon

_HEAD: Final = 600  # characters in which such a message says what it is
_BEGINNING: Final = 200  # characters in which it says so itself; further on a customer pastes what came back
_SEVERAL_LINKS: Final = 3

_LISTS: Final = lexicon("automatic")
_DELIVERY_STEMS: Final = tuple(_LISTS["delivery_stems"])
_DELIVERY: Final = tuple(_LISTS["delivery"])
_DELIVERY_TOPIC: Final = tuple(_LISTS["delivery_topic"])
_AWAY_STEMS: Final = tuple(_LISTS["away_stems"])
_AWAY: Final = tuple(_LISTS["away"])
# Customers report such notes as faults or ask for them; then it is not one.
_ABOUT: Final = tuple(_LISTS["about"])
_STRONG_SPAM: Final = tuple(_LISTS["strong_spam"])
_WEAK_SPAM: Final = tuple(_LISTS["weak_spam"])
# Customers name one of these where they complain; advertising does not speak of "my".
_CUSTOMER: Final = re.compile(
    r"\b(?:my (?:order|account|subscription|invoice|card|password|email|inbox|website|site|plan|refund)"
    r"|i (?:was|can't|cannot|bought"
    r"|ordered|paid|tried|keep|get|got|want to unsubscribe)|please (?:block|remove me)|stop sending"
    r"|mein[e]? |mon compte|mi cuenta"
    r"|il mio|a minha)\b"
)


def automatic_marks(text: str) -> tuple[str, ...]:
    """Return which kinds of automatic or unsolicited message a cleaned text is."""
    head = text[:_HEAD].lower()
    if _says(head, _DELIVERY_STEMS) and _says(head[:_BEGINNING], _DELIVERY) and _says(head, _DELIVERY_TOPIC):
        return () if _says(head, _ABOUT) else (DELIVERY_FAILURE,)
    if _says(head, _AWAY_STEMS) and _says(head[:_BEGINNING], _AWAY):
        return () if _says(head, _ABOUT) else (AUTOMATIC_REPLY,)
    return (SPAM,) if _is_spam(head, text) else ()


def _says(head: str, phrases: tuple[str, ...]) -> bool:
    return any(map(head.__contains__, phrases))


def _is_spam(head: str, text: str) -> bool:
    weak = sum(map(head.__contains__, _WEAK_SPAM))
    strong = _says(head, _STRONG_SPAM)
    if not strong and not weak:
        return False
    links = text.count("://") >= _SEVERAL_LINKS
    evidence = 2 * strong + weak + links
    return evidence > 1 and _CUSTOMER.search(head) is None
