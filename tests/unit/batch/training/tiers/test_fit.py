"""Fitting the cascade, with an encoder that knows two topics and costs nothing."""

from collections.abc import Sequence

import numpy as np

from batch.foundation.training_options import TrainingOptions
from batch.training.encoder.vectors import Vectors, read_here
from batch.training.evaluation.evaluate import MICRO_BATCH
from batch.training.plan.fitted import Fitted
from batch.training.rows.examples import Material, prepare
from batch.training.rows.rows import LabelledRow
from batch.training.tiers.ngram_fit import fit_ngrams
from batch.training.train import fit_cascade
from understanding.arrays.probabilities import Matrix
from understanding.arrays.stored import dump_arrays
from understanding.tiers.ngrams import ngram_tier_from

MEANING = {"money": ("invoice", "bill", "charge"), "entry": ("login", "password", "account")}


class TopicEncoder:
    """Sees which topic a text is about, also by words that training never had."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return (is money, is entry) as a unit vector."""
        self.read += texts
        hits = [[any(word in text for word in words) for words in MEANING.values()] for text in texts]
        vectors = np.array(hits, dtype=np.float32) + 0.01
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


OPTIONS = TrainingOptions(seed=3)


def _rows(count: int) -> list[LabelledRow]:
    topics = list(MEANING)
    return [
        LabelledRow(f"please help with {MEANING[topic][number % 3]} number {number}", (topic,))
        for number in range(count)
        for topic in [topics[number % 2]]
    ]


def _silent(_what: str, _done: float) -> None:
    """Show no progress."""


def _fit(rows: list[LabelledRow], encoder: TopicEncoder | None = None) -> tuple[Material, Fitted]:
    material = prepare(rows, seed=3)
    vectors = Vectors(read_here(encoder or TopicEncoder()), _silent)
    fitted = fit_cascade(material, vectors, options=OPTIONS, progress=_silent)
    return material, fitted


def test_the_fitted_tiers_know_what_they_were_taught() -> None:
    """Both tiers separate two easy topics, and validation says so."""
    material, fitted = _fit(_rows(60))
    assert fitted.validation is not None
    assert fitted.validation.accuracy == 1.0
    assert fitted.validation.own
    shares = [choice.encoder_share for choice in fitted.validation.choices]
    assert shares == sorted(shares, reverse=True)  # whoever gives more accuracy asks the encoder less
    logits = ngram_tier_from(fitted.ngrams).logits(["login please", "the bill"])
    assert [material.labels[column] for column in logits.argmax(axis=1)] == ["entry", "money"]


def test_the_same_rows_and_seed_give_the_same_bytes() -> None:
    """The first tier is byte-identical, so a version says that nothing changed."""
    first, second = _fit(_rows(60))[1], _fit(_rows(60))[1]
    assert dump_arrays(first.ngrams) == dump_arrays(second.ngrams)
    assert dump_arrays(first.head) == dump_arrays(second.head)
    assert first.threshold == second.threshold


def test_the_encoder_reads_each_text_once() -> None:
    """Reading is what costs; the second fit, with the validation rows, reads nothing again."""
    encoder = TopicEncoder()
    rows = _rows(MICRO_BATCH * 2)
    _fit(rows + rows, encoder)
    assert sorted(encoder.read) == sorted(row.text for row in rows)


def test_with_too_few_rows_to_calibrate_the_encoder_decides_all() -> None:
    """Two rows are enough for a model, not for a threshold."""
    _, fitted = _fit([LabelledRow("my invoice", ("money",)), LabelledRow("my login", ("entry",))])
    assert fitted.validation is None
    assert fitted.threshold == 1.0


def test_texts_without_any_word_can_be_learnt_from() -> None:
    """Signs and single characters give no word terms; that is no error."""
    state = fit_ngrams(["!", "?", "!", "?"], np.array([0, 1, 0, 1]), 2, seed=1)
    assert ngram_tier_from(state).logits(["!", "?"]).argmax(axis=1).tolist() == [0, 1]
