"""Labels of rows and answers of models under the names that intents have now."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from batch.training.rows.rows import LabelledRow
from schemas.intent_map import IntentMap
from schemas.triage import Guess, Triage
from understanding.manifest.manifest import DataInput

INTENT_MAP: Final = "intent_map"


class Renamed(NamedTuple):
    """Rows under today's names, how many of them had other ones, and how many were left out.

    A row is left out if all its labels were split and no rule says what it is now.
    """

    rows: list[LabelledRow]
    relabelled: int
    left_out: int

    def followed_by(self, other: "Renamed") -> "Renamed":
        """Return both, one after the other."""
        return Renamed(
            self.rows + other.rows, self.relabelled + other.relabelled, self.left_out + other.left_out
        )

    def described(self, intents: IntentMap) -> tuple[DataInput, ...]:
        """Return what a manifest says of the map among its inputs; nothing of one that changes nothing."""
        if not intents.kinds:
            return ()
        return (DataInput(name=INTENT_MAP, sha256=intents.sum, rows=self.relabelled, skipped=self.left_out),)


def rename_rows(rows: Sequence[LabelledRow], intents: IntentMap) -> Renamed:
    """Return the rows under the names that their labels have now."""
    kept: list[LabelledRow] = []
    relabelled = 0
    for row in rows:
        found = (intents.label_of(label, row.text, row.channel) for label in row.labels)
        labels = tuple(dict.fromkeys(label for label in found if label is not None))
        if labels == row.labels:
            kept.append(row)
        elif labels:
            kept.append(replace(row, labels=labels))
            relabelled += 1
    return Renamed(kept, relabelled, len(rows) - len(kept))


def rename_answers(results: Sequence[Triage], intents: IntentMap) -> list[Triage]:
    """Return the answers of a model, which may be older than a renaming, under the names of now."""
    if not intents.names:
        return list(results)
    return [
        replace(
            result,
            intent=None if result.intent is None else intents.current(result.intent),
            guesses=tuple(Guess(intents.current(guess.label), guess.probability) for guess in result.guesses),
        )
        for result in results
    ]
