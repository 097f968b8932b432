"""`ticketyard taxonomy`: check the files that say which intents there are, and show what labels became."""

from collections import Counter
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from batch.training.rows.labelled_files import read_labelled
from infra.cli.options.labelled_options import column_options, columns_from
from schemas.intent_map import IntentMap, load_intent_map
from schemas.settings import CommonSettings
from schemas.taxonomy import Taxonomy, load_taxonomy

_taxonomy_option = click.option(
    "--taxonomy", type=click.Path(path_type=Path), default=None, help="Another taxonomy file."
)
_map_option = click.option(
    "--intent-map", type=click.Path(path_type=Path), default=None, help="Another intent map."
)


@click.group()
def command() -> None:
    """Check the taxonomy and the intent map, and show what became of labels."""


@command.command()
@_taxonomy_option
@_map_option
def check(taxonomy: Path | None, intent_map: Path | None) -> None:
    """Say every mistake of both files with its line, or what is in them."""
    known, intents = _load(taxonomy, intent_map)
    examples = sum(1 for _ in known.examples())
    click.echo(
        f"taxonomy: version {known.version}, {len(known.intents)} intents, {examples} examples, "
        f"{len(known.teams())} teams"
    )
    kinds = Counter(intents.kinds.values())
    said = ", ".join(f"{kinds[kind]} {kind}" for kind in ("renamed", "merged", "split"))
    click.echo(f"intent map: version {intents.version}, {said}")


@command.command("map")
@click.argument("labels", nargs=-1)
@click.option("--labelled", type=click.Path(path_type=Path), help="Count the labels of this file.")
@_taxonomy_option
@_map_option
@column_options
def map_labels(
    labels: tuple[str, ...],
    labelled: Path | None,
    taxonomy: Path | None,
    intent_map: Path | None,
    **columns: Any,
) -> None:
    """Show what LABELS are called now, or all that the map names; with a file, what becomes of its rows."""
    _, intents = _load(taxonomy, intent_map)
    if labelled is not None:
        Console().print(_of_file(labelled, columns, intents))
        return
    table = Table("label", "is now", "because it was")
    for label in labels or sorted(intents.kinds):
        table.add_row(label, _now(label, intents), intents.kinds.get(label, ""))
    Console().print(table)


def _load(taxonomy: Path | None, intent_map: Path | None) -> tuple[Taxonomy, IntentMap]:
    settings = CommonSettings()
    known = load_taxonomy(taxonomy or settings.taxonomy)
    return known, load_intent_map(intent_map or settings.intent_map, known)


def _now(label: str, intents: IntentMap) -> str:
    name = intents.current(label)
    split = intents.splits.get(name)
    return name if split is None else f"one of {', '.join(split.into)}, by its text"


def _of_file(path: Path, columns: dict[str, Any], intents: IntentMap) -> Table:
    rows = read_labelled(path, columns_from(columns)).rows
    found = Counter(
        (label, intents.label_of(label, row.text, row.channel)) for row in rows for label in row.labels
    )
    table = Table("label", "is now", "rows", title="Rows whose label changes", title_justify="left")
    for (label, now), count in sorted(found.items(), key=lambda item: (item[0][0], item[0][1] or "")):
        if now != label:
            table.add_row(label, now or "left out: no rule of its split holds", str(count))
    return table
