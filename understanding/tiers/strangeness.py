"""How strange a text is to a model: the part of the texts in scope that are more familiar.

The energy of a text is the logarithm of the summed exponentials of its logits in scope: low where no label
draws it. It needs no example of what is out of scope, and unlike the greatest probability it still tells a
text between two labels from a text of none.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from understanding.arrays.probabilities import Matrix, Wide

LEVELS: Final = 1_001
"""How many quantiles of the energy are kept: the tail is what decides, to a tenth of a per cent."""


def energy(logits: npt.NDArray[np.floating], *, outside: int | None) -> Wide:
    """Return each row's energy, (n,), from its calibrated logits, (n, labels).

    `outside` is the column of the label out of scope, if the model has learnt one: what speaks for it
    speaks against the text.
    """
    wide = logits.astype(np.float64)
    if outside is None:
        return _log_sum(wide)
    inside = np.delete(wide, outside, axis=1)
    return _log_sum(inside) - np.logaddexp(0.0, wide[:, outside])


def quantiles(energies: Wide) -> Matrix:
    """Return the levels that `strangeness` reads, (LEVELS,), from the energies of texts in scope."""
    return np.asarray(np.quantile(energies, np.linspace(0, 1, LEVELS)), dtype=np.float32)


def strangeness(energies: Wide, levels: Matrix) -> Wide:
    """Return for each energy the part of the texts in scope that have more, 0 to 1; without levels 0."""
    if not levels.size:
        return np.zeros(len(energies))
    return np.asarray(1.0 - np.interp(energies, levels.astype(np.float64), np.linspace(0, 1, len(levels))))


def _log_sum(logits: Wide) -> Wide:
    largest = logits.max(axis=1, keepdims=True)
    return np.asarray(largest[:, 0] + np.log(np.exp(logits - largest).sum(axis=1)))
