"""How fast a message is understood whole on one pinned core, and how rightly: the median of five passes."""

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from batch.foundation.training_options import TrainingOptions
from batch.training.calibration.thresholds import ALWAYS_ENCODER
from batch.training.evaluation.evaluate import MICRO_BATCH
from batch.training.evaluation.evaluate import measure as figures_of
from batch.training.rows.rows import LabelledRow
from schemas.triage import Triage
from tests.bench.quality import clinc150, it_tickets
from tests.bench.quality.context import BenchContext
from tests.bench.quality.registry import Row, at_least, reported
from understanding.bundle.bundle import Bundle, load_bundle
from understanding.manifest.manifest import BundleManifest
from understanding.scoring.scoring import cascade
from understanding.scoring.text import clean_text
from understanding.signals.priority import PriorityTable
from understanding.understand import CustomerMessage, understand

PASSES: Final = 5
CLINC_RATE, CLINC_ACCURACY = 1_736.0, 0.96
IT_RATE, IT_ACCURACY = 1_000.0, 0.88
LOSS: Final = 0.01
"""What is given for speed, on both data sets: a point of the accuracy on validation rows, as the bars themselves give
(0.89 and 0.88; 97.3 and 96.0 %)."""
OTHER_LOSSES: Final = (TrainingOptions().loss, 0.005)
"""What else may be given, reported beside it: the default, and half a point."""
ENCODER_RATE: Final = 300.0
_MOST_ROWS: Final = 3_000
_NOW: Final = datetime(2026, 3, 18, 12, tzinfo=UTC)
_Setting = Callable[[BundleManifest], BundleManifest]
_PRIORITIES: Final = PriorityTable.load()


class _Pace(NamedTuple):
    rate: float  # texts a second
    spread: str
    accuracy: float  # of the rows in scope
    encoder_share: float


def measure(context: BenchContext) -> Sequence[Row]:
    """Measure the cascade on both data sets, and where every ticket takes the encoder."""
    clinc_rows, it_rows = clinc150.rows(context), it_tickets.rows(context)
    clinc = context.bundle(clinc150.NAME, lambda: clinc_rows)
    tickets = context.bundle(it_tickets.NAME, lambda: it_rows)
    rows = [
        *_section(clinc150.NAME, _pace(clinc, clinc_rows, _for_loss(LOSS)), CLINC_RATE, CLINC_ACCURACY),
        *_section(it_tickets.NAME, _pace(tickets, it_rows, _for_loss(LOSS)), IT_RATE, IT_ACCURACY),
    ]
    for name, bundle, labelled in ((clinc150.NAME, clinc, clinc_rows), (it_tickets.NAME, tickets, it_rows)):
        for loss in OTHER_LOSSES:
            given = _pace(bundle, labelled, _for_loss(loss))
            rows.append(reported(f"{name}, {loss:.1%} given for speed", _told(given)))
        every = _pace(bundle, labelled, _every_text)
        rows.append(at_least(f"{name}, all by the encoder: texts/s", ENCODER_RATE, every.rate, digits=0))
    return rows


def _section(name: str, pace: _Pace, rate: float, accuracy: float) -> list[Row]:
    return [
        at_least(f"{name}: texts/s", rate, pace.rate, digits=0),
        at_least(f"{name}: accuracy at that speed", accuracy, pace.accuracy, digits=4),
        reported(f"{name}: shares, and all passes", _told(pace)),
    ]


def _told(pace: _Pace) -> str:
    return f"{pace.rate:,.0f}/s at {pace.accuracy:.4f}; encoder {pace.encoder_share:.1%}; {pace.spread}"


def _pace(folder: Path, labelled: Sequence[LabelledRow], setting: _Setting) -> _Pace:
    """Score the test rows several times on one core; a text's words are remembered as in a running worker."""
    test = [row for row in labelled if row.split == "test"]
    timed = [row.text for row in test[:: max(1, len(test) // _MOST_ROWS)]]
    with _pinned():
        model = load_bundle(folder)
        model = replace(model, manifest=setting(model.manifest))
        _pass(model, timed[:MICRO_BATCH])
        rates = [_rate(model, timed) for _ in range(PASSES)]
        found = figures_of(model.version, test, _pass(model, [row.text for row in test]))
        shares = cascade(model, [clean.text for clean in map(clean_text, timed) if clean.text])
    accuracy = found.accuracy if found.in_scope_accuracy is None else found.in_scope_accuracy
    spread = ", ".join(f"{rate:,.0f}" for rate in sorted(rates))
    return _Pace(statistics.median(rates), spread, accuracy, float(shares.by_encoder.mean()))


def _for_loss(loss: float) -> _Setting:
    """Return what sets a manifest to the thresholds for a loss, as `train --quality` would have."""

    def set_to(manifest: BundleManifest) -> BundleManifest:
        assert manifest.validation is not None
        point = next(choice for choice in manifest.validation.choices if choice.loss == loss)
        return msgspec.structs.replace(manifest, threshold=point.threshold)

    return set_to


def _every_text(manifest: BundleManifest) -> BundleManifest:
    return msgspec.structs.replace(manifest, threshold=ALWAYS_ENCODER)


def _rate(model: Bundle, texts: Sequence[str]) -> float:
    began = time.perf_counter()
    _pass(model, texts)
    return len(texts) / (time.perf_counter() - began)


def _pass(model: Bundle, texts: Sequence[str]) -> list[Triage]:
    results: list[Triage] = []
    for start in range(0, len(texts), MICRO_BATCH):
        messages = [CustomerMessage(text, _NOW) for text in texts[start : start + MICRO_BATCH]]
        results += understand(model, messages, priorities=_PRIORITIES)
    return results


@contextmanager
def _pinned() -> Iterator[None]:
    """Run on the last of the cores that this process may use."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
