"""What each mechanism of the cascade brings: quality and speed without it, calibrated anew, beside the whole.

The encoder is trained once a data set (`--models` keeps it). Of a trained bundle the n-grams are fitted anew, as they
have learnt the validation rows at the end; encoder and heads are the bundle's. Every variant scores the same
test rows on one core, in turns, so that noise meets them all.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from batch.training.bundle_files import assemble
from batch.training.calibration.cascade import Heads, calibrate_cascade
from batch.training.encoder.vectors import Vectors, read_here
from batch.training.evaluation.evaluate import measure as figures_of
from batch.training.plan.options import TrainingOptions
from batch.training.rows.examples import ENOUGH_VALIDATION, Material, prepare
from batch.training.rows.rows import LabelledRow, rows_to_train
from batch.training.tiers.fit import TierFitting
from tests.bench.quality import bitext, clinc150, it_tickets, other_languages
from tests.bench.quality.answers import results_of
from tests.bench.quality.context import BARS, SEED, BenchContext
from tests.bench.quality.registry import Row, reported
from understanding.arrays.stored import load_arrays
from understanding.bundle.bundle import Bundle, encoder_of, load_bundle
from understanding.manifest.manifest import HEAD, NEVER_LEFT

TURNS: Final = 3
MOST_ROWS: Final = 2_000
OPTIONS: Final = TrainingOptions(seed=SEED)
"""The default options: what a user gets who says nothing."""


@dataclass(frozen=True)
class _Trained:
    """A trained bundle's parts, not calibrated, and the rows to calibrate them on."""

    folder: Path
    bundle: Bundle
    material: Material
    fitting: TierFitting
    ngrams: dict[str, Any]
    head: dict[str, Any]

    @classmethod
    def of(cls, folder: Path, rows: Sequence[LabelledRow]) -> "_Trained":
        bundle = load_bundle(folder)
        held = None if bundle.manifest.encoder.training == "frozen" else ENOUGH_VALIDATION
        material = prepare(rows_to_train(rows), seed=SEED, most_held=held)
        vectors = Vectors(read_here(bundle.encoder), _silent, lower=bundle.lower_dimensions)
        fitting = TierFitting(len(material.labels), vectors, SEED, _silent)
        head = load_arrays((folder / HEAD).read_bytes(), source=HEAD)
        return cls(folder, bundle, material, fitting, fitting.ngrams(material.train), head)

    def variant(self, *, early: bool = True) -> Bundle:
        """Return the bundle calibrated with or without early exit, at the default options."""
        whole = {name: part for name, part in self.head.items() if name != "early"}
        fitted = calibrate_cascade(
            self.ngrams,
            Heads(whole, self.head.get("early") if early else None),
            self.material,
            self.fitting.vectors,
            OPTIONS,
        )
        if self.material.own_validation:
            fitted = self.fitting.again(fitted, self.material, head=False)
        described = self.bundle.manifest.encoder
        if not early:
            lower = self.bundle.lower_dimensions
            described = msgspec.structs.replace(
                described, exit_after=None, dimensions=described.dimensions - lower
            )
        manifest = msgspec.structs.replace(
            self.bundle.manifest,
            encoder=described,
            threshold=fitted.threshold,
            exit_threshold=fitted.exit_threshold if early else None,
            bands=fitted.bands,
        )
        encoder = encoder_of(described, self.folder / "encoder", threads=1)
        return assemble(manifest, fitted, encoder)


FROZEN: Final = BARS.model_copy(update={"encoder": "frozen"})
DATA: Final[dict[str, tuple[Callable[[BenchContext], list[LabelledRow]], TrainingOptions]]] = {
    clinc150.NAME: (clinc150.rows, BARS),
    it_tickets.NAME: (it_tickets.rows, BARS),
    f"{bitext.NAME}_frozen": (bitext.rows, FROZEN),
    "other_languages_frozen": (lambda _context: other_languages.rows(), FROZEN),
}
"""The rows of each data set, and how its encoder is trained."""


def measure(context: BenchContext) -> Sequence[Row]:
    """Measure every variant on every data set."""
    rows: list[Row] = []
    for name, (labelled, options) in DATA.items():
        given = labelled(context)
        folder = context.bundle(name, lambda rows=given: rows, options=options)  # type: ignore[misc]
        trained = _Trained.of(folder, given)
        variants = {
            "whole": trained.variant(),
            "without early exit": trained.variant(early=False),
        }
        test = [row for row in given if row.split == "test"]
        rates = _rates(variants, test[:: max(1, len(test) // MOST_ROWS)])
        for told, bundle in variants.items():
            rows.append(reported(f"{name}, {told}", _figures(bundle, test, rates[told], rates["whole"])))
    return rows


def _figures(bundle: Bundle, test: Sequence[LabelledRow], rates: list[float], whole: list[float]) -> str:
    found = figures_of(bundle.version, test, results_of(bundle, test))
    accuracy = found.accuracy if found.in_scope_accuracy is None else found.in_scope_accuracy
    ratios = [one / other for one, other in zip(rates, whole, strict=True)]
    exits = bundle.manifest.exit_threshold
    left = "" if exits is None else ", never left" if exits == NEVER_LEFT else f", left from {exits:.3f}"
    return (
        f"{accuracy:.4f} right, {statistics.median(rates):,.0f} texts/s, {statistics.median(ratios):.2f} of the "
        f"whole ({min(ratios):.2f} to {max(ratios):.2f}); encoder decides {found.encoder_share:.1%}{left}"
    )


def _rates(variants: dict[str, Bundle], rows: Sequence[LabelledRow]) -> dict[str, list[float]]:
    """Return texts a second of each variant, in turns; what only the first call does is done before."""
    found: dict[str, list[float]] = {name: [] for name in variants}
    for bundle in variants.values():
        results_of(bundle, rows)
    for _ in range(TURNS):
        for name, bundle in variants.items():
            began = time.perf_counter()
            results_of(bundle, rows)
            found[name].append(len(rows) / (time.perf_counter() - began))
    return found


def _silent(_what: str, _done: float) -> None:
    """The table tells."""
