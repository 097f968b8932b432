"""How many tickets may be trusted how far: the bands on clinc150's test rows, a rejected one counting as wrong."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from tests.bench.quality import clinc150
from tests.bench.quality.answers import tested
from tests.bench.quality.context import BenchContext
from tests.bench.quality.registry import Row, at_least, at_most

HIGH_SHARE: Final = 0.6
HIGH_ACCURACY: Final = 0.99
TRUSTED_SHARE: Final = 0.85
TRUSTED_ACCURACY: Final = 0.985
MOST_OOS_IN_HIGH: Final = 0.05


def measure(context: BenchContext) -> Sequence[Row]:
    """Measure the shares and accuracies of the high band, and of high and medium together."""
    answers = tested(context, clinc150.NAME, lambda: clinc150.rows(context)).answers
    inside, right = answers.inside, answers.right
    high = answers.bands == "high"
    trusted = high | (answers.bands == "medium")
    shares = {name: float(flags[inside].mean()) for name, flags in (("high", high), ("trusted", trusted))}
    accuracies = {
        name: float(right[inside & flags].mean()) if np.any(inside & flags) else 0.0
        for name, flags in (("high", high), ("trusted", trusted))
    }
    return [
        at_least("in scope in the high band", HIGH_SHARE, shares["high"]),
        at_least("accuracy of the high band", HIGH_ACCURACY, accuracies["high"], digits=4),
        at_least("in scope in high and medium", TRUSTED_SHARE, shares["trusted"]),
        at_least("accuracy of high and medium", TRUSTED_ACCURACY, accuracies["trusted"], digits=4),
        at_most("out of scope in the high band", MOST_OOS_IN_HIGH, float(high[~inside].mean())),
    ]
