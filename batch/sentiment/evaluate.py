"""Measuring a sentiment model on labelled rows, through the same `read_sentiment` that scoring calls."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from batch.sentiment.fit import Encode
from batch.sentiment.labels import as_three, level_of
from batch.training.evaluation.evaluate import sum_of_rows
from batch.training.rows.rows import LabelledRow
from schemas.sentiment import Level, Sentiment
from understanding.arrays.probabilities import Matrix
from understanding.language import language_of
from understanding.scoring.text import clean_text
from understanding.sentiment.folder import SentimentEvaluation
from understanding.sentiment.model import VALUES, SentimentModel, read_sentiment

_STRONG_LEVELS: Final = frozenset({"very_negative", "very_positive"})


def evaluate_sentiment(
    model: SentimentModel | None,
    rows: Sequence[LabelledRow],
    encode: Encode | None = None,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> SentimentEvaluation:
    """Return how a model, or the lexicon where it is None, does on all given rows (at least one).

    With `encode`, which gives the published encoder's vectors, each text is read by its vector as well. The stream does
    so for texts that the encoder reads for their intent. Detecting languages and reading vectors is not measured;
    `clock` is in seconds.
    """
    wanted = [level_of(row) for row in rows]
    texts = [clean_text(row.text).text for row in rows]
    languages = [language_of(text) if text else None for text in texts]
    vectors = _vectors(texts, encode)
    read_sentiment(model, "first", None)  # the first call loads what is loaded once
    began = clock()
    found = [
        read_sentiment(model, text, language, vector=vector)
        for text, language, vector in zip(texts, languages, vectors, strict=True)
    ]
    elapsed = clock() - began
    return _measured(rows, wanted, found, speed=round(len(rows) / max(elapsed, 1e-9), 1))


def _vectors(texts: Sequence[str | None], encode: Encode | None) -> Sequence[Matrix | None]:
    if encode is None:
        return [None] * len(texts)
    return list(encode([text or "" for text in texts]))


def _measured(
    rows: Sequence[LabelledRow], wanted: Sequence[Level], found: Sequence[Sentiment], *, speed: float
) -> SentimentEvaluation:
    five = not _STRONG_LEVELS.isdisjoint(wanted)
    answers = [result.level if five else as_three(result.level) for result in found]
    pairs = list(zip(wanted, answers, strict=True))
    flags = zip(wanted, found, strict=True)
    return SentimentEvaluation(
        test_sum=sum_of_rows(rows),
        n=len(rows),
        accuracy=sum(one == other for one, other in pairs) / len(pairs),
        macro_f1=_macro_f1(pairs),
        frustration_accuracy=sum((VALUES[level] < 0) == result.frustrated for level, result in flags)
        / len(pairs),
        texts_per_second=speed,
    )


def _macro_f1(pairs: Sequence[tuple[Level, Level]]) -> float:
    """Return the mean F1 over the levels that are wanted or answered."""
    levels = sorted({level for pair in pairs for level in pair})
    scores = []
    for level in levels:
        both = sum((wanted == level) + (answered == level) for wanted, answered in pairs)
        scores.append(2 * sum(wanted == answered == level for wanted, answered in pairs) / both)
    return sum(scores) / len(scores)
