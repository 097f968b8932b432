"""How far an answer may be trusted: a band from its confidence and from how strange its text is."""

from typing import Final

import msgspec

from schemas.triage import Band

HIGH_ACCURACY: Final = 0.99
MEDIUM_ACCURACY: Final = 0.9
"""What is asked by default: of the high band alone, and of high and medium together."""

HIGH_STRANGENESS: Final = 0.7
MEDIUM_STRANGENESS: Final = 0.96
"""What is allowed by default: no confidence helps a text to which that part of all texts in scope is more familiar.

A model is surest where it knows nothing, so confidence alone would let texts of no intent into the high band.
"""


class BandRules(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of the bands: accuracies to reach on validation rows, and how strange a text may be."""

    high_accuracy: float = HIGH_ACCURACY
    medium_accuracy: float = MEDIUM_ACCURACY
    high_strangeness: float = HIGH_STRANGENESS
    medium_strangeness: float = MEDIUM_STRANGENESS


class Bands(msgspec.Struct, frozen=True, kw_only=True):
    """The least confidence of each band, learnt for its rules; None where no confidence is high enough."""

    rules: BandRules
    high_confidence: float | None
    medium_confidence: float


def band_of(bands: Bands, *, confidence: float, strangeness: float) -> Band:
    """Return the band of one answer."""
    rules = bands.rules
    if _within(confidence, bands.high_confidence, strangeness, rules.high_strangeness):
        return "high"
    if _within(confidence, bands.medium_confidence, strangeness, rules.medium_strangeness):
        return "medium"
    return "low"


def _within(confidence: float, least: float | None, strangeness: float, most: float) -> bool:
    return least is not None and confidence >= least and strangeness <= most
