"""With which settings the linear parts of a model are fitted."""

import msgspec


class NgramSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The first tier: regularisation C of its support vector machine, sizes of n-grams, terms kept of each kind.

    Sizes lie within those that `understanding.tiers.ngrams` reads. More than 60,000 terms brought nothing.
    """

    regularisation: float = 0.5
    words: tuple[int, int] = (1, 2)
    characters: tuple[int, int] = (2, 5)
    terms: int = 60_000


class HeadSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The frozen encoder's head: C of its logistic regression, chosen in docs/measurements/encoders.md."""

    regularisation: float = 30.0


class FitSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of both tiers."""

    ngrams: NgramSettings = NgramSettings()
    head: HeadSettings = HeadSettings()
