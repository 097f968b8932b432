"""Fitting the cascade: both tiers, their calibration, and the threshold between them."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from batch.training.calibrate import ALWAYS_ENCODER, choose_threshold, learn_scales
from batch.training.examples import Examples, Material, joined, sample_of_each
from batch.training.head_fit import fit_head
from batch.training.ngram_fit import fit_ngrams
from schemas.model.bundle import head_from
from schemas.model.encoder import LARGEST_BATCH, SentenceEncoder
from schemas.model.manifest import Validation
from schemas.model.ngrams import ngram_tier_from
from schemas.model.probabilities import Matrix, softmax

ENCODER_ROWS: Final = 20_000
"""Training rows that the encoder reads at most; the first tier learns from all."""

Progress = Callable[[str, float], None]
"""Told what is being done and how much of it is done, 0 to 1."""


class Fitted(NamedTuple):
    """What training found: the two tiers' states, as they are stored, and the threshold."""

    ngrams: dict[str, Any]
    head: dict[str, Any]
    threshold: float
    validation: Validation | None


def fit_cascade(material: Material, encoder: SentenceEncoder, *, seed: int, progress: Progress) -> Fitted:
    """Fit on training rows, calibrate on validation rows; own validation rows are learnt from at the end.

    That last step keeps scales and threshold: both describe how sure a tier of this kind is, not which rows
    it saw.
    """
    labels = len(material.labels)
    remembered = _Vectors(encoder, progress)
    ngrams, head = _fit(material.train, labels, remembered, seed=seed, progress=progress)
    ngrams, head, threshold, validation = _calibrate(ngrams, head, material, remembered)
    if material.own_validation and material.val.texts:
        scales = {name: head[name] for name in ("encoder_scale", "ngrams_scale")}
        scale = ngrams["scale"]
        everything = joined(material.train, material.val)
        ngrams, head = _fit(everything, labels, remembered, seed=seed, progress=progress)
        ngrams, head = {**ngrams, "scale": scale}, {**head, **scales}
    return Fitted(ngrams, head, threshold, validation)


def _fit(
    examples: Examples, labels: int, vectors: "_Vectors", *, seed: int, progress: Progress
) -> tuple[dict[str, Any], dict[str, Any]]:
    progress("learning words", 0.0)
    ngrams = fit_ngrams(examples.texts, examples.targets, labels, seed=seed)
    progress("learning words", 1.0)
    places = sample_of_each(examples.targets, ENCODER_ROWS, seed=seed)
    read = vectors.of([examples.texts[place] for place in places])
    progress("learning meaning", 0.0)
    head = fit_head(read, examples.targets[places], labels)
    progress("learning meaning", 1.0)
    return ngrams, head


def _calibrate(
    ngrams: dict[str, Any], head: dict[str, Any], material: Material, vectors: "_Vectors"
) -> tuple[dict[str, Any], dict[str, Any], float, Validation | None]:
    texts, targets = material.val
    if not texts:  # too few rows to set any aside: the better tier decides everything, uncalibrated
        return ngrams, head, ALWAYS_ENCODER, None
    logits, read = ngram_tier_from(ngrams).logits(texts), vectors.of(texts)
    own = head_from(head).logits(read)
    ngrams = {**ngrams, "scale": learn_scales([logits], targets)[0]}
    encoder_scale, ngrams_scale = learn_scales([own, logits], targets)
    head = {**head, "encoder_scale": encoder_scale, "ngrams_scale": ngrams_scale}
    first = softmax(logits, scale=ngrams["scale"])
    second = head_from(head).probabilities(read, logits)
    choice = choose_threshold(first, second, targets)
    validation = Validation(
        n=len(targets),
        accuracy=choice.accuracy,
        best_accuracy=choice.best_accuracy,
        ngrams_accuracy=float((first.argmax(axis=1) == targets).mean()),
        encoder_accuracy=float((second.argmax(axis=1) == targets).mean()),
        encoder_share=choice.encoder_share,
        own=material.own_validation,
    )
    return ngrams, head, choice.threshold, validation


class _Vectors:
    """Reads each text with the encoder once, however often training asks for it."""

    def __init__(self, encoder: SentenceEncoder, progress: Progress) -> None:
        self._encoder, self._progress = encoder, progress
        self._known: dict[str, Matrix] = {}

    def of(self, texts: Sequence[str]) -> Matrix:
        """Return one vector a text, (n, dimensions)."""
        new = sorted({text for text in texts if text not in self._known}, key=len)  # alike lengths batch well
        step = 8 * LARGEST_BATCH
        for start in range(0, len(new), step):
            self._progress("reading texts", start / len(new))
            part = new[start : start + step]
            self._known.update(zip(part, self._encoder.embed(part), strict=True))
        self._progress("reading texts", 1.0)
        return np.stack([self._known[text] for text in texts])
