"""The one scorer: the stream, the batch evaluation and `ticketyard triage` all call `score`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from schemas.model.bundle import Bundle
from schemas.model.language import language_of
from schemas.model.probabilities import DECIMALS, Wide, best, softmax
from schemas.model.text import CleanText, clean_text
from schemas.triage import UNMAPPED_TEAM, Guess, Triage
from schemas.vocabulary import TRIAGE_TEAM

GUESSES = 3
"""How many labels a result names at most."""


@dataclass(frozen=True)
class _Verdict:
    """What the cascade says about one text: the best columns, their probabilities, and which tier decided."""

    columns: list[int]
    probabilities: list[float]
    decided_by: Literal["ngrams", "encoder"]


def score(bundle: Bundle, texts: Sequence[str | None]) -> list[Triage]:
    """Return one result a text, in order; never raises for a text, whatever it holds.

    A pure function of the bundle and each text alone: neither the neighbours nor their number change a
    result.
    """
    cleaned = [clean_text(text) for text in texts]
    unique = list(dict.fromkeys(clean.text for clean in cleaned if clean.text is not None))
    verdicts = dict(zip(unique, _verdicts(bundle, unique), strict=True))
    return [
        _without_text(bundle, clean) if clean.text is None else _triage(bundle, clean, verdicts[clean.text])
        for clean in cleaned
    ]


def cascade(bundle: Bundle, texts: Sequence[str]) -> tuple[Wide, npt.NDArray[np.bool_]]:
    """Return the probabilities, (n, labels), of cleaned texts and which rows, (n,), the encoder decided."""
    logits = bundle.ngrams.logits(texts)
    probabilities = softmax(logits, scale=bundle.ngrams.scale)
    unsure = probabilities.max(axis=1) < bundle.manifest.threshold
    places = np.flatnonzero(unsure)
    if places.size:
        vectors = bundle.encoder.embed([texts[place] for place in places.tolist()])
        probabilities[places] = bundle.head.probabilities(vectors, logits[places])
    return probabilities, unsure


def _verdicts(bundle: Bundle, texts: Sequence[str]) -> Iterator[_Verdict]:
    if not texts:
        return
    probabilities, by_encoder = cascade(bundle, texts)
    columns = best(probabilities, GUESSES)
    values = np.take_along_axis(probabilities, columns, axis=1).round(DECIMALS)
    rows = zip(columns.tolist(), values.tolist(), by_encoder.tolist(), strict=True)
    for chosen, chances, encoder in rows:
        yield _Verdict(chosen, chances, "encoder" if encoder else "ngrams")


def _triage(bundle: Bundle, clean: CleanText, verdict: _Verdict) -> Triage:
    labels, text = bundle.manifest.labels, clean.text or ""
    first = labels[verdict.columns[0]]
    guesses = zip(verdict.columns, verdict.probabilities, strict=True)
    return Triage(
        model_version=bundle.version,
        taxonomy_version=bundle.manifest.taxonomy.version,
        decided_by=verdict.decided_by,
        intent=first.name,
        category=first.category,
        priority=first.priority,
        team=first.team,
        confidence=verdict.probabilities[0],
        guesses=tuple(Guess(labels[column].name, chance) for column, chance in guesses),
        language=language_of(text),
        reasons=clean.reasons if first.mapped else (*clean.reasons, UNMAPPED_TEAM),
    )


def _without_text(bundle: Bundle, clean: CleanText) -> Triage:
    return Triage(
        model_version=bundle.version,
        taxonomy_version=bundle.manifest.taxonomy.version,
        decided_by="source",
        team=TRIAGE_TEAM,
        reasons=clean.reasons,
    )
