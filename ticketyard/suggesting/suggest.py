"""Reads a sample of a file and drafts a mapping of it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from ticketyard.mapping.cells import Cells, as_text
from ticketyard.reading import ReadingOptions, RowFile, UnreadableFile
from ticketyard.reading.paths import leaves
from ticketyard.suggesting.draft import Sample, draft
from ticketyard.suggesting.roles import roles_of

SAMPLED: Final = 5_000
"""How many rows are looked at."""


def suggest_mapping(path: Path, options: ReadingOptions | None = None, *, now: datetime | None = None) -> str:
    """Return a draft of a mapping (YAML) for a file. Raises UnreadableFile."""
    options = options or ReadingOptions()
    with RowFile.open(path, options) as rows:
        found = list(islice(rows, SAMPLED + 1))
        looked_at = found[:SAMPLED]
        sampled = [row for row in looked_at if row.problem is None]
        problems = [row.problem for row in looked_at if row.problem is not None]
        if not sampled:
            why = f": {problems[0]}" if problems else ", for it has none"
            raise UnreadableFile(f"{path} has no row that can be read{why}")
        cells = [Cells(row.values, frozenset({"NaN", "NaT", "#N/A"})) for row in sampled]
        columns = rows.columns
        if columns is None:
            seen = Counter(leaf for row in sampled for leaf in leaves(row.values))
            columns = [leaf for leaf, _ in seen.most_common() if "[]" not in leaf]
        filled = [column for column in columns if any(row.value(column) is not None for row in cells)]
        return draft(
            Sample(
                name=path.name,
                rows=len(looked_at),
                is_all=len(found) == len(looked_at),
                problems=problems,
                facts=rows.facts,
                options=options,
                columns=filled,
                roles=roles_of(filled),
                values=lambda column: [value for row in cells if (value := row.value(column)) is not None],
                words=lambda column: Counter(text for row in cells if (text := as_text(row.value(column)))),
                latest=(now or datetime.now(UTC)) + timedelta(days=1),
            )
        )
