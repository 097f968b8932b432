"""`ticketyard train`: a model bundle from labelled files, or from the taxonomy alone."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from batch.settings import BatchSettings
from batch.training.current_names import Renamed, rename_rows
from batch.training.executor import Executor
from batch.training.rows import LabelledRow, rows_from_taxonomy
from infra.cli.models.model_card import add_card
from infra.cli.options.labelled_options import column_options, columns_from, progress_bar, read_files
from infra.cli.training.sentiment_task import task_option, train_task
from infra.cli.training.train_summary import summary_of
from infra.cli.training.training_options import options_from, training_options
from infra.cli.training.update_task import update_options, update_task
from infra.cli.training.useless_options import refuse_useless_options
from schemas.intent_map import IntentMap, load_intent_map
from schemas.taxonomy import Taxonomy, load_taxonomy
from understanding.sentiment.folder import sentiment_input


@click.command()
@click.argument("more", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@click.option(
    "--labelled", multiple=True, type=click.Path(path_type=Path), help="CSV, JSON lines or Parquet."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write the bundle to.")
@click.option("--taxonomy", type=click.Path(path_type=Path), default=None, help="Another taxonomy file.")
@training_options
@update_options
@click.option(
    "--card/--no-card", default=True, show_default=True, help="Write the model card into the bundle's folder."
)
@task_option
@column_options
def command(
    more: tuple[Path, ...],
    labelled: tuple[Path, ...],
    out: Path,
    task: str,
    taxonomy: Path | None,
    update_from: Path | None,
    corrections: tuple[Path, ...],
    card: bool,
    **chosen: Any,
) -> int:
    """Train a model on labelled files, --labelled FILE…, and write it to a new folder.

    A file has columns text and label; with a column split, rows of train and val are learnt from and rows of
    test measured on. Without a file, the examples of the taxonomy are learnt: a model from the first day.
    """
    refuse_useless_options(click.get_current_context())
    paths = (*labelled, *more)
    if task == "sentiment":
        return train_task(paths, chosen, out)
    settings = BatchSettings()
    known = load_taxonomy(taxonomy or settings.taxonomy)
    if update_from is None:
        return _train(paths, known, settings, chosen, out=out, card=card)
    return update_task(
        update_from,
        corrections,
        paths,
        chosen,
        taxonomy=known,
        intents=load_intent_map(settings.intent_map, known),
        out=out,
        threads=chosen["threads"],
        card=card,
        show_texts=chosen["keep_examples"],
    )


def _train(
    paths: Sequence[Path],
    known: Taxonomy,
    settings: BatchSettings,
    chosen: Mapping[str, Any],
    *,
    out: Path,
    card: bool,
) -> int:
    # Imported here: scikit-learn takes seconds, and `--help` must not wait for it.
    from batch.training.train import train_bundle  # noqa: PLC0415

    options = options_from(chosen, settings, with_files=bool(paths))
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
    from batch.training.spark_executor import training_executor  # noqa: PLC0415 - brings PySpark

    return training_executor(settings.model_copy(update={"spark_master": master}))
