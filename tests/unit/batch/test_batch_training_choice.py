"""What `batch train` passes on to training."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from batch.promotion import promote as promotion
from batch.promotion.promote import Workshop, promote
from batch.promotion.training_data import Choices, gather
from batch.training.executor import ThisProcess
from batch.training.labelled_files import LabelledFile
from batch.training.rows import LabelledRow
from schemas.model.manifest import DataInput
from schemas.taxonomy import load_taxonomy

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Asked(Exception):  # noqa: N818 - no error: it ends the training that the test does not need
    """Carries what training was asked for."""


@pytest.mark.parametrize("wanted", ["auto", "frozen", "fine-tuned"])
def test_the_encoder_that_was_chosen_is_trained(
    wanted: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The setting reaches training as it does from `train --encoder`."""

    def asked(*_rows: Any, **wishes: Any) -> None:
        raise Asked(wishes["encoder_choice"])

    monkeypatch.setattr(promotion, "train_bundle", asked)
    rows = [LabelledRow("t", ("a",)), LabelledRow("u", ("b",), "test")]
    data = gather(None, [LabelledFile(rows, 0, 0, DataInput(name="f", sha256="s", rows=2))], [])
    workshop = Workshop(tmp_path, load_taxonomy(), tmp_path, seed=1, choices=Choices(wanted))
    with pytest.raises(Asked, match=wanted):
        promote(workshop, data, now=NOW, attempt="a", progress=lambda _step: None)


def test_executor_and_search_reach_training(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What `--master` started and what the setting wishes are passed on."""
    executor = ThisProcess()

    def asked(*_rows: Any, **wishes: Any) -> None:
        assert wishes["executor"] is executor
        raise Asked(wishes["wishes"].search)

    monkeypatch.setattr(promotion, "train_bundle", asked)
    rows = [LabelledRow("t", ("a",)), LabelledRow("u", ("b",), "test")]
    data = gather(None, [LabelledFile(rows, 0, 0, DataInput(name="f", sha256="s", rows=2))], [])
    choices = Choices(search=True)
    workshop = Workshop(tmp_path, load_taxonomy(), tmp_path, seed=1, choices=choices, executor=executor)
    with pytest.raises(Asked, match="True"):
        promote(workshop, data, now=NOW, attempt="a", progress=lambda _step: None)
