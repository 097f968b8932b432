"""What a model says about each row of the frozen test, and its figures there."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog

from batch.training.evaluation.evaluate import MICRO_BATCH, measure
from batch.training.evaluation.gate import Answers
from batch.training.rows.current_names import rename_answers
from batch.training.rows.rows import LabelledRow
from schemas.errors import PipelineError
from schemas.intent_map import NO_CHANGES, IntentMap
from schemas.triage import Triage
from understanding.bundle.bundle import Bundle
from understanding.bundle.registry import load_published
from understanding.manifest.manifest import Evaluation
from understanding.manifest.pointer import CurrentModel
from understanding.scoring.scoring import score

log = structlog.get_logger(__name__)


class Measured(NamedTuple):
    """A model's answers to the test rows, and their figures."""

    answers: Answers
    evaluation: Evaluation


def measure_published(
    pointer: CurrentModel | None,
    models: Path,
    test: Sequence[LabelledRow],
    intents: IntentMap = NO_CHANGES,
) -> Measured | None:
    """Measure the bundle that a pointer names; None where there is none that can be loaded."""
    if pointer is None:
        return None
    try:
        bundle = load_published(pointer, models)
    except (PipelineError, OSError) as error:
        # Nobody can score with it: anything that can be loaded is better.
        log.warning("the current model cannot be loaded", version=pointer.version, error=str(error))
        return None
    return measure_bundle(bundle, test, intents)


def measure_bundle(bundle: Bundle, test: Sequence[LabelledRow], intents: IntentMap = NO_CHANGES) -> Measured:
    """Score the test rows by the one `score`, in micro-batches as the stream has them.

    The rows have the names that intents have now; by `intents` a model that is older than a renaming is judged alike.
    """
    texts = [row.text for row in test]
    score(bundle, texts[:1])  # loads what is loaded once; that is no speed of scoring
    results: list[Triage] = []
    began = time.perf_counter()
    for start in range(0, len(texts), MICRO_BATCH):
        results += score(bundle, texts[start : start + MICRO_BATCH])
    results = rename_answers(results, intents)
    speed = round(len(texts) / max(time.perf_counter() - began, 1e-9), 1)
    figures = msgspec.structs.replace(measure(bundle.version, test, results), texts_per_second=speed)
    return Measured(Answers(bundle.version, results), figures)
