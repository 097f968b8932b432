"""What the encoder answers about the texts that the first tier leaves to it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from understanding.arrays.probabilities import Flags, Matrix, Wide
from understanding.bundle.bundle import Bundle, EncoderHead
from understanding.tiers.strangeness import energy, strangeness


class EncoderAnswers(NamedTuple):
    """The answers about n texts."""

    probabilities: Wide  # (n, labels)
    strangeness: Wide  # (n,), the part of the texts in scope that are more familiar
    whole: Flags  # (n,), whether all layers read the text
    vectors: Matrix  # (n, dimensions of the whole encoder's vectors), 0 where not all layers read
    lower: Matrix | None = (
        None  # (n, dimensions of the lower layers' vectors), None where it is not left early
    )


def ask_encoder(bundle: Bundle, texts: Sequence[str], ngram_logits: Matrix) -> EncoderAnswers:
    """Return the encoder's answers about texts, beside which stand their n-grams' logits, (n, labels).

    Where it may be left early, the upper layers read only texts that the lower ones are not sure enough about.
    """
    if bundle.early is None:
        vectors = bundle.embed(texts)
        calibrated = bundle.head.calibrated(vectors, ngram_logits)
        return EncoderAnswers(
            bundle.probabilities(calibrated),
            _strangeness(bundle, bundle.head, calibrated),
            np.ones(len(texts), dtype=np.bool_),
            vectors,
        )
    return _left_early(bundle, bundle.early, texts, ngram_logits)


def _left_early(
    bundle: Bundle, early: EncoderHead, texts: Sequence[str], ngram_logits: Matrix
) -> EncoderAnswers:
    calibrated = np.zeros((len(texts), len(bundle.manifest.labels)))

    def enough(places: list[int], vectors: Matrix) -> Flags:
        calibrated[places] = early.calibrated(vectors, ngram_logits[places])
        sure = bundle.probabilities(calibrated[places]).max(axis=1)
        return np.asarray(sure >= bundle.manifest.exit_threshold)

    read = bundle.encoder.embed_until(texts, enough)
    strange = _strangeness(bundle, early, calibrated)
    more = np.flatnonzero(read.whole)
    if more.size:
        calibrated[more] = bundle.head.calibrated(read.upper[more], ngram_logits[more])
        strange[more] = _strangeness(bundle, bundle.head, calibrated[more])
    return EncoderAnswers(bundle.probabilities(calibrated), strange, read.whole, read.upper, read.lower)


def _strangeness(bundle: Bundle, head: EncoderHead, calibrated: Wide) -> Wide:
    return strangeness(energy(calibrated, outside=bundle.outside), head.levels)
