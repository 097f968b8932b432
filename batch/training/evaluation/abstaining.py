"""What abstaining gives: accuracy by band, and the curve from answering everything to answering little."""

from collections.abc import Sequence
from typing import Final, get_args

import numpy as np
import numpy.typing as npt

from batch.training.calibration.reliability import Flags, expected_calibration_error
from batch.training.rows.rows import LabelledRow
from schemas.triage import Band, Triage
from schemas.vocabulary import OUT_OF_SCOPE
from understanding.arrays.probabilities import Wide
from understanding.manifest.manifest import BandFigures, CurvePoint

COVERAGES: Final = (
    *(1.0, 0.99, 0.98, 0.97, 0.96, 0.95, 0.94, 0.93, 0.92, 0.91, 0.9),
    *(0.85, 0.8, 0.75, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1),
)
"""The parts of the rows in scope at which the curve is given."""


class Answers:
    """Results beside their rows, as columns; a row is inside where `oos` is none of its labels."""

    def __init__(self, rows: Sequence[LabelledRow], results: Sequence[Triage]) -> None:
        pairs = list(zip(rows, results, strict=True))
        self.right: Flags = np.array([result.intent in row.labels for row, result in pairs], dtype=np.bool_)
        self.inside: Flags = np.array([OUT_OF_SCOPE not in row.labels for row, _ in pairs], dtype=np.bool_)
        self.called_out: Flags = np.array(
            [result.intent == OUT_OF_SCOPE for _, result in pairs], dtype=np.bool_
        )
        self.confidence: Wide = np.array([result.confidence for _, result in pairs], dtype=np.float64)
        self.strangeness: Wide = np.array([result.out_of_scope for _, result in pairs], dtype=np.float64)
        self.bands = np.array([result.band or "" for _, result in pairs])

    def calibration_error(self) -> float | None:
        """Return the expected calibration error over the rows in scope."""
        if not self.inside.any():
            return None
        return expected_calibration_error(self.confidence[self.inside], self.right[self.inside])

    def by_band(self) -> tuple[BandFigures, ...]:
        """Return the figures of each band; none where the model has no bands."""
        if not self.bands[self.inside].any():
            return ()
        return tuple(self._band(band) for band in get_args(Band))

    def curve(self) -> tuple[CurvePoint, ...]:
        """Return what rejecting the strangest gives, at limits that keep about COVERAGES of the rows in scope."""
        if not self.inside.any():
            return ()
        limits = np.quantile(self.strangeness[self.inside], COVERAGES, method="higher")
        return tuple(self.at(float(limit)) for limit in dict.fromkeys(limits.tolist()))

    def at(self, limit: float) -> CurvePoint:
        """Return what rejecting every text stranger than `limit` gives."""
        kept = self.strangeness <= limit
        inside = self.inside
        return CurvePoint(
            limit=limit,
            coverage=_share(kept[inside]) or 0.0,
            in_scope_accuracy=_share((kept & self.right)[inside]) or 0.0,
            accuracy_of_kept=_share(self.right[inside & kept]),
            oos_recall=_share((self.called_out | ~kept)[~inside]),
        )

    def _band(self, band: Band) -> BandFigures:
        here = self.bands == band
        return BandFigures(
            band=band,
            share=_share(here[self.inside]) or 0.0,
            accuracy=_share(self.right[here & self.inside]),
            oos_share=_share(here[~self.inside]),
        )


def _share(flags: npt.NDArray[np.bool_]) -> float | None:
    return float(flags.mean()) if flags.size else None
