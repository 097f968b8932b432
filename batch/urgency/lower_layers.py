"""The published encoder's lower layers, as bundles that may be left early read texts."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from batch.urgency.fit import Encode
from understanding.arrays.probabilities import Flags, Matrix
from understanding.encoder.encoder import OpenvinoEncoder
from understanding.encoder.prepared_encoder import read_prepared


def lower_layers(folder: Path) -> Encode:
    """Return what reads texts by the lower layers of set-up's encoder; BundleError where it is missing."""
    encoder = OpenvinoEncoder(folder, precision=read_prepared(folder).forms.chosen, early_exit=True)

    def encode(texts: Sequence[str]) -> Matrix:
        return encoder.embed_until(texts, _enough).lower

    return encode


def _enough(places: list[int], _vectors: Matrix) -> Flags:
    return np.ones(len(places), dtype=np.bool_)
