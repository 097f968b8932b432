"""`ticketyard train --update-from`: another bundle taught corrections, in a fraction of a training's time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from batch.training.corrections import Known, describe_corrections
from batch.training.current_names import rename_rows
from batch.training.rows import TrainingError, rows_from_taxonomy
from infra.cli.models.model_card import add_card
from infra.cli.options.labelled_options import columns_from, progress_bar, read_files
from schemas.intent_map import IntentMap
from schemas.taxonomy import Taxonomy
from understanding.manifest.manifest import BundleManifest
from understanding.sentiment.folder import SENTIMENT_PART

Command = TypeVar("Command", bound=Callable[..., Any])


def update_options(command: Command) -> Command:
    """Add the options of an update."""
    command = click.option(
        "--corrections",
        multiple=True,
        type=click.Path(path_type=Path),
        help="With --update-from: labelled files of all that was corrected since that bundle's training.",
    )(command)
    return click.option(
        "--update-from",
        type=click.Path(path_type=Path),
        default=None,
        help="Do not train: teach the first tier of this bundle the --corrections, with the files that it was "
        "trained on given as before.",
    )(command)


def update_task(
    base: Path,
    corrections: Sequence[Path],
    paths: Sequence[Path],
    columns: Mapping[str, Any],
    *,
    taxonomy: Taxonomy,
    intents: IntentMap,
    out: Path,
    threads: int,
    card: bool,
    show_texts: bool,
) -> int:
    """Write the bundle in `base`, taught the corrections, to a new folder, and with `card` its card beside it."""
    from batch.training.update import update_bundle  # noqa: PLC0415 - scikit-learn takes seconds to load

    if not corrections:
        raise TrainingError(
            "--update-from teaches corrections: name at least one file with --corrections FILE"
        )
    known = _known(base, corrections, paths, columns, taxonomy=taxonomy, intents=intents)
    with progress_bar() as progress:
        manifest = update_bundle(
            base,
            known,
            taxonomy=taxonomy,
            out=out,
            created_at=datetime.now(UTC),
            progress=progress,
            threads=threads,
            keep_examples=show_texts,
        )
        if card:
            add_card(out, known.test, paths, threads=threads, show_texts=show_texts, progress=progress)
    Console().print(_sentence(manifest, out), highlight=False, soft_wrap=True)
    return 0


def _known(
    base: Path,
    corrections: Sequence[Path],
    paths: Sequence[Path],
    columns: Mapping[str, Any],
    *,
    taxonomy: Taxonomy,
    intents: IntentMap,
) -> Known:
    """Read what the base has learnt and what was corrected since, by today's names of intents."""
    from understanding.bundle.bundle import read_manifest  # noqa: PLC0415 - it takes seconds to load

    files = read_files(paths, columns_from(columns))
    taught = [row for file in read_files(corrections, columns_from(columns)) for row in file.rows]
    carried = [source for source in read_manifest(base).inputs if source.name == SENTIMENT_PART]
    rows = rename_rows(
        [row for file in files for row in file.rows] if paths else rows_from_taxonomy(taxonomy), intents
    )
    described = [*(file.described for file in files), *carried, *rows.described(intents)]
    return Known(rows.rows, rename_rows(taught, intents).rows, [*described, describe_corrections(taught)])


def _sentence(manifest: BundleManifest, out: Path) -> str:
    update = manifest.update
    assert update is not None
    tested = f"; on the test rows {manifest.test.accuracy:.4f} right" if manifest.test else ""
    left_out = (
        f"; {update.left_out} name labels that it does not know, which only a training can add"
        if update.left_out
        else ""
    )
    return (
        f"Model {manifest.version} in {out}: {update.base} taught {update.corrections} corrections, "
        f"{update.relearnt} of {len(manifest.labels)} labels learnt again{left_out}{tested}"
    )
