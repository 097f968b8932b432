"""Praise that is none, as in `Great, third week without internet`.

Irony in general is not understood. This is the one shape that says itself what is wrong: a word of praise cut off by a
punctuation mark, and behind it, in the same breath, nothing but a fault.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from understanding.sentiment.context import Role

_LEAD_IN: Final = 2
"""Words that may stand before the praise: `oh great`, `well that is great`."""

_PAUSES: Final = frozenset(",.!:;…-\u2013\u2014")
_SENTENCE_ENDS: Final = frozenset(".!?…。")


def is_ironic(
    tokens: Sequence[str], roles: Mapping[int, Role], said: Mapping[int, float], again: Sequence[int]
) -> bool:
    """Tell whether a text begins with praise and goes on with a fault.

    `roles` and `said` are by place, the valences with their negations; `again` are the places where somebody had to
    come back or to wait. Thanks, or something that was mended, make the praise honest.
    """
    start = next((place for place in range(_LEAD_IN) if roles.get(place) == "exclaims"), None)
    if start is None or "thanks" in roles.values() or not tokens[start + 1 : start + 2]:
        return False
    if tokens[start + 1][0] not in _PAUSES:
        return False
    first = start + 2
    end = next((at for at in range(first, len(tokens)) if tokens[at][0] in _SENTENCE_ENDS), len(tokens))
    if any(roles.get(place) == "mended" for place in range(first, end)):
        return False
    values = [said[place] for place in range(first, end) if place in said]
    lasting = any(
        roles.get(place) == "lasts" and roles.get(place + 1) in {"lacks", "topic"}
        for place in range(first, end - 1)
    )
    came_back = any(first <= place < end for place in again)
    return (lasting or came_back or min(values, default=0.0) < 0) and max(values, default=0.0) <= 0
