"""Fitting the cascade: the first tier, and the heads of the encoder."""

from typing import Final, NamedTuple

from batch.training.calibration.cascade import Heads, calibrate_cascade
from batch.training.encoder.vectors import Vectors
from batch.training.plan.fitted import Fitted, State
from batch.training.plan.options import TrainingOptions
from batch.training.plan.progress import Progress
from batch.training.rows.examples import Examples, Material, Targets, joined, sample_of_each
from batch.training.tiers.head_fit import fit_head
from batch.training.tiers.ngram_fit import fit_ngrams
from batch.training.tiers.published_beside import fit_published, learn_factors, side_by_side, split_vectors
from understanding.arrays.probabilities import Matrix
from understanding.bundle.bundle import head_from
from understanding.manifest.fit_settings import FitSettings
from understanding.tiers.ngrams import ngram_tier_from

FEWEST_TO_WEIGH: Final = 50
"""Validation rows without which a student's say beside the n-grams would be a matter of luck."""

ENCODER_ROWS: Final = 20_000
"""Training rows that a frozen encoder reads at most; the first tier learns from all."""

SETTINGS: Final = FitSettings()

_LOWER: Final = "learning meaning by the lower layers"


def fit_cascade(
    material: Material,
    vectors: Vectors,
    *,
    options: TrainingOptions,
    progress: Progress,
    tuned_head: State | None = None,
) -> Fitted:
    """Fit on training rows, calibrate on validation rows; own validation rows are learnt from at the end.

    That last step keeps scales, threshold and bands: they describe how sure a tier of this kind is, not which
    rows it saw; and it keeps what the encoder has taught the first tier. A `tuned_head` was trained together with the
    encoder, so it stays as it is.
    """
    labels = len(material.labels)
    fitting = _Fitting(labels, vectors, options.seed, progress)
    ngrams = fitting.ngrams(material.train)
    heads = fitting.tuned(tuned_head, material, ngrams) if tuned_head else fitting.heads(material.train)
    taught = tuned_head and len(material.val.texts) >= FEWEST_TO_WEIGH
    student = fitting.student(heads.whole, material) if taught else None
    fitted = calibrate_cascade(ngrams, heads, material, vectors, options, student=student)
    if not (material.own_validation and material.val.texts):
        return fitted
    return fitting.again(fitted, joined(material.train, material.val), heads=tuned_head is None)


class _Fitting(NamedTuple):
    """How each tier is fitted; twice where the validation rows are our own."""

    labels: int
    vectors: Vectors
    seed: int
    progress: Progress

    def ngrams(self, examples: Examples) -> State:
        self.progress("learning words", 0.0)
        state = fit_ngrams(
            examples.texts, examples.targets, self.labels, seed=self.seed, settings=SETTINGS.ngrams
        )
        self.progress("learning words", 1.0)
        return state

    def heads(self, examples: Examples) -> Heads:
        """Return the heads of a frozen encoder."""
        rows = self._rows(examples)
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

    def tuned(self, head: State, material: Material, ngrams: State) -> Heads:
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

    def student(self, teacher: State, material: Material) -> State | None:
        """Return what the first tier learns of the answers of a fine-tuned encoder's head, if its texts have words."""
        from batch.training.tiers.student_fit import fit_student  # noqa: PLC0415 - needs the extra `train`

        return fit_student(
            self._rows(material.train),
            material.train.texts,
            head_from(teacher),
            self.vectors,
            seed=self.seed,
            progress=self.progress,
        )

    def again(self, fitted: Fitted, everything: Examples, *, heads: bool) -> Fitted:
        """Return the tiers learnt from all rows, the head where that is wished, with what calibration found.

        The head of the lower layers stays as it was.
        """
        kept = {name: fitted.ngrams[name] for name in ("scale", "levels")}
        head = fitted.head
        if heads:
            rows = self._rows(everything)
            learnt = self._fitted("learning meaning", rows, self.vectors.of(rows.texts))
            head = {**head, "weights": learnt["weights"], "intercept": learnt["intercept"]}
        return fitted._replace(ngrams={**self.ngrams(everything), **kept}, head=head)

    def _published(self, vectors: Matrix, targets: Targets) -> State:
        return fit_published(vectors, targets, self.labels, SETTINGS.head)

    def _rows(self, examples: Examples) -> Examples:
        """Return the rows that the encoder reads."""
        places = sample_of_each(examples.targets, ENCODER_ROWS, seed=self.seed)
        return Examples([examples.texts[place] for place in places], examples.targets[places])
