"""The examples that urgency is learnt from: enough of them, half of them traps, and the held-out ones apart."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from batch.urgency.examples import Example, examples, examples_sum, split
from batch.urgency.fit import fit_urgency
from understanding.arrays.probabilities import Matrix
from understanding.signals.urgency.indicators import Urgency
from understanding.signals.urgency.learnt import SIGNALS, packaged_weights
from understanding.signals.urgency.phrases import READ_LANGUAGES


def test_there_are_enough_examples_in_every_language_that_is_read() -> None:
    """A thousand and more, half of them traps, and no text twice."""
    found = examples()
    assert len(found) >= 1000
    assert len({one.text for one in found}) == len(found)
    assert sum(one.trap for one in found) >= 0.45 * len(found)
    assert set(Counter(one.language for one in found)) == READ_LANGUAGES
    assert min(Counter(one.language for one in found).values()) >= 100


def test_what_is_held_out_is_told_in_no_other_language_either() -> None:
    """A sentence and its translation on both sides would make the held-out figures too good."""
    train, held = split(examples())
    assert len(train) + len(held) == len(examples())
    assert 0.18 <= len(held) / len(examples()) <= 0.26
    assert not {one.story for one in train} & {one.story for one in held}
    assert split(examples()) == (train, held)


def test_the_packaged_weights_are_those_of_these_examples() -> None:
    """Who edits the examples has to fit anew: `python -m batch.urgency`."""
    assert packaged_weights().examples == examples_sum()
    assert packaged_weights().signals == SIGNALS


def test_what_is_fitted_is_what_is_read() -> None:
    """A vector that tells both kinds apart is learnt, and the same rows give the same weights."""
    trap = False
    texts = [f"florb {number}" for number in range(20)]
    rows = [Example("en", number % 2 == 0, trap, number, text) for number, text in enumerate(texts)]

    def encode(read: Sequence[str]) -> Matrix:
        sides = [1.0 if int(text.split()[1]) % 2 == 0 else -1.0 for text in read]
        return np.array([[side * 0.8, 0.6] for side in sides], dtype=np.float32)

    one, other = (fit_urgency(rows, encode, encoder="e", examples="") for _ in range(2))
    assert one == other
    assert one.probability(Urgency(), encode(["florb 2"])[0]) > 0.9
    assert one.probability(Urgency(), encode(["florb 3"])[0]) < 0.1
