"""What the next model learns from: taxonomy, labelled files and people's corrections, with a frozen test."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from batch.foundation.training_options import EncoderChoice, TrainingOptions
from batch.training.rows.corrections import CORRECTIONS, Known, describe_corrections
from batch.training.rows.current_names import INTENT_MAP, rename_rows
from batch.training.rows.labelled_files import LabelledFile
from batch.training.rows.rows import LabelledRow, TrainingError, rows_from_taxonomy
from schemas.intent_map import NO_CHANGES, IntentMap
from schemas.taxonomy import Taxonomy
from understanding.manifest.manifest import DataInput
from understanding.scoring.text import as_read, split_of
from understanding.sentiment.folder import SENTIMENT_PART

TAXONOMY: Final = "taxonomy"
_NO_FILES: Final = frozenset((TAXONOMY, CORRECTIONS, INTENT_MAP, SENTIMENT_PART))


class TrainingData(NamedTuple):
    """Rows with their split (test, or what may be learnt from), and where they come from.

    `drift` names the alerts that stood when they were gathered; it changes no model. The last `corrected` rows are
    the corrections.
    """

    rows: list[LabelledRow]
    inputs: list[DataInput]
    drift: tuple[str, ...] = ()
    corrected: int = 0

    def test(self) -> list[LabelledRow]:
        """Return the rows of the frozen test. Raises TrainingError if there are none."""
        rows = [row for row in self.rows if row.split == "test"]
        if not rows:
            raise TrainingError(
                "there is no test row to gate a new model with: add labelled rows (one in ten becomes a test row)"
            )
        return rows

    def sum(self, options: TrainingOptions) -> str:
        """Return the sha256 of all that training depends on: equal sums, equal model."""
        return _sum(self.inputs, options)

    def base_sum(self, options: TrainingOptions) -> str:
        """Return the sha256 of all of it but the corrections, which come one by one."""
        others = [source for source in self.inputs if source.name != CORRECTIONS]
        base = [_without_counts(source) if source.name == INTENT_MAP else source for source in others]
        return _sum(base, options)

    def encoder(self, wanted: EncoderChoice) -> EncoderChoice:
        """Return the choice of encoder for these rows: auto without any labelled file is frozen."""
        files = [source for source in self.inputs if source.name not in _NO_FILES]
        return wanted if files or wanted != "auto" else "frozen"

    def known(self) -> Known:
        """Return the same, with the corrections apart, as an update takes it."""
        first = len(self.rows) - self.corrected
        return Known(self.rows[:first], self.rows[first:], self.inputs)

    @property
    def corrections(self) -> int:
        """How many corrections there are."""
        return sum(source.rows for source in self.inputs if source.name == CORRECTIONS)


def gather(
    taxonomy: Taxonomy | None,
    files: Iterable[LabelledFile],
    corrections: Sequence[Mapping[str, Any]],
    intents: IntentMap = NO_CHANGES,
) -> TrainingData:
    """Return all rows, under the names that intents have now; corrections are rows of the view `label_corrections`.

    A text's split is what its file says, else a hash of what a model reads of it: so it is the same in every source
    and for ever, and the test stays frozen while data grows. A text that is tested anywhere is learnt from nowhere,
    whatever signature or quoted reply it comes with.
    """
    rows, inputs = _taxonomy(taxonomy)
    for file in files:
        rows += file.rows
        inputs.append(file.described)
    learnt = [
        LabelledRow(row["text"], (row["label"],), channel=row.get("channel"), tier=row.get("customer_tier"))
        for row in corrections
    ]
    given, taught = rename_rows(rows, intents), rename_rows(learnt, intents)
    read = [as_read(row.text) for row in (*given.rows, *taught.rows)]
    split = [_with_split(row, form) for row, form in zip((*given.rows, *taught.rows), read, strict=True)]
    tested = {form for row, form in zip(split, read, strict=True) if row.split == "test"}
    keep = [row.split == "test" or form not in tested for row, form in zip(split, read, strict=True)]
    kept = [row for row, kept in zip(split, keep, strict=True) if kept]
    inputs += [describe_corrections(learnt), *given.followed_by(taught).described(intents)]
    return TrainingData(kept, inputs, corrected=sum(keep[len(given.rows) :]))


def _without_counts(source: DataInput) -> DataInput:
    """A correction under an old name is one more row that the map renamed, and no other map."""
    return msgspec.structs.replace(source, rows=0, skipped=0)


def _sum(inputs: Sequence[DataInput], options: TrainingOptions) -> str:
    chosen = options.model_dump(exclude={"threads"})
    return hashlib.sha256(msgspec.json.encode([inputs, chosen], order="sorted")).hexdigest()


def _taxonomy(taxonomy: Taxonomy | None) -> tuple[list[LabelledRow], list[DataInput]]:
    """Names and descriptions of intents teach, but say nothing as a test."""
    if taxonomy is None:
        return [], []
    examples = {text for text, _ in taxonomy.examples()}
    rows = [
        row if row.text in examples else msgspec.structs.replace(row, split="train")
        for row in rows_from_taxonomy(taxonomy)
    ]
    return rows, [DataInput(name=TAXONOMY, sha256=taxonomy.sum, rows=len(rows))]


def _with_split(row: LabelledRow, form: str) -> LabelledRow:
    """Return a row marked test where the hash of its text, as a model reads it, says so and its file says nothing."""
    if row.split is not None or split_of(form) != "test":
        return row
    return msgspec.structs.replace(row, split="test")
