"""What is foretold of a ticket, and from what: the results that travel with an event and into a ticket's row."""

from enum import StrEnum
from typing import Final, Literal

import msgspec

Target = Literal["resolution", "breach", "reopening", "reassignment", "satisfaction", "churn"]
"""What is foretold: seconds from the opening to the resolution, four probabilities and a score from 1 to 5."""


class Basis(StrEnum):
    """What a forecast stands on."""

    MODEL = "model"
    PRIOR = "prior"  # the documented formula of the first day
    TOO_LITTLE_KNOWN = "too_little_known"  # then there is no forecast


class CsatRisk(StrEnum):
    """How far a customer is from being satisfied, by the score that they are expected to give."""

    CRITICAL = "critical"  # below 2.5
    HIGH = "high"  # below 3.0
    MEDIUM = "medium"  # below 3.5
    LOW = "low"  # below 4.5
    NONE = "none"


RISKS: Final[tuple[Target, ...]] = ("breach", "reopening", "reassignment", "churn")
"""The targets that are probabilities."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a ticket at a moment, by name; what is not known is not there."""

    words: dict[str, str]
    numbers: dict[str, float]


class Factor(msgspec.Struct, frozen=True, array_like=True):
    """What moved a forecast, and by how much: up where `effect` is positive; docs/predictions.md names the units."""

    name: str
    effect: float


class Forecast(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing foretold. Eight of ten outcomes lie between `low` and `high`, where there are any.

    `factors` are those that moved it most, the strongest first.
    """

    value: float
    low: float | None = None
    high: float | None = None
    factors: tuple[Factor, ...] = ()


class Predictions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one model foretold at one event of a ticket. A target that it knows too little about is not there."""

    model_version: str
    forecasts: dict[Target, Forecast]
