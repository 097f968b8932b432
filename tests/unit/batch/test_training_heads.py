"""One head or two: texts in languages that the encoder has not learnt get their own where that is better."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from batch.training.head_fit import fit_head
from batch.training.heads import (
    FEWEST_FOREIGN,
    HeadRows,
    best_head,
    fit_one,
    fit_two,
    with_scales_of,
    worth_trying_two,
)
from schemas.model.bundle import head_from
from schemas.model.fit_settings import HeadSettings
from schemas.model.foreign import in_another_language
from schemas.model.probabilities import Matrix

LABELS, DIMENSIONS = 3, 8
SETTINGS = HeadSettings()


def rows(foreign_share: float, *, misleading: bool, seed: int = 3) -> tuple[HeadRows, Matrix]:
    """Return rows whose vectors tell the label, foreign ones another label where misleading; logits tell a little."""
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, LABELS, 900)
    foreign = rng.random(900) < foreign_share
    shown = np.where(foreign & misleading, (targets + 1) % LABELS, targets)
    vectors = rng.normal(0, 0.4, (900, DIMENSIONS)) + np.eye(DIMENSIONS)[shown]
    logits = rng.normal(0, 1, (900, LABELS)) + np.eye(LABELS)[targets]
    return HeadRows(vectors.astype(np.float32), targets, foreign), logits.astype(np.float32)


def both(material: HeadRows) -> list[dict[str, object]]:
    one = fit_one(material, LABELS, SETTINGS)
    return [one, fit_two(one, material, LABELS, SETTINGS)]


def test_misleading_vectors_of_other_languages_get_their_own_head() -> None:
    """Where such vectors point elsewhere, two heads are better, and each row is answered by its own."""
    (train, _), (val, logits) = rows(0.4, misleading=True), rows(0.4, misleading=True, seed=4)
    head = best_head(both(train), val, logits)
    assert "other" in head
    answers = head_from(head).calibrated(val.vectors, logits, val.foreign).argmax(axis=1)
    assert (answers == val.targets).mean() > 0.75


def test_one_head_stays_where_two_bring_nothing() -> None:
    """Where all vectors mean the same, a second head would only cost."""
    (train, _), (val, logits) = rows(0.4, misleading=False), rows(0.4, misleading=False, seed=4)
    assert "other" not in best_head(both(train), val, logits)


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_few_rows_of_a_kind_are_not_tried(share: float) -> None:
    """Two heads need enough rows in the encoder's language, and enough in others."""
    material, _ = rows(share, misleading=True)
    assert min(material.foreign.sum(), (~material.foreign).sum()) < FEWEST_FOREIGN
    assert not worth_trying_two(material)


def test_a_refitted_head_keeps_what_validation_rows_chose() -> None:
    """Scales of both heads are those of the calibrated ones."""
    (train, _), (val, logits) = rows(0.4, misleading=True), rows(0.4, misleading=True, seed=4)
    chosen = best_head(both(train), val, logits)
    again = with_scales_of(both(train)[1], chosen)
    assert again["other"]["encoder_scale"] == chosen["other"]["encoder_scale"] != 1.0
    assert again["ngrams_scale"] == chosen["ngrams_scale"] != chosen["other"]["ngrams_scale"]


def test_a_row_is_answered_alike_whatever_its_neighbours() -> None:
    """Only the row's own mark says which head answers."""
    train, logits = rows(0.4, misleading=True)
    head = head_from(both(train)[1])
    together = head.calibrated(train.vectors, logits, train.foreign)
    alone = [
        head.calibrated(train.vectors[[n]], logits[[n]], train.foreign[[n]])[0] for n in range(0, 900, 90)
    ]
    np.testing.assert_array_equal(together[::90], alone)


def test_an_unknown_language_counts_as_the_encoders() -> None:
    """Only a text that is surely in another language is marked."""
    texts = ["ok", "My invoice is wrong, please help me", "Meine Rechnung ist falsch, bitte helfen Sie mir"]
    assert in_another_language(texts).tolist() == [False, False, True]


def test_a_head_does_not_depend_on_the_number_of_cores() -> None:
    """Sums in another order round differently; and two cores once took sixteen times as long as one."""
    rng = np.random.default_rng(1)
    targets = rng.integers(0, 30, 600)
    vectors = (rng.normal(size=(30, 200))[targets] + rng.normal(size=(600, 200))).astype(np.float32)
    with threadpool_limits(1):
        one = fit_head(vectors, targets, 30)
    with threadpool_limits(2):
        two = fit_head(vectors, targets, 30)
    assert np.array_equal(one["weights"], two["weights"])
    assert np.array_equal(one["intercept"], two["intercept"])
