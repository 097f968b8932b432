"""From labelled rows to what is fitted on: cleaned texts, columns of labels, and a validation part."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from batch.training.rows.rows import LabelledRow, TrainingError
from understanding.scoring.text import Split, clean_text, split_of

OWN_VALIDATION: Final = 0.2
"""The share of rows that is set aside where the data name no validation rows."""

ENOUGH_VALIDATION: Final = 3_000
"""About so many own validation rows are enough where they are not learnt from at the end."""

MOST_VALIDATION: Final = 5_000
"""Validation rows used at most: they set a few numbers, and the encoder has to read each."""

MOST_LABELS: Final = 1_000
"""Each label is a separator of its own over all rows: more would train for hours, on few rows each."""

_SALT: Final = "validation\n"

Targets = npt.NDArray[np.intp]
"""The column of each row's label, (n,)."""


class Examples(NamedTuple):
    """Texts and the column of each one's label; a row with several labels stands here once for each."""

    texts: list[str]
    targets: Targets


class Material(NamedTuple):
    """What one training works with; `own_validation` says that the validation rows were set aside by us."""

    labels: tuple[str, ...]
    train: Examples
    val: Examples
    own_validation: bool


def prepare(rows: Sequence[LabelledRow], *, seed: int, most_held: int | None = None) -> Material:
    """Split rows into training and validation.

    TrainingError where there are fewer than two labels or more than MOST_LABELS. Where no row is marked val, a
    fifth is set aside by a hash of the text, or about `most_held` (MOST_VALIDATION) where that is less, but never a
    label's only rows.
    """
    pairs = _pairs(rows)
    given = any(split == "val" for _, _, split in pairs)
    share = min(OWN_VALIDATION, (most_held or MOST_VALIDATION) / max(1, len(pairs)))
    held = [split == "val" if given else _set_aside(text, share) for text, _, split in pairs]
    train = [(text, label) for (text, label, _), out in zip(pairs, held, strict=True) if not out]
    val = [(text, label) for (text, label, _), out in zip(pairs, held, strict=True) if out]
    if not given:
        taught = {label for _, label in train}
        train += [(text, label) for text, label in val if label not in taught]
        val = [(text, label) for text, label in val if label in taught]
    labels = tuple(sorted({label for _, label in train}))
    _require_learnable(labels, len(pairs))
    column = {label: place for place, label in enumerate(labels)}
    known = [(text, label) for text, label in val if label in column]
    chosen = [known[place] for place in sample(len(known), MOST_VALIDATION, seed=seed)]
    return Material(labels, _examples(train, column), _examples(chosen, column), not given)


def examples_of(rows: Sequence[LabelledRow], labels: Sequence[str]) -> Examples:
    """Return the cleaned texts of rows with the columns of those of their labels that there are."""
    column = {label: place for place, label in enumerate(labels)}
    return _examples([(text, label) for text, label, _ in _pairs(rows) if label in column], column)


def sample_of(examples: Examples, most: int, *, seed: int) -> Examples:
    """Return all examples, or `most` of them drawn by the seed."""
    places = sample(len(examples.texts), most, seed=seed)
    return Examples([examples.texts[place] for place in places], examples.targets[places])


def _pairs(rows: Sequence[LabelledRow]) -> list[tuple[str, str, Split | None]]:
    """Return (cleaned text, label, split), one for each label of a row whose text is not empty."""
    cleaned = [(clean_text(row.text).text, row) for row in rows]
    return [(text, label, row.split) for text, row in cleaned if text for label in row.labels]


def _require_learnable(labels: Sequence[str], rows: int) -> None:
    if len(labels) > MOST_LABELS:
        raise TrainingError(
            f"{rows:,} rows name {len(labels):,} labels, such as {labels[0]!r}; at most {MOST_LABELS:,} can be told "
            "apart. If these are ids or free text, name the right column with --label-column; else merge rare labels"
        )
    if len(labels) < 2:  # noqa: PLR2004 - fewer leave nothing to decide
        there = f"only {labels[0]!r}" if labels else "none"
        raise TrainingError(
            f"training needs rows of at least two labels, there is {there}; add rows of others"
        )


def sample(count: int, most: int, *, seed: int) -> list[int]:
    """Return all places below `count`, or `most` of them drawn by the seed, in ascending order."""
    if count <= most:
        return list(range(count))
    drawn = np.random.default_rng(seed).permutation(count)[:most]
    return sorted(int(place) for place in drawn)


def sample_of_each(targets: Targets, most: int, *, seed: int) -> list[int]:
    """Return places as `sample` does, and besides the first place of every column that it missed."""
    drawn = sample(len(targets), most, seed=seed)
    _, first = np.unique(targets, return_index=True)
    missed = set(targets.tolist()) - set(targets[drawn].tolist())
    return sorted({*drawn, *(int(place) for place in first if int(targets[place]) in missed)})


def joined(first: Examples, second: Examples) -> Examples:
    """Return both, one after the other."""
    return Examples(first.texts + second.texts, np.concatenate([first.targets, second.targets]))


def _set_aside(text: str, share: float) -> bool:
    return split_of(text, val=share, test=0.0, salt=_SALT) == "val"


def _examples(pairs: Sequence[tuple[str, str]], column: dict[str, int]) -> Examples:
    targets = np.array([column[label] for _, label in pairs], dtype=np.intp)
    return Examples([text for text, _ in pairs], targets)
