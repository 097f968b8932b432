"""A fine-tuned encoder, from PyTorch to a bundle that needs none: the same vectors and the same decisions."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from batch.training.encoder_choice import LAYERS
from batch.training.examples import prepare
from batch.training.options import TrainingOptions
from batch.training.rows import rows_to_train
from batch.training.train import train_bundle
from batch.training.tuning import Recipe, missing_packages
from schemas.model.bundle import Bundle, load_bundle
from schemas.model.encoder import MAX_TOKENS
from schemas.model.manifest import ENCODER, TOKENIZER, TUNED_ENCODER
from schemas.model.probabilities import Matrix
from schemas.model.scoring import score
from schemas.taxonomy import load_taxonomy
from tests.small_model import small_rows

pytestmark = pytest.mark.skipif(bool(missing_packages()), reason="the extra `train` is not installed")

SEED = 11
ROWS = small_rows(4)
TEXTS = [row.text for row in ROWS] + ["a", "Größe, naïve café — 100% ✓", "🔥", "word " * 200]
QUICK = Recipe(most_epochs=1, fewest_steps=4)


class Pair(NamedTuple):
    """A bundle, and the PyTorch module that its encoder was written from: a trained and the published one."""

    bundle: Bundle
    body: Any


@pytest.fixture(scope="module")
def pair(encoder_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """A bundle whose encoder was trained on a few rows, and the original."""
    from batch.training import fine_tune  # noqa: PLC0415 - only where the extra is installed

    written: list[Any] = []
    out = tmp_path_factory.mktemp("tuned") / "bundle"
    write = fine_tune.write_body

    def write_and_keep(body: Any, folder: Path) -> None:
        written.append(body)
        write(body, folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fine_tune, "write_body", write_and_keep)
        train_bundle(
            ROWS,
            TrainingOptions(seed=SEED, encoder="fine-tuned", precision="f32", recipe=QUICK),
            taxonomy=load_taxonomy(),
            encoder_dir=encoder_folder,
            out=out,
            created_at=datetime(2026, 1, 2, tzinfo=UTC),
            inputs=(),
            progress=lambda _what, _done: None,
        )
    return Pair(load_bundle(out), written[0])


def _vectors(body: Any, tokenizer: Path) -> Matrix:
    """Return PyTorch's vector of each text, one at a time."""
    import torch  # noqa: PLC0415 - only where the extra is installed

    from batch.training.fine_tune import mean_of_tokens, tokens_of  # noqa: PLC0415 - the same

    body.eval()
    vectors = []
    with torch.no_grad():
        for row in tokens_of(tokenizer, TEXTS, MAX_TOKENS):
            ids = torch.tensor([row])
            states = body(ids, torch.ones_like(ids), torch.zeros_like(ids))
            vectors.append(mean_of_tokens(states, torch.ones_like(ids))[0].numpy())
    return np.stack(vectors)


def test_what_is_exported_is_the_original(encoder_folder: Path, pair: Pair) -> None:
    """Vectors agree to the fourth decimal, and so do all decisions of the linear layer."""
    original = _vectors(pair.body, encoder_folder / Path(TOKENIZER).name)
    exported = pair.bundle.encoder.embed(TEXTS)
    np.testing.assert_allclose(exported, original, atol=2e-4)
    answers = [pair.bundle.head.logits(vectors).argmax(axis=1).tolist() for vectors in (exported, original)]
    assert answers[0] == answers[1]


def test_training_again_gives_the_same_model(encoder_folder: Path, pair: Pair) -> None:
    """The same rows and the same seed, the same vectors but for rounding."""
    from batch.training.fine_tune import fine_tune  # noqa: PLC0415 - only where the extra is installed

    material = prepare(rows_to_train(ROWS), seed=SEED)
    again = fine_tune(
        material.train.texts,
        material.train.targets,
        len(material.labels),
        published=encoder_folder / Path(ENCODER).name,
        tokenizer=encoder_folder / Path(TOKENIZER).name,
        seed=SEED,
        threads=1,
        progress=lambda _what, _done: None,
        layers=LAYERS,
        recipe=QUICK,
    )
    found, first = (_vectors(body, encoder_folder / Path(TOKENIZER).name) for body in (again.body, pair.body))
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(first, axis=1)
    assert ((found * first).sum(axis=1) / lengths).min() > 0.999


def test_the_bundle_is_whole_and_says_how_it_was_made(pair: Pair) -> None:
    """Its files are OpenVINO's, the manifest tells of the training, and it scores like any other."""
    manifest = pair.bundle.manifest
    assert (manifest.encoder.training, manifest.encoder.normalised) == ("fine-tuned", False)
    assert manifest.encoder.epochs > 0
    assert (manifest.encoder.published_beside, manifest.encoder.dimensions) == (True, 3 * 384)
    assert set(TUNED_ENCODER) <= set(manifest.files)
    assert "encoder/model.onnx" not in manifest.files
    texts = [row.text for row in ROWS]
    assert score(pair.bundle, texts) == [score(pair.bundle, [text])[0] for text in texts]
