"""`ticketyard train`: a model bundle from labelled files, or from the taxonomy alone."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from batch.foundation.settings import BatchSettings
from batch.foundation.training_options import TrainingOptions
from batch.training.rows.current_names import Renamed, rename_rows
from batch.training.rows.rows import LabelledRow, rows_from_taxonomy
from batch.training.shared_work.executor import Executor
from infra.cli.models.model_card import CARD, add_card
from infra.cli.options.labelled_options import (
    FILES,
    all_column_options,
    columns_from,
    progress_bar,
    read_files,
)
from infra.cli.options.option_groups import chosen_of, moved_option, options_of, with_options
from infra.cli.training.train_summary import summary_of
from schemas.intent_map import IntentMap, load_intent_map
from schemas.taxonomy import load_taxonomy
from understanding.sentiment.folder import sentiment_input

_OPTIONS = (
    *FILES,
    click.option(
        "--out", required=True, type=click.Path(path_type=Path), help="Folder to write the bundle to."
    ),
    click.option("--taxonomy", type=click.Path(path_type=Path), default=None, help="Another taxonomy file."),
    *options_of(TrainingOptions, leave_out=("seed",)),
    click.option(
        "--seed",
        type=click.IntRange(0, 2**32 - 1),
        default=None,
        help="Seed of all randomness; else that of the settings.",
    ),
    click.option(
        "--sentiment",
        type=click.Path(path_type=Path),
        default=None,
        help="Folder of a sentiment model (`train sentiment`) that the bundle carries; else that of the settings.",
    ),
    click.option(
        "--master",
        default=None,
        help="Share the work out among Spark's executors there: local[2], spark://host:7077, yarn, …; "
        "without it all is done in this process.",
    ),
    CARD,
    moved_option("--task", "use `ticketyard train sentiment`"),
    moved_option("--update-from", "use `ticketyard train update --bundle DIR --corrections FILE`"),
    moved_option("--search", "leave it out, a search among settings brought no accuracy", is_flag=True),
    moved_option("--corrections", "use `ticketyard train update --bundle DIR --corrections FILE`"),
)


@click.command(epilog="See also: ticketyard train update, ticketyard train sentiment.")
@lambda command: with_options(command, _OPTIONS)
@all_column_options
def command(
    more: tuple[Path, ...], labelled: tuple[Path, ...], out: Path, *, card: bool, **chosen: Any
) -> int:
    """Train a model on labelled files, --labelled FILE…, and write it to a new folder.

    A file has columns text and label; with a column split, rows of train and val are learnt from and rows of
    test measured on. Without a file, the examples of the taxonomy are learnt: a model from the first day.

    TICKETYARD_TRAIN_ENCODER and TICKETYARD_KEEP_EXAMPLES are for `batch train`; here the options alone say so.
    """
    # Imported here: scikit-learn takes seconds, and `--help` must not wait for it.
    from batch.training.train import train_bundle  # noqa: PLC0415

    paths, settings = (*labelled, *more), BatchSettings()
    known = load_taxonomy(chosen["taxonomy"] or settings.taxonomy)
    options = _options(chosen, settings, with_files=bool(paths))
    sentiment = chosen["sentiment"] or settings.sentiment
    carried = [] if sentiment is None else [sentiment_input(sentiment)]
    files = read_files(paths, columns_from(chosen))
    intents = load_intent_map(settings.intent_map, known)
    named = [row for file in files for row in file.rows] if paths else rows_from_taxonomy(known)
    renamed = _by_todays_names(named, intents)
    with progress_bar() as progress, _executor(settings, chosen["master"]) as executor:
        manifest = train_bundle(
            renamed.rows,
            options,
            taxonomy=known,
            encoder_dir=settings.encoder_folder,
            out=out,
            created_at=datetime.now(UTC),
            inputs=[*(file.described for file in files), *carried, *renamed.described(intents)],
            sentiment=sentiment,
            progress=progress,
            executor=executor,
        )
        if card:
            test, texts = [row for row in renamed.rows if row.split == "test"], options.keep_examples
            add_card(out, test, paths, threads=options.threads, show_texts=texts, progress=progress)
    Console().print(summary_of(manifest, out))
    return 0


def _options(chosen: dict[str, Any], settings: BatchSettings, *, with_files: bool) -> TrainingOptions:
    """Return what the options choose; without files `auto` leaves the encoder frozen."""
    seed = settings.train_seed if chosen["seed"] is None else chosen["seed"]
    options = chosen_of(TrainingOptions, {**chosen, "seed": seed})
    if options.encoder == "auto" and not with_files:
        return options.model_copy(update={"encoder": "frozen"})
    return options


def _by_todays_names(rows: Sequence[LabelledRow], intents: IntentMap) -> Renamed:
    renamed = rename_rows(rows, intents)
    if renamed.left_out:
        click.echo(
            f"warning: left {renamed.left_out} rows out: their intents were split and no rule says into which",
            err=True,
        )
    return renamed


def _executor(settings: BatchSettings, master: str | None) -> "AbstractContextManager[Executor | None]":
    if master is None:
        return nullcontext()
    from batch.training.shared_work.spark_executor import training_executor  # noqa: PLC0415 - brings PySpark

    return training_executor(settings.model_copy(update={"spark_master": master}))
