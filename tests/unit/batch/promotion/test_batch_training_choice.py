"""What `batch train` passes on to training."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from structlog.testing import capture_logs

from batch.cards.card import CardOptions
from batch.foundation.training_options import TrainingOptions
from batch.promotion import promote as promotion
from batch.promotion.promote import TrainingContext, promote
from batch.promotion.training_data import TrainingData, gather
from batch.training.rows.labelled_files import LabelledFile
from batch.training.rows.rows import LabelledRow
from schemas.taxonomy import load_taxonomy
from tests.unit.understanding.tiny_model import tiny_bundle
from understanding.manifest.manifest import DataInput
from understanding.signals.priority import PriorityTable, PriorityTableError

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Asked(Exception):  # noqa: N818 - no error: it ends the training that the test does not need
    """Carries what training was asked for."""


@pytest.mark.parametrize("wanted", ["auto", "frozen", "fine-tuned"])
def test_the_encoder_that_was_chosen_is_trained(
    wanted: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The setting reaches training as it does from `train --encoder`."""

    def asked(_rows: Any, options: TrainingOptions, **_more: Any) -> None:
        raise Asked(options.encoder)

    monkeypatch.setattr(promotion, "train_bundle", asked)
    rows = [LabelledRow("t", ("a",)), LabelledRow("u", ("b",), "test")]
    data = gather(None, [LabelledFile(rows, 0, 0, DataInput(name="f", sha256="s", rows=2))], [])
    context = TrainingContext(tmp_path, load_taxonomy(), tmp_path, TrainingOptions(encoder=wanted))
    with pytest.raises(Asked, match=wanted):
        promote(context, data, now=NOW, attempt="a", progress=lambda _step: None)


def _data() -> TrainingData:
    rows = [LabelledRow("t", ("a",)), LabelledRow("u", ("b",), "test")]
    return gather(None, [LabelledFile(rows, 0, 0, DataInput(name="f", sha256="s", rows=2))], [])


def test_a_table_that_cannot_be_read_is_said_before_training(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It was read only after training, for the card: each run trained for half an hour and ended without a verdict."""
    monkeypatch.setattr(promotion, "train_bundle", Mock(side_effect=AssertionError("trained")))
    (tmp_path / "table.yaml").write_text("rules: 3", encoding="utf-8")
    context = TrainingContext(tmp_path, load_taxonomy(), tmp_path, priorities=tmp_path / "table.yaml")
    with pytest.raises(PriorityTableError, match=r"table\.yaml"):
        promote(context, _data(), now=NOW, attempt="a", progress=lambda _step: None)


def test_a_card_that_fails_keeps_no_model_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It raised between training and verdict, so the same training was done again, for ever."""
    monkeypatch.setattr(promotion, "write_card", Mock(side_effect=RuntimeError("no font")))
    with capture_logs() as logs:
        promotion._card(
            tiny_bundle(),
            tmp_path,
            [],
            priorities=PriorityTable.load(),
            options=CardOptions(),
            progress=lambda _step: None,
        )
    assert [(entry["log_level"], entry["version"]) for entry in logs] == [("error", "tiny")]


@pytest.mark.parametrize("keep", [True, False])
def test_texts_are_forgotten_unless_they_may_be_kept(
    keep: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever becomes of the training: what earlier ones have kept goes first."""
    forgotten = Mock()
    monkeypatch.setattr(promotion, "forget_texts", forgotten)

    def asked(_rows: Any, options: TrainingOptions, **_more: Any) -> None:
        raise Asked(options.keep_examples)

    monkeypatch.setattr(promotion, "train_bundle", asked)
    context = TrainingContext(tmp_path, load_taxonomy(), tmp_path, TrainingOptions(keep_examples=keep))
    with pytest.raises(Asked, match=str(keep)):
        promote(context, _data(), now=NOW, attempt="a", progress=lambda _step: None)
    assert forgotten.called != keep


def test_the_executor_reaches_training(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What `--master` started is passed on."""
    executor = Mock()

    def asked(_rows: Any, options: TrainingOptions, **more: Any) -> None:
        assert more["executor"] is executor
        raise Asked(options.seed)

    monkeypatch.setattr(promotion, "train_bundle", asked)
    rows = [LabelledRow("t", ("a",)), LabelledRow("u", ("b",), "test")]
    data = gather(None, [LabelledFile(rows, 0, 0, DataInput(name="f", sha256="s", rows=2))], [])
    options = TrainingOptions(seed=77)
    context = TrainingContext(tmp_path, load_taxonomy(), tmp_path, options, executor=executor)
    with pytest.raises(Asked, match="77"):
        promote(context, data, now=NOW, attempt="a", progress=lambda _step: None)
