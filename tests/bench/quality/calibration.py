"""Whether confidences mean what they say: on clinc150's test rows in scope, by its own bundle."""

from collections.abc import Sequence
from typing import Final

from tests.bench.quality import clinc150
from tests.bench.quality.answers import tested
from tests.bench.quality.context import BenchContext
from tests.bench.quality.registry import Row, at_most

BAR: Final = 0.02


def measure(context: BenchContext) -> Sequence[Row]:
    """Measure the expected calibration error of the first guess, 15 bins of equal mass."""
    found = tested(context, clinc150.NAME, lambda: clinc150.rows(context))
    return [at_most("expected calibration error, clinc150 in scope", BAR, found.figures.ece or 0.0, digits=4)]
