"""`ticketyard evaluate`: how good a model bundle is on labelled files, by the scorer that the stream uses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from batch.foundation.settings import BatchSettings
from batch.foundation.training_options import TrainingOptions
from batch.training.evaluation.evaluate import evaluate_bundle
from batch.training.rows.current_names import rename_rows
from batch.training.rows.rows import TrainingError, rows_to_test
from infra.cli.options.labelled_options import FILES, column_options, columns_from, progress_bar, read_files
from infra.cli.options.option_groups import moved_option, options_of, with_options
from schemas.intent_map import load_intent_map
from schemas.taxonomy import load_taxonomy
from understanding.bundle.bundle import load_bundle
from understanding.manifest.manifest import Evaluation

_MEANING = {
    "accuracy": "first guess is a label of the row",
    "encoder_share": "rows that the encoder decided",
    "ngrams_accuracy": "of the rows that the first tier decided",
    "encoder_accuracy": "of the rows that the encoder decided",
    "in_scope_accuracy": "of the rows that are not oos",
    "oos_recall": "oos rows that were called oos",
    "ece": "mean distance of confidence from accuracy",
}


_OPTIONS = (
    *FILES,
    click.option(
        "--bundle", required=True, type=click.Path(path_type=Path), help="Folder of the model bundle."
    ),
    *options_of(TrainingOptions, leave_out=set(TrainingOptions.model_fields) - {"threads"}),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    moved_option("--task", "use `ticketyard evaluate sentiment`"),
)


@click.command(epilog="See also: ticketyard evaluate sentiment.")
@lambda command: with_options(command, _OPTIONS)
@column_options
def command(
    more: tuple[Path, ...],
    bundle: Path,
    labelled: tuple[Path, ...],
    threads: int,
    as_json: bool,
    **columns: Any,
) -> int:
    """Measure a bundle on labelled files: on the test rows, or on all rows of a file without a split column."""
    paths = (*labelled, *more)
    if not paths:
        raise click.UsageError("name at least one labelled file: --labelled FILE")
    files = read_files(paths, columns_from(columns))
    rows = rows_to_test(
        [row for file in files for row in file.rows], source=", ".join(path.name for path in paths)
    )
    settings = BatchSettings()
    intents = load_intent_map(settings.intent_map, load_taxonomy(settings.taxonomy))
    renamed = rename_rows(rows, intents).rows
    if not renamed:
        raise TrainingError(
            "no row is left: the intents of all of them were split and no rule says into which"
        )
    model = load_bundle(bundle, threads=threads)
    with progress_bar() as progress:
        measured = evaluate_bundle(model, renamed, intents=intents, progress=progress)
    if as_json:
        click.echo(msgspec.json.encode(measured))
    else:
        Console().print(_table(measured), *_abstaining(measured))
    return 0


def _table(measured: Evaluation) -> Table:
    table = Table(
        "figure", "value", "meaning", title=f"Model {measured.bundle_version}", title_justify="left"
    )
    for name, value in msgspec.structs.asdict(measured).items():
        if value is None or name in ("bundle_version", "bands", "curve"):
            continue
        shown = f"{value:.4f}" if isinstance(value, float) and name != "texts_per_second" else str(value)
        table.add_row(name, shown, _MEANING.get(name, ""))
    return table


def _abstaining(measured: Evaluation) -> Iterator[Table]:
    """Yield the bands and the curve, as far as they were measured."""
    if measured.bands:
        table = Table("band", "of the rows", "accuracy", "of oos rows")
        for figures in measured.bands:
            table.add_row(figures.band, *_cells(figures.share, figures.accuracy, figures.oos_share))
        yield table
    if measured.curve:
        table = Table("reject above", "kept", "accuracy", "accuracy of kept", "oos found")
        for point in measured.curve:
            table.add_row(
                *_cells(
                    point.limit,
                    point.coverage,
                    point.in_scope_accuracy,
                    point.accuracy_of_kept,
                    point.oos_recall,
                )
            )
        yield table


def _cells(*values: float | None) -> list[str]:
    return ["" if value is None else f"{value:.4f}" for value in values]
