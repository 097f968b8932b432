"""The predictions to beat: a gradient boosting on the fields of the opening alone."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from batch.predictions.encode import names_in
from batch.predictions.examples import Example, outcomes_of
from understanding.predictions.trees import Floats

MOST_WORDS: Final = 254
"""What scikit-learn's native categories hold; the rarest words share one."""


def boosted_answers(train: Sequence[Example], test: Sequence[Example], *, seed: int = 0) -> Floats:
    """Return the log odds that scikit-learn's boosting gives the tickets, with its own settings and categories."""
    words, numbers = names_in([example.known for example in train])
    codes = {name: _codes(train, name) for name in words}

    def rows(examples: Sequence[Example]) -> Floats:
        return np.array(
            [
                [
                    *(codes[name].get(found.known.words.get(name, ""), MOST_WORDS) for name in words),
                    *(found.known.numbers.get(name, np.nan) for name in numbers),
                ]
                for found in examples
            ],
            dtype=np.float64,
        )

    model = HistGradientBoostingClassifier(
        categorical_features=list(range(len(words))), early_stopping=False, random_state=seed
    )
    model.fit(rows(train), outcomes_of(train) > 0)
    answers: Floats = model.decision_function(rows(test))
    return answers


def _codes(examples: Sequence[Example], name: str) -> dict[str, int]:
    counts = Counter(example.known.words.get(name, "") for example in examples)
    return {word: code for code, (word, _) in enumerate(counts.most_common(MOST_WORDS))}
