"""The mappings that come with the product, by name, and the one that fits a file."""

from pathlib import Path
from typing import Final

import click

from schemas.errors import PipelineError
from ticketyard.mapping import load_mapping
from ticketyard.mapping.names import unreached
from ticketyard.reading import ReadingOptions, RowFile
from ticketyard.reading.paths import leaves
from ticketyard.replaying.replay_file import reading_options

FOLDER: Final = Path(__file__).parents[2] / "mappings"


def mapping_path(said: str) -> Path:
    """Return the file that is meant: a path, or the name of a ready mapping. Raises click.UsageError."""
    path = Path(said)
    if path.is_file():
        return path
    ready = FOLDER / f"{said}.yaml"
    if ready.is_file() and ready.parent == FOLDER:
        return ready
    names = ", ".join(sorted(one.stem for one in FOLDER.glob("*.yaml")))
    raise click.UsageError(
        f"--mapping {said}: there is no such file, and no ready mapping of that name: {names}"
    )


def ready_mapping_for(file: Path, reading: ReadingOptions) -> str | None:
    """Return the name of the ready mapping all of whose columns a file has, of several the one that reads most.

    One that finds no customer in the file is none, even if it can do without: all tickets would be one customer's.
    """
    fitting: list[tuple[int, str]] = []
    for path in sorted(FOLDER.glob("*.yaml")):
        mapping, _ = load_mapping(path)
        try:
            with RowFile.open(file, reading_options(reading, mapping)) as rows:
                there = rows.columns
                if there is None:
                    first = next((row for row in rows if row.problem is None), None)
                    there = sorted(leaves(first.values)) if first else []
        except PipelineError:
            continue  # a mapping whose `file:` says what this file is not
        nobody = any(len(unreached(rule.columns, there)) == len(rule.columns) for rule in mapping.customers())
        if not nobody and not unreached(mapping.columns(), there, mapping.optional):
            fitting.append((len(mapping.columns()), path.stem))
    return max(fitting)[1] if fitting else None
