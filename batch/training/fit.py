"""Fitting the cascade: the first tier, and the heads of the encoder."""

from typing import Final, NamedTuple

from batch.training.cascade_calibration import Heads, calibrate_cascade
from batch.training.examples import Examples, Material, joined, sample_of_each
from batch.training.executor import Executor, ThisProcess
from batch.training.fitted import Fitted, State, Wishes
from batch.training.heads import HeadRows, fit_one, fit_two, with_scales_of, worth_trying_two
from batch.training.linear import Targets
from batch.training.ngram_fit import fit_ngrams
from batch.training.progress import Progress
from batch.training.published_beside import fit_published, learn_factors, side_by_side, split_vectors
from batch.training.search import search_settings
from batch.training.vectors import Vectors
from schemas.model.bundle import head_from
from schemas.model.fit_settings import FitSettings
from schemas.model.ngrams import ngram_tier_from
from schemas.model.probabilities import Matrix

FEWEST_TO_WEIGH: Final = 50
"""Validation rows without which a student's say beside the n-grams would be a matter of luck."""

ENCODER_ROWS: Final = 20_000
"""Training rows that a frozen encoder reads at most; the first tier learns from all."""

_LOWER: Final = "learning meaning by the lower layers"


def fit_cascade(
    material: Material,
    vectors: Vectors,
    *,
    seed: int,
    progress: Progress,
    wishes: Wishes | None = None,
    tuned_head: State | None = None,
    executor: Executor | None = None,
) -> Fitted:
    """Fit on training rows, calibrate on validation rows; own validation rows are learnt from at the end.

    That last step keeps scales, threshold and bands: they describe how sure a tier of this kind is, not which
    rows it saw; and it keeps what the encoder has taught the first tier. A `tuned_head` was trained together with the
    encoder, so it stays as it is. A wished search among settings is done by the `executor`, here without one.
    """
    wishes, labels = wishes or Wishes(), len(material.labels)
    searched = None
    if wishes.search:
        searched = search_settings(
            material.train,
            labels,
            seed=seed,
            executor=executor or ThisProcess(),
            progress=progress,
            read=None if tuned_head else vectors.of,
        )
    settings = searched.chosen if searched else FitSettings()
    fitting = _Fitting(labels, vectors, seed, progress, settings)
    ngrams = fitting.ngrams(material.train)
    heads = fitting.tuned(tuned_head, material, ngrams) if tuned_head else fitting.heads(material.train)
    taught = tuned_head and len(material.val.texts) >= FEWEST_TO_WEIGH
    student = fitting.student(heads.whole[0], material) if taught else None
    fitted = calibrate_cascade(ngrams, heads, material, vectors, wishes, student=student)._replace(
        settings=settings, search=searched
    )
    if not (material.own_validation and material.val.texts):
        return fitted
    return fitting.again(fitted, joined(material.train, material.val), heads=tuned_head is None)


class _Fitting(NamedTuple):
    """How each tier is fitted; twice where the validation rows are our own."""

    labels: int
    vectors: Vectors
    seed: int
    progress: Progress
    settings: FitSettings

    def ngrams(self, examples: Examples) -> State:
        self.progress("learning words", 0.0)
        state = fit_ngrams(
            examples.texts, examples.targets, self.labels, seed=self.seed, settings=self.settings.ngrams
        )
        self.progress("learning words", 1.0)
        return state

    def heads(self, examples: Examples) -> Heads:
        """Return heads to choose between: one for all texts and, where worth trying, a state with two heads.

        The lower layers get one head: it only has to know what it is sure of, and a first model must be quick to learn.
        """
        rows, lower = self._rows(examples)
        early = [] if lower is None else [self._early(lower)]
        return Heads(self._candidates(rows), early)

    def _early(self, lower: HeadRows) -> State:
        self.progress(_LOWER, 0.0)
        found = fit_one(lower, self.labels, self.settings.head)
        self.progress(_LOWER, 1.0)
        return found

    def tuned(self, head: State, material: Material, ngrams: State) -> Heads:
        """Return the head that was trained with the encoder, joined by one of the published encoder beside it.

        The lower layers are the published encoder's, which training has left as they were.
        """
        texts, targets = material.val
        rows, lower = self._rows(material.train)
        self.progress("learning meaning", 0.0)
        early = [] if lower is None else [self._published(lower.vectors, lower.targets)]
        published = self._published(split_vectors(rows.vectors, head)[1], rows.targets)
        self.progress("learning meaning", 1.0)
        if not texts:
            return Heads([side_by_side(head, published, (1.0, 1.0))], early)
        logits = ngram_tier_from(ngrams).logits(texts)
        factors = learn_factors(head, published, self.vectors.of(texts), logits, targets)
        return Heads([side_by_side(head, published, factors)], early)

    def student(self, teacher: State, material: Material) -> State | None:
        """Return what the first tier learns of the answers of a fine-tuned encoder's head, if its texts have words."""
        from batch.training.student_fit import fit_student  # noqa: PLC0415 - needs the extra `train`

        texts, targets = material.train
        places = self._places(targets)
        return fit_student(
            Examples([texts[place] for place in places], targets[places]),
            texts,
            head_from(teacher),
            self.vectors,
            seed=self.seed,
            progress=self.progress,
        )

    def again(self, fitted: Fitted, everything: Examples, *, heads: bool) -> Fitted:
        """Return the tiers learnt from all rows, the heads where that is wished, with what calibration found."""
        scale = {name: fitted.ngrams[name] for name in ("scale", "levels")}
        head = self._head_again(fitted.head, everything) if heads else fitted.head
        return fitted._replace(ngrams={**self.ngrams(everything), **scale}, head=head)

    def _head_again(self, calibrated: State, everything: Examples) -> State:
        """Return the whole encoder's head learnt anew, with all else as it was, the lower layers' head included."""
        rows, _ = self._rows(everything)
        return {
            **calibrated,
            **with_scales_of(self._candidates(rows, two="other" in calibrated)[-1], calibrated),
        }

    def _candidates(self, rows: HeadRows, *, two: bool | None = None) -> list[State]:
        """Return one head for all texts; last a state with two heads where these are wished, or worth trying."""
        self.progress("learning meaning", 0.0)
        found = [fit_one(rows, self.labels, self.settings.head)]
        if two or (two is None and worth_trying_two(rows)):
            found.append(fit_two(found[0], rows, self.labels, self.settings.head))
        self.progress("learning meaning", 1.0)
        return found

    def _published(self, vectors: Matrix, targets: Targets) -> State:
        return fit_published(vectors, targets, self.labels, self.settings.head)

    def _rows(self, examples: Examples) -> tuple[HeadRows, HeadRows | None]:
        """Return the rows that a head learns from, as the whole encoder reads them and as its lower layers do."""
        places = self._places(examples.targets)
        texts = [examples.texts[place] for place in places]
        rows = HeadRows.of(texts, self.vectors.of(texts), examples.targets[places])
        return rows, rows._replace(vectors=self.vectors.lower_of(texts)) if self.vectors.lower else None

    def _places(self, targets: Targets) -> list[int]:
        """Return the places of the rows that the encoder reads."""
        return sample_of_each(targets, ENCODER_ROWS, seed=self.seed)
