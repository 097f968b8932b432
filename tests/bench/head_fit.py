"""How long a first model's head takes to fit: by `fit_head`, on one core, and by scikit-learn on as many as it likes.

Run from the project's root: `PYTHONPATH=. .venv/bin/python tests/bench/head_fit.py`. As many rows, dimensions and
labels as the taxonomy brings, drawn by a seed around a centre a label; medians of rounds that take turns.
"""

import os
import statistics
import time
from collections.abc import Callable
from typing import Final

import click
import numpy as np
from sklearn.linear_model import LogisticRegression

from batch.training.head_fit import fit_head
from batch.training.label_sets import fit_each
from schemas.model.fit_settings import HeadSettings

ROWS, DIMENSIONS, LABELS = 3_500, 768, 120
SPREAD: Final = 1.5
ROUNDS: Final = 5
STRENGTH: Final = HeadSettings().regularisation
MOST_STEPS: Final = 500


def main() -> None:
    """Print the medians, their spread and their ratio, of one head for all labels and of one for each."""
    rng = np.random.default_rng(1)
    targets = rng.integers(0, LABELS, ROWS)
    vectors = rng.normal(size=(LABELS, DIMENSIONS))[targets] + SPREAD * rng.normal(size=(ROWS, DIMENSIONS))
    rows = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    taught = np.eye(LABELS, dtype=np.bool_)[targets]

    def plain_each() -> None:
        for label in range(LABELS):
            LogisticRegression(C=STRENGTH, max_iter=MOST_STEPS).fit(rows, taught[:, label])

    click.echo(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start; {ROUNDS} rounds")
    compare(
        "one head for all labels",
        lambda: fit_head(rows, targets, LABELS),
        lambda: LogisticRegression(C=STRENGTH, max_iter=MOST_STEPS).fit(rows, targets),
    )
    compare("one for each label", lambda: fit_each(rows, taught, regularisation=STRENGTH, seed=1), plain_each)


def compare(name: str, ours: Callable[[], object], reference: Callable[[], object]) -> None:
    """Time both in turn and print what they took."""
    pairs = [(seconds(ours), seconds(reference)) for _ in range(ROUNDS)]
    (one, one_told), (many, many_told) = (told(times) for times in zip(*pairs, strict=True))
    click.echo(f"{name}: on one core {one_told}, on all {many_told}; {many / one:.1f} times as long")


def told(times: tuple[float, ...]) -> tuple[float, str]:
    """Return the median, and it with the spread in words."""
    median = statistics.median(times)
    return median, f"{median:.2f} s ({min(times):.2f} to {max(times):.2f})"


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes by the clock."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
