"""Choosing the settings of both tiers by cross-validation: a small grid, each fold of each setting one task."""

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from batch.training.examples import Examples, sample_of_each
from batch.training.executor import Executor, Job
from batch.training.progress import Progress
from batch.training.rows import TrainingError
from batch.training.trials import TrialPlan, TrialRows, TrialTask, fold_accuracy, write_trials
from understanding.arrays.probabilities import Matrix
from understanding.manifest.fit_settings import HeadSettings, NgramSettings, Search, Trial
from understanding.scoring.text import normalised

FOLDS: Final = 5

SEARCH_ROWS: Final = 20_000
"""Rows of a search at most: it compares settings, for which these are enough."""

_SHAPES: Final = (
    NgramSettings(words=(1, 1), characters=(2, 4), terms=30_000),
    NgramSettings(words=(1, 2), characters=(3, 5)),
    NgramSettings(),
)

NGRAM_GRID: Final = tuple(
    msgspec.structs.replace(shape, regularisation=strength)
    for shape, strength in product(_SHAPES, (0.25, 0.5, 1.0, 2.0))
)
"""From simple to elaborate: fewer terms first, then the stronger regularisation (a smaller C)."""

HEAD_GRID: Final = tuple(HeadSettings(regularisation=strength) for strength in (3.0, 10.0, 30.0, 100.0))

Read = Callable[[Sequence[str]], Matrix]


def search_settings(
    examples: Examples,
    labels: int,
    *,
    seed: int,
    executor: Executor,
    progress: Progress,
    read: Read | None,
    ngram_grid: Sequence[NgramSettings] = NGRAM_GRID,
    head_grid: Sequence[HeadSettings] = HEAD_GRID,
) -> Search:
    """Return the table of all settings on all folds of the training examples, with the winner of each tier.

    `read` gives the frozen encoder's vectors; without it the head's settings are not tried, since the head of a
    fine-tuned encoder is trained with it. TrainingError where the rows are too few for folds.
    """
    places = sample_of_each(examples.targets, SEARCH_ROWS, seed=seed)
    texts, targets = [examples.texts[place] for place in places], examples.targets[places]
    folds = np.array([fold_of(text) for text in texts], dtype=np.intp)
    _require_folds(folds, targets)
    settings = [TrialTask(fold=0, ngrams=one) for one in ngram_grid]
    settings += [TrialTask(fold=0, head=one) for one in head_grid] if read else []
    tasks = [msgspec.structs.replace(one, fold=fold) for one in settings for fold in range(FOLDS)]
    vectors = read(texts) if read else np.zeros((len(texts), 0), dtype=np.float32)
    with tempfile.TemporaryDirectory(prefix="ticketyard-search-") as folder:
        plan = TrialPlan(tasks=tuple(tasks), texts=texts, labels=labels, seed=seed)
        write_trials(Path(folder), plan, TrialRows(targets, folds, vectors))
        job = Job("searching settings", fold_accuracy, (Path(folder),), len(tasks))
        results = [msgspec.json.decode(result, type=float) for result in executor.run(job, progress)]
    trials = [
        _trial(one, results[number * FOLDS : (number + 1) * FOLDS]) for number, one in enumerate(settings)
    ]
    by_ngrams = mark_chosen([trial for trial in trials if trial.ngrams is not None])
    by_head = mark_chosen([trial for trial in trials if trial.head is not None])
    return Search(folds=FOLDS, rows=len(texts), trials=(*by_ngrams, *by_head))


def fold_of(text: str) -> int:
    """Return a text's fold, by a hash of its normalised form: equal texts are never on both sides."""
    digest = hashlib.sha256(f"fold\n{normalised(text)}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % FOLDS


def mark_chosen(trials: Sequence[Trial]) -> list[Trial]:
    """Return the trials with the winner marked, by the rule of one standard error (Breiman et al. 1984, 3.4.3).

    The winner is the first in the grid's order, so the simplest, whose mean accuracy is within one standard error of
    the best mean; between equal best means the first one's standard error counts. So equal tables give one winner.
    """
    if not trials:
        return []
    best = max(trials, key=lambda trial: trial.mean)
    least = best.mean - best.standard_error
    winner = next(number for number, trial in enumerate(trials) if trial.mean >= least)
    return [msgspec.structs.replace(trial, chosen=number == winner) for number, trial in enumerate(trials)]


def _trial(task: TrialTask, accuracies: Sequence[float]) -> Trial:
    spread = float(np.std(accuracies, ddof=1))
    return Trial(
        ngrams=task.ngrams,
        head=task.head,
        accuracies=tuple(accuracies),
        mean=float(np.mean(accuracies)),
        standard_error=spread / len(accuracies) ** 0.5,
    )


def _require_folds(folds: npt.NDArray[np.intp], targets: npt.NDArray[np.intp]) -> None:
    for fold in range(FOLDS):
        held = folds == fold
        if not held.any() or len(np.unique(targets[~held])) < 2:  # noqa: PLR2004 - fewer leave nothing to decide
            raise TrainingError(
                f"{len(folds)} training rows are too few to search settings in {FOLDS} folds; "
                "train without a search, or add rows"
            )
