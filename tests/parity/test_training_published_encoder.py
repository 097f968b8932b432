"""Reading the published encoder's weights for training."""

from pathlib import Path

import numpy as np
import pytest

from batch.training.rows import TrainingError

pytest.importorskip("torch", reason="the extra `train` is not installed")


def test_another_network_is_refused_by_name(tmp_path: Path) -> None:
    """A network that is no BERT cannot be continued: the error names the file and the way out."""
    from batch.training.published_encoder import published_body  # noqa: PLC0415 - needs PyTorch
    from schemas.model.openvino_runtime import openvino, opset13  # noqa: PLC0415 - beside the extra, else nothing is done

    place = opset13.parameter([1], dtype=np.float32)
    openvino.save_model(openvino.Model([opset13.relu(place)], [place], "other"), tmp_path / "other.xml")
    with pytest.raises(TrainingError, match=r"other\.xml cannot be fine-tuned.*--encoder frozen"):
        published_body(tmp_path / "other.xml")
