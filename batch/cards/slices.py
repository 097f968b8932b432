"""Quality and priority by language, tier, channel and kind of text: whom a model serves worse."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from batch.cards.answered import Answered, AnsweredRow, rank
from batch.cards.reliability_bins import accuracy_bounds
from batch.training.evaluation.gate import UNKNOWN_LANGUAGE
from schemas.vocabulary import PRIORITY_RANK, Priority

LEAST_ROWS: Final = 20
"""A smaller slice says more about chance than about the model."""

_LENGTHS: Final = ((5, "1 to 5 words"), (15, "6 to 15 words"), (40, "16 to 40 words"))


class Slice(NamedTuple):
    """The rows that share something.

    `low` and `high` bound the accuracy; `to_people` is the part of the low band; `pressing` the part whose priority is
    high or above. `too_low` and `too_high` are the parts whose intent has a base priority below or above that of the
    right one.
    """

    kind: str
    value: str
    n: int
    accuracy: float
    low: float
    high: float
    confidence: float
    to_people: float
    pressing: float
    too_low: float
    too_high: float


def slices(answers: Answered, *, least: int = LEAST_ROWS) -> tuple[Slice, ...]:
    """Return every slice of at least so many rows, by kind and then the largest first."""
    members: defaultdict[tuple[str, str], list[AnsweredRow]] = defaultdict(list)
    for one in answers.rows:
        for kind, value in _parts_of(one):
            members[kind, value].append(one)
    found = [
        _slice(answers, kind, value, rows) for (kind, value), rows in members.items() if len(rows) >= least
    ]
    return tuple(sorted(found, key=lambda part: (_KINDS.index(part.kind), -part.n, part.value)))


_KINDS: Final = ("language", "customer tier", "channel", "length", "decided by")


def _parts_of(one: AnsweredRow) -> Iterator[tuple[str, str]]:
    yield "language", one.row.language or one.triage.language or UNKNOWN_LANGUAGE
    if one.row.tier:
        yield "customer tier", one.row.tier
    if one.row.channel:
        yield "channel", one.row.channel
    words = len(one.row.text.split())
    yield "length", next((name for most, name in _LENGTHS if words <= most), "more than 40 words")
    yield "decided by", one.triage.decided_by


def _slice(answers: Answered, kind: str, value: str, rows: list[AnsweredRow]) -> Slice:
    right, n = sum(one.right for one in rows), len(rows)
    steps = [rank(answers.said(one).priority) - rank(answers.wanted(one).priority) for one in rows]
    low, high = accuracy_bounds(right, n)
    return Slice(
        kind=kind,
        value=value,
        n=n,
        accuracy=right / n,
        low=low,
        high=high,
        confidence=sum(one.triage.confidence for one in rows) / n,
        to_people=sum(one.triage.band == "low" for one in rows) / n,
        pressing=sum(rank(one.triage.priority) >= PRIORITY_RANK[Priority.HIGH] for one in rows) / n,
        too_low=sum(step < 0 for step in steps) / n,
        too_high=sum(step > 0 for step in steps) / n,
    )


def worst_gaps(found: tuple[Slice, ...]) -> tuple[tuple[Slice, Slice], ...]:
    """Return of each kind its worst and its best slice, where even the bounds of their accuracies do not meet.

    Which tier decided is no kind here: the encoder gets what is hard.
    """
    pairs = []
    for kind in _KINDS[:-1]:
        of_kind = sorted((part for part in found if part.kind == kind), key=lambda part: part.accuracy)
        if len(of_kind) > 1 and of_kind[0].high < of_kind[-1].low:
            pairs.append((of_kind[0], of_kind[-1]))
    return tuple(pairs)
