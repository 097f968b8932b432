"""How long fine-tuning takes and in which order it reads: settled before any of it starts."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.foundation.training_options import TrainingOptions
from batch.training.encoder import choice as encoder_choice
from batch.training.encoder.choice import place_chosen_encoder
from batch.training.encoder.recipe import Recipe, batches_of, epochs_for, rate_at
from batch.training.rows.examples import prepare
from batch.training.rows.rows import LabelledRow, TrainingError

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=300)


@given(lengths=LENGTHS, size=st.integers(1, 20), seed=st.integers(0, 100))
def test_an_epoch_reads_every_text_once(lengths: list[int], size: int, seed: int) -> None:
    """Whatever the lengths; and the same seed gives the same order."""
    batches = batches_of(lengths, size, np.random.default_rng(seed))
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
    assert max(map(len, batches)) <= size
    assert batches == batches_of(lengths, size, np.random.default_rng(seed))


def test_more_text_is_read_less_often() -> None:
    """Work is bounded by tokens, so that it is the same on every machine; few texts are read more often."""
    recipe = Recipe()
    assert epochs_for([10] * 15_000, recipe) == recipe.most_epochs
    assert epochs_for([60] * 100_000, recipe) == pytest.approx(0.75)
    assert recipe.most_epochs < epochs_for([10] * 100, recipe) <= 4 * recipe.most_epochs


@given(steps=st.integers(1, 500))
def test_the_learning_rate_rises_and_falls(steps: int) -> None:
    """It never is 0 or above 1 while training, and its peak is early."""
    rates = [rate_at(step, steps, 0.1) for step in range(steps)]
    assert all(0 < rate <= 1 for rate in rates)
    assert max(rates) == rates[min(steps - 1, max(1, -(-steps // 10)) - 1)]


def test_fine_tuning_without_pytorch_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Asked for and impossible is an error that names the way out, not a quiet frozen encoder."""
    monkeypatch.setattr(encoder_choice, "missing_packages", lambda: ["torch"])
    rows = [LabelledRow("my invoice", ("money",)), LabelledRow("my login", ("entry",))]
    with pytest.raises(TrainingError, match=r"needs torch.*ticketyard\[train\].*--encoder frozen"):
        place_chosen_encoder(
            tmp_path,
            tmp_path,
            prepare(rows, seed=1),
            TrainingOptions(seed=1, encoder="fine-tuned"),
            recipe=Recipe(),
            progress=lambda _what, _done: None,
        )
