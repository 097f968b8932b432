"""How fast a message is understood whole on one pinned core, and how rightly: the median of five passes."""

import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from batch.training.calibrate import ALWAYS_ENCODER
from batch.training.evaluate import MICRO_BATCH
from batch.training.evaluate import measure as figures_of
from batch.training.rows import LabelledRow
from schemas.model.bundle import Bundle, load_bundle
from schemas.signals.priority import PriorityTable
from schemas.triage import Triage
from schemas.understanding import CustomerMessage, understand
from tests.bench.quality import clinc150, it_tickets
from tests.bench.quality.context import BenchContext
from tests.bench.quality.registry import Row, at_least, reported

PASSES: Final = 5
CLINC_RATE, CLINC_ACCURACY = 1_736.0, 0.96
IT_RATE, IT_ACCURACY = 1_000.0, 0.88
LOSS: Final = 0.01
"""What is given for speed, on both data sets: a point of the accuracy on validation rows, as the bars themselves give
(0.89 and 0.88; 97.3 and 96.0 %)."""
ENCODER_RATE: Final = 300.0
_MOST_ROWS: Final = 3_000
_NOW: Final = datetime(2026, 3, 18, 12, tzinfo=UTC)
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
        *_section("clinc150", _pace(clinc, clinc_rows), CLINC_RATE, CLINC_ACCURACY),
        *_section("it_service_tickets", _pace(tickets, it_rows), IT_RATE, IT_ACCURACY),
    ]
    for name, bundle, labelled in ((clinc150.NAME, clinc, clinc_rows), (it_tickets.NAME, tickets, it_rows)):
        pace = _pace(bundle, labelled, always_encoder=True)
        rows.append(at_least(f"{name}, all by the encoder: texts/s", ENCODER_RATE, pace.rate, digits=0))
    return rows


def _section(name: str, pace: _Pace, rate: float, accuracy: float) -> list[Row]:
    return [
        at_least(f"{name}: texts/s", rate, pace.rate, digits=0),
        at_least(f"{name}: accuracy at that speed", accuracy, pace.accuracy, digits=4),
        reported(f"{name}: the encoder's share, and all passes", f"{pace.encoder_share:.1%}; {pace.spread}"),
    ]


def _pace(folder: Path, labelled: Sequence[LabelledRow], *, always_encoder: bool = False) -> _Pace:
    """Score the test rows several times on one core; a text's words are remembered as in a running worker."""
    test = [row for row in labelled if row.split == "test"]
    timed = [row.text for row in test[:: max(1, len(test) // _MOST_ROWS)]]
    with _pinned():
        model = load_bundle(folder)
        threshold = ALWAYS_ENCODER if always_encoder else _threshold(model)
        model = replace(model, manifest=msgspec.structs.replace(model.manifest, threshold=threshold))
        _pass(model, timed[:MICRO_BATCH])
        rates = [_rate(model, timed) for _ in range(PASSES)]
        found = figures_of(model.version, test, _pass(model, [row.text for row in test]))
    accuracy = found.accuracy if found.in_scope_accuracy is None else found.in_scope_accuracy
    spread = ", ".join(f"{rate:,.0f}" for rate in sorted(rates))
    return _Pace(statistics.median(rates), spread, accuracy, found.encoder_share)


def _threshold(model: Bundle) -> float:
    """Return the threshold that training found for LOSS, as `train --quality` would have set it."""
    assert model.manifest.validation is not None
    return next(choice.threshold for choice in model.manifest.validation.choices if choice.loss == LOSS)


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
