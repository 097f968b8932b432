"""People's corrections as training rows: named as one input, and never learnt where their text is tested."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from batch.training.rows.rows import LabelledRow
from understanding.manifest.manifest import DataInput
from understanding.scoring.text import as_read

CORRECTIONS: Final = "corrections"


def describe_corrections(rows: Sequence[LabelledRow]) -> DataInput:
    """Return corrections as an input of a training: one sum over all of them, in whatever order they came."""
    lines = sorted(msgspec.json.encode([row.text, row.labels]) for row in rows)
    return DataInput(name=CORRECTIONS, sha256=hashlib.sha256(b"\n".join(lines)).hexdigest(), rows=len(rows))


def without_tested(rows: Sequence[LabelledRow], tested: Iterable[LabelledRow]) -> list[LabelledRow]:
    """Return the rows whose text a model reads as none of the tested ones: what is tested is learnt from nowhere."""
    texts = {as_read(row.text) for row in tested}
    return [row for row in rows if as_read(row.text) not in texts]


class Known(NamedTuple):
    """The rows that a bundle was trained on, with their splits, all corrections since, and where they come from."""

    rows: Sequence[LabelledRow]
    corrections: Sequence[LabelledRow]
    inputs: Sequence[DataInput]

    @property
    def test(self) -> list[LabelledRow]:
        """The rows that are tested, corrections among them."""
        return [row for row in (*self.rows, *self.corrections) if row.split == "test"]

    def learnable(self) -> list[LabelledRow]:
        """Return the corrections to learn from, one marked val too: a few of them are no validation part."""
        return without_tested(self.corrections, self.test)
