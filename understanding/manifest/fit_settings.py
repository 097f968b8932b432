"""With which settings the linear parts of a model were fitted, and the table of a search among them."""

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


class Trial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One setting of one tier, the other being None, and its accuracy on each fold that it had not learnt from."""

    ngrams: NgramSettings | None = None
    head: HeadSettings | None = None
    accuracies: tuple[float, ...]
    mean: float
    standard_error: float
    chosen: bool = False


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """A search by cross-validation on so many rows, drawn by the seed from the training rows; one a tier is chosen.

    Trials stand in the order of the grid, from simple to elaborate.
    """

    folds: int
    rows: int
    trials: tuple[Trial, ...]

    @property
    def chosen(self) -> FitSettings:
        """The settings that won; a tier without a trial keeps its default."""
        won = [trial for trial in self.trials if trial.chosen]
        ngrams = next((trial.ngrams for trial in won if trial.ngrams is not None), NgramSettings())
        head = next((trial.head for trial in won if trial.head is not None), HeadSettings())
        return FitSettings(ngrams=ngrams, head=head)
