"""Scoring the test rows of a bundle, as every section about answers needs it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from batch.training.evaluation.abstaining import Answers
from batch.training.evaluation.evaluate import MICRO_BATCH, measure
from batch.training.rows.rows import LabelledRow
from schemas.triage import Triage
from tests.bench.quality.context import THREADS, BenchContext
from tests.bench.quality.registry import Row, at_most, reported
from understanding.bundle.bundle import Bundle, load_bundle
from understanding.manifest.manifest import Evaluation
from understanding.scoring.scoring import score

TRAINING_MINUTES = 30.0


class Tested(NamedTuple):
    """A bundle's results beside the test rows, and its figures."""

    rows: list[LabelledRow]
    results: list[Triage]
    figures: Evaluation

    @property
    def answers(self) -> Answers:
        """Return the results as columns."""
        return Answers(self.rows, self.results)


def tested(context: BenchContext, name: str, rows: Callable[[], Sequence[LabelledRow]]) -> Tested:
    """Return the results of the bundle of this name, trained if need be, on the test rows."""
    everything = rows()
    model = load_bundle(context.bundle(name, lambda: everything), threads=THREADS)
    test = [row for row in everything if row.split == "test"]
    results = results_of(model, test)
    return Tested(test, results, measure(model.version, test, results))


def results_of(model: Bundle, rows: Sequence[LabelledRow]) -> list[Triage]:
    """Return the results of rows, scored in micro-batches as in the stream."""
    results: list[Triage] = []
    for start in range(0, len(rows), MICRO_BATCH):
        results += score(model, [row.text for row in rows[start : start + MICRO_BATCH]])
    return results


def training_rows(context: BenchContext, name: str, found: Tested) -> list[Row]:
    """Return what the training took, where it ran, and what part of the test rows the encoder decided."""
    seconds = context.training_seconds.get(name)
    took = (
        []
        if seconds is None
        else [at_most(f"{name}: minutes of training", TRAINING_MINUTES, seconds / 60, digits=1)]
    )
    share = reported(f"{name}: rows that the encoder decided", f"{found.figures.encoder_share:.1%}")
    return [*took, share]
