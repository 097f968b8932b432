"""What the encoder answers about the texts that the first tier leaves to it."""

from collections.abc import Sequence
from typing import NamedTuple

from understanding.arrays.probabilities import Matrix, Wide
from understanding.bundle.bundle import Bundle
from understanding.tiers.strangeness import energy, strangeness


class EncoderAnswers(NamedTuple):
    """The answers about n texts."""

    probabilities: Wide  # (n, labels)
    strangeness: Wide  # (n,), the part of the texts in scope that are more familiar
    vectors: Matrix  # (n, dimensions)


def ask_encoder(bundle: Bundle, texts: Sequence[str], ngram_logits: Matrix) -> EncoderAnswers:
    """Return the encoder's answers about texts, beside which stand their n-grams' logits, (n, labels)."""
    vectors = bundle.encoder.embed(texts)
    calibrated = bundle.head.calibrated(vectors, ngram_logits)
    strange = strangeness(energy(calibrated, outside=bundle.outside), bundle.head.levels)
    return EncoderAnswers(bundle.probabilities(calibrated), strange, vectors)
