"""One task of a search: learn with one setting on all folds but one, and answer for that one."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from batch.training.head_fit import fit_head
from batch.training.linear import Targets
from batch.training.ngram_fit import fit_ngrams
from understanding.arrays.probabilities import Matrix
from understanding.bundle.bundle import head_from
from understanding.manifest.fit_settings import HeadSettings, NgramSettings
from understanding.tiers.ngrams import ngram_tier_from

_PLAN: Final = "plan.json"
_ARRAYS: Final = "rows.npz"


class TrialTask(msgspec.Struct, frozen=True, kw_only=True):
    """The fold that is answered for, and the setting of one tier."""

    fold: int
    ngrams: NgramSettings | None = None
    head: HeadSettings | None = None


class TrialPlan(msgspec.Struct, frozen=True, kw_only=True):
    """All tasks of a search, and what they share."""

    tasks: tuple[TrialTask, ...]
    texts: list[str]
    labels: int
    seed: int


class TrialRows(NamedTuple):
    """The arrays beside the plan's texts: each one's column, fold, and vector (no columns where none is asked for)."""

    targets: Targets
    folds: npt.NDArray[np.intp]
    vectors: Matrix


def write_trials(folder: Path, plan: TrialPlan, rows: TrialRows) -> None:
    """Write what `fold_accuracy` reads."""
    (folder / _PLAN).write_bytes(msgspec.json.encode(plan))
    np.savez(folder / _ARRAYS, **rows._asdict())


def fold_accuracy(folders: Sequence[Path], number: int) -> bytes:
    """Return, as JSON, the accuracy of one setting on the rows of one fold, having learnt from the others.

    One thread, since an executor has as many of these as cores, and sums in another order round differently.
    """
    plan, rows = _trials(folders[0])
    task = plan.tasks[number]
    held = rows.folds == task.fold
    with threadpool_limits(1):
        logits = (
            _by_words(plan, rows, held, task.ngrams) if task.ngrams else _by_meaning(plan, rows, held, task)
        )
    return msgspec.json.encode(float((logits.argmax(axis=1) == rows.targets[held]).mean()))


def _by_words(
    plan: TrialPlan, rows: TrialRows, held: npt.NDArray[np.bool_], settings: NgramSettings
) -> Matrix:
    learnt = [text for text, out in zip(plan.texts, held, strict=True) if not out]
    asked = [text for text, out in zip(plan.texts, held, strict=True) if out]
    state = fit_ngrams(learnt, rows.targets[~held], plan.labels, seed=plan.seed, settings=settings)
    return ngram_tier_from(state).logits(asked)


def _by_meaning(plan: TrialPlan, rows: TrialRows, held: npt.NDArray[np.bool_], task: TrialTask) -> Matrix:
    state = fit_head(rows.vectors[~held], rows.targets[~held], plan.labels, settings=task.head)
    return head_from(state).logits(rows.vectors[held])


@lru_cache(maxsize=1)
def _trials(folder: Path) -> tuple[TrialPlan, TrialRows]:
    """Read a search once a process, not once a task."""
    plan = msgspec.json.decode((folder / _PLAN).read_bytes(), type=TrialPlan)
    with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
        return plan, TrialRows(**{name: arrays[name] for name in TrialRows._fields})
