"""Training begins at what is served: sentence-transformers, given the ONNX file's weights, has the same vectors."""

from pathlib import Path

import numpy as np
import pytest

from schemas.model.encoder import MAX_TOKENS, OpenvinoEncoder
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
    encoder_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cosine above 0.9999 for every text, also short, foreign and cut ones."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - reads the variable on import
    from sentence_transformers.sentence_transformer import modules  # noqa: PLC0415 - the same
    from transformers import BertTokenizerFast  # noqa: PLC0415 - the same

    from batch.training.published_encoder import published_body  # noqa: PLC0415 - only where the extra is installed

    published_body(encoder_folder / "model.onnx").save_pretrained(tmp_path)
    BertTokenizerFast(tokenizer_file=str(encoder_folder / "tokenizer.json")).save_pretrained(tmp_path)
    reader = modules.Transformer(str(tmp_path), max_seq_length=MAX_TOKENS)
    pooling = modules.Pooling(reader.get_embedding_dimension(), pooling_mode="mean")
    original = SentenceTransformer(modules=[reader, pooling], device="cpu")
    expected = original.encode(TEXTS, normalize_embeddings=True, batch_size=8)
    found = OpenvinoEncoder(encoder_folder, precision="f32").embed(TEXTS)
    assert (found * np.asarray(expected)).sum(axis=1).min() > 0.9999
