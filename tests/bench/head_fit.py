"""How long a first model's head takes to fit: by `fit_head`, on one core, and by scikit-learn on as many as it likes.

Run from the project's root: `PYTHONPATH=. .venv/bin/python tests/bench/head_fit.py`. Rows are drawn by a seed around a
centre a label; medians of rounds that take turns.
"""

import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

import click
import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from batch.training.rows.label_sets import fit_each
from batch.training.tiers.head_fit import fit_head
from understanding.manifest.fit_settings import HeadSettings

DIMENSIONS: Final = 768
SIZES: Final = ((3_500, 120), (15_000, 150))
"""Rows and labels: as the taxonomy brings them, and as a large labelled file does."""
SPREAD: Final = 1.5
ROUNDS: Final = 5
STRENGTH: Final = HeadSettings().regularisation
MOST_STEPS: Final = 500


class Rows(NamedTuple):
    """Vectors of length 1, and the columns of their labels."""

    vectors: npt.NDArray[np.float32]
    targets: npt.NDArray[np.intp]


def main() -> None:
    """Print the medians, their spread and their ratio, of one head for all labels and of one for each."""
    click.echo(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start; {ROUNDS} rounds")
    for rows, labels in SIZES:
        drawn = draw(rows, labels)
        compare(
            f"one head for {labels} labels, {rows:,} rows",
            partial(fit_head, drawn.vectors, drawn.targets, labels),
            partial(LogisticRegression(C=STRENGTH, max_iter=MOST_STEPS).fit, drawn.vectors, drawn.targets),
        )
    rows, labels = SIZES[0]
    drawn = draw(rows, labels)
    taught = np.eye(labels, dtype=np.bool_)[drawn.targets]
    compare(
        f"one for each of {labels} labels, {rows:,} rows",
        partial(fit_each, drawn.vectors, taught, regularisation=STRENGTH, seed=1),
        partial(plain_each, drawn.vectors, taught),
    )


def draw(rows: int, labels: int) -> Rows:
    """Return rows around a centre a label."""
    rng = np.random.default_rng(1)
    targets = rng.integers(0, labels, rows)
    vectors = rng.normal(size=(labels, DIMENSIONS))[targets] + SPREAD * rng.normal(size=(rows, DIMENSIONS))
    return Rows((vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), targets)


def plain_each(vectors: npt.NDArray[np.float32], taught: npt.NDArray[np.bool_]) -> None:
    """Fit a separator for each label as scikit-learn does by itself."""
    for column in taught.T:
        LogisticRegression(C=STRENGTH, max_iter=MOST_STEPS).fit(vectors, column)


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
