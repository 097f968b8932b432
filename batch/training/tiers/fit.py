"""Fitting the tiers of the cascade: n-grams and the head of the encoder."""

from typing import Final, NamedTuple

from batch.training.encoder.vectors import Vectors
from batch.training.plan.fitted import Fitted, State
from batch.training.plan.progress import Progress
from batch.training.rows.examples import Examples, Material, joined, sample_of_each
from batch.training.tiers.head_fit import fit_head
from batch.training.tiers.ngram_fit import fit_ngrams
from batch.training.tiers.published_beside import fit_published, learn_factors, side_by_side, split_vectors
from understanding.manifest.fit_settings import FitSettings
from understanding.tiers.ngrams import ngram_tier_from

ENCODER_ROWS: Final = 20_000
"""Training rows that a frozen encoder reads at most; the first tier learns from all."""

SETTINGS: Final = FitSettings()


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

    def head(self, material: Material, ngrams: State, tuned: State | None) -> State:
        """Return the encoder's head; `tuned` is the one that was trained together with it, if it was."""
        if tuned is not None:
            return self._tuned(tuned, material, ngrams)
        return self._fitted(self._rows(material.train))

    def _fitted(self, rows: Examples) -> State:
        vectors = self.vectors.of(rows.texts)
        self.progress("learning meaning", 0.0)
        found = fit_head(vectors, rows.targets, self.labels, settings=SETTINGS.head)
        self.progress("learning meaning", 1.0)
        return found

    def _tuned(self, head: State, material: Material, ngrams: State) -> State:
        """Return the head that was trained with the encoder, joined by one of the published encoder beside it."""
        texts, targets = material.val
        rows = self._rows(material.train)
        self.progress("learning meaning", 0.0)
        beside = split_vectors(self.vectors.of(rows.texts), head)[1]
        published = fit_published(beside, rows.targets, self.labels, SETTINGS.head)
        self.progress("learning meaning", 1.0)
        if not texts:
            return side_by_side(head, published, (1.0, 1.0))
        logits = ngram_tier_from(ngrams).logits(texts)
        factors = learn_factors(head, published, self.vectors.of(texts), logits, targets)
        return side_by_side(head, published, factors)

    def again(self, fitted: Fitted, material: Material, *, head: bool) -> Fitted:
        """Return the tiers learnt from all rows, the `head` where asked for, with what calibration found."""
        everything = joined(material.train, material.val)
        kept = {name: fitted.ngrams[name] for name in ("scale", "levels")}
        state = fitted.head
        if head:
            learnt = self._fitted(self._rows(everything))
            state = {**state, "weights": learnt["weights"], "intercept": learnt["intercept"]}
        return fitted._replace(ngrams={**self.ngrams(everything), **kept}, head=state)

    def _rows(self, examples: Examples) -> Examples:
        """Return the rows that the encoder reads."""
        places = sample_of_each(examples.targets, ENCODER_ROWS, seed=self.seed)
        return Examples([examples.texts[place] for place in places], examples.targets[places])
