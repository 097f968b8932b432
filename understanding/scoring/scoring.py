"""The one scorer: the stream, the batch evaluation and `ticketyard triage` all call `score`."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from schemas.triage import ENCODER_BUDGET, UNMAPPED_TEAM, UNSURE, Band, Guess, Triage
from schemas.vocabulary import TRIAGE_TEAM
from understanding.arrays.probabilities import DECIMALS, Flags, Matrix, Wide, best
from understanding.bundle.bundle import Bundle
from understanding.language import language_of
from understanding.manifest.bands import band_of
from understanding.scoring.encoder_tier import ask_encoder
from understanding.scoring.text import CleanText, clean_text

GUESSES = 3
"""How many labels a result names at most."""


class Cascaded(NamedTuple):
    """What the cascade says about n texts."""

    probabilities: Wide  # (n, labels); they sum to 1 unless the model answers several labels
    strangeness: Wide  # (n,), the part of the texts in scope that are more familiar
    by_encoder: Flags  # (n,), whether the encoder decided
    left_out: Flags  # (n,), whether it would have, but for the budget
    answered: Flags | None  # (n, labels), by a model that answers several
    vectors: dict[int, Matrix]  # of the texts that the encoder read, by their place


class ScoredText(NamedTuple):
    """A text's result, and the vector that the encoder read it as; None where it did not read it."""

    triage: Triage
    vector: Matrix | None = None


class _Verdict(NamedTuple):
    """What the cascade says about one text: the best columns, their probabilities, and which tier decided.

    `answered` are the columns of all labels that are answered, most probable first, if they are several.
    """

    columns: list[int]
    probabilities: list[float]
    answered: list[tuple[int, float]]
    strangeness: float
    decided_by: Literal["ngrams", "encoder"]
    left_out: bool
    vector: Matrix | None


def score(bundle: Bundle, texts: Sequence[str | None], *, encoder_budget: int | None = None) -> list[Triage]:
    """Return one result a text, in order; never raises for a text, whatever it holds.

    A pure function of the bundle and each text alone: neither the neighbours nor their number change a
    result. Only an `encoder_budget` does: the most different texts of this call that the encoder may read. It
    takes those of which the first tier is least sure, of equally sure ones the earlier; the first tier decides
    the others, and `decided_by` and the reason ENCODER_BUDGET say so.
    """
    cleaned = [clean_text(text) for text in texts]
    return [scored.triage for scored in score_clean(bundle, cleaned, encoder_budget=encoder_budget)]


def score_clean(
    bundle: Bundle, cleaned: Sequence[CleanText], *, encoder_budget: int | None = None
) -> list[ScoredText]:
    """Return what `score` returns and the encoder's vectors, for texts that `clean_text` has made ready already."""
    unique = list(dict.fromkeys(clean.text for clean in cleaned if clean.text is not None))
    verdicts = dict(zip(unique, _verdicts(bundle, unique, encoder_budget), strict=True))
    return [
        ScoredText(_without_text(bundle, clean))
        if clean.text is None
        else ScoredText(_triage(bundle, clean, verdicts[clean.text]), verdicts[clean.text].vector)
        for clean in cleaned
    ]


def cascade(bundle: Bundle, texts: Sequence[str], *, encoder_budget: int | None = None) -> Cascaded:
    """Return what both tiers together say about cleaned texts; `encoder_budget` as for `score`."""
    logits = bundle.ngrams.logits(texts)
    calibrated, strange = bundle.first_tier(logits)
    probabilities = bundle.probabilities(calibrated)
    confidence = probabilities.max(axis=1)
    unsure = confidence < bundle.manifest.threshold
    places = _within_budget(np.flatnonzero(unsure), confidence, encoder_budget)
    by_encoder = np.zeros(len(texts), dtype=np.bool_)
    vectors: dict[int, Matrix] = {}
    if places.size:
        by_encoder[places] = True
        answer = ask_encoder(bundle, [texts[place] for place in places.tolist()], logits[places])
        probabilities[places], strange[places] = answer.probabilities, answer.strangeness
        vectors = dict(zip(places.tolist(), answer.vectors, strict=True))
    left_out = unsure & ~by_encoder
    if bundle.several is None:
        return Cascaded(probabilities, strange, by_encoder, left_out, None, vectors)
    answered = bundle.several.answered(probabilities, by_encoder, outside=bundle.outside)
    return Cascaded(probabilities, strange, by_encoder, left_out, answered, vectors)


def _within_budget(
    unsure: npt.NDArray[np.intp], confidence: Wide, budget: int | None
) -> npt.NDArray[np.intp]:
    """Return the rows for the encoder, in their order: all unsure ones, the least sure if they are too many."""
    if budget is None or len(unsure) <= budget:
        return unsure
    least_sure = unsure[np.argsort(confidence[unsure], kind="stable")]
    return np.asarray(np.sort(least_sure[: max(0, budget)]))


def _verdicts(bundle: Bundle, texts: Sequence[str], encoder_budget: int | None) -> Iterator[_Verdict]:
    if not texts:
        return
    found = cascade(bundle, texts, encoder_budget=encoder_budget)
    columns = best(found.probabilities, GUESSES)
    values = np.take_along_axis(found.probabilities, columns, axis=1).round(DECIMALS)
    strange = found.strangeness.round(DECIMALS)
    tiers = zip(found.by_encoder.tolist(), found.left_out.tolist(), strict=True)
    rows = zip(columns.tolist(), values.tolist(), strange.tolist(), tiers, strict=True)
    for row, (chosen, chances, strangeness_, (encoder, left_out)) in enumerate(rows):
        answered = _several_answered(found, row)
        tier: Literal["ngrams", "encoder"] = "encoder" if encoder else "ngrams"
        vector = found.vectors.get(row)
        yield _Verdict(chosen, chances, answered, strangeness_, tier, left_out, vector)


def _several_answered(found: Cascaded, row: int) -> list[tuple[int, float]]:
    """Return the columns and probabilities of a row's labels, most probable first; none where it is one label."""
    if found.answered is None or found.answered[row].sum() < 2:  # noqa: PLR2004 - that is what several means
        return []
    chances = np.where(found.answered[row], found.probabilities[row], -1.0)
    columns = best(chances[None, :], int(found.answered[row].sum()))[0]
    return list(zip(columns.tolist(), chances[columns].round(DECIMALS).tolist(), strict=True))


def _triage(bundle: Bundle, clean: CleanText, verdict: _Verdict) -> Triage:
    labels, text = bundle.manifest.labels, clean.text or ""
    first = labels[verdict.columns[0]]
    guesses = zip(verdict.columns, verdict.probabilities, strict=True)
    band = _band(bundle, verdict)
    unsure = (UNSURE,) if band == "low" else ()
    unmapped = () if first.mapped else (UNMAPPED_TEAM,)
    left_out = (ENCODER_BUDGET,) if verdict.left_out else ()
    return Triage(
        model_version=bundle.version,
        taxonomy_version=bundle.manifest.taxonomy.version,
        decided_by=verdict.decided_by,
        intent=first.name,
        category=first.category,
        priority=first.priority,
        team=TRIAGE_TEAM if unsure else first.team,
        confidence=verdict.probabilities[0],
        band=band,
        out_of_scope=verdict.strangeness,
        guesses=tuple(Guess(labels[column].name, chance) for column, chance in guesses),
        intents=tuple(Guess(labels[column].name, chance) for column, chance in verdict.answered),
        language=language_of(text),
        reasons=(*clean.reasons, *unmapped, *unsure, *left_out),
        cleaned=clean.not_scored,
    )


def _band(bundle: Bundle, verdict: _Verdict) -> Band | None:
    if bundle.manifest.bands is None:
        return None
    return band_of(
        bundle.manifest.bands, confidence=verdict.probabilities[0], strangeness=verdict.strangeness
    )


def _without_text(bundle: Bundle, clean: CleanText) -> Triage:
    return Triage(
        model_version=bundle.version,
        taxonomy_version=bundle.manifest.taxonomy.version,
        decided_by="source",
        team=TRIAGE_TEAM,
        reasons=clean.reasons,
        cleaned=clean.not_scored,
    )
