"""`ticketyard models card`: what a bundle can and cannot do, as Markdown and as one HTML page."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import click

from batch.training.rows.rows import LabelledRow, rows_to_test
from infra.cli.options.labelled_options import all_column_options, columns_from, progress_bar, read_files
from schemas.settings import CommonSettings
from understanding.manifest.manifest import CARD_FOLDER, CARD_HTML

CARD: Final = click.option(
    "--card/--no-card", default=True, show_default=True, help="Write the model card into the bundle's folder."
)
"""What a training is asked of its card."""


@click.command("card")
@click.argument("version", required=False)
@click.option("--bundle", type=click.Path(path_type=Path), default=None, help="A bundle's folder instead.")
@click.option(
    "--labelled",
    multiple=True,
    type=click.Path(path_type=Path),
    help="CSV, JSON lines or Parquet to measure on.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder for the card; default: card in the bundle's.",
)
@click.option("--show-texts", is_flag=True, help="Show texts of costly mistakes, redacted: personal data.")
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True, help="For the encoder.")
@all_column_options
def command(
    version: str | None,
    bundle: Path | None,
    labelled: tuple[Path, ...],
    out: Path | None,
    show_texts: bool,
    threads: int,
    **columns: Any,
) -> int:
    """Write the card of a stored model, or of any bundle, measured on labelled files.

    On the test rows, or on all rows of a file without a split column. Without a file the card says what is known
    without one.
    """
    from batch.cards.card import CardOptions, refuse_other_files, write_card  # noqa: PLC0415 - numpy and more
    from understanding.bundle.bundle import load_bundle  # noqa: PLC0415 - as above
    from understanding.signals.priority import PriorityTable  # noqa: PLC0415 - as above

    if (version is None) == (bundle is None):
        raise click.UsageError("name either a VERSION or --bundle DIR")
    folder = bundle or _stored(str(version))
    target = out or folder / CARD_FOLDER
    refuse_other_files(target)
    source = ", ".join(path.name for path in labelled)
    found = [row for file in read_files(labelled, columns_from(columns)) for row in file.rows]
    rows = rows_to_test(found, source=source) if labelled else []
    with progress_bar() as progress:
        write_card(
            target,
            load_bundle(folder, threads=threads),
            rows,
            source=f"{len(rows):,} rows of {source}",
            priorities=PriorityTable.load(CommonSettings().priorities),
            progress=progress,
            options=CardOptions(show_texts=show_texts),
        )
    click.echo(str(target / CARD_HTML))
    return 0


def add_card(
    bundle: Path,
    test: Sequence[LabelledRow],
    files: Sequence[Path],
    *,
    threads: int,
    show_texts: bool,
    progress: Callable[[str, float], None],
) -> None:
    """Write the card into the folder of a bundle that was just made, from the bundle as it lies there."""
    from batch.cards.card import CardOptions, write_card  # noqa: PLC0415 - as above
    from understanding.bundle.bundle import load_bundle  # noqa: PLC0415 - as above
    from understanding.signals.priority import PriorityTable  # noqa: PLC0415 - as above

    write_card(
        bundle / CARD_FOLDER,
        load_bundle(bundle, threads=threads),
        test,
        source=f"{len(test):,} rows of split test of {', '.join(path.name for path in files)}",
        priorities=PriorityTable.load(CommonSettings().priorities),
        progress=progress,
        options=CardOptions(show_texts=show_texts),
    )


def _stored(version: str) -> Path:
    from batch.foundation.settings import BatchSettings  # noqa: PLC0415 - as above
    from batch.releases.bundles import pointer_of  # noqa: PLC0415 - as above

    models = BatchSettings().models_folder
    return pointer_of(models, version).folder(models)
