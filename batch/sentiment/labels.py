"""Which labels a labelled file may have for sentiment: three or five levels."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from batch.training.rows.rows import LabelledRow, TrainingError
from schemas.sentiment import LEVELS, Level
from understanding.sentiment.model import THREE_CLASSES

_TO_THREE: Final[dict[Level, Level]] = dict(
    zip(LEVELS, ("negative", "negative", "neutral", "positive", "positive"), strict=True)
)


def as_three(level: Level) -> Level:
    """Return which of negative, neutral and positive a level belongs to."""
    return _TO_THREE[level]


def level_of(row: LabelledRow) -> Level:
    """Return the level that a row is labelled with; TrainingError where its label is no level."""
    label = row.labels[0].strip().lower().replace(" ", "_")
    if label not in LEVELS or len(row.labels) > 1:
        raise TrainingError(
            f"sentiment label {' and '.join(row.labels)!r} of {row.text[:40]!r}: use one of {', '.join(LEVELS)}, "
            "or name another column with --label-column"
        )
    return label


def classes_of(levels: Sequence[Level]) -> tuple[Level, ...]:
    """Return the classes to learn: five where any level is a very strong one, else three.

    Raises TrainingError where all rows have the same level: nothing could be learnt from them.
    """
    found = set(levels)
    if len(found) == 1:
        raise TrainingError(f"all rows are labelled {levels[0]!r}; add rows of another sentiment")
    return THREE_CLASSES if found <= set(THREE_CLASSES) else LEVELS


class Example(NamedTuple):
    """A cleaned text and its class."""

    text: str
    level: Level
