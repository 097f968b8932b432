"""Fitting the tiers of the cascade: n-grams and the heads of the encoder."""

from typing import Final, NamedTuple

from batch.training.calibration.cascade import Heads
from batch.training.encoder.vectors import Vectors
from batch.training.plan.fitted import Fitted, State
from batch.training.plan.progress import Progress
from batch.training.rows.examples import Examples, Material, Targets, joined, sample_of_each
from batch.training.tiers.head_fit import fit_head
from batch.training.tiers.ngram_fit import fit_ngrams
from batch.training.tiers.published_beside import fit_published, learn_factors, side_by_side, split_vectors
from understanding.arrays.probabilities import Matrix
from understanding.manifest.fit_settings import FitSettings
from understanding.tiers.ngrams import ngram_tier_from

ENCODER_ROWS: Final = 20_000
"""Training rows that a frozen encoder reads at most; the first tier learns from all."""

SETTINGS: Final = FitSettings()

_LOWER: Final = "learning meaning by the lower layers"


class TierFitting(NamedTuple):
    """How each tier is fitted; twice where the validation rows are our own."""

    labels: int
    vectors: Vectors
    seed: int
    progress: Progress

    def ngrams(self, examples: Examples) -> State:
        """Return the n-grams' linear layer."""
        self.progress("learning words", 0.0)
        state = fit_ngrams(
            examples.texts, examples.targets, self.labels, seed=self.seed, settings=SETTINGS.ngrams
        )
        self.progress("learning words", 1.0)
        return state

    def heads(self, material: Material, ngrams: State, tuned: State | None) -> Heads:
        """Return the heads of the encoder; `tuned` is the one that was trained together with it, if it was."""
        if tuned is not None:
            return self._tuned(tuned, material, ngrams)
        rows = self._rows(material.train)
        whole = self._fitted("learning meaning", rows, self.vectors.of(rows.texts))
        return Heads(whole, self._early(rows))

    def _early(self, rows: Examples) -> State | None:
        if not self.vectors.lower:
            return None
        return self._fitted(_LOWER, rows, self.vectors.lower_of(rows.texts))

    def _fitted(self, what: str, rows: Examples, vectors: Matrix) -> State:
        self.progress(what, 0.0)
        found = fit_head(vectors, rows.targets, self.labels, settings=SETTINGS.head)
        self.progress(what, 1.0)
        return found

    def _tuned(self, head: State, material: Material, ngrams: State) -> Heads:
        """Return the head that was trained with the encoder, joined by one of the published encoder beside it.

        The lower layers are the published encoder's, which training has left as they were.
        """
        texts, targets = material.val
        rows = self._rows(material.train)
        self.progress("learning meaning", 0.0)
        lower = (
            self._published(self.vectors.lower_of(rows.texts), rows.targets) if self.vectors.lower else None
        )
        published = self._published(split_vectors(self.vectors.of(rows.texts), head)[1], rows.targets)
        self.progress("learning meaning", 1.0)
        if not texts:
            return Heads(side_by_side(head, published, (1.0, 1.0)), lower)
        logits = ngram_tier_from(ngrams).logits(texts)
        factors = learn_factors(head, published, self.vectors.of(texts), logits, targets)
        return Heads(side_by_side(head, published, factors), lower)

    def again(self, fitted: Fitted, material: Material, *, head: bool) -> Fitted:
        """Return the tiers learnt from all rows, the `head` where asked for, with what calibration found.

        The head of the lower layers stays as it was.
        """
        everything = joined(material.train, material.val)
        kept = {name: fitted.ngrams[name] for name in ("scale", "levels")}
        state = fitted.head
        if head:
            rows = self._rows(everything)
            learnt = self._fitted("learning meaning", rows, self.vectors.of(rows.texts))
            state = {**state, "weights": learnt["weights"], "intercept": learnt["intercept"]}
        return fitted._replace(ngrams={**self.ngrams(everything), **kept}, head=state)

    def _published(self, vectors: Matrix, targets: Targets) -> State:
        return fit_published(vectors, targets, self.labels, SETTINGS.head)

    def _rows(self, examples: Examples) -> Examples:
        """Return the rows that the encoder reads."""
        places = sample_of_each(examples.targets, ENCODER_ROWS, seed=self.seed)
        return Examples([examples.texts[place] for place in places], examples.targets[places])
