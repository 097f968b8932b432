"""Measuring a bundle on labelled rows, through the same `score` that the stream uses."""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from batch.training.evaluation.abstaining import Answers
from batch.training.rows.current_names import rename_answers
from batch.training.rows.rows import LabelledRow
from schemas.intent_map import NO_CHANGES, IntentMap
from schemas.triage import Triage, all_intents
from schemas.vocabulary import OUT_OF_SCOPE
from understanding.bundle.bundle import Bundle
from understanding.manifest.manifest import Evaluation
from understanding.scoring.scoring import score

MICRO_BATCH: Final = 256
"""Texts scored at once, as in the stream."""


def evaluate_bundle(
    bundle: Bundle,
    rows: Sequence[LabelledRow],
    *,
    intents: IntentMap = NO_CHANGES,
    clock: Callable[[], float] = time.perf_counter,
    progress: Callable[[str, float], None] = lambda _what, _done: None,
) -> Evaluation:
    """Return how the bundle does on all given rows (at least one); `clock` measures the speed, in seconds.

    The rows have the names that intents have now; by `intents` those of an older model are theirs too.
    """
    texts = [row.text for row in rows]
    score(bundle, texts[:1])  # the first call loads what is loaded once; that is no speed of scoring
    results: list[Triage] = []
    began = clock()
    for start in range(0, len(texts), MICRO_BATCH):
        results += score(bundle, texts[start : start + MICRO_BATCH])
        progress("scoring", min(1.0, (start + MICRO_BATCH) / len(texts)))
    elapsed = clock() - began
    measured = measure(bundle.version, rows, rename_answers(results, intents))
    return msgspec.structs.replace(measured, texts_per_second=round(len(rows) / max(elapsed, 1e-9), 1))


def measure(version: str, rows: Sequence[LabelledRow], results: Sequence[Triage]) -> Evaluation:
    """Return the figures of results that stand beside their rows; the speed is left at 0."""
    answers = Answers(rows, results)
    right = answers.right.tolist()
    by_encoder = [result.decided_by == "encoder" for result in results]
    out = [OUT_OF_SCOPE in row.labels for row in rows]
    some_out = any(out)
    macro, micro = _f1(rows, results)
    return Evaluation(
        bundle_version=version,
        test_sum=sum_of_rows(rows),
        n=len(rows),
        accuracy=_share(right),
        macro_f1=macro,
        micro_f1=micro,
        texts_per_second=0.0,
        encoder_share=_share(by_encoder),
        ngrams_accuracy=_share_where(right, [not encoder for encoder in by_encoder]),
        encoder_accuracy=_share_where(right, by_encoder),
        in_scope_accuracy=_share_where(right, [not outside for outside in out]) if some_out else None,
        oos_recall=_share_where(right, out),
        ece=answers.calibration_error(),
        bands=answers.by_band(),
        curve=answers.curve(),
    )


def sum_of_rows(rows: Sequence[LabelledRow]) -> str:
    """Return the sha256 of the rows' texts and labels, whatever their order: equal sums, equal test."""
    lines = sorted(msgspec.json.encode([row.text, sorted(row.labels)]) for row in rows)
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


def _f1(rows: Sequence[LabelledRow], results: Sequence[Triage]) -> tuple[float, float]:
    """Return macro and micro F1 over all labels that were answered; no label at all counts as a wrong one."""
    hits, answered, wanted = Counter[str](), Counter[str](), Counter[str]()
    for row, result in zip(rows, results, strict=True):
        wanted.update(row.labels)
        found = all_intents(result) or ("",)
        answered.update(found)
        hits.update(label for label in found if label in row.labels)
    labels = wanted.keys() | answered.keys()
    each = [2 * hits[label] / (wanted[label] + answered[label]) for label in labels]
    return sum(each) / len(each), 2 * hits.total() / (wanted.total() + answered.total())


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags)


def _share_where(flags: Sequence[bool], chosen: Sequence[bool]) -> float | None:
    picked = [flag for flag, take in zip(flags, chosen, strict=True) if take]
    return _share(picked) if picked else None
