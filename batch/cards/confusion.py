"""Which answers are mixed up with which: the worst pairs, and a matrix small enough to look at."""

from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from batch.cards.answered import Answered
from understanding.manifest.manifest import Label

MOST_PAIRS: Final = 20
MOST_GROUPS: Final = 24
OTHERS: Final = "(others)"
NO_CATEGORY: Final = "(no category)"


class MixedPair(NamedTuple):
    """How often rows of one label got another: `share` is of the label's rows."""

    label: str
    said: str
    n: int
    share: float


class ConfusionMatrix(NamedTuple):
    """Rows counted by what they are and what was said; `grouped_by` says what a group is."""

    grouped_by: str
    groups: tuple[str, ...]
    counts: npt.NDArray[np.int64]  # (groups, groups): what it is, what was said


def mixed_pairs(answers: Answered, most: int = MOST_PAIRS) -> tuple[MixedPair, ...]:
    """Return the pairs that are mixed up most often, the most frequent first."""
    of_label = Counter(answers.wanted(one).name for one in answers.rows)
    pairs = Counter(
        (answers.wanted(one).name, answers.said(one).name) for one in answers.rows if not one.right
    )
    ranked = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
    return tuple(MixedPair(label, said, count, count / of_label[label]) for (label, said), count in ranked)


def confusion_matrix(answers: Answered) -> ConfusionMatrix:
    """Return the matrix by category where most rows' labels have one, else by the most frequent labels."""
    wanted = [answers.wanted(one) for one in answers.rows]
    said = [answers.said(one) for one in answers.rows]
    by_category = 2 * sum(label.category is not None for label in wanted) >= len(wanted)
    name = _category if by_category else _frequent(wanted)
    pairs = Counter((name(label), name(answer)) for label, answer in zip(wanted, said, strict=True))
    groups = tuple(sorted({group for pair in pairs for group in pair}, key=_last))
    place = {group: number for number, group in enumerate(groups)}
    counts = np.zeros((len(groups), len(groups)), dtype=np.int64)
    for (label_group, answer_group), count in pairs.items():
        counts[place[label_group], place[answer_group]] = count
    return ConfusionMatrix("category" if by_category else "label", groups, counts)


def _category(label: Label) -> str:
    return label.category.value if label.category is not None else NO_CATEGORY


def _frequent(labels: list[Label]) -> Callable[[Label], str]:
    ranked = sorted(Counter(label.name for label in labels).items(), key=lambda pair: (-pair[1], pair[0]))
    shown = {name for name, _ in ranked[:MOST_GROUPS]}
    return lambda label: label.name if label.name in shown else OTHERS


def _last(group: str) -> tuple[bool, str]:
    """Order groups by name, what is no group of its own behind them."""
    return group in (OTHERS, NO_CATEGORY), group
