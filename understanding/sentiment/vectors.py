"""What the encoder's vectors say of sentiment, beside what the words say."""

from typing import Any, NamedTuple

import numpy as np

from understanding.arrays.probabilities import Matrix, Wide


class VectorSide(NamedTuple):
    """A linear layer on the published encoder's vector, which weighs the words' logits along.

    The published encoder's part stands last in the vectors of every bundle, whether its encoder is frozen or stands
    beside a trained one. The part is brought to length 1, as a frozen encoder's is.
    """

    word_weights: Wide  # (classes of the words' logits, classes)
    vector_weights: Wide  # (dimensions, classes)
    intercept: Wide  # (classes,)
    frustrated_from: float

    def logits(self, word_logits: list[float], vector: Matrix) -> list[float]:
        """Return one number a class for a text, from its words' logits and its vector."""
        published = vector[-len(self.vector_weights) :].astype(np.float64)
        length = float(np.linalg.norm(published)) or 1.0
        by_words = np.array(word_logits) @ self.word_weights
        found: list[float] = (by_words + (published / length) @ self.vector_weights + self.intercept).tolist()
        return found

    def state(self) -> dict[str, Any]:
        """Return it as arrays and one number."""
        return {
            "word_weights": np.ascontiguousarray(self.word_weights, dtype=np.float64),
            "vector_weights": np.ascontiguousarray(self.vector_weights, dtype=np.float64),
            "intercept": np.asarray(self.intercept, dtype=np.float64),
            "frustrated_from": float(self.frustrated_from),
        }


def vector_side_from(state: dict[str, Any]) -> VectorSide:
    """Undo `VectorSide.state`."""
    return VectorSide(
        state["word_weights"],
        state["vector_weights"],
        state["intercept"],
        float(state["frustrated_from"]),
    )
