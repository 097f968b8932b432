"""`ticketyard train update`: another bundle taught corrections, in a fraction of a training's time."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from batch.foundation.settings import BatchSettings
from batch.foundation.training_options import TrainingOptions
from batch.training.rows.corrections import Known, describe_corrections
from batch.training.rows.current_names import rename_rows
from batch.training.rows.rows import rows_from_taxonomy
from infra.cli.models.model_card import CARD, add_card
from infra.cli.options.labelled_options import (
    FILES,
    all_column_options,
    columns_from,
    progress_bar,
    read_files,
)
from infra.cli.options.option_groups import options_of, with_options
from schemas.intent_map import IntentMap, load_intent_map
from schemas.taxonomy import Taxonomy, load_taxonomy
from understanding.manifest.manifest import BundleManifest
from understanding.sentiment.folder import SENTIMENT_PART

_KEPT = set(TrainingOptions.model_fields) - {"threads", "keep_examples"}
"""Options of a training that an update keeps as its base was trained with."""

_OPTIONS = (
    *FILES,
    click.option(
        "--bundle", required=True, type=click.Path(path_type=Path), help="Folder of the bundle to teach."
    ),
    click.option(
        "--corrections",
        required=True,
        multiple=True,
        type=click.Path(path_type=Path),
        help="Labelled files of all that was corrected since that bundle's training.",
    ),
    click.option(
        "--out", required=True, type=click.Path(path_type=Path), help="Folder to write the bundle to."
    ),
    click.option("--taxonomy", type=click.Path(path_type=Path), default=None, help="Another taxonomy file."),
    *options_of(TrainingOptions, leave_out=_KEPT),
    CARD,
)


@click.command("train update")
@lambda command: with_options(command, _OPTIONS)
@all_column_options
def command(
    more: tuple[Path, ...],
    labelled: tuple[Path, ...],
    bundle: Path,
    corrections: tuple[Path, ...],
    out: Path,
    *,
    threads: int,
    keep_examples: bool,
    card: bool,
    **chosen: Any,
) -> int:
    """Teach the first tier of a bundle what people have corrected, and write it to a new folder.

    Give the files that it was trained on as before, --labelled FILE…; without one, it was trained on the taxonomy.
    """
    from batch.training.update import update_bundle  # noqa: PLC0415 - scikit-learn takes seconds to load

    settings, paths = BatchSettings(), (*labelled, *more)
    taxonomy = load_taxonomy(chosen["taxonomy"] or settings.taxonomy)
    intents = load_intent_map(settings.intent_map, taxonomy)
    known = _known(bundle, corrections, paths, chosen, taxonomy=taxonomy, intents=intents)
    with progress_bar() as progress:
        manifest = update_bundle(
            bundle,
            known,
            taxonomy=taxonomy,
            out=out,
            created_at=datetime.now(UTC),
            progress=progress,
            threads=threads,
            keep_examples=keep_examples,
        )
        if card:
            add_card(out, known.test, paths, threads=threads, show_texts=keep_examples, progress=progress)
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
    from understanding.manifest.manifest import read_manifest  # noqa: PLC0415 - it takes seconds to load

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
