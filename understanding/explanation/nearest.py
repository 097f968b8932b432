"""The learnt sentences that are most like a text, of the two labels between which the model chose."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from understanding.arrays.probabilities import DECIMALS, Wide
from understanding.bundle.bundle import Bundle
from understanding.explanation.kept_examples import KeptExample
from understanding.explanation.result import NearExample, Tier

OF_FIRST: Final = 3
OF_SECOND: Final = 2


def nearest_examples(
    bundle: Bundle,
    text: str,
    examples: Sequence[KeptExample],
    *,
    labels: tuple[str, str],
    by: Tier,
) -> tuple[NearExample, ...]:
    """Return the nearest three of the first label and two of the second, the nearest first within each.

    Texts are compared by the vectors of the tier that decided: `by` encoder its vectors, else TF-IDF.
    """
    first, second = labels
    candidates = [one for one in examples if one.label in labels]
    if not candidates:
        return ()
    texts = [text, *(one.text for one in candidates)]
    likeness = _by_encoder(bundle, texts) if by == "encoder" else _by_ngrams(bundle, texts)
    ranked = sorted(
        zip(likeness.tolist(), candidates, strict=True), key=lambda pair: (-pair[0], pair[1].text)
    )
    found = [
        NearExample(text=one.text, label=one.label, similarity=round(near, DECIMALS), source=one.source)
        for near, one in ranked
    ]
    return tuple(
        [one for one in found if one.label == first][:OF_FIRST]
        + [one for one in found if one.label == second][:OF_SECOND]
    )


def _by_encoder(bundle: Bundle, texts: Sequence[str]) -> Wide:
    vectors = bundle.encoder.embed(texts).astype(np.float64)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(unit[1:] @ unit[0])


def _by_ngrams(bundle: Bundle, texts: Sequence[str]) -> Wide:
    """Words and characters are a vector of length 1 each, so half of the product is the mean of their cosines."""
    features = bundle.ngrams.features.transform(texts).astype(np.float64)
    return np.asarray((features[1:] @ features[0].T).todense()).ravel() / 2
