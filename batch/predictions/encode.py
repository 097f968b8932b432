"""Fits the encoding of words on training tickets, and gives these tickets rows that do not know their own outcome."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import Final

import numpy as np

from schemas.predictions import Known
from understanding.predictions.encoding import Encoding, Words, key_of
from understanding.predictions.trees import Floats

FOLDS: Final = 5
"""A training ticket's words are encoded by the other four fifths."""

LEAST_TICKETS: Final = 3
"""Rarer words are as words that were never seen."""


WORTH_A_PAIR: Final = 20
"""Kinds with fewer words are left to the trees, which can put them together themselves."""


def names_in(tickets: Sequence[Known]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the words and of the numbers that tickets have; those with one value only say nothing."""
    words: defaultdict[str, set[str]] = defaultdict(set)
    numbers: defaultdict[str, set[float]] = defaultdict(set)
    for known in tickets:
        for name, word in known.words.items():
            words[name].add(word)
        for name, number in known.numbers.items():
            numbers[name].add(number)
    several_words = sorted(name for name, found in words.items() if len(found) > 1)
    return tuple(several_words), tuple(sorted(name for name, found in numbers.items() if len(found) > 1))


def fit_encoding(
    tickets: Sequence[Known], outcomes: Floats, *, weight: float, paired: bool = False
) -> Encoding:
    """Return the encoding of these tickets' words by these outcomes.

    `weight` is how many average tickets stand beside a word's own. With
    `paired`, words of many kinds are also read two by two.
    """
    words, numbers = names_in(tickets)
    several = [name for name in words if _different(tickets, name) >= WORTH_A_PAIR] if paired else []
    groups = [*((name,) for name in words), *combinations(several, 2)]
    return Encoding(
        numbers=numbers, words=tuple(_words(group, tickets, outcomes, weight) for group in groups)
    )


def training_rows(
    tickets: Sequence[Known],
    outcomes: Floats,
    encoding: Encoding,
    *,
    weight: float,
    owners: Sequence[object] | None = None,
) -> Floats:
    """Return the rows of the tickets that `encoding` was fitted on: each by the outcomes of the other folds' tickets.

    Tickets are dealt out to the folds in turn, so that each fold has tickets of every time. Those of one of the
    `owners` stay together: they share a fate.
    """
    rows = encoding.rows(tickets)
    first = len(encoding.numbers) + 1
    turns = {owner: turn for turn, owner in enumerate(dict.fromkeys(owners or range(len(tickets))))}
    fold = np.array([turns[owner] for owner in owners or range(len(tickets))], dtype=np.int64) % FOLDS
    for out in range(FOLDS):
        others = [known for known, own in zip(tickets, fold, strict=True) if own != out]
        refitted = tuple(
            _words(words.names, others, outcomes[fold != out], weight) for words in encoding.words
        )
        held = [known for known, own in zip(tickets, fold, strict=True) if own == out]
        means = Encoding(numbers=(), words=refitted).rows(held)[:, 1::2]
        rows[np.ix_(fold == out, range(first, rows.shape[1], 2))] = means
    return rows


def _different(tickets: Sequence[Known], name: str) -> int:
    return len({known.words.get(name) for known in tickets})


def _words(names: tuple[str, ...], tickets: Sequence[Known], outcomes: Floats, weight: float) -> Words:
    usual = float(outcomes.mean()) if len(outcomes) else 0.0
    counts, totals = Counter[str](), defaultdict[str, float](float)
    for known, outcome in zip(tickets, outcomes.tolist(), strict=True):
        key = key_of(known, names)
        if key is not None:
            counts[key] += 1
            totals[key] += outcome
    kept = [key for key, count in counts.most_common() if count >= LEAST_TICKETS]
    means = {key: (totals[key] + weight * usual) / (counts[key] + weight) for key in kept}
    return Words(names, usual, {key: rank for rank, key in enumerate(kept)}, means)
