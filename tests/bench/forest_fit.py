"""How long trees of predictions take to fit: by `fit_forest`, on one core, and by scikit-learn on as many as it likes.

Run from the project's root: `PYTHONPATH=. .venv/bin/python tests/bench/forest_fit.py`. Alone, and beside two processes
that spin; medians of rounds that take turns.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import click
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from batch.predictions.forest_fit import Shape, fit_forest
from tests.bench.spinning import machine

ROWS: Final = 3_000
COLUMNS: Final = 40
SHAPE: Final = Shape(
    max_iter=60, learning_rate=0.1, max_leaf_nodes=31, min_samples_leaf=20, l2_regularization=0.0
)
ROUNDS: Final = 7


def main() -> None:
    """Print medians, least and most of both, alone and beside two busy processes."""
    click.echo(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start; {ROUNDS} rounds")
    chance = np.random.default_rng(1)
    rows = chance.normal(size=(ROWS, COLUMNS))
    answers = rows[:, 0] + chance.normal(size=ROWS) > 0
    options = {"max_iter": SHAPE.max_iter, "early_stopping": False, "random_state": 1}
    ways: dict[str, Callable[[], object]] = {
        "one core": partial(fit_forest, rows, answers, "log_loss", SHAPE, seed=1),
        "as many as it likes": partial(HistGradientBoostingClassifier(**options).fit, rows, answers),
    }
    with tempfile.TemporaryDirectory() as folder:
        for busy in (False, True):
            with machine(Path(folder), busy=busy):
                taken: dict[str, list[float]] = {name: [] for name in ways}
                for _ in range(ROUNDS):
                    for name, fit in ways.items():
                        begun = time.perf_counter()
                        fit()
                        taken[name].append(time.perf_counter() - begun)
            for name, found in taken.items():
                spread = f"({min(found):.2f} to {max(found):.2f})"
                click.echo(
                    f"{'beside two' if busy else 'alone'}: {name} {statistics.median(found):.2f} s {spread}"
                )


if __name__ == "__main__":
    main()
