"""Choosing the second tier's head: one for all texts, or one more for languages that the encoder has not learnt.

The vectors of such texts say little and lie anywhere, so a head that has to fit them too is worse for the others, and
they want the first tier's word to count for more. Whether two heads are better is seen on validation rows.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from batch.training.calibrate import learn_scales
from batch.training.head_fit import fit_head
from batch.training.linear import Targets
from schemas.model.bundle import head_from
from schemas.model.fit_settings import HeadSettings
from schemas.model.foreign import in_another_language
from schemas.model.probabilities import Matrix

FEWEST_FOREIGN: Final = 200
"""With fewer training rows in other languages they get no head of their own."""

WORTHWHILE: Final = 0.005
"""A second head must gain this much accuracy on the validation rows: it takes detecting each text's language."""

State = dict[str, Any]


class HeadRows(NamedTuple):
    """Rows as a head learns from them; `foreign` marks texts in a language that the encoder has not learnt."""

    vectors: Matrix  # (n, dimensions)
    targets: Targets
    foreign: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, texts: Sequence[str], vectors: Matrix, targets: Targets) -> "HeadRows":
        """Return the rows of these texts."""
        return cls(vectors, targets, in_another_language(texts))


def worth_trying_two(rows: HeadRows) -> bool:
    """Return whether enough rows are in other languages, and enough are not."""
    foreign = int(rows.foreign.sum())
    return min(foreign, len(rows.foreign) - foreign) >= FEWEST_FOREIGN


def fit_one(rows: HeadRows, labels: int, settings: HeadSettings) -> State:
    """Return the state of one head for all texts, not calibrated yet."""
    return fit_head(rows.vectors, rows.targets, labels, settings=settings)


def fit_two(one: State, rows: HeadRows, labels: int, settings: HeadSettings) -> State:
    """Return the state of a head for texts that the encoder can read, which holds `one` for the others.

    `one` has learnt from all rows: what texts in the encoder's language taught is of use for the others too.
    """
    known = ~rows.foreign
    own = fit_head(rows.vectors[known], rows.targets[known], labels, settings=settings)
    return {**own, "other": one}


def calibrated(head: State, rows: HeadRows, ngram_logits: Matrix) -> State:
    """Return a head with the scales that predict validation rows best, those of its other head from its own rows."""
    if "other" not in head:
        return {**head, **_scales(head, rows, ngram_logits)}
    known, foreign = (
        HeadRows(rows.vectors[part], rows.targets[part], rows.foreign[part])
        for part in (~rows.foreign, rows.foreign)
    )
    other = {**head["other"], **_scales(head["other"], foreign, ngram_logits[rows.foreign])}
    return {**head, **_scales(head, known, ngram_logits[~rows.foreign]), "other": other}


def best_head(heads: Sequence[State], rows: HeadRows, ngram_logits: Matrix) -> State:
    """Return, calibrated on validation rows, the first state, or one behind it that answers enough more rightly."""
    best, most_right = {}, 0.0
    for number, head in enumerate(heads):
        found = calibrated(head, rows, ngram_logits)
        right = float((_answers(found, rows, ngram_logits) == rows.targets).mean())
        if not number or right >= most_right + WORTHWHILE:
            best, most_right = found, right
    return best


def with_scales_of(head: State, calibrated_one: State) -> State:
    """Return a head fitted anew with all that was learnt on validation rows."""
    kept = {name: calibrated_one[name] for name in ("encoder_scale", "ngrams_scale", "levels")}
    if "other" not in head:
        return {**head, **kept}
    return {**head, **kept, "other": with_scales_of(head["other"], calibrated_one["other"])}


def _scales(head: State, rows: HeadRows, ngram_logits: Matrix) -> dict[str, float]:
    if not len(rows.targets):
        return {}
    own = head_from(head).logits(rows.vectors)
    encoder_scale, ngrams_scale = learn_scales([own, ngram_logits], rows.targets)
    return {"encoder_scale": encoder_scale, "ngrams_scale": ngrams_scale}


def _answers(head: State, rows: HeadRows, ngram_logits: Matrix) -> npt.NDArray[np.intp]:
    logits = head_from(head).calibrated(rows.vectors, ngram_logits, rows.foreign)
    return np.asarray(logits.argmax(axis=1))
