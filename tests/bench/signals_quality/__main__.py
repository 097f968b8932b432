"""`make bench-signals`: how well messages are read, beside the bars; exit 1 where a bar is not reached.

It needs no engine and no data from outside, and of models the encoder that set-up makes. A section is a module with a
function `measure` that returns rows; a new one is a line in SECTIONS.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from tests.bench.quality.registry import Row
from tests.bench.signals_quality import automatic_mail, own_words, urgency

Measure = Callable[[], Sequence[Row]]

SECTIONS: Final[Mapping[str, Measure]] = {
    "own_words": own_words.measure,
    "automatic_mail": automatic_mail.measure,
    "urgency": urgency.measure,
}
_TOLD: Final = {True: "reached", False: "NOT reached", None: ""}
_WIDTH_OF_A_FILE: Final = 120


@click.command()
@click.option(
    "--only", multiple=True, type=click.Choice(list(SECTIONS)), help="These sections alone; repeatable."
)
def main(*, only: tuple[str, ...]) -> None:
    """Print how well signals are read, section by section."""
    console = Console()
    if not console.is_terminal:
        console.width = _WIDTH_OF_A_FILE
    missed = False
    for name in only or SECTIONS:
        rows = SECTIONS[name]()
        table = Table("what", "bar", "measured", "", title=name, title_justify="left")
        for row in rows:
            table.add_row(row.name, row.bar, row.measured, _TOLD[row.reached])
        console.print(table)
        missed = missed or any(row.reached is False for row in rows)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
