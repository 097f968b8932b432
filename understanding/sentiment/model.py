"""Reading a text's sentiment: a linear model on what its words weigh and on its signals; arrays, no other type."""

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from schemas.sentiment import LEVELS, NEUTRAL, Level, Sentiment
from understanding.arrays.errors import BundleError
from understanding.arrays.probabilities import Matrix
from understanding.sentiment.lexicon import Lexicon, lexicon_from, packaged_lexicon
from understanding.sentiment.signals import Reading, Signals, cues_of_frustration, signals_of
from understanding.sentiment.terms import Kind, TermWeights, kind_from, kind_state
from understanding.sentiment.tokens import MOST_CHARACTERS, tokens_of
from understanding.sentiment.vectors import VectorSide, vector_side_from

THREE_CLASSES: Final[tuple[Level, ...]] = ("negative", "neutral", "positive")
VALUES: Final[dict[Level, float]] = dict(zip(LEVELS, (-1.0, -0.5, 0.0, 0.5, 1.0), strict=True))

STRONG: Final = 0.8
"""From this distance to 0 on, a model of three classes calls a level very positive or very negative."""

SURELY_NEGATIVE: Final = 0.8
"""From this probability of a negative class on a text is frustrated, where validation rows did not say better."""

CUES: Final = 2
"""So many cues of frustration make a negative text a frustrated one, however mild its words."""

_DECIMALS: Final = 3

# The first day's weights, class by signal. A single mild word must outweigh the neutral intercept, and two words
# that contradict each other must not; the examples of `examples.yaml` hold them to it.
_FIRST_DAY: Final = {
    "negative": {"balance": -1.8, "again": 0.6, "shouting": 0.4, "negated_praise": 0.3, "exclamations": 0.1},
    "neutral": {"questions": 0.3, "link": 0.2},
    "positive": {"balance": 1.8, "exclamations": 0.1},
}
_FIRST_DAY_INTERCEPT: Final = (0.0, 1.0, 0.0)


class SentimentModel:
    """Reads sentiment; the same text, language and vector give the same result, in any thread and any order.

    `vectors` is what it learnt of the encoder's vectors; None where it reads words alone.
    """

    def __init__(
        self,
        lexicon: Lexicon,
        terms: TermWeights,
        *,
        classes: Sequence[Level],
        signal_weights: Matrix,
        intercept: Matrix,
        frustrated_from: float,
        vectors: VectorSide | None = None,
    ) -> None:
        self.lexicon = lexicon
        self.classes = tuple(classes)
        self.frustrated_from = frustrated_from
        self.vectors = vectors
        self._terms = terms
        self._signal_weights = np.asarray(signal_weights, dtype=np.float64)  # (signals, classes)
        self._intercept = np.asarray(intercept, dtype=np.float64)  # (classes,)
        self._values = class_values(self.classes)
        self._negative = [place for place, value in enumerate(self._values) if value < 0]

    def reading(self, text: str, language: str | None) -> Reading:
        """Return a text as this model reads it."""
        start = text[:MOST_CHARACTERS]
        return Reading(start, tokens_of(start), self.lexicon.language(language))

    def read(self, text: str, language: str | None, vector: Matrix | None = None) -> Sentiment:
        """Return the sentiment of a text; neutral where it has no token.

        `vector` is what the encoder read it as, where it did.
        """
        reading = self.reading(text, language)
        if not reading.tokens:
            return NEUTRAL
        signals = signals_of(reading, self.lexicon)
        logits = self._logits(reading.tokens, signals)
        if vector is None or self.vectors is None:
            return self._sentiment(_softmax(logits), signals, self.frustrated_from)
        both = self.vectors.logits(logits, vector)
        return self._sentiment(_softmax(both), signals, self.vectors.frustrated_from)

    def probabilities(self, text: str, language: str | None) -> list[float]:
        """Return the probability of each of `classes`, by the words alone."""
        reading = self.reading(text, language)
        return _softmax(self._logits(reading.tokens, signals_of(reading, self.lexicon)))

    def _logits(self, tokens: Sequence[str], signals: Signals) -> list[float]:
        base = (np.array(signals) @ self._signal_weights + self._intercept).tolist()
        return [one + other for one, other in zip(base, self._terms.logits(tokens), strict=True)]

    def _sentiment(self, probabilities: list[float], signals: Signals, frustrated_from: float) -> Sentiment:
        pairs = zip(probabilities, self._values, strict=True)
        value = round(sum([chance * worth for chance, worth in pairs]), _DECIMALS)
        level = self.classes[probabilities.index(max(probabilities))]
        negative = sum([probabilities[place] for place in self._negative])
        cued = VALUES[level] < 0 and cues_of_frustration(signals) >= CUES
        return Sentiment(value, self._strengthened(level, value), negative >= frustrated_from or cued)

    def _strengthened(self, level: Level, value: float) -> Level:
        if len(self.classes) != len(THREE_CLASSES) or abs(value) < STRONG:
            return level
        return {"negative": LEVELS[0], "positive": LEVELS[-1]}.get(level, level)


def read_sentiment(
    model: SentimentModel | None, text: str | None, language: str | None, *, vector: Matrix | None = None
) -> Sentiment:
    """Return the sentiment of a text by a learnt model, or by the lexicon where there is none; never raises.

    `language` is the ISO 639-1 code of the text's language, None where it is unknown. `vector` is what the whole
    encoder of a bundle read the text as, None where it did not. The result depends on the model and these alone.
    """
    if not text:
        return NEUTRAL
    return (model or first_day_model()).read(text, language, vector)


def _softmax(logits: Sequence[float]) -> list[float]:
    highest = max(logits)
    powers = [math.exp(logit - highest) for logit in logits]
    total = sum(powers)
    return [power / total for power in powers]


def class_values(classes: Sequence[Level]) -> tuple[float, ...]:
    """Return what each class is worth from -1 to 1: a half-way level only where all five are told apart."""
    if len(classes) == len(THREE_CLASSES):
        return tuple(float(np.sign(VALUES[name])) for name in classes)
    return tuple(VALUES[name] for name in classes)


@cache
def first_day_model() -> SentimentModel:
    """Return the model of the first day: the packaged lexicon and a few rules, nothing learnt."""
    weights = [[_FIRST_DAY[name].get(signal, 0.0) for name in THREE_CLASSES] for signal in Signals._fields]
    nothing = Kind((), np.zeros(0, dtype=np.float32), np.zeros((0, len(THREE_CLASSES)), dtype=np.float32))
    return SentimentModel(
        packaged_lexicon(),
        TermWeights(nothing, nothing, len(THREE_CLASSES)),
        classes=THREE_CLASSES,
        signal_weights=np.array(weights, dtype=np.float32),
        intercept=np.array(_FIRST_DAY_INTERCEPT, dtype=np.float32),
        frustrated_from=SURELY_NEGATIVE,
    )


def sentiment_state(
    lexicon: Lexicon,
    words: Kind,
    pieces: Kind,
    *,
    classes: Sequence[Level],
    signal_weights: npt.NDArray[np.floating],
    intercept: npt.NDArray[np.floating],
    frustrated_from: float,
    vectors: VectorSide | None = None,
) -> dict[str, Any]:
    """Return a model as arrays and plain values, which `understanding.arrays.stored` stores."""
    return {
        **({} if vectors is None else {"vectors": vectors.state()}),
        "lexicon": lexicon.state(),
        "words": kind_state(words),
        "pieces": kind_state(pieces),
        "classes": list(classes),
        "signals": list(Signals._fields),
        "signal_weights": np.ascontiguousarray(signal_weights, dtype=np.float32),
        "intercept": np.asarray(intercept, dtype=np.float32),
        "frustrated_from": float(frustrated_from),
    }


def sentiment_model_from(state: dict[str, Any]) -> SentimentModel:
    """Build a model from its state; BundleError where this version computes other signals than it learnt."""
    if state.get("signals") != list(Signals._fields):
        raise BundleError(
            "the sentiment model was trained with other signals than this version of ticketyard computes; "
            "train again with `ticketyard train sentiment`, or run the version that wrote it"
        )
    classes = state["classes"]
    terms = TermWeights(kind_from(state["words"]), kind_from(state["pieces"]), len(classes))
    return SentimentModel(
        lexicon_from(state["lexicon"]),
        terms,
        classes=classes,
        signal_weights=state["signal_weights"],
        intercept=state["intercept"],
        frustrated_from=float(state["frustrated_from"]),
        vectors=vector_side_from(state["vectors"]) if "vectors" in state else None,
    )
