"""The bars of predictions at opening, on a real incident log or any other that has a mapping.

    python -m tests.bench.quality --only predictions
    python -m tests.bench.quality.predictions LOG --mapping FILE [--truth FILE --truth-key COLUMN …]

What is learnt is what was known when 70 % of the tickets had been opened; docs/measurements/predictions.md says what
the figures mean.
"""

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from batch.predictions.examples import Breached, History
from tests.bench.predictions.mapped_log import Truth, breached_by, read_histories
from tests.bench.predictions.measure import COURSE, Measured, measure_target, split_moment
from tests.bench.quality.context import BenchContext
from tests.bench.quality.registry import Row, reported
from tests.public_data.incidents import DATA_FILE, MAPPING

OUTCOMES: Final = DATA_FILE.with_name("cases_outcome.csv.gz")
TIME_SAVED: Final = 0.2
"""By this share the median error of the time to resolution must lie below that of the median by priority."""


def measure(context: BenchContext) -> Sequence[Row]:
    """Measure the public incident log; its outcomes file says which incidents kept their service level."""
    truth = Truth(file=context.file(str(OUTCOMES)), key="number", column="made_sla_final", breached="false")
    return measured_rows(read_histories(context.file(str(DATA_FILE)), MAPPING), breached_by(truth))


def measured_rows(histories: Sequence[History], breached: Breached | None) -> list[Row]:
    """Return the figures of each target beside its bar."""
    at, end = split_moment(histories), datetime.now(UTC)
    rows: list[Row] = []
    for target in COURSE:
        found = measure_target(target, histories, breached=breached, at=at, end=end)
        rows += [reported(target, "one outcome alone")] if found is None else _rows(found)
    return rows


def _rows(found: Measured) -> Iterator[Row]:
    figure, counts = found.figure, f"{found.train} learnt, {found.test} judged"
    if found.target == "resolution":
        told = f"{figure.quality / 3600:.2f} h, by priority {figure.other / 3600:.2f} h: {_gain(found, percent=True)}"
        bar, reached = f"median error {TIME_SAVED:.0%} less than by priority", figure.gain >= TIME_SAVED
        yield Row(name=f"resolution ({counts})", bar=bar, measured=told, reached=reached)
        yield reported("resolution within its interval", f"{found.covered:.3f}, 0.8 asked for")
        return
    told = f"{figure.quality:.4f}, opening fields {figure.other:.4f}: {_gain(found, percent=False)}"
    bar = "AUC above opening fields"
    yield Row(name=f"{found.target} ({counts})", bar=bar, measured=told, reached=figure.gain > 0)
    yield reported(f"{found.target}: Brier score", f"{found.brier:.4f} where {found.share:.1%} have it")


def _gain(found: Measured, *, percent: bool) -> str:
    gain, low, high = found.figure.gain, found.figure.low, found.figure.high
    if percent:
        return f"{gain:.1%} less [{low:.1%}, {high:.1%}]"
    return f"{gain:+.4f} [{low:+.4f}, {high:+.4f}]"


@click.command()
@click.argument("log", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--mapping", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--truth", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="File of outcomes."
)
@click.option("--truth-key", default="number", show_default=True, help="Its column of ticket ids.")
@click.option("--truth-column", default="made_sla_final", show_default=True, help="Its column of the breach.")
@click.option("--truth-breached", default="false", show_default=True, help="What stands there for a breach.")
def main(
    *, log: Path, mapping: Path, truth: Path | None, truth_key: str, truth_column: str, truth_breached: str
) -> None:
    """Measure predictions at opening on any log with a mapping.

    Without --truth a breach is a resolution later than the packaged policies promise.
    """
    known = truth and Truth(file=truth, key=truth_key, column=truth_column, breached=truth_breached)
    rows = measured_rows(read_histories(log, mapping), breached_by(known) if known else None)
    table = Table("what", "bar", "measured", "")
    for row in rows:
        table.add_row(
            row.name, row.bar, row.measured, {True: "reached", False: "NOT reached", None: ""}[row.reached]
        )
    Console().print(table)
    sys.exit(1 if any(row.reached is False for row in rows) else 0)


if __name__ == "__main__":
    main()
