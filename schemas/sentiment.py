"""What a text's sentiment is: the small result that travels with a ticket."""

from typing import Final, Literal, get_args

import msgspec

Level = Literal["very_negative", "negative", "neutral", "positive", "very_positive"]
"""Five levels, from worst to best."""

LEVELS: Final[tuple[Level, ...]] = get_args(Level)


class Sentiment(msgspec.Struct, frozen=True, omit_defaults=True):
    """Sentiment of one text: `value` from -1 (worst) to 1 (best), its level, and whether it is frustrated."""

    value: float = 0.0
    level: Level = "neutral"
    frustrated: bool = False


NEUTRAL: Final = Sentiment()
"""The result of a text that says nothing."""
