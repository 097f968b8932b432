"""`ticketyard train`: a model bundle from labelled files, or from the taxonomy alone."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from batch.settings import BatchSettings
from batch.training.calibrate import LOSS
from batch.training.current_names import Renamed, rename_rows
from batch.training.executor import Executor
from batch.training.rows import LabelledRow, rows_from_taxonomy
from infra.cli.labelled_options import column_options, columns_from, progress_bar, read_files
from infra.cli.model_card import add_card
from infra.cli.sentiment_task import task_option, train_task
from infra.cli.update_task import refuse_useless_options, update_options, update_task
from schemas.intent_map import IntentMap, load_intent_map
from schemas.model.bands import HIGH_ACCURACY, MEDIUM_ACCURACY, BandRules, Bands
from schemas.model.fit_settings import Search
from schemas.model.manifest import SEVERAL, BundleManifest, EncoderInfo
from schemas.sentiment.folder import sentiment_input
from schemas.taxonomy import load_taxonomy


@click.command()
@click.argument("more", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@click.option(
    "--labelled", multiple=True, type=click.Path(path_type=Path), help="CSV, JSON lines or Parquet."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write the bundle to.")
@click.option("--seed", type=int, default=None, help="Seed of all randomness.")
@click.option("--taxonomy", type=click.Path(path_type=Path), default=None, help="Another taxonomy file.")
@click.option(
    "--precision",
    type=click.Choice(["auto", "f32", "bf16"]),
    default="auto",
    show_default=True,
    help="How the encoder computes; f32 where processors of several kinds will share the bundle.",
)
@click.option(
    "--encoder",
    type=click.Choice(["auto", "frozen", "fine-tuned"]),
    default="frozen",
    show_default=True,
    help="fine-tuned trains the encoder too, with PyTorch: minutes to an hour, and a point or more better. "
    "auto does so with files, where PyTorch is.",
)
@click.option(
    "--quality",
    type=click.FloatRange(min=0, max=100),
    default=100 * LOSS,
    show_default=True,
    help="Points of accuracy given for asking the encoder less often: more is faster.",
)
@click.option(
    "--high-accuracy",
    type=click.FloatRange(min=0, max=1),
    default=HIGH_ACCURACY,
    show_default=True,
    help="What answers of the high band must reach.",
)
@click.option(
    "--medium-accuracy",
    type=click.FloatRange(min=0, max=1),
    default=MEDIUM_ACCURACY,
    show_default=True,
    help="What answers of the bands high and medium must reach together; others go to a person.",
)
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True, help="For the encoder.")
@click.option(
    "--sentiment",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder of a sentiment model (--task sentiment) that the bundle carries; else that of the settings.",
)
@click.option(
    "--master",
    default=None,
    help="Share the work out among Spark's executors there: local[2], spark://host:7077, yarn, …; "
    "without it all is done in this process.",
)
@click.option(
    "--search",
    is_flag=True,
    help="Choose the settings of both tiers by 5-fold cross-validation over a small grid first.",
)
@click.option(
    "--keep-examples",
    is_flag=True,
    help="Let the bundle keep a few labelled texts for explanations: personal data (docs/explanations.md).",
)
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
    seed: int | None,
    taxonomy: Path | None,
    precision: Any,
    encoder: Any,
    quality: float,
    high_accuracy: float,
    medium_accuracy: float,
    threads: int,
    sentiment: Path | None,
    master: str | None,
    search: bool,
    keep_examples: bool,
    update_from: Path | None,
    corrections: tuple[Path, ...],
    card: bool,
    **columns: Any,
) -> int:
    """Train a model on labelled files, --labelled FILE…, and write it to a new folder.

    A file has columns text and label; with a column split, rows of train and val are learnt from and rows of
    test measured on. Without a file, the examples of the taxonomy are learnt: a model from the first day.
    """
    refuse_useless_options(click.get_current_context(), update=update_from is not None)
    # Imported here: scikit-learn takes seconds, and `--help` must not wait for it.
    from batch.training.fit import Wishes  # noqa: PLC0415
    from batch.training.train import train_bundle  # noqa: PLC0415

    paths = (*labelled, *more)
    if task == "sentiment":
        return train_task(paths, columns, out)
    settings = BatchSettings()
    known = load_taxonomy(taxonomy or settings.taxonomy)
    if update_from is not None:
        return update_task(
            update_from,
            corrections,
            paths,
            columns,
            taxonomy=known,
            intents=load_intent_map(settings.intent_map, known),
            out=out,
            threads=threads,
            card=card,
            show_texts=keep_examples,
        )
    sentiment = sentiment or settings.sentiment
    carried = [] if sentiment is None else [sentiment_input(sentiment)]
    files = read_files(paths, columns_from(columns))
    intents = load_intent_map(settings.intent_map, known)
    named = [row for file in files for row in file.rows] if paths else rows_from_taxonomy(known)
    renamed = _by_todays_names(named, intents)
    with progress_bar() as progress, _executor(settings, master) as executor:
        manifest = train_bundle(
            renamed.rows,
            taxonomy=known,
            encoder_dir=settings.encoder_folder,
            out=out,
            seed=settings.train_seed if seed is None else seed,
            created_at=datetime.now(UTC),
            inputs=[*(file.described for file in files), *carried, *renamed.described(intents)],
            sentiment=sentiment,
            progress=progress,
            precision=precision,
            threads=threads,
            encoder_choice=encoder if paths or encoder != "auto" else "frozen",
            wishes=Wishes(
                loss=quality / 100,
                bands=BandRules(high_accuracy=high_accuracy, medium_accuracy=medium_accuracy),
                search=search,
            ),
            executor=executor,
            keep_examples=keep_examples,
        )
        if card:
            test = [row for row in renamed.rows if row.split == "test"]
            add_card(out, test, paths, threads=threads, show_texts=keep_examples, progress=progress)
    Console().print(_summary(manifest, out))
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


def _summary(manifest: BundleManifest, out: Path) -> Table:
    table = Table(title=f"Model {manifest.version}", show_header=False, title_justify="left")
    table.add_row("folder", str(out))
    table.add_row("labels", str(len(manifest.labels)))
    table.add_row(
        "rows", f"{manifest.rows.train} train, {manifest.rows.val} validation, {manifest.rows.test} test"
    )
    table.add_row("encoder", _encoder(manifest.encoder))
    if manifest.search is not None:
        table.add_row("settings", _settings(manifest.search))
    table.add_row("threshold", f"{manifest.threshold:.4f}")
    if (found := manifest.validation) is not None:
        table.add_row(
            "validation",
            f"accuracy {found.accuracy:.4f}, encoder decides {found.encoder_share:.0%} "
            f"(alone: n-grams {found.ngrams_accuracy:.4f}, encoder {found.encoder_accuracy:.4f})",
        )
    table.add_row("answers", _answers(manifest))
    table.add_row("bands", _bands(manifest.bands))
    if manifest.test is not None:
        table.add_row("test", f"accuracy {manifest.test.accuracy:.4f}, macro-F1 {manifest.test.macro_f1:.4f}")
    if (out / "card").exists():
        table.add_row("model card", str(out / "card" / "card.html"))
    table.add_row("try it", f"ticketyard triage --bundle {out} 'my invoice is wrong'")
    return table


def _settings(search: Search) -> str:
    """Say what a search has chosen of how many, with the mean accuracy over the folds."""
    parts = []
    for trial in search.trials:
        if trial.chosen and trial.ngrams is not None:
            one = trial.ngrams
            words, characters = (f"{low}-{high}" for low, high in (one.words, one.characters))
            parts.append(
                f"n-grams C {one.regularisation:g}, words {words}, characters {characters}, {one.terms} terms "
                f"({trial.mean:.4f})"
            )
        if trial.chosen and trial.head is not None:
            parts.append(f"head C {trial.head.regularisation:g} ({trial.mean:.4f})")
    return f"{'; '.join(parts)}: of {len(search.trials)} in {search.folds} folds"


def _answers(manifest: BundleManifest) -> str:
    found = manifest.validation
    if SEVERAL not in manifest.files:
        return "one intent a text"
    return "all intents of a text" + (f", micro-F1 {found.micro_f1:.4f}" if found and found.micro_f1 else "")


def _encoder(encoder: EncoderInfo) -> str:
    read = f", read the rows {encoder.epochs:g} times" if encoder.epochs else ""
    note = f" ({encoder.note})" if encoder.note else ""
    return f"{encoder.name}, {encoder.training}{read}, {encoder.precision}{note}"


def _bands(bands: Bands | None) -> str:
    if bands is None:
        return "none, so nothing is rejected: validation rows are too few, or right too seldom"
    rules = bands.rules
    learnt = (
        ("high", bands.high_confidence, rules.high_accuracy),
        ("medium", bands.medium_confidence, rules.medium_accuracy),
    )
    return ", ".join(
        f"{name} from confidence {least:.4f}"
        if least is not None
        else f"no {name} band: no confidence reaches accuracy {accuracy:g}"
        for name, least, accuracy in learnt
    )
